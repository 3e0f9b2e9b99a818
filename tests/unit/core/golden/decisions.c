/* SPDX-License-Identifier: Apache-2.0 */
/* The golden grants and actions: between them every shape of a list. */
#include "golden/parts.h"

#include "base/arena.h"
#include "base/json_read.h"

#define S(literal)                                 \
    {                                              \
        .p = (literal), .len = sizeof(literal) - 1 \
    }

static const struct ambit_item asked[] = {
    {.action = S("service.read"), .resource = S("svc:staging/**")},
    {.action = S("service.restart"), .resource = S("svc:staging/web-*")},
    {.action = S("ticket.read")}, /* on every resource of the rules that contain it (TOK-12) */
};
static const struct ambit_str except_actions[] = {S("**")},
                              except_resources[] = {S("db:prod/customers/**"),
                                                    S("svc:staging/keys/**")};
static const struct ambit_except except[] = {
    {.policy = S("restart-services"),
     .id = S("customer-data"),
     .actions = {.v = except_actions, .n = 1},
     .resources = {.v = except_resources, .n = 2}},
};
/* Every kind and every `by`, and every member that may be left out, left out once. */
static const struct event_count counts[] = {
    {S("p"),
     S("r"),
     false,
     AMBIT_LIMIT_COUNT,
     {0},
     AMBIT_BY_AGENT,
     S("remediator"),
     1,
     600000,
     false},
    {S("p"), S("r"), false, AMBIT_LIMIT_SUM, S("rows"), AMBIT_BY_POLICY, S("p"), 250, 3600000,
     false},
    {S("p"),
     S("r"),
     false,
     AMBIT_LIMIT_USES,
     {0},
     AMBIT_BY_GRANT,
     S("AZoRDVIBAAH-AaUBWgH_AQ"),
     1,
     0,
     false},
    {S("p"),
     S("r"),
     false,
     AMBIT_LIMIT_LIVE_GRANTS,
     {0},
     AMBIT_BY_TEAM,
     S("payments"),
     1,
     0,
     false},
    {S("p"), S("r"), false, AMBIT_LIMIT_DISTINCT, S("resource"), AMBIT_BY_OWNER, S("dana"), 1,
     60000, false},
    {S("p"),
     S("r"),
     false,
     AMBIT_LIMIT_GRANTS,
     {0},
     AMBIT_BY_LINEAGE,
     S("AZoRDVIBAAH-AaUBWgH_AQ"),
     1,
     60000,
     false},
    {S("p"),
     S("probing"),
     true,
     AMBIT_LIMIT_COUNT,
     {0},
     AMBIT_BY_RESOURCE,
     S("svc:\"q\"\xc3\xa9"),
     0,
     0,
     true},
};
static const int64_t figures[] = {0, 19, AMBIT_FIGURE_FULL, 9007199254740991};
static const struct ambit_str trips[] = {S("restart-services/probing"), S("read-tickets/probing")};

static struct event decided(struct event event, enum ambit_reason reason, const char *rule)
{
    event.decision = reason == AMBIT_REASON_ALLOWED ? AMBIT_ALLOW : AMBIT_DENY;
    event.reason = reason;
    if (!rule)
        return event;
    event.policy = AMBIT_STR("restart-services");
    event.digest = golden_digest(201);
    event.rule = ambit_str_of(rule);
    return event;
}

/* ---- grants ---- */

static struct event request(size_t i, enum event_type type, enum ambit_reason reason,
                            const char *rule)
{
    struct event event = decided(golden_with_agent(golden_blank(i, type)), reason, rule);
    event.asked = asked;
    event.n_asked = 1;
    event.audience = AMBIT_STR("https://payments.example.gov");
    event.has_proof = true;
    event.purpose = AMBIT_STR("INC-4711: web-1 does not answer");
    event.figures = figures;
    event.n_figures = 2;
    return event;
}

struct event golden_issued(size_t i)
{
    static struct ambit_given items[3];
    struct event event = request(i, EVENT_GRANT_ISSUED, AMBIT_REASON_ALLOWED, "staging");
    items[0] = (struct ambit_given){asked[0].action, asked[0].resource, S("restart-services"),
                                    S("staging"), golden_digest(201)};
    items[1] = (struct ambit_given){asked[1].action, asked[1].resource, S("restart-services"),
                                    S("staging"), golden_digest(201)};
    items[2] = (struct ambit_given){asked[2].action, S("ticket:**"), S("read-tickets"),
                                    S("tickets"), golden_digest(202)};
    event.n_asked = 3;
    event.has_asked_audience = true;
    event.has_asked_lifetime = true;
    event.asked_lifetime_s = 900;
    event.grant = event.lineage = golden_id(1);
    event.items = items;
    event.n_items = 3;
    event.except = except;
    event.n_except = 1;
    event.lifetime_s = 899;
    event.expires_ms = 1795169700000;
    event.token = golden_digest(203);
    event.once = golden_digest(204);
    event.once_until_ms = 1795168860000;
    event.counts = counts;
    event.n_counts = 4;
    return event;
}

/* A renewal, of a delegated grant with a bound key; little is stated. */
struct event golden_renewed(size_t i)
{
    struct event event = golden_issued(i);
    event.purpose = (struct ambit_str){0};
    event.has_asked_audience = event.has_asked_lifetime = false;
    event.n_asked = event.n_items = 1;
    event.n_except = event.n_figures = 0;
    event.once = (struct ambit_digest){{0}};
    event.once_until_ms = 0;
    event.grant = golden_id(2);
    event.parent = golden_id(3);
    event.lineage = golden_id(3);
    event.replaces = golden_id(1);
    event.binding = AMBIT_BINDING_DPOP;
    event.counts = counts + 3;
    event.n_counts = 1;
    return event;
}

/* A service's own token: the service where an agent's grant has the agent. */
struct event golden_issued_to_service(size_t i)
{
    static const struct ambit_item scope = {.action = S("ambit.decide")};
    struct event event = decided(golden_blank(i, EVENT_GRANT_ISSUED), AMBIT_REASON_ALLOWED, NULL);
    event.agent = event.service = AMBIT_STR("payments-api");
    event.owner = AMBIT_STR("dana");
    event.asked = &scope;
    event.n_asked = 1;
    event.audience = AMBIT_STR("https://broker.example.gov");
    event.grant = event.lineage = golden_id(4);
    event.token = golden_digest(205);
    event.expires_ms = 1795169400000;
    event.lifetime_s = 597;
    event.has_proof = true;
    return event;
}

struct event golden_refused(size_t i)
{
    struct event event = request(i, EVENT_GRANT_REFUSED, AMBIT_REASON_OUT_OF_SCOPE, NULL);
    event.member = AMBIT_STR("items/0");
    event.has_asked_lifetime = true;
    event.asked_lifetime_s = -5;
    event.trips = trips;
    event.n_trips = 1;
    event.counts = counts + 6;
    event.n_counts = 1;
    return event;
}

struct event golden_refused_stopped(size_t i)
{
    static struct ambit_stop_view stops[6];
    struct event event = request(i, EVENT_GRANT_REFUSED, AMBIT_REASON_STOPPED, NULL);
    stops[0] = (struct ambit_stop_view){golden_id(40), AMBIT_TARGET_AGENT, S("remediator")};
    stops[1] = (struct ambit_stop_view){golden_id(41), AMBIT_TARGET_TEAM, S("payments")};
    stops[2] = (struct ambit_stop_view){golden_id(42), AMBIT_TARGET_OWNER, S("dana")};
    stops[3] = (struct ambit_stop_view){golden_id(43), AMBIT_TARGET_POLICY, S("restart-services")};
    stops[4] = (struct ambit_stop_view){golden_id(44), AMBIT_TARGET_RESOURCE, S("svc:staging/**")};
    stops[5] = (struct ambit_stop_view){golden_id(45), AMBIT_TARGET_ALL, {0}};
    event.used_stops = stops;
    event.n_used_stops = 6;
    return event;
}

/* What could not be recorded whole: one item of empty names. */
struct event golden_refused_malformed(size_t i)
{
    static const struct ambit_item unrecordable = {.action = {"", 0}, .resource = {"", 0}};
    struct event event = request(i, EVENT_GRANT_REFUSED, AMBIT_REASON_MALFORMED, NULL);
    event.asked = &unrecordable;
    event.purpose = (struct ambit_str){0};
    event.figures = figures + 2;
    return event;
}

struct event golden_revoked(size_t i, bool is_foreign)
{
    struct event event = decided(golden_with_agent(golden_blank(i, EVENT_GRANT_REVOKED)),
                                 is_foreign ? AMBIT_REASON_FORBIDDEN : AMBIT_REASON_ALLOWED, NULL);
    event.grant = event.lineage = golden_id(1);
    event.by = is_foreign ? AMBIT_STR("reporter") : AMBIT_STR("remediator");
    event.has_proof = true;
    return event;
}

/* ---- actions ---- */

static struct event action(size_t i, enum event_type type, enum ambit_reason reason,
                           const char *rule)
{
    struct event event = decided(golden_with_agent(golden_blank(i, type)), reason, rule);
    event.grant = event.lineage = golden_id(1);
    event.service = AMBIT_STR("payments-api");
    event.audience = AMBIT_STR("https://payments.example.gov");
    event.action = AMBIT_STR("service.restart");
    event.resource = AMBIT_STR("svc:staging/web-1");
    event.has_proof = true;
    return event;
}

struct event golden_allowed(size_t i, struct arena *arena)
{
    static const char text[] =
        "{\"z\":true,\"instances\":2,\"mode\":\"rolling\",\"note\":\"\\u20ac \\\"a\\\\b\\u0001\","
        "\"a\":{\"list\":[1,null,\"x\",{}],\"b\":-9007199254740991}}";
    struct event event = action(i, EVENT_ACTION_ALLOWED, AMBIT_REASON_ALLOWED, "staging");
    struct json_problem problem;
    AMBIT_ASSERT(json_read(AMBIT_STR(text), (struct json_limits){0}, arena, &event.context,
                           &problem) == AMBIT_OK);
    event.arguments_digest =
        AMBIT_STR("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    event.stated_reason = AMBIT_STR("health check failed \xe2\x80\x94 three times");
    event.source = AMBIT_STR("2001:db8::7");
    event.binding = AMBIT_BINDING_MTLS;
    event.parent = golden_id(3);
    event.figures = figures;
    event.n_figures = 4;
    event.counts = counts;
    event.n_counts = 7;
    return event;
}

/* An agent about its own token: no service, nothing vouched for. */
struct event golden_allowed_to_agent(size_t i)
{
    struct event event = action(i, EVENT_ACTION_ALLOWED, AMBIT_REASON_ALLOWED, "staging");
    event.service = (struct ambit_str){0};
    return event;
}

struct event golden_denied(size_t i, enum ambit_reason reason, enum ambit_liveness liveness)
{
    struct event event = action(i, EVENT_ACTION_DENIED, reason, NULL);
    event.liveness = liveness;
    return event;
}

struct event golden_denied_unknown(size_t i)
{
    struct event event = decided(golden_blank(i, EVENT_ACTION_DENIED), AMBIT_REASON_INACTIVE, NULL);
    event.service = AMBIT_STR("payments-api");
    event.action = AMBIT_STR("");
    event.resource =
        AMBIT_STR("?sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    return event;
}

struct event golden_denied_tripping(size_t i)
{
    struct event event = action(i, EVENT_ACTION_DENIED, AMBIT_REASON_HARD_STOP, "probing");
    event.stated_reason = AMBIT_STR("");
    event.trips = trips;
    event.n_trips = 2;
    event.counts = counts + 6;
    event.n_counts = 1;
    return event;
}
