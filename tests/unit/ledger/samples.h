/* SPDX-License-Identifier: Apache-2.0 */
/* Sample events: one as small as can be, one with every member there is. */
#pragma once

#include "base/arena.h"
#include "base/json_read.h"
#include "ledger/event.h"
#include "support/unit.h"

static inline struct ambit_id sample_id(uint8_t n)
{
    struct ambit_id id = {.b = {1, 2, 3}};
    id.b[15] = n;
    return id;
}

static inline struct ambit_digest sample_digest(uint8_t n)
{
    struct ambit_digest digest = {.b = {9, 8, 7}};
    digest.b[31] = n;
    return digest;
}

static inline struct event sample_small(void)
{
    return (struct event){
        .time_ms = 1795168800123, .type = EVENT_BROKER_STARTED, .decision = EVENT_DECISION_NONE};
}

static inline const struct json_value *sample_context(struct arena *arena)
{
    const struct json_value *value = NULL;
    struct json_problem problem;
    static const char text[] =
        "{\"z\":1,\"amount\":-5,\"a\":{\"y\":[true,null],\"b\":\"\\u20ac\"},\"\\r\":\"\\u0007\"}";
    assert_int_equal(json_read(AMBIT_STR(text), (struct json_limits){0}, arena, &value, &problem),
                     AMBIT_OK);
    return value;
}

static inline struct event sample_large(struct arena *arena)
{
    static const struct ambit_item asked[] = {
        {.action = {"service.read", 12}, .resource = {"svc:staging/**", 14}},
        {.action = {"service.restart", 15}},
    };
    static struct ambit_given items[2];
    static const struct ambit_str actions[] = {{"db.read", 7}, {"db.write", 8}},
                                  resources[] = {{"db:x/**", 7}};
    static const struct ambit_except except[] = {{.policy = {"p", 1},
                                                  .id = {"no-customers", 12},
                                                  .actions = {.v = actions, .n = 2},
                                                  .resources = {.v = resources, .n = 1}},
                                                 {.policy = {"q", 1}, .id = {"x", 1}}};
    static const struct event_count counts[] = {
        {.policy = {"p", 1},
         .id = {"r", 1},
         .kind = AMBIT_LIMIT_COUNT,
         .by = AMBIT_BY_AGENT,
         .key = {"a", 1},
         .amount = 1,
         .keep_ms = 600000},
        {.policy = {"p", 1},
         .id = {"s", 1},
         .is_stop = true,
         .kind = AMBIT_LIMIT_SUM,
         .field = {"amount", 6},
         .by = AMBIT_BY_RESOURCE,
         .key = {"db:\"x\"", 6},
         .amount = 0,
         .resets = true},
        {.policy = {"p", 1},
         .id = {"t", 1},
         .kind = AMBIT_LIMIT_USES,
         .by = AMBIT_BY_GRANT,
         .key = {"k", 1},
         .amount = -77},
    };
    static const int64_t figures[] = {0, 19, AMBIT_FIGURE_FULL, 9007199254740991};
    static struct ambit_stop_view used_stops[2];
    static const struct ambit_str trips[] = {{"p/probing", 9}, {"q/other", 7}};
    items[0] = (struct ambit_given){.action = asked[0].action,
                                    .resource = asked[0].resource,
                                    .policy = {"p", 1},
                                    .rule = {"r", 1},
                                    .digest = sample_digest(1)};
    items[1] = (struct ambit_given){.action = {"x", 1}, .resource = {"y", 1}};
    used_stops[0] = (struct ambit_stop_view){
        .id = sample_id(40), .kind = AMBIT_TARGET_AGENT, .target = {"bot", 3}};
    used_stops[1] = (struct ambit_stop_view){.id = sample_id(41), .kind = AMBIT_TARGET_ALL};
    static struct once_value once_also[2];
    once_also[0] = (struct once_value){
        .digest = sample_digest(7), .until_ms = 1795168860001, .is_proof = true};
    once_also[1] = (struct once_value){.digest = sample_digest(8), .until_ms = 1795168860002};
    return (struct event){
        .seq = 41,
        .time_ms = 1795168800123,
        .type = EVENT_GRANT_ISSUED,
        .id = sample_id(1),
        .agent = AMBIT_STR("remediator"),
        .owner = AMBIT_STR("dana"),
        .team = AMBIT_STR("payments"),
        .grant = sample_id(2),
        .lineage = sample_id(3),
        .parent = sample_id(4),
        .person = AMBIT_STR("lee"),
        .words = AMBIT_STR("it \"misbehaves\"\n"),
        .service = AMBIT_STR("payments-api"),
        .policy = AMBIT_STR("p"),
        .rule = AMBIT_STR("r"),
        .digest = sample_digest(2),
        .documents = sample_digest(3),
        .decision = AMBIT_ALLOW,
        .reason = AMBIT_REASON_ALLOWED,
        .member = AMBIT_STR("when.context"),
        .asked = asked,
        .n_asked = 2,
        .items = items,
        .n_items = 2,
        .except = except,
        .n_except = 2,
        .audience = AMBIT_STR("https://payments.example.gov"),
        .has_asked_lifetime = true,
        .asked_lifetime_s = 0,
        .lifetime_s = 300,
        .expires_ms = 1795169100000,
        .action = AMBIT_STR("db.read"),
        .resource = AMBIT_STR("db:x/\xe2\x82\xac"),
        .context = sample_context(arena),
        .arguments_digest = AMBIT_STR("sha256:00"),
        .stated_reason = AMBIT_STR(""),
        .source = AMBIT_STR("::1"),
        .binding = AMBIT_BINDING_DPOP,
        .binding_key = sample_digest(6),
        .certificate = sample_digest(9),
        .purpose = AMBIT_STR("to mend"),
        .txn = AMBIT_STR("0123456789abcdef0123456789abcdef"),
        .has_proof = true,
        .token = sample_digest(4),
        .once = sample_digest(5),
        .once_until_ms = 1795168860000,
        .once_also = once_also,
        .n_once_also = 2,
        .replaces = sample_id(5),
        .counts = counts,
        .n_counts = 3,
        .figures = figures,
        .n_figures = 4,
        .used_stops = used_stops,
        .n_used_stops = 2,
        .trips = trips,
        .n_trips = 2,
        .stop = sample_id(6),
        .incident = sample_id(7),
        .target = AMBIT_STR("agent:remediator"),
        .also = trips,
        .n_also = 1,
        .by = AMBIT_STR("hard_stop:p/probing"),
        .holds = true,
        .cause = sample_id(8),
        .detail = AMBIT_STR("{\"count\":7,\"sources\":[\"::1\"]}"),
    };
}
