/* SPDX-License-Identifier: Apache-2.0 */
/* `policy check`: the broker's own reader and check, with no broker. */
#include "cli/owners.h"

#include "base/json_write.h"
#include "config/folder.h"
#include "cli/show.h"
#include "policy/problem.h"

static void free_documents(struct ambit_documents **documents)
{
    ambit_documents_free(*documents);
}

static void put_json(struct cli *cli, const struct ambit_problems *problems,
                     const struct ambit_documents *documents)
{
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &cli->out, false);
    json_begin_object(&out);
    json_key(&out, "ok");
    json_bool(&out, documents != NULL);
    if (documents) {
        json_key(&out, "documents");
        json_digest(&out, documents->digest);
    }
    json_key(&out, "problems");
    json_begin_array(&out);
    for (size_t i = 0; i < problems->n; i++)
        problem_write_json(&out, &problems->v[i]);
    json_end_array(&out);
    json_end_object(&out);
    buf_put_char(&cli->out, '\n');
}

static void put_lines(struct cli *cli, const struct ambit_problems *problems,
                      const struct ambit_documents *documents)
{
    for (size_t i = 0; i < problems->n; i++)
        show_problem(&cli->out, &problems->v[i]);
    if (documents)
        buf_printf(&cli->out, "%zu people, %zu agents, %zu services, %zu policies: valid\n",
                   documents->n_people, documents->n_agents, documents->n_services,
                   documents->n_policies);
}

static enum cli_exit run_check(struct cli *cli)
{
    struct ambit_problems problems = {.v = NULL};
    AMBIT_CLEANUP(free_documents) struct ambit_documents *documents = NULL;
    enum ambit_err err = folder_load(cli->argument, cli->now_ms, &problems, &documents);
    if (err && err != AMBIT_ERR_MALFORMED) {
        ambit_problems_done(&problems);
        return cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument, ambit_err_text(err));
    }

    if (cli->wants_json)
        put_json(cli, &problems, documents);
    else
        put_lines(cli, &problems, documents);
    ambit_problems_done(&problems);
    return err ? CLI_USAGE : CLI_YES;
}

const struct cli_verb owners_policy_check = {
    .name = "policy check",
    .argument = "DIR",
    .summary = "check a folder of documents, with no broker",
    .text =
        "Reads people/, agents/, services/ and policies/ in DIR as the broker would and prints "
        "every mistake of every "
        "file: FILE:LINE:COLUMN: error: POINTER: what; expected what. Exits 2 when there is one.",
    .example = "ambit policy check ambit-dev/documents",
    .options = {{NULL}},
    .run = run_check,
};
