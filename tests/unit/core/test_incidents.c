/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: one incident is open for a stop and key; it goes to the backup after 15 minutes and further
 * after 30 unless somebody takes it up; only a person who may closes it; a signal is heard by the
 * stops that name it and its sender, can only tighten, and is no flood of records. */
#include "stage.h"

#include <unistd.h>

#define REVIEW "'review':{'authored_by':'dana','accepted_by':'dana','reviewed_by':['lee']},"
static const char policy[] =
    "{'policy':'alert','description':'d','owner':'dana','tier':'medium',"
    "'audiences':['https://api.example.gov']," REVIEW
    "'allow':[{'id':'free','actions':['i.free'],'resources':['svc:i/**'],'ttl':{'max':'24h'}}],"
    "'hard_stops':["
    "{'id':'wire','on':'attempted','actions':['i.trip'],'then':'revoke_grant'},"
    "{'id':'edr','on':'signal','signal':'endpoint.compromised','from':['api'],"
    "'then':'suspend_agent'},"
    "{'id':'noise','on':'signal','signal':'odd.traffic','from':['api','vault'],'count':3,"
    "'within':'1m','by':'grant','then':'revoke_grant'}]}";
#define AGENT(name)                                                                 \
    "{'agent':'" name "','description':'d','owner':'dana','backup':'sam',"          \
    "'authenticate':[{'method':'client_secret_basic','sha256':"                     \
    "'00000000000000000000000000000000000000000000000000000000000000aa','expires':" \
    "'2027-01-31T00:00:00Z'}],'policies':['alert']}"

static void stage_up(struct stage *stage)
{
    stage_make(stage);
    stage_document(stage, "policies/alert.json", policy);
    stage_document(stage, "agents/runner.json", AGENT("runner"));
    stage_document(stage, "agents/second.json", AGENT("second"));
    stage_open(stage);
}

static void trip(struct stage *stage, const char *agent)
{
    struct answer token = stage_grant(stage, agent, "i.free", "svc:i/**");
    struct answer answer = stage_do(stage, &token, "i.trip", "svc:i/x");
    assert_int_equal(answer.n_trips, 1);
    assert_string_equal(answer.trip, "alert/wire");
    assert_false(stage_is_active(stage, &token));
}

static size_t opened(struct stage *stage)
{
    return stage_count_events(stage, "incident.opened", NULL);
}

/* One a stop and key while it is open; the next begins anew. */
static void test_joined(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    for (int i = 0; i < 3; i++)
        trip(&stage, "runner");
    trip(&stage, "second");
    assert_int_equal(stage_count_events(&stage, "stop.raised", NULL), 4);
    assert_int_equal(opened(&stage), 2);
    struct ambit_id incident = stage_last_id(&stage, "incident.opened", "incident");
    stage_reopen(&stage);
    trip(&stage, "second");
    assert_int_equal(opened(&stage), 2);
    assert_true(ambit_id_eq(stage_last_id(&stage, "stop.raised", "incident"), incident));
    assert_int_equal(stage_close_incident(&stage, "sam", incident), INCIDENT_FINE);
    trip(&stage, "second");
    assert_int_equal(opened(&stage), 3);
    trip(&stage, "runner");
    assert_int_equal(opened(&stage), 3);
    stage_verify(&stage);
}

static size_t escalated(struct stage *stage, const char *level)
{
    char member[64];
    assert_true(snprintf(member, sizeof member, "\"level\":\"%s\"", level) < (int)sizeof member);
    return stage_count_events(stage, "incident.escalated", member);
}

static void test_escalates(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    trip(&stage, "runner");
    struct ambit_id taken = stage_last_id(&stage, "incident.opened", "incident");
    trip(&stage, "second");
    stage_live_on(&stage, 14 * 60000);
    assert_int_equal(stage_acknowledge(&stage, "dana", taken), INCIDENT_FINE);
    assert_int_equal(stage_acknowledge(&stage, "dana", taken), INCIDENT_ALREADY);
    stage_live_on(&stage, 59990);
    (void)stage_grant(&stage, "runner", "i.free", "svc:i/**");
    assert_int_equal(escalated(&stage, "backup"), 0);
    stage_pass(10);
    (void)stage_grant(&stage, "runner", "i.free", "svc:i/**");
    assert_int_equal(escalated(&stage, "backup"), 1);
    assert_int_equal(stage_count_events(&stage, "incident.escalated", "\"to\":\"sam\""), 1);
    stage_close(&stage); /* time goes on while the broker is down: this is no outcome */
    stage_pass(15 * 60000);
    stage_open(&stage);
    (void)stage_grant(&stage, "runner", "i.free", "svc:i/**");
    assert_int_equal(escalated(&stage, "escalation"), 1);
    stage_live_on(&stage, 60 * 60000);
    assert_int_equal(stage_count_events(&stage, "incident.escalated", NULL), 2);
    stage_verify(&stage);
}

/* Down for both times: whoever is last is next, nobody waits for the backup any more. */
static void test_escalates_at_once(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    trip(&stage, "runner");
    stage_close(&stage);
    stage_pass(30 * 60000);
    stage_open(&stage);
    (void)stage_grant(&stage, "second", "i.free", "svc:i/**");
    assert_int_equal(escalated(&stage, "escalation"), 1);
    assert_int_equal(escalated(&stage, "backup"), 0);
    stage_verify(&stage);
}

/* A person's stop opens one too; closing it lifts nothing, clearing closes nothing. */
static void test_who_may(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct stopped stopped = stage_stop(&stage, "lee", "agent:runner");
    assert_int_equal(stopped.err, AMBIT_OK);
    static const struct {
        const char *person;
        enum incident_refusal want;
    } rows[] = {
        {"oli", INCIDENT_FINE},          /* on call, and nobody's owner here */
        {"ann", INCIDENT_NOT_PERMITTED}, /* an auditor changes nothing */
        {"sam", INCIDENT_ALREADY},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        assert_int_equal(stage_acknowledge(&stage, rows[i].person, stopped.incident), rows[i].want);
    assert_int_equal(stage_close_incident(&stage, "ann", stopped.incident), INCIDENT_NOT_PERMITTED);
    assert_int_equal(stage_close_incident(&stage, "dana", stopped.incident), INCIDENT_FINE);
    assert_int_equal(stage_close_incident(&stage, "dana", stopped.incident), INCIDENT_CLOSED);
    assert_int_equal(stage_acknowledge(&stage, "dana", stopped.incident), INCIDENT_CLOSED);
    assert_int_equal(stage_close_incident(&stage, "dana", stopped.stop), INCIDENT_UNKNOWN);
    struct answer answer = stage_ask(
        &stage, &(struct ask){.agent = "runner", .action = "i.free", .resource = "svc:i/**"});
    assert_int_equal(answer.reason, AMBIT_REASON_STOPPED);
    assert_int_equal(stage_clear(&stage, "kim", stopped.stop), CLEAR_FINE);
    stage_live_on(&stage, 40 * 60000);
    assert_int_equal(stage_count_events(&stage, "incident.escalated", NULL), 0);
    stage_verify(&stage);
}

static void test_signals(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct answer token = stage_grant(&stage, "runner", "i.free", "svc:i/**");
    assert_true(stage_signal(&stage, "api", "endpoint.compromised", "nobody", NULL).is_unknown);
    struct signalled deaf = stage_signal(&stage, "vault", "endpoint.compromised", "runner", NULL);
    assert_false(deaf.is_heard); /* not from there */
    assert_false(stage_signal(&stage, "api", "unheard.of", "runner", NULL).is_heard);
    assert_int_equal(stage_count_events(&stage, "signal.received", NULL), 2);
    for (int i = 0; i < 2; i++) {
        struct signalled odd = stage_signal(&stage, "vault", "odd.traffic", NULL, &token);
        assert_true(odd.is_heard);
        assert_int_equal(odd.n_trips, 0);
    }
    assert_int_equal(stage_signal(&stage, "api", "odd.traffic", "runner", NULL).n_trips,
                     0); /* of no grant */
    assert_true(stage_is_active(&stage, &token));
    stage_reopen(&stage);
    struct signalled third = stage_signal(&stage, "api", "odd.traffic", NULL, &token);
    assert_int_equal(third.n_trips, 1);
    assert_string_equal(third.trip, "alert/noise");
    assert_false(stage_is_active(&stage, &token));
    struct signalled edr = stage_signal(&stage, "api", "endpoint.compromised", "runner", NULL);
    assert_int_equal(edr.n_trips, 1);
    assert_string_equal(edr.trip, "alert/edr");
    edr = stage_signal(&stage, "api", "endpoint.compromised", "runner", NULL);
    assert_true(edr.is_heard); /* while its hold lasts it does not fire again */
    assert_int_equal(edr.n_trips, 0);
    struct answer refused = stage_ask(
        &stage, &(struct ask){.agent = "runner", .action = "i.free", .resource = "svc:i/**"});
    assert_int_equal(refused.reason, AMBIT_REASON_STOPPED);
    assert_int_equal(opened(&stage), 2);
    stage_verify(&stage);
}

/* What nobody hears: the first is told, the rest of the minute counted. */
static void test_unheard(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    for (int i = 0; i < 50; i++)
        assert_false(stage_signal(&stage, "api", "unheard.of", "runner", NULL).is_heard);
    assert_int_equal(stage_count_events(&stage, "signal.received", NULL), 1);
    stage_live_on(&stage, 60000);
    for (int i = 0; i < 60 && stage_count_events(&stage, "signal.received", NULL) < 2; i++)
        assert_int_equal(usleep(50000), 0);
    assert_int_equal(stage_count_events(&stage, "signal.received", "\"count\":49"), 1);
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_joined),
    cmocka_unit_test(test_escalates),
    cmocka_unit_test(test_escalates_at_once),
    cmocka_unit_test(test_who_may),
    cmocka_unit_test(test_signals),
    cmocka_unit_test(test_unheard),
};
UNIT_MAIN(tests)
