/* SPDX-License-Identifier: Apache-2.0 */
/* Counting the different values of a window: see distinct.h for the mechanism. */
#include "core/distinct_inside.h"

#include "ambit/limits.h"
#include "base/encode.h"

enum {
    PRUNE_LEAST = 4, /* dropped per addition, and two for each value: faster than they can appear */
    KEEP_AFTER = 16, /* entries a reader may pass before the new beginning is worth a write */
};

/* ---- walking by time ----------------------------------------------------------------------- */

/* The entry at `row`, if it is one of this history. */
static bool entry_of(struct ambit_str row, const struct state_key *key,
                     const struct distinct_head *head, int64_t *ret_time_ms,
                     struct distinct_value *ret_value)
{
    uint8_t prefix[PREFIX + 1];
    distinct_prefix(prefix, key, head->generation);
    prefix[PREFIX] = BY_TIME;
    if (row.len != TIME_KEY || memcmp(row.p, prefix, sizeof prefix) != 0)
        return false;
    *ret_time_ms = (int64_t)get_be64((const uint8_t *)row.p + PREFIX + 1);
    memcpy(ret_value->b, row.p + PREFIX + 9, sizeof ret_value->b);
    return true;
}

/* How many entries have after_ms < time <= up_to_ms. */
static AMBIT_CHECKED enum ambit_err count_between(struct store_txn *txn,
                                                  const struct state_key *key,
                                                  const struct distinct_head *head,
                                                  int64_t after_ms, int64_t up_to_ms, uint32_t *ret)
{
    static const struct distinct_value least = {{0}};
    STORE_CURSOR_AUTO cursor = NULL;
    struct distinct_time_key from =
        distinct_time_key(key, head, after_ms < 0 ? 0 : after_ms + 1, &least);
    struct ambit_str row_key, row;
    enum store_seek seek = STORE_AT_OR_AFTER;
    enum ambit_err err = store_cursor_open(txn, STORE_VALUES, &cursor);
    for (*ret = 0; err == AMBIT_OK; seek = STORE_NEXT) {
        int64_t time_ms = 0;
        struct distinct_value value;
        err = store_cursor_move(cursor, seek, KEY_OF(from), &row_key, &row);
        if (err != AMBIT_OK || !entry_of(row_key, key, head, &time_ms, &value) ||
            time_ms > up_to_ms)
            break;
        ++*ret;
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

/* Moves a cursor over what has left its window at `now`. */
static AMBIT_CHECKED enum ambit_err cursor_advance(struct store_txn *txn,
                                                   const struct state_key *key,
                                                   const struct distinct_head *head, int64_t now_ms,
                                                   struct distinct_cursor *cursor)
{
    int64_t after_ms = now_ms - cursor->within_ms;
    uint32_t passed = 0;
    if (after_ms <= cursor->after_ms)
        return AMBIT_OK;
    enum ambit_err err = cursor->count > 0
                             ? count_between(txn, key, head, cursor->after_ms, after_ms, &passed)
                             : AMBIT_OK;
    if (err != AMBIT_OK)
        return err;
    if (passed > cursor->count)
        return AMBIT_ERR_DAMAGED;
    cursor->count -= passed;
    cursor->after_ms = after_ms;
    return AMBIT_OK;
}

static struct distinct_cursor *cursor_slot(struct distinct_head *head, int64_t within_ms)
{
    struct distinct_cursor *slot = &head->cursors[(size_t)(within_ms / 1000) % CURSORS];
    for (size_t i = CURSORS; i-- > 0;)
        if (head->cursors[i].within_ms == 0)
            slot = &head->cursors[i];
    for (size_t i = 0; i < CURSORS; i++)
        if (head->cursors[i].within_ms == within_ms)
            slot = &head->cursors[i];
    return slot;
}

/* ---- reading ------------------------------------------------------------------------------- */

enum ambit_err distinct_read(struct store_txn *txn, const struct state_key *key,
                             struct window_span span, struct distinct_values values, int64_t *ret)
{
    struct distinct_head head;
    enum ambit_err err = distinct_head_get(txn, key, &head);
    *ret = (int64_t)values.n;
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;

    struct distinct_cursor *slot = cursor_slot(&head, span.within_ms);
    struct distinct_cursor cursor = *slot;
    bool is_new = cursor.within_ms != span.within_ms;
    if (is_new)
        cursor = (struct distinct_cursor){
            .within_ms = span.within_ms, .after_ms = -1, .count = head.count};
    uint32_t before = cursor.count;
    err = cursor_advance(txn, key, &head, span.now_ms, &cursor);
    if (err == AMBIT_OK && span.may_keep && before - cursor.count > KEEP_AFTER) {
        *slot = cursor;
        err = distinct_head_put(txn, key, &head);
    }
    int64_t figure = cursor.count;
    for (size_t i = 0; err == AMBIT_OK && i < values.n; i++) {
        struct distinct_value value = distinct_value_of(values.v[i]);
        int64_t time_ms = -1;
        err = distinct_value_time(txn, key, &head, &value, &time_ms);
        if (time_ms < 0 || span.now_ms - time_ms >= span.within_ms)
            figure++;
    }
    *ret = figure > AMBIT_WINDOW_MAX ? AMBIT_FIGURE_FULL : figure;
    return err;
}

/* ---- adding -------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err add_value(struct store_txn *txn, const struct state_key *key,
                                              struct distinct_head *head,
                                              const struct distinct_value *value, int64_t now_ms)
{
    int64_t before_ms = -1;
    enum ambit_err err = distinct_value_time(txn, key, head, value, &before_ms);
    if (err != AMBIT_OK || before_ms == now_ms)
        return err;
    if (before_ms >= 0) {
        struct distinct_time_key old = distinct_time_key(key, head, before_ms, value);
        err = store_delete(txn, STORE_VALUES, KEY_OF(old));
        if (err != AMBIT_OK)
            return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    } else {
        head->count++;
    }
    for (size_t i = 0; i < CURSORS; i++)
        if (head->cursors[i].within_ms != 0 &&
            (before_ms < 0 || before_ms <= head->cursors[i].after_ms))
            head->cursors[i].count++;

    uint8_t time[8];
    put_be64(time, (uint64_t)now_ms);
    struct distinct_time_key by_time = distinct_time_key(key, head, now_ms, value);
    struct distinct_value_key by_value = distinct_value_key(key, head, value);
    err = store_put(txn, STORE_VALUES, KEY_OF(by_time), "", 0);
    return err == AMBIT_OK ? store_put(txn, STORE_VALUES, KEY_OF(by_value), time, sizeof time)
                           : err;
}

/* The oldest entry, when it is to go: older than what is kept, or one too many (what is full stays
 * full without its oldest). */
static AMBIT_CHECKED enum ambit_err drop_oldest(struct store_txn *txn, const struct state_key *key,
                                                struct distinct_head *head, int64_t now_ms,
                                                bool *ret)
{
    static const struct distinct_value least = {{0}};
    STORE_CURSOR_AUTO cursor = NULL;
    struct distinct_time_key from = distinct_time_key(key, head, 0, &least);
    struct ambit_str row_key, row;
    struct distinct_value value;
    int64_t time_ms = 0;
    *ret = false;
    enum ambit_err err = store_cursor_open(txn, STORE_VALUES, &cursor);
    if (err == AMBIT_OK)
        err = store_cursor_move(cursor, STORE_AT_OR_AFTER, KEY_OF(from), &row_key, &row);
    if (err != AMBIT_OK || !entry_of(row_key, key, head, &time_ms, &value))
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    if (now_ms - time_ms < head->keep_ms && head->count <= AMBIT_WINDOW_MAX + 1)
        return AMBIT_OK;

    struct distinct_time_key by_time = distinct_time_key(key, head, time_ms, &value);
    struct distinct_value_key by_value = distinct_value_key(key, head, &value);
    err = store_delete(txn, STORE_VALUES, KEY_OF(by_time));
    if (err == AMBIT_OK)
        err = store_delete(txn, STORE_VALUES, KEY_OF(by_value));
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    head->count--;
    for (size_t i = 0; i < CURSORS; i++)
        if (head->cursors[i].within_ms != 0 && time_ms > head->cursors[i].after_ms)
            head->cursors[i].count--;
    *ret = true;
    return AMBIT_OK;
}

/* First what a reset left, then what is too old. */
static AMBIT_CHECKED enum ambit_err prune(struct store_txn *txn, const struct state_key *key,
                                          struct distinct_head *head, int64_t now_ms, size_t max)
{
    uint8_t from[PREFIX], to[PREFIX];
    size_t n = 0;
    bool goes_on = true;
    distinct_prefix(from, key, 0);
    distinct_prefix(to, key, head->generation);
    enum ambit_err err = AMBIT_OK;
    if (head->generation > 0)
        err = store_delete_range(txn, STORE_VALUES, (struct store_key){from, sizeof from},
                                 (struct store_key){to, sizeof to}, 2 * max, &n);
    for (size_t i = 0; err == AMBIT_OK && goes_on && n + i < max; i++)
        err = drop_oldest(txn, key, head, now_ms, &goes_on);
    return err;
}

enum ambit_err distinct_add(struct store_txn *txn, const struct state_key *key,
                            struct distinct_values values, int64_t now_ms, int64_t keep_ms)
{
    struct distinct_head head = {0};
    enum ambit_err err = distinct_head_get(txn, key, &head);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;
    bool has_keep = false;
    head.last_ms = now_ms;
    head.keep_ms = keep_ms;
    err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < CURSORS; i++) {
        has_keep = has_keep || head.cursors[i].within_ms == keep_ms;
        if (head.cursors[i].within_ms != 0)
            err = cursor_advance(txn, key, &head, now_ms, &head.cursors[i]);
    }
    /* The longest window has its cursor from the beginning. */
    if (!has_keep && head.count == 0)
        *cursor_slot(&head, keep_ms) =
            (struct distinct_cursor){.within_ms = keep_ms, .after_ms = now_ms - keep_ms};
    for (size_t i = 0; err == AMBIT_OK && i < values.n; i++) {
        struct distinct_value value = distinct_value_of(values.v[i]);
        err = add_value(txn, key, &head, &value, now_ms);
    }
    if (err == AMBIT_OK)
        err = prune(txn, key, &head, now_ms, PRUNE_LEAST + 2 * values.n);
    return err == AMBIT_OK ? distinct_head_put(txn, key, &head) : err;
}

enum ambit_err distinct_reset(struct store_txn *txn, const struct state_key *key)
{
    struct distinct_head head;
    enum ambit_err err = distinct_head_get(txn, key, &head);
    if (err != AMBIT_OK || head.count == 0)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    head = (struct distinct_head){
        .generation = head.generation + 1, .last_ms = head.last_ms, .keep_ms = head.keep_ms};
    return distinct_head_put(txn, key, &head);
}

/* ---- expiry and verification --------------------------------------------------------------- */

enum ambit_err distinct_is_over(struct ambit_str row, int64_t now_ms, bool *ret)
{
    struct distinct_head head;
    enum ambit_err err = distinct_head_decode((const uint8_t *)row.p, row.len, &head);
    *ret = err == AMBIT_OK && now_ms - head.last_ms >= head.keep_ms;
    return err;
}

enum ambit_err distinct_remove(struct store_txn *txn, const struct state_key *key, size_t max,
                               bool *ret_done)
{
    uint8_t from[PREFIX], to[PREFIX];
    size_t n = 0;
    struct distinct_head head;
    enum ambit_err err = distinct_reset(txn, key); /* at every step it can be added to */
    if (err == AMBIT_OK)
        err = distinct_head_get(txn, key, &head);
    if (err != AMBIT_OK)
        return err;
    distinct_prefix(from, key, 0);
    distinct_prefix(to, key, head.generation);
    err = store_delete_range(txn, STORE_VALUES, (struct store_key){from, sizeof from},
                             (struct store_key){to, sizeof to}, max, &n);
    *ret_done = err == AMBIT_OK && n < max;
    return *ret_done ? store_delete(txn, STORE_COUNTERS, state_key_store(key)) : err;
}

bool distinct_rows_agree(struct ambit_str row_a, struct ambit_str row_b)
{
    return row_a.len == ROW_BYTES && row_b.len == ROW_BYTES &&
           memcmp(row_a.p, row_b.p, FIXED_BYTES) == 0;
}

enum ambit_err distinct_cursors_hold(struct store_txn *txn, const struct state_key *key,
                                     struct ambit_str row, int64_t now_ms, bool *ret)
{
    struct distinct_head head;
    enum ambit_err err = distinct_head_decode((const uint8_t *)row.p, row.len, &head);
    *ret = true;
    for (size_t i = 0; err == AMBIT_OK && i < CURSORS; i++) {
        const struct distinct_cursor *cursor = &head.cursors[i];
        uint32_t count = 0;
        if (cursor->within_ms == 0) {
            *ret = *ret && cursor->after_ms == 0 && cursor->count == 0;
            continue;
        }
        err = count_between(txn, key, &head, cursor->after_ms, INT64_MAX, &count);
        *ret = *ret && count == cursor->count && cursor->after_ms <= now_ms - cursor->within_ms;
    }
    return err;
}
