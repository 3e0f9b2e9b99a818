/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what the broker can never have written is found by deciding again, though the engine alone
 * would give it: an agent that the service's document cannot name (AZN-18), and counts or stops
 * with a service's own token. */
#include "stage.h"

#include "core/broker.h"
#include "ledger/redecide.h"

static enum ambit_err set_of(void *ctx, const struct ambit_digest *digest, struct redecide_set *ret)
{
    const struct documents_ref *ref = ctx;
    (void)digest;
    *ret = (struct redecide_set){.set = ref->set};
    return AMBIT_OK;
}

static enum ambit_err no_grant(void *ctx, struct ambit_id id, struct arena *arena,
                               struct redecide_grant *ret)
{
    (void)ctx;
    (void)id;
    (void)arena;
    (void)ret;
    return AMBIT_ERR_NOT_FOUND;
}

/* Decides the event again by documents in which the service api names by `subjects`. */
static void decide_again(const char *subjects, const struct event *event, struct redecided *ret)
{
    char text[1024];
    struct arena arena;
    STAGE_AUTO stage;
    stage_make(&stage);
    assert_true(snprintf(text, sizeof text,
                         "{'service':'api','owner':'dana','tier':'low',"
                         "'audiences':['https://api.example.gov'],'resources':['svc:**','db:**',"
                         "'secret:**']%s,'authenticate':[{'method':'client_secret_basic','sha256':"
                         "'00000000000000000000000000000000000000000000000000000000000000aa',"
                         "'expires':'2027-01-31T00:00:00Z'}]}",
                         subjects) > 0);
    stage_document(&stage, "services/api.json", text);
    stage_open(&stage);
    struct documents_ref *ref = broker_documents_acquire(stage.broker);
    const struct redecide_source source = {.ctx = ref, .set_of = set_of, .grant_of = no_grant};
    struct ambit_decision *decision = malloc(sizeof *decision);
    assert_non_null(decision);
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(redecide_event(event, &source, decision, &arena, ret), AMBIT_OK);
    arena_done(&arena);
    free(decision);
    broker_documents_release(ref);
}

static void test_an_agent_that_the_service_cannot_name(void **state)
{
    static const struct {
        const char *name, *subjects;
        bool can;
    } rows[] = {
        {"it names none", "", false},
        {"it names others", ",'subjects':{'robot':'fleet/'}", false},
        {"longer than the name", ",'subjects':{'robot':'workers'}", false},
        {"its beginning", ",'subjects':{'robot':'fleet/','user':'work'}", true},
        {"everybody", ",'subjects':{'robot':''}", true},
    };
    const struct event event = {
        .type = EVENT_ACTION_ALLOWED,
        .time_ms = STAGE_START_MS,
        .decision = AMBIT_ALLOW,
        .reason = AMBIT_REASON_ALLOWED,
        .service = AMBIT_STR("api"),
        .agent = AMBIT_STR("worker"),
        .action = AMBIT_STR("a.free"),
        .resource = AMBIT_STR("svc:free/0"),
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct redecided redecided;
        decide_again(rows[i].subjects, &event, &redecided);
        bool is_told =
            redecided.finding == REDECIDE_DIFFERS &&
            streq(redecided.what, "is of an agent that the service's document cannot name");
        ROW_CHECK(rows[i].name, is_told != rows[i].can);
    }
}

static void test_a_services_own_token_counts_nothing(void **state)
{
    static struct event_count count;
    static struct ambit_str trip = AMBIT_STR("p/s");
    static const struct {
        const char *name;
        size_t n_counts, n_trips;
        enum redecide_finding want;
    } rows[] = {
        {"as it is", 0, 0, REDECIDE_NOT_ASKED},
        {"counts", 1, 0, REDECIDE_DIFFERS},
        {"stops", 0, 1, REDECIDE_DIFFERS},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct redecided redecided;
        const struct event event = {
            .type = EVENT_GRANT_ISSUED,
            .time_ms = STAGE_START_MS,
            .expires_ms = STAGE_START_MS + 1000,
            .decision = AMBIT_ALLOW,
            .service = AMBIT_STR("api"),
            .agent = AMBIT_STR("api"),
            .owner = AMBIT_STR("dana"),
            .counts = &count,
            .n_counts = rows[i].n_counts,
            .trips = &trip,
            .n_trips = rows[i].n_trips,
        };
        decide_again("", &event, &redecided);
        ROW_CHECK(rows[i].name, redecided.finding == rows[i].want);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_an_agent_that_the_service_cannot_name),
    cmocka_unit_test(test_a_services_own_token_counts_nothing),
};
UNIT_MAIN(tests)
