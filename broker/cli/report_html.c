/* SPDX-License-Identifier: Apache-2.0 */
/* A report as one page that can be forwarded: no script, nothing fetched, light and dark, prints.
 * Every text of the answer is somebody else's: it goes through report_put_html(). */
#include "cli/report.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "cli/xml.h"

/* Controls that turn the direction of reading: U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069.
 */
static bool turns(const char *p, size_t left)
{
    const uint8_t *b = (const uint8_t *)p;
    if (left < 3 || b[0] != 0xe2)
        return false;
    return (b[1] == 0x80 && (b[2] == 0x8e || b[2] == 0x8f || (b[2] >= 0xaa && b[2] <= 0xae))) ||
           (b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9);
}

void report_put_html(struct buf *out, struct ambit_str text)
{
    size_t begun = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!turns(text.p + i, text.len - i))
            continue;
        xml_put(out, (struct ambit_str){text.p + begun, i - begun});
        buf_put_char(out, '?');
        i += 2;
        begun = i + 1;
    }
    if (text.len > begun)
        xml_put(out, (struct ambit_str){text.p + begun, text.len - begun});
}

const char report_style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--card:#f6f8fa;"
    "--page:#fff;--a:#2563a8;--d:#c2570c;--bad:#b42318;--good:#1a7f37}"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--line:#373e47;"
    "--card:#1c2128;--page:#12161b;--a:#6cb0f5;--d:#f0a35e;--bad:#ff8a7d;--good:#6fd08c}}"
    "*{box-sizing:border-box}body{margin:0 auto;max-width:60rem;padding:2rem 1.25rem 4rem;"
    "background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}"
    "h1{font-size:1.7rem;line-height:1.2;margin:0 0 .25rem}h2{font-size:1.2rem;margin:2.5rem 0 "
    ".75rem;"
    "border-bottom:1px solid var(--line);padding-bottom:.25rem}h3{font-size:1rem;margin:0}"
    "p{margin:.25rem 0}.soft,figcaption p,.more,td.why{color:var(--soft)}"
    "nav a,.more a{color:var(--a)}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.75rem;"
    "margin:1.25rem 0 0;padding:0;list-style:none}"
    ".tiles li{background:var(--card);border:1px solid "
    "var(--line);border-radius:8px;padding:.75rem 1rem;"
    "break-inside:avoid}"
    ".tiles b{display:block;font-size:1.5rem;line-height:1.25;font-variant-numeric:tabular-nums}"
    ".tiles span{display:block;font-size:.85rem}.worse{color:var(--bad)}.better{color:var(--good)}"
    "figure{margin:1.5rem "
    "0;break-inside:avoid}svg{width:100%;height:auto;display:block;margin-top:.5rem;min-width:"
    "34rem}figure{overflow-x:auto}ul.look{margin:.5rem 0;padding-left:1.2rem}"
    "svg text{fill:var(--soft);font:12px system-ui,sans-serif}svg line{stroke:var(--soft)}"
    "svg line.g{stroke:var(--line);stroke-dasharray:3 3}.a{fill:var(--a)}.d{fill:var(--d)}"
    ".s{fill:var(--bad)}.t{fill:var(--line)}.key{display:inline-block;width:.8em;height:.8em;"
    "border-radius:2px;"
    "margin:0 .3em 0 .1em}.key.a{background:var(--a)}.key.d{background:var(--d)}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem;"
    "font-variant-numeric:tabular-nums}caption{text-align:left;color:var(--soft);padding:0 0 .4rem}"
    "th,td{padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top}th.n,td.n{text-align:right}th{font-weight:600}"
    "tr{break-inside:avoid}td{overflow-wrap:anywhere}td.n{white-space:nowrap}"
    "@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--card:#fff;--page:#fff;--a:#2563a8;"
    "--d:#c2570c;--bad:#b42318;--good:#1a7f37;color-scheme:light}body{font-size:11px;max-width:"
    "none;"
    "padding:0}nav,.more{display:none}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}"
    "}";

/* ---- parts ---- */

/* "up from 12", and whether that is worse. */
static void put_change(struct buf *out, const struct report_signal *signal,
                       const struct json_value *now, const struct json_value *before)
{
    char memory[80];
    struct buf change;
    int64_t number = 0;
    bool is_worse = false;
    buf_init_fixed(&change, memory, sizeof memory);
    if (report_number(now, signal->path, &number))
        report_put_change(&change, signal, number, before, &is_worse);
    if (change.len == 0) {
        buf_put_text(out, "<span class=\"soft\">nothing to compare with</span>");
        return;
    }
    bool is_same = memory[0] == 't', is_up = memory[0] == 'u';
    bool is_judged = signal->better != REPORT_NEITHER && !is_same;
    buf_printf(out, "<span class=\"%s\">%s",
               is_worse    ? "worse"
               : is_judged ? "better"
                           : "soft",
               is_same ? "= "
               : is_up ? "↑ "
                       : "↓ ");
    buf_put_str(out, buf_str(&change));
    buf_put_text(out, is_worse ? ", worse</span>" : is_judged ? ", better</span>" : "</span>");
}

static void put_tiles(const struct report_page *page)
{
    struct buf *out = page->out;
    const struct json_value *now = json_get(page->report, "total");
    buf_put_text(out, "<ul class=\"tiles\">\n");
    for (size_t i = 0; i < report_n_signals; i++) {
        if (!report_signals[i].is_headline)
            continue;
        buf_printf(out, "<li>%s<b>", report_signals[i].title);
        report_put_known(out, report_signals[i].unit, now, report_signals[i].path);
        buf_put_text(out, "</b>");
        put_change(out, &report_signals[i], now, report_at(page->report, "before.total"));
        buf_put_text(out, "</li>\n");
    }
    buf_put_text(out, "</ul>\n");
}

/* ---- what to look at ---- */

static void put_worse(const struct report_page *page, size_t *n)
{
    struct buf *out = page->out;
    const struct json_value *now = json_get(page->report, "total");
    for (size_t i = 0; i < report_n_signals; i++) {
        char memory[80];
        struct buf change;
        int64_t number = 0;
        bool is_worse = false;
        buf_init_fixed(&change, memory, sizeof memory);
        if (report_number(now, report_signals[i].path, &number))
            report_put_change(&change, &report_signals[i], number,
                              report_at(page->report, "before.total"), &is_worse);
        if (!is_worse)
            continue;
        buf_printf(out, "<li><b>%s</b> is ", report_signals[i].title);
        report_put_number(out, report_signals[i].unit, number);
        buf_put_text(out, ", ");
        buf_put_str(out, buf_str(&change));
        buf_put_text(out, ".\n");
        ++*n;
    }
}

/* What ought to be whole and is not. */
static void put_short(const struct report_page *page, const char *path, const char *text, size_t *n)
{
    const struct json_value *share = report_at(json_get(page->report, "total"), path);
    int64_t have = 0, of = 0;
    if (!report_number(share, "n", &have) || !report_number(share, "of", &of) || have == of)
        return;
    buf_put_text(page->out, "<li><b>");
    report_put_number(page->out, REPORT_COUNT, of - have);
    buf_put_text(page->out, "</b> of ");
    report_put_number(page->out, REPORT_COUNT, of);
    buf_printf(page->out, " %s", text);
    if (streq(path, "traceability")) {
        buf_put_text(page->out, "; missing: ");
        report_put_breaks(page->out, page->report);
    }
    buf_put_text(page->out, ".\n");
    ++*n;
}

/* Members of a list of which something is so, by name. */
static void put_named(const struct report_page *page, const char *list, const char *name,
                      bool (*is_so)(const struct json_value *), const char *text, size_t *n)
{
    const struct json_value *value = json_get(page->report, list);
    size_t found = 0;
    for (const struct json_value *of = value ? value->first : NULL; of; of = of->next) {
        if (!is_so(of))
            continue;
        buf_put_text(page->out, found == 0 ? "<li><b>" : ", ");
        if (found == 0)
            buf_printf(page->out, "%s</b> ", text);
        if (++found > 8) {
            buf_put_text(page->out, "and others");
            break;
        }
        buf_put_text(page->out, "<bdi>");
        report_put_html(page->out, json_get_str(of, name));
        buf_put_text(page->out, "</bdi>");
    }
    if (found > 0)
        buf_put_text(page->out, ".\n");
    *n += found > 0;
}

static bool is_unreviewed(const struct json_value *policy)
{
    const struct json_value *met = json_get(policy, "review_met");
    return met && met->kind == JSON_FALSE;
}

static bool is_unattested(const struct json_value *agent)
{
    const struct json_value *attested = json_get(agent, "attested");
    return attested && attested->kind == JSON_FALSE;
}

static bool is_hasty(const struct json_value *person)
{
    int64_t share = 0;
    return report_number(person, "under_5s_per_10000", &share) && share > 2500;
}

static bool is_unproved(const struct json_value *stop)
{
    const struct json_value *services = json_get(stop, "services");
    for (const struct json_value *of = services ? services->first : NULL; of; of = of->next)
        if (ambit_str_is(json_get_str(of, "evidence"), "none"))
            return true;
    return false;
}

static void put_look(const struct report_page *page)
{
    size_t n = 0;
    buf_put_text(page->out, "<h2>What to look at</h2><ul class=\"look\">\n");
    put_worse(page, &n);
    put_short(page, "traceability", "allowed actions cannot be traced whole", &n);
    put_short(page, "attribution", "decisions have no named person who answered for them", &n);
    put_short(page, "acts_by_named_people", "stops, clears and answers are by nobody known", &n);
    put_named(page, "policies", "policy", is_unreviewed, "Review not met:", &n);
    put_named(page, "attestations", "agent", is_unattested, "Not attested by their owner:", &n);
    put_named(page, "approvers", "person", is_hasty,
              "Answer more than a quarter of questions within five seconds:", &n);
    put_named(page, "stops", "target", is_unproved,
              "Stopped, and not every service has shown that it saw it:", &n);
    buf_put_text(page->out,
                 n > 0 ? "</ul>\n" : "<li>Nothing got worse, and nothing is missing.</ul>\n");
}

static void put_signals(const struct report_page *page)
{
    struct buf *out = page->out;
    const struct json_value *now = json_get(page->report, "total");
    buf_put_text(out, "<h2 id=\"signals\">All signals</h2><div class=\"wide\"><table><thead><tr>"
                      "<th>Signal<th class=\"n\">Value<th>Against the period before<th>What it "
                      "is</thead><tbody>\n");
    for (size_t i = 0; i < report_n_signals; i++) {
        buf_printf(out, "<tr><th scope=\"row\">%s<td class=\"n\">", report_signals[i].title);
        report_put_known(out, report_signals[i].unit, now, report_signals[i].path);
        buf_put_text(out, "<td>");
        put_change(out, &report_signals[i], now, report_at(page->report, "before.total"));
        buf_printf(out, "<td class=\"why\">%s\n", report_signals[i].about);
    }
    if (page->untested) {
        buf_put_text(out, "<tr><th scope=\"row\">Rules untested<td class=\"n\">");
        report_put_known(out, REPORT_SHARE, page->untested, "per_10000");
        buf_put_text(out, "<td><td class=\"why\">Rules, never rules and hard stops that no case of "
                          "the policy tests reaches.\n");
    }
    buf_put_text(out, "</tbody></table></div>\n");
}

/* ---- the page ---- */

static void put_day(struct buf *out, const struct json_value *report, const char *member)
{
    struct ambit_str at = json_get_str(report, member);
    report_put_html(out, (struct ambit_str){at.p, at.len < 10 ? at.len : 10});
    if (at.len >= 16) {
        buf_put_char(out, ' ');
        report_put_html(out, (struct ambit_str){at.p + 11, 5});
    }
}

static void put_head(const struct report_page *page)
{
    struct buf *out = page->out;
    char now[TIME_TEXT_LEN];
    int64_t events = 0;
    time_encode(page->now_ms, now);
    buf_put_text(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                      "style-src 'unsafe-inline'\">"
                      "<meta name=\"robots\" content=\"noindex\"><title>Agent authority, ");
    put_day(out, page->report, "since");
    buf_put_text(out, " to ");
    put_day(out, page->report, "until");
    buf_printf(
        out, "</title><style>%s</style></head><body>\n<header><h1>Agent authority: ", report_style);
    put_day(out, page->report, "since");
    buf_put_text(out, " to ");
    put_day(out, page->report, "until");
    buf_put_text(out, " UTC</h1><p class=\"soft\">");
    if (json_get_str(page->report, "owner").p) {
        buf_put_text(out, "What is <bdi>");
        report_put_html(out, json_get_str(page->report, "owner"));
        buf_put_text(out, "</bdi>'s. ");
    }
    if (report_number(page->report, "events", &events)) {
        buf_put_text(out, "Counted from a record of ");
        report_put_number(out, REPORT_COUNT, events);
        buf_put_text(out, " events. ");
    }
    buf_printf(out, "Made %.*s.</p></header>\n", TIME_TEXT_LEN, now);
    buf_put_text(out, "<nav aria-label=\"Parts\"><a href=\"#signals\">Signals</a> · <a "
                      "href=\"#rows\">Rows</a> · <a href=\"#stops\">Stops</a> · <a "
                      "href=\"#over\">Not used</a> · <a href=\"#policies\">Policies</a> · <a "
                      "href=\"#unknown\">Not known</a></nav>\n<main>\n");
}

enum ambit_err report_html(const struct report_page *page)
{
    put_head(page);
    put_tiles(page);
    put_look(page);
    buf_put_text(page->out, "<h2>At a glance</h2>\n");
    report_plots(page);
    put_signals(page);
    report_tables(page);
    buf_put_text(page->out, "</main></body></html>\n");
    return buf_check(page->out);
}
