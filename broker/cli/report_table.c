/* SPDX-License-Identifier: Apache-2.0 */
/* A report for a terminal of 80 columns: the signals against the period before, a row for each
 * owner (team, policy, agent), and what needs somebody's eyes. */
#include "cli/report.h"

#include "base/json_read.h"
#include "cli/show.h"

enum { WIDTH = 80, NAME = 20, LIST_MAX = 10 };

/* Text in a column: escaped, cut, padded. Right: numbers. */
enum side { LEFT, RIGHT };
static void put_cell(struct buf *out, struct ambit_str text, size_t width, enum side side)
{
    char memory[512];
    struct buf cell;
    buf_init_fixed(&cell, memory, sizeof memory);
    if (text.len > 100)
        text.len = 100;
    while (text.len > 0 && text.len == 100 && ((uint8_t)text.p[text.len - 1] & 0xc0) == 0x80)
        text.len--;
    show_escaped(&cell, text);
    size_t len = cell.len > width ? width : cell.len;
    while (len > 0 && len < cell.len && ((uint8_t)memory[len] & 0xc0) == 0x80)
        len--; /* not within a character */
    for (size_t i = len; side == RIGHT && i < width; i++)
        buf_put_char(out, ' ');
    buf_put(out, memory, len);
    for (size_t i = len; side == LEFT && i < width; i++)
        buf_put_char(out, ' ');
}

static void put_number_cell(struct buf *out, enum report_unit unit,
                            const struct json_value *figures, const char *path, size_t width)
{
    char memory[64];
    struct buf cell;
    int64_t number = 0;
    buf_init_fixed(&cell, memory, sizeof memory);
    if (report_number(figures, path, &number))
        report_put_number(&cell, unit, number);
    else
        buf_put_char(&cell, '-');
    put_cell(out, buf_str(&cell), width, RIGHT);
}

/* No blanks at the end of a line. */
static void put_end(struct buf *out)
{
    while (out->len > 0 && out->p[out->len - 1] == ' ')
        out->len--;
    buf_put_char(out, '\n');
}

static void put_heading(struct buf *out, const char *text)
{
    buf_printf(out, "\n%s\n", text);
}

/* ---- the signals ---- */

static void put_signal(struct buf *out, const struct report_signal *signal,
                       const struct json_value *now, const struct json_value *before)
{
    char memory[80];
    struct buf change;
    int64_t number = 0;
    bool is_worse = false;
    buf_init_fixed(&change, memory, sizeof memory);
    put_cell(out, ambit_str_of(signal->title), 26, LEFT);
    put_number_cell(out, signal->unit, now, signal->path, 14);
    if (report_number(now, signal->path, &number))
        report_put_change(&change, signal, number, before, &is_worse);
    buf_put_text(out, "  ");
    buf_put_str(out, buf_str(&change));
    buf_put_text(out, is_worse ? " (worse)" : "");
    put_end(out);
}

static void put_signals(struct buf *out, const struct json_value *report,
                        const struct json_value *untested)
{
    const struct json_value *now = json_get(report, "total"),
                            *before = report_at(report, "before.total");
    put_heading(out, "SIGNAL                             VALUE  AGAINST THE PERIOD BEFORE");
    for (size_t i = 0; i < report_n_signals; i++)
        put_signal(out, &report_signals[i], now, before);
    char memory[160];
    struct buf breaks;
    buf_init_fixed(&breaks, memory, sizeof memory);
    report_put_breaks(&breaks, report);
    if (breaks.len > 0 && buf_check(&breaks) == AMBIT_OK) {
        buf_put_text(out, "Chains break at: ");
        buf_put_str(out, buf_str(&breaks));
        buf_put_char(out, '\n');
    }
    if (!untested)
        return;
    put_cell(out, AMBIT_STR("Rules untested"), 26, LEFT);
    put_number_cell(out, REPORT_SHARE, untested, "per_10000", 14);
    int64_t n = 0, of = 0;
    if (report_number(untested, "n", &n) && report_number(untested, "of", &of))
        buf_printf(out, "  %lld of %lld rules and stops", (long long)n, (long long)of);
    buf_put_char(out, '\n');
}

/* ---- the rows ---- */

static void put_groups(struct buf *out, const struct json_value *report)
{
    static const struct {
        const char *title, *path;
        enum report_unit unit;
        size_t width;
    } columns[] = {
        {"ALLOWED", "allowed", REPORT_COUNT, 11},
        {"DENIED/k", "denials_per_1000", REPORT_PER_1000, 9},
        {"TRACED", "traceability.per_10000", REPORT_SHARE, 10},
        {"OWNED", "attribution.per_10000", REPORT_SHARE, 10},
        {"UNUSED", "items_unused.per_10000", REPORT_SHARE, 10},
        {"UNACC/k", "unaccounted_per_1000", REPORT_PER_1000, 8},
    };
    char by[NAME + 1];
    struct ambit_str name = json_get_str(report, "by");
    size_t len = name.len < NAME ? name.len : NAME;
    for (size_t i = 0; i < len; i++)
        by[i] = (char)(name.p[i] >= 'a' && name.p[i] <= 'z' ? name.p[i] - 'a' + 'A' : name.p[i]);
    buf_put_char(out, '\n');
    put_cell(out, (struct ambit_str){by, len}, NAME, LEFT);
    for (size_t i = 0; i < AMBIT_LEN(columns); i++)
        put_cell(out, ambit_str_of(columns[i].title), columns[i].width, RIGHT);
    buf_put_char(out, '\n');
    const struct json_value *groups = json_get(report, "groups");
    for (const struct json_value *row = groups ? groups->first : NULL; row; row = row->next) {
        struct ambit_str of = json_get_str(row, "name");
        put_cell(out, of.p ? of : AMBIT_STR("(none)"), NAME, LEFT);
        for (size_t i = 0; i < AMBIT_LEN(columns); i++)
            put_number_cell(out, columns[i].unit, json_get(row, "figures"), columns[i].path,
                            columns[i].width);
        buf_put_char(out, '\n');
    }
    if (json_get(report, "groups_left_out"))
        buf_put_text(out, "(more than these)\n");
}

/* ---- what needs eyes ---- */

static const struct json_value *first_of(const struct json_value *report, const char *list)
{
    const struct json_value *value = json_get(report, list);
    return value ? value->first : NULL;
}

static void put_more(struct buf *out, const struct json_value *left)
{
    if (left)
        buf_put_text(out, "  ... (--json has them all)\n");
}

static void put_denials(struct buf *out, const struct json_value *report)
{
    const struct json_value *denials = report_at(report, "total.denials");
    if (!denials || !denials->first)
        return;
    put_heading(out, "Denials by reason");
    for (const struct json_value *of = denials->first; of; of = of->next) {
        buf_put_text(out, "  ");
        put_cell(out, of->key, 24, LEFT);
        buf_printf(out, "%12lld\n", (long long)of->integer);
    }
}

static void put_stops(struct buf *out, const struct json_value *report)
{
    const struct json_value *of = first_of(report, "stops");
    size_t n = 0;
    if (!of)
        return;
    put_heading(out, "Stops                                        seen by   ack'd  cleared");
    for (; of && n < LIST_MAX; of = of->next, n++) {
        size_t services = 0, seen = 0;
        char memory[48];
        struct buf cell;
        buf_init_fixed(&cell, memory, sizeof memory);
        for (const struct json_value *s = first_of(of, "services"); s; s = s->next, services++)
            seen += ambit_str_is(json_get_str(s, "evidence"), "first_refusal");
        buf_printf(&cell, "%zu of %zu", seen, services);
        buf_put_text(out, "  ");
        put_cell(out, json_get_str(of, "target"), 40, LEFT);
        put_cell(out, buf_str(&cell), 10, RIGHT);
        put_number_cell(out, REPORT_MS, of, "to_acknowledged_ms", 9);
        put_number_cell(out, REPORT_MS, of, "to_cleared_ms", 9);
        buf_put_text(out, "\n    by ");
        put_cell(out, json_get_str(of, "by"), 40, LEFT);
        put_cell(out, json_get_str(of, "raised_at"), 24, LEFT);
        put_end(out);
    }
    put_more(out, of);
}

static void put_over(struct buf *out, const struct json_value *report)
{
    const struct json_value *of = first_of(report, "over_granted");
    size_t n = 0;
    if (!of)
        return;
    put_heading(out,
                "Granted and not used           policy                action            grants");
    for (; of && n < LIST_MAX; of = of->next, n++) {
        buf_put_text(out, "  ");
        put_cell(out, json_get_str(of, "agent"), 28, LEFT);
        buf_put_char(out, ' ');
        put_cell(out, json_get_str(of, "policy"), 21, LEFT);
        buf_put_char(out, ' ');
        put_cell(out, json_get_str(of, "action"), 17, LEFT);
        put_number_cell(out, REPORT_COUNT, of, "grants", 8);
        buf_put_char(out, '\n');
    }
    put_more(out, of);
}

static void put_approvers(struct buf *out, const struct json_value *report)
{
    const struct json_value *of = first_of(report, "approvers");
    size_t n = 0;
    if (!of)
        return;
    put_heading(out, "Who answers                    approved  rejected    median   under 5 s");
    for (; of && n < LIST_MAX; of = of->next, n++) {
        buf_put_text(out, "  ");
        put_cell(out, json_get_str(of, "person"), 28, LEFT);
        put_number_cell(out, REPORT_COUNT, of, "approved", 9);
        put_number_cell(out, REPORT_COUNT, of, "rejected", 10);
        put_number_cell(out, REPORT_MS, of, "median_ms", 10);
        put_number_cell(out, REPORT_SHARE, of, "under_5s_per_10000", 12);
        buf_put_char(out, '\n');
    }
    put_more(out, of);
}

static void put_policies(struct buf *out, const struct json_value *report)
{
    const struct json_value *of = first_of(report, "policies");
    size_t n = 0;
    if (!of)
        return;
    put_heading(out,
                "Policies in force          tier          age  review    others  rules unused");
    for (; of && n < 4 * LIST_MAX; of = of->next, n++) {
        const struct json_value *met = json_get(of, "review_met");
        buf_put_text(out, "  ");
        put_cell(out, json_get_str(of, "policy"), 24, LEFT);
        buf_put_char(out, ' ');
        put_cell(out, json_get_str(of, "tier"), 8, LEFT);
        put_number_cell(out, REPORT_SECONDS, of, "age_s", 8);
        put_cell(out, met && met->kind == JSON_TRUE ? AMBIT_STR("met") : AMBIT_STR("NOT MET"), 9,
                 RIGHT);
        put_number_cell(out, REPORT_COUNT, of, "confirmed_by_others", 9);
        put_number_cell(out, REPORT_COUNT, of, "rules_unused", 9);
        buf_put_text(out, " of");
        put_number_cell(out, REPORT_COUNT, of, "rules", 4);
        buf_put_char(out, '\n');
    }
    put_more(out, of);
}

static void put_untested(struct buf *out, const struct json_value *untested)
{
    const struct json_value *of = first_of(untested, "parts");
    size_t n = 0;
    if (!of)
        return;
    put_heading(out, "Never tested");
    for (; of && n < LIST_MAX; of = of->next, n++) {
        buf_put_text(out, "  ");
        put_cell(out, json_get_str(of, "policy"), 28, LEFT);
        put_cell(out, json_get_str(of, "part"), 12, LEFT);
        put_cell(out, json_get_str(of, "id"), 36, LEFT);
        put_end(out);
    }
    put_more(out, of);
}

/* Words of a line no wider than the terminal. */
static void put_wrapped(struct buf *out, struct ambit_str text, size_t indent, size_t at)
{
    while (text.len > 0) {
        const char *blank = memchr(text.p, ' ', text.len);
        size_t len = blank ? (size_t)(blank - text.p) : text.len;
        if (at + 1 + len > WIDTH && at > indent) {
            buf_put_char(out, '\n');
            for (at = 0; at < indent; at++)
                buf_put_char(out, ' ');
        } else {
            buf_put_char(out, ' ');
            at++;
        }
        show_escaped(out, (struct ambit_str){text.p, len});
        at += len;
        size_t step = blank ? len + 1 : len;
        text = (struct ambit_str){text.p + step, text.len - step};
    }
    buf_put_char(out, '\n');
}

static void put_not_known(struct buf *out, const struct json_value *report,
                          const struct json_value *untested)
{
    put_heading(out, "Not known");
    for (const struct json_value *of = first_of(report, "not_known"); of; of = of->next) {
        struct ambit_str figure = json_get_str(of, "figure");
        if (untested && ambit_str_is(figure, "rules_untested"))
            continue;
        buf_put_text(out, "  ");
        put_cell(out, figure, 22, LEFT);
        put_wrapped(out, json_get_str(of, "why"), 25, 24);
    }
}

void report_table(struct buf *out, const struct json_value *report,
                  const struct json_value *untested)
{
    int64_t events = 0, from = 0;
    buf_put_text(out, "Report ");
    show_escaped(out, json_get_str(report, "since"));
    buf_put_text(out, " to ");
    show_escaped(out, json_get_str(report, "until"));
    buf_put_char(out, '\n');
    if (json_get_str(report, "owner").p) {
        buf_put_text(out, "of what is ");
        show_escaped(out, json_get_str(report, "owner"));
        buf_put_char(out, '\n');
    }
    if (report_number(report, "events", &events)) {
        buf_put_text(out, "from a record of ");
        report_put_number(out, REPORT_COUNT, events);
        buf_put_text(out, " events\n");
    }
    if (report_number(report, "complete_from", &from) && from > 0) {
        buf_put_text(out, "complete from event ");
        report_put_number(out, REPORT_COUNT, from);
        buf_put_text(out, " on (complete_from)\n");
    }
    put_signals(out, report, untested);
    put_groups(out, report);
    put_denials(out, report);
    put_stops(out, report);
    put_over(out, report);
    put_approvers(out, report);
    put_policies(out, report);
    put_untested(out, untested);
    put_not_known(out, report, untested);
}
