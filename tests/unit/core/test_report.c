/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: every formula of a report, on a story whose figures are worked out by hand beside it; what
 * there is nothing to tell of is left out; periods are exact; facts that are lost are built again.
 */
#include "stage.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "core/internal.h"
#include "core/report.h"

#define TTL "'ttl':{'max':'1h'}"
static const char policy[] =
    "{'policy':'told','description':'d','owner':'dana','tier':'medium',"
    "'audiences':['https://api.example.gov'],"
    "'review':{'authored_by':'dana','accepted_by':'dana','reviewed_by':['lee']},"
    "'allow':["
    "{'id':'work','actions':['t.work','t.rest'],'resources':['svc:t/**']," TTL
    ",'outcome':{'within':'2m'}},"
    "{'id':'ask','actions':['t.ask'],'resources':['svc:t/**']," TTL
    ",'approval':{'at':'grant','roles':['approver'],'timeout':'15m'}},"
    "{'id':'idle','actions':['t.idle'],'resources':['svc:t/**']," TTL "}],"
    "'hard_stops':[{'id':'probing','on':'denied','count':2,'within':'10m','actions':['t.bad'],"
    "'then':'suspend_agent'}]}";
static const char agent[] = "{'agent':'teller','description':'d','owner':'dana','backup':'sam',"
                            "'authenticate':[{'method':'client_secret_basic','sha256':"
                            "'00000000000000000000000000000000000000000000000000000000000000aa',"
                            "'expires':'2027-01-31T00:00:00Z'}],'policies':['told']}";

/* ---- asking ---- */

struct told {
    struct buf text;
    struct arena arena;
    const struct json_value *report;
};

static void told_done(struct told *told)
{
    buf_done(&told->text);
    arena_done(&told->arena);
}
#define TOLD_AUTO AMBIT_CLEANUP(told_done) struct told

static void tell(struct stage *stage, struct report_ask ask, struct told *ret)
{
    struct json_out out;
    struct json_problem problem;
    *ret = (struct told){.report = NULL};
    arena_init(&ret->arena, NULL, 0, 0);
    json_out_init(&out, &ret->text, false);
    assert_int_equal(query_report(stage->broker, &ask, &out), AMBIT_OK);
    assert_int_equal(json_read(buf_str(&ret->text), (struct json_limits){0}, &ret->arena,
                               &ret->report, &problem),
                     AMBIT_OK);
}

/* By dots; a number is a place in a list. */
static const struct json_value *at(const struct json_value *value, const char *path)
{
    while (value && *path) {
        char word[64];
        const char *dot = strchr(path, '.');
        size_t len = dot ? (size_t)(dot - path) : strlen(path);
        uint64_t place = 0;
        assert_true(len < sizeof word);
        memcpy(word, path, len);
        word[len] = '\0';
        path += dot ? len + 1 : len;
        if (parse_u64(ambit_str_of(word), &place) != AMBIT_OK) {
            value = json_get(value, word);
            continue;
        }
        value = value->first;
        while (value && place-- > 0)
            value = value->next;
    }
    return value;
}

enum { ABSENT = -1 };
struct want {
    const char *path;
    int64_t number;
};
static void holds(const struct told *told, const struct want *wants, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct json_value *value = at(told->report, wants[i].path);
        ROW_CHECK(wants[i].path, wants[i].number == ABSENT ? value == NULL
                                                           : value && value->kind == JSON_INTEGER &&
                                                                 value->integer == wants[i].number);
    }
}
#define HOLDS(told, ...)                              \
    holds((told), (const struct want[]){__VA_ARGS__}, \
          AMBIT_LEN(((const struct want[]){__VA_ARGS__})))

/* ---- the story ---- */

static void stage_up(struct stage *stage)
{
    stage_make(stage);
    stage_document(stage, "policies/told.json", policy);
    stage_document(stage, "agents/teller.json", agent);
    stage_open(stage);
}

static struct answer grant(struct stage *stage, const char *action, int64_t lifetime_s)
{
    struct answer answer = stage_ask(stage, &(struct ask){.agent = "teller",
                                                          .action = action,
                                                          .resource = "svc:t/**",
                                                          .lifetime_s = lifetime_s});
    assert_int_equal(answer.reason, AMBIT_REASON_ALLOWED);
    return answer;
}

static struct ambit_id asked(struct stage *stage, const char *purpose)
{
    struct answer answer = stage_ask(stage, &(struct ask){.agent = "teller",
                                                          .action = "t.ask",
                                                          .resource = "svc:t/**",
                                                          .purpose = purpose});
    assert_int_equal(answer.reason, AMBIT_REASON_APPROVAL_REQUIRED);
    return answer.approval;
}

/* 10 s and 40 s into a grant of 600 s it is used; another of 1,000 s never is; one action is
 * denied.
 */
static struct answer work(struct stage *stage)
{
    struct answer used = grant(stage, "t.work", 600);
    stage_pass(10000);
    assert_int_equal(stage_do(stage, &used, "t.work", "svc:t/x").verdict, AMBIT_ALLOW);
    stage_pass(30000);
    assert_int_equal(stage_do(stage, &used, "t.work", "svc:t/x").verdict, AMBIT_ALLOW);
    (void)grant(stage, "t.rest", 1000);
    assert_int_equal(stage_do(stage, &used, "t.idle", "svc:t/x").reason, AMBIT_REASON_OUT_OF_SCOPE);
    return used;
}

static void test_decisions_and_use(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    TOLD_AUTO told;
    stage_up(&stage);
    (void)work(&stage);
    tell(&stage, (struct report_ask){0}, &told);
    /* Used: 10 + 30 of 1,600 s. Items: t.work used, t.rest not. Decisions: 2 + 2 + 1. */
    HOLDS(&told, {"total.allowed", 2}, {"total.denied", 1}, {"total.granted", 2},
          {"total.refused", 0}, {"total.denials_per_1000", 200}, {"total.denials.out_of_scope", 1},
          {"total.granted_s", 1600}, {"total.used_s", 40}, {"total.used_per_10000", 250},
          {"total.items_unused.n", 1}, {"total.items_unused.of", 2},
          {"total.items_unused.per_10000", 5000}, {"over_granted.0.grants", 1},
          {"over_granted.1", ABSENT}, {"total.outcomes_owed", 2}, {"total.unaccounted", 0},
          {"total.unaccounted_per_1000", 0}, {"total.attribution.per_10000", 10000},
          {"total.acts_by_named_people", ABSENT}, {"total.approvals.time_to_answer", ABSENT},
          {"total.stops.services_with_evidence", ABSENT}, {"before.total.allowed", 0},
          {"before.total.items_unused", ABSENT}, {"groups.0.figures.allowed", 2});
}

/* The chain holds but for the confirmation; then somebody confirms the version. */
static void test_traceability(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    TOLD_AUTO without, with;
    stage_up(&stage);
    (void)work(&stage);
    tell(&stage, (struct report_ask){0}, &without);
    HOLDS(&without, {"total.traceability.n", 0}, {"total.traceability.of", 2},
          {"total.links.grant", 2}, {"total.links.rule", 2}, {"total.links.version", 2},
          {"total.links.owner", 2}, {"total.links.confirmed", 0});
    assert_int_equal(stage_confirm(&stage, "lee", AMBIT_KIND_POLICY, "told", false), CONFIRM_FINE);
    tell(&stage, (struct report_ask){0}, &with);
    HOLDS(&with, {"total.traceability.n", 2}, {"total.traceability.per_10000", 10000},
          {"total.links.confirmed", 2});
}

/* Medium asks for the acceptor and a reviewer; dana is the author, so that only lee is another. */
static void test_review(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    TOLD_AUTO one, both;
    stage_up(&stage);
    stage_pass(90000);
    assert_int_equal(stage_confirm(&stage, "lee", AMBIT_KIND_POLICY, "told", false), CONFIRM_FINE);
    struct report_ask ask = {.by = REPORT_BY_POLICY};
    tell(&stage, ask, &one);
    const struct json_value *told = NULL;
    for (told = at(one.report, "policies")->first;
         told && !ambit_str_is(json_get_str(told, "policy"), "told"); told = told->next)
        ;
    assert_non_null(told);
    assert_int_equal(at(told, "confirmed_by_others")->integer, 1);
    assert_int_equal(at(told, "review_met")->kind, JSON_FALSE);
    assert_int_equal(at(told, "age_s")->integer, 90);
    assert_int_equal(at(told, "rules_unused")->integer, 3);
    assert_int_equal(stage_confirm(&stage, "dana", AMBIT_KIND_POLICY, "told", false), CONFIRM_FINE);
    assert_int_equal(stage_confirm(&stage, "dana", AMBIT_KIND_AGENT, "teller", false),
                     CONFIRM_FINE);
    tell(&stage, ask, &both);
    for (told = at(both.report, "policies")->first;
         told && !ambit_str_is(json_get_str(told, "policy"), "told"); told = told->next)
        ;
    assert_non_null(told);
    assert_int_equal(at(told, "confirmed_by_others")->integer, 1);
    /* Five policies of the stage; the weights are 2 + 2 + 1 + 1 + 4, one of weight 2 has one. */
    HOLDS(&both, {"total.review_depth_per_100", 20}, {"total.review_met.of", 5},
          {"total.attested.n", 1}, {"total.oldest_attestation_s", 0});
}

/* Answered after 3 s and after 20 s; half of them under five. */
static void test_answers(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    TOLD_AUTO told;
    stage_up(&stage);
    struct ambit_id yes = asked(&stage, "one");
    stage_pass(3000);
    assert_int_equal(stage_approve(&stage, "ann", yes, true), APPROVE_FINE);
    struct ambit_id no = asked(&stage, "two");
    stage_pass(20000);
    assert_int_equal(stage_approve(&stage, "ann", no, false), APPROVE_FINE);
    (void)asked(&stage, "three");
    tell(&stage, (struct report_ask){0}, &told);
    HOLDS(&told, {"total.approvals.asked", 3}, {"total.approvals.given", 1},
          {"total.approvals.refused", 1}, {"total.approvals.lapsed", 0},
          {"total.approvals.time_to_answer.n", 2},
          {"total.approvals.time_to_answer.median_ms", 3000},
          {"total.approvals.time_to_answer.p95_ms", 20000}, {"total.approvals.under_5s.n", 1},
          {"total.approvals.under_5s.per_10000", 5000}, {"total.refused", 3},
          {"total.acts_by_named_people.n", 2}, {"total.acts_by_named_people.of", 2},
          {"approvers.0.approved", 1}, {"approvers.0.rejected", 1},
          {"approvers.0.under_5s_per_10000", 5000}, {"approvers.1", ABSENT});
}

/* Two outcomes are owed and missed; one of a third is said in two ways. */
static void test_outcomes(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    TOLD_AUTO told;
    stage_up(&stage);
    struct answer token = work(&stage);
    stage_live_on(&stage, 130000);
    struct answer third = stage_do(&stage, &token, "t.work", "svc:t/x");
    (void)stage_report(&stage, "service:api", third.id, "succeeded", NULL);
    (void)stage_report(&stage, "agent:teller", third.id, "failed", NULL);
    tell(&stage, (struct report_ask){0}, &told);
    HOLDS(&told, {"total.outcomes_owed", 3}, {"total.unaccounted", 2}, {"total.mismatched", 1},
          {"total.late", 0}, {"total.unaccounted_per_1000", 666},
          {"total.mismatched_per_1000", 333});
}

/* Seven seconds after the stop the service refuses the agent; it is cleared after a minute. */
static void test_stop(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    TOLD_AUTO before, told;
    stage_up(&stage);
    struct answer token = work(&stage);
    struct stopped stop = stage_stop(&stage, "lee", "agent:teller");
    assert_int_equal(stop.err, AMBIT_OK);
    tell(&stage, (struct report_ask){0}, &before);
    HOLDS(&before, {"total.stops.services_with_evidence.n", 0},
          {"total.stops.services_with_evidence.of", 1},
          {"total.stops.time_to_first_refusal", ABSENT}, {"stops.0.services.0.after_ms", ABSENT},
          {"stops.0.to_cleared_ms", ABSENT});
    assert_true(
        ambit_str_is(json_get_str(at(before.report, "stops.0.services.0"), "evidence"), "none"));
    stage_pass(7000);
    assert_int_equal(stage_do(&stage, &token, "t.work", "svc:t/x").reason, AMBIT_REASON_STOPPED);
    (void)stage_acknowledge(&stage, "dana", stop.incident);
    stage_pass(53000);
    assert_int_equal(stage_clear(&stage, "kim", stop.stop), CLEAR_FINE);
    tell(&stage, (struct report_ask){.by = REPORT_BY_AGENT}, &told);
    HOLDS(&told, {"total.stops.by_person", 1}, {"total.stops.by_hard_stop", 0},
          {"total.stops.cleared", 1}, {"total.stops.services_with_evidence.n", 1},
          {"total.stops.time_to_first_refusal.median_ms", 7000},
          {"stops.0.services.0.after_ms", 7000}, {"stops.0.to_acknowledged_ms", 7000},
          {"stops.0.to_cleared_ms", 60000}, {"stops.0.first_counted_to_force_ms", ABSENT},
          {"total.acts_by_named_people.n", 2}, {"stops.1", ABSENT});
}

/* Nobody asks again: the last stopped grant ends 1,000 s after it was made, at the stop. */
static void test_expiry(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    TOLD_AUTO told;
    stage_up(&stage);
    (void)work(&stage);
    assert_int_equal(stage_stop(&stage, "lee", "owner:dana").err, AMBIT_OK);
    stage_live_on(&stage, 1200000);
    assert_int_equal(stage_note_read(&stage, "ann", "events"), AMBIT_OK);
    tell(&stage, (struct report_ask){.by = REPORT_BY_TEAM}, &told);
    HOLDS(&told, {"stops.0.services.0.after_ms", 1000000},
          {"total.stops.services_with_evidence.n", 0});
    assert_true(
        ambit_str_is(json_get_str(at(told.report, "stops.0.services.0"), "evidence"), "expiry"));
}

/* The hard stop counts two, five seconds apart, and is in force with the second. */
static void test_hard_stop(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    TOLD_AUTO told;
    stage_up(&stage);
    struct answer token = grant(&stage, "t.work", 600);
    (void)stage_do(&stage, &token, "t.bad", "svc:t/x");
    stage_pass(5000);
    (void)stage_do(&stage, &token, "t.bad", "svc:t/x");
    tell(&stage, (struct report_ask){0}, &told);
    HOLDS(&told, {"total.stops.by_hard_stop", 1}, {"total.stops.by_person", 0},
          {"stops.0.first_counted_to_force_ms", 5000}, {"total.acts_by_named_people", ABSENT});
}

/* Half-open periods, whose they are, and nothing. */
static void test_periods(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    TOLD_AUTO told;
    stage_up(&stage);
    int64_t begun = stage_wall_ms;
    (void)work(&stage);
    static const struct {
        const char *name;
        int64_t since, until; /* from the first grant on */
        int64_t allowed, granted, before;
    } rows[] = {
        {"all", 0, 60000, 2, 2, 0},
        {"until the first use", 0, 10000, 0, 1, 0},
        {"and with it", 0, 10001, 1, 1, 0},
        {"from the first use", 10000, 40001, 2, 1, 0},
        {"the second", 40000, 70000, 1, 1, 1},
        {"nothing", 41000, 42000, 0, 0, 1},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        TOLD_AUTO part;
        tell(&stage,
             (struct report_ask){.since_ms = begun + rows[i].since,
                                 .until_ms = begun + rows[i].until},
             &part);
        ROW_CHECK(rows[i].name,
                  at(part.report, "total.allowed")->integer == rows[i].allowed &&
                      at(part.report, "total.granted")->integer == rows[i].granted &&
                      at(part.report, "before.total.allowed")->integer == rows[i].before);
    }
    tell(&stage, (struct report_ask){.owner = AMBIT_STR("oli")}, &told);
    HOLDS(&told, {"total.allowed", 0}, {"total.traceability", ABSENT}, {"total.rules_unused.of", 1},
          {"policies.1", ABSENT});
    struct json_out out;
    BUF_AUTO text = {.p = NULL};
    json_out_init(&out, &text, false);
    const struct report_ask backwards = {.since_ms = begun, .until_ms = begun};
    assert_int_equal(query_report(stage.broker, &backwards, &out), AMBIT_ERR_MALFORMED);
}

static void test_built_again(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    TOLD_AUTO before, after;
    char search[FOLDER_PATH_MAX];
    stage_up(&stage);
    (void)work(&stage);
    struct report_ask ask = {.until_ms = stage_wall_ms + 1};
    tell(&stage, ask, &before);
    stage_close(&stage);
    folder_remove(folder_join(search, stage.folder, "search"));
    stage_open(&stage);
    tell(&stage, ask, &after);
    HOLDS(&after, {"total.used_s", 40}, {"total.allowed", 2}, {"total.items_unused.n", 1});
}

/* Nearest rank, as broker/README.md says. */
static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t ms[20];
        size_t n;
        struct report_times want;
    } rows[] = {
        {"none", {0}, 0, {0}},
        {"one", {7}, 1, {.n = 1, .under = 1, .median_ms = 7, .p95_ms = 7}},
        {"just five seconds", {5000}, 1, {.n = 1, .median_ms = 5000, .p95_ms = 5000}},
        {"out of order", {9000, 1, 5}, 3, {.n = 3, .under = 2, .median_ms = 5, .p95_ms = 9000}},
        {"twenty",
         {20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1},
         20,
         {.n = 20, .under = 20, .median_ms = 10, .p95_ms = 19}},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        uint32_t ms[20];
        memcpy(ms, rows[i].ms, sizeof ms);
        struct report_times got = report_times_of(ms, rows[i].n);
        ROW_CHECK(rows[i].name, got.n == rows[i].want.n && got.under == rows[i].want.under &&
                                    got.median_ms == rows[i].want.median_ms &&
                                    got.p95_ms == rows[i].want.p95_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),        cmocka_unit_test(test_decisions_and_use),
        cmocka_unit_test(test_traceability), cmocka_unit_test(test_review),
        cmocka_unit_test(test_answers),      cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_stop),         cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_hard_stop),    cmocka_unit_test(test_periods),
        cmocka_unit_test(test_built_again),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
