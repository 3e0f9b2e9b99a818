/* SPDX-License-Identifier: Apache-2.0 */
/* What was never tried: the tests of a folder of documents are run as `policy test` does, and what
 * no case reaches is told. A policy without tests has everything untested. */
#include "cli/report.h"

#include "ambit/policy_test.h"
#include "base/json_write.h"
#include "cli/show.h"
#include "config/folder.h"

struct untested {
    struct cli *cli;
    struct ambit_problems problems;
    struct ambit_policy_set *set;
    struct folder tests;
    struct json_out out;
    size_t n, of;
};

static void untested_done(struct untested *u)
{
    ambit_problems_done(&u->problems);
    ambit_policy_set_free(u->set);
    folder_done(&u->tests);
}

static void put_part(struct untested *u, struct ambit_str policy, enum ambit_test_part part,
                     struct ambit_str id)
{
    json_begin_object(&u->out);
    json_member_str(&u->out, "policy", policy);
    json_member_text(&u->out, "part", ambit_test_part_text(part));
    json_member_str(&u->out, "id", id);
    json_end_object(&u->out);
    u->n++;
}

static void put_all(struct untested *u, const struct ambit_policy *policy)
{
    for (size_t i = 0; i < policy->n_rules; i++)
        put_part(u, policy->doc.name, AMBIT_PART_RULE, policy->rules[i].id);
    for (size_t i = 0; i < policy->n_never; i++)
        put_part(u, policy->doc.name, AMBIT_PART_NEVER, policy->never[i].id);
    for (size_t i = 0; i < policy->n_hard_stops; i++)
        put_part(u, policy->doc.name, AMBIT_PART_HARD_STOP, policy->hard_stops[i].id);
    u->of += policy->n_rules + policy->n_never + policy->n_hard_stops;
}

/* Tests that cannot be run reach nothing. */
static enum ambit_err put_policy(struct untested *u, const struct ambit_policy *policy)
{
    for (size_t i = 0; i < u->tests.n; i++) {
        const struct ambit_file *file = &u->tests.files[i];
        struct ambit_test_report report = {.n_cases = 0};
        struct ambit_test_problem problem;
        if (!ambit_str_eq(file->name, policy->doc.name))
            continue;
        enum ambit_err err = ambit_policy_test(u->set, file->name, file->bytes, u->cli->now_ms,
                                               &u->cli->arena, &report, &problem);
        if (err == AMBIT_ERR_MALFORMED)
            break;
        for (size_t k = 0; err == AMBIT_OK && k < report.n_reach; k++)
            if (!report.reach[k].is_reached)
                put_part(u, policy->doc.name, report.reach[k].part, report.reach[k].id);
        u->of += report.n_reach;
        return err;
    }
    put_all(u, policy);
    return AMBIT_OK;
}

static enum ambit_err put(struct untested *u)
{
    const struct ambit_documents *documents = ambit_policy_documents(u->set);
    enum ambit_err err = AMBIT_OK;
    json_begin_object(&u->out);
    json_key(&u->out, "parts");
    json_begin_array(&u->out);
    for (size_t i = 0; err == AMBIT_OK && i < documents->n_policies; i++)
        err = put_policy(u, &documents->policies[i]);
    json_end_array(&u->out);
    json_key(&u->out, "n");
    json_i64(&u->out, (int64_t)u->n);
    json_key(&u->out, "of");
    json_i64(&u->out, (int64_t)u->of);
    if (u->of > 0) {
        json_key(&u->out, "per_10000");
        json_i64(&u->out, (int64_t)(u->n * 10000 / u->of));
    }
    json_end_object(&u->out);
    return err;
}

enum cli_exit report_untested(struct cli *cli, const char *folder, struct buf *json)
{
    AMBIT_CLEANUP(untested_done) struct untested u = {.cli = cli};
    struct ambit_documents *documents = NULL;
    json_out_init(&u.out, json, false);
    enum ambit_err err = folder_load(folder, cli->now_ms, &u.problems, &documents);
    if (!err)
        err = ambit_policy_compile(documents, &u.set);
    if (!err)
        err = folder_read_tests(folder, &u.problems, &u.tests);
    for (size_t i = 0; err == AMBIT_ERR_MALFORMED && i < u.problems.n; i++)
        show_problem(&cli->errors, &u.problems.v[i]);
    if (!err)
        err = put(&u);
    if (!err)
        err = buf_check(json);
    return err ? cli_fail(cli, CLI_USAGE, "%s: %s", folder, ambit_err_text(err)) : CLI_YES;
}
