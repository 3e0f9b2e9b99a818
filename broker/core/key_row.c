/* SPDX-License-Identifier: Apache-2.0 */
/* The binary form of a published key. */
#include "core/key_row.h"

#include "base/arena.h"
#include "core/row.h"

enum { ROW_VERSION = 1 };

const char *key_state_text(enum key_state state)
{
    switch (state) {
    case KEY_NEXT:
        return "next";
    case KEY_CURRENT:
        return "current";
    case KEY_PREVIOUS:
        return "previous";
    }
    return "previous";
}

static enum ambit_err decode(struct ambit_str key, struct ambit_str bytes, struct arena *arena,
                             struct key_row *ret)
{
    struct row_reader reader = row_reader(bytes, arena, ROW_VERSION);
    struct key_row row = {0};
    uint8_t state = row_take_u8(&reader);
    struct ambit_str alg = row_take_text(&reader);
    row.created_ms = (int64_t)row_take_u64(&reader);
    row.from_ms = (int64_t)row_take_u64(&reader);
    row.until_ms = (int64_t)row_take_u64(&reader);
    row.jwk = row_take_text(&reader);
    enum ambit_err err = row_end(&reader);
    if (err != AMBIT_OK)
        return err;
    if (key.len != sizeof row.kid.b || state > KEY_PREVIOUS ||
        crypto_alg_parse(alg, &row.alg) != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    memcpy(row.kid.b, key.p, sizeof row.kid.b);
    row.state = (enum key_state)state;
    *ret = row;
    return AMBIT_OK;
}

enum ambit_err key_rows_load(struct store_txn *txn, struct arena *arena,
                             struct key_row rows[KEYS_MAX], size_t *ret_n)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    enum store_seek seek = STORE_FIRST;
    size_t n = 0;
    *ret_n = 0;
    enum ambit_err err = store_cursor_open(txn, STORE_KEYS, &cursor);
    for (; err == AMBIT_OK; seek = STORE_NEXT) {
        err = store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value);
        if (err == AMBIT_OK)
            err = n < KEYS_MAX ? decode(key, value, arena, &rows[n]) : AMBIT_ERR_DAMAGED;
        n += err == AMBIT_OK;
    }
    if (err != AMBIT_ERR_NOT_FOUND)
        return err;
    *ret_n = n;
    return AMBIT_OK;
}

enum ambit_err key_row_store(struct store_txn *txn, const struct key_row *row)
{
    BUF_AUTO buf;
    buf_init(&buf, 0);
    buf_put_char(&buf, ROW_VERSION);
    buf_put_char(&buf, (char)row->state);
    row_put_text(&buf, ambit_str_of(crypto_alg_text(row->alg)));
    row_put_u64(&buf, (uint64_t)row->created_ms);
    row_put_u64(&buf, (uint64_t)row->from_ms);
    row_put_u64(&buf, (uint64_t)row->until_ms);
    row_put_text(&buf, row->jwk);
    enum ambit_err err = buf_check(&buf);
    return err != AMBIT_OK
               ? err
               : store_put(txn, STORE_KEYS, (struct store_key){row->kid.b, sizeof row->kid.b},
                           buf.p, buf.len);
}

enum ambit_err key_row_delete(struct store_txn *txn, const struct ambit_digest *kid)
{
    return store_delete(txn, STORE_KEYS, (struct store_key){kid->b, sizeof kid->b});
}
