/* SPDX-License-Identifier: Apache-2.0 */
/* From an erasure to the tables. */
#include "core/apply_erase.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "core/document_row.h"
#include "crypto/digest.h"
#include "ledger/erasure.h"
#include "store/store.h"

static AMBIT_CHECKED enum ambit_err take_opening(struct store_txn *txn, const uint8_t seq[8],
                                                 struct ambit_str opening, unsigned members)
{
    BUF_AUTO left;
    unsigned has = 0;
    buf_init(&left, 0);
    enum ambit_err err = opening_members(opening, &has);
    if (err != AMBIT_OK || (has & members) == 0)
        return err;
    const struct store_key key = {.p = seq, .len = 8};
    err = opening_without(opening, members, &left);
    if (err != AMBIT_OK)
        return err;
    return left.len > 0 ? store_put(txn, STORE_OPENINGS, key, left.p, left.len)
                        : store_delete(txn, STORE_OPENINGS, key);
}

/* Sought anew after each: a row that was written is read again, and has none of the members. */
static AMBIT_CHECKED enum ambit_err take_range(struct store_txn *txn,
                                               const struct erasure_range *range, unsigned members)
{
    STORE_CURSOR_AUTO cursor = NULL;
    uint64_t at = range->first;
    enum ambit_err err = store_cursor_open(txn, STORE_OPENINGS, &cursor);
    while (err == AMBIT_OK) {
        uint8_t seq[8];
        struct ambit_str key, value;
        put_be64(seq, at);
        err = store_cursor_move(cursor, STORE_AT_OR_AFTER, (struct store_key){seq, sizeof seq},
                                &key, &value);
        if (err != AMBIT_OK || key.len != sizeof seq)
            break;
        memcpy(seq, key.p, sizeof seq);
        at = get_be64(seq);
        if (at > range->last)
            return AMBIT_OK;
        err = take_opening(txn, seq, value, members);
        if (at++ == range->last)
            return err;
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err take_document(struct store_txn *txn,
                                                  const struct erasure_document *document,
                                                  unsigned members)
{
    size_t len = 0;
    struct document_row row;
    struct ambit_digest now;
    BUF_AUTO bytes, put;
    AMBIT_AUTO_FREE char *memory = malloc(DOCUMENT_ROW_MAX);
    const struct store_key key = {document->digest.b, sizeof document->digest.b};
    buf_init(&bytes, 0);
    buf_init(&put, 0);
    if (memory == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = store_get(txn, STORE_DOCUMENTS, key, memory, DOCUMENT_ROW_MAX, &len);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    if (err == AMBIT_OK)
        err = document_row_read((struct ambit_str){.p = memory, .len = len}, &row);
    if (err == AMBIT_OK)
        err = document_without(row.bytes, members, &bytes);
    if (err != AMBIT_OK)
        return err;
    crypto_sha256(bytes.p, bytes.len, &now);
    if (!ambit_digest_eq(now, document->now) || row.kind != AMBIT_KIND_PERSON)
        return AMBIT_ERR_DAMAGED;
    row.is_erased = true;
    row.bytes = buf_str(&bytes);
    document_row_put(&put, &row);
    err = buf_check(&put);
    return err == AMBIT_OK ? store_put(txn, STORE_DOCUMENTS, key, put.p, put.len) : err;
}

enum ambit_err apply_erased(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    struct erasure erasure;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = erasure_read(event, &arena, &erasure);
    for (size_t i = 0; err == AMBIT_OK && i < erasure.n_ranges; i++)
        err = take_range(txn, &erasure.ranges[i], erasure.members & EVENT_ERASED_ALL);
    for (size_t i = 0; err == AMBIT_OK && i < erasure.n_documents; i++)
        err = take_document(txn, &erasure.documents[i], erasure.members & ERASURE_DOCUMENT);
    return err;
}
