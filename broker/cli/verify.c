/* SPDX-License-Identifier: Apache-2.0 */
/* `verify`: the record judged without its broker. */
#include "core/verify.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/json_write.h"
#include "base/random.h"
#include "cli/audit.h"
#include "cli/client.h"
#include "cli/files.h"
#include "cli/prove.h"
#include "cli/remote.h"
#include "cli/settings.h"
#include "cli/show.h"
#include "cli/verified.h"

static void put_json(struct cli *cli, const struct verify_report *report)
{
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &cli->out, false);
    verify_write_json(report, &out);
    buf_put_char(&cli->out, '\n');
}

static void put_problem(struct buf *out, const struct verify_problem *problem)
{
    if (problem->has_seq)
        buf_printf(out, "event %llu, ", (unsigned long long)problem->seq);
    buf_put_text(out, "table ");
    show_escaped(out, ambit_str_of(problem->table));
    if (problem->key.len) {
        buf_put_text(out, ", key ");
        show_escaped(out, problem->key);
    }
    buf_printf(out, ": %s\n", problem->what);
}

static void put_lines(struct cli *cli, const struct verify_report *report, bool is_sound)
{
    struct buf *out = &cli->out;
    for (size_t i = 0; i < report->n; i++)
        put_problem(out, &report->problems[i]);
    if (report->n_problems > report->n)
        buf_printf(out, "and %zu more\n", report->n_problems - report->n);

    if (report->has_checkpoint && report->is_signed)
        buf_put_text(out,
                     report->is_key_given
                         ? "the published checkpoint is signed by the key that was given\n"
                         : "no key was given: the published checkpoint is signed by the key "
                           "beside the store, which proves nothing about who signed (--key)\n");
    if (!report->has_checkpoint)
        buf_put_text(out, "no checkpoint was looked at: whether the record was cut short, or made "
                          "anew as a whole, cannot be told\n");
    if (report->n_redecided > 0)
        buf_printf(out, "%llu decisions made again from their own inputs\n",
                   (unsigned long long)report->n_redecided);
    if (report->n_undecided > 0)
        buf_printf(out, "%llu decisions cannot be made again: what they hang on is erased%s\n",
                   (unsigned long long)report->n_undecided,
                   report->unread > 0 ? ", or was pruned and is not here" : "");
    if (report->unread > 0)
        buf_printf(out,
                   "%llu events were pruned and their segments are not here: of them the leaf "
                   "hashes were looked at alone, and the tables could not be built again. Give "
                   "--segments DIR.\n",
                   (unsigned long long)report->unread);
    buf_printf(out, "%llu events, root sha256:", (unsigned long long)report->events);
    buf_put_hex(out, report->root.b, sizeof report->root.b);
    if (is_sound)
        buf_put_text(out, ": the record holds\n");
    else
        buf_printf(out, ": DAMAGED, %zu differences\n", report->n_problems);
}

/* ---- a store ----------------------------------------------------------------------------------
 */

static enum cli_exit verify_folder(struct cli *cli, const struct note_verifier *key)
{
    struct verify_report report = {.events = 0};
    struct verified_progress progress;
    const char *scratch = cli_env(cli, "TMPDIR");
    const struct verify_options options = {.folder = cli->argument,
                                           .scratch = scratch != NULL ? scratch : "/tmp",
                                           .key = key,
                                           .segments = cli_get(cli, "segments"),
                                           .no_redecide = cli_has(cli, "no-redecide"),
                                           .progress = verified_progress,
                                           .ctx = &progress};
    verified_progress_begin(&progress, cli_has(cli, "progress"));
    enum ambit_err err = verify_store_with(&options, &report);
    verified_progress_end(&progress);
    if (err && err != AMBIT_ERR_DAMAGED) {
        verify_done(&report);
        return cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument,
                        err == AMBIT_ERR_NOT_FOUND ? "there is neither a store nor an export here"
                                                   : ambit_err_text(err));
    }

    bool is_sound = !err && report.n_problems == 0;
    if (cli->wants_json)
        put_json(cli, &report);
    else
        put_lines(cli, &report, is_sound);
    verify_done(&report);
    return is_sound ? CLI_YES : CLI_NO;
}

/* ---- a log ------------------------------------------------------------------------------------
 */

static enum cli_exit verify_log(struct cli *cli, const struct log_source *source, bool is_live,
                                const struct note_verifier *key)
{
    struct log_report report;
    struct verified_progress progress;
    struct log_verify_options options = {.key = key,
                                         .no_redecide = cli_has(cli, "no-redecide"),
                                         .is_live = is_live,
                                         .progress = verified_progress,
                                         .ctx = &progress};
    random_bytes((uint8_t *)options.hash_key, sizeof options.hash_key);
    verified_progress_begin(&progress, cli_has(cli, "progress"));
    enum ambit_err err = log_verify(source, &options, &report);
    verified_progress_end(&progress);
    enum cli_exit code = CLI_YES;
    if (err) {
        code = is_live && (err == AMBIT_ERR_IO || err == AMBIT_ERR_REFUSED)
                   ? (err == AMBIT_ERR_IO ? CLI_UNREACHABLE : CLI_NO)
                   : CLI_USAGE;
        if (cli->errors.len == 0)
            code = cli_fail(cli, code, "%s: %s", cli->argument, ambit_err_text(err));
    } else if (cli->wants_json) {
        struct json_out out = {.buf = NULL};
        json_out_init(&out, &cli->out, false);
        log_report_write(&report, &out);
        buf_put_char(&cli->out, '\n');
    } else {
        verified_write(&report, &cli->out);
    }
    if (!err && report.n_problems > 0)
        code = CLI_NO;
    log_report_done(&report);
    return code;
}

static enum cli_exit verify_url(struct cli *cli, const struct note_verifier *key)
{
    struct remote remote;
    enum cli_exit code = remote_open(cli, cli->argument, &remote);
    if (code)
        return code;
    const struct log_source source = remote_source(&remote);
    code = verify_log(cli, &source, true, key);
    remote_close(&remote);
    return code;
}

static bool is_there(const char *path, const char *below)
{
    char name[4096];
    struct stat status;
    int n = snprintf(name, sizeof name, "%s/%s", path, below);
    return n > 0 && (size_t)n < sizeof name && stat(name, &status) == 0;
}

/* An export is told by the file that says what it is. */
static bool is_export(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
        return true;
    return is_there(path, "export.json");
}

static bool is_store(const char *path)
{
    return is_there(path, "store/data.mdb") || is_there(path, "data.mdb");
}

static enum cli_exit verify_export(struct cli *cli, const struct note_verifier *key)
{
    struct files *files = NULL;
    enum ambit_err err = files_open(cli->argument, &files);
    if (err)
        return cli_fail(cli, err == AMBIT_ERR_DAMAGED ? CLI_NO : CLI_USAGE, "%s: %s", cli->argument,
                        err == AMBIT_ERR_MALFORMED ? "this is neither an export nor a tar of one"
                                                   : ambit_err_text(err));
    const struct log_source source = files_source(files);
    enum cli_exit code = verify_log(cli, &source, false, key);
    files_close(files);
    return code;
}

static enum cli_exit run_verify(struct cli *cli)
{
    struct note_verifier verifier;
    const struct note_verifier *key = NULL;
    const char *given = cli_get(cli, "key");
    if (given != NULL && verified_key(given, &verifier) != AMBIT_OK)
        return cli_usage(cli, "--key %s is neither a verifier key nor a file of one", given);
    if (given != NULL)
        key = &verifier;
    const char *segments = cli_get(cli, "segments");
    if (segments != NULL && !is_there(segments, "."))
        return cli_usage(cli, "--segments %s: there is no such folder", segments);
    if (cli_has(cli, "entry") && !prove_is_receipt(cli->argument))
        return cli_usage(cli, "--entry goes with a receipt, which %s is not", cli->argument);
    if (strncmp(cli->argument, "http://", 7) == 0 || strncmp(cli->argument, "https://", 8) == 0)
        return verify_url(cli, key);
    if (prove_is_receipt(cli->argument))
        return prove_verify(cli, key);
    if (is_export(cli->argument) && is_store(cli->argument))
        return cli_usage(cli,
                         "%s holds a store and an export.json: which is meant? Give the store's "
                         "own folder, or an export in a folder of its own",
                         cli->argument);
    return is_export(cli->argument) ? verify_export(cli, key) : verify_folder(cli, key);
}

const struct cli_verb audit_verify = {
    .name = "verify",
    .argument = "DIR|FILE|URL",
    .summary = "check the record, trusting nobody",
    .text =
        "Of an export (a folder or a tar), of a log by its URL, or of a store: hashes every event "
        "again, computes the tree and its root again and holds it against the signed checkpoint, "
        "and decides again, from its own inputs, what every event decided. Of a store also builds "
        "every table again from the events alone and compares. --key is the log's verifier key, "
        "from whom you trust: without it the key that lies beside the log is used, which proves "
        "nothing about who signed. A receipt (.tlog-proof) is judged with --key alone. A URL is "
        "the broker's, with the token of a person who may read "
        "everything. Exits 1 and names what differs.",
    .example = "ambit verify export.tar --key log.vkey",
    .options = {{"entry", "FILE", "of a receipt: its entry (beside it, FILE.entry, if not given)",
                 false, false},
                {"segments", "DIR", "of a store: where pruned events are, not segments/ beside it",
                 false, false},
                {"no-redecide", NULL, "do not decide again what the events decided", false, false},
                {"progress", NULL, "show progress although standard error is no terminal", false,
                 false},
                {NULL}},
    .run = run_verify,
};
