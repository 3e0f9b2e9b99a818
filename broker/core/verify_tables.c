/* SPDX-License-Identifier: Apache-2.0 */
/* Two stores side by side, one table after the other, in key order. */
#include "core/verify_internal.h"

#include "base/encode.h"
#include "core/apply.h"
#include "core/window.h"

enum { KEY_TEXT = 128 };

/* How a row may differ from the rebuilt one. */
enum strictness {
    EXACT,
    COUNTER, /* cursors are a cache */
    SUBSET,  /* the store may hold more (one-time values of callers that changed nothing), and may
                have  dropped what expired */
};

struct side {
    struct store_cursor *cursor;
    struct ambit_str key, value;
    bool is_end;
};

static AMBIT_CHECKED enum ambit_err side_move(struct side *side, enum store_seek seek)
{
    enum ambit_err err =
        store_cursor_move(side->cursor, seek, (struct store_key){0}, &side->key, &side->value);
    side->is_end = err == AMBIT_ERR_NOT_FOUND;
    return side->is_end ? AMBIT_OK : err;
}

static void difference(struct verify *verify, enum store_table table, struct ambit_str key,
                       const char *what)
{
    char text[KEY_TEXT];
    size_t len = key.len * 2 <= sizeof text ? key.len : sizeof text / 2;
    hex_encode((const uint8_t *)key.p, len, text);
    verify_problem(verify, NULL, store_table_name(table), (struct ambit_str){text, len * 2}, what);
}

static bool rows_agree(enum strictness strictness, struct ambit_str a, struct ambit_str b)
{
    return strictness == COUNTER ? window_rows_agree(a, b) : ambit_str_eq(a, b);
}

/* A one-time value whose minute is over may have been dropped. */
static bool may_be_missing(const struct verify *verify, enum strictness strictness,
                           struct ambit_str value)
{
    return strictness == SUBSET && value.len == 8 &&
           (int64_t)get_be64((const uint8_t *)value.p) <= verify->stored.last_now_ms;
}

static AMBIT_CHECKED enum ambit_err compare(struct verify *verify, enum store_table table,
                                            enum strictness strictness, struct side *stored,
                                            struct side *rebuilt)
{
    enum ambit_err err = side_move(stored, STORE_FIRST);
    if (err == AMBIT_OK)
        err = side_move(rebuilt, STORE_FIRST);
    while (err == AMBIT_OK && !(stored->is_end && rebuilt->is_end)) {
        int order = stored->is_end    ? 1
                    : rebuilt->is_end ? -1
                                      : ambit_str_cmp(stored->key, rebuilt->key);
        if (order < 0) {
            if (strictness != SUBSET)
                difference(verify, table, stored->key, "a row that no event gives");
            err = side_move(stored, STORE_NEXT);
        } else if (order > 0) {
            if (!may_be_missing(verify, strictness, rebuilt->value))
                difference(verify, table, rebuilt->key, "a row that the events give is missing");
            err = side_move(rebuilt, STORE_NEXT);
        } else {
            if (!rows_agree(strictness, stored->value, rebuilt->value))
                difference(verify, table, stored->key, "the row is not what the events give");
            err = side_move(stored, STORE_NEXT);
            if (err == AMBIT_OK)
                err = side_move(rebuilt, STORE_NEXT);
        }
    }
    return err;
}

static AMBIT_CHECKED enum ambit_err compare_table(struct verify *verify,
                                                  struct store_txn *rebuilt_txn,
                                                  enum store_table table,
                                                  enum strictness strictness)
{
    struct side stored = {0}, rebuilt = {0};
    enum ambit_err err = store_cursor_open(verify->txn, table, &stored.cursor);
    if (err == AMBIT_OK)
        err = store_cursor_open(rebuilt_txn, table, &rebuilt.cursor);
    if (err == AMBIT_OK)
        err = compare(verify, table, strictness, &stored, &rebuilt);
    store_cursor_close(stored.cursor);
    store_cursor_close(rebuilt.cursor);
    return err;
}

/* The events up to the size of the tree were looked at one by one; there must be none behind. */
static AMBIT_CHECKED enum ambit_err check_last_event(struct verify *verify)
{
    struct side last = {0};
    enum ambit_err err = store_cursor_open(verify->txn, STORE_EVENTS, &last.cursor);
    if (err == AMBIT_OK)
        err = side_move(&last, STORE_LAST);
    if (err == AMBIT_OK && !last.is_end &&
        (last.key.len != 8 || get_be64((const uint8_t *)last.key.p) >= verify->stored.edge.size))
        difference(verify, STORE_EVENTS, last.key, "an event behind the end of the tree");
    store_cursor_close(last.cursor);
    return err;
}

enum ambit_err verify_tables(struct verify *verify)
{
    static const struct {
        enum store_table table;
        enum strictness strictness;
    } tables[] = {
        {STORE_TILES, EXACT},      {STORE_GRANTS, EXACT},  {STORE_AGENT_GRANTS, EXACT},
        {STORE_COUNTERS, COUNTER}, {STORE_WINDOWS, EXACT}, {STORE_CUTOFFS, EXACT},
        {STORE_STOPS, EXACT},      {STORE_HOLDS, EXACT},   {STORE_INCIDENTS, EXACT},
        {STORE_ONCE, SUBSET},
    };
    struct store_txn *rebuilt_txn = NULL;
    enum ambit_err err = store_read_begin(verify->rebuilt, &rebuilt_txn);
    for (size_t i = 0; err == AMBIT_OK && i < AMBIT_LEN(tables); i++)
        err = compare_table(verify, rebuilt_txn, tables[i].table, tables[i].strictness);
    if (rebuilt_txn != NULL)
        store_read_end(rebuilt_txn);
    return err == AMBIT_OK ? check_last_event(verify) : err;
}
