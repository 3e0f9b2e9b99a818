/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of well-formed documents: every field of the language's own example, the defaults,
 * the look-ups, the digests. */
#include "support/tzif.h"
#include "support/unit.h"

#include "base/encode.h"
#include "base/zone.h"
#include "set.h"

/* Computed by an independent reading of ambit/document.h (struct ambit_documents). */
#define SET_DIGEST        "04ef1030423a32ccf3252a2c5a697c7d8973d0857f8d7c2ecce77369c7c1ef16"
#define DOCUMENTS_DIGEST  "be96f3f5634f50fa24c5896e7bf3207e289e70a2c47248a0db211c421d99e8ee"
#define IS(text, literal) assert_true(ambit_str_is((text), (literal)))

static struct set set;
static struct ambit_documents *documents;

static int read_example(void **state)
{
    struct ambit_problems problems = {0};
    (void)state;
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/language"));
    enum ambit_err err = ambit_documents_read(set.files, set.n, &set_env, &problems, &documents);
    assert_int_equal(problems.n, 0);
    ambit_problems_done(&problems);
    return err != AMBIT_OK;
}

static int free_example(void **state)
{
    (void)state;
    ambit_documents_free(documents);
    set_done(&set);
    return 0;
}

static void person(void **state)
{
    const struct ambit_person *dana = ambit_person_find(documents, AMBIT_STR("dana"));
    (void)state;
    assert_non_null(dana);
    IS(dana->name, "Dana Reyes");
    IS(dana->email, "dana.reyes@example.gov");
    IS(dana->team, "payments");
    assert_true(dana->is_active);
    assert_int_equal(dana->roles, AMBIT_ROLE_OWNER);
    assert_int_equal(dana->n_credentials, 1);
    assert_int_equal(dana->credentials[0].method, AMBIT_METHOD_TOKEN);
    assert_int_equal(dana->credentials[0].digest.b[0], 0x9f);
    assert_true(dana->credentials[0].expires_ms == INT64_C(1801353600000));
    assert_int_equal(dana->ssh_signers.n, 1);
    const struct ambit_person *lee = ambit_person_find(documents, AMBIT_STR("lee"));
    assert_int_equal(lee->roles, AMBIT_ROLE_ONCALL | AMBIT_ROLE_APPROVER | AMBIT_ROLE_ADMIN);
}

static void agent(void **state)
{
    const struct ambit_agent *agent = ambit_agent_find(documents, AMBIT_STR("remediator"));
    (void)state;
    assert_non_null(agent);
    IS(agent->owner, "dana");
    IS(agent->backup, "sam");
    IS(agent->escalation.v[0], "oncall-payments@example.gov");
    IS(agent->tool, "acme-agent");
    IS(agent->version, "2.3.1");
    IS(agent->model, "model-2026-08");
    assert_int_equal(agent->composition.len, 71);
    assert_int_equal(agent->n_credentials, 2);
    assert_memory_equal(agent->credentials[0].jwks.p, "{\"keys\":[{\"crv\":\"P-256\"", 22);
    IS(agent->credentials[1].issuer, "https://kubernetes.default.svc");
    IS(agent->credentials[1].subject, "system:serviceaccount:prod:remediator");
    assert_int_equal(agent->policies.n, 2);
    IS(agent->policies.v[0], "restart-services");
    IS(agent->delegates_to.v[0], "log-reader");
    assert_int_equal(agent->tier, AMBIT_TIER_HIGH);
}

static void service(void **state)
{
    const struct ambit_service *service =
        ambit_service_of_audience(documents, AMBIT_STR("https://payments.example.gov"));
    (void)state;
    assert_ptr_equal(service, ambit_service_find(documents, AMBIT_STR("payments-api")));
    assert_int_equal(service->tier, AMBIT_TIER_HIGH);
    IS(service->resources.v[1], "db:prod/payments/**");
    assert_int_equal(service->credentials[0].method, AMBIT_METHOD_CLIENT_SECRET_BASIC);
    assert_int_equal(service->n_subjects, 1);
    IS(service->subjects[0].name, "user");
    IS(service->subjects[0].value.text, "");
    assert_int_equal(service->max_stale_s, 5);
    assert_null(ambit_service_of_audience(documents, AMBIT_STR("https://nobody.example.gov")));
}

static void policy(void **state)
{
    const struct ambit_policy *policy = ambit_policy_find(documents, AMBIT_STR("restart-services"));
    (void)state;
    assert_non_null(policy);
    assert_int_equal(policy->tier, AMBIT_TIER_HIGH);
    assert_false(policy->is_shadow);
    assert_true(policy->not_before_ms == 0 && policy->not_after_ms == INT64_C(1806451200000));
    IS(policy->review.authored_by, "dana");
    IS(policy->review.generated_tool, "acme-assistant");
    IS(policy->review.reviewed_by.v[0], "lee");
    IS(policy->review.ticket, "SEC-1402");
    assert_false(policy->review.has_replaces);
    assert_int_equal(policy->n_rules, 2);
    assert_int_equal(policy->n_never, 1);
    assert_int_equal(policy->n_hard_stops, 7);
    const struct ambit_rule *staging = &policy->rules[0];
    IS(staging->actions.v[1], "service.restart");
    assert_int_equal(staging->ttl_default_s, 300);
    assert_int_equal(staging->ttl_max_s, 900);
    assert_int_equal(staging->limits[0].kind, AMBIT_LIMIT_COUNT);
    assert_int_equal(staging->limits[0].max, 20);
    assert_int_equal(staging->limits[0].within_s, 600);
    assert_int_equal(staging->limits[0].by, AMBIT_BY_AGENT);
    assert_null(staging->approval);
}

static void conditions(void **state)
{
    const struct ambit_policy *policy = ambit_policy_find(documents, AMBIT_STR("restart-services"));
    const struct ambit_rule *rule = &policy->rules[1];
    const struct ambit_when *when = &rule->when;
    (void)state;
    assert_true(rule->bind_dpop && rule->bind_mtls);
    assert_int_equal(rule->delegation_depth, 1);
    assert_int_equal(rule->outcome_within_s, 120);
    assert_int_equal(when->hours[0].days, 0x1f);
    assert_int_equal(when->hours[0].from_min, 480);
    assert_int_equal(when->hours[0].to_min, 1080);
    IS(when->hours[0].zone, "Europe/Berlin");
    IS(when->source.v[0], "10.20.0.0/16");
    IS(when->purpose, "INC-*");
    assert_true(when->reason && !when->composition);
    assert_int_equal(when->n_context, 2);
    IS(when->context[0].member, "batch");
    assert_true(when->context[0].has_max && !when->context[0].has_min);
    assert_int_equal(when->context[0].max, 3);
    IS(when->context[1].in[0].text, "rolling");
    IS(when->after[0].actions.v[0], "backup.create");
    assert_int_equal(when->after[0].within_s, 3600);
    assert_true(rule->approval->at_grant);
    IS(rule->approval->roles.v[0], "oncall");
    assert_int_equal(rule->approval->count, 1);
    assert_int_equal(rule->approval->timeout_s, 900);
    assert_int_equal(rule->approval->envelope_uses, 5);
    assert_int_equal(rule->approval->envelope_for_s, 1800);
    assert_int_equal(rule->limits[1].kind, AMBIT_LIMIT_SUM);
    IS(rule->limits[1].field, "instances");
    assert_int_equal(rule->limits[1].by, AMBIT_BY_POLICY);
    assert_int_equal(rule->limits[2].kind, AMBIT_LIMIT_LIVE_GRANTS);
}

static void hard_stops(void **state)
{
    static const struct {
        const char *id;
        enum ambit_stop_on on;
        bool at_once;
        enum ambit_limit_kind kind;
        int64_t max, within_s;
        enum ambit_stop_then then;
    } rows[] = {
        {"probing", AMBIT_ON_DENIED, false, AMBIT_LIMIT_COUNT, 3, 60, AMBIT_THEN_REVOKE_GRANT},
        {"tripwire", AMBIT_ON_ATTEMPTED, true, AMBIT_LIMIT_COUNT, 0, 0, AMBIT_THEN_SUSPEND_AGENT},
        {"bulk", AMBIT_ON_ALLOWED, false, AMBIT_LIMIT_SUM, 10000, 3600, AMBIT_THEN_SUSPEND_AGENT},
        {"sprawl", AMBIT_ON_ALLOWED, false, AMBIT_LIMIT_DISTINCT, 50, 600,
         AMBIT_THEN_SUSPEND_AGENT},
        {"exfil", AMBIT_ON_ATTEMPTED, true, AMBIT_LIMIT_COUNT, 0, 0, AMBIT_THEN_SUSPEND_AGENT},
        {"silent", AMBIT_ON_UNACCOUNTED, false, AMBIT_LIMIT_COUNT, 2, 3600,
         AMBIT_THEN_SUSPEND_AGENT},
        {"edr", AMBIT_ON_SIGNAL, true, AMBIT_LIMIT_COUNT, 0, 0, AMBIT_THEN_SUSPEND_AGENT},
    };
    const struct ambit_policy *policy = ambit_policy_find(documents, AMBIT_STR("restart-services"));
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct ambit_hard_stop *stop = &policy->hard_stops[i];
        ROW_CHECK(rows[i].id, ambit_str_is(stop->id, rows[i].id));
        ROW_CHECK(rows[i].id, stop->on == rows[i].on && stop->at_once == rows[i].at_once);
        ROW_CHECK(rows[i].id, stop->kind == rows[i].kind && stop->max == rows[i].max);
        ROW_CHECK(rows[i].id, stop->within_s == rows[i].within_s && stop->then == rows[i].then);
        ROW_CHECK(rows[i].id, stop->by == AMBIT_BY_AGENT);
    }
    IS(policy->hard_stops[2].field, "rows");
    assert_int_equal(policy->hard_stops[4].after->within_s, 1800);
    IS(policy->hard_stops[6].signal, "endpoint.compromised");
    IS(policy->hard_stops[6].from.v[0], "edr-console");
}

static void sorted_and_found(void **state)
{
    (void)state;
    assert_int_equal(documents->n_people, 3);
    assert_int_equal(documents->n_agents, 2);
    assert_int_equal(documents->n_services, 2);
    assert_int_equal(documents->n_policies, 2);
    for (size_t i = 1; i < documents->n_people; i++)
        assert_true(
            ambit_str_cmp(documents->people[i - 1].doc.name, documents->people[i].doc.name) < 0);
    assert_null(ambit_person_find(documents, AMBIT_STR("nobody")));
    assert_null(ambit_agent_find(documents, AMBIT_STR("")));
    assert_null(ambit_policy_find(documents, AMBIT_STR("zzz")));
}

/* The digests are wire format: they stand in records for ever. */
static void digests(void **state)
{
    const struct ambit_person *sam = ambit_person_find(documents, AMBIT_STR("sam"));
    struct ambit_digest digest;
    char hex[2 * sizeof digest.b];
    (void)state;
    IS(sam->doc.canonical,
       "{\"active\":true,\"email\":\"sam.okafor@example.gov\",\"name\":\"Sam "
       "Okafor\",\"person\":\"sam\",\"roles\":[\"owner\"],\"team\":\"payments\"}");
    set_env.sha256(sam->doc.canonical.p, sam->doc.canonical.len, &digest);
    assert_true(ambit_digest_eq(digest, sam->doc.digest));
    hex_encode(documents->digest.b, sizeof documents->digest.b, hex);
    assert_memory_equal(hex, SET_DIGEST, sizeof hex);
    /* As sets were named before their zones belonged to them. */
    assert_int_equal(ambit_documents_digest(documents, false, &set_env, &digest), AMBIT_OK);
    hex_encode(digest.b, sizeof digest.b, hex);
    assert_memory_equal(hex, DOCUMENTS_DIGEST, sizeof hex);
}

/* Each zone that some window names, once, with the bytes that its rules come from. */
static void zones(void **state)
{
    (void)state;
    assert_int_equal(documents->n_zones, 1);
    const struct ambit_zone *berlin = ambit_zone_find(documents, AMBIT_STR("Europe/Berlin"));
    assert_ptr_equal(berlin, &documents->zones[0]);
    assert_true(ambit_str_eq(berlin->tzif, AMBIT_STR(TZIF_UTC)));
    assert_int_equal(zone_at(berlin->rules, 0)->offset_s, 0);
    assert_null(ambit_zone_find(documents, AMBIT_STR("UTC")));
    assert_null(documents->zone_data.p);
}

/* Member order, white space and escapes do not make another version; the order of files neither. */
static void same_set_same_digest(void **state)
{
    struct ambit_documents *again = NULL;
    struct ambit_problems problems = {0};
    (void)state;
    set_put(&set, AMBIT_KIND_PERSON, "sam",
            AMBIT_STR("\n{\"roles\" : [\"owner\"], \"team\":\"pay\\u006dents\", \"active\":true,\n"
                      "\"email\":\"sam.okafor@example.gov\", \"name\":\"Sam Okafor\",\"person\""
                      ":\"sam\"}\n"));
    for (size_t i = 0; i < set.n / 2; i++) {
        struct ambit_file file = set.files[i];
        set.files[i] = set.files[set.n - 1 - i];
        set.files[set.n - 1 - i] = file;
    }
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &problems, &again), AMBIT_OK);
    assert_true(ambit_digest_eq(again->digest, documents->digest));
    ambit_documents_free(again);
    ambit_problems_done(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(person),
        cmocka_unit_test(agent),
        cmocka_unit_test(service),
        cmocka_unit_test(policy),
        cmocka_unit_test(conditions),
        cmocka_unit_test(hard_stops),
        cmocka_unit_test(sorted_and_found),
        cmocka_unit_test(digests),
        cmocka_unit_test(zones),
        cmocka_unit_test(same_set_same_digest),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, read_example, free_example);
}
