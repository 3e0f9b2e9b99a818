/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: the verifier key in force, a newline, the one before it or nothing. */
#include "core/tlog_row.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "ledger/checkpoint.h"

enum { ROW_MAX = 2 * NOTE_VKEY_MAX + 1 };

static enum ambit_err row_decode(struct ambit_str key, struct ambit_str value, struct tlog_row *ret)
{
    struct ambit_str log = {0};
    if (key.len != sizeof(uint64_t) || !note_take_line(&value, &log) ||
        note_verifier_read(log, &ret->log) != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    ret->seq = get_be64((const uint8_t *)key.p);
    ret->has_before = value.len > 0;
    if (ret->has_before && note_verifier_read(value, &ret->before) != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    return AMBIT_OK;
}

enum ambit_err tlog_row_last(struct store_txn *txn, struct tlog_row *ret)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key = {0}, value = {0};
    enum ambit_err err = store_cursor_open(txn, STORE_LOGS, &cursor);
    if (err == AMBIT_OK)
        err = store_cursor_move(cursor, STORE_LAST, (struct store_key){0}, &key, &value);
    return err == AMBIT_OK ? row_decode(key, value, ret) : err;
}

/* Under the key that is no longer in force, as a checkpoint of its own log. */
static bool is_of(struct ambit_str note, const struct note_verifier *over)
{
    struct checkpoint ignored;
    return checkpoint_open(note, over, &ignored) == AMBIT_OK;
}

enum ambit_err tlog_row_find_over(struct store_txn *txn, struct ambit_str note)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key = {0}, value = {0};
    enum ambit_err err = store_cursor_open(txn, STORE_LOGS, &cursor);
    for (enum store_seek seek = STORE_FIRST; err == AMBIT_OK; seek = STORE_NEXT) {
        struct tlog_row row = {.seq = 0};
        err = store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value);
        if (err == AMBIT_OK)
            err = row_decode(key, value, &row);
        if (err == AMBIT_OK && row.has_before && is_of(note, &row.before))
            return AMBIT_OK;
    }
    return err;
}

/* {"origin","vkey"}, of log.continued with "before":{"origin","vkey"} and more. */
enum ambit_err apply_tlog(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    char memory[ROW_MAX];
    uint8_t key[8];
    struct buf row;
    struct tlog_row read;
    const struct json_value *detail = NULL;
    struct json_problem ignored;
    arena_init(&arena, NULL, 0, 0);
    buf_init_fixed(&row, memory, sizeof memory);
    enum ambit_err err =
        json_read(event->detail, (struct json_limits){.depth = 8}, &arena, &detail, &ignored);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_DAMAGED;
    const struct json_value *before = json_get(detail, "before");
    buf_put_str(&row, json_get_str(detail, "vkey"));
    buf_put_char(&row, '\n');
    if (before)
        buf_put_str(&row, json_get_str(before, "vkey"));
    put_be64(key, event->seq);
    struct ambit_str of_event = {.p = (const char *)key, .len = sizeof key};
    if (buf_check(&row) != AMBIT_OK || row_decode(of_event, buf_str(&row), &read) != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    return store_put(txn, STORE_LOGS, (struct store_key){key, sizeof key}, row.p, row.len);
}
