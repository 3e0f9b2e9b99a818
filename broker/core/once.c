/* SPDX-License-Identifier: Apache-2.0 */
/* See once.h. Both kinds of row have a key of a minute and sixteen bytes of a digest; a value's row
 * says until when, a count's how many end in each second of its minute. */
#include "core/once.h"

#include "base/encode.h"
#include "crypto/digest.h"
#include "store/store.h"

enum { KEY = 20, VALUE = 8, SECONDS = 60, COUNTS = 2 * SECONDS, MINUTE_MS = 60000 };

static void put_key(const struct ambit_digest *digest, int64_t minute, uint8_t key[KEY])
{
    put_be32(key, (uint32_t)minute);
    memcpy(key + 4, digest->b, 16);
}

static AMBIT_CHECKED enum ambit_err is_there(struct store_txn *txn,
                                             const struct ambit_digest *digest, int64_t minute,
                                             bool *ret)
{
    uint8_t key[KEY], row[VALUE];
    size_t len = 0;
    put_key(digest, minute, key);
    enum ambit_err err =
        store_get(txn, STORE_ONCE, (struct store_key){key, sizeof key}, row, sizeof row, &len);
    *ret = err == AMBIT_OK;
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

/* ---- how many proofs of a caller are alive --------------------------------------------------- */

static struct ambit_digest caller_digest(struct ambit_str caller)
{
    static const char tag[] = "ambit proofs of 1";
    char framed[sizeof tag + AMBIT_AGENT_NAME_MAX] = {0};
    size_t len = caller.len < AMBIT_AGENT_NAME_MAX ? caller.len : AMBIT_AGENT_NAME_MAX;
    struct ambit_digest digest;
    memcpy(framed, tag, sizeof tag);
    if (len > 0)
        memcpy(framed + sizeof tag, caller.p, len);
    crypto_sha256(framed, sizeof tag + len, &digest);
    return digest;
}

/* The counts of a minute; all zero where there are none. */
static AMBIT_CHECKED enum ambit_err load_counts(struct store_txn *txn, const uint8_t key[KEY],
                                                uint8_t row[COUNTS])
{
    size_t len = 0;
    memset(row, 0, COUNTS);
    enum ambit_err err =
        store_get(txn, STORE_ONCE, (struct store_key){key, KEY}, row, COUNTS, &len);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    return err == AMBIT_OK && len != COUNTS ? AMBIT_ERR_DAMAGED : err;
}

static unsigned count_at(const uint8_t row[COUNTS], size_t second)
{
    return (unsigned)row[2 * second] << 8 | row[2 * second + 1];
}

static AMBIT_CHECKED enum ambit_err count_alive(struct store_txn *txn, struct ambit_str caller,
                                                int64_t now_ms, unsigned *ret)
{
    struct ambit_digest digest = caller_digest(caller);
    int64_t now_s = now_ms / 1000;
    *ret = 0;
    for (int64_t minute = now_s / 60; minute <= (now_s + ONCE_PROOF_LIFE_S) / 60; minute++) {
        uint8_t key[KEY], row[COUNTS];
        put_key(&digest, minute, key);
        enum ambit_err err = load_counts(txn, key, row);
        if (err != AMBIT_OK)
            return err;
        for (size_t i = 0; i < SECONDS; i++)
            *ret += minute * 60 + (int64_t)i >= now_s ? count_at(row, i) : 0;
    }
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err count_one(struct store_txn *txn, struct ambit_str caller,
                                              int64_t until_ms)
{
    struct ambit_digest digest = caller_digest(caller);
    size_t second = (size_t)(until_ms / 1000 % 60);
    uint8_t key[KEY], row[COUNTS];
    put_key(&digest, until_ms / MINUTE_MS, key);
    enum ambit_err err = load_counts(txn, key, row);
    if (err != AMBIT_OK)
        return err;
    unsigned count = count_at(row, second);
    count += count < UINT16_MAX;
    row[2 * second] = (uint8_t)(count >> 8);
    row[2 * second + 1] = (uint8_t)count;
    return store_put(txn, STORE_ONCE, (struct store_key){key, sizeof key}, row, sizeof row);
}

/* ---- values ---------------------------------------------------------------------------------- */

enum ambit_err once_look(struct store_txn *txn, const struct once_value *value,
                         struct ambit_str caller, int64_t now_ms, enum once_state *ret)
{
    int64_t life_s = value->is_proof ? ONCE_PROOF_LIFE_S : AMBIT_ASSERTION_LIFE_S + AMBIT_LEEWAY_S;
    int64_t last = (now_ms + life_s * 1000) / MINUTE_MS;
    *ret = ONCE_USED;
    /* Expired while it waited: whether it was used may be forgotten already. */
    if (value->until_ms <= now_ms)
        return AMBIT_OK;
    bool is_used = false;
    enum ambit_err err = AMBIT_OK;
    for (int64_t minute = now_ms / MINUTE_MS - 1; minute <= last; minute++) {
        err = is_there(txn, &value->digest, minute, &is_used);
        if (err != AMBIT_OK || is_used)
            return err;
    }
    /* A platform's tokens live longer than assertions of our clients: to their own minute. */
    if (value->until_ms / MINUTE_MS > last)
        err = is_there(txn, &value->digest, value->until_ms / MINUTE_MS, &is_used);
    if (err != AMBIT_OK || is_used)
        return err;
    unsigned n_alive = 0;
    err = value->is_proof ? count_alive(txn, caller, now_ms, &n_alive) : AMBIT_OK;
    *ret = n_alive < ONCE_PROOFS_MAX ? ONCE_NEW : ONCE_FULL;
    return err;
}

enum ambit_err once_keep(struct store_txn *txn, const struct once_value *value,
                         struct ambit_str caller)
{
    static const struct ambit_digest none = {{0}};
    if (ambit_digest_eq(value->digest, none))
        return AMBIT_OK;

    uint8_t key[KEY], row[VALUE];
    bool is_kept = false;
    enum ambit_err err = AMBIT_OK;
    put_key(&value->digest, value->until_ms / MINUTE_MS, key);
    if (value->is_proof)
        err = is_there(txn, &value->digest, value->until_ms / MINUTE_MS, &is_kept);
    if (err == AMBIT_OK && value->is_proof && !is_kept)
        err = count_one(txn, caller, value->until_ms);
    if (err != AMBIT_OK || is_kept)
        return err;
    put_be64(row, (uint64_t)value->until_ms);
    return store_put(txn, STORE_ONCE, (struct store_key){key, sizeof key}, row, sizeof row);
}

enum ambit_err once_expire(struct store_txn *txn, int64_t now_ms, size_t max)
{
    uint8_t from[4] = {0}, to[4];
    size_t n = 0;
    put_be32(to, (uint32_t)(now_ms / MINUTE_MS - 2));
    return store_delete_range(txn, STORE_ONCE, (struct store_key){from, sizeof from},
                              (struct store_key){to, sizeof to}, max, &n);
}

/* ---- for verify ------------------------------------------------------------------------------ */

bool once_has_form(struct ambit_str key, struct ambit_str row)
{
    if (key.len != KEY)
        return false;
    return row.len == COUNTS || (row.len == VALUE && get_be64((const uint8_t *)row.p) / MINUTE_MS ==
                                                         get_be32((const uint8_t *)key.p));
}

bool once_may_be_gone(struct ambit_str key, int64_t now_ms)
{
    return key.len == KEY &&
           (int64_t)get_be32((const uint8_t *)key.p) * MINUTE_MS + MINUTE_MS <= now_ms;
}

bool once_holds(struct ambit_str stored, struct ambit_str given)
{
    if (stored.len != COUNTS || given.len != COUNTS)
        return ambit_str_eq(stored, given);
    for (size_t i = 0; i < SECONDS; i++)
        if (count_at((const uint8_t *)stored.p, i) < count_at((const uint8_t *)given.p, i))
            return false;
    return true;
}
