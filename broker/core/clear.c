/* SPDX-License-Identifier: Apache-2.0 */
/* Lifting a hold. Clearing revives nothing. Who may: policy-language.md, Roles: an on-call person
 * who is neither owner nor backup of what was stopped; at tiers low and medium its owner, if no
 * other person raised it; at critical, and for team, owner and all, two people - which this version
 * refuses (CLEAR_NEEDS_TWO), because one may not clear it. */
#include "core/internal.h"

#include "base/arena.h"
#include "base/encode.h"
#include "core/stop_row.h"

/* What a stop covers, as far as clearing asks. */
struct covered {
    struct ambit_str owner, backup; /* absent: nobody in particular, or several */
    bool is_theirs;                 /* the person who clears is one of those */
    enum ambit_tier tier;
    bool needs_two;
};

static enum ambit_tier policy_tier(const struct ambit_documents *documents, struct ambit_str name)
{
    const struct ambit_policy *policy = ambit_policy_find(documents, name);
    return policy != NULL ? policy->tier : AMBIT_TIER_CRITICAL; /* unknown: the strictest */
}

static void cover_agent(const struct ambit_documents *documents, struct ambit_str name,
                        struct covered *ret)
{
    const struct ambit_agent *agent = ambit_agent_find(documents, name);
    if (agent == NULL) {
        ret->tier = AMBIT_TIER_CRITICAL;
        return;
    }
    ret->owner = agent->owner;
    ret->backup = agent->backup;
    ret->tier = agent->tier;
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
            return AMBIT_ERR_DAMAGED;
        cover_agent(documents, err == AMBIT_OK ? grant.agent : (struct ambit_str){0}, ret);
        break;
    case AMBIT_TARGET_AGENT: {
        /* "agent:x policy:y" (a hard stop's revocation on a token request) covers agent x. */
        const char *space = memchr(target.p, ' ', target.len);
        if (space != NULL)
            target.len = (size_t)(space - target.p);
        cover_agent(documents, target, ret);
        break;
    }
    case AMBIT_TARGET_POLICY: {
        const struct ambit_policy *policy = ambit_policy_find(documents, target);
        ret->tier = policy_tier(documents, target);
        if (policy != NULL)
            ret->owner = policy->owner;
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
        ret->needs_two = true;
        break;
    }
    ret->is_theirs =
        ret->is_theirs || ambit_str_eq(ret->owner, person) || ambit_str_eq(ret->backup, person);
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
    if (row.cleared_ms != 0)
        command->refusal = CLEAR_ALREADY;
    if (command->refusal != CLEAR_FINE)
        return AMBIT_OK;

    struct event event;
    event_init(&event, base, EVENT_STOP_CLEARED);
    event.stop = row.id;
    event.incident = row.incident;
    event.target = row.target;
    event.agent = row.agent;
    event.owner = covered.owner;
    event.words = command->reason;
    event.holds = row.holds;
    err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    return err;
}

enum ambit_err clear_submit(struct clear_command *command)
{
    if (command->reason.len == 0 || command->reason.len > AMBIT_TEXT_MAX)
        return AMBIT_ERR_MALFORMED;
    command->base.job.run = clear_run;
    return command_submit(&command->base, WRITER_RECORDS);
}
