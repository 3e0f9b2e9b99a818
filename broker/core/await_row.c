/* SPDX-License-Identifier: Apache-2.0 */
/* The binary form of a request that is awaited, and who waits for one approval. */
#include "core/await_row.h"

#include "base/arena.h"
#include "base/encode.h"
#include "core/row.h"

enum { ROW_VERSION = 1, ROW_MAX = 512, INDEX_KEY = 16 + 8 };

const char *await_kind_text(enum await_kind kind)
{
    switch (kind) {
    case AWAIT_CIBA:
        return "ciba";
    case AWAIT_DEFERRED:
        return "deferred";
    }
    return "ciba";
}

static struct store_key key_of(const struct ambit_digest *handle)
{
    return (struct store_key){handle->b, sizeof handle->b};
}

enum ambit_err await_row_load(struct store_txn *txn, const struct ambit_digest *handle,
                              struct arena *arena, struct await_row *ret)
{
    char bytes[ROW_MAX];
    size_t len = 0;
    enum ambit_err err = store_get(txn, STORE_AWAITED, key_of(handle), bytes, sizeof bytes, &len);
    if (err != AMBIT_OK)
        return err;
    struct row_reader reader =
        row_reader((struct ambit_str){.p = bytes, .len = len}, arena, ROW_VERSION);
    struct await_row row = {.handle = *handle};
    uint8_t kind = row_take_u8(&reader), state = row_take_u8(&reader);
    row.agent = row_take_text(&reader);
    row_take_into(&reader, row.approval.b, sizeof row.approval.b);
    row_take_into(&reader, row.grant.b, sizeof row.grant.b);
    row.seq = row_take_u64(&reader);
    row.expires_ms = (int64_t)row_take_u64(&reader);
    err = row_end(&reader);
    if (err != AMBIT_OK)
        return err;
    if (kind > AWAIT_DEFERRED || state > AWAIT_CANCELLED)
        return AMBIT_ERR_DAMAGED;
    row.kind = (enum await_kind)kind;
    row.state = (enum await_state)state;
    *ret = row;
    return AMBIT_OK;
}

enum ambit_err await_row_store(struct store_txn *txn, const struct await_row *row)
{
    BUF_AUTO buf;
    buf_init(&buf, ROW_MAX);
    buf_put_char(&buf, ROW_VERSION);
    buf_put_char(&buf, (char)row->kind);
    buf_put_char(&buf, (char)row->state);
    row_put_text(&buf, row->agent);
    row_put_id(&buf, row->approval);
    row_put_id(&buf, row->grant);
    row_put_u64(&buf, row->seq);
    row_put_u64(&buf, (uint64_t)row->expires_ms);
    enum ambit_err err = buf_check(&buf);
    if (err == AMBIT_OK)
        err = store_put(txn, STORE_AWAITED, key_of(&row->handle), buf.p, buf.len);
    if (err != AMBIT_OK || ambit_id_is_none(row->approval))
        return err;
    uint8_t key[INDEX_KEY];
    memcpy(key, row->approval.b, 16);
    put_be64(key + 16, row->seq);
    return store_put(txn, STORE_AWAITED_OF, (struct store_key){key, sizeof key}, "", 0);
}

enum ambit_err await_of_approval(struct store_txn *txn, struct ambit_id approval,
                                 uint64_t *ret_seqs, size_t max, size_t *ret_n)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    uint8_t end[INDEX_KEY];
    memcpy(end, approval.b, 16);
    memset(end + 16, 0xff, 8);
    enum store_seek seek = STORE_BEFORE;
    enum ambit_err err = store_cursor_open(txn, STORE_AWAITED_OF, &cursor);
    for (*ret_n = 0; err == AMBIT_OK && *ret_n < max; seek = STORE_PREVIOUS) {
        err = store_cursor_move(cursor, seek, (struct store_key){end, sizeof end}, &key, &value);
        if (err == AMBIT_OK && key.len != INDEX_KEY)
            err = AMBIT_ERR_DAMAGED;
        if (err != AMBIT_OK || memcmp(key.p, approval.b, 16) != 0)
            break;
        ret_seqs[(*ret_n)++] = get_be64((const uint8_t *)key.p + 16);
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}
