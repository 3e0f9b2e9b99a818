/* SPDX-License-Identifier: Apache-2.0 */
/* Names as numbers, from 1 on in the order in which the record first says them. The same few names
 * come event after event: they are kept, each in the one slot that it falls on. */
#include "ledger/facts_inside.h"

#include "base/encode.h"
#include "crypto/digest.h"

enum { SLOTS = 4096, KEPT_MAX = 116 };

struct slot {
    uint32_t number; /* 0: empty */
    uint8_t kind;
    uint8_t len;
    char text[KEPT_MAX];
};

struct names {
    struct store_txn *txn; /* NULL: none is open */
    uint32_t count;
    bool has_new;
    struct slot slots[SLOTS];
};

/* ---- keys ---- */

static struct facts_key key_of(char table, const void *bytes, size_t len)
{
    struct facts_key key = {.len = len + 1};
    key.b[0] = (uint8_t)table;
    memcpy(key.b + 1, bytes, len);
    return key;
}

struct facts_key facts_key_row(uint64_t row)
{
    uint8_t number[8];
    put_be64(number, row);
    return key_of('f', number, sizeof number);
}

struct facts_key facts_key_number(uint32_t number)
{
    uint8_t bytes[4];
    put_be32(bytes, number);
    return key_of('n', bytes, sizeof bytes);
}

struct facts_key facts_key_text(enum fact_kind kind, struct ambit_str text)
{
    struct ambit_digest digest;
    uint8_t bytes[17];
    crypto_sha256(text.p, text.len, &digest);
    bytes[0] = (uint8_t)kind;
    memcpy(bytes + 1, digest.b, 16);
    return key_of('d', bytes, sizeof bytes);
}

struct facts_key facts_key_id(char table, const uint8_t id[16])
{
    return key_of(table, id, 16);
}

/* ---- numbers ---- */

enum ambit_err names_new(struct names **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

void names_free(struct names *names)
{
    free(names);
}

void names_forget(struct names *names)
{
    memset(names, 0, sizeof *names);
}

/* Number 0 is nobody's name: its row has how many there are. */
enum ambit_err names_begin(struct names *names, struct store_txn *txn)
{
    struct facts_key key = facts_key_number(0);
    uint8_t count[4] = {0};
    size_t len = 0;
    if (names->txn)
        names_forget(names); /* the transaction before this one was dropped */
    enum ambit_err err =
        store_get(txn, SEARCH_FACTS, facts_key_store(&key), count, sizeof count, &len);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_DAMAGED : err;
    names->count = err == AMBIT_OK && len == sizeof count ? get_be32(count) : 0;
    names->has_new = false;
    names->txn = txn;
    return AMBIT_OK;
}

enum ambit_err names_end(struct names *names)
{
    struct store_txn *txn = TAKE(names->txn);
    struct facts_key key = facts_key_number(0);
    uint8_t count[4];
    if (!names->has_new)
        return AMBIT_OK;
    put_be32(count, names->count);
    return search_put(txn, facts_key_store(&key), count, sizeof count);
}

static AMBIT_CHECKED enum ambit_err add(struct names *names, enum fact_kind kind,
                                        struct ambit_str text, const struct facts_key *of_text,
                                        uint32_t *ret)
{
    char row[1 + FACTS_NAME_MAX];
    uint8_t bytes[4];
    if (names->count == UINT32_MAX)
        return AMBIT_ERR_TOO_LARGE;
    uint32_t number = ++names->count;
    names->has_new = true;
    put_be32(bytes, number);
    row[0] = (char)kind;
    memcpy(row + 1, text.p, text.len);
    struct facts_key key = facts_key_number(number);
    enum ambit_err err = search_put(names->txn, facts_key_store(&key), row, 1 + text.len);
    if (err == AMBIT_OK)
        err = search_put(names->txn, facts_key_store(of_text), bytes, sizeof bytes);
    *ret = number;
    return err;
}

static AMBIT_CHECKED enum ambit_err look(struct names *names, enum fact_kind kind,
                                         struct ambit_str text, uint32_t *ret)
{
    struct facts_key key = facts_key_text(kind, text);
    uint8_t bytes[4];
    size_t len = 0;
    enum ambit_err err =
        store_get(names->txn, SEARCH_FACTS, facts_key_store(&key), bytes, sizeof bytes, &len);
    if (err == AMBIT_ERR_NOT_FOUND)
        return add(names, kind, text, &key, ret);
    if (err != AMBIT_OK || len != sizeof bytes)
        return err != AMBIT_OK && err != AMBIT_ERR_TOO_LARGE ? err : AMBIT_ERR_DAMAGED;
    *ret = get_be32(bytes);
    return AMBIT_OK;
}

/* Of its length and of its first and last bytes, which tell names apart. */
static size_t slot_of(enum fact_kind kind, struct ambit_str text)
{
    uint64_t first = 0, last = 0;
    size_t n = text.len < sizeof first ? text.len : sizeof first;
    memcpy(&first, text.p, n);
    memcpy(&last, text.p + text.len - n, n);
    uint64_t hash = (first ^ last << 1 ^ text.len << 8 ^ (uint64_t)kind) * 0x9e3779b97f4a7c15;
    return (hash >> 32) % SLOTS;
}

enum ambit_err names_number(struct names *names, enum fact_kind kind, struct ambit_str text,
                            uint32_t *ret)
{
    *ret = 0;
    if (!text.p || text.len == 0)
        return AMBIT_OK;
    if (text.len > FACTS_NAME_MAX)
        text.len = FACTS_NAME_MAX;
    bool may_keep = text.len <= KEPT_MAX;
    struct slot *slot = may_keep ? &names->slots[slot_of(kind, text)] : NULL;
    if (slot && slot->number && slot->kind == (uint8_t)kind && slot->len == text.len &&
        memcmp(slot->text, text.p, text.len) == 0) {
        *ret = slot->number;
        return AMBIT_OK;
    }
    enum ambit_err err = look(names, kind, text, ret);
    if (err != AMBIT_OK || !slot)
        return err;
    slot->number = *ret;
    slot->kind = (uint8_t)kind;
    slot->len = (uint8_t)text.len;
    memcpy(slot->text, text.p, text.len);
    return AMBIT_OK;
}
