/* SPDX-License-Identifier: Apache-2.0 */
/* `policy check`: the broker's own reader, check and engine, with no broker. */
#include "cli/owners.h"

#include "base/json_write.h"
#include "cli/alone.h"
#include "cli/show.h"
#include "config/folder.h"
#include "policy/problem.h"

/* What one check found. `set` is NULL when the documents are not valid. */
struct finding {
    struct ambit_problems problems;
    struct ambit_policy_set *set;
    struct alone_rules alone;
};

static void finding_done(struct finding *finding)
{
    ambit_problems_done(&finding->problems);
    ambit_policy_set_free(finding->set);
    alone_done(&finding->alone);
}

static enum ambit_err find(const char *folder, int64_t now_ms, struct finding *ret)
{
    struct ambit_documents *documents = NULL;
    enum ambit_err err = folder_load(folder, now_ms, &ret->problems, &documents);
    if (err)
        return err;

    err = ambit_policy_compile(documents, &ret->set);
    return err ? err : alone_find(ret->set, now_ms, &ret->alone);
}

/* {"policy","rule","stop_reaches_within_s"} */
static void put_alone(struct json_out *out, const struct alone_rules *alone)
{
    json_key(out, "alone");
    json_begin_array(out);
    for (size_t i = 0; i < alone->n; i++) {
        json_begin_object(out);
        json_member_str(out, "policy", alone->v[i].policy);
        json_member_str(out, "rule", alone->v[i].rule);
        json_key(out, "stop_reaches_within_s");
        json_i64(out, alone->v[i].within_s);
        json_end_object(out);
    }
    json_end_array(out);
}

static void put_json(struct cli *cli, const struct finding *finding)
{
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &cli->out, false);
    json_begin_object(&out);
    json_key(&out, "ok");
    json_bool(&out, finding->set != NULL);
    if (finding->set) {
        json_key(&out, "documents");
        json_digest(&out, ambit_policy_documents(finding->set)->digest);
    }
    json_key(&out, "problems");
    json_begin_array(&out);
    for (size_t i = 0; i < finding->problems.n; i++)
        problem_write_json(&out, &finding->problems.v[i]);
    json_end_array(&out);
    if (finding->set)
        put_alone(&out, &finding->alone);
    json_end_object(&out);
    buf_put_char(&cli->out, '\n');
}

static void put_lines(struct cli *cli, const struct finding *finding)
{
    for (size_t i = 0; i < finding->problems.n; i++)
        show_problem(&cli->out, &finding->problems.v[i]);
    if (!finding->set)
        return;

    const struct ambit_documents *documents = ambit_policy_documents(finding->set);
    for (size_t i = 0; i < finding->alone.n; i++) {
        const struct alone_rule *rule = &finding->alone.v[i];
        buf_printf(&cli->out,
                   "%.*s/%.*s: a service may decide this alone; a stop reaches it when the token "
                   "ends, after %llds at most\n",
                   AMBIT_STR_ARG(rule->policy), AMBIT_STR_ARG(rule->rule),
                   (long long)rule->within_s);
    }
    buf_printf(&cli->out, "%zu people, %zu agents, %zu services, %zu policies: valid\n",
               documents->n_people, documents->n_agents, documents->n_services,
               documents->n_policies);
}

static enum cli_exit run_check(struct cli *cli)
{
    AMBIT_CLEANUP(finding_done) struct finding finding = {.set = NULL};
    enum ambit_err err = find(cli->argument, cli->now_ms, &finding);
    if (err && err != AMBIT_ERR_MALFORMED)
        return cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument, ambit_err_text(err));

    if (cli->wants_json)
        put_json(cli, &finding);
    else
        put_lines(cli, &finding);
    return err ? CLI_USAGE : CLI_YES;
}

const struct cli_verb owners_policy_check = {
    .name = "policy check",
    .argument = "DIR",
    .summary = "check a folder of documents, with no broker",
    .text = "Reads people/, agents/, services/ and policies/ in DIR as the broker would and prints "
            "every mistake of every "
            "file: FILE:LINE:COLUMN: error: POINTER: what; expected what. Exits 2 when there is "
            "one. Of a valid set it says "
            "which rules a service may apply without asking the broker, and how late a stop can "
            "reach it then.",
    .example = "ambit policy check ambit-dev/documents",
    .options = {{NULL}},
    .run = run_check,
};
