/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers for an agent, and who stands behind a version of a policy. */
#include "base/encode.h"
#include "base/json_read.h"
#include "cli/trace.h"
#include "cli/tree.h"

struct tree_node *tree_line(const struct trace_view *view, struct tree_node *above,
                            struct buf *line)
{
    struct tree_node *node = tree_add(view->arena, above, line);
    buf_reset(line);
    return node;
}

const struct json_value *trace_find(const struct json_value *list, const char *member,
                                    struct ambit_str value)
{
    for (const struct json_value *one = list ? list->first : NULL; one && value.p; one = one->next)
        if (ambit_str_eq(json_get_str(one, member), value))
            return one;
    return NULL;
}

const struct json_value *trace_event(const struct trace_view *view, int64_t seq)
{
    const struct json_value *events = json_get(view->answer, "events");
    for (const struct json_value *one = events ? events->first : NULL; one; one = one->next) {
        int64_t other = 0;
        if (json_get_i64(one, "seq", &other) && other == seq)
            return one;
    }
    return NULL;
}

/* ---- confirmations ------------------------------------------------------------------------- */

/* " by word on … : "…"" */
static void say_confirmation(const struct trace_view *view, struct buf *line,
                             const struct json_value *confirmation)
{
    bool is_signed = ambit_str_is(json_get_str(confirmation, "how"), "signature");
    buf_put_text(line, is_signed ? "confirmed by SSH signature " : "confirmed by word ");
    say_time(line, view, json_get_str(confirmation, "at"));
    say_quoted(line, ": ", confirmation, "words");
    if (!json_get_str(confirmation, "file").p)
        return;
    buf_put_text(line, ", over the file ");
    say_digest(line, json_get_str(confirmation, "file"));
}

/* The latest of this person, which is not of a removal. */
static const struct json_value *confirmation_of(const struct json_value *list,
                                                struct ambit_str person)
{
    const struct json_value *found = NULL;
    for (const struct json_value *one = list ? list->first : NULL; one; one = one->next)
        if (ambit_str_eq(json_get_str(one, "person"), person) && !json_get(one, "removal"))
            found = one;
    return found;
}

static void put_person(const struct trace_view *view, struct tree_node *above, const char *what,
                       struct ambit_str person, const struct json_value *confirmations)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *said = confirmation_of(confirmations, person);
    buf_put_text(&line, what);
    say(&line, person);
    buf_put_text(&line, ": ");
    if (said)
        say_confirmation(view, &line, said);
    else
        buf_put_text(&line, "NOT CONFIRMED");
    (void)tree_line(view, above, &line);
}

/* ---- agents -------------------------------------------------------------------------------- */

static void put_attested(const struct trace_view *view, struct tree_node *above,
                         const struct json_value *agent)
{
    BUF_AUTO line = {.p = NULL};
    struct ambit_str until = json_get_str(agent, "attested_until");
    const struct json_value *said =
        confirmation_of(json_get(agent, "confirmations"), json_get_str(agent, "owner"));
    if (said) {
        say_member(&line, "", said, "person");
        buf_put_text(&line, " stands by it: ");
        say_confirmation(view, &line, said);
        (void)tree_line(view, above, &line);
    }
    if (!until.p)
        return;
    bool is_never = ambit_str_is(until, "never");
    buf_put_text(&line, is_never ? "NOT attested by its owner" : "attested until ");
    if (!is_never)
        say_time(&line, view, until);
    if (json_get(agent, "unattested"))
        buf_put_text(&line, is_never ? ", which is only recorded here"
                                     : ": LAPSED when it was used, which is only recorded here");
    (void)tree_line(view, above, &line);
}

static void put_agent(const struct trace_view *view, struct tree_node *root,
                      const struct json_value *agent)
{
    BUF_AUTO line = {.p = NULL};
    say_member(&line, "agent ", agent, "agent");
    struct tree_node *node = tree_line(view, root, &line);
    say_member(&line, "", agent, "owner");
    say_member(&line, " (", agent, "name");
    say_member(&line, ", team ", agent, "team");
    buf_put_text(&line, json_get_str(agent, "name").p ? ") answers for it" : " answers for it");
    say_member(&line, "; backup ", agent, "backup");
    (void)tree_line(view, node, &line);
    const struct json_value *made = json_get(agent, "provenance");
    if (json_get_str(made, "tool").p) {
        say_member(&line, "made of ", made, "tool");
        say_member(&line, " ", made, "version");
        say_member(&line, ", model ", made, "model");
        (void)tree_line(view, node, &line);
    }
    put_attested(view, node, agent);
}

void tree_people(const struct trace_view *view, struct tree_node *root)
{
    const struct json_value *agents = json_get(view->answer, "agents");
    for (const struct json_value *one = agents ? agents->first : NULL; one; one = one->next)
        put_agent(view, root, one);
}

/* ---- policies ------------------------------------------------------------------------------ */

static void put_written(const struct trace_view *view, struct tree_node *above,
                        const struct json_value *review)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *by = json_get(review, "generated_by");
    say_member(&line, "written by ", review, "authored_by");
    say_member(&line, " with ", by, "tool");
    say_member(&line, " (", by, "model");
    buf_put_text(&line, json_get_str(by, "model").p ? ")" : "");
    say_member(&line, ", ticket ", review, "ticket");
    if (json_get_str(review, "replaces").p) {
        buf_put_text(&line, ", in place of version ");
        say_digest(&line, json_get_str(review, "replaces"));
    }
    (void)tree_line(view, above, &line);
}

static bool is_named(const struct json_value *policy, struct ambit_str person)
{
    const struct json_value *review = json_get(policy, "review");
    const struct json_value *reviewers = json_get(review, "reviewed_by");
    bool is_one = ambit_str_eq(json_get_str(review, "accepted_by"), person) ||
                  ambit_str_eq(json_get_str(policy, "owner"), person);
    for (const struct json_value *one = reviewers ? reviewers->first : NULL; one; one = one->next)
        is_one = is_one || ambit_str_eq(one->text, person);
    return is_one;
}

/* Those whom the policy names, and whoever else confirmed it. */
static void put_review(const struct trace_view *view, struct tree_node *above,
                       const struct json_value *policy)
{
    const struct json_value *review = json_get(policy, "review");
    const struct json_value *said = json_get(policy, "confirmations");
    const struct json_value *reviewers = json_get(review, "reviewed_by");
    struct ambit_str accepted = json_get_str(review, "accepted_by"),
                     owner = json_get_str(policy, "owner");
    put_written(view, above, review);
    put_person(view, above, "accepted by ", accepted, said);
    for (const struct json_value *one = reviewers ? reviewers->first : NULL; one; one = one->next)
        put_person(view, above, "reviewed by ", one->text, said);
    bool is_owner_told = ambit_str_eq(owner, accepted);
    if (!is_owner_told && confirmation_of(said, owner))
        put_person(view, above, "its owner ", owner, said);
    for (const struct json_value *one = said ? said->first : NULL; one; one = one->next) {
        struct ambit_str person = json_get_str(one, "person");
        if (!is_named(policy, person) && confirmation_of(said, person) == one)
            put_person(view, above, "and ", person, said);
    }
}

static void put_policy(const struct trace_view *view, struct tree_node *root,
                       const struct json_value *policy)
{
    BUF_AUTO line = {.p = NULL};
    say_member(&line, "policy ", policy, "policy");
    buf_put_text(&line, ", version ");
    say_digest(&line, json_get_str(policy, "digest"));
    say_member(&line, ", tier ", policy, "tier");
    say_member(&line, ", owner ", policy, "owner");
    struct tree_node *node = tree_line(view, root, &line);
    if (json_get_str(policy, "activated_at").p) {
        say_time_member(&line, "in force since ", view, policy, "activated_at");
        say_member(&line, ", taken up by ", policy, "activated_by");
    }
    const struct json_value *in_force = json_get(policy, "in_force");
    if (in_force && in_force->kind == JSON_FALSE)
        buf_put_text(&line, line.len ? "; NOT in force any more" : "NOT in force any more");
    if (line.len)
        (void)tree_line(view, node, &line);
    if (json_get(policy, "review"))
        put_review(view, node, policy);
}

void tree_policies(const struct trace_view *view, struct tree_node *root)
{
    const struct json_value *policies = json_get(view->answer, "policies");
    for (const struct json_value *one = policies ? policies->first : NULL; one; one = one->next)
        put_policy(view, root, one);
}
