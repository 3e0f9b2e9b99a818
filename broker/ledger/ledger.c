/* SPDX-License-Identifier: Apache-2.0 */
/* Appending events to the record and reading them back. */
#include "ledger/ledger.h"

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "store/store.h"

enum { HASH_BYTES = sizeof(struct ambit_digest), OPENING_BYTES = AMBIT_EVENT_BYTES };

static struct store_key seq_key(uint8_t key[8], uint64_t seq)
{
    put_be64(key, seq);
    return (struct store_key){.p = key, .len = 8};
}

/* The row is leaf hash || bytes, and what is hashed is 0x00 || bytes (RFC 6962): the byte before
 * `bytes` serves as that prefix before the hash takes its place. */
static struct ambit_digest hash_row(char *row, size_t len)
{
    struct ambit_digest leaf;
    row[HASH_BYTES - 1] = 0;
    crypto_sha256(row + HASH_BYTES - 1, len - HASH_BYTES + 1, &leaf);
    memcpy(row, leaf.b, sizeof leaf.b);
    return leaf;
}

enum ambit_err ledger_append(struct tree_edge *edge, struct store_txn *txn, struct event *event,
                             const struct event_seed *seed)
{
    __attribute__((uninitialized)) char row_memory[HASH_BYTES + AMBIT_EVENT_BYTES];
    __attribute__((uninitialized)) char opening_memory[OPENING_BYTES];
    struct buf row, opening;
    uint8_t key[8];
    buf_init_fixed(&row, row_memory, sizeof row_memory);
    buf_init_fixed(&opening, opening_memory, sizeof opening_memory);
    row.len = HASH_BYTES;

    event->seq = edge->size;
    event_hide(event, seed);
    enum ambit_err err = event_encode(event, seed, &row, &opening);
    if (err != AMBIT_OK)
        return err;
    event->bytes = row.len - HASH_BYTES;
    struct ambit_digest leaf = hash_row(row.p, row.len);
    err = store_append(txn, STORE_EVENTS, seq_key(key, event->seq), row.p, row.len);
    if (err == AMBIT_OK && opening.len > 0)
        err = store_append(txn, STORE_OPENINGS, seq_key(key, event->seq), opening.p, opening.len);
    return err == AMBIT_OK ? tree_append(edge, txn, leaf) : err;
}

enum ambit_err ledger_get(struct store_txn *txn, uint64_t seq, struct buf *memory,
                          struct ledger_row *ret)
{
    uint8_t key[8];
    size_t len = 0, opening_len = 0;
    buf_reset(memory);
    char *row = buf_reserve(memory, HASH_BYTES + AMBIT_EVENT_BYTES + OPENING_BYTES);
    if (!row)
        return buf_check(memory);
    enum ambit_err err =
        store_get(txn, STORE_EVENTS, seq_key(key, seq), row, HASH_BYTES + AMBIT_EVENT_BYTES, &len);
    if (err == AMBIT_ERR_TOO_LARGE || (err == AMBIT_OK && len < HASH_BYTES))
        return AMBIT_ERR_DAMAGED;
    if (err != AMBIT_OK)
        return err;
    err = store_get(txn, STORE_OPENINGS, seq_key(key, seq), row + len, OPENING_BYTES, &opening_len);
    if (err == AMBIT_ERR_TOO_LARGE)
        return AMBIT_ERR_DAMAGED;
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;
    memory->len = len + opening_len;
    memcpy(ret->leaf.b, row, HASH_BYTES);
    ret->bytes = (struct ambit_str){.p = row + HASH_BYTES, .len = len - HASH_BYTES};
    ret->opening = (struct ambit_str){.p = row + len, .len = opening_len};
    return AMBIT_OK;
}
