/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an outcome that is owed is reported by its own service or agent, kept apart and compared;
 * one that nobody reports is missed at its deadline to the millisecond, before anything else is
 * decided, and heard by hard stops; time in which no report could be taken moves the deadline; what
 * waits for `succeeded` enters history at the action's own time. */
#include "stage.h"

#include "core/internal.h"
#include "store/search.h"

#include <unistd.h>

#define TTL "'ttl':{'max':'24h'}"
static const char policy[] =
    "{'policy':'owed','description':'d','owner':'dana','tier':'medium',"
    "'audiences':['https://api.example.gov'],"
    "'review':{'authored_by':'dana','accepted_by':'dana','reviewed_by':['lee']},"
    "'allow':["
    "{'id':'work','actions':['o.work'],'resources':['svc:o/**']," TTL ",'outcome':{'within':'2m'}},"
    "{'id':'backup','actions':['o.backup'],'resources':['svc:o/**']," TTL
    ",'outcome':{'within':'2m'}},"
    "{'id':'deploy','actions':['o.deploy'],'resources':['svc:o/**']," TTL
    ",'when':{'after':[{'actions':['o.backup'],'within':'1h'}]}},"
    "{'id':'free','actions':['o.free'],'resources':['svc:o/**']," TTL "}],"
    "'hard_stops':["
    "{'id':'silent','on':'unaccounted','count':2,'within':'1h','then':'suspend_agent'}]}";
static const char agent[] = "{'agent':'runner','description':'d','owner':'dana','backup':'sam',"
                            "'authenticate':[{'method':'client_secret_basic','sha256':"
                            "'00000000000000000000000000000000000000000000000000000000000000aa',"
                            "'expires':'2027-01-31T00:00:00Z'}],'policies':['owed']}";
static const char other[] =
    "{'service':'edge','owner':'dana','tier':'low','audiences':['https://edge.example.gov'],"
    "'resources':['edge:**'],'authenticate':[{'method':'client_secret_basic','sha256':"
    "'00000000000000000000000000000000000000000000000000000000000000aa',"
    "'expires':'2027-01-31T00:00:00Z'}]}";

static void stage_up(struct stage *stage)
{
    stage_make(stage);
    stage_document(stage, "policies/owed.json", policy);
    stage_document(stage, "agents/runner.json", agent);
    stage_document(stage, "services/edge.json", other);
    stage_open(stage);
}

/* A token for each action: a grant is of one rule. */
struct tokens {
    struct answer work, backup, free;
};

static struct tokens tokens_of(struct stage *stage)
{
    return (struct tokens){.work = stage_grant(stage, "runner", "o.work", "svc:o/**"),
                           .backup = stage_grant(stage, "runner", "o.backup", "svc:o/**"),
                           .free = stage_grant(stage, "runner", "o.free", "svc:o/**")};
}

static struct answer asked(struct stage *stage, const struct tokens *tokens, const char *action)
{
    if (streq(action, "o.deploy")) /* the order is judged when it is asked for */
        return stage_ask(
            stage, &(struct ask){.agent = "runner", .action = action, .resource = "svc:o/**"});
    const struct answer *token = streq(action, "o.work")     ? &tokens->work
                                 : streq(action, "o.backup") ? &tokens->backup
                                                             : &tokens->free;
    return stage_do(stage, token, action, "svc:o/x");
}

static struct answer allowed(struct stage *stage, const struct tokens *tokens, const char *action)
{
    struct answer answer = asked(stage, tokens, action);
    assert_int_equal(answer.reason, AMBIT_REASON_ALLOWED);
    return answer;
}

static void expect(struct reported got, const char *agreement, bool is_late)
{
    assert_int_equal(got.err, AMBIT_OK);
    assert_int_equal(got.refusal, OUTCOME_FINE);
    assert_string_equal(got.agreement, agreement);
    assert_int_equal(got.is_late, is_late);
}

/* Both sides, once each; the same again is no new report; nobody else's. */
static void test_two_sides(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct tokens tokens = tokens_of(&stage);
    struct answer act = allowed(&stage, &tokens, "o.work");
    struct answer free = allowed(&stage, &tokens, "o.free");
    assert_int_equal(stage_report(&stage, "service:edge", act.id, "failed", NULL).refusal,
                     OUTCOME_UNKNOWN);
    assert_int_equal(stage_report(&stage, "agent:worker", act.id, "failed", NULL).refusal,
                     OUTCOME_UNKNOWN);
    /* It owes none, and is reported all the same; also when it is only in the record. */
    expect(stage_report(&stage, "service:api", free.id, "failed", NULL), "pending", false);
    struct answer denied = stage_do(&stage, &tokens.free, "o.none", "svc:o/x");
    assert_int_equal(stage_report(&stage, "service:api", denied.id, "failed", NULL).refusal,
                     OUTCOME_UNKNOWN);
    struct answer old = allowed(&stage, &tokens, "o.free");
    stage_reopen(&stage);
    expect(stage_report(&stage, "agent:runner", free.id, "failed", NULL), "matched", false);
    struct reported found = {.refusal = OUTCOME_UNKNOWN};
    for (int i = 0; i < 60 && found.refusal == OUTCOME_UNKNOWN; i++) {
        found = stage_report(&stage, "agent:runner", old.id, "succeeded", NULL);
        assert_int_equal(usleep(50000), 0); /* the index builds itself behind the record */
    }
    expect(found, "pending", false);
    assert_int_equal(stage_report(&stage, "service:api", act.id, "done", NULL).err,
                     AMBIT_ERR_MALFORMED);
    expect(stage_report(&stage, "service:api", act.id, "failed", "disk full"), "pending", false);
    assert_true(stage_report(&stage, "service:api", act.id, "failed", "disk full").is_repeated);
    assert_int_equal(stage_report(&stage, "service:api", act.id, "failed", "no").refusal,
                     OUTCOME_OTHER);
    assert_int_equal(stage_report(&stage, "service:api", act.id, "succeeded", "disk full").refusal,
                     OUTCOME_OTHER);
    expect(stage_report(&stage, "agent:runner", act.id, "failed", NULL), "matched", false);
    expect(stage_report(&stage, "service:api", act.id, "failed", "disk full"), "matched", false);
    assert_int_equal(stage_count_events(&stage, "action.outcome", NULL), 5);
    assert_int_equal(stage_count_events(&stage, "action.outcome", "disk full"), 0); /* personal */
    stage_live_on(&stage, 300000);
    assert_int_equal(stage_count_events(&stage, "action.unaccounted", NULL), 0);
    stage_verify(&stage);
}

/* Reports that disagree open an incident, one for a rule and agent. */
static void test_mismatch(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct tokens tokens = tokens_of(&stage);
    for (int i = 0; i < 3; i++) {
        struct answer act = allowed(&stage, &tokens, "o.work");
        expect(stage_report(&stage, "agent:runner", act.id, "succeeded", NULL), "pending", false);
        expect(stage_report(&stage, "service:api", act.id, "not_attempted", NULL), "mismatched",
               false);
    }
    assert_int_equal(stage_count_events(&stage, "incident.opened", "outcome:runner"), 1);
    struct ambit_id incident = stage_last_id(&stage, "incident.opened", "incident");
    assert_int_equal(stage_close_incident(&stage, "dana", incident), INCIDENT_FINE);
    struct answer act = allowed(&stage, &tokens, "o.work");
    expect(stage_report(&stage, "agent:runner", act.id, "succeeded", NULL), "pending", false);
    expect(stage_report(&stage, "service:api", act.id, "failed", NULL), "mismatched", false);
    assert_int_equal(stage_count_events(&stage, "incident.opened", "outcome:runner"), 2);
    stage_verify(&stage);
}

/* Missed to the millisecond and before the next decision; a late report undoes nothing. */
static void test_unaccounted(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct tokens tokens = tokens_of(&stage);
    struct answer first = allowed(&stage, &tokens, "o.work");
    struct answer kept = allowed(&stage, &tokens, "o.work");
    struct answer second = allowed(&stage, &tokens, "o.work");
    stage_live_on(&stage, 119990);
    expect(stage_report(&stage, "agent:runner", kept.id, "succeeded", NULL), "pending", false);
    stage_pass(9);
    allowed(&stage, &tokens, "o.free"); /* one millisecond before */
    assert_int_equal(stage_count_events(&stage, "action.unaccounted", NULL), 0);
    stage_pass(1);
    struct answer late = asked(&stage, &tokens, "o.free");
    assert_int_equal(late.reason, AMBIT_REASON_STOPPED);
    assert_int_equal(stage_count_events(&stage, "action.unaccounted", NULL), 2);
    assert_int_equal(stage_count_events(&stage, "stop.raised", "hard_stop:owed/silent"), 1);
    expect(stage_report(&stage, "service:api", first.id, "succeeded", NULL), "missing", true);
    expect(stage_report(&stage, "agent:runner", first.id, "succeeded", NULL), "matched", true);
    expect(stage_report(&stage, "agent:runner", second.id, "failed", NULL), "missing", true);
    expect(stage_report(&stage, "service:api", kept.id, "succeeded", NULL), "matched", true);
    assert_int_equal(asked(&stage, &tokens, "o.free").reason, AMBIT_REASON_STOPPED);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* The broker looks of its own accord. */
static void test_idle(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct tokens tokens = tokens_of(&stage);
    allowed(&stage, &tokens, "o.work");
    for (int i = 0; i < 12; i++) {
        stage_pass(10000);
        (void)stage_note_read(&stage, "ann", "look");
    }
    for (int i = 0; i < 60 && stage_count_events(&stage, "action.unaccounted", NULL) == 0; i++)
        assert_int_equal(usleep(50000), 0);
    assert_int_equal(stage_count_events(&stage, "action.unaccounted", NULL), 1);
    stage_verify(&stage);
}

/* Down for ten minutes: the deadline is ten minutes later. */
static void test_outage(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct tokens tokens = tokens_of(&stage);
    allowed(&stage, &tokens, "o.work");
    stage_live_on(&stage, 60000);
    stage_close(&stage);
    stage_pass(600000);
    stage_open(&stage);
    struct answer behind =
        allowed(&stage, &tokens, "o.work"); /* begins with the outage behind it */
    assert_int_equal(stage_count_events(&stage, "broker.outage", "\"outage_ms\":600000"), 1);
    stage_live_on(&stage, 59990);
    allowed(&stage, &tokens, "o.free");
    assert_int_equal(stage_count_events(&stage, "action.unaccounted", NULL), 0);
    stage_pass(10);
    allowed(&stage, &tokens, "o.free");
    assert_int_equal(stage_count_events(&stage, "action.unaccounted", NULL), 1);
    stage_reopen(&stage);
    stage_live_on(&stage, 59990);
    expect(stage_report(&stage, "service:api", behind.id, "succeeded", NULL), "pending", false);
    stage_live_on(&stage, 60000);
    assert_int_equal(stage_count_events(&stage, "action.unaccounted", NULL), 1);
    stage_verify(&stage);
}

/* Time in which reports could not be taken counts however short it was, when it is known: here the
 * clock was not believed for four seconds. */
static void test_short_outage(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct tokens tokens = tokens_of(&stage);
    allowed(&stage, &tokens, "o.work");
    stage_wall_ms -= 3600000;
    assert_int_equal(stage_note_read(&stage, "ann", "grants"), AMBIT_OK);
    assert_string_equal(broker_status(stage.broker), "clock");
    stage_pass(4000);
    assert_int_equal(stage_note_read(&stage, "ann", "stops"), AMBIT_OK);
    assert_int_equal(stage_acknowledge_time(&stage, "lee"), AMBIT_OK);
    allowed(&stage, &tokens, "o.free");
    assert_int_equal(stage_count_events(&stage, "broker.outage", "\"outage_ms\":4000"), 1);
    stage_verify(&stage);
}

/* An order is met by what the service says was done, from the action's own time on. */
static void test_order(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct tokens tokens = tokens_of(&stage);
    struct answer backup = allowed(&stage, &tokens, "o.backup");
    assert_int_equal(asked(&stage, &tokens, "o.deploy").reason, AMBIT_REASON_ORDER_VIOLATED);
    expect(stage_report(&stage, "agent:runner", backup.id, "succeeded", NULL), "pending", false);
    assert_int_equal(asked(&stage, &tokens, "o.deploy").reason, AMBIT_REASON_ORDER_VIOLATED);
    stage_live_on(&stage, 60000);
    struct answer failed = allowed(&stage, &tokens, "o.backup");
    expect(stage_report(&stage, "service:api", failed.id, "failed", NULL), "pending", false);
    assert_int_equal(asked(&stage, &tokens, "o.deploy").reason, AMBIT_REASON_ORDER_VIOLATED);
    expect(stage_report(&stage, "service:api", backup.id, "succeeded", NULL), "matched", false);
    allowed(&stage, &tokens, "o.deploy");
    stage_reopen(&stage);
    stage_live_on(&stage, 3539999); /* an hour after the backup was allowed */
    allowed(&stage, &tokens, "o.deploy");
    stage_pass(1);
    assert_int_equal(asked(&stage, &tokens, "o.deploy").reason, AMBIT_REASON_ORDER_VIOLATED);
    stage_verify(&stage);
}

/* More falls due at once than one batch records: nothing is decided on half of it. */
static void test_many(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct tokens tokens = tokens_of(&stage);
    for (int i = 0; i < 1100; i++)
        allowed(&stage, &tokens, "o.work");
    stage_live_on(&stage, 110000);
    stage_pass(10000);
    struct answer answer = asked(&stage, &tokens, "o.free");
    for (int i = 0; i < 50 && answer.err == AMBIT_ERR_BUSY; i++)
        answer = asked(&stage, &tokens, "o.free");
    assert_int_equal(answer.err, AMBIT_OK);
    assert_int_equal(answer.reason, AMBIT_REASON_STOPPED);
    assert_int_equal(stage_count_events(&stage, "action.unaccounted", NULL), 1100);
    assert_int_equal(stage_count_events(&stage, "stop.raised", NULL), 1);
    stage_verify(&stage);
}

/* Where the index cannot be asked, nobody is told that there is no such action; what owes an
 * outcome needs no index. */
static void test_no_index(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct tokens tokens = tokens_of(&stage);
    struct answer owed = allowed(&stage, &tokens, "o.work");
    struct ambit_id unknown = {{1}};
    assert_int_equal(stage_report(&stage, "service:api", unknown, "failed", NULL).refusal,
                     OUTCOME_UNKNOWN);
    struct search_cursor *cursor = NULL; /* a thread reads once at a time */
    assert_int_equal(search_cursor_open(stage.broker->search, &cursor), AMBIT_OK);
    assert_int_equal(stage_report(&stage, "service:api", unknown, "failed", NULL).err,
                     AMBIT_ERR_BUSY); /* no error: that would take the batch apart */
    expect(stage_report(&stage, "service:api", owed.id, "succeeded", NULL), "pending", false);
    search_cursor_close(cursor);
    /* Nor while the index has not caught up with what was there before this start. */
    stage.broker->size_at_start = 1000000;
    assert_int_equal(stage_report(&stage, "service:api", unknown, "failed", NULL).err,
                     AMBIT_ERR_BUSY);
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_two_sides),   cmocka_unit_test(test_mismatch),
    cmocka_unit_test(test_unaccounted), cmocka_unit_test(test_idle),
    cmocka_unit_test(test_outage),      cmocka_unit_test(test_short_outage),
    cmocka_unit_test(test_order),       cmocka_unit_test(test_many),
    cmocka_unit_test(test_no_index),
};
UNIT_MAIN(tests)
