/* SPDX-License-Identifier: Apache-2.0 */
/* `backup`: asks a running broker for a copy of its record and waits for it, or makes one of a
 * folder whose broker does not run. `restore`: puts one in place. */
#include "cli/keep.h"

#include <time.h>

#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/answer.h"
#include "cli/reason.h"
#include "cli/show.h"
#include "core/backup_offline.h"
#include "core/restore.h"

enum { LOOK_EVERY_MS = 250, LOOKS_MAX = 4 * 3600 * 4 /* four hours */ };

/* ---- of a running broker --------------------------------------------------------------------- */

static enum cli_exit ask(struct cli *cli, struct ambit_str *ret_name)
{
    BUF_AUTO body = {.p = NULL};
    struct json_out out = {.buf = NULL};
    const struct json_value *answer = NULL;
    json_out_init(&out, &body, false);
    json_begin_object(&out);
    json_member_text(&out, "name", cli_get(cli, "name"));
    json_member_text(&out, "reason", cli_get(cli, "reason"));
    json_end_object(&out);
    if (buf_check(&body))
        return cli_fail(cli, CLI_USAGE, "out of memory");
    const struct answer_request request = {.path = "/v1/backups", .body = buf_str(&body)};
    enum cli_exit code = answer_ask(cli, &request, &answer);
    if (!code && answer)
        *ret_name = arena_copy(&cli->arena, json_get_str(answer, "name"));
    return code;
}

/* The backup of that name in the list; NULL while it is not whole. */
static const struct json_value *find(const struct json_value *answer, struct ambit_str name)
{
    const struct json_value *list = json_get(answer, "backups");
    for (const struct json_value *one = list ? list->first : NULL; one; one = one->next)
        if (ambit_str_eq(json_get_str(one, "name"), name))
            return one;
    return NULL;
}

static void show_backup(struct cli *cli, const struct json_value *backup)
{
    bool has_keys = ambit_str_is(show_member(&cli->arena, backup, "keys"), "true");
    const struct show_line lines[] = {
        {"backup", show_member(&cli->arena, backup, "name")},
        {"events", show_member(&cli->arena, backup, "size")},
        {"root", show_member(&cli->arena, backup, "root")},
        {"bytes", show_member(&cli->arena, backup, "bytes")},
        {"digest", show_member(&cli->arena, backup, "digest")},
        {"private keys", has_keys ? AMBIT_STR("in it: keep it as you keep keys")
                                  : AMBIT_STR("not in it: keep them elsewhere")},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
}

/* Looks until it is whole, or failed. */
static enum cli_exit wait_for(struct cli *cli, struct ambit_str name)
{
    const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
    bool wants_json = cli->wants_json;
    cli->wants_json = false;
    for (int looks = 0; looks < LOOKS_MAX; looks++) {
        const struct json_value *answer = NULL;
        enum cli_exit code =
            answer_ask(cli, &(struct answer_request){.path = "/v1/backups"}, &answer);
        if (code || !answer)
            return code;
        const struct json_value *whole = find(answer, name);
        const struct json_value *failed = json_get(answer, "failed");
        if (whole && wants_json) {
            struct json_out out = {.buf = NULL};
            json_out_init(&out, &cli->out, false);
            json_write_value(&out, whole);
            buf_put_char(&cli->out, '\n');
            return CLI_YES;
        }
        if (whole) {
            show_backup(cli, whole);
            return CLI_YES;
        }
        if (!json_get(answer, "copying") && failed &&
            ambit_str_eq(json_get_str(failed, "name"), name))
            return cli_fail(cli, CLI_NO, "no backup was made: %.*s",
                            AMBIT_STR_ARG(json_get_str(failed, "why")));
        if (!json_get(answer, "copying") && looks > 0)
            return cli_fail(cli, CLI_NO, "no backup was made: the broker knows nothing of it");
        (void)nanosleep(&pause, NULL);
    }
    return cli_fail(cli, CLI_UNREACHABLE, "it is still being made: look at GET /v1/backups");
}

/* ---- without a broker ------------------------------------------------------------------------ */

static enum cli_exit run_offline(struct cli *cli, const char *state)
{
    BUF_AUTO said = {.p = NULL};
    struct backup_manifest manifest;
    const struct backup_offline_plan plan = {.state = state,
                                             .out = cli_get(cli, "out"),
                                             .with_keys = cli_has(cli, "keys"),
                                             .version = AMBIT_VERSION,
                                             .now_ms = cli->now_ms};
    enum ambit_err err = backup_offline(&plan, &cli->arena, &manifest, &said);
    if (err)
        return cli_fail(
            cli, err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_NOT_FOUND ? CLI_USAGE : CLI_NO,
            "%.*s", AMBIT_STR_ARG(buf_str(&said)));
    BUF_AUTO text = {.p = NULL};
    const struct json_value *value = NULL;
    struct json_problem problem = {.line = 0};
    err = backup_manifest_write(&manifest, &text);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s", ambit_err_text(err));
    if (cli->wants_json) {
        buf_put_str(&cli->out, buf_str(&text));
        return CLI_YES;
    }
    err = json_read(buf_str(&text), (struct json_limits){0}, &cli->arena, &value, &problem);
    if (!err)
        show_backup(cli, value);
    return err ? cli_fail(cli, CLI_USAGE, "%s", ambit_err_text(err)) : CLI_YES;
}

static enum cli_exit run_backup(struct cli *cli)
{
    struct ambit_str name = {0};
    if (cli_get(cli, "out"))
        return cli_get(cli, "state") ? run_offline(cli, cli_get(cli, "state"))
                                     : cli_usage(cli, "of which folder? Give --state DIR");
    if (cli_has(cli, "keys"))
        return cli_usage(cli, "--keys goes with --out; a broker's own configuration says whether "
                              "keys are in its backups");
    enum cli_exit code =
        cli_get(cli, "reason") ? reason_check(cli) : cli_usage(cli, "why? Give --reason TEXT");
    if (!code)
        code = ask(cli, &name);
    return !code && name.p ? wait_for(cli, name) : code;
}

const struct cli_verb keep_backup = {
    .name = "backup",
    .summary = "copy the record and all state, while the broker runs or not",
    .text =
        "Asks the broker to copy its store as one moment has it into its folder of backups, and "
        "waits until it is whole; the copy is recorded. Private keys are in it only where the "
        "broker's configuration says so (backup.keys): keep them elsewhere. With --state and "
        "--out no broker is asked: it must not run, and the copy lies in FOLDER.",
    .example = "ambit backup --name before-upgrade --reason 'CHG-12' --token-file lee.token",
    .options = {{"name", "NAME", "of the backup; without it the time", false, false},
                {"reason", "TEXT", "why; it stands in the record", false, false},
                {"out", "FOLDER", "without a broker: the folder that becomes the backup", false,
                 false},
                {"keys", NULL, "with --out: private keys too", false, false},
                {NULL}},
    .run = run_backup,
};

/* ---- restore --------------------------------------------------------------------------------- */

static void put_lost(struct buf *out, const struct restore_report *report)
{
    buf_printf(out,
               "Lost are %llu events: %llu stops raised, %llu revocations, %llu erasures of "
               "personal data.\n",
               (unsigned long long)report->lost, (unsigned long long)report->lost_stops,
               (unsigned long long)report->lost_revocations,
               (unsigned long long)report->lost_erasures);
    for (size_t i = 0; i < report->n_stops; i++) {
        buf_put_text(out, report->stops[i].is_in_force ? "  in force, raise it again: "
                                                       : "  raised and cleared: ");
        show_escaped(out, report->stops[i].target);
        buf_put_text(out, ", by ");
        show_escaped(out, report->stops[i].by);
        buf_put_char(out, '\n');
    }
    if (report->lost_stops > report->n_stops)
        buf_printf(out, "  and %llu more stops\n",
                   (unsigned long long)(report->lost_stops - report->n_stops));
}

static void put_report(struct cli *cli, const struct restore_report *report)
{
    struct buf *out = &cli->out;
    const char *what = "";
    uint64_t newest = restore_newest(report, &what);
    for (size_t i = 0; i < report->n_known; i++)
        buf_printf(out, "%s: %llu events\n", report->known[i].what,
                   (unsigned long long)report->known[i].size);
    if (report->manifest.name.p)
        buf_printf(out, "the backup: %llu events\n", (unsigned long long)report->manifest.size);
    if (report->is_rollback && report->has_lost)
        put_lost(out, report);
    else if (report->is_rollback)
        buf_printf(out,
                   "Lost are at least %llu events, stops and revocations among them; which, "
                   "nothing here can tell.\n",
                   (unsigned long long)(newest - report->manifest.size));
    if (!report->is_done)
        return;
    if (report->aside.p)
        buf_printf(out, "the store that was there lies in %.*s\n", AMBIT_STR_ARG(report->aside));
    if (report->has_journal)
        buf_put_text(out, "its journal of stops was taken over\n");
    buf_put_text(out, report->is_rollback
                          ? "restored. Start it with ambitd --accept-rollback: it asks for the "
                            "same again\n"
                          : "restored\n");
}

static enum cli_exit run_restore(struct cli *cli)
{
    const char *scratch = cli_env(cli, "TMPDIR");
    struct restore_report report;
    const struct restore_plan plan = {.backup = cli->argument,
                                      .state = cli_get(cli, "state"),
                                      .scratch = scratch ? scratch : "/tmp",
                                      .witness = cli_get(cli, "witness"),
                                      .may_replace = cli_has(cli, "replace"),
                                      .without_verify = cli_has(cli, "no-verify"),
                                      .accept_rollback = cli_get(cli, "accept-rollback"),
                                      .now_ms = cli->now_ms};
    if (!plan.state)
        return cli_usage(cli, "into which folder? Give --state DIR");
    enum ambit_err err = restore_run(&plan, &report);
    if (cli->wants_json) {
        struct json_out out = {.buf = NULL};
        json_out_init(&out, &cli->out, false);
        restore_write_json(&report, &out);
        buf_put_char(&cli->out, '\n');
    } else {
        put_report(cli, &report);
    }
    enum cli_exit code = CLI_YES;
    if (err)
        code = cli_fail(cli, err == AMBIT_ERR_NOT_FOUND ? CLI_USAGE : CLI_NO, "not restored: %.*s",
                        AMBIT_STR_ARG(report.why));
    restore_done(&report);
    return code;
}

const struct cli_verb keep_restore = {
    .name = "restore",
    .argument = "BACKUP",
    .summary = "put a backup in place of a broker's store, with a check for rollback",
    .text = "Judges the backup (digest, pages, everything that ambit verify looks at), then holds "
            "it against the published checkpoint, the witness file and the store that is there. A "
            "backup that is behind any of them is refused, with both sizes and what would be lost, "
            "unless --accept-rollback says why. The broker must not run. A store that is there is "
            "moved aside, never deleted.",
    .example = "ambit restore /backup/2026-11-20 --state /var/lib/ambit --replace",
    .options = {{"replace", NULL, "a store is there: move it aside", false, false},
                {"witness", "FILE", "a copy of the published checkpoint elsewhere", false, false},
                {"accept-rollback", "REASON", "events since the backup are lost, and why", false,
                 false},
                {"no-verify", NULL, "do not verify the record in the backup first", false, false},
                {NULL}},
    .run = run_restore,
};
