/* SPDX-License-Identifier: Apache-2.0 */
/* Plots as inline SVG: bars alone, each with a title and a description for who cannot see it, and
 * the same numbers in a table elsewhere on the page. */
#include "cli/report.h"

#include "base/json_read.h"

enum { W = 720, H = 180, TOP = 14, BOTTOM = 22, LEFT = 48, BAR_ROWS_MAX = 12 };

static int64_t number(const struct json_value *value, const char *path)
{
    int64_t ret = 0;
    return report_number(value, path, &ret) ? ret : 0;
}

struct heading {
    const char *id, *title, *text; /* text: of the page, and so HTML */
    const char *said;              /* the same for who hears it */
};
static void put_head(struct buf *out, const struct heading *heading, int height)
{
    const char *id = heading->id, *title = heading->title;
    buf_printf(out,
               "<figure><figcaption><h3>%s</h3><p>%s</p></figcaption>\n"
               "<svg role=\"img\" viewBox=\"0 0 %d %d\" aria-labelledby=\"%s-t %s-d\">"
               "<title id=\"%s-t\">%s</title><desc id=\"%s-d\">%s</desc>\n",
               title, heading->text, W, height, id, id, id, title, id,
               heading->said ? heading->said : heading->text);
}

/* ---- decisions over time ---- */

static int64_t largest(const struct json_value *series)
{
    int64_t max = 1;
    for (const struct json_value *p = series ? series->first : NULL; p; p = p->next) {
        int64_t n = number(p, "allowed") + number(p, "denied");
        max = n > max ? n : max;
    }
    return max;
}

enum anchor { START, MIDDLE, END };
static void put_day(struct buf *out, const struct json_value *point, double x, enum anchor anchor)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    struct ambit_str at = json_get_str(point, "at");
    buf_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", x, H - 6, anchors[anchor]);
    report_put_html(out, (struct ambit_str){at.p, at.len < 10 ? at.len : 10});
    buf_put_text(out, "</text>");
}

static void put_point(struct buf *out, const struct json_value *point, double x, double width,
                      int64_t max)
{
    double scale = (double)(H - TOP - BOTTOM) / (double)max, base = H - BOTTOM;
    double allowed = (double)number(point, "allowed") * scale;
    double denied = (double)number(point, "denied") * scale;
    int64_t stops = number(point, "stops");
    buf_put_text(out, "<g><title>");
    report_put_html(out, json_get_str(point, "at"));
    buf_printf(out, ": %lld allowed, %lld denied, %lld stops</title>",
               (long long)number(point, "allowed"), (long long)number(point, "denied"),
               (long long)stops);
    buf_printf(out, "<rect class=\"a\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", x,
               base - allowed, width, allowed);
    buf_printf(out, "<rect class=\"d\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", x,
               base - allowed - denied, width, denied);
    if (stops > 0)
        buf_printf(out, "<path class=\"s\" d=\"M%.1f 2l5 9h-10z\"/>", x + width / 2);
    buf_put_text(out, "</g>\n");
}

static void put_decisions(struct buf *out, const struct json_value *report)
{
    const struct json_value *series = json_get(report, "series"), *last = NULL;
    size_t n = series ? series->count : 0;
    int64_t max = largest(series);
    if (n == 0)
        return;
    static const struct heading heading = {
        "p1", "Decisions over time",
        "<span class=\"key a\"></span>allowed <span class=\"key d\"></span>denied or refused; "
        "a triangle is a stop",
        "Bars of what was allowed and, above it, denied or refused; a triangle is a stop"};
    put_head(out, &heading, H);
    double step = (double)(W - LEFT) / (double)n, width = step > 3 ? step - 2 : step * 0.8,
           x = LEFT;
    buf_printf(out, "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", LEFT, W, H - BOTTOM,
               H - BOTTOM);
    buf_printf(out, "<line class=\"g\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", LEFT, W, TOP,
               TOP);
    buf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT - 6, TOP + 4);
    report_put_number(out, REPORT_COUNT, max);
    buf_printf(out, "</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>\n", LEFT - 6,
               H - BOTTOM);
    size_t i = 0;
    for (const struct json_value *p = series->first; p; p = p->next, i++, x += step) {
        last = p;
        put_point(out, p, x, width, max);
        if (n > 8 && i == n / 2)
            put_day(out, p, x, MIDDLE);
    }
    put_day(out, series->first, LEFT, START);
    if (n > 1)
        put_day(out, last, W, END);
    buf_put_text(out, "</svg><p class=\"more\"><a href=\"#t-series\">These numbers as a "
                      "table</a></p></figure>\n");
}

/* ---- bars ---- */

struct bar {
    struct ambit_str name, note;
    int64_t value;
    bool is_bad;
};

static void put_bars(struct buf *out, const struct bar *bars, size_t n, enum report_unit unit,
                     int64_t max)
{
    enum { ROW = 22, NAMES = 200, NOTES = 130 };
    for (size_t i = 0; i < n; i++) {
        int y = (int)i * ROW;
        double width = max > 0 ? (double)bars[i].value / (double)max * (W - NAMES - NOTES) : 0;
        struct ambit_str name = bars[i].name;
        buf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", NAMES - 8, y + 15);
        while (name.len > 30 || (name.len < bars[i].name.len && name.len > 0 &&
                                 ((uint8_t)name.p[name.len] & 0xc0) == 0x80))
            name.len--;
        report_put_html(out, name);
        buf_put_text(out, name.len < bars[i].name.len ? "…</text>" : "</text>");
        if (unit == REPORT_SHARE)
            buf_printf(out,
                       "<rect class=\"t\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\"/>",
                       NAMES, y + 4, W - NAMES - NOTES, ROW - 8);
        buf_printf(out,
                   "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>",
                   bars[i].is_bad ? "d" : "a", NAMES, y + 4, width < 1 ? 1 : width, ROW - 8);
        double end = unit == REPORT_SHARE ? W - NOTES : NAMES + width; /* behind what is drawn */
        buf_printf(out, "<text x=\"%.1f\" y=\"%d\">", end + 6, y + 15);
        report_put_number(out, unit, bars[i].value);
        if (bars[i].note.p) {
            buf_put_char(out, ' ');
            report_put_html(out, bars[i].note);
        }
        buf_put_text(out, "</text>\n");
    }
    buf_put_text(out, "</svg></figure>\n");
}

static int by_value(const void *a, const void *b)
{
    const struct bar *x = a, *y = b;
    return (x->value < y->value) - (x->value > y->value);
}

static void put_denials(struct buf *out, const struct json_value *report)
{
    struct bar bars[64];
    size_t n = 0;
    const struct json_value *denials = report_at(report, "total.denials");
    for (const struct json_value *of = denials ? denials->first : NULL; of && n < AMBIT_LEN(bars);
         of = of->next)
        bars[n++] = (struct bar){.name = of->key, .value = of->integer, .is_bad = true};
    if (n == 0)
        return;
    qsort(bars, n, sizeof *bars, by_value);
    static const struct heading heading = {"p2", "Denials by reason",
                                           "How often agents were told no, and why", NULL};
    put_head(out, &heading, (int)n * 22 + 4);
    put_bars(out, bars, n, REPORT_COUNT, bars[0].value);
}

static void put_authority(struct buf *out, const struct json_value *report)
{
    struct bar bars[2];
    size_t n = 0;
    int64_t value = 0;
    if (report_number(report, "total.items_unused.per_10000", &value))
        bars[n++] = (struct bar){.name = AMBIT_STR("granted items used"), .value = 10000 - value};
    if (report_number(report, "total.used_per_10000", &value))
        bars[n++] = (struct bar){.name = AMBIT_STR("life of grants used"), .value = value};
    if (n == 0)
        return;
    static const struct heading heading = {
        "p3", "Granted against used",
        "The full width is all that was granted; the bar is what was needed", NULL};
    put_head(out, &heading, (int)n * 22 + 4);
    put_bars(out, bars, n, REPORT_SHARE, 10000);
}

static void put_ages(struct buf *out, const struct json_value *report)
{
    struct bar bars[BAR_ROWS_MAX];
    size_t n = 0;
    int64_t max = 1;
    const struct json_value *policies = json_get(report, "policies");
    for (const struct json_value *of = policies ? policies->first : NULL; of && n < AMBIT_LEN(bars);
         of = of->next) {
        const struct json_value *met = json_get(of, "review_met");
        int64_t age = 0;
        if (!report_number(of, "age_s", &age))
            continue;
        bool is_met = met && met->kind == JSON_TRUE;
        bars[n++] =
            (struct bar){.name = json_get_str(of, "policy"),
                         .value = age,
                         .is_bad = !is_met,
                         .note = is_met ? (struct ambit_str){0} : AMBIT_STR("review not met")};
        max = age > max ? age : max;
    }
    if (n == 0)
        return;
    static const struct heading heading = {
        "p4", "Age of policies in force",
        "Since the version came into force; <span class=\"key d\"></span>not confirmed by "
        "everybody its tier asks for",
        "Since the version came into force, and whether its review is met"};
    put_head(out, &heading, (int)n * 22 + 4);
    put_bars(out, bars, n, REPORT_SECONDS, max);
}

static void put_answers(struct buf *out, const struct json_value *report)
{
    struct bar bars[BAR_ROWS_MAX];
    size_t n = 0;
    const struct json_value *people = json_get(report, "approvers");
    for (const struct json_value *of = people ? people->first : NULL; of && n < AMBIT_LEN(bars);
         of = of->next) {
        int64_t quick = number(of, "under_5s_per_10000");
        bars[n++] = (struct bar){
            .name = json_get_str(of, "person"), .value = quick, .is_bad = quick > 2500};
    }
    if (n == 0)
        return;
    static const struct heading heading = {
        "p5", "Answers within five seconds",
        "For each person, the share of their answers that came so quickly that the question "
        "was hardly read",
        NULL};
    put_head(out, &heading, (int)n * 22 + 4);
    put_bars(out, bars, n, REPORT_SHARE, 10000);
}

void report_plots(const struct report_page *page)
{
    put_decisions(page->out, page->report);
    put_denials(page->out, page->report);
    put_authority(page->out, page->report);
    put_answers(page->out, page->report);
    put_ages(page->out, page->report);
}
