/* SPDX-License-Identifier: Apache-2.0 */
/* Two stores side by side, one table after the other, in key order. */
#include "core/verify_internal.h"

#include "base/encode.h"
#include "core/apply.h"
#include "core/clock_row.h"
#include "core/once.h"
#include "core/window.h"

/* How a row may differ from the rebuilt one. */
enum strictness {
    EXACT,
    COUNTER, /* cursors are a cache: they are held against the entries */
    SUBSET,  /* the store may hold more (one-time values of callers that changed nothing), and may
                have  dropped what expired */
};

struct side {
    struct store_cursor *cursor;
    struct ambit_str key, value;
    bool is_end;
};

struct comparison {
    enum store_table table;
    enum strictness strictness;
    struct store_txn *rebuilt_txn;
    struct side *stored, *rebuilt;
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
    verify_problem_key(verify, NULL, store_table_name(table), key, what);
}

/* A row that is there on both sides. The cursors of a counter are no matter of the events: they are
 * held against the entries of the rebuilt store, once the rest agrees. */
static AMBIT_CHECKED enum ambit_err compare_rows(struct verify *verify,
                                                 const struct comparison *comparison)
{
    const struct side *stored = comparison->stored;
    struct ambit_str a = stored->value, b = comparison->rebuilt->value;
    bool is_same = comparison->strictness == COUNTER  ? window_rows_agree(a, b)
                   : comparison->strictness == SUBSET ? once_holds(a, b)
                                                      : ambit_str_eq(a, b);
    bool holds = true;
    enum ambit_err err = AMBIT_OK;
    if (is_same && comparison->strictness == COUNTER) {
        struct state_key key;
        memcpy(key.b, stored->key.p, sizeof key.b);
        err = window_cursors_hold(comparison->rebuilt_txn, &key, a, verify->stored.last_now_ms,
                                  &holds);
    }
    if (!is_same)
        difference(verify, comparison->table, stored->key, "the row is not what the events give");
    else if (!err && !holds)
        difference(verify, comparison->table, stored->key,
                   "a cursor of the window does not fit its entries");
    return err;
}

static AMBIT_CHECKED enum ambit_err compare(struct verify *verify,
                                            const struct comparison *comparison)
{
    struct side *stored = comparison->stored, *rebuilt = comparison->rebuilt;
    enum store_table table = comparison->table;
    enum strictness strictness = comparison->strictness;
    enum ambit_err err = side_move(stored, STORE_FIRST);
    if (err == AMBIT_OK)
        err = side_move(rebuilt, STORE_FIRST);
    while (err == AMBIT_OK && !(stored->is_end && rebuilt->is_end)) {
        int order = stored->is_end    ? 1
                    : rebuilt->is_end ? -1
                                      : ambit_str_cmp(stored->key, rebuilt->key);
        if (order < 0) {
            if (strictness != SUBSET || !once_has_form(stored->key, stored->value))
                difference(verify, table, stored->key, "a row that no event gives");
            err = side_move(stored, STORE_NEXT);
        } else if (order > 0) {
            if (strictness != SUBSET || !once_may_be_gone(rebuilt->key, verify->stored.last_now_ms))
                difference(verify, table, rebuilt->key, "a row that the events give is missing");
            err = side_move(rebuilt, STORE_NEXT);
        } else {
            err = compare_rows(verify, comparison);
            if (err == AMBIT_OK)
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
    struct comparison comparison = {.table = table,
                                    .strictness = strictness,
                                    .rebuilt_txn = rebuilt_txn,
                                    .stored = &stored,
                                    .rebuilt = &rebuilt};
    enum ambit_err err = store_cursor_open(verify->txn, table, &stored.cursor);
    if (err == AMBIT_OK)
        err = store_cursor_open(rebuilt_txn, table, &rebuilt.cursor);
    if (err == AMBIT_OK)
        err = compare(verify, &comparison);
    store_cursor_close(stored.cursor);
    store_cursor_close(rebuilt.cursor);
    return err;
}

/* Every key of a table of events is a sequence below the end of the tree; what stands there was
 * looked at one by one. */
static AMBIT_CHECKED enum ambit_err check_sequences(struct verify *verify, enum store_table table)
{
    static const char behind[] = "a row behind the end of the tree";
    struct side row = {0};
    enum ambit_err err = store_cursor_open(verify->txn, table, &row.cursor);
    if (err == AMBIT_OK)
        err = side_move(&row, STORE_FIRST);
    while (err == AMBIT_OK && !row.is_end) {
        bool is_seq = row.key.len == 8;
        uint64_t seq = is_seq ? get_be64((const uint8_t *)row.key.p) : 0;
        if (!is_seq || seq >= verify->head.edge.size)
            is_seq ? verify_problem_seq(verify, seq, store_table_name(table), behind)
                   : difference(verify, table, row.key, behind);
        err = side_move(&row, STORE_NEXT);
    }
    store_cursor_close(row.cursor);
    return err;
}

static AMBIT_CHECKED enum ambit_err check_meta(struct verify *verify)
{
    struct side row = {0};
    enum ambit_err err = store_cursor_open(verify->txn, STORE_META, &row.cursor);
    if (err == AMBIT_OK)
        err = side_move(&row, STORE_FIRST);
    while (err == AMBIT_OK && !row.is_end) {
        if (!ambit_str_is(row.key, "format") && !ambit_str_is(row.key, "head") &&
            !clock_row_is_key(row.key) && !store_scrub_is_key(row.key) && !ambit_str_is(row.key, "pruned"))
            difference(verify, STORE_META, row.key, "a row that this version does not know");
        err = side_move(&row, STORE_NEXT);
    }
    store_cursor_close(row.cursor);
    return err;
}

enum ambit_err verify_tables(struct verify *verify)
{
    static const struct {
        enum store_table table;
        enum strictness strictness;
    } tables[] = {
        {STORE_TILES, EXACT},           {STORE_GRANTS, EXACT},     {STORE_AGENT_GRANTS, EXACT},
        {STORE_COUNTERS, COUNTER},      {STORE_WINDOWS, EXACT},    {STORE_CUTOFFS, EXACT},
        {STORE_STOPS, EXACT},           {STORE_HOLDS, EXACT},      {STORE_INCIDENTS, EXACT},
        {STORE_CONFIRMATIONS, EXACT},   {STORE_OFFBOARDED, EXACT}, {STORE_ONCE, SUBSET},
        {STORE_VALUES, EXACT},          {STORE_OUTCOMES, EXACT},   {STORE_DUE, EXACT},
        {STORE_OPEN_INCIDENTS, EXACT},  {STORE_APPROVALS, EXACT},  {STORE_APPROVAL_KEYS, EXACT},
        {STORE_APPROVAL_AGENTS, EXACT}, {STORE_KEYS, EXACT},       {STORE_AWAITED, EXACT},
        {STORE_AWAITED_OF, EXACT},      {STORE_LOGS, EXACT},
    };
    struct store_txn *rebuilt_txn = NULL;
    enum ambit_err err = store_read_begin(verify->rebuilt, &rebuilt_txn);
    size_t n = verify_is_whole(verify) ? AMBIT_LEN(tables) : 1; /* the tiles */
    for (size_t i = 0; err == AMBIT_OK && i < n; i++)
        err = compare_table(verify, rebuilt_txn, tables[i].table, tables[i].strictness);
    if (rebuilt_txn != NULL)
        store_read_end(rebuilt_txn);
    if (err == AMBIT_OK)
        err = check_sequences(verify, STORE_EVENTS);
    if (err == AMBIT_OK)
        err = check_sequences(verify, STORE_OPENINGS);
    return err == AMBIT_OK ? check_meta(verify) : err;
}
