/* SPDX-License-Identifier: Apache-2.0 */
/* Which members of an event say most in a line. */
#include "cli/event_view.h"

#include "base/arena.h"
#include "base/json_read.h"

const char *const event_headings[EVENT_COLUMNS] = {"SEQ",    "TIME",    "TYPE", "AGENT",
                                                   "REASON", "ON WHAT", "BY"};

/* Parts that are there, with a blank between. */
static struct ambit_str join(struct arena *arena, const struct ambit_str *parts, size_t n)
{
    BUF_AUTO text = {.p = NULL};
    for (size_t i = 0; i < n; i++) {
        if (!parts[i].len)
            continue;
        if (text.len)
            buf_put_char(&text, ' ');
        buf_put_str(&text, parts[i]);
    }
    return buf_check(&text) || !text.len ? AMBIT_STR("-") : arena_copy(arena, buf_str(&text));
}

/* "POLICY/RULE", either alone, or nothing. */
static struct ambit_str rule_of(struct arena *arena, const struct json_value *event)
{
    struct ambit_str policy = json_get_str(event, "policy"), rule = json_get_str(event, "rule");
    if (!policy.len || !rule.len)
        return policy.len ? policy : rule;

    BUF_AUTO text = {.p = NULL};
    buf_printf(&text, "%.*s/%.*s", AMBIT_STR_ARG(policy), AMBIT_STR_ARG(rule));
    return buf_check(&text) ? policy : arena_copy(arena, buf_str(&text));
}

static struct ambit_str items_of(struct arena *arena, const struct json_value *event)
{
    const struct json_value *items = json_get(event, "items");
    if (!items)
        items = json_get(event, "asked"); /* refused: nothing was given */
    BUF_AUTO text = {.p = NULL};
    for (const struct json_value *item = items ? items->first : NULL; item; item = item->next) {
        struct ambit_str actions = show_member(arena, item, "actions"),
                         resources = show_member(arena, item, "resources");
        buf_printf(&text, "%s%.*s[%.*s]", text.len ? " " : "", AMBIT_STR_ARG(actions),
                   AMBIT_STR_ARG(resources));
    }
    return buf_check(&text) || !text.len ? (struct ambit_str){NULL, 0}
                                         : arena_copy(arena, buf_str(&text));
}

/* The reason, and the hard stops it set off. */
static struct ambit_str reason_of(struct arena *arena, const struct json_value *event)
{
    struct ambit_str trips = show_member(arena, event, "trips");
    const struct ambit_str parts[] = {json_get_str(event, "reason"),
                                      trips.len ? AMBIT_STR("tripped") : trips, trips};
    return join(arena, parts, AMBIT_LEN(parts));
}

static struct ambit_str dash(struct ambit_str text)
{
    return text.len ? text : AMBIT_STR("-");
}

void event_row(struct arena *arena, const struct json_value *event,
               struct ambit_str cells[EVENT_COLUMNS])
{
    const struct ambit_str on[] = {json_get_str(event, "action"),
                                   show_member(arena, event, "resource"), items_of(arena, event),
                                   json_get_str(event, "target"), rule_of(arena, event)};
    const struct ambit_str by[] = {json_get_str(event, "person"), json_get_str(event, "words")};
    cells[0] = dash(show_member(arena, event, "seq"));
    cells[1] = dash(json_get_str(event, "time"));
    cells[2] = dash(json_get_str(event, "type"));
    cells[3] = dash(json_get_str(event, "agent"));
    cells[4] = reason_of(arena, event);
    cells[5] = join(arena, on, AMBIT_LEN(on));
    cells[6] = join(arena, by, AMBIT_LEN(by));
}

enum ambit_err event_table(struct buf *out, struct arena *arena, const struct json_value *events)
{
    size_t n = events ? events->count : 0, n_cells = 0;
    if (!ambit_mul(n, EVENT_COLUMNS, &n_cells))
        return AMBIT_ERR_NO_MEMORY;

    struct ambit_str *cells = arena_array(arena, n_cells + 1, sizeof *cells);
    if (!cells)
        return AMBIT_ERR_NO_MEMORY;

    size_t at = 0;
    for (const struct json_value *event = events ? events->first : NULL; event;
         event = event->next, at += EVENT_COLUMNS)
        event_row(arena, event, cells + at);
    show_table(out, &(struct show_table){.headings = event_headings,
                                         .n_columns = EVENT_COLUMNS,
                                         .cells = cells,
                                         .n_cells = at});
    return buf_check(out);
}

void event_line(struct buf *out, struct arena *arena, const struct json_value *event)
{
    struct ambit_str cells[EVENT_COLUMNS] = {{NULL, 0}};
    event_row(arena, event, cells);
    for (size_t i = 0; i < EVENT_COLUMNS; i++) {
        if (i)
            buf_put_text(out, "  ");
        show_escaped(out, cells[i]);
    }
    buf_put_char(out, '\n');
}
