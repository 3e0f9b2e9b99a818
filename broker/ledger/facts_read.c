/* SPDX-License-Identifier: Apache-2.0 */
/* Reading facts: the first row of a period is found by halves (times never fall), then rows are
 * read one after the other. */
#include "ledger/facts_inside.h"

#include "base/clock.h"
#include "base/encode.h"

enum { READING_US = 500 * 1000, LOOK_EVERY = 64 /* rows */ };

struct reader {
    struct search *search;
    struct facts_scan *scan;
    struct store_txn *txn;
    struct store_cursor *cursor;
    int64_t until_us; /* then the transaction is renewed */
    uint64_t row;
    size_t n;
    struct fact facts[FACTS_PER_ROW];
};

static void reader_done(struct reader *reader)
{
    store_cursor_close(TAKE(reader->cursor));
    search_read_end(reader->search, TAKE(reader->txn));
}

static AMBIT_CHECKED enum ambit_err reader_begin(struct reader *reader)
{
    reader_done(reader);
    enum ambit_err err = search_read_begin(reader->search, &reader->txn);
    reader->scan->txn = reader->txn;
    reader->until_us = clock_mono_us() + READING_US;
    return err == AMBIT_OK ? store_cursor_open(reader->txn, SEARCH_FACTS, &reader->cursor) : err;
}

static AMBIT_CHECKED enum ambit_err take(struct reader *reader, struct ambit_str key,
                                         struct ambit_str value)
{
    if (key.len != 9 || key.p[0] != 'f')
        return AMBIT_ERR_NOT_FOUND;
    reader->row = get_be64((const uint8_t *)key.p + 1);
    reader->n = value.len / sizeof(struct fact);
    if (value.len % sizeof(struct fact) || reader->n > FACTS_PER_ROW || reader->n == 0)
        return AMBIT_ERR_DAMAGED;
    memcpy(reader->facts, value.p, value.len);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err reader_row(struct reader *reader, uint64_t row)
{
    struct facts_key at = facts_key_row(row);
    struct ambit_str key, value;
    enum ambit_err err =
        store_cursor_move(reader->cursor, STORE_AT_OR_AFTER, facts_key_store(&at), &key, &value);
    return err == AMBIT_OK ? take(reader, key, value) : err;
}

static AMBIT_CHECKED enum ambit_err reader_next(struct reader *reader)
{
    struct ambit_str key, value;
    if (reader->row % LOOK_EVERY == 0 && clock_mono_us() >= reader->until_us) {
        uint64_t row = reader->row + 1;
        enum ambit_err err = reader_begin(reader);
        return err == AMBIT_OK ? reader_row(reader, row) : err;
    }
    enum ambit_err err =
        store_cursor_move(reader->cursor, STORE_NEXT, (struct store_key){0}, &key, &value);
    return err == AMBIT_OK ? take(reader, key, value) : err;
}

/* Rows with something before `since_ms` alone come before the one that is found. */
static AMBIT_CHECKED enum ambit_err find_row(struct reader *reader, uint64_t below,
                                             int64_t since_ms, uint64_t *ret)
{
    uint64_t low = 0, high = (below + FACTS_PER_ROW - 1) / FACTS_PER_ROW;
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        enum ambit_err err = reader_row(reader, mid);
        if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
            return err;
        if (err == AMBIT_OK && reader->facts[reader->n - 1].time_ms < since_ms)
            low = mid + 1;
        else
            high = mid;
    }
    *ret = low;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err tell_row(const struct reader *reader,
                                             const struct facts_scan *scan, bool *ret_over,
                                             uint64_t *ret_next)
{
    for (size_t i = 0; i < reader->n; i++) {
        const struct fact *fact = &reader->facts[i];
        uint64_t seq = reader->row * FACTS_PER_ROW + i;
        if (seq >= scan->below || fact->time_ms >= scan->until_ms) {
            *ret_over = true;
            return AMBIT_OK;
        }
        enum ambit_err err =
            fact->time_ms >= scan->since_ms ? scan->each(scan->ctx, seq, fact) : AMBIT_OK;
        if (err != AMBIT_OK)
            return err;
        *ret_next = seq + 1;
    }
    return AMBIT_OK;
}

enum ambit_err facts_read(struct search *search, struct facts_scan *scan, uint64_t *ret_next)
{
    AMBIT_CLEANUP(reader_done) struct reader reader = {.search = search, .scan = scan};
    struct search_position position;
    uint64_t first = 0;
    bool is_over = false;
    *ret_next = 0;
    enum ambit_err err = search_position(search, &position);
    if (err == AMBIT_OK)
        err = reader_begin(&reader);
    if (err == AMBIT_OK)
        err = find_row(&reader, position.next, scan->since_ms, &first);
    if (err == AMBIT_OK)
        err = reader_row(&reader, first);
    while (err == AMBIT_OK) {
        err = tell_row(&reader, scan, &is_over, ret_next);
        if (err == AMBIT_OK && is_over)
            return AMBIT_OK;
        if (err == AMBIT_OK)
            err = reader_next(&reader);
    }
    if (err == AMBIT_ERR_DAMAGED)
        search_suspect(search);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

/* ---- names ---- */

enum ambit_err facts_name(struct search *search, struct store_txn *txn, uint32_t number, char *text,
                          size_t size, size_t *ret_len)
{
    char row[1 + FACTS_NAME_MAX];
    struct facts_key key = facts_key_number(number);
    struct store_txn *own = NULL;
    size_t len = 0;
    if (number == 0)
        return AMBIT_ERR_NOT_FOUND;
    enum ambit_err err = txn ? AMBIT_OK : search_read_begin(search, &own);
    if (err != AMBIT_OK)
        return err;
    err = store_get(txn ? txn : own, SEARCH_FACTS, facts_key_store(&key), row, sizeof row, &len);
    search_read_end(search, own);
    if (err != AMBIT_OK)
        return err;
    if (len == 0 || len - 1 > size)
        return len == 0 ? AMBIT_ERR_DAMAGED : AMBIT_ERR_TOO_LARGE;
    memcpy(text, row + 1, len - 1);
    *ret_len = len - 1;
    return AMBIT_OK;
}

enum ambit_err facts_number(struct search *search, enum fact_kind kind, struct ambit_str text,
                            uint32_t *ret)
{
    struct facts_key key = facts_key_text(kind, text);
    struct store_txn *txn = NULL;
    uint8_t bytes[4];
    size_t len = 0;
    enum ambit_err err = search_read_begin(search, &txn);
    if (err != AMBIT_OK)
        return err;
    err = store_get(txn, SEARCH_FACTS, facts_key_store(&key), bytes, sizeof bytes, &len);
    search_read_end(search, txn);
    if (err == AMBIT_OK && len != sizeof bytes)
        return AMBIT_ERR_DAMAGED;
    if (err == AMBIT_OK)
        *ret = get_be32(bytes);
    return err;
}
