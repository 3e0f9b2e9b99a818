/* SPDX-License-Identifier: Apache-2.0 */
/* A hard stop that fired: its cut-off and hold, and the incident on the owner's name, recorded in
 * the same transaction as the request that tripped it. */
#include "core/internal.h"

#include "base/encode.h"
#include "core/incident.h"

enum {
    TARGET_MAX = AMBIT_AGENT_NAME_MAX + AMBIT_NAME_MAX + 32,
    BY_MAX = 2 * AMBIT_NAME_MAX + 16,
    KEY_MAX = AMBIT_WORD_MAX + 16
};

struct trip_texts {
    char target[TARGET_MAX], lineage[8 + ID_TEXT_LEN], by[BY_MAX], key[KEY_MAX];
    struct ambit_str also[1];
};

static struct ambit_str join(char *dst, size_t size, const struct ambit_str *parts, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        AMBIT_ASSERT(len + parts[i].len <= size);
        if (parts[i].len > 0)
            memcpy(dst + len, parts[i].p, parts[i].len);
        len += parts[i].len;
    }
    return (struct ambit_str){.p = dst, .len = len};
}

#define JOIN(dst, ...)                                                \
    join((dst), sizeof(dst), (const struct ambit_str[]){__VA_ARGS__}, \
         sizeof((const struct ambit_str[]){__VA_ARGS__}) / sizeof(struct ambit_str))

static struct ambit_str lineage_target(struct ambit_id lineage, char dst[8 + ID_TEXT_LEN])
{
    memcpy(dst, "lineage:", 8);
    id_encode(lineage, dst + 8);
    return (struct ambit_str){.p = dst, .len = 8 + ID_TEXT_LEN};
}

/* What the stop takes (PL "Hard stops", `then`). The lineage of the event is revoked either way;
 * revoke_grant on a token request takes every live grant of the agent under that policy, and of one
 * under a parent grant that lineage too. */
static void trip_target(struct event *stop, const struct ambit_trip *trip,
                        const struct event *cause, struct trip_texts *texts)
{
    bool is_request = cause->type == EVENT_GRANT_ISSUED || cause->type == EVENT_GRANT_REFUSED;
    bool has_lineage = !ambit_id_is_none(trip->lineage);
    struct ambit_str lineage = lineage_target(trip->lineage, texts->lineage);

    stop->holds = trip->then != AMBIT_THEN_REVOKE_GRANT;
    switch (trip->then) {
    case AMBIT_THEN_REVOKE_GRANT:
        if (has_lineage && !is_request) {
            stop->target = lineage;
            return;
        }
        stop->target = JOIN(texts->target, AMBIT_STR("agent:"), trip->agent, AMBIT_STR(" policy:"),
                            trip->policy);
        break;
    case AMBIT_THEN_SUSPEND_AGENT:
        stop->target = JOIN(texts->target, AMBIT_STR("agent:"), trip->agent);
        break;
    case AMBIT_THEN_STOP_TEAM:
        stop->target = JOIN(texts->target, AMBIT_STR("team:"), trip->team);
        break;
    case AMBIT_THEN_STOP_POLICY:
        stop->target = JOIN(texts->target, AMBIT_STR("policy:"), trip->policy);
        break;
    }
    if (has_lineage) {
        texts->also[0] = lineage;
        stop->also = texts->also;
        stop->n_also = 1;
    }
}

static AMBIT_CHECKED enum ambit_err trip_raise(struct broker *broker, struct store_txn *txn,
                                               struct command *command, const struct event *cause,
                                               const struct ambit_trip *trip, unsigned index)
{
    const struct ambit_policy *policy =
        ambit_policy_find(command->documents->documents, trip->policy);
    struct trip_texts texts;
    struct event stop;
    event_init(&stop, command, EVENT_STOP_RAISED);
    stop.id = command_derive_id(command, index * 4 + 1);
    stop.stop = command_derive_id(command, index * 4 + 2);
    stop.incident = command_derive_id(command, index * 4 + 3);
    stop.person = (struct ambit_str){0};
    event_without_once(&stop);
    stop.agent = trip->agent;
    stop.owner = cause->owner;
    stop.team = cause->team;
    stop.service = cause->service;
    stop.grant = cause->grant;
    stop.lineage = cause->lineage;
    stop.policy = trip->policy;
    stop.rule = trip->id;
    if (policy != NULL)
        stop.digest = policy->doc.digest;
    stop.cause = cause->id;
    stop.by = JOIN(texts.by, AMBIT_STR("hard_stop:"), trip->policy, AMBIT_STR("/"), trip->id);
    trip_target(&stop, trip, cause, &texts);

    struct event incident = stop;
    struct ambit_id open;
    incident.also = NULL;
    incident.n_also = 0;
    incident.key =
        JOIN(texts.key, ambit_str_of(ambit_by_text(trip->by)), AMBIT_STR(":"), trip->key);
    enum ambit_err err = incident_find(txn, &incident, &open);
    if (err != AMBIT_OK)
        return err;
    bool joins = !ambit_id_is_none(open);
    if (joins)
        stop.incident = open;
    err = record_event(broker, txn, command, &stop);
    return err == AMBIT_OK && !joins ? incident_open(broker, txn, command, &incident) : err;
}

enum ambit_err trips_raise(struct broker *broker, struct store_txn *txn, struct command *command,
                           const struct event *event, const struct ambit_decision *decision)
{
    for (size_t i = 0; i < decision->n_trips; i++) {
        enum ambit_err err =
            trip_raise(broker, txn, command, event, &decision->trips[i], (unsigned)i);
        if (err != AMBIT_OK) /* the event that tripped it is written already */
            return record_cannot_hold(err) ? AMBIT_ERR_INTERNAL : err;
    }
    return AMBIT_OK;
}
