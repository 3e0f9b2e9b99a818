/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: every type of event is mapped to OCSF 1.9 and ECS 8 as LOG-1 and LOG-2 say: class, activity
 * and category of each, and whole lines, written by hand from the schemas. */
#include "support/unit.h"

#include "base/json_write.h"
#include "core/event_export.h"

enum { LINE_MAX_BYTES = 8192 };

static struct ambit_id id_of(uint8_t last)
{
    return (struct ambit_id){.b = {1, 2, 3, [15] = last}};
}

static const char *written(const struct event *event, bool is_ecs)
{
    static char memory[LINE_MAX_BYTES];
    struct ledger_row row = {.leaf = {.b = {0xab, [31] = 0xcd}}};
    struct json_out out;
    struct buf line;
    buf_init_fixed(&line, memory, sizeof memory - 1);
    json_out_init(&out, &line, false);
    if (is_ecs)
        event_ecs_write(&row, event, &out);
    else
        event_ocsf_write(&row, event, &out);
    assert_int_equal(buf_check(&line), AMBIT_OK);
    memory[line.len] = '\0';
    return memory;
}

/* ---- every type ----------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *type, *ocsf, *ecs;
} types[] = {
    {"grant.issued", "\"activity_id\":1,\"activity_name\":\"Assign Privileges\",\"category_uid\":3", "\"category\":[\"iam\",\"api\"],\"type\":[\"creation\",\"allowed\"]"},
    {"grant.refused", "\"class_uid\":3003", "\"category\":[\"iam\",\"api\"],\"type\":[\"creation\",\"denied\"]"},
    {"grant.revoked", "\"type_uid\":300715", "\"category\":[\"iam\"],\"type\":[\"deletion\"]"},
    {"action.allowed", "\"type_uid\":600399", "\"category\":[\"api\"],\"type\":[\"access\",\"allowed\"]"},
    {"action.denied", "\"type_uid\":600399", "\"category\":[\"api\"],\"type\":[\"access\",\"denied\"]"},
    {"stop.raised", "\"type_uid\":200401", "\"category\":[\"iam\"],\"type\":[\"admin\",\"change\"]"},
    {"stop.cleared", "\"type_uid\":200403", "\"category\":[\"iam\"],\"type\":[\"admin\",\"change\"]"},
    {"incident.opened", "\"type_uid\":200501", "\"category\":[\"intrusion_detection\"],\"type\":[\"info\"]"},
    {"documents.activated", "\"type_uid\":300410", "\"category\":[\"configuration\"],\"type\":[\"change\"]"},
    {"documents.rejected", "\"type_uid\":300403", "\"category\":[\"configuration\"],\"type\":[\"change\"]"},
    {"person.read", "\"type_uid\":600302", "\"category\":[\"api\"],\"type\":[\"access\"]"},
    {"identity.refused", "\"type_uid\":300201", "\"category\":[\"authentication\"],\"type\":[\"start\"]"},
    {"caller.limited", "\"type_uid\":600399", "\"category\":[\"api\"],\"type\":[\"denied\"]"},
    {"key.created", "\"type_uid\":300401", "\"category\":[\"configuration\"],\"type\":[\"creation\"]"},
    {"time.distrusted", "\"type_uid\":600207", "\"category\":[\"process\"],\"type\":[\"change\"]"},
    {"time.acknowledged", "\"type_uid\":600206", "\"category\":[\"process\"],\"type\":[\"change\"]"},
    {"broker.started", "\"type_uid\":600203", "\"category\":[\"process\"],\"type\":[\"start\"]"},
    {"broker.stopped", "\"type_uid\":600204", "\"category\":[\"process\"],\"type\":[\"end\"]"},
    {"broker.sealed", "\"type_uid\":600207", "\"category\":[\"process\"],\"type\":[\"change\"]"},
    {"refusals.folded", "\"type_uid\":600399", "\"category\":[\"api\"],\"type\":[\"denied\"]"},
    {"stop.clear_asked", "\"type_uid\":200402", "\"category\":[\"iam\"],\"type\":[\"admin\",\"info\"]"},
    {"documents.confirmed", "\"type_uid\":300499", "\"category\":[\"configuration\"],\"type\":[\"change\"]"},
    {"documents.superseded", "\"type_uid\":300499", "\"category\":[\"configuration\"],\"type\":[\"change\"]"},
    {"person.offboarded", "\"type_uid\":300705", "\"category\":[\"iam\"],\"type\":[\"user\",\"deletion\"]"},
    {"action.outcome", "\"type_uid\":600399", "\"category\":[\"api\"],\"type\":[\"info\"]"},
    {"action.unaccounted", "\"type_uid\":200401", "\"category\":[\"api\"],\"type\":[\"info\"]"},
    {"signal.received", "\"type_uid\":200401", "\"category\":[\"intrusion_detection\"],\"type\":[\"info\"]"},
    {"incident.escalated", "\"type_uid\":200502", "\"category\":[\"intrusion_detection\"],\"type\":[\"info\"]"},
    {"incident.acknowledged", "\"type_uid\":200502", "\"category\":[\"intrusion_detection\"],\"type\":[\"info\"]"},
    {"incident.closed", "\"type_uid\":200503", "\"category\":[\"intrusion_detection\"],\"type\":[\"info\"]"},
    {"history.expired", "\"type_uid\":600208", "\"category\":[\"process\"],\"type\":[\"info\"]"},
    {"broker.outage", "\"type_uid\":600299", "\"category\":[\"process\"],\"type\":[\"info\"]"},
    {"question.answered", "\"type_uid\":600302", "\"category\":[\"api\"],\"type\":[\"access\"]"},
    {"approval.asked", "\"type_uid\":300799", "\"category\":[\"iam\"],\"type\":[\"admin\",\"info\"]"},
    {"approval.given", "\"type_uid\":300714", "\"category\":[\"iam\"],\"type\":[\"admin\",\"change\"]"},
    {"approval.refused", "\"type_uid\":300799", "\"category\":[\"iam\"],\"type\":[\"admin\",\"change\"]"},
    {"approval.lapsed", "\"type_uid\":300715", "\"category\":[\"iam\"],\"type\":[\"admin\",\"info\"]"},
    {"approval.used", "\"type_uid\":300799", "\"category\":[\"iam\"],\"type\":[\"admin\",\"info\"]"},
    {"key.activated", "\"type_uid\":300410", "\"category\":[\"configuration\"],\"type\":[\"change\"]"},
    {"key.retired", "\"type_uid\":300411", "\"category\":[\"configuration\"],\"type\":[\"deletion\"]"},
    {"approval.awaited", "\"type_uid\":300799", "\"category\":[\"iam\"],\"type\":[\"admin\",\"info\"]"},
    {"approval.cancelled", "\"type_uid\":300799", "\"category\":[\"iam\"],\"type\":[\"admin\",\"info\"]"},
    {"personal.erased", "\"type_uid\":300404", "\"category\":[\"configuration\"],\"type\":[\"deletion\"]"},
    {"record.backed_up", "\"type_uid\":600299", "\"category\":[\"process\"],\"type\":[\"info\"]"},
    {"record.pruned", "\"type_uid\":600299", "\"category\":[\"configuration\"],\"type\":[\"deletion\"]"},
    {"record.restored", "\"type_uid\":600299", "\"category\":[\"process\"],\"type\":[\"change\"]"},
    {"log.started", "\"type_uid\":600299", "\"category\":[\"process\"],\"type\":[\"start\"]"},
    {"log.continued", "\"type_uid\":600299", "\"category\":[\"process\"],\"type\":[\"change\"]"},
};
/* clang-format on */

static void test_every_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < EVENT_TYPES; i++) {
        struct event event = {.seq = i,
                              .time_ms = 1795168800123,
                              .type = (enum event_type)i,
                              .decision = EVENT_DECISION_NONE};
        const char *type = event_type_text(event.type);
        size_t at = 0;
        while (at < AMBIT_LEN(types) && !streq(types[at].type, type))
            at++;
        ROW_CHECK(type, at < AMBIT_LEN(types)); /* a new type: its row here, by hand */
        ROW_CHECK(type, strstr(written(&event, false), types[at].ocsf));
        ROW_CHECK(type, strstr(written(&event, true), types[at].ecs));
    }
}

/* ---- whole lines ---------------------------------------------------------------------------- */

static struct event denied(void)
{
    static const struct ambit_str trips[] = {{"restart-services/probing", 24}};
    return (struct event){.seq = 22,
                          .time_ms = 1795168800123,
                          .type = EVENT_ACTION_DENIED,
                          .id = id_of(1),
                          .agent = AMBIT_STR("remediator"),
                          .owner = AMBIT_STR("dana"),
                          .team = AMBIT_STR("payments"),
                          .grant = id_of(2),
                          .service = AMBIT_STR("payments-api"),
                          .policy = AMBIT_STR("restart-services"),
                          .rule = AMBIT_STR("staging"),
                          .digest = {.b = {0x11}},
                          .decision = AMBIT_DENY,
                          .reason = AMBIT_REASON_OUT_OF_SCOPE,
                          .action = AMBIT_STR("service.restart"),
                          .resource = AMBIT_STR("svc:prod/web"),
                          .source = AMBIT_STR("192.0.2.7"),
                          .stated_reason = AMBIT_STR("it is \"down\""),
                          .txn = AMBIT_STR("0123456789abcdef0123456789abcdef"),
                          .trips = trips,
                          .n_trips = 1};
}

static struct event raised(void)
{
    return (struct event){.seq = 23,
                          .time_ms = 1795168800124,
                          .type = EVENT_STOP_RAISED,
                          .id = id_of(3),
                          .decision = EVENT_DECISION_NONE,
                          .person = AMBIT_STR("lee"),
                          .words = AMBIT_STR("it misbehaves"),
                          .stop = id_of(3),
                          .target = AMBIT_STR("agent:reporter")};
}

static struct event issued(void)
{
    static const struct ambit_given items[] = {{.action = {"service.read", 12},
                                                .resource = {"svc:staging/**", 14},
                                                .policy = {"restart-services", 16},
                                                .rule = {"staging", 7}}};
    return (struct event){.seq = 4,
                          .time_ms = 1795168800000,
                          .type = EVENT_GRANT_ISSUED,
                          .id = id_of(4),
                          .agent = AMBIT_STR("remediator"),
                          .grant = id_of(4),
                          .policy = AMBIT_STR("restart-services"),
                          .decision = AMBIT_ALLOW,
                          .reason = AMBIT_REASON_ALLOWED,
                          .items = items,
                          .n_items = 1,
                          .lifetime_s = 300,
                          .expires_ms = 1795169100000};
}

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"
#define LEAF                                                       \
    "\"leaf\":\"ab"                                                \
    "000000000000000000000000000000000000000000000000000000000000" \
    "cd\""
#define PRODUCT "\"log_name\":\"record\","
#define OF_AMBIT                                                                                   \
    "\"product\":{\"name\":\"ambit\",\"vendor_name\":\"ambit\",\"version\":\"" AMBIT_VERSION "\"}" \
                                                                                             ","

/* clang-format off */
static const char denied_ocsf[] =
    "{\"time\":1795168800123,\"activity_id\":99,\"activity_name\":\"Act\",\"category_uid\":6,"
    "\"category_name\":\"Application Activity\",\"class_uid\":6003,\"class_name\":\"API Activity\","
    "\"type_uid\":600399,\"severity_id\":4,\"severity\":\"High\",\"status_id\":2,\"status\":\"Failure\","
    "\"status_code\":\"out_of_scope\","
    "\"message\":\"action.denied remediator service.restart svc:prod/web: out_of_scope\","
    "\"metadata\":{\"uid\":\"AQIDAAAAAAAAAAAAAAAAAQ\",\"sequence\":22,\"event_code\":\"action.denied\"," PRODUCT OF_AMBIT
    "\"profiles\":[\"security_control\",\"trace\"],\"version\":\"1.9.0\"},"
    "\"actor\":{\"user\":{\"name\":\"remediator\",\"uid\":\"remediator\",\"type\":\"Service\",\"type_id\":4}},"
    "\"src_endpoint\":{\"ip\":\"192.0.2.7\"},"
    "\"action_id\":2,\"action\":\"Denied\",\"disposition_id\":2,\"disposition\":\"Blocked\",\"is_alert\":true,"
    "\"policy\":{\"name\":\"restart-services\",\"uid\":\"restart-services\",\"version\":\"sha256:11" ZEROS "\"},"
    "\"api\":{\"operation\":\"service.restart\",\"service\":{\"name\":\"payments-api\"}},"
    "\"resources\":[{\"name\":\"svc:prod/web\",\"type\":\"svc\",\"role_id\":1}],"
    "\"trace\":{\"uid\":\"0123456789abcdef0123456789abcdef\"},"
    "\"unmapped\":{\"event\":\"action.denied\",\"agent\":\"remediator\",\"owner\":\"dana\",\"team\":\"payments\","
    "\"service\":\"payments-api\",\"grant\":\"AQIDAAAAAAAAAAAAAAAAAg\",\"policy\":\"restart-services\",\"rule\":\"staging\","
    "\"digest\":\"sha256:11" ZEROS "\",\"action\":\"service.restart\",\"resource\":\"svc:prod/web\","
    "\"stated_reason\":\"it is \\\"down\\\"\",\"txn\":\"0123456789abcdef0123456789abcdef\","
    "\"trips\":[\"restart-services/probing\"]," LEAF "}}";
static const char denied_ecs[] =
    "{\"@timestamp\":\"2026-11-20T10:00:00.123Z\",\"ecs\":{\"version\":\"8.17.0\"},"
    "\"event\":{\"id\":\"AQIDAAAAAAAAAAAAAAAAAQ\",\"sequence\":22,\"kind\":\"alert\",\"category\":[\"api\"],"
    "\"type\":[\"access\",\"denied\"],\"action\":\"action.denied\",\"outcome\":\"failure\",\"reason\":\"out_of_scope\","
    "\"severity\":4,\"module\":\"ambit\",\"dataset\":\"ambit.record\"},"
    "\"message\":\"action.denied remediator service.restart svc:prod/web: out_of_scope\","
    "\"user\":{\"id\":\"remediator\",\"name\":\"remediator\"},\"client\":{\"ip\":\"192.0.2.7\"},"
    "\"rule\":{\"id\":\"staging\",\"ruleset\":\"restart-services\",\"version\":\"sha256:11" ZEROS "\"},"
    "\"service\":{\"name\":\"payments-api\"},\"trace\":{\"id\":\"0123456789abcdef0123456789abcdef\"},"
    "\"ambit\":{\"event\":\"action.denied\",\"agent\":\"remediator\",\"owner\":\"dana\",\"team\":\"payments\","
    "\"service\":\"payments-api\",\"grant\":\"AQIDAAAAAAAAAAAAAAAAAg\",\"policy\":\"restart-services\",\"rule\":\"staging\","
    "\"digest\":\"sha256:11" ZEROS "\",\"action\":\"service.restart\",\"resource\":\"svc:prod/web\","
    "\"stated_reason\":\"it is \\\"down\\\"\",\"txn\":\"0123456789abcdef0123456789abcdef\","
    "\"trips\":[\"restart-services/probing\"]," LEAF "}}";
static const char raised_ocsf[] =
    "{\"time\":1795168800124,\"activity_id\":1,\"activity_name\":\"Create\",\"category_uid\":2,"
    "\"category_name\":\"Findings\",\"class_uid\":2004,\"class_name\":\"Detection Finding\","
    "\"type_uid\":200401,\"severity_id\":4,\"severity\":\"High\",\"status_id\":1,\"status\":\"New\","
    "\"message\":\"stop.raised lee agent:reporter\","
    "\"metadata\":{\"uid\":\"AQIDAAAAAAAAAAAAAAAAAw\",\"sequence\":23,\"event_code\":\"stop.raised\"," PRODUCT OF_AMBIT
    "\"profiles\":[],\"version\":\"1.9.0\"},"
    "\"finding_info\":{\"uid\":\"AQIDAAAAAAAAAAAAAAAAAw\",\"title\":\"agent:reporter\",\"desc\":\"it misbehaves\","
    "\"types\":[\"stop.raised\"]},\"is_alert\":false,"
    "\"unmapped\":{\"event\":\"stop.raised\",\"person\":\"lee\",\"words\":\"it misbehaves\","
    "\"stop\":\"AQIDAAAAAAAAAAAAAAAAAw\",\"target\":\"agent:reporter\"," LEAF "}}";
static const char issued_ocsf[] =
    "{\"time\":1795168800000,\"activity_id\":1,\"activity_name\":\"Assign Privileges\",\"category_uid\":3,"
    "\"category_name\":\"Identity & Access Management\",\"class_uid\":3003,\"class_name\":\"Authorize Session\","
    "\"type_uid\":300301,\"severity_id\":1,\"severity\":\"Informational\",\"status_id\":1,\"status\":\"Success\","
    "\"status_code\":\"allowed\",\"message\":\"grant.issued remediator: allowed\","
    "\"metadata\":{\"uid\":\"AQIDAAAAAAAAAAAAAAAABA\",\"sequence\":4,\"event_code\":\"grant.issued\"," PRODUCT OF_AMBIT
    "\"profiles\":[\"security_control\"],\"version\":\"1.9.0\"},"
    "\"actor\":{\"user\":{\"name\":\"remediator\",\"uid\":\"remediator\",\"type\":\"Service\",\"type_id\":4}},"
    "\"src_endpoint\":{\"name\":\"unknown\"},"
    "\"action_id\":1,\"action\":\"Allowed\",\"disposition_id\":1,\"disposition\":\"Allowed\",\"is_alert\":false,"
    "\"policy\":{\"name\":\"restart-services\",\"uid\":\"restart-services\"},"
    "\"user\":{\"name\":\"remediator\",\"uid\":\"remediator\",\"type\":\"Service\",\"type_id\":4},"
    "\"privileges\":[\"service.read[svc:staging/**]\"],"
    "\"session\":{\"uid\":\"AQIDAAAAAAAAAAAAAAAABA\",\"expiration_time\":1795169100000},"
    "\"unmapped\":{\"event\":\"grant.issued\",\"agent\":\"remediator\",\"grant\":\"AQIDAAAAAAAAAAAAAAAABA\","
    "\"policy\":\"restart-services\",\"lifetime_s\":300," LEAF "}}";
/* clang-format on */

static void test_lines(void **state)
{
    (void)state;
    const struct event of_denied = denied(), of_raised = raised(), of_issued = issued();
    assert_string_equal(written(&of_denied, false), denied_ocsf);
    assert_string_equal(written(&of_denied, true), denied_ecs);
    assert_string_equal(written(&of_raised, false), raised_ocsf);
    assert_string_equal(written(&of_issued, false), issued_ocsf);
}

/* What is unsaid is unsaid: no member stands for text that was erased. */
static void test_erased(void **state)
{
    (void)state;
    struct event event = denied();
    event.stated_reason = (struct ambit_str){NULL, 0};
    assert_null(strstr(written(&event, false), "stated_reason"));
    assert_null(strstr(written(&event, true), "stated_reason"));
}

static void test_what_it_is(void **state)
{
    (void)state;
    struct event event = denied();
    assert_true(event_is_alert(&event));
    event.n_trips = 0;
    assert_false(event_is_alert(&event));
    event.reason = AMBIT_REASON_HARD_STOP;
    assert_true(event_is_alert(&event));
    event = raised();
    assert_false(event_is_alert(&event));
    event.by = AMBIT_STR("hard_stop:p/s");
    assert_true(event_is_alert(&event));
    assert_int_equal(event_severity_of(&event, SEVERITY_LOW), SEVERITY_HIGH);
    assert_int_equal(event_severity_of(&event, SEVERITY_CRITICAL), SEVERITY_CRITICAL);

    struct event outcome = {.type = EVENT_ACTION_OUTCOME, .decision = EVENT_DECISION_NONE};
    assert_int_equal(event_status_of(&outcome, STATUS_NONE), STATUS_NONE);
    outcome.outcome = AMBIT_STR("succeeded");
    assert_int_equal(event_status_of(&outcome, STATUS_NONE), STATUS_YES);
    outcome.outcome = AMBIT_STR("failed");
    assert_int_equal(event_status_of(&outcome, STATUS_NONE), STATUS_NO);
    outcome.agreement = AMBIT_STR("mismatched");
    assert_int_equal(event_severity_of(&outcome, SEVERITY_INFO), SEVERITY_MEDIUM);
    /* Without an id of its own an event is named by its sequence. */
    outcome.seq = 7;
    assert_non_null(strstr(written(&outcome, true), "\"id\":\"event:7\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type),
        cmocka_unit_test(test_lines) /* LOG-1, LOG-2 */,
        cmocka_unit_test(test_erased),
        cmocka_unit_test(test_what_it_is),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
