/* SPDX-License-Identifier: Apache-2.0 */
/* The pages' life: rows into parts, parts into files. */
#include "cli/evidence_page_internal.h"

#include <stdio.h>

#include "base/encode.h"
#include "cli/show.h"

#define TIMED "<th>Time (UTC)<th class=\"n\">Event"
const struct page_part_form page_forms[PAGE_PARTS] = {
    [PART_GRANTED] = {"granted", "What authority was given",
                      "Each is a short-lived token: it permits these actions until it ends.",
                      "None was given.", TIMED "<th>To<th>What<th>Until (UTC)<th>For what"},
    [PART_NOT_GRANTED] = {"not-granted", "What authority was refused", "Asked for, and not given.",
                          "None was refused.", TIMED "<th>To<th>Asked for<th>Why<th>For what"},
    [PART_ALLOWED] = {"allowed", "What was done",
                      "Actions that were asked about and allowed. Whether one was then carried out "
                      "is told below, where it was reported.",
                      "Nothing was asked about and allowed.",
                      TIMED "<th>Agent<th>Action<th>Why it was allowed<th>Stated reason"},
    [PART_DENIED] = {"refused", "What was refused",
                     "Actions that were asked about and not allowed.", "Nothing was refused.",
                     TIMED "<th>Agent<th>Action<th>Why it was refused<th>Stated reason"},
    [PART_OUTCOMES] = {"outcomes", "What became of it",
                       "As services and agents reported it; the record only holds what they said.",
                       "Nothing was reported.",
                       TIMED "<th>Agent<th>Action<th>Outcome<th>Do the reports agree?<th>Words"},
    [PART_APPROVALS] = {"approvals", "Whom was asked for approval",
                        "Questions to people that had to be answered before anything was given or "
                        "done, and their answers in their own words.",
                        "Nobody was asked.", TIMED "<th>Agent<th>For what<th>Answers"},
    [PART_STOPS] = {"stops", "What was stopped, by whom, how fast",
                    "A stop holds for everything under its target from the moment it is accepted. "
                    "The first refusal after it is what the record shows of its effect.",
                    "Nothing was stopped.",
                    TIMED "<th>Target<th>By, and why<th>Effect<th>Who answered"},
    [PART_CHANGES] = {"changes", "What was changed and confirmed",
                      "Documents that came in force, people who confirmed or left, erasures.",
                      "Nothing was changed.", TIMED "<th>What<th>About<th>By<th>Words"},
    [PART_RECORD] = {"record", "What the record says about itself",
                     "Keys, clock, starts and ends of the broker, in the same time.",
                     "It says nothing.", TIMED "<th>What<th>About<th>By<th>Words"},
    [PART_OTHER] = {"others", "Everything else", "Whatever else belongs here, one by one.",
                    "Nothing.", TIMED "<th>What<th>About<th>By<th>Words"},
};
#undef TIMED

/* ---- files ---------------------------------------------------------------------------------- */

void page_head(struct evidence_page *page, const char *title, struct ambit_str about)
{
    struct buf *out = &page->html;
    buf_reset(out);
    buf_printf(out,
               "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
               "style-src 'unsafe-inline'\"><meta name=\"robots\" content=\"noindex\"><title>%s",
               title);
    if (about.len > 0) {
        buf_put_text(out, ": ");
        report_put_html(out, about);
    }
    buf_printf(out, "</title><style>%s%s</style></head><body>\n<header><h1>%s", report_style,
               "main a,header a{color:var(--a)}time{white-space:nowrap}h1{overflow-wrap:anywhere}"
               "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--card);border:1px "
               "solid var(--line);border-radius:8px;padding:.75rem 1rem;font-size:.85rem}"
               "code{overflow-wrap:anywhere;font-size:.92em}code.h{white-space:nowrap}"
               "td{min-width:6.5rem}td.n{min-width:0}"
               "table{margin-bottom:.5rem}.said{background:var(--card);border:1px solid "
               "var(--line);border-radius:4px;padding:0 .25em;overflow-wrap:anywhere;"
               "-webkit-box-decoration-break:clone;box-decoration-break:clone}",
               title);
    if (about.len > 0) {
        buf_put_text(out, ": ");
        page_text(out, about);
    }
    buf_put_text(out, "</h1>\n</header><main>\n");
}

enum ambit_err page_put(struct evidence_page *page, const char *path)
{
    buf_put_text(&page->html, "</main></body></html>\n");
    enum ambit_err err = buf_check(&page->html);
    return err == AMBIT_OK ? evidence_put(page->ask.out, path, buf_str(&page->html)) : err;
}

static AMBIT_CHECKED enum ambit_err flush(struct evidence_page *page, enum page_parts part)
{
    struct page_part *at = &page->part[part];
    const struct page_part_form *form = &page_forms[part];
    char path[64];
    (void)snprintf(path, sizeof path, "%s-%llu.html", form->name,
                   (unsigned long long)++at->n_pages);
    page_head(page, form->title, (struct ambit_str){0});
    buf_printf(&page->html,
               "<p class=\"soft\">Rows %llu to %llu. <a href=\"index.html\">To the whole "
               "archive</a></p><div class=\"wide\"><table><thead><tr>%s</thead><tbody>\n",
               (unsigned long long)(at->n - at->n_on_page + 1), (unsigned long long)at->n,
               form->columns);
    buf_put_str(&page->html, buf_str(&at->page));
    buf_put_text(&page->html, "</tbody></table></div>\n");
    buf_reset(&at->page);
    at->n_on_page = 0;
    return page_put(page, path);
}

/* ---- rows ----------------------------------------------------------------------------------- */

struct buf *page_row(struct evidence_page *page, uint64_t seq, int64_t time_ms)
{
    buf_reset(&page->row);
    buf_put_text(&page->row, "<tr><td>");
    page_time(&page->row, time_ms);
    buf_put_text(&page->row, "<td class=\"n\">");
    page_link(page, &page->row, seq);
    if (page->is_linked)
        buf_put_text(&page->row, "<span class=\"soft\">&nbsp;+</span>");
    return &page->row;
}

enum ambit_err page_row_end(struct evidence_page *page, enum page_parts part)
{
    struct page_part *at = &page->part[part];
    buf_put_char(&page->row, '\n');
    if (at->n < PAGE_FIRST_ROWS)
        buf_put_str(&at->first, buf_str(&page->row));
    buf_put_str(&at->page, buf_str(&page->row));
    at->n++;
    at->n_linked += page->is_linked;
    at->n_on_page++;
    enum ambit_err err = buf_check(&page->row);
    if (err == AMBIT_OK)
        err = buf_check(&at->page);
    return err == AMBIT_OK && at->n_on_page == PAGE_ROWS ? flush(page, part) : err;
}

enum ambit_err evidence_page_event(void *ctx, const struct evidence_item *item)
{
    struct evidence_page *page = ctx;
    const struct event *event = item->event;
    page->is_linked = item->why == EVIDENCE_LINKED;
    page->n_erased += event->erased != 0;
    enum ambit_err err = page_note(page, event);
    if (err == AMBIT_OK)
        err = page_join(page, event);
    return err == AMBIT_OK ? page_event(page, event) : err;
}

enum ambit_err evidence_page_end(struct evidence_page *page)
{
    enum ambit_err err = page_joined(page);
    if (err == AMBIT_OK)
        err = page_resolve(page);
    if (err == AMBIT_OK)
        err = page_policies(page);
    for (size_t i = 0; err == AMBIT_OK && i < PAGE_PARTS; i++)
        if (page->part[i].n > PAGE_FIRST_ROWS && page->part[i].n_on_page > 0)
            err = flush(page, (enum page_parts)i);
    return err == AMBIT_OK ? page_index(page) : err;
}

/* ---- life ----------------------------------------------------------------------------------- */

static enum cli_exit read_tests(struct evidence_page *page)
{
    struct cli *cli = page->ask.cli;
    if (page->ask.tests == NULL)
        return CLI_YES;
    enum ambit_err err = folder_read_tests(page->ask.tests, &page->problems, &page->tests);
    for (size_t i = 0; i < page->problems.n; i++)
        show_problem(&cli->errors, &page->problems.v[i]);
    page->has_tests = err == AMBIT_OK;
    return err == AMBIT_OK
               ? CLI_YES
               : cli_fail(cli, CLI_USAGE, "%s: %s", page->ask.tests, ambit_err_text(err));
}

enum cli_exit evidence_page_begin(const struct evidence_page_ask *ask, struct evidence_page **ret)
{
    struct evidence_page *page = calloc(1, sizeof *page);
    if (page == NULL)
        return cli_fail(ask->cli, CLI_USAGE, "out of memory");
    page->ask = *ask;
    page->up = "";
    page->last_confirmation = &page->confirmations;
    page->last_activation = &page->activations;
    page->last_set = &page->sets;
    arena_init(&page->memory, NULL, 0, 0);
    buf_init(&page->html, 0);
    buf_init(&page->row, 0);
    enum cli_exit code = read_tests(page);
    if (code)
        evidence_page_free(page);
    else
        *ret = page;
    return code;
}

void evidence_page_free(struct evidence_page *page)
{
    if (page == NULL)
        return;
    for (size_t i = 0; i < PAGE_PARTS; i++) {
        buf_done(&page->part[i].first);
        buf_done(&page->part[i].page);
    }
    for (struct page_stop *at = page->stops; at != NULL; at = at->next) {
        buf_done(&at->what);
        buf_done(&at->answers);
    }
    for (struct page_question *at = page->questions; at != NULL; at = at->next) {
        buf_done(&at->what);
        buf_done(&at->answers);
    }
    for (struct page_confirmation *at = page->confirmations; at != NULL; at = at->next)
        buf_done(&at->told);
    folder_done(&page->tests);
    ambit_problems_done(&page->problems);
    buf_done(&page->html);
    buf_done(&page->row);
    arena_done(&page->memory);
    free(page);
}
