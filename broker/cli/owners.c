/* SPDX-License-Identifier: Apache-2.0 */
/* `policy check`: the broker's own reader, check and engine, with no broker. */
#include "cli/owners.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/encode.h"
#include "cli/check_report.h"
#include "cli/cli.h"
#include "config/zones.h"

/* NAME.test.json beside NAME.json. */
static bool has_tests(void *ctx, const struct ambit_file *policy)
{
    (void)ctx;
    BUF_AUTO path = {.p = NULL};
    size_t stem = policy->path.len - strlen(".json");
    buf_put_str(&path, (struct ambit_str){.p = policy->path.p, .len = stem});
    buf_put_text(&path, ".test.json");
    buf_put_char(&path, '\0');
    return buf_check(&path) == AMBIT_OK && faccessat(AT_FDCWD, path.p, R_OK, 0) == 0;
}

static enum ambit_err find_warnings(int64_t now_ms, struct ambit_documents *documents,
                                    struct check_finding *ret)
{
    enum ambit_err err = ambit_policy_compile(documents, &ret->set);
    if (err)
        return err;

    err = alone_find(ret->set, now_ms, &ret->alone);
    if (err)
        return err;

    const struct ambit_check check = {.set = ret->set,
                                      .files = ret->folder.files,
                                      .n_files = ret->folder.n,
                                      .now_ms = now_ms,
                                      .has_tests = has_tests};
    return ambit_policy_warn(&check, &ret->problems);
}

/* MALFORMED: what is wrong is listed. */
static enum ambit_err find(const char *path, int64_t now_ms, struct check_finding *ret)
{
    ZONES_AUTO zones = NULL;
    enum ambit_err err = zones_open(NULL, &zones);
    if (err)
        return err;

    enum ambit_err folder_err = folder_read(path, &ret->problems, &ret->folder);
    if (folder_err && folder_err != AMBIT_ERR_MALFORMED)
        return folder_err;

    /* A link among the files does not hide what is wrong in the others. */
    struct ambit_documents *documents = NULL;
    const struct ambit_read_env env = folder_env(zones, now_ms);
    err = ambit_documents_read(ret->folder.files, ret->folder.n, &env, &ret->problems, &documents);
    if (!err && !folder_err)
        return find_warnings(now_ms, documents, ret);

    ambit_documents_free(documents);
    return err ? err : folder_err;
}

/* ---- the verb -------------------------------------------------------------------------------- */

typedef void put_finding(struct buf *out, const struct check_finding *finding);

static put_finding *format_of(const struct cli *cli)
{
    static const struct {
        const char *name;
        put_finding *put;
    } formats[] = {
        {"text", check_put_text},
        {"json", check_put_json},
        {"sarif", check_put_sarif},
        {"junit", check_put_junit},
    };
    const char *name = cli_get(cli, "format");
    if (!name)
        return cli->wants_json ? check_put_json : check_put_text;
    for (size_t i = 0; i < AMBIT_LEN(formats); i++) {
        if (streq(formats[i].name, name))
            return formats[i].put;
    }
    return NULL;
}

static enum cli_exit run_check(struct cli *cli)
{
    CHECK_FINDING_AUTO finding = {.set = NULL, .is_strict = cli_has(cli, "strict")};
    put_finding *put = format_of(cli);
    int64_t now_ms = cli->now_ms;
    const char *now = cli_get(cli, "now");
    if (!put)
        return cli_usage(cli, "--format is text, json, sarif or junit, not \"%s\"",
                         cli_get(cli, "format"));
    if (now && time_decode(ambit_str_of(now), &now_ms))
        return cli_usage(cli, "--now is a time like 2026-11-20T10:00:00Z, not \"%s\"", now);

    enum ambit_err err = find(cli->argument, now_ms, &finding);
    if (err && err != AMBIT_ERR_MALFORMED)
        return cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument, ambit_err_text(err));

    put(&cli->out, &finding);
    if (err)
        return CLI_USAGE;
    return finding.is_strict && check_n_warnings(&finding) > 0 ? CLI_NO : CLI_YES;
}

const struct cli_verb owners_policy_check = {
    .name = "policy check",
    .argument = "DIR",
    .summary = "check a folder of documents, with no broker",
    .text = "Reads people/, agents/, services/ and policies/ in DIR as the broker would and prints "
            "every mistake of every "
            "file: FILE:LINE:COLUMN: error: POINTER: what; expected what. Exits 2 when there is "
            "one. Of a valid set it warns of what is probably not meant (rules that can never "
            "apply, hard stops that cannot fire, order that matters ...), and says "
            "which rules a service may apply without asking the broker, and how late a stop can "
            "reach it then.",
    .example = "ambit policy check ambit-dev/documents",
    .options = {{"format", "FORMAT", "text (default), json, sarif or junit", false, false},
                {"strict", NULL, "exit 1 when there are warnings", false, false},
                {"now", "TIME", "judge dates as of then (default: now)", false, false},
                {NULL}},
    .run = run_check,
};
