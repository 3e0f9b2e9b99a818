/* SPDX-License-Identifier: Apache-2.0 */
/* `export`: the log's own files, from a running broker or a state folder, with every document that
 * its events name: a folder or a tar that `ambit verify` and `ambit-verify` judge. */
#include "base/encode.h"
#include "base/json_write.h"
#include "base/random.h"
#include "cli/audit.h"
#include "cli/files.h"
#include "cli/remote.h"
#include "cli/show.h"
#include "cli/verified.h"
#include "core/record_source.h"
#include "ledger/log_copy.h"

static enum ambit_err put(void *ctx, const char *path, struct ambit_str bytes)
{
    return files_put(ctx, path, bytes);
}

static bool read_range(const struct cli *cli, struct log_copy_options *ret)
{
    const char *from = cli_get(cli, "from"), *to = cli_get(cli, "to");
    uint64_t last = 0;
    ret->next = UINT64_MAX;
    if (from != NULL && parse_u64(ambit_str_of(from), &ret->first) != AMBIT_OK)
        return false;
    if (to == NULL)
        return true;
    if (parse_u64(ambit_str_of(to), &last) != AMBIT_OK || last >= INT64_MAX || last < ret->first)
        return false;
    ret->next = last + 1;
    return true;
}

static void tell(struct cli *cli, const char *path, const struct log_copied *copied)
{
    const struct log_export *export = &copied->export;
    struct json_out out = {.buf = NULL};
    if (!cli->wants_json) {
        buf_printf(&cli->out, "%s: events %llu to %llu of %llu, %llu documents%s\n", path,
                   (unsigned long long)export->first,
                   (unsigned long long)(export->next > 0 ? export->next - 1 : 0),
                   (unsigned long long)export->size, (unsigned long long)copied->documents,
                   export->has_openings ? "" : ", personal texts withheld");
        return;
    }
    json_out_init(&out, &cli->out, false);
    json_begin_object(&out);
    json_member_text(&out, "export", path);
    json_member_text(&out, "kind", export->kind == LOG_WHOLE ? "log" : "segment");
    json_key(&out, "first");
    json_i64(&out, (int64_t) export->first);
    json_key(&out, "next");
    json_i64(&out, (int64_t) export->next);
    json_key(&out, "size");
    json_i64(&out, (int64_t) export->size);
    json_key(&out, "documents");
    json_i64(&out, (int64_t)copied->documents);
    json_key(&out, "openings");
    json_bool(&out, export->has_openings);
    json_end_object(&out);
    buf_put_char(&cli->out, '\n');
}

static enum cli_exit fail(struct cli *cli, enum ambit_err err, const char *path, bool is_live)
{
    enum cli_exit code = CLI_NO;
    if (err == AMBIT_ERR_MALFORMED)
        code = CLI_USAGE;
    else if (err == AMBIT_ERR_IO && is_live && cli->errors.len > 0) /* the broker's, told */
        code = CLI_UNREACHABLE;
    if (cli->errors.len > 0)
        return code;
    return cli_fail(cli, code, "%s%s%s", path, *path ? ": " : "",
                    err == AMBIT_ERR_MALFORMED ? "there are no such events, or this is no log"
                                               : ambit_err_text(err));
}

static enum cli_exit export_from(struct cli *cli, const struct log_source *source, bool is_live)
{
    struct log_copied copied;
    struct verified_progress progress;
    struct files_out *files = NULL;
    char path[LOG_PATH_MAX];
    const char *out = cli_get(cli, "out");
    struct log_copy_options options = {.no_openings = cli_has(cli, "no-openings"),
                                       .is_live = is_live,
                                       .now_ms = cli->now_ms,
                                       .progress = verified_progress,
                                       .ctx = &progress};
    if (!read_range(cli, &options))
        return cli_usage(cli, "--from and --to are sequences of events, the first not behind the "
                              "last");
    random_bytes((uint8_t *)options.hash_key, sizeof options.hash_key);
    enum ambit_err err = files_create(out, cli->now_ms, &files);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", out, ambit_err_text(err));
    const struct log_sink sink = {.ctx = files, .put = put};
    verified_progress_begin(&progress, cli_has(cli, "progress"));
    err = log_copy(source, &sink, &options, path, &copied);
    verified_progress_end(&progress);
    if (!err)
        err = files_finish(files);
    files_out_close(files);
    if (err)
        return fail(cli, err, path, is_live);
    tell(cli, out, &copied);
    return CLI_YES;
}

static enum cli_exit export_url(struct cli *cli)
{
    struct remote remote;
    enum cli_exit code = remote_open(cli, NULL, &remote);
    if (code)
        return code;
    remote_await(&remote);
    const struct log_source source = remote_source(&remote);
    code = export_from(cli, &source, true);
    remote_close(&remote);
    return code;
}

static enum cli_exit export_folder(struct cli *cli, const char *folder)
{
    struct record_source *record = NULL;
    enum ambit_err err = record_source_open(folder, &record);
    if (err)
        return cli_fail(cli, err == AMBIT_ERR_DAMAGED ? CLI_NO : CLI_USAGE, "%s: %s", folder,
                        err == AMBIT_ERR_NOT_FOUND ? "there is no store that was ever published"
                                                   : ambit_err_text(err));
    const struct log_source source = record_source_of(record);
    enum cli_exit code = export_from(cli, &source, false);
    record_source_close(record);
    return code;
}

static enum cli_exit run_export(struct cli *cli)
{
    const char *folder = cli_get(cli, "state");
    bool asks_broker = cli_get(cli, "url") != NULL || cli_get(cli, "token-file") != NULL;
    return folder != NULL && !asks_broker ? export_folder(cli, folder) : export_url(cli);
}

const struct cli_verb audit_export = {
    .name = "export",
    .summary = "the record as files, for whoever verifies it elsewhere",
    .text =
        "Writes the log's own files up to its last checkpoint, and every document that an event "
        "names, to a new folder, or to a tar where the name ends in .tar. A part (--from, --to) is "
        "widened to whole bundles of 256 events. Personal texts come with it unless --no-openings "
        "is given: then keep it as you keep them. Of a running broker, with the token of a person "
        "who may read everything, or of a state folder (--state alone). `ambit verify` and "
        "`ambit-verify` "
        "judge what comes out.",
    .example = "ambit export --out record.tar",
    .options = {{"out", "DIR|FILE.tar", "where to; it must not be there yet", false, true},
                {"from", "SEQ", "the first event", false, false},
                {"to", "SEQ", "the last event", false, false},
                {"no-openings", NULL,
                 "leave personal texts out; the documents go with it, and in them people's names "
                 "and addresses",
                 false, false},
                {"progress", NULL, "show progress although standard error is no terminal", false,
                 false},
                {NULL}},
    .run = run_export,
};
