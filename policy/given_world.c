/* SPDX-License-Identifier: Apache-2.0 */
/* The world of a hypothetical question: figures counted over a history that is told, entry by
 * entry. It is counted, not replayed: no stop fires in it and nothing of it begins anew. Slow by
 * design, one walk a figure, so that it can be read beside the language. */
#include "policy/hypothesis.h"

#include "base/encode.h"
#include "policy/judge.h"

struct given_world {
    const struct ambit_policy_set *set;
    const struct ambit_hypothesis *h;
    struct arena *arena;
};

static bool is_token_request(const struct ambit_entry *e)
{
    return e->kind == AMBIT_ENTRY_GRANTED || (e->kind == AMBIT_ENTRY_REFUSED && !e->action.p);
}

static bool is_key_id(struct ambit_id id, struct ambit_str key)
{
    char text[ID_TEXT_LEN];
    id_encode(id, text);
    return ambit_str_eq((struct ambit_str){.p = text, .len = sizeof text}, key);
}

/* Looked up when the world was made, which refuses an entry of an agent that is not there. */
static const struct compiled_agent *agent_of(const struct given_world *w,
                                             const struct ambit_entry *e)
{
    const struct compiled_agent *agent = compiled_agent_find(w->set, e->agent);
    AMBIT_ASSERT(agent);
    return agent;
}

static bool has_key(const struct given_world *w, const struct ambit_entry *e,
                    const struct ambit_figure_query *query)
{
    const struct compiled_agent *agent = agent_of(w, e);
    switch (query->by) {
    case AMBIT_BY_GRANT:
        return !is_token_request(e) && is_key_id(e->grant, query->key);
    case AMBIT_BY_LINEAGE:
        return !is_token_request(e) && is_key_id(e->lineage, query->key);
    case AMBIT_BY_AGENT:
        return ambit_str_eq(e->agent, query->key);
    case AMBIT_BY_TEAM:
        return ambit_str_eq(compiled_team(agent), query->key);
    case AMBIT_BY_OWNER:
        return ambit_str_eq(agent->agent->owner, query->key);
    case AMBIT_BY_RESOURCE:
        return ambit_str_eq(e->resource, query->key);
    case AMBIT_BY_POLICY: /* the policy is part of every history's name */
        break;
    }
    return true;
}

static bool is_inside(const struct given_world *w, const struct ambit_entry *e, int64_t within_ms)
{
    return e->at_ms <= w->h->now_ms && (within_ms == 0 || w->h->now_ms - e->at_ms < within_ms);
}

/* Dead by a stop in force: on it, its lineage, or whatever its row has. */
static bool is_stopped(const struct given_world *w, const struct ambit_entry *e)
{
    const struct compiled_agent *agent = agent_of(w, e);
    struct covered covered = {
        .agent = e->agent, .owner = agent->agent->owner, .team = compiled_team(agent)};
    const struct ambit_hypothesis *h = w->h;
    bool is_dead = hypothesis_is_cut_off(h, e->grant, e->lineage) ||
                   stop_covering(h->stops, h->n_stops, &covered);
    for (size_t i = 0; i < e->n_items && !is_dead; i++)
        is_dead = stop_on(h->stops, h->n_stops, AMBIT_TARGET_POLICY, e->items[i].policy) != NULL;
    return is_dead;
}

static bool is_alive(const struct given_world *w, const struct ambit_entry *e)
{
    /* A grant ends on a whole second: the one whose distance from then rounds down to its life. */
    int64_t whole_ms = (e->at_ms + 999) / 1000 * 1000;
    if (is_stopped(w, e))
        return false;
    return !e->has_lifetime || whole_ms + e->lifetime_s * 1000 > w->h->now_ms;
}

static int64_t amount_of(const struct ambit_entry *e, struct ambit_str field)
{
    struct ambit_action_question q = {
        .context = e->context, .n_context = e->n_context, .is_hypothetical = true};
    int64_t amount = 0;
    return context_amount(&q, field, &amount) ? amount : -1;
}

/* What is different so far; a history is short, so that a walk does. */
struct distinct {
    struct ambit_str *v;
    size_t n, room;
};

static bool distinct_add(const struct given_world *w, struct distinct *d, struct ambit_str text)
{
    for (size_t i = 0; i < d->n; i++) {
        if (ambit_str_eq(d->v[i], text))
            return true;
    }
    if (d->n == d->room) {
        size_t room = d->room ? 2 * d->room : 64;
        struct ambit_str *v = arena_array(w->arena, room, sizeof *v);
        if (!v)
            return false;
        if (d->n)
            memcpy(v, d->v, d->n * sizeof *v);
        d->v = v;
        d->room = room;
    }
    d->v[d->n++] = text;
    return true;
}

/* ---- limits of rules ------------------------------------------------------------------------- */

/* Charged to the rule by an allowed action, or by a grant that it gave some of. */
static bool counts_for_rule(const struct ambit_entry *e, const struct ambit_figure_query *query)
{
    bool wants_grants = query->kind == AMBIT_LIMIT_GRANTS || query->kind == AMBIT_LIMIT_LIVE_GRANTS;
    if (!wants_grants)
        return e->kind == AMBIT_ENTRY_ALLOWED && ambit_str_eq(e->policy, query->policy) &&
               ambit_str_eq(e->rule, query->id);
    for (size_t i = 0; e->kind == AMBIT_ENTRY_GRANTED && i < e->n_items; i++) {
        if (ambit_str_eq(e->items[i].policy, query->policy) &&
            ambit_str_eq(e->items[i].rule, query->id))
            return true;
    }
    return false;
}

/* ---- hard stops ------------------------------------------------------------------------------ */

/* What a query is about stands in the set that asks it; NULL: that is another set than the
 * world's. */
static const struct compiled_policy *find_policy(const struct given_world *w, struct ambit_str name)
{
    const struct ambit_policy *policy = ambit_policy_find(w->set->documents, name);
    return policy ? &w->set->policies[policy - w->set->documents->policies] : NULL;
}

static const struct compiled_stop *find_stop(const struct given_world *w,
                                             const struct ambit_figure_query *query)
{
    const struct compiled_policy *policy = find_policy(w, query->policy);
    for (size_t s = 0; policy && s < policy->n_stops; s++) {
        if (ambit_str_eq(policy->stops[s].stop->id, query->id))
            return &policy->stops[s];
    }
    return NULL;
}

static bool is_after_of(const struct compiled_after *after, const struct ambit_figure_query *query)
{
    return after->is_stop == query->is_stop && ambit_str_eq(after->id, query->id) &&
           ambit_str_eq(after->after->history, query->field);
}

static const struct compiled_after *find_after(const struct given_world *w,
                                               const struct ambit_figure_query *query)
{
    const struct compiled_policy *policy = find_policy(w, query->policy);
    for (size_t i = 0; policy && i < policy->n_afters; i++) {
        if (is_after_of(&policy->afters[i], query))
            return &policy->afters[i];
    }
    return NULL;
}

/* The items of an entry as patterns; room for the largest grant. */
struct heard {
    struct heard_item items[AMBIT_GIVEN_MAX];
    struct pattern_buf parsed[2 * AMBIT_GIVEN_MAX];
    struct ambit_str actions[AMBIT_GIVEN_MAX], resources[AMBIT_GIVEN_MAX];
    size_t n;
};

static void heard_add(struct heard *heard, struct ambit_str action, struct ambit_str resource,
                      bool are_names)
{
    if (heard->n == AMBIT_GIVEN_MAX)
        return;
    struct pattern_buf *a = &heard->parsed[2 * heard->n], *r = a + 1;
    bool is_fine = are_names ? pattern_parse_name(action, PATTERN_ACTION, a) == AMBIT_OK &&
                                   pattern_parse_name(resource, PATTERN_RESOURCE, r) == AMBIT_OK
                             : pattern_parse(action, PATTERN_ACTION, false, a) == AMBIT_OK &&
                                   pattern_parse(resource, PATTERN_RESOURCE, false, r) == AMBIT_OK;
    heard->actions[heard->n] = action;
    heard->resources[heard->n] = resource;
    heard->items[heard->n++] = (struct heard_item){
        .action = &a->pattern, .resource = &r->pattern, .is_malformed = !is_fine};
}

static void heard_fill(struct heard *heard, const struct ambit_entry *e)
{
    heard->n = 0;
    if (e->action.p)
        heard_add(heard, e->action, e->resource, true);
    for (size_t i = 0; i < e->n_items; i++)
        heard_add(heard, e->items[i].action, e->items[i].resource, false);
}

static bool listens(const struct compiled_stop *stop, const struct ambit_entry *e)
{
    bool is_grant = is_token_request(e);
    switch (e->kind) {
    case AMBIT_ENTRY_UNACCOUNTED:
        return stop->on == AMBIT_ON_UNACCOUNTED;
    case AMBIT_ENTRY_SIGNAL: {
        bool is_from = false;
        for (size_t i = 0; i < stop->stop->from.n; i++)
            is_from |= ambit_str_eq(stop->stop->from.v[i], e->from);
        return stop->on == AMBIT_ON_SIGNAL && ambit_str_eq(stop->stop->signal, e->signal) &&
               is_from;
    }
    case AMBIT_ENTRY_REFUSED:
        /* Nobody's victim: no attempt of the agent. */
        if (!is_grant && (e->reason == AMBIT_REASON_WRONG_AUDIENCE ||
                          e->reason == AMBIT_REASON_BINDING_MISMATCH))
            return false;
        /* What a stop refused entered that stop's history. */
        if (e->reason == AMBIT_REASON_HARD_STOP && stop->on != AMBIT_ON_DENIED &&
            ambit_str_eq(e->policy, stop->policy->policy->doc.name) &&
            ambit_str_eq(e->rule, stop->stop->id))
            return true;
        return hard_stop_listens(stop, is_grant, e->reason);
    case AMBIT_ENTRY_ALLOWED:
    case AMBIT_ENTRY_GRANTED:
        break;
    }
    return hard_stop_listens(stop, is_grant, AMBIT_REASON_ALLOWED);
}

/* Did the stop hear this entry? Then heard->n is what of it lies inside the stop's patterns. */
static bool counts_for_stop(const struct given_world *w, const struct compiled_stop *stop,
                            const struct ambit_entry *e, struct heard *heard)
{
    const struct compiled_agent *agent = agent_of(w, e);
    if (!compiled_policy_of(agent, stop->policy->policy->doc.name) || !listens(stop, e))
        return false;
    if (e->kind == AMBIT_ENTRY_SIGNAL)
        return true; /* has neither action nor resource */

    struct judge j = {.set = w->set, .agent = agent};
    size_t kept = 0;
    heard_fill(heard, e);
    for (size_t i = 0; i < heard->n; i++) {
        bool is_inside = false;
        if (hard_stop_item_inside(&j, stop, &heard->items[i], &is_inside) != AMBIT_OK || !is_inside)
            continue;
        heard->actions[kept] = heard->actions[i];
        heard->resources[kept++] = heard->resources[i];
    }
    heard->n = kept;
    return kept > 0;
}

/* ---- one figure ------------------------------------------------------------------------------ */

struct sums {
    int64_t count, sum, latest;
    struct distinct distinct;
};

static bool add_values(const struct given_world *w, const struct ambit_figure_query *query,
                       const struct ambit_entry *e, const struct heard *heard, struct sums *sums)
{
    bool is_action = ambit_str_is(query->field, "action");
    if (!query->is_stop)
        return distinct_add(w, &sums->distinct, is_action ? e->action : e->resource);
    for (size_t i = 0; i < heard->n; i++) {
        if (!distinct_add(w, &sums->distinct, is_action ? heard->actions[i] : heard->resources[i]))
            return false;
    }
    return true;
}

static bool add(const struct given_world *w, const struct ambit_figure_query *query,
                const struct ambit_entry *e, const struct heard *heard, struct sums *sums)
{
    int64_t amount = 0;
    switch (query->kind) {
    case AMBIT_LIMIT_COUNT:
    case AMBIT_LIMIT_USES:
    case AMBIT_LIMIT_GRANTS:
        sums->count++;
        return true;
    case AMBIT_LIMIT_LIVE_GRANTS:
        sums->count += is_alive(w, e);
        return true;
    case AMBIT_LIMIT_SUM:
        /* A request that did not say a usable number added nothing. */
        amount = is_token_request(e) ? -1 : amount_of(e, query->field);
        if (amount < 0)
            return true;
        sums->count++;
        if (__builtin_add_overflow(sums->sum, amount, &sums->sum))
            sums->sum = AMBIT_FIGURE_FULL;
        return true;
    case AMBIT_LIMIT_DISTINCT:
        sums->count++;
        return add_values(w, query, e, heard, sums);
    case AMBIT_LIMIT_AFTER:
        break;
    }
    sums->latest = e->at_ms > sums->latest ? e->at_ms : sums->latest;
    return true;
}

/* An allowed action that an `after` looks for: one of a rule's must have been asked by a service
 * and, where its own rule has `outcome`, be reported done. */
static bool counts_for_after(const struct given_world *w, const struct ambit_figure_query *query,
                             const struct ambit_entry *e)
{
    struct heard heard PATTERN_SCRATCH;
    const struct compiled_after *after = find_after(w, query);
    heard_fill(&heard, e);
    if (!compiled_policy_of(agent_of(w, e), query->policy) || e->kind != AMBIT_ENTRY_ALLOWED ||
        heard.items[0].is_malformed)
        return false;
    if (!query->is_stop) {
        const struct ambit_policy *policy = ambit_policy_find(w->set->documents, e->policy);
        bool owes = false;
        for (size_t i = 0; policy && i < policy->n_rules; i++)
            owes |=
                ambit_str_eq(policy->rules[i].id, e->rule) && policy->rules[i].outcome_within_s > 0;
        if (e->asked_by_agent || (owes && e->is_outcome_missing))
            return false;
    }
    return patterns_match(&after->actions, heard.items[0].action) &&
           (!after->resources.n || patterns_match(&after->resources, heard.items[0].resource));
}

static bool counts(const struct given_world *w, const struct ambit_figure_query *query,
                   const struct compiled_stop *stop, const struct ambit_entry *e,
                   struct heard *heard)
{
    if (!is_inside(w, e, query->within_ms) || !has_key(w, e, query))
        return false;
    if (query->kind == AMBIT_LIMIT_AFTER)
        return counts_for_after(w, query, e);
    return query->is_stop ? counts_for_stop(w, stop, e, heard) : counts_for_rule(e, query);
}

static enum ambit_err figure(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    const struct given_world *w = ctx;
    const struct compiled_stop *stop = query->is_stop ? find_stop(w, query) : NULL;
    struct heard heard PATTERN_SCRATCH;
    struct sums sums = {.latest = -1};
    heard.n = 0;
    bool is_known =
        query->kind == AMBIT_LIMIT_AFTER ? find_after(w, query) != NULL : stop || !query->is_stop;
    if (!is_known)
        return AMBIT_ERR_NOT_FOUND;
    for (size_t i = 0; i < w->h->n_entries; i++) {
        const struct ambit_entry *e = &w->h->entries[i];
        if (counts(w, query, stop, e, &heard) && !add(w, query, e, &heard, &sums))
            return arena_err(w->arena);
    }
    for (size_t i = 0; query->kind == AMBIT_LIMIT_DISTINCT && i < query->n_values; i++) {
        if (!distinct_add(w, &sums.distinct, query->values[i]))
            return arena_err(w->arena);
    }
    *ret = query->kind == AMBIT_LIMIT_AFTER      ? sums.latest
           : query->kind == AMBIT_LIMIT_SUM      ? sums.sum
           : query->kind == AMBIT_LIMIT_DISTINCT ? (int64_t)sums.distinct.n
                                                 : sums.count;
    if (query->within_ms > 0 && sums.count >= AMBIT_WINDOW_MAX)
        *ret = AMBIT_FIGURE_FULL;
    return AMBIT_OK;
}

/* ---- the live grant that a same request replaces --------------------------------------------- */

static bool has_item(const struct ambit_given *items, size_t n, const struct ambit_given *item)
{
    for (size_t i = 0; i < n; i++) {
        if (ambit_str_eq(items[i].action, item->action) &&
            ambit_str_eq(items[i].resource, item->resource))
            return true;
    }
    return false;
}

static bool holds_place(const struct ambit_entry *e, const struct ambit_slot *slot)
{
    for (size_t i = 0; i < e->n_items; i++) {
        if (ambit_str_eq(e->items[i].policy, slot->policy) &&
            ambit_str_eq(e->items[i].rule, slot->rule))
            return true;
    }
    return false;
}

static bool has_same_items(const struct ambit_entry *e, const struct ambit_same_query *query)
{
    for (size_t i = 0; i < e->n_items; i++) {
        if (!has_item(query->items, query->n_items, &e->items[i]))
            return false;
    }
    for (size_t i = 0; i < query->n_items; i++) {
        if (!has_item(e->items, e->n_items, &query->items[i]))
            return false;
    }
    return true;
}

static bool is_same(const struct ambit_entry *e, const struct ambit_same_query *query)
{
    if (!ambit_str_eq(e->agent, query->agent) || e->binding != query->binding ||
        (e->audience.p && !ambit_str_eq(e->audience, query->audience)) || !has_same_items(e, query))
        return false;
    for (size_t i = 0; i < query->n_slots; i++) {
        if (!holds_place(e, &query->slots[i]))
            return false;
    }
    return true;
}

static enum ambit_err same_live(void *ctx, const struct ambit_same_query *query,
                                struct ambit_id *ret)
{
    const struct given_world *w = ctx;
    *ret = (struct ambit_id){{0}};
    for (size_t i = 0; i < w->h->n_entries; i++) {
        const struct ambit_entry *e = &w->h->entries[i];
        if (e->kind != AMBIT_ENTRY_GRANTED || e->at_ms > w->h->now_ms || !is_alive(w, e) ||
            !is_same(e, query))
            continue;
        *ret = e->grant;
        if (ambit_id_is_none(*ret))
            memset(ret->b, 0xff, sizeof ret->b); /* told without a name, and there all the same */
    }
    return AMBIT_OK;
}

enum ambit_err ambit_world_of_hypothesis(const struct ambit_policy_set *set,
                                         const struct ambit_hypothesis *hypothesis,
                                         struct arena *arena, struct ambit_world *ret)
{
    struct given_world *w = arena_alloc(arena, sizeof *w);
    if (!w)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < hypothesis->n_entries; i++) {
        if (!compiled_agent_find(set, hypothesis->entries[i].agent))
            return AMBIT_ERR_NOT_FOUND;
    }
    *w = (struct given_world){.set = set, .h = hypothesis, .arena = arena};
    *ret = (struct ambit_world){
        .stops = hypothesis->stops,
        .n_stops = hypothesis->n_stops,
        .ctx = w,
        .figure = figure,
        .same_live = same_live,
    };
    return AMBIT_OK;
}
