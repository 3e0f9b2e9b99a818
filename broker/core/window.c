/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a sliding window. The head row holds aggregates, cursors and the entries of the
 * newest chunk; a full chunk moves to a row of its own in STORE_WINDOWS. */
#include "core/distinct.h"
#include "core/window_inside.h"

#include "ambit/limits.h"
#include "base/encode.h"

enum {
    KEEP_AFTER = 64,  /* entries a reader may pass before the new beginning is worth a write */
    PRUNE_CHUNKS = 2, /* dropped per added entry: twice as fast as they can appear */
};

enum ambit_err window_decode(const uint8_t *row, size_t len, struct window *ret)
{
    if (len < ENTRIES_AT || row[1] != WINDOW_KIND_ENTRIES)
        return AMBIT_ERR_DAMAGED;
    if (row[0] != WINDOW_VERSION)
        return row[0] > WINDOW_VERSION ? AMBIT_ERR_NEWER : AMBIT_ERR_DAMAGED;

    ret->first_chunk = get_be32(row + 2);
    ret->last_chunk = get_be32(row + 6);
    ret->all_count = (int64_t)get_be64(row + 10);
    ret->all_sum = (int64_t)get_be64(row + 18);
    ret->kept_count = (int64_t)get_be64(row + 26);
    ret->kept_sum = (int64_t)get_be64(row + 34);
    ret->n = (size_t)row[42] << 8 | row[43];
    if (ret->n > WINDOW_CHUNK || len != ENTRIES_AT + ret->n * ENTRY_BYTES ||
        ret->first_chunk > ret->last_chunk)
        return AMBIT_ERR_DAMAGED;

    for (size_t i = 0; i < WINDOW_CURSORS; i++) {
        const uint8_t *p = row + CURSORS_AT + i * CURSOR_BYTES;
        ret->cursors[i] = (struct window_cursor){.within_ms = (int64_t)get_be64(p),
                                                 .chunk = get_be32(p + 8),
                                                 .index = get_be32(p + 12),
                                                 .count = (int64_t)get_be64(p + 16),
                                                 .sum = (int64_t)get_be64(p + 24)};
    }
    memcpy(ret->entries, row + ENTRIES_AT, ret->n * ENTRY_BYTES);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err window_load(struct store_txn *txn, const struct state_key *key,
                                                struct window *ret)
{
    uint8_t row[ROW_MAX];
    size_t len = 0;
    enum ambit_err err =
        store_get(txn, STORE_COUNTERS, state_key_store(key), row, sizeof row, &len);
    return err == AMBIT_OK ? window_decode(row, len, ret) : err;
}

static AMBIT_CHECKED enum ambit_err window_store(struct store_txn *txn, const struct state_key *key,
                                                 const struct window *window)
{
    uint8_t row[ROW_MAX];
    row[0] = WINDOW_VERSION;
    row[1] = WINDOW_KIND_ENTRIES;
    put_be32(row + 2, window->first_chunk);
    put_be32(row + 6, window->last_chunk);
    put_be64(row + 10, (uint64_t)window->all_count);
    put_be64(row + 18, (uint64_t)window->all_sum);
    put_be64(row + 26, (uint64_t)window->kept_count);
    put_be64(row + 34, (uint64_t)window->kept_sum);
    row[42] = (uint8_t)(window->n >> 8);
    row[43] = (uint8_t)window->n;
    for (size_t i = 0; i < WINDOW_CURSORS; i++) {
        const struct window_cursor *cursor = &window->cursors[i];
        uint8_t *p = row + CURSORS_AT + i * CURSOR_BYTES;
        put_be64(p, (uint64_t)cursor->within_ms);
        put_be32(p + 8, cursor->chunk);
        put_be32(p + 12, cursor->index);
        put_be64(p + 16, (uint64_t)cursor->count);
        put_be64(p + 24, (uint64_t)cursor->sum);
    }
    memcpy(row + ENTRIES_AT, window->entries, window->n * ENTRY_BYTES);
    return store_put(txn, STORE_COUNTERS, state_key_store(key), row,
                     ENTRIES_AT + window->n * ENTRY_BYTES);
}

struct chunk_key {
    uint8_t b[20];
};

static struct chunk_key chunk_key(const struct state_key *key, uint32_t chunk)
{
    struct chunk_key chunk_key;
    memcpy(chunk_key.b, key->b, 16);
    put_be32(chunk_key.b + 16, chunk);
    return chunk_key;
}

enum ambit_err window_chunk_load(struct store_txn *txn, const struct state_key *key,
                                 const struct window *window, uint32_t number,
                                 struct window_chunk *ret)
{
    if (number == window->last_chunk) {
        ret->n = window->n;
        memcpy(ret->entries, window->entries, window->n * ENTRY_BYTES);
        return AMBIT_OK;
    }
    struct chunk_key row_key = chunk_key(key, number);
    size_t len = 0;
    enum ambit_err err =
        store_get(txn, STORE_WINDOWS, (struct store_key){row_key.b, sizeof row_key.b}, ret->entries,
                  sizeof ret->entries, &len);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    if (len % ENTRY_BYTES != 0)
        return AMBIT_ERR_DAMAGED;
    ret->n = len / ENTRY_BYTES;
    return AMBIT_OK;
}

/* Moves a cursor over what has left its window at `now`. */
static AMBIT_CHECKED enum ambit_err cursor_advance(struct store_txn *txn,
                                                   const struct state_key *key,
                                                   const struct window *window, int64_t now_ms,
                                                   struct window_cursor *cursor)
{
    struct window_chunk chunk;
    while (cursor->count > 0) {
        enum ambit_err err = window_chunk_load(txn, key, window, cursor->chunk, &chunk);
        if (err != AMBIT_OK)
            return err;

        for (; cursor->index < chunk.n && cursor->count > 0; cursor->index++) {
            struct window_entry entry = window_entry_at(chunk.entries, cursor->index);
            if (now_ms - entry.time_ms < cursor->within_ms)
                return AMBIT_OK;
            cursor->count--;
            cursor->sum -= entry.amount;
        }
        if (cursor->count > 0) {
            if (cursor->chunk >= window->last_chunk)
                return AMBIT_ERR_DAMAGED;
            cursor->chunk++;
            cursor->index = 0;
        }
    }
    return AMBIT_OK;
}

/* The cursor of this length, or one that begins at the oldest entry kept. */
static struct window_cursor cursor_find(const struct window *window, int64_t within_ms)
{
    for (size_t i = 0; i < WINDOW_CURSORS; i++)
        if (window->cursors[i].within_ms == within_ms)
            return window->cursors[i];
    return (struct window_cursor){.within_ms = within_ms,
                                  .chunk = window->first_chunk,
                                  .count = window->kept_count,
                                  .sum = window->kept_sum};
}

/* Remembers a cursor in the slot of its length, a free one, or the one its length falls on. */
static void cursor_keep(struct window *window, const struct window_cursor *cursor)
{
    size_t slot = (size_t)cursor->within_ms / 1000 % WINDOW_CURSORS;
    for (size_t i = WINDOW_CURSORS; i-- > 0;)
        if (window->cursors[i].within_ms == 0)
            slot = i;
    for (size_t i = 0; i < WINDOW_CURSORS; i++)
        if (window->cursors[i].within_ms == cursor->within_ms)
            slot = i;
    window->cursors[slot] = *cursor;
}

enum ambit_err window_read(struct store_txn *txn, const struct state_key *key, int64_t within_ms,
                           int64_t now_ms, bool may_keep, struct window_figure *ret)
{
    struct window window;
    enum ambit_err err = window_load(txn, key, &window);
    if (err == AMBIT_ERR_NOT_FOUND) {
        *ret = (struct window_figure){0};
        return AMBIT_OK;
    }
    if (err != AMBIT_OK)
        return err;
    if (within_ms == 0) {
        *ret = (struct window_figure){.count = window.all_count, .sum = window.all_sum};
        return AMBIT_OK;
    }

    struct window_cursor cursor = cursor_find(&window, within_ms);
    int64_t before = cursor.count;
    err = cursor_advance(txn, key, &window, now_ms, &cursor);
    if (err == AMBIT_OK && may_keep && before - cursor.count > KEEP_AFTER) {
        cursor_keep(&window, &cursor);
        err = window_store(txn, key, &window);
    }
    if (err != AMBIT_OK)
        return err;
    *ret = (struct window_figure){
        .count = cursor.count, .sum = cursor.sum, .is_full = cursor.count >= AMBIT_WINDOW_MAX};
    return AMBIT_OK;
}

/* Every cursor counts the new entry; the one of the longest window is the retention's own. */
static AMBIT_CHECKED enum ambit_err cursors_update(struct store_txn *txn,
                                                   const struct state_key *key,
                                                   struct window *window,
                                                   const struct window_entry *entry,
                                                   int64_t keep_ms)
{
    bool has_keep = keep_ms == 0;
    for (size_t i = 0; i < WINDOW_CURSORS; i++)
        has_keep = has_keep || window->cursors[i].within_ms == keep_ms;
    for (size_t i = 0; i < WINDOW_CURSORS && !has_keep; i++)
        if (window->cursors[i].within_ms == 0) {
            window->cursors[i] = (struct window_cursor){.within_ms = keep_ms,
                                                        .chunk = window->first_chunk,
                                                        .count = window->kept_count,
                                                        .sum = window->kept_sum};
            has_keep = true;
        }
    for (size_t i = 0; i < WINDOW_CURSORS; i++) {
        struct window_cursor *cursor = &window->cursors[i];
        if (cursor->within_ms == 0)
            continue;
        enum ambit_err err = cursor_advance(txn, key, window, entry->time_ms, cursor);
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

/* Drops whole chunks whose newest entry is older than what must be kept. */
static AMBIT_CHECKED enum ambit_err window_prune(struct store_txn *txn, const struct state_key *key,
                                                 struct window *window, int64_t now_ms,
                                                 int64_t keep_ms)
{
    for (int i = 0; i < PRUNE_CHUNKS && window->first_chunk < window->last_chunk; i++) {
        struct window_chunk chunk;
        enum ambit_err err = window_chunk_load(txn, key, window, window->first_chunk, &chunk);
        if (err != AMBIT_OK)
            return err;
        if (chunk.n == 0)
            return AMBIT_ERR_DAMAGED;
        /* What is full stays full without its oldest entries. */
        if (now_ms - window_entry_at(chunk.entries, chunk.n - 1).time_ms < keep_ms &&
            window->kept_count - (int64_t)chunk.n < AMBIT_WINDOW_MAX)
            return AMBIT_OK;

        struct chunk_key row_key = chunk_key(key, window->first_chunk);
        err = store_delete(txn, STORE_WINDOWS, (struct store_key){row_key.b, sizeof row_key.b});
        if (err != AMBIT_OK)
            return err;
        for (size_t k = 0; k < chunk.n; k++)
            window->kept_sum -= window_entry_at(chunk.entries, k).amount;
        window->kept_count -= (int64_t)chunk.n;
        window->first_chunk++;
        /* A cursor of a longer window than is kept loses what was dropped. */
        for (size_t c = 0; c < WINDOW_CURSORS; c++)
            if (window->cursors[c].within_ms != 0 && window->cursors[c].chunk < window->first_chunk)
                window->cursors[c] = (struct window_cursor){0};
    }
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err window_spill(struct store_txn *txn, const struct state_key *key,
                                                 struct window *window)
{
    if (window->n < WINDOW_CHUNK)
        return AMBIT_OK;

    struct chunk_key row_key = chunk_key(key, window->last_chunk);
    enum ambit_err err =
        store_put(txn, STORE_WINDOWS, (struct store_key){row_key.b, sizeof row_key.b},
                  window->entries, sizeof window->entries);
    if (err != AMBIT_OK)
        return err;
    window->last_chunk++;
    window->n = 0;
    return AMBIT_OK;
}

static void window_put_entry(struct window *window, const struct window_entry *entry)
{
    uint8_t *p = window->entries + window->n * ENTRY_BYTES;
    put_be64(p, (uint64_t)entry->time_ms);
    put_be64(p + 8, entry->seq);
    put_be64(p + 16, (uint64_t)entry->amount);
    window->n++;
    window->kept_count++;
    window->kept_sum += entry->amount;
    for (size_t i = 0; i < WINDOW_CURSORS; i++) {
        if (window->cursors[i].within_ms == 0)
            continue;
        if (window->cursors[i].count == 0) {
            window->cursors[i].chunk = window->last_chunk;
            window->cursors[i].index = (uint32_t)(window->n - 1);
        }
        window->cursors[i].count++;
        window->cursors[i].sum += entry->amount;
    }
}

enum ambit_err window_add(struct store_txn *txn, const struct state_key *key,
                          const struct window_entry *entry, int64_t keep_ms)
{
    struct window window = {0};
    enum ambit_err err = window_load(txn, key, &window);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;

    window.all_count++;
    if (__builtin_add_overflow(window.all_sum, entry->amount, &window.all_sum))
        window.all_sum = INT64_MAX; /* read by no window; more than any bound either way */
    if (keep_ms != 0) {
        err = window_spill(txn, key, &window);
        if (err == AMBIT_OK)
            err = cursors_update(txn, key, &window, entry, keep_ms);
        if (err == AMBIT_OK)
            err = window_prune(txn, key, &window, entry->time_ms, keep_ms);
        if (err != AMBIT_OK)
            return err;
        window_put_entry(&window, entry);
    }
    return window_store(txn, key, &window);
}

enum ambit_err window_reset(struct store_txn *txn, const struct state_key *key)
{
    struct chunk_key from = chunk_key(key, 0), to = chunk_key(key, UINT32_MAX);
    size_t n = 0;
    enum ambit_err err =
        store_delete_range(txn, STORE_WINDOWS, (struct store_key){from.b, sizeof from.b},
                           (struct store_key){to.b, sizeof to.b}, AMBIT_WINDOW_MAX, &n);
    if (err != AMBIT_OK)
        return err;
    err = store_delete(txn, STORE_COUNTERS, state_key_store(key));
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

bool window_rows_agree(struct ambit_str row_a, struct ambit_str row_b)
{
    if (row_a.len != row_b.len || row_a.len < 2)
        return false;
    if ((uint8_t)row_a.p[1] == WINDOW_KIND_DISTINCT)
        return distinct_rows_agree(row_a, row_b);
    if ((uint8_t)row_a.p[1] != WINDOW_KIND_ENTRIES || row_a.len < ENTRIES_AT)
        return ambit_str_eq(row_a, row_b);
    return memcmp(row_a.p, row_b.p, CURSORS_AT) == 0 &&
           memcmp(row_a.p + ENTRIES_AT, row_b.p + ENTRIES_AT, row_a.len - ENTRIES_AT) == 0;
}
