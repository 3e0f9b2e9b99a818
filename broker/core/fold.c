/* SPDX-License-Identifier: Apache-2.0 */
/* A small table of (agent, reason, minute). When it is full a refusal is recorded, not folded. */
#include "core/fold.h"

enum { MINUTE_MS = 60000 };

/* Before the first change of a batch. */
static void fold_change(struct fold *fold)
{
    if (!fold->is_changed)
        memcpy(fold->before, fold->slots, sizeof fold->before);
    fold->is_changed = true;
}

void fold_keep(struct fold *fold)
{
    fold->is_changed = false;
}

void fold_restore(struct fold *fold)
{
    if (fold->is_changed)
        memcpy(fold->slots, fold->before, sizeof fold->slots);
    fold->is_changed = false;
    memset(fold->queries, 0, sizeof fold->queries); /* at worst one is told twice */
}

static struct fold_slot *fold_find(struct fold *fold, struct ambit_str agent,
                                   enum ambit_reason reason, int64_t minute)
{
    struct fold_slot *free_slot = NULL;
    for (size_t i = 0; i < FOLD_SLOTS; i++) {
        struct fold_slot *slot = &fold->slots[i];
        struct ambit_str name = {.p = slot->agent, .len = slot->agent_len};
        if (slot->agent_len > 0 && slot->minute < minute && slot->folded == 0)
            slot->agent_len = 0;
        if (slot->agent_len == 0 && free_slot == NULL)
            free_slot = slot;
        if (slot->agent_len > 0 && slot->minute == minute && slot->reason == reason &&
            ambit_str_eq(name, agent))
            return slot;
    }
    if (free_slot != NULL) {
        *free_slot = (struct fold_slot){.agent_len = agent.len, .reason = reason, .minute = minute};
        memcpy(free_slot->agent, agent.p, agent.len);
    }
    return free_slot;
}

bool fold_refusal(struct fold *fold, struct ambit_str agent, enum ambit_reason reason,
                  int64_t now_ms)
{
    if (reason != AMBIT_REASON_STOPPED && reason != AMBIT_REASON_INACTIVE)
        return false;
    if (agent.len == 0 || agent.len > AMBIT_AGENT_NAME_MAX)
        return false;

    fold_change(fold);
    struct fold_slot *slot = fold_find(fold, agent, reason, now_ms / MINUTE_MS);
    if (slot == NULL)
        return false;
    slot->seen++;
    if (slot->seen <= FOLD_AFTER)
        return false;
    slot->folded++;
    return true;
}

struct fold_slot *fold_due(struct fold *fold, int64_t now_ms)
{
    for (size_t i = 0; i < FOLD_SLOTS; i++) {
        struct fold_slot *slot = &fold->slots[i];
        if (slot->agent_len > 0 && slot->folded > 0 && slot->minute < now_ms / MINUTE_MS)
            return slot;
    }
    return NULL;
}

void fold_free(struct fold *fold, struct fold_slot *slot)
{
    fold_change(fold);
    slot->agent_len = 0;
}

bool fold_query_is_told(const struct fold *fold, const struct ambit_digest *key, int64_t now_ms)
{
    for (size_t i = 0; i < FOLD_QUERIES; i++) {
        const struct fold_query *query = &fold->queries[i];
        if (query->told_ms != 0 && now_ms - query->told_ms < MINUTE_MS &&
            ambit_digest_eq(query->key, *key))
            return true;
    }
    return false;
}

void fold_query_told(struct fold *fold, const struct ambit_digest *key, int64_t now_ms)
{
    fold->queries[fold->next_query] = (struct fold_query){.key = *key, .told_ms = now_ms};
    fold->next_query = (fold->next_query + 1) % FOLD_QUERIES;
}
