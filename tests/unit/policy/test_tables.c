/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an agent that lists many policies, and asks tables which of them, and which of their hard
 * stops, have anything to say, gets the answers of one that asks them all. Random rules, never
 * rules, hard stops and questions. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/compiled.h"

enum { POLICIES = 6, SETS = 60, QUESTIONS = 300, BODY = 4096 };

static uint64_t seed = 88172645463325252ULL;

static size_t pick(size_t n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (size_t)(seed >> 11) % n;
}

static const char *any_of(const char *const *v, size_t n)
{
    return v[pick(n)];
}

static const char *random_action(void)
{
    static const char *const v[] = {"a.b", "a.c", "a.*", "a.**", "b", "**", "*.b", "**.c"};
    return any_of(v, AMBIT_LEN(v));
}

static const char *random_resource(void)
{
    static const char *const v[] = {"svc:x/1",  "svc:x/*",  "svc:x/**", "svc:**",   "svc:*/1",
                                    "svc:y/**", "svc:**/1", "db:x/1",   "svc:x/1/z"};
    return any_of(v, AMBIT_LEN(v));
}

/* Some with patterns of both kinds, of one, of none; few that fire at once. */
static size_t random_stop(char *body, size_t room, size_t i)
{
    static const char *const on[] = {"attempted", "denied", "allowed", "granted"};
    char actions[64] = "", resources[64] = "";
    if (pick(2))
        (void)snprintf(actions, sizeof actions, "'actions':['%s'],", random_action());
    if (pick(4))
        (void)snprintf(resources, sizeof resources, "'resources':['%s'],", random_resource());
    return (size_t)snprintf(body, room, "%s{'id':'s%zu','on':'%s',%s%s%s'then':'suspend_agent'}",
                            i ? "," : "", i, any_of(on, AMBIT_LEN(on)), actions, resources,
                            pick(12) ? "'count':9,'within':'1m'," : "");
}

static void random_body(char body[BODY])
{
    size_t len = (size_t)snprintf(body, BODY, "'allow':[");
    for (size_t i = 0, n = 1 + pick(4); i < n; i++)
        len += (size_t)snprintf(body + len, BODY - len,
                                "%s{'id':'r%zu','actions':['%s'],'resources':['%s'],'ttl':{'max':"
                                "'1h'}}",
                                i ? "," : "", i, random_action(), random_resource());
    len += (size_t)snprintf(body + len, BODY - len, "],");
    if (pick(3) == 0)
        len += (size_t)snprintf(body + len, BODY - len,
                                "'never':[{'id':'n','actions':['%s'],'resources':['%s']}],",
                                random_action(), random_resource());
    len += (size_t)snprintf(body + len, BODY - len, "'hard_stops':[");
    for (size_t i = 0, n = 1 + pick(5); i < n; i++)
        len += random_stop(body + len, BODY - len, i);
    (void)snprintf(body + len, BODY - len, "]");
}

struct outcome {
    enum ambit_reason reason;
    struct ambit_str policy, rule;
    size_t n_given, n_except, n_trips, n_charges;
    struct ambit_str first_trip;
};

static struct outcome ask(struct lab *lab, const struct ambit_item *item, bool is_grant)
{
    struct ambit_grant_question question = lab_question(item, 1);
    if (is_grant) {
        lab_decide_grant(lab, &question);
    } else {
        const struct compiled_agent *agent = compiled_agent_find(lab->set, AMBIT_STR("remediator"));
        struct ambit_given given = {.action = AMBIT_STR("**"),
                                    .resource = AMBIT_STR("svc:**"),
                                    .policy = agent->policies[POLICIES - 1].policy->name,
                                    .rule = AMBIT_STR("r0")};
        struct ambit_grant_view grant = {.agent = AMBIT_STR("remediator"),
                                         .owner = AMBIT_STR("dana"),
                                         .team = AMBIT_STR("payments"),
                                         .audience = LAB_AUDIENCE,
                                         .issued_ms = LAB_NOW_MS,
                                         .expires_ms = LAB_NOW_MS + 60000,
                                         .items = &given,
                                         .n_items = 1};
        struct ambit_action_question action = {.now_ms = LAB_NOW_MS,
                                               .grant = &grant,
                                               .service = AMBIT_STR("payments-api"),
                                               .action = item->action,
                                               .resource = item->resource};
        lab_decide_action(lab, &action);
    }
    return (struct outcome){.reason = lab->d.reason,
                            .policy = lab->d.policy,
                            .rule = lab->d.rule,
                            .n_given = lab->d.n_given,
                            .n_except = lab->d.n_except,
                            .n_trips = lab->d.n_trips,
                            .n_charges = lab->d.n_charges,
                            .first_trip =
                                lab->d.n_trips ? lab->d.trips[0].id : (struct ambit_str){0}};
}

static struct lab lab;
static size_t n_allowed, n_excepted, n_tripped;

/* The agent's policies as if nothing told that they have nothing to say. */
static const struct listed_policy *told_nothing(const struct compiled_agent *agent)
{
    static struct listed_policy listed[POLICIES];
    static struct compiled_policy copies[POLICIES];
    static const struct index_begins any = {UINT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < agent->n_policies; i++) {
        copies[i] = *agent->policies[i].policy;
        copies[i].stops_everywhere = UINT64_MAX;
        listed[i] = agent->policies[i];
        listed[i].policy = &copies[i];
        listed[i].rules = listed[i].never = listed[i].stops = any;
        listed[i].hears = listed[i].hears_anywhere = UINT8_MAX;
    }
    return listed;
}

static void compare(const struct ambit_item *item, bool is_grant)
{
    struct compiled_agent *agent =
        (struct compiled_agent *)(uintptr_t)compiled_agent_find(lab.set, AMBIT_STR("remediator"));
    const struct compiled_tables *tables = agent->tables;
    assert_non_null(tables);
    struct outcome with = ask(&lab, item, is_grant);
    const struct listed_policy *policies = agent->policies;
    agent->policies = told_nothing(agent);
    agent->tables = NULL;
    struct outcome without = ask(&lab, item, is_grant);
    agent->tables = tables;
    agent->policies = policies;
    if (with.reason != without.reason || !ambit_str_eq(with.policy, without.policy) ||
        !ambit_str_eq(with.rule, without.rule) || with.n_given != without.n_given ||
        with.n_except != without.n_except || with.n_trips != without.n_trips ||
        with.n_charges != without.n_charges || !ambit_str_eq(with.first_trip, without.first_trip))
        fail_msg("%.*s %.*s: %s by %.*s, without the table %s by %.*s", AMBIT_STR_ARG(item->action),
                 AMBIT_STR_ARG(item->resource), ambit_reason_text(with.reason),
                 AMBIT_STR_ARG(with.rule), ambit_reason_text(without.reason),
                 AMBIT_STR_ARG(without.rule));
    n_allowed += with.reason == AMBIT_REASON_ALLOWED;
    n_excepted += with.n_except > 0;
    n_tripped += with.n_trips > 0;
}

static void test_tables(void **state)
{
    static char bodies[POLICIES][BODY];
    static const char *const names[POLICIES] = {"p0", "p1", "p2", "p3", "p4", "p5"};
    (void)state;
    for (size_t s = 0; s < SETS; s++) {
        struct lab_policy policies[POLICIES];
        for (size_t p = 0; p < POLICIES; p++) {
            random_body(bodies[p]);
            policies[p] = (struct lab_policy){.name = names[p], .head = "", .body = bodies[p]};
        }
        lab_open(&lab, policies, POLICIES);
        for (size_t i = 0; i < QUESTIONS; i++) {
            struct ambit_item item = {ambit_str_of(random_action()),
                                      ambit_str_of(random_resource())};
            compare(&item, true);
            if (!memchr(item.action.p, '*', item.action.len) &&
                !memchr(item.resource.p, '*', item.resource.len))
                compare(&item, false);
        }
        lab_close(&lab);
    }
    assert_true(n_allowed > SETS * QUESTIONS / 20 && n_excepted > SETS && n_tripped > SETS);
}

#define RULE_OF(id)       \
    "'allow':[{'id':'" id \
    "','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'1h'}}]," LAB_QUIET

/* Agents that list the same policies in the same order have one table; few policies have none. */
static void test_shared(void **state)
{
    static const char *const people[] = {"dana", "sam", NULL};
    static const struct lab_policy policies[] = {{"p0", "", RULE_OF("a")},
                                                 {"p1", "", RULE_OF("b")},
                                                 {"p2", "", RULE_OF("c")},
                                                 {"p3", "", RULE_OF("d")}};
    static const struct lab_agent agents[] = {
        {"one", "dana", "sam", "'p0','p1','p2','p3'", ""},
        {"two", "dana", "sam", "'p0','p1','p2','p3'", ""},
        {"third", "dana", "sam", "'p1','p0','p2','p3'", ""},
        {"few", "dana", "sam", "'p0','p1','p2'", ""},
    };
    static const struct lab_documents documents = {people, agents, AMBIT_LEN(agents), policies,
                                                   AMBIT_LEN(policies)};
    const struct compiled_tables *tables[AMBIT_LEN(agents)];
    (void)state;
    lab_open_agents(&lab, &documents);
    for (size_t i = 0; i < AMBIT_LEN(agents); i++)
        tables[i] = compiled_agent_find(lab.set, ambit_str_of(agents[i].name))->tables;
    assert_non_null(tables[0]);
    assert_ptr_equal(tables[0], tables[1]);
    assert_non_null(tables[2]);
    assert_ptr_not_equal(tables[0], tables[2]);
    assert_null(tables[3]);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables),
                                       cmocka_unit_test(test_shared)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
