/* SPDX-License-Identifier: Apache-2.0 */
/* What `policy check` found, for people and as JSON; and what all forms share. */
#include "cli/check_report.h"

#include "base/json_write.h"
#include "cli/show.h"
#include "policy/problem.h"

void check_finding_done(struct check_finding *finding)
{
    ambit_problems_done(&finding->problems);
    ambit_policy_set_free(finding->set);
    alone_done(&finding->alone);
    folder_done(&finding->folder);
}

const struct ambit_file *check_file_of(const struct check_finding *finding, struct ambit_str path)
{
    for (size_t i = 0; i < finding->folder.n; i++) {
        if (ambit_str_eq(finding->folder.files[i].path, path))
            return &finding->folder.files[i];
    }
    return NULL;
}

const struct ambit_file *check_file_of_policy(const struct check_finding *finding,
                                              struct ambit_str policy)
{
    for (size_t i = 0; i < finding->folder.n; i++) {
        const struct ambit_file *file = &finding->folder.files[i];
        if (file->kind == AMBIT_KIND_POLICY && ambit_str_eq(file->name, policy))
            return file;
    }
    return NULL;
}

void check_write_alone(struct buf *out, const struct alone_rule *rule)
{
    buf_printf(out,
               "a service may decide this alone; a stop reaches it when the token ends, after "
               "%llds at most",
               (long long)rule->within_s);
}

void check_write_message(struct buf *out, const struct ambit_problem *problem)
{
    buf_put_str(out, problem->what);
    buf_put_text(out, "; expected ");
    buf_put_str(out, problem->expected);
    if (problem->nearest.p)
        buf_printf(out, "; did you mean \"%.*s\"?", AMBIT_STR_ARG(problem->nearest));
    if (problem->action.p || problem->resource.p)
        buf_printf(out, "; for example %.*s%s%.*s", AMBIT_STR_ARG(problem->action),
                   problem->action.p && problem->resource.p ? " " : "",
                   AMBIT_STR_ARG(problem->resource));
}

void check_put_text(struct buf *out, const struct check_finding *finding)
{
    for (size_t i = 0; i < finding->problems.n; i++)
        show_problem(out, &finding->problems.v[i]);
    if (!finding->set)
        return;

    const struct ambit_documents *documents = ambit_policy_documents(finding->set);
    for (size_t i = 0; i < finding->alone.n; i++) {
        const struct alone_rule *rule = &finding->alone.v[i];
        buf_printf(out, "%.*s/%.*s: ", AMBIT_STR_ARG(rule->policy), AMBIT_STR_ARG(rule->rule));
        check_write_alone(out, rule);
        buf_put_char(out, '\n');
    }
    size_t n = check_n_warnings(finding);
    buf_printf(out, "%zu people, %zu agents, %zu services, %zu policies: valid",
               documents->n_people, documents->n_agents, documents->n_services,
               documents->n_policies);
    if (n > 0)
        buf_printf(out, ", %zu warning%s", n, n == 1 ? "" : "s");
    buf_put_char(out, '\n');
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

void check_put_json(struct buf *buf, const struct check_finding *finding)
{
    struct json_out out = {.buf = NULL};
    json_out_init(&out, buf, false);
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
    buf_put_char(buf, '\n');
}
