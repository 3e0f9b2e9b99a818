/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets by name in a hash table with its lock in stripes. A table that is full refuses
 * nobody: only names in the documents in force get here, so it cannot be filled by strangers. */
#include "core/budget.h"

#include <pthread.h>
#include <stdatomic.h>

enum { STRIPES = 16, SLOTS = 256, MINUTE_MS = 60000, MILLI = 1000 };

struct slot {
    bool is_used;
    enum caller_kind kind;
    char name[AMBIT_AGENT_NAME_MAX];
    size_t name_len;
    int64_t tokens_milli; /* thousandths of a command */
    int64_t filled_ms;
    int64_t limited_minute;
    uint64_t limited;
};
struct stripe {
    pthread_mutex_t lock; /* guards slots */
    struct slot *slots;   /* SLOTS of them, doubled when full */
    size_t n_slots, n_used;
};
struct budgets {
    struct ambit_limits_config limits;
    struct stripe stripes[STRIPES];
    _Atomic uint64_t limited; /* since the last time they were looked through */
    /* the writer's: what the batch that is open tells */
    struct budget_limited taken[BUDGETS_TOLD];
    size_t n_taken;
};

enum ambit_err budgets_new(const struct ambit_limits_config *limits, struct budgets **ret)
{
    struct budgets *budgets = calloc(1, sizeof *budgets);
    if (budgets == NULL)
        return AMBIT_ERR_NO_MEMORY;
    budgets->limits = *limits;
    for (size_t i = 0; i < STRIPES; i++) {
        pthread_mutex_init(&budgets->stripes[i].lock, NULL);
        budgets->stripes[i].n_slots = SLOTS;
        budgets->stripes[i].slots = calloc(SLOTS, sizeof(struct slot));
        if (budgets->stripes[i].slots == NULL) {
            budgets_free(budgets);
            return AMBIT_ERR_NO_MEMORY;
        }
    }
    *ret = budgets;
    return AMBIT_OK;
}

void budgets_free(struct budgets *budgets)
{
    if (budgets == NULL)
        return;
    for (size_t i = 0; i < STRIPES; i++)
        free(budgets->stripes[i].slots);
    free(budgets);
}

/* FNV-1a: names come from documents, not from attackers. */
static uint32_t name_hash(const struct caller *caller)
{
    uint32_t hash = 2166136261u ^ (uint32_t)caller->kind;
    for (size_t i = 0; i < caller->name.len; i++)
        hash = (hash ^ (uint8_t)caller->name.p[i]) * 16777619u;
    return hash;
}

static struct slot *slot_at(struct slot *slots, size_t n, uint32_t hash, enum caller_kind kind,
                            struct ambit_str name)
{
    for (size_t i = 0; i < n; i++) {
        struct slot *slot = &slots[(hash / STRIPES + i) & (n - 1)];
        if (!slot->is_used || (slot->kind == kind &&
                               ambit_str_eq((struct ambit_str){slot->name, slot->name_len}, name)))
            return slot;
    }
    return NULL;
}

static void stripe_grow(struct stripe *stripe)
{
    size_t n = stripe->n_slots * 2;
    struct slot *slots = calloc(n, sizeof *slots);
    if (slots == NULL)
        return; /* stays slow and full rather than wrong */
    for (size_t i = 0; i < stripe->n_slots; i++) {
        const struct slot *slot = &stripe->slots[i];
        struct caller caller = {.kind = slot->kind, .name = {slot->name, slot->name_len}};
        if (slot->is_used)
            *slot_at(slots, n, name_hash(&caller), slot->kind, caller.name) = *slot;
    }
    free(stripe->slots);
    stripe->slots = slots;
    stripe->n_slots = n;
}

struct rate {
    int64_t per_s, burst;
};

static void rate_of(const struct budgets *budgets, enum caller_kind kind, int64_t *ret_per_s,
                    int64_t *ret_burst)
{
    switch (kind) {
    case CALLER_AGENT:
        *ret_per_s = budgets->limits.agent_per_s;
        *ret_burst = budgets->limits.agent_burst;
        return;
    case CALLER_SERVICE:
        *ret_per_s = budgets->limits.service_per_s;
        *ret_burst = budgets->limits.service_burst;
        return;
    case CALLER_PERSON:
    case CALLER_NONE:
        *ret_per_s = budgets->limits.person_per_s;
        *ret_burst = budgets->limits.person_burst;
        return;
    }
}

static void slot_fill(struct slot *slot, int64_t per_s, int64_t burst, int64_t now_ms)
{
    int64_t passed_ms = now_ms - slot->filled_ms;
    slot->filled_ms = now_ms;
    if (passed_ms <= 0) /* the clock went back: nothing is given, nothing is taken */
        return;
    int64_t full = burst * MILLI;
    if (passed_ms >= (full - slot->tokens_milli) / (per_s > 0 ? per_s : 1) + 1)
        slot->tokens_milli = full;
    else
        slot->tokens_milli += passed_ms * per_s;
    if (slot->tokens_milli > full)
        slot->tokens_milli = full;
}

/* More than a full slot holds is taken from a full one, which then owes the rest. */
static enum ambit_err slot_take(struct slot *slot, size_t n, const struct rate *rate,
                                int64_t now_ms, uint32_t *ret_retry_after_s)
{
    int64_t needed = (int64_t)n < rate->burst ? (int64_t)n * MILLI : rate->burst * MILLI;
    if (slot->tokens_milli >= needed) {
        slot->tokens_milli -= (int64_t)n * MILLI;
        return AMBIT_OK;
    }
    int64_t per_s = rate->per_s;
    *ret_retry_after_s =
        per_s > 0 ? (uint32_t)((needed - slot->tokens_milli) / (per_s * MILLI)) + 1 : 60;
    if (slot->limited == 0)
        slot->limited_minute = now_ms / MINUTE_MS;
    slot->limited++;
    return AMBIT_ERR_BUSY;
}

enum ambit_err budgets_take(struct budgets *budgets, const struct caller *caller, int64_t now_ms,
                            uint32_t *ret_retry_after_s)
{
    return budgets_take_many(budgets, caller, 1, now_ms, ret_retry_after_s);
}

enum ambit_err budgets_take_many(struct budgets *budgets, const struct caller *caller, size_t n,
                                 int64_t now_ms, uint32_t *ret_retry_after_s)
{
    uint32_t hash = name_hash(caller);
    struct stripe *stripe = &budgets->stripes[hash % STRIPES];
    struct rate rate = {0};
    rate_of(budgets, caller->kind, &rate.per_s, &rate.burst);

    enum ambit_err err = AMBIT_OK;
    pthread_mutex_lock(&stripe->lock);
    if (stripe->n_used * 4 >= stripe->n_slots * 3)
        stripe_grow(stripe);
    struct slot *slot = slot_at(stripe->slots, stripe->n_slots, hash, caller->kind, caller->name);
    if (slot != NULL && !slot->is_used) {
        *slot = (struct slot){.is_used = true,
                              .kind = caller->kind,
                              .name_len = caller->name.len,
                              .tokens_milli = rate.burst * MILLI,
                              .filled_ms = now_ms};
        memcpy(slot->name, caller->name.p, caller->name.len);
        stripe->n_used++;
    }
    if (slot != NULL) {
        slot_fill(slot, rate.per_s, rate.burst, now_ms);
        err = slot_take(slot, n, &rate, now_ms, ret_retry_after_s);
    }
    pthread_mutex_unlock(&stripe->lock);
    if (err != AMBIT_OK)
        atomic_fetch_add(&budgets->limited, 1);
    return err;
}

bool budgets_due(struct budgets *budgets, int64_t now_ms)
{
    (void)now_ms;
    return atomic_load(&budgets->limited) > 0;
}

void budgets_keep(struct budgets *budgets)
{
    budgets->n_taken = 0;
}

void budgets_restore(struct budgets *budgets)
{
    while (budgets->n_taken > 0) {
        const struct budget_limited *taken = &budgets->taken[--budgets->n_taken];
        struct caller caller = {.kind = taken->kind, .name = {taken->name, taken->name_len}};
        uint32_t hash = name_hash(&caller);
        struct stripe *stripe = &budgets->stripes[hash % STRIPES];
        pthread_mutex_lock(&stripe->lock);
        struct slot *slot = slot_at(stripe->slots, stripe->n_slots, hash, caller.kind, caller.name);
        if (slot != NULL && slot->is_used) {
            slot->limited += taken->count;
            slot->limited_minute = taken->minute;
        }
        pthread_mutex_unlock(&stripe->lock);
        atomic_fetch_add(&budgets->limited, 1);
    }
}

bool budgets_next_limited(struct budgets *budgets, int64_t now_ms, struct budget_limited *ret)
{
    bool is_found = false, is_waiting = false;
    if (budgets->n_taken == BUDGETS_TOLD)
        return false; /* the rest at the next tick */
    for (size_t s = 0; s < STRIPES && !is_found; s++) {
        struct stripe *stripe = &budgets->stripes[s];
        pthread_mutex_lock(&stripe->lock);
        for (size_t i = 0; i < stripe->n_slots && !is_found; i++) {
            struct slot *slot = &stripe->slots[i];
            if (!slot->is_used || slot->limited == 0)
                continue;
            is_waiting = slot->limited_minute >= now_ms / MINUTE_MS || is_waiting;
            if (slot->limited_minute >= now_ms / MINUTE_MS)
                continue;
            *ret = (struct budget_limited){.kind = slot->kind,
                                           .name_len = slot->name_len,
                                           .count = slot->limited,
                                           .minute = slot->limited_minute};
            memcpy(ret->name, slot->name, slot->name_len);
            budgets->taken[budgets->n_taken++] = *ret;
            slot->limited = 0;
            is_found = true;
        }
        pthread_mutex_unlock(&stripe->lock);
    }
    if (!is_found && !is_waiting)
        atomic_store(&budgets->limited, 0);
    return is_found;
}

/* ---- callers that proved nothing ----------------------------------------------------------- */

struct unproved {
    pthread_mutex_t lock; /* guards the rest */
    int64_t minute;
    uint64_t count;
    size_t n;
    struct unproved_source sources[UNPROVED_SOURCES];
    struct unproved_totals taken; /* what the batch that is open tells; count 0: nothing */
    int64_t taken_minute;
};

enum ambit_err unproved_new(struct unproved **ret)
{
    struct unproved *unproved = calloc(1, sizeof *unproved);
    if (unproved == NULL)
        return AMBIT_ERR_NO_MEMORY;
    pthread_mutex_init(&unproved->lock, NULL);
    *ret = unproved;
    return AMBIT_OK;
}

void unproved_free(struct unproved *unproved)
{
    free(unproved);
}

/* The least busy source makes room for a new one and leaves it its count (space-saving): a busy
 * source cannot be pushed out by many quiet ones. */
static void source_count(struct unproved *unproved, struct ambit_str text, uint64_t count)
{
    struct unproved_source *least = NULL;
    size_t len = text.len < UNPROVED_TEXT ? text.len : UNPROVED_TEXT;
    for (size_t i = 0; i < unproved->n; i++) {
        struct unproved_source *source = &unproved->sources[i];
        if (source->len == len && memcmp(source->text, text.p, len) == 0) {
            source->count += count;
            return;
        }
        if (least == NULL || source->count < least->count)
            least = source;
    }
    if (unproved->n < UNPROVED_SOURCES) {
        least = &unproved->sources[unproved->n++];
        least->count = 0;
    }
    memcpy(least->text, text.p, len);
    least->len = len;
    least->count += count;
}

void unproved_count(struct unproved *unproved, struct ambit_str source, int64_t now_ms)
{
    pthread_mutex_lock(&unproved->lock);
    if (unproved->count == 0)
        unproved->minute = now_ms / MINUTE_MS;
    unproved->count++;
    if (source.len > 0)
        source_count(unproved, source, 1);
    pthread_mutex_unlock(&unproved->lock);
}

bool unproved_is_due(struct unproved *unproved, int64_t now_ms)
{
    pthread_mutex_lock(&unproved->lock);
    bool is_due = unproved->count > 0 && unproved->minute < now_ms / MINUTE_MS;
    pthread_mutex_unlock(&unproved->lock);
    return is_due;
}

bool unproved_take(struct unproved *unproved, int64_t now_ms, struct unproved_totals *ret)
{
    pthread_mutex_lock(&unproved->lock);
    bool is_due = unproved->count > 0 && unproved->minute < now_ms / MINUTE_MS;
    if (is_due) {
        *ret = (struct unproved_totals){.count = unproved->count};
        while (ret->n < UNPROVED_NAMED && ret->n < unproved->n) {
            struct unproved_source *busiest = &unproved->sources[0];
            for (size_t i = 1; i < unproved->n; i++)
                if (unproved->sources[i].count > busiest->count)
                    busiest = &unproved->sources[i];
            ret->sources[ret->n++] = *busiest;
            busiest->count = 0;
        }
        unproved->taken = *ret;
        unproved->taken_minute = unproved->minute;
        unproved->count = 0;
        unproved->n = 0;
    }
    pthread_mutex_unlock(&unproved->lock);
    return is_due;
}

void unproved_keep(struct unproved *unproved)
{
    pthread_mutex_lock(&unproved->lock);
    unproved->taken.count = 0;
    pthread_mutex_unlock(&unproved->lock);
}

void unproved_restore(struct unproved *unproved)
{
    pthread_mutex_lock(&unproved->lock);
    const struct unproved_totals *taken = &unproved->taken;
    if (taken->count > 0) {
        unproved->minute = unproved->taken_minute;
        unproved->count += taken->count;
        for (size_t i = 0; i < taken->n; i++)
            source_count(unproved,
                         (struct ambit_str){taken->sources[i].text, taken->sources[i].len},
                         taken->sources[i].count);
    }
    unproved->taken.count = 0;
    pthread_mutex_unlock(&unproved->lock);
}
