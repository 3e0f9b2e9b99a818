/* SPDX-License-Identifier: Apache-2.0 */
/* `ambit report`: asks the broker, adds what only the folder of documents can tell, shows. */
#include "cli/report.h"

#include <fcntl.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/answer.h"
#include "cli/audit.h"
#include "cli/show.h"

struct ask {
    struct buf path;
    const struct json_value *report, *untested;
};

static void ask_done(struct ask *ask)
{
    buf_done(&ask->path);
}

/* ---- what is asked ---- */

/* A time, or how long before `from`. */
static bool read_time(const char *text, int64_t from_ms, int64_t *ret_ms)
{
    int64_t s = 0;
    if (time_decode(ambit_str_of(text), ret_ms) == AMBIT_OK)
        return true;
    if (duration_decode(ambit_str_of(text), &s) != AMBIT_OK)
        return false;
    *ret_ms = from_ms - s * 1000;
    return true;
}

static void put_time(struct buf *path, const char *name, int64_t ms)
{
    char text[TIME_TEXT_LEN];
    time_encode(ms, text);
    buf_printf(path, "&%s=%.*s", name, TIME_TEXT_LEN, text);
}

static bool is_by(const char *text)
{
    return streq(text, "owner") || streq(text, "team") || streq(text, "policy") ||
           streq(text, "agent");
}

static enum cli_exit put_path(struct cli *cli, struct buf *path)
{
    const char *since = cli_get(cli, "since"), *until = cli_get(cli, "until");
    const char *by = cli_get(cli, "by"), *owner = cli_get(cli, "owner");
    int64_t since_ms = 0, until_ms = cli->now_ms;
    if (by && !is_by(by))
        return cli_usage(cli, "--by \"%s\"; expected owner, team, policy or agent", by);
    if (until && !read_time(until, cli->now_ms, &until_ms))
        return cli_usage(cli, "--until \"%s\"; expected a time, or how long ago, such as 7d",
                         until);
    if (!read_time(since ? since : "30d", until_ms, &since_ms))
        return cli_usage(cli, "--since \"%s\"; expected a time, or how long before, such as 30d",
                         since);
    if (since_ms >= until_ms)
        return cli_usage(cli, "--since must lie before --until");
    buf_printf(path, "/v1/report?by=%s", by ? by : "owner");
    if (since || until)
        put_time(path, "since", since_ms < 0 ? 0 : since_ms);
    if (until)
        put_time(path, "until", until_ms);
    if (owner) {
        buf_put_text(path, "&owner=");
        percent_encode(path, ambit_str_of(owner));
    }
    buf_put_char(path, '\0');
    return buf_check(path) ? cli_fail(cli, CLI_USAGE, "out of memory") : CLI_YES;
}

static enum cli_exit find_untested(struct cli *cli, struct ask *ask)
{
    const char *folder = cli_get(cli, "documents");
    struct json_problem problem;
    BUF_AUTO json;
    buf_init(&json, 0);
    if (!folder)
        return CLI_YES;
    enum cli_exit code = report_untested(cli, folder, &json);
    if (code)
        return code;
    struct ambit_str kept = arena_copy(&cli->arena, buf_str(&json));
    if (!kept.p || json_read(kept, (struct json_limits){.depth = 16}, &cli->arena, &ask->untested,
                             &problem) != AMBIT_OK)
        return cli_fail(cli, CLI_USAGE, "out of memory");
    return CLI_YES;
}

/* ---- what is shown ---- */

static enum cli_exit write_page(struct cli *cli, const struct ask *ask, const char *path)
{
    BUF_AUTO html;
    buf_init(&html, 0);
    const struct report_page page = {
        .out = &html, .report = ask->report, .untested = ask->untested, .now_ms = cli->now_ms};
    enum ambit_err err = report_html(&page);
    if (!err)
        err = file_write(AT_FDCWD, path, buf_str(&html), 0600);
    return err ? cli_fail(cli, CLI_USAGE, "%s: %s", path, ambit_err_text(err)) : CLI_YES;
}

/* The answer as it came, and with --documents what that told. */
static enum cli_exit put_json(struct cli *cli, const struct ask *ask)
{
    BUF_AUTO json;
    struct json_out out;
    buf_init(&json, 0);
    json_out_init(&out, &json, false);
    json_begin_object(&out);
    for (const struct json_value *m = ask->report->first; m; m = m->next) {
        json_key_str(&out, m->key);
        json_write_value(&out, m);
    }
    if (ask->untested) {
        json_key(&out, "untested");
        json_write_value(&out, ask->untested);
    }
    json_end_object(&out);
    if (buf_check(&json))
        return cli_fail(cli, CLI_USAGE, "out of memory");
    show_json(&cli->out, buf_str(&json));
    buf_put_char(&cli->out, '\n');
    return CLI_YES;
}

static enum cli_exit run(struct cli *cli)
{
    AMBIT_CLEANUP(ask_done) struct ask ask = {.report = NULL};
    const char *page = cli_get(cli, "html");
    bool wants_json = cli->wants_json;
    enum cli_exit code = put_path(cli, &ask.path);
    if (!code)
        code = find_untested(cli, &ask);
    if (code)
        return code;
    cli->wants_json = wants_json && !page && !ask.untested;
    code = answer_ask(cli, &(struct answer_request){.path = ask.path.p}, &ask.report);
    if (code || !ask.report)
        return code;
    if (page)
        code = write_page(cli, &ask, page);
    if (!code && wants_json)
        return put_json(cli, &ask);
    if (!code)
        report_table(&cli->out, ask.report, ask.untested);
    return code;
}

const struct cli_verb audit_report = {
    .name = "report",
    .summary = "the signals of a period, as a table or a page",
    .text = "Tells a period in figures: how much of what was allowed can be traced to a named "
            "person and a reviewed rule, what was granted and never used, what was denied, how "
            "quickly people answer and stops bite, what is unaccounted for, and what nobody "
            "tested; for each owner, team, policy or agent, and against the period before. What "
            "cannot be told is said, never counted as zero. --html writes one page with plots, "
            "self-contained, fit to be forwarded and printed. Owners see what is theirs.",
    .example = "ambit report --since 30d --by team --html report.html",
    .options = {{"since", "T", "a time, or how long before --until (30d)", false, false},
                {"until", "T", "a time, or how long ago (now)", false, false},
                {"by", "WHAT", "owner, team, policy or agent: what the rows are", false, false},
                {"owner", "PERSON", "only what is this person's", false, false},
                {"html", "FILE", "write a page too", false, false},
                {"documents", "DIR", "run the tests there: which rules are untested", false, false},
                {NULL}},
    .run = run,
};
