/* SPDX-License-Identifier: Apache-2.0 */
/* `verify`: the record judged without its broker. */
#include "core/verify.h"

#include "base/json_write.h"
#include "cli/audit.h"
#include "cli/show.h"

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
    buf_printf(out, "table %s", problem->table);
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

    buf_printf(out, "%llu events, root sha256:", (unsigned long long)report->events);
    buf_put_hex(out, report->root.b, sizeof report->root.b);
    if (is_sound)
        buf_put_text(out, ": the record holds\n");
    else
        buf_printf(out, ": DAMAGED, %zu differences\n", report->n_problems);
}

static enum cli_exit run_verify(struct cli *cli)
{
    struct verify_report report = {.events = 0};
    const char *scratch = cli_env(cli, "TMPDIR");
    enum ambit_err err = verify_store(cli->argument, scratch != NULL ? scratch : "/tmp", &report);
    if (err && err != AMBIT_ERR_DAMAGED) {
        verify_done(&report);
        return cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument,
                        err == AMBIT_ERR_NOT_FOUND ? "there is no store here"
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

const struct cli_verb audit_verify = {
    .name = "verify",
    .argument = "DIR",
    .summary = "check the record, offline, trusting nobody",
    .text = "Hashes every event again, computes the tree and its root again, builds every table "
            "again from the events "
            "alone and compares, and looks for every document an event names. DIR is a state "
            "folder or its store/, or a "
            "copy of either. Exits 1 and names event, table and key of each difference.",
    .example = "ambit verify /var/lib/ambit",
    .options = {{NULL}},
    .run = run_verify,
};
