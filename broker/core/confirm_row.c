/* SPDX-License-Identifier: Apache-2.0 */
/* The binary form of confirmations and of offboarded people. */
#include "core/confirm_row.h"

#include "core/row.h"
#include "core/state_key.h"
#include "store/store.h"

enum { CONFIRM_VERSION = 1, OFFBOARD_VERSION = 1, FLAG_SPENT = 1, FLAG_SIGNED_SPENT = 2 };
enum { DIGEST_LEN = 32, KEY_LEN = DIGEST_LEN + 1 + 16, ROW_MAX = 2048 };

void confirm_row_encode(const struct confirm_row *row, struct buf *buf)
{
    buf_put_char(buf, CONFIRM_VERSION);
    buf_put_char(buf, (char)((row->is_spent ? FLAG_SPENT : 0) |
                             (row->is_signed_spent ? FLAG_SIGNED_SPENT : 0)));
    row_put_u64(buf, (uint64_t)row->said_ms);
    row_put_u64(buf, row->said_seq);
    row_put_u64(buf, (uint64_t)row->signed_ms);
    row_put_u64(buf, row->signed_seq);
    row_put_text(buf, row->person);
}

enum ambit_err confirm_row_decode(struct ambit_str bytes, struct arena *arena,
                                  struct confirm_row *ret)
{
    struct row_reader reader = row_reader(bytes, arena, CONFIRM_VERSION);
    struct confirm_row row = {0};
    uint8_t flags = row_take_u8(&reader);
    row.is_spent = (flags & FLAG_SPENT) != 0;
    row.is_signed_spent = (flags & FLAG_SIGNED_SPENT) != 0;
    row.said_ms = (int64_t)row_take_u64(&reader);
    row.said_seq = row_take_u64(&reader);
    row.signed_ms = (int64_t)row_take_u64(&reader);
    row.signed_seq = row_take_u64(&reader);
    row.person = row_take_text(&reader);
    enum ambit_err err = row_end(&reader);
    if (err == AMBIT_OK)
        *ret = row;
    return err;
}

static void put_key(const struct confirm_key *key, uint8_t dst[KEY_LEN])
{
    struct state_key person = state_key_person(key->person);
    memcpy(dst, key->digest.b, DIGEST_LEN);
    dst[DIGEST_LEN] = key->is_removal;
    memcpy(dst + DIGEST_LEN + 1, person.b, sizeof person.b);
}

enum ambit_err confirm_row_load(struct store_txn *txn, const struct confirm_key *key,
                                struct arena *arena, struct confirm_row *ret)
{
    uint8_t at[KEY_LEN];
    char bytes[ROW_MAX];
    size_t len = 0;
    put_key(key, at);
    enum ambit_err err = store_get(txn, STORE_CONFIRMATIONS, (struct store_key){at, sizeof at},
                                   bytes, sizeof bytes, &len);
    return err == AMBIT_OK
               ? confirm_row_decode((struct ambit_str){.p = bytes, .len = len}, arena, ret)
               : err;
}

static AMBIT_CHECKED enum ambit_err put_row(struct store_txn *txn, struct store_key at,
                                            const struct confirm_row *row)
{
    BUF_AUTO buf;
    buf_init(&buf, 0);
    confirm_row_encode(row, &buf);
    enum ambit_err err = buf_check(&buf);
    return err == AMBIT_OK ? store_put(txn, STORE_CONFIRMATIONS, at, buf.p, buf.len) : err;
}

enum ambit_err confirm_row_store(struct store_txn *txn, const struct confirm_key *key,
                                 const struct confirm_row *row)
{
    uint8_t at[KEY_LEN];
    put_key(key, at);
    return put_row(txn, (struct store_key){at, sizeof at}, row);
}

/* The first row at or behind `at` that is of this digest; NOT_FOUND. */
static AMBIT_CHECKED enum ambit_err next_row(struct store_txn *txn, struct ambit_digest digest,
                                             const uint8_t at[KEY_LEN + 1], size_t at_len,
                                             uint8_t ret_key[KEY_LEN], char bytes[ROW_MAX],
                                             size_t *ret_len)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    enum ambit_err err = store_cursor_open(txn, STORE_CONFIRMATIONS, &cursor);
    if (err == AMBIT_OK)
        err = store_cursor_move(cursor, STORE_AT_OR_AFTER, (struct store_key){at, at_len}, &key,
                                &value);
    if (err != AMBIT_OK)
        return err;
    if (key.len != KEY_LEN || value.len > ROW_MAX)
        return AMBIT_ERR_DAMAGED;
    if (memcmp(key.p, digest.b, DIGEST_LEN) != 0)
        return AMBIT_ERR_NOT_FOUND;
    memcpy(ret_key, key.p, KEY_LEN);
    memcpy(bytes, value.p, value.len);
    *ret_len = value.len;
    return AMBIT_OK;
}

enum ambit_err confirm_rows_any(struct store_txn *txn, struct ambit_digest digest, bool *ret)
{
    uint8_t from[KEY_LEN + 1] = {0}, key[KEY_LEN];
    char bytes[ROW_MAX];
    size_t len = 0;
    memcpy(from, digest.b, DIGEST_LEN);
    enum ambit_err err = next_row(txn, digest, from, DIGEST_LEN, key, bytes, &len);
    *ret = err == AMBIT_OK;
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err confirm_rows_spend(struct store_txn *txn, struct ambit_digest digest)
{
    uint8_t from[KEY_LEN + 1] = {0}, key[KEY_LEN];
    char bytes[ROW_MAX];
    size_t from_len = DIGEST_LEN, len = 0;
    enum ambit_err err = AMBIT_OK;
    memcpy(from, digest.b, DIGEST_LEN);
    while ((err = next_row(txn, digest, from, from_len, key, bytes, &len)) == AMBIT_OK) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct confirm_row row;
        err = confirm_row_decode((struct ambit_str){.p = bytes, .len = len}, &arena, &row);
        if (err != AMBIT_OK)
            return err;
        row.is_spent = true;
        row.is_signed_spent = row.signed_ms != 0;
        err = put_row(txn, (struct store_key){key, sizeof key}, &row);
        if (err != AMBIT_OK)
            return err;
        memcpy(from, key, KEY_LEN);
        from[KEY_LEN] = 0; /* the next key behind this one */
        from_len = KEY_LEN + 1;
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

void offboard_row_encode(const struct offboard_row *row, struct buf *buf)
{
    buf_put_char(buf, OFFBOARD_VERSION);
    row_put_u64(buf, (uint64_t)row->at_ms);
    row_put_u64(buf, row->seq);
    row_put_id(buf, row->stop);
    row_put_text(buf, row->person);
    row_put_text(buf, row->by);
}

enum ambit_err offboard_row_decode(struct ambit_str bytes, struct arena *arena,
                                   struct offboard_row *ret)
{
    struct row_reader reader = row_reader(bytes, arena, OFFBOARD_VERSION);
    struct offboard_row row = {0};
    row.at_ms = (int64_t)row_take_u64(&reader);
    row.seq = row_take_u64(&reader);
    row_take_into(&reader, row.stop.b, sizeof row.stop.b);
    row.person = row_take_text(&reader);
    row.by = row_take_text(&reader);
    enum ambit_err err = row_end(&reader);
    if (err == AMBIT_OK)
        *ret = row;
    return err;
}

enum ambit_err offboard_row_load(struct store_txn *txn, struct ambit_str person,
                                 struct arena *arena, struct offboard_row *ret)
{
    struct state_key key = state_key_person(person);
    char bytes[ROW_MAX];
    size_t len = 0;
    enum ambit_err err =
        store_get(txn, STORE_OFFBOARDED, state_key_store(&key), bytes, sizeof bytes, &len);
    return err == AMBIT_OK
               ? offboard_row_decode((struct ambit_str){.p = bytes, .len = len}, arena, ret)
               : err;
}

enum ambit_err offboard_row_store(struct store_txn *txn, const struct offboard_row *row)
{
    struct state_key key = state_key_person(row->person);
    BUF_AUTO buf;
    buf_init(&buf, 0);
    offboard_row_encode(row, &buf);
    enum ambit_err err = buf_check(&buf);
    return err == AMBIT_OK ? store_put(txn, STORE_OFFBOARDED, state_key_store(&key), buf.p, buf.len)
                           : err;
}
