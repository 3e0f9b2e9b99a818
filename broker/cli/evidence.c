/* SPDX-License-Identifier: Apache-2.0 */
/* `evidence`: what the record has about an agent, an owner, a policy or a period, as one archive
 * with a page to read. What was written is verified before it is called done. */
#include "cli/evidence.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/encode.h"
#include "base/json_write.h"
#include "base/random.h"
#include "cli/audit.h"
#include "cli/evidence_page.h"
#include "cli/remote.h"
#include "cli/show.h"
#include "cli/verified.h"
#include "core/record_source.h"

struct making {
    struct cli *cli;
    const char *path; /* of the archive */
    struct evidence_ask ask;
    struct log_copy_options options;
    struct verified_progress progress;
    struct evidence *evidence;
    struct evidence_out out;
    struct log_report report; /* of what was written */
    char failed[LOG_PATH_MAX];
};

/* ---- what is asked for ---------------------------------------------------------------------- */

static bool take_kind(struct ambit_str text, const char *kind, struct ambit_str *ret_name)
{
    size_t n = strlen(kind);
    if (text.len <= n + 1 || memcmp(text.p, kind, n) != 0 || text.p[n] != ':')
        return false;
    *ret_name = (struct ambit_str){text.p + n + 1, text.len - n - 1};
    return true;
}

static enum cli_exit read_target(struct making *making)
{
    struct cli *cli = making->cli;
    struct evidence_ask *ask = &making->ask;
    struct ambit_str text = ambit_str_of(cli->argument);
    bool is_bounded = cli_get(cli, "from") != NULL || cli_get(cli, "to") != NULL;
    if (cli->argument == NULL && is_bounded)
        ask->kind = EVIDENCE_PERIOD;
    else if (cli->argument == NULL)
        return cli_usage(cli, "give agent:NAME, owner:NAME or policy:NAME, or a period with --from "
                              "or --to");
    else if (take_kind(text, "agent", &ask->name))
        ask->kind = EVIDENCE_AGENT;
    else if (take_kind(text, "owner", &ask->name))
        ask->kind = EVIDENCE_OWNER;
    else if (take_kind(text, "policy", &ask->name))
        ask->kind = EVIDENCE_POLICY;
    else
        return cli_usage(cli, "\"%s\": expected agent:NAME, owner:NAME or policy:NAME",
                         cli->argument);
    return CLI_YES;
}

/* A time, a day (its beginning, UTC), or how long ago. */
static enum cli_exit read_time(struct making *making, const char *option, int64_t *ret)
{
    struct cli *cli = making->cli;
    const char *text = cli_get(cli, option);
    char day[40];
    int64_t ago_s = 0;
    if (text == NULL)
        return CLI_YES;
    int n = snprintf(day, sizeof day, "%.10sT00:00:00Z", text);
    if (strlen(text) == 10 && n > 0 && time_decode(ambit_str_of(day), ret) == AMBIT_OK)
        return CLI_YES;
    if (time_decode(ambit_str_of(text), ret) == AMBIT_OK)
        return CLI_YES;
    if (duration_decode(ambit_str_of(text), &ago_s) != AMBIT_OK)
        return cli_usage(cli,
                         "--%s \"%s\"; expected a day (2026-11-01), a time "
                         "(2026-11-01T08:00:00Z), or how long ago (30d)",
                         option, text);
    *ret = cli->now_ms - ago_s * 1000;
    return CLI_YES;
}

static enum cli_exit read_ask(struct making *making)
{
    struct stat status;
    making->ask = (struct evidence_ask){.from_ms = INT64_MIN, .to_ms = INT64_MAX};
    enum cli_exit code = read_target(making);
    if (!code)
        code = read_time(making, "from", &making->ask.from_ms);
    if (!code)
        code = read_time(making, "to", &making->ask.to_ms);
    if (!code && making->ask.from_ms >= making->ask.to_ms)
        code = cli_usage(making->cli, "--from must lie before --to");
    if (!code && lstat(making->path, &status) == 0)
        code = cli_fail(making->cli, CLI_USAGE, "%s: %s", making->path,
                        ambit_err_text(AMBIT_ERR_EXISTS));
    return code;
}

/* ---- making --------------------------------------------------------------------------------- */

static enum cli_exit fail(struct making *making, enum ambit_err err)
{
    struct cli *cli = making->cli;
    enum cli_exit code = CLI_NO;
    if (err == AMBIT_ERR_IO && making->options.is_live && cli->errors.len > 0) /* told */
        code = CLI_UNREACHABLE;
    if (cli->errors.len > 0)
        return code;
    bool is_full =
        making->evidence != NULL && evidence_summary(making->evidence)->n == EVIDENCE_EVENTS_MAX;
    if (err == AMBIT_ERR_TOO_LARGE && is_full)
        return cli_fail(cli, CLI_NO,
                        "more than %d events are chosen: give a shorter period (--from, --to)",
                        (int)EVIDENCE_EVENTS_MAX);
    return cli_fail(cli, code, "%s%s%s", making->failed, *making->failed ? ": " : "",
                    ambit_err_text(err));
}

/* In the documents now in force? */
static bool is_in_documents(struct making *making)
{
    struct ambit_digest set = evidence_last_set(making->evidence);
    struct redecide_set compiled;
    if (evidence_set(making->evidence, &set, &compiled) != AMBIT_OK)
        return false;
    const struct ambit_documents *documents = ambit_policy_documents(compiled.set);
    switch (making->ask.kind) {
    case EVIDENCE_PERIOD:
        return true;
    case EVIDENCE_AGENT:
        return ambit_agent_find(documents, making->ask.name) != NULL;
    case EVIDENCE_OWNER:
        return ambit_person_find(documents, making->ask.name) != NULL;
    case EVIDENCE_POLICY:
        return ambit_policy_find(documents, making->ask.name) != NULL;
    }
    return false;
}

static enum cli_exit fail_empty(struct making *making)
{
    static const char *const what[] = {[EVIDENCE_PERIOD] = "period",
                                       [EVIDENCE_AGENT] = "agent",
                                       [EVIDENCE_OWNER] = "person",
                                       [EVIDENCE_POLICY] = "policy"};
    struct cli *cli = making->cli;
    bool is_known = making->ask.kind == EVIDENCE_PERIOD ||
                    evidence_summary(making->evidence)->is_known || is_in_documents(making);
    if (!is_known)
        return cli_fail(cli, CLI_NO,
                        "%s: neither an event nor a document in force names it; expected the name "
                        "of one %s as its document has it",
                        cli->argument, what[making->ask.kind]);
    return cli_fail(cli, CLI_NO, "%s%sno event%s: nothing was written",
                    cli->argument ? cli->argument : "", cli->argument ? ": " : "",
                    making->ask.from_ms != INT64_MIN || making->ask.to_ms != INT64_MAX
                        ? " in this period"
                        : "");
}

static AMBIT_CHECKED enum ambit_err write_all(struct making *making, struct evidence_page *page)
{
    const struct log_sink sink = {.ctx = &making->out, .put = evidence_put};
    making->failed[0] = '\0';
    verified_progress_begin(&making->progress, cli_has(making->cli, "progress"));
    enum ambit_err err = evidence_write(making->evidence, &sink, evidence_page_event, page);
    verified_progress_end(&making->progress);
    if (!err)
        err = evidence_page_end(page);
    return err ? err : evidence_out_finish(&making->out);
}

/* What was written, read again as anybody would. */
static AMBIT_CHECKED enum ambit_err verify(struct making *making)
{
    struct files *files = NULL;
    enum ambit_err err = files_open(making->path, &files);
    if (err)
        return err;
    const struct log_source source = files_source(files);
    struct log_verify_options options = {.progress = verified_progress, .ctx = &making->progress};
    memcpy(options.hash_key, making->options.hash_key, sizeof options.hash_key);
    verified_progress_begin(&making->progress, cli_has(making->cli, "progress"));
    err = log_verify(&source, &options, &making->report);
    verified_progress_end(&making->progress);
    files_close(files);
    return err;
}

/* ---- told ----------------------------------------------------------------------------------- */

static void put_count(struct json_out *out, const char *name, uint64_t n)
{
    json_key(out, name);
    json_i64(out, (int64_t)n);
}

static void tell_json(struct making *making)
{
    const struct evidence_summary *summary = evidence_summary(making->evidence);
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &making->cli->out, false);
    json_begin_object(&out);
    json_member_text(&out, "evidence", making->path);
    if (making->cli->argument)
        json_member_text(&out, "target", making->cli->argument);
    put_count(&out, "events", summary->n);
    put_count(&out, "belonging", summary->by[EVIDENCE_BELONGS]);
    put_count(&out, "linked", summary->by[EVIDENCE_LINKED]);
    put_count(&out, "record", summary->by[EVIDENCE_RECORD]);
    put_count(&out, "unread", summary->unread);
    put_count(&out, "documents", summary->documents);
    put_count(&out, "files", making->out.n + 1);
    json_member_str(&out, "origin", summary->origin);
    put_count(&out, "size", summary->size);
    put_count(&out, "decided_again", making->report.counts.redecided);
    put_count(&out, "problems", making->report.n_problems);
    json_key(&out, "manifest");
    json_digest(&out, making->out.digest);
    json_end_object(&out);
    buf_put_char(&making->cli->out, '\n');
}

static void tell(struct making *making)
{
    const struct evidence_summary *summary = evidence_summary(making->evidence);
    struct buf *out = &making->cli->out;
    buf_printf(out,
               "%s: %llu events of %llu: %llu belong, %llu more are what they lead to, %llu are "
               "about the record itself\n",
               making->path, (unsigned long long)summary->n, (unsigned long long)summary->size,
               (unsigned long long)summary->by[EVIDENCE_BELONGS],
               (unsigned long long)summary->by[EVIDENCE_LINKED],
               (unsigned long long)summary->by[EVIDENCE_RECORD]);
    if (summary->unread > 0)
        buf_printf(out,
                   "%llu events of the log could not be read (pruned, and their segments are not "
                   "here): what is in them is not here either\n",
                   (unsigned long long)summary->unread);
    buf_put_text(out, "What was left out is not shown by it: only the whole log shows that.\n");
    buf_put_text(out, "SHA256SUMS has the digest sha256:");
    buf_put_hex(out, making->out.digest.b, sizeof making->out.digest.b);
    buf_put_text(out, ": tell it to whoever gets the archive\n");
    if (making->report.n_problems > 0) {
        verified_write(&making->report, out);
    } else {
        buf_printf(out, "verified as written: %llu decisions made again from their own inputs\n",
                   (unsigned long long)making->report.counts.redecided);
    }
}

/* ---- the steps ------------------------------------------------------------------------------ */

static enum cli_exit write_and_tell(struct making *making)
{
    struct cli *cli = making->cli;
    struct evidence_page *page = NULL;
    enum cli_exit code = CLI_YES;
    enum ambit_err err = files_create(making->path, cli->now_ms, &making->out.files);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", making->path, ambit_err_text(err));
    const struct evidence_page_ask ask = {.cli = cli,
                                          .evidence = making->evidence,
                                          .out = &making->out,
                                          .ask = &making->ask,
                                          .no_openings = making->options.no_openings,
                                          .tests = cli_get(cli, "tests")};
    code = evidence_page_begin(&ask, &page);
    if (!code) {
        err = write_all(making, page);
        if (!err)
            err = verify(making);
        if (err)
            code = fail(making, err);
    }
    evidence_page_free(page);
    if (code)
        return code;
    if (cli->wants_json)
        tell_json(making);
    else
        tell(making);
    return making->report.n_problems > 0 ? CLI_NO : CLI_YES;
}

static enum cli_exit make(struct making *making, const struct log_source *source)
{
    struct cli *cli = making->cli;
    enum cli_exit code = read_ask(making);
    if (code)
        return code;
    making->options.no_openings = cli_has(cli, "no-openings");
    making->options.now_ms = cli->now_ms;
    making->options.progress = verified_progress;
    making->options.ctx = &making->progress;
    random_bytes((uint8_t *)making->options.hash_key, sizeof making->options.hash_key);
    buf_init(&making->out.manifest, 0);
    verified_progress_begin(&making->progress, cli_has(cli, "progress"));
    enum ambit_err err = evidence_open(source, &making->options, making->failed, &making->evidence);
    if (!err)
        err = evidence_choose(making->evidence, &making->ask);
    verified_progress_end(&making->progress);
    if (err)
        code = fail(making, err);
    else if (evidence_summary(making->evidence)->by[EVIDENCE_BELONGS] == 0)
        code = fail_empty(making);
    else
        code = write_and_tell(making);
    evidence_close(making->evidence);
    log_report_done(&making->report);
    files_out_close(making->out.files);
    buf_done(&making->out.manifest);
    return code;
}

static enum cli_exit make_from_url(struct making *making)
{
    struct remote remote;
    enum cli_exit code = remote_open(making->cli, NULL, &remote);
    if (code)
        return code;
    remote_await(&remote);
    const struct log_source source = remote_source(&remote);
    making->options.is_live = true;
    code = make(making, &source);
    remote_close(&remote);
    return code;
}

static enum cli_exit make_from_folder(struct making *making, const char *folder)
{
    struct record_source *record = NULL;
    enum ambit_err err = record_source_open(folder, &record);
    if (err)
        return cli_fail(making->cli, err == AMBIT_ERR_DAMAGED ? CLI_NO : CLI_USAGE, "%s: %s",
                        folder,
                        err == AMBIT_ERR_NOT_FOUND ? "there is no store that was ever published"
                                                   : ambit_err_text(err));
    const struct log_source source = record_source_of(record);
    enum cli_exit code = make(making, &source);
    record_source_close(record);
    return code;
}

static enum cli_exit run_evidence(struct cli *cli)
{
    const char *folder = cli_get(cli, "state");
    bool asks_broker = cli_get(cli, "url") != NULL || cli_get(cli, "token-file") != NULL;
    struct making *making = arena_alloc(&cli->arena, sizeof *making);
    if (making == NULL)
        return cli_fail(cli, CLI_USAGE, "out of memory");
    making->cli = cli;
    making->path = cli_get(cli, "out");
    return folder != NULL && !asks_broker ? make_from_folder(making, folder)
                                          : make_from_url(making);
}

const struct cli_verb audit_evidence = {
    .name = "evidence",
    .argument = "[TARGET]",
    .summary = "an archive about one agent, owner, policy or period",
    .text =
        "Chooses what the record has about agent:NAME, owner:NAME or policy:NAME, or about a "
        "period alone, with everything it leads back to, and writes it to a new folder, or to a "
        "tar where the name ends in .tar: each event with its proof and what opens it, the "
        "documents it was decided under, the log's signed checkpoint, pages about each version of "
        "a policy with its review and, with --tests, what its tests say, and index.html, which "
        "tells it in plain words. Of a running broker, with the token of a person who may read "
        "everything, or of a state folder (--state alone). `ambit verify` and `ambit-verify` judge "
        "it offline. Exits 1 where nothing belongs to the target.",
    .example = "ambit evidence agent:remediator --from 2026-11-01 --to 2026-12-01 --out case.tar",
    .options = {{"out", "DIR|FILE.tar", "where to; it must not be there yet", false, true},
                {"from", "TIME", "from this day or time on, or so long ago: 30d", false, false},
                {"to", "TIME", "before this day or time, or so long ago", false, false},
                {"tests", "DIR", "the documents folder with the tests of the policies", false,
                 false},
                {"no-openings", NULL,
                 "leave personal texts out; the documents go with it, and in them people's names "
                 "and addresses",
                 false, false},
                {"progress", NULL, "show progress although standard error is no terminal", false,
                 false},
                {NULL}},
    .run = run_evidence,
};
