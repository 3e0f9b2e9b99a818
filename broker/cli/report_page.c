/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the page: a list of the answer each, and the stops with what was seen of them. */
#include "cli/report.h"

#include "base/json_read.h"

void report_put_known(struct buf *out, enum report_unit unit, const struct json_value *value,
                      const char *path)
{
    int64_t number = 0;
    if (report_number(value, path, &number))
        report_put_number(out, unit, number);
    else
        buf_put_text(out, "<span class=\"soft\">not known</span>");
}

/* ---- tables ---- */

struct column {
    const char *title, *path;
    enum { TEXT, YES_NO, NUMBER, TIME } kind;
    enum report_unit unit;
};
struct table {
    const char *id, *title, *caption;
    const struct column *columns;
    size_t n;
};

static void put_value(struct buf *out, const struct json_value *row, const struct column *column)
{
    const struct json_value *value = report_at(row, column->path);
    if (column->kind == NUMBER) {
        buf_put_text(out, "<td class=\"n\">");
        if (value)
            report_put_known(out, column->unit, row, column->path);
        else
            buf_put_text(out, "<span class=\"soft\">–</span>");
        return;
    }
    buf_put_text(out, "<td><bdi>");
    if (column->kind == TIME && value && value->kind == JSON_STRING && value->text.len >= 16) {
        report_put_html(out, (struct ambit_str){value->text.p, 10});
        buf_put_char(out, ' ');
        report_put_html(out, (struct ambit_str){value->text.p + 11, 5});
    } else if (column->kind == YES_NO && value)
        buf_put_text(out, value->kind == JSON_TRUE ? "yes" : "<span class=\"worse\">no</span>");
    else if (value && value->kind == JSON_STRING)
        report_put_html(out, value->text);
    else
        buf_put_text(out, "<span class=\"soft\">–</span>");
    buf_put_text(out, "</bdi>");
}

static void put_table(struct buf *out, const struct json_value *list, const struct table *table)
{
    buf_printf(out, "<h2 id=\"%s\">%s</h2>", table->id, table->title);
    if (!list || list->count == 0) {
        buf_put_text(out, "<p class=\"soft\">None.</p>\n");
        return;
    }
    buf_printf(out, "<div class=\"wide\"><table><caption>%s</caption><thead><tr>", table->caption);
    for (size_t i = 0; i < table->n; i++)
        buf_printf(out, "<th%s scope=\"col\">%s",
                   table->columns[i].kind == NUMBER ? " class=\"n\"" : "", table->columns[i].title);
    buf_put_text(out, "</thead><tbody>\n");
    for (const struct json_value *row = list->first; row; row = row->next) {
        buf_put_text(out, "<tr>");
        for (size_t i = 0; i < table->n; i++)
            put_value(out, row, &table->columns[i]);
        buf_put_char(out, '\n');
    }
    buf_put_text(out, "</tbody></table></div>\n");
}

#define TABLE(of_id, of_title, of_caption, list)                                        \
    {                                                                                   \
        .id = (of_id), .title = (of_title), .caption = (of_caption), .columns = (list), \
        .n = AMBIT_LEN(list)                                                            \
    }

static const struct column group_columns[] = {
    {"Name", "name", TEXT, REPORT_COUNT},
    {"Allowed", "figures.allowed", NUMBER, REPORT_COUNT},
    {"Denied per 1,000", "figures.denials_per_1000", NUMBER, REPORT_PER_1000},
    {"Traced", "figures.traceability.per_10000", NUMBER, REPORT_SHARE},
    {"Owned", "figures.attribution.per_10000", NUMBER, REPORT_SHARE},
    {"Granted, unused", "figures.items_unused.per_10000", NUMBER, REPORT_SHARE},
    {"Unaccounted per 1,000", "figures.unaccounted_per_1000", NUMBER, REPORT_PER_1000},
    {"Under 5 s", "figures.approvals.under_5s.per_10000", NUMBER, REPORT_SHARE},
    {"Review met", "figures.review_met.per_10000", NUMBER, REPORT_SHARE},
};
static const struct column over_columns[] = {
    {"Agent", "agent", TEXT, REPORT_COUNT},     {"Policy", "policy", TEXT, REPORT_COUNT},
    {"Rule", "rule", TEXT, REPORT_COUNT},       {"Action", "action", TEXT, REPORT_COUNT},
    {"Grants", "grants", NUMBER, REPORT_COUNT},
};
static const struct column approver_columns[] = {
    {"Person", "person", TEXT, REPORT_COUNT},
    {"Approved", "approved", NUMBER, REPORT_COUNT},
    {"Rejected", "rejected", NUMBER, REPORT_COUNT},
    {"Median", "median_ms", NUMBER, REPORT_MS},
    {"95 % within", "p95_ms", NUMBER, REPORT_MS},
    {"Under 5 s", "under_5s_per_10000", NUMBER, REPORT_SHARE},
};
static const struct column policy_columns[] = {
    {"Policy", "policy", TEXT, REPORT_COUNT},
    {"Owner", "owner", TEXT, REPORT_COUNT},
    {"Tier", "tier", TEXT, REPORT_COUNT},
    {"In force for", "age_s", NUMBER, REPORT_SECONDS},
    {"Author", "authored_by", TEXT, REPORT_COUNT},
    {"Others confirmed", "confirmed_by_others", NUMBER, REPORT_COUNT},
    {"Review met", "review_met", YES_NO, REPORT_COUNT},
    {"Rules", "rules", NUMBER, REPORT_COUNT},
    {"Not used", "rules_unused", NUMBER, REPORT_COUNT},
};
static const struct column agent_columns[] = {
    {"Agent", "agent", TEXT, REPORT_COUNT},
    {"Owner", "owner", TEXT, REPORT_COUNT},
    {"Attested", "attested", YES_NO, REPORT_COUNT},
    {"Until (UTC)", "until", TIME, REPORT_COUNT},
};
static const struct column series_columns[] = {
    {"From (UTC)", "at", TIME, REPORT_COUNT},
    {"Allowed", "allowed", NUMBER, REPORT_COUNT},
    {"Denied", "denied", NUMBER, REPORT_COUNT},
    {"Granted", "granted", NUMBER, REPORT_COUNT},
    {"Approvals asked", "approvals_asked", NUMBER, REPORT_COUNT},
    {"Stops", "stops", NUMBER, REPORT_COUNT},
    {"Unaccounted", "unaccounted", NUMBER, REPORT_COUNT},
};
static const struct column part_columns[] = {
    {"Policy", "policy", TEXT, REPORT_COUNT},
    {"Part", "part", TEXT, REPORT_COUNT},
    {"Id", "id", TEXT, REPORT_COUNT},
};
static const struct column unknown_columns[] = {
    {"Figure", "figure", TEXT, REPORT_COUNT},
    {"Why", "why", TEXT, REPORT_COUNT},
};

/* ---- stops ---- */

static void put_evidence(struct buf *out, const struct json_value *stop)
{
    const struct json_value *services = json_get(stop, "services");
    if (!services || services->count == 0)
        buf_put_text(out, "<span class=\"soft\">no live grant was taken</span>");
    for (const struct json_value *of = services ? services->first : NULL; of; of = of->next) {
        struct ambit_str evidence = json_get_str(of, "evidence");
        int64_t after = 0;
        buf_put_text(out, "<div><bdi>");
        report_put_html(out, json_get_str(of, "service"));
        buf_put_text(out, "</bdi> ");
        if (report_number(of, "after_ms", &after) && !ambit_str_is(evidence, "none")) {
            buf_put_text(out, "after ");
            report_put_number(out, REPORT_MS, after);
            buf_put_text(out, ambit_str_is(evidence, "expiry")
                                  ? " (the grants ended; it never asked again)"
                                  : " (first refusal)");
        } else
            buf_put_text(out, "<span class=\"worse\">no evidence yet</span>");
        buf_put_text(out, "</div>");
    }
}

static void put_stops(struct buf *out, const struct json_value *report)
{
    const struct json_value *stops = json_get(report, "stops");
    buf_put_text(out, "<h2 id=\"stops\">Stops and containment</h2>");
    if (!stops || stops->count == 0) {
        buf_put_text(out, "<p class=\"soft\">None.</p>\n");
        return;
    }
    buf_put_text(out,
                 "<div class=\"wide\"><table><caption>Measured from the record alone: a service "
                 "has seen a stop when it first refused a stopped agent.</caption><thead><tr>"
                 "<th>Target<th>By<th>Raised (UTC)<th class=\"n\">Since first counted<th>Seen by"
                 "<th class=\"n\">Taken up<th class=\"n\">Cleared</thead><tbody>\n");
    static const struct column texts[] = {{"", "target", TEXT, REPORT_COUNT},
                                          {"", "by", TEXT, REPORT_COUNT},
                                          {"", "raised_at", TIME, REPORT_COUNT},
                                          {"", "first_counted_to_force_ms", NUMBER, REPORT_MS}};
    static const struct column times[] = {{"", "to_acknowledged_ms", NUMBER, REPORT_MS},
                                          {"", "to_cleared_ms", NUMBER, REPORT_MS}};
    for (const struct json_value *of = stops->first; of; of = of->next) {
        buf_put_text(out, "<tr>");
        for (size_t i = 0; i < AMBIT_LEN(texts); i++)
            put_value(out, of, &texts[i]);
        buf_put_text(out, "<td>");
        put_evidence(out, of);
        for (size_t i = 0; i < AMBIT_LEN(times); i++)
            put_value(out, of, &times[i]);
        buf_put_char(out, '\n');
    }
    buf_put_text(out, "</tbody></table></div>\n");
}

void report_tables(const struct report_page *page)
{
    static const struct table rows = TABLE("rows", "Row by row", "Largest first.", group_columns);
    static const struct table over =
        TABLE("over", "Granted and not used", "Most granted first: candidates to take out.",
              over_columns);
    static const struct table approvers =
        TABLE("approvers", "Who answers", "Answers to what agents asked people.", approver_columns);
    static const struct table policies =
        TABLE("policies", "Policies in force", "Who stood up for them.", policy_columns);
    static const struct table agents = TABLE(
        "agents", "Attestations", "Whether owners still stand behind their agents.", agent_columns);
    static const struct table parts =
        TABLE("untested", "Never tested", "No test case reaches these.", part_columns);
    static const struct table unknown =
        TABLE("unknown", "Not known", "What this page cannot tell, and why.", unknown_columns);
    static const struct table series =
        TABLE("t-series", "Numbers of the plot over time", "Times are UTC.", series_columns);
    const struct json_value *report = page->report;
    put_table(page->out, json_get(report, "groups"), &rows);
    put_stops(page->out, report);
    put_table(page->out, json_get(report, "over_granted"), &over);
    put_table(page->out, json_get(report, "approvers"), &approvers);
    put_table(page->out, json_get(report, "policies"), &policies);
    put_table(page->out, json_get(report, "attestations"), &agents);
    if (page->untested)
        put_table(page->out, json_get(page->untested, "parts"), &parts);
    put_table(page->out, json_get(report, "not_known"), &unknown);
    put_table(page->out, json_get(report, "series"), &series);
}
