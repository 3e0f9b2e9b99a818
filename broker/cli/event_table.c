/* SPDX-License-Identifier: Apache-2.0 */
/* Fitting rows of events into a width. Widths count code points, of texts already escaped. */
#include "cli/event_table.h"

#include "base/arena.h"
#include "base/json_read.h"

enum { GAP = 2, NARROW = 140, SMALL = 100, TIME_LEN = 24 };
enum { COLUMN_SEQ, COLUMN_TIME, COLUMN_TYPE, COLUMN_AGENT, COLUMN_REASON, COLUMN_ON, COLUMN_BY };

/* Words are cut before names are, and nothing below this: what is cut further says nothing. */
static const size_t least[][EVENT_COLUMNS] = {
    {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, 12, 14, 8},
    {SIZE_MAX, SIZE_MAX, 12, 6, 8, 10, 3},
};

static size_t width_of(struct ambit_str text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++)
        width += ((uint8_t)text.p[i] & 0xc0) != 0x80;
    return width;
}

static struct ambit_str escaped(struct arena *arena, struct ambit_str text)
{
    BUF_AUTO out = {.p = NULL};
    show_escaped(&out, text);
    return buf_check(&out) ? AMBIT_STR("?") : arena_copy(arena, buf_str(&out));
}

/* 2026-11-20T10:00:00.123Z as 11-20 10:00:00, where there is little room without the seconds. */
static struct ambit_str short_time(struct arena *arena, struct ambit_str time, bool is_small)
{
    char text[] = "mm-dd HH:MM:SS";
    if (time.len != TIME_LEN || time.p[10] != 'T')
        return time;
    memcpy(text, time.p + 5, 5);
    memcpy(text + 6, time.p + 11, 8);
    return arena_copy(arena, (struct ambit_str){text, sizeof text - (is_small ? 4 : 1)});
}

static size_t total_of(const struct event_table *table)
{
    size_t total = 0;
    for (size_t i = 0; i < table->shown; i++)
        total += table->widths[i] + (i ? GAP : 0);
    return total;
}

static void fit(struct event_table *table)
{
    size_t *widths = table->widths, total = total_of(table);
    for (size_t pass = 0; table->columns && pass < AMBIT_LEN(least); pass++) {
        while (total > table->columns) {
            size_t widest = table->shown;
            for (size_t i = 0; i < table->shown; i++)
                if (widths[i] > least[pass][i] &&
                    (widest == table->shown || widths[i] > widths[widest]))
                    widest = i;
            if (widest == table->shown)
                break;
            widths[widest]--;
            total--;
        }
    }
}

static void measure(struct event_table *table, const struct ambit_str *cells, size_t n_rows)
{
    for (size_t i = 0; i < EVENT_COLUMNS; i++)
        table->widths[i] = strlen(event_headings[i]);
    for (size_t i = 0; i < n_rows * EVENT_COLUMNS; i++) {
        size_t width = width_of(cells[i]), *have = &table->widths[i % EVENT_COLUMNS];
        *have = width > *have ? width : *have;
    }
    fit(table);
}

static void put_cell(struct buf *out, struct ambit_str text, size_t width, bool is_last)
{
    size_t has = width_of(text), left = width, i = 0;
    if (has > width) {
        for (; i < text.len && (left > 1 || ((uint8_t)text.p[i] & 0xc0) == 0x80); i++)
            left -= ((uint8_t)text.p[i] & 0xc0) != 0x80;
        buf_put(out, text.p, i);
        buf_put_text(out, "\u2026");
        left = 0;
    } else {
        buf_put_str(out, text);
        left = width - has;
    }
    for (left += GAP; !is_last && left > 0; left--)
        buf_put_char(out, ' ');
    if (is_last)
        buf_put_char(out, '\n');
}

static void put_row(struct event_table *table, struct buf *out, const struct ambit_str *cells)
{
    size_t seq = width_of(cells[COLUMN_SEQ]); /* grows from page to page, and is never cut */
    if (seq > table->widths[COLUMN_SEQ])
        table->widths[COLUMN_SEQ] = seq;
    for (size_t i = 0; i < table->shown; i++) {
        bool is_last = i + 1 == table->shown;
        size_t width = is_last && !table->columns ? SIZE_MAX : table->widths[i];
        put_cell(out, cells[i], width, is_last);
    }
}

static void put_heading(struct event_table *table, struct buf *out)
{
    struct ambit_str cells[EVENT_COLUMNS];
    for (size_t i = 0; i < EVENT_COLUMNS; i++)
        cells[i] = ambit_str_of(event_headings[i]);
    put_row(table, out, cells);
}

/* Where there is little room, whose words they are stands behind what it is about. */
static void join_by(struct arena *arena, struct ambit_str *cells)
{
    BUF_AUTO text = {.p = NULL};
    if (ambit_str_is(cells[COLUMN_BY], "-"))
        return;
    if (!ambit_str_is(cells[COLUMN_ON], "-")) {
        buf_put_str(&text, cells[COLUMN_ON]);
        buf_put_text(&text, " by ");
    }
    buf_put_str(&text, cells[COLUMN_BY]);
    if (!buf_check(&text))
        cells[COLUMN_ON] = arena_copy(arena, buf_str(&text));
}

static void make_row(const struct event_table *table, struct arena *arena,
                     const struct json_value *event, struct ambit_str *cells)
{
    bool is_small = table->columns && table->columns < SMALL;
    event_row(arena, event, cells);
    for (size_t i = 0; i < EVENT_COLUMNS; i++)
        cells[i] = escaped(arena, cells[i]);
    if (table->columns && table->columns < NARROW)
        cells[COLUMN_TIME] = short_time(arena, cells[COLUMN_TIME], is_small);
    if (is_small)
        join_by(arena, cells);
}

enum ambit_err event_table_put(struct event_table *table, struct buf *out, struct arena *arena,
                               const struct json_value *events)
{
    size_t n = events ? events->count : 0, n_cells = 0, at = 0;
    if (!ambit_mul(n, EVENT_COLUMNS, &n_cells))
        return AMBIT_ERR_NO_MEMORY;
    struct ambit_str *cells = arena_array(arena, n_cells + 1, sizeof *cells);
    if (!cells)
        return AMBIT_ERR_NO_MEMORY;

    for (const struct json_value *event = events ? events->first : NULL; event;
         event = event->next, at += EVENT_COLUMNS)
        make_row(table, arena, event, cells + at);
    table->shown = table->columns && table->columns < SMALL ? COLUMN_BY : EVENT_COLUMNS;
    if (!table->has_begun) {
        measure(table, cells, n);
        put_heading(table, out);
    }
    table->has_begun = true;
    for (size_t i = 0; i < n_cells; i += EVENT_COLUMNS)
        put_row(table, out, cells + i);
    return buf_check(out);
}
