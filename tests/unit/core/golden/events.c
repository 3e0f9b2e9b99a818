/* SPDX-License-Identifier: Apache-2.0 */
/* The thirty in their order; stops and what the broker says of itself. */
#include "golden/parts.h"

#include "base/arena.h"

#define S(literal)                                 \
    {                                              \
        .p = (literal), .len = sizeof(literal) - 1 \
    }

struct ambit_id golden_id(uint8_t n)
{
    return (struct ambit_id){
        .b = {0x01, 0x9a, 0x11, 0x0d, 0x52, n, 0, n, 0xfe, n, 0xa5, n, 0x5a, n, 0xff, n}};
}

struct ambit_digest golden_digest(uint8_t n)
{
    struct ambit_digest digest;
    for (size_t i = 0; i < sizeof digest.b; i++)
        digest.b[i] = (uint8_t)(n * 31 + i * 7);
    return digest;
}

struct event_seed golden_seed(size_t i)
{
    struct event_seed seed;
    for (size_t k = 0; k < sizeof seed.b; k++)
        seed.b[k] = (uint8_t)(i * 13 + k);
    return seed;
}

struct event golden_blank(size_t i, enum event_type type)
{
    return (struct event){
        .seq = i,
        .time_ms = 1795168800000 + (int64_t)i * 1001,
        .type = type,
        .id = golden_id((uint8_t)(i + 1)),
        .documents = golden_digest(200),
        .decision = EVENT_DECISION_NONE,
        .txn = S("4bf92f3577b34da6a3ce929d0e0e4736"),
    };
}

struct event golden_with_agent(struct event event)
{
    event.agent = AMBIT_STR("remediator");
    event.owner = AMBIT_STR("dana");
    event.team = AMBIT_STR("payments");
    event.source = AMBIT_STR("10.20.0.7");
    return event;
}

static const struct ambit_str also[] = {S("lineage:AZoRDVIBAAH-AaUBWgH_AQ"),
                                        S("agent:remediator policy:read-tickets")};

/* ---- stops ---- */

static struct event stop_event(size_t i, enum event_type type)
{
    struct event event = golden_with_agent(golden_blank(i, type));
    event.stop = golden_id(40);
    event.incident = golden_id(50);
    event.holds = true;
    return event;
}

static struct event stop_by_person(size_t i, enum event_type type, const char *person,
                                   const char *words)
{
    struct event event = stop_event(i, type);
    event.person = ambit_str_of(person);
    event.words = ambit_str_of(words);
    event.target = AMBIT_STR("agent:remediator");
    return event;
}

static struct event stop_by_rule(size_t i, enum event_type type)
{
    struct event event = stop_event(i, type);
    event.target = AMBIT_STR("agent:remediator");
    event.by = AMBIT_STR("hard_stop:restart-services/probing");
    event.policy = AMBIT_STR("restart-services");
    event.digest = golden_digest(201);
    event.rule = AMBIT_STR("probing");
    event.grant = event.lineage = golden_id(1);
    event.cause = golden_id(15);
    if (type == EVENT_STOP_RAISED) {
        event.also = also;
        event.n_also = 2;
    }
    return event;
}

/* ---- the rest ---- */

static struct event plain(size_t i, enum event_type type, const char *detail)
{
    struct event event = golden_blank(i, type);
    event.txn = (struct ambit_str){0};
    if (detail)
        event.detail = ambit_str_of(detail);
    return event;
}

static struct event person_read(size_t i)
{
    struct event event = plain(i, EVENT_PERSON_READ, "{\"what\":\"trace:agent:remediator\"}");
    event.person = AMBIT_STR("kim");
    return event;
}

static struct event folded(size_t i)
{
    struct event event = plain(i, EVENT_REFUSALS_FOLDED, "{\"count\":4711,\"reason\":\"stopped\"}");
    event.agent = AMBIT_STR("remediator");
    return event;
}

static struct event time_acknowledged(size_t i)
{
    struct event event = golden_blank(i, EVENT_TIME_ACKNOWLEDGED);
    event.person = AMBIT_STR("lee");
    event.words = AMBIT_STR("compared with two servers");
    return event;
}

struct event golden_event(size_t i, struct arena *arena)
{
    switch (i) {
    case 0:
        return plain(i, EVENT_DOCUMENTS_ACTIVATED,
                     "{\"agents\":{\"remediator\":\"sha256:00\"},\"engine\":\"0.1.0\"}");
    case 1:
        return plain(i, EVENT_KEY_CREATED, "{\"alg\":\"ES256\",\"kid\":\"gold\"}");
    case 2:
        return plain(i, EVENT_BROKER_STARTED, "{\"version\":\"0.1.0\"}");
    case 3:
        return golden_issued(i);
    case 4:
        return golden_renewed(i);
    case 5:
        return golden_issued_to_service(i);
    case 6:
        return golden_refused(i);
    case 7:
        return golden_refused_stopped(i);
    case 8:
        return golden_refused_malformed(i);
    case 9:
        return golden_revoked(i, false);
    case 10:
        return golden_revoked(i, true);
    case 11:
        return golden_allowed(i, arena);
    case 12:
        return golden_allowed_to_agent(i);
    case 13:
        return golden_denied(i, AMBIT_REASON_STOPPED, AMBIT_DEAD_STOPPED);
    case 14:
        return golden_denied(i, AMBIT_REASON_INACTIVE, AMBIT_DEAD_REVOKED);
    case 15:
        return golden_denied_unknown(i);
    case 16:
        return golden_denied_tripping(i);
    case 17:
        return stop_by_rule(i, EVENT_STOP_RAISED);
    case 18:
        return stop_by_rule(i, EVENT_INCIDENT_OPENED);
    case 19:
        return stop_by_person(i, EVENT_STOP_RAISED, "lee", "it \"misbehaves\"\t/ badly");
    case 20:
        return stop_by_person(i, EVENT_STOP_CLEARED, "kim", "found: a loop in the tool");
    case 21:
        return plain(i, EVENT_DOCUMENTS_REJECTED, "{\"errors\":12}");
    case 22:
        return person_read(i);
    case 23:
        return plain(i, EVENT_IDENTITY_REFUSED,
                     "{\"count\":9,\"sources\":[{\"count\":9,\"source\":\"192.0.2.1\"}]}");
    case 24:
        return plain(i, EVENT_CALLER_LIMITED,
                     "{\"count\":3,\"kind\":\"service\",\"name\":\"payments-api\"}");
    case 25:
        return plain(i, EVENT_TIME_DISTRUSTED, NULL);
    case 26:
        return time_acknowledged(i);
    case 27:
        return folded(i);
    case 28:
        return plain(i, EVENT_BROKER_SEALED, NULL);
    case 29:
        return plain(i, EVENT_BROKER_STOPPED, NULL);
    }
    AMBIT_ASSERT(!"an event behind the last");
    return (struct event){0};
}
