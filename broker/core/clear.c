/* SPDX-License-Identifier: Apache-2.0 */
/* Lifting a hold. Clearing revives nothing. Who may: policy-language.md, Roles: an on-call person
 * who is neither owner nor backup of what was stopped; at tiers low and medium its owner, if no
 * other person raised it; at critical, and for team, owner and all, two such on-call people: the
 * first is recorded (stop.clear_asked), the second clears. Both are judged when the second comes,
 * by the documents in force then. */
#include "core/internal.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "core/stop_row.h"

/* What a stop covers, as far as clearing asks. */
struct covered {
    struct ambit_str owner; /* absent: nobody in particular, or several */
    bool is_theirs;         /* the person who clears is owner or backup of it, or of a part */
    enum ambit_tier tier;
    bool needs_two;
};

static enum ambit_tier policy_tier(const struct ambit_documents *documents, struct ambit_str name)
{
    const struct ambit_policy *policy = ambit_policy_find(documents, name);
    return policy != NULL ? policy->tier : AMBIT_TIER_CRITICAL; /* unknown: the strictest */
}

static bool is_of(const struct ambit_agent *agent, struct ambit_str person)
{
    return ambit_str_eq(agent->owner, person) || ambit_str_eq(agent->backup, person);
}

static void cover_agent(const struct ambit_documents *documents, struct ambit_str name,
                        struct ambit_str person, struct covered *ret)
{
    const struct ambit_agent *agent = ambit_agent_find(documents, name);
    if (agent == NULL) {
        ret->tier = AMBIT_TIER_CRITICAL;
        return;
    }
    ret->owner = agent->owner;
    ret->tier = agent->tier;
    ret->is_theirs = is_of(agent, person);
}

/* A team, an owner, or everybody: many agents are stopped, and whoever is owner or backup of one of
 * them is no judge of it. */
static void cover_many(const struct ambit_documents *documents, enum ambit_target_kind kind,
                       struct ambit_str target, struct ambit_str person, struct covered *ret)
{
    ret->needs_two = true;
    ret->is_theirs = kind == AMBIT_TARGET_OWNER && ambit_str_eq(target, person);
    for (size_t i = 0; i < documents->n_agents && !ret->is_theirs; i++) {
        const struct ambit_agent *agent = &documents->agents[i];
        const struct ambit_person *owner = ambit_person_find(documents, agent->owner);
        bool is_stopped =
            kind == AMBIT_TARGET_ALL ||
            (kind == AMBIT_TARGET_OWNER && ambit_str_eq(agent->owner, target)) ||
            (kind == AMBIT_TARGET_TEAM && owner != NULL && ambit_str_eq(owner->team, target));
        ret->is_theirs = is_stopped && is_of(agent, person);
    }
}

/* The highest tier of a service whose resources the pattern overlaps, and the owners of all of
 * them. */
static AMBIT_CHECKED enum ambit_err cover_resource(const struct ambit_documents *documents,
                                                   struct ambit_str pattern,
                                                   struct ambit_str person, struct covered *ret)
{
    bool has_several = false;
    for (size_t i = 0; i < documents->n_services; i++) {
        const struct ambit_service *service = &documents->services[i];
        for (size_t k = 0; k < service->resources.n; k++) {
            bool overlaps = false;
            enum ambit_err err =
                ambit_resource_overlaps(service->resources.v[k], pattern, &overlaps);
            if (err != AMBIT_OK)
                return err;
            if (overlaps && service->tier > ret->tier)
                ret->tier = service->tier;
            if (!overlaps)
                continue;
            has_several |= ret->owner.p != NULL && !ambit_str_eq(ret->owner, service->owner);
            ret->owner = service->owner;
            ret->is_theirs |= ambit_str_eq(service->owner, person);
        }
    }
    if (has_several)
        ret->owner = (struct ambit_str){0};
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err cover(const struct ambit_documents *documents,
                                          const struct stop_row *row, struct store_txn *txn,
                                          struct ambit_str person, struct covered *ret)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_target_kind kind;
    struct ambit_str target;
    struct ambit_id id;
    struct grant_row grant;
    *ret = (struct covered){.tier = AMBIT_TIER_LOW};
    enum ambit_err err = stop_target_parse(row->target, &kind, &target);
    if (err != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    switch (kind) {
    case AMBIT_TARGET_GRANT:
    case AMBIT_TARGET_LINEAGE:
        err = id_decode(target, &id);
        if (err == AMBIT_OK)
            err = grant_load_row(txn, id, &arena, &grant);
        if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
            return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_DAMAGED : err;
        cover_agent(documents, err == AMBIT_OK ? grant.agent : (struct ambit_str){0}, person, ret);
        break;
    case AMBIT_TARGET_AGENT: {
        /* "agent:x policy:y" (a hard stop's revocation on a token request) covers agent x. */
        const char *space = memchr(target.p, ' ', target.len);
        if (space != NULL)
            target.len = (size_t)(space - target.p);
        cover_agent(documents, target, person, ret);
        break;
    }
    case AMBIT_TARGET_POLICY: {
        const struct ambit_policy *policy = ambit_policy_find(documents, target);
        ret->tier = policy_tier(documents, target);
        if (policy != NULL)
            ret->owner = policy->owner;
        ret->is_theirs = ambit_str_eq(ret->owner, person);
        break;
    }
    case AMBIT_TARGET_RESOURCE:
        err = cover_resource(documents, target, person, ret);
        if (err != AMBIT_OK)
            return err;
        break;
    case AMBIT_TARGET_TEAM:
    case AMBIT_TARGET_OWNER:
    case AMBIT_TARGET_ALL:
        cover_many(documents, kind, target, person, ret);
        break;
    }
    ret->needs_two = ret->needs_two || ret->tier == AMBIT_TIER_CRITICAL;
    return AMBIT_OK;
}

static enum clear_refusal judge(const struct ambit_documents *documents, const struct stop_row *row,
                                const struct covered *covered, struct ambit_str person)
{
    const struct ambit_person *who = ambit_person_find(documents, person);
    if (who == NULL || !who->is_active)
        return CLEAR_NOT_PERMITTED;
    bool is_owner = covered->owner.len > 0 && ambit_str_eq(covered->owner, person);
    bool by_another = row->by_person && !ambit_str_eq(row->by, person);
    if (covered->needs_two)
        return (who->roles & AMBIT_ROLE_ONCALL) && !covered->is_theirs ? CLEAR_NEEDS_TWO
                                                                       : CLEAR_NOT_PERMITTED;
    if ((who->roles & AMBIT_ROLE_ONCALL) && !covered->is_theirs)
        return CLEAR_FINE;
    if (is_owner && covered->tier <= AMBIT_TIER_MEDIUM && !by_another)
        return CLEAR_FINE;
    return CLEAR_NOT_PERMITTED;
}

/* Did another person, who may clear it still, ask within the day? */
static AMBIT_CHECKED enum ambit_err is_second(const struct clear_command *command,
                                              const struct stop_row *row, struct store_txn *txn,
                                              bool *ret)
{
    const struct ambit_documents *documents = command->base.documents->documents;
    struct covered covered;
    *ret = false;
    if (row->asked_by.p == NULL ||
        command->base.now_ms - row->asked_ms >= CLEAR_ASKED_FOR_S * INT64_C(1000) ||
        ambit_str_eq(row->asked_by, command->base.caller.name) ||
        broker_person_left(command->base.broker, row->asked_by))
        return AMBIT_OK;
    enum ambit_err err = cover(documents, row, txn, row->asked_by, &covered);
    if (err == AMBIT_OK)
        *ret = judge(documents, row, &covered, row->asked_by) == CLEAR_NEEDS_TWO;
    return err;
}

static AMBIT_CHECKED enum ambit_err judge_second(const struct clear_command *command,
                                                 const struct stop_row *row, struct store_txn *txn,
                                                 enum clear_refusal *ret)
{
    bool is_there = false;
    enum ambit_err err = is_second(command, row, txn, &is_there);
    bool has_asked = row->asked_by.p != NULL &&
                     ambit_str_eq(row->asked_by, command->base.caller.name) &&
                     command->base.now_ms - row->asked_ms < CLEAR_ASKED_FOR_S * INT64_C(1000);
    if (is_there)
        *ret = CLEAR_FINE;
    else if (has_asked)
        *ret = CLEAR_NEEDS_OTHER;
    return err;
}

/* Who was the first of the two stands in the event of the second. */
static AMBIT_CHECKED enum ambit_err put_first(const struct stop_row *row, struct buf *detail)
{
    struct json_out out;
    json_out_init(&out, detail, true);
    json_begin_object(&out);
    json_member_str(&out, "first", row->asked_by);
    json_key(&out, "first_seq");
    json_i64(&out, (int64_t)row->asked_seq);
    json_end_object(&out);
    return buf_check(detail);
}

static AMBIT_CHECKED enum ambit_err record_clear(struct clear_command *command,
                                                 struct store_txn *txn, const struct stop_row *row,
                                                 const struct covered *covered)
{
    struct command *base = &command->base;
    bool is_first = command->refusal == CLEAR_NEEDS_TWO;
    BUF_AUTO detail;
    buf_init(&detail, 0);
    struct event event;
    event_init(&event, base, is_first ? EVENT_STOP_CLEAR_ASKED : EVENT_STOP_CLEARED);
    event.stop = row->id;
    event.incident = row->incident;
    event.target = row->target;
    event.agent = row->agent;
    event.owner = covered->owner;
    event.words = command->reason;
    event.holds = row->holds;
    if (is_first)
        event.expires_ms = base->now_ms + CLEAR_ASKED_FOR_S * INT64_C(1000);
    if (!is_first && covered->needs_two) {
        enum ambit_err err = put_first(row, &detail);
        if (err != AMBIT_OK)
            return err;
        event.detail = buf_str(&detail);
    }
    enum ambit_err err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    return err;
}

static enum ambit_err clear_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct clear_command *command = (struct clear_command *)(void *)job;
    struct command *base = &command->base;
    struct stop_row row;
    struct covered covered;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);

    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;
    err = stop_row_load(txn, command->stop, &arena, &row);
    if (err == AMBIT_ERR_NOT_FOUND) {
        command->refusal = CLEAR_UNKNOWN;
        return AMBIT_OK;
    }
    if (err == AMBIT_OK)
        err = cover(base->documents->documents, &row, txn, base->caller.name, &covered);
    if (err != AMBIT_OK)
        return err;

    command->refusal = judge(base->documents->documents, &row, &covered, base->caller.name);
    if (command->refusal == CLEAR_NEEDS_TWO)
        err = judge_second(command, &row, txn, &command->refusal);
    if (row.cleared_ms != 0)
        command->refusal = CLEAR_ALREADY;
    if (err != AMBIT_OK || (command->refusal != CLEAR_FINE && command->refusal != CLEAR_NEEDS_TWO))
        return err;
    return record_clear(command, txn, &row, &covered);
}

enum ambit_err clear_submit(struct clear_command *command)
{
    if (command->reason.len == 0 || command->reason.len > AMBIT_TEXT_MAX)
        return AMBIT_ERR_MALFORMED;
    command->base.job.run = clear_run;
    return command_submit(&command->base, WRITER_RECORDS);
}
