/* SPDX-License-Identifier: Apache-2.0 */
/* Properties over random documents, figures and questions: a decision replayed from its figures and
 * used stops is the same; adding a `never`, a hard stop or a stop in force never opens anything;
 * what is given lies inside what was asked. Seeds are fixed: a failure names its own. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { SETS = 600, QUESTIONS = 60 };

static struct lab base, more;
static uint64_t seed;

static size_t pick(size_t n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (size_t)(seed >> 11) % n;
}

static const char *one_of(const char *const *words, size_t n)
{
    return words[pick(n)];
}
#define ONE_OF(words) one_of(words, AMBIT_LEN(words))

static const char *const action_patterns[] = {"a.b", "a.*", "a.**", "**", "*.b", "b.c"};
static const char *const action_names[] = {"a.b", "a.c", "b.b", "b.c", "a"};
static const char *const resource_patterns[] = {"svc:**",   "svc:x/**", "svc:*/y", "svc:x/y",
                                                "svc:x/y*", "db:**",    "db:p/*"};
static const char *const resource_names[] = {"svc:x/y", "svc:x/yz", "svc:z/y", "db:p/q", "db:r"};
static const char *const conditions[] = {
    "",
    "",
    "",
    ",'when':{'purpose':'INC-*'}",
    ",'when':{'source':['10.20.0.0/16']}",
    ",'when':{'reason':true}",
    ",'bind':['dpop']",
    ",'when':{'context':{'batch':{'max':3}}}",
    ",'outcome':{'within':'1m'}",
    ",'limits':[{'count':3,'within':'1m'}]",
    ",'limits':[{'sum':'rows','max':4,'within':'1m','by':'team'},{'live_grants':3}]",
    ",'limits':[{'count':2,'within':'1m','by':'resource'},{'count':4,'within':'1h'}]"};
static const char *const stop_kinds[] = {
    "'on':'denied','count':3,'within':'1m','then':'suspend_agent'",
    "'on':'allowed','count':3,'within':'1m','by':'team','then':'stop_team'",
    "'on':'attempted','count':4,'within':'1m','by':'policy','then':'stop_policy'",
    "'on':'granted','count':3,'within':'1m','then':'revoke_grant'",
    "'on':'allowed','sum':'rows','max':5,'within':'1m','then':'suspend_agent'"};

static size_t put_rules(char *body, size_t size)
{
    size_t at = (size_t)snprintf(body, size, "'allow':[");
    size_t n = 1 + pick(3);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(body + at, size - at,
                               "%s{'id':'r%zu','actions':['%s'],'resources':['%s'],'ttl':{'max':"
                               "'9m'}%s}",
                               i ? "," : "", i, ONE_OF(action_patterns), ONE_OF(resource_patterns),
                               ONE_OF(conditions));
    return at + (size_t)snprintf(body + at, size - at, "]");
}

static size_t put_never(char *body, size_t size, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(
            body + at, size - at, "%s{'id':'n%zu','actions':['%s'],'resources':['%s']}",
            i ? "," : ",'never':[", i, ONE_OF(action_patterns), ONE_OF(resource_patterns));
    return n ? at + (size_t)snprintf(body + at, size - at, "]") : at;
}

static void put_stops(char *body, size_t size, size_t n)
{
    size_t at = (size_t)snprintf(body, size,
                                 ",'hard_stops':[{'id':'s','on':'denied','actions':["
                                 "'never.used'],'then':'suspend_agent'}");
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(body + at, size - at, ",{'id':'s%zu','resources':['%s'],%s}", i,
                               ONE_OF(resource_patterns), ONE_OF(stop_kinds));
    snprintf(body + at, size - at, "]");
}

/* Two sets that differ in this alone: the second has more `never` rules and hard stops. */
static void open_pair(void)
{
    static char rules[2][2048], never[2][2048], bodies[4][8192];
    struct lab_policy first[2], second[2];
    for (size_t p = 0; p < 2; p++) {
        uint64_t kept;
        size_t n_never = pick(2), n_stops = pick(3), more_never = pick(2), more_stops = pick(2);
        put_rules(rules[p], sizeof rules[p]);
        kept = seed; /* the longer list begins with the shorter one */
        never[p][0] = '\0';
        put_never(never[p], sizeof never[p], n_never);
        size_t at = (size_t)snprintf(bodies[p], sizeof bodies[p], "%s%s", rules[p], never[p]);
        uint64_t before_stops = seed;
        put_stops(bodies[p] + at, sizeof bodies[p] - at, n_stops);

        seed = kept;
        never[p][0] = '\0';
        put_never(never[p], sizeof never[p], n_never + more_never);
        at = (size_t)snprintf(bodies[2 + p], sizeof bodies[2], "%s%s", rules[p], never[p]);
        seed = before_stops;
        put_stops(bodies[2 + p] + at, sizeof bodies[2] - at, n_stops + more_stops);
        first[p] = (struct lab_policy){p ? "q" : "p", "", bodies[p]};
        second[p] = (struct lab_policy){p ? "q" : "p", "", bodies[2 + p]};
    }
    lab_open(&base, first, 2);
    lab_open(&more, second, 2);
}

/* Whatever stands in history: the same number for the same history, in both sets. */
static enum ambit_err some_figure(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    (void)ctx;
    uint64_t hash = query->key.len * 7 + query->id.len * 31 + (uint64_t)query->kind * 5;
    for (size_t i = 0; i < query->id.len; i++)
        hash = hash * 33 + (uint8_t)query->id.p[i];
    *ret = (int64_t)(hash % 5);
    return AMBIT_OK;
}

static void assert_inside(const struct lab *lab, const struct ambit_item *items, size_t n)
{
    for (size_t i = 0; i < lab->d.n_given; i++) {
        bool is_asked = false;
        for (size_t k = 0; k < n; k++)
            is_asked |=
                ambit_str_eq(lab->d.given[i].action, items[k].action) &&
                (!items[k].resource.p || ambit_str_eq(lab->d.given[i].resource, items[k].resource));
        assert_true(is_asked);
    }
}

static struct ambit_item some_item(void)
{
    struct ambit_item item = {
        ambit_str_of(pick(2) ? ONE_OF(action_names) : ONE_OF(action_patterns)),
        ambit_str_of(pick(2) ? ONE_OF(resource_names) : ONE_OF(resource_patterns))};
    if (pick(8) == 0)
        item.resource = (struct ambit_str){0};
    return item;
}

static void add_stop(struct lab *lab, size_t kind)
{
    static const struct {
        enum ambit_target_kind kind;
        const char *target;
    } stops[] = {{AMBIT_TARGET_RESOURCE, "svc:x/**"},
                 {AMBIT_TARGET_POLICY, "p"},
                 {AMBIT_TARGET_TEAM, "payments"},
                 {AMBIT_TARGET_RESOURCE, "db:p/q"},
                 {AMBIT_TARGET_AGENT, "remediator"}};
    lab->world.n_stops = 0;
    if (kind < AMBIT_LEN(stops))
        lab_stop(lab, 9, stops[kind].kind, stops[kind].target);
}

static struct ambit_grant_question some_question(const struct ambit_item *items)
{
    struct ambit_grant_question q = lab_question(items, 1 + pick(2));
    if (pick(2))
        q.purpose = AMBIT_STR("INC-1");
    if (pick(2))
        q.binding = AMBIT_BINDING_DPOP;
    if (pick(4) == 0)
        q.source.family = 0;
    if (pick(4) == 0)
        q.audience = (struct ambit_str){0};
    return q;
}

static void ask_grants(uint64_t which)
{
    struct ambit_item items[2] = {some_item(), some_item()};
    struct ambit_grant_question q = some_question(items);
    add_stop(&base, SIZE_MAX);
    add_stop(&more, SIZE_MAX);
    lab_decide_grant(&base, &q);
    lab_replay_grant(&base, &q);
    assert_inside(&base, items, q.n_items);
    bool was_allowed = base.d.verdict == AMBIT_ALLOW;
    lab_decide_grant(&more, &q);
    lab_replay_grant(&more, &q);
    if (more.d.verdict == AMBIT_ALLOW && !was_allowed && !items[0].resource.p)
        return; /* open items: less may be given, and what is left may share an audience */
    bool is_open = false;
    for (size_t i = 0; i < q.n_items; i++)
        is_open |= !items[i].resource.p;
    if (more.d.verdict == AMBIT_ALLOW && !was_allowed && !is_open)
        fail_msg("seed %llu: a never or a hard stop opened a grant", (unsigned long long)which);

    bool more_allowed = more.d.verdict == AMBIT_ALLOW;
    enum ambit_reason more_reason = more.d.reason;
    char rule[80];
    snprintf(rule, sizeof rule, "%.*s/%.*s", AMBIT_STR_ARG(more.d.policy),
             AMBIT_STR_ARG(more.d.rule));
    add_stop(&more, pick(5));
    lab_decide_grant(&more, &q);
    lab_replay_grant(&more, &q);
    if (more.d.verdict == AMBIT_ALLOW && !more_allowed && !is_open)
        fail_msg("seed %llu: a stop %s:%.*s opened a grant refused with %s by %s; items %.*s %.*s "
                 "(of %zu)",
                 (unsigned long long)which, ambit_target_text(more.stops[0].kind),
                 AMBIT_STR_ARG(more.stops[0].target), ambit_reason_text(more_reason), rule,
                 AMBIT_STR_ARG(items[0].action), AMBIT_STR_ARG(items[0].resource), q.n_items);
}

static void ask_actions(uint64_t which, const struct ambit_grant_question *g)
{
    struct ambit_context_member context[2] = {
        {.name = AMBIT_STR("batch"), .value = {.kind = AMBIT_SCALAR_INTEGER, .integer = 2}},
        {.name = AMBIT_STR("rows"), .value = {.kind = AMBIT_SCALAR_INTEGER, .integer = 1}}};
    lab_take_grant(&base, g);
    struct ambit_action_question q =
        lab_action(&base, ONE_OF(action_names), ONE_OF(resource_names));
    q.has_proof = true;
    q.context = context;
    q.n_context = pick(3);
    if (pick(2))
        q.stated_reason = AMBIT_STR("r");
    lab_decide_action(&base, &q);
    lab_replay_action(&base, &q);
    bool was_allowed = base.d.verdict == AMBIT_ALLOW;
    add_stop(&more, pick(8));
    lab_decide_action(&more, &q);
    lab_replay_action(&more, &q);
    if (more.d.verdict == AMBIT_ALLOW && !was_allowed)
        fail_msg("seed %llu: something added opened an action", (unsigned long long)which);
}

static void test_properties(void **state)
{
    (void)state;
    size_t allowed = 0;
    for (uint64_t s = 1; s <= SETS; s++) {
        seed = s * 0x9E3779B97F4A7C15ULL;
        open_pair();
        base.world.figure = more.world.figure = some_figure;
        for (size_t i = 0; i < QUESTIONS; i++) {
            ask_grants(s);
            struct ambit_item item = some_item();
            struct ambit_grant_question g = lab_question(&item, 1);
            g.purpose = AMBIT_STR("INC-1");
            g.binding = AMBIT_BINDING_DPOP;
            lab_decide_grant(&base, &g);
            if (base.d.verdict != AMBIT_ALLOW)
                continue;
            allowed++;
            ask_actions(s, &g);
        }
        lab_close(&base);
        lab_close(&more);
    }
    assert_true(allowed > SETS); /* the questions are worth asking */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_properties)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
