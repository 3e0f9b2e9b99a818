/* SPDX-License-Identifier: Apache-2.0 */
/* A history that is told: its entries, each with the rule it is charged to, in order of time. */
#include "policy/hypothesis.h"

#include <stdlib.h>

static const char *const kinds[] = {
    [AMBIT_ENTRY_ALLOWED] = "allowed", [AMBIT_ENTRY_REFUSED] = "refused",
    [AMBIT_ENTRY_GRANTED] = "granted", [AMBIT_ENTRY_UNACCOUNTED] = "unaccounted",
    [AMBIT_ENTRY_SIGNAL] = "signal",
};

static enum ambit_err read_kind(struct hypothesis_reader *r, const struct json_value *value,
                                struct ambit_entry *entry)
{
    for (size_t i = 0; value->kind == JSON_STRING && i < AMBIT_LEN(kinds); i++) {
        if (ambit_str_is(value->text, kinds[i])) {
            entry->kind = (enum ambit_entry_kind)i;
            return AMBIT_OK;
        }
    }
    return hypothesis_complain(r, value, "no kind of entry",
                               "allowed refused granted unaccounted or signal");
}

static enum ambit_err read_reason(struct hypothesis_reader *r, const struct json_value *value,
                                  struct ambit_entry *entry)
{
    struct ambit_str text;
    enum ambit_err err = hypothesis_str(r, value, &text);
    if (err)
        return err;
    return ambit_reason_parse(text, &entry->reason) == AMBIT_OK &&
                   entry->reason != AMBIT_REASON_ALLOWED
               ? AMBIT_OK
               : hypothesis_complain(r, value, "no reason of a refusal",
                                     "a reason of the language");
}

static enum ambit_err read_service(struct hypothesis_reader *r, const struct json_value *value,
                                   struct ambit_str *ret)
{
    enum ambit_err err = hypothesis_str(r, value, ret);
    if (err)
        return err;
    return ambit_service_find(r->set->documents, *ret)
               ? AMBIT_OK
               : hypothesis_unknown(r, value, "no such service");
}

static enum ambit_err read_lifetime(struct hypothesis_reader *r, const struct json_value *value,
                                    struct ambit_entry *entry)
{
    if (value->kind != JSON_INTEGER || value->integer < 0 || value->integer > AMBIT_TTL_MAX_S)
        return hypothesis_complain(r, value, "not a lifetime", "seconds, 0 to 86400");
    entry->has_lifetime = true;
    entry->lifetime_s = value->integer;
    return AMBIT_OK;
}

/* A text that may be one of two; true: the first. */
static enum ambit_err read_either(struct hypothesis_reader *r, const struct json_value *value,
                                  const char *first, const char *second, const char *expected,
                                  bool *ret)
{
    struct ambit_str text;
    enum ambit_err err = hypothesis_str(r, value, &text);
    if (err)
        return err;
    *ret = ambit_str_is(text, first);
    return *ret || ambit_str_is(text, second)
               ? AMBIT_OK
               : hypothesis_complain(r, value, "none of the values of this member", expected);
}

static enum ambit_err read_items(struct hypothesis_reader *r, const struct json_value *value,
                                 const struct told_by *by, struct ambit_entry *entry)
{
    for (const struct json_value *item = value->first; item; item = item->next)
        entry->are_items_charged |= json_get(item, "policy") != NULL;
    return hypothesis_given(r, value, by, &entry->items, &entry->n_items);
}

static enum ambit_err read_member(struct hypothesis_reader *r, const struct json_value *m,
                                  struct ambit_entry *entry)
{
    struct told_by by = {.agent = entry->agent, .purpose = entry->purpose};
    if (ambit_str_is(m->key, "at"))
        return hypothesis_time(r, m, &entry->at_ms);
    if (ambit_str_is(m->key, "kind"))
        return read_kind(r, m, entry);
    if (ambit_str_is(m->key, "agent") || ambit_str_is(m->key, "purpose"))
        return AMBIT_OK; /* read before */
    if (ambit_str_is(m->key, "grant"))
        return hypothesis_id(r, m, &entry->grant);
    if (ambit_str_is(m->key, "lineage"))
        return hypothesis_id(r, m, &entry->lineage);
    if (ambit_str_is(m->key, "action"))
        return hypothesis_str(r, m, &entry->action);
    if (ambit_str_is(m->key, "resource"))
        return hypothesis_str(r, m, &entry->resource);
    if (ambit_str_is(m->key, "context"))
        return hypothesis_context(r, m, &entry->context, &entry->n_context);
    if (ambit_str_is(m->key, "reason"))
        return read_reason(r, m, entry);
    if (ambit_str_is(m->key, "items"))
        return read_items(r, m, &by, entry);
    if (ambit_str_is(m->key, "policy"))
        return hypothesis_policy(r, m, &entry->policy);
    if (ambit_str_is(m->key, "rule"))
        return hypothesis_str(r, m, &entry->rule);
    if (ambit_str_is(m->key, "lifetime_s"))
        return read_lifetime(r, m, entry);
    if (ambit_str_is(m->key, "audience"))
        return hypothesis_str(r, m, &entry->audience);
    if (ambit_str_is(m->key, "binding"))
        return hypothesis_binding(r, m, &entry->binding);
    if (ambit_str_is(m->key, "asked_by"))
        return read_either(r, m, "agent", "service", "\"agent\" or \"service\"",
                           &entry->asked_by_agent);
    if (ambit_str_is(m->key, "outcome"))
        return read_either(r, m, "missing", "succeeded", "\"missing\" or \"succeeded\"",
                           &entry->is_outcome_missing);
    if (ambit_str_is(m->key, "signal"))
        return hypothesis_str(r, m, &entry->signal);
    if (ambit_str_is(m->key, "from"))
        return read_service(r, m, &entry->from);
    return hypothesis_complain(
        r, m, "unknown member",
        "at kind agent grant lineage action resource context reason items policy rule lifetime_s "
        "audience purpose binding asked_by outcome signal from");
}

/* What an entry of its kind cannot be without; NULL: nothing is missing. */
static const char *missing_member(const struct ambit_entry *entry)
{
    bool is_action = entry->action.p && entry->resource.p;
    switch (entry->kind) {
    case AMBIT_ENTRY_ALLOWED:
    case AMBIT_ENTRY_UNACCOUNTED:
        return is_action ? NULL : "action and resource";
    case AMBIT_ENTRY_REFUSED:
        if (entry->reason == AMBIT_REASON_ALLOWED)
            return "reason";
        return is_action || (entry->items && !entry->action.p) ? NULL
                                                               : "action and resource, or items";
    case AMBIT_ENTRY_GRANTED:
        return entry->items && !entry->action.p ? NULL : "items";
    case AMBIT_ENTRY_SIGNAL:
        break;
    }
    return entry->signal.p && entry->from.p ? NULL : "signal and from";
}

/* Without a rule it is charged to the first that contains it; with a policy, of that policy. A
 * refusal by a hard stop names the stop and is charged to no rule. */
static void charge(const struct hypothesis_reader *r, struct ambit_entry *entry)
{
    if (!entry->action.p || !entry->resource.p || (entry->policy.p && entry->rule.p))
        return;
    struct told_by by = {.agent = entry->agent, .purpose = entry->purpose};
    const struct compiled_rule *rule =
        hypothesis_rule(r->set, &by, entry->policy, entry->action, entry->resource);
    if (!rule)
        return;
    entry->policy = rule->policy->policy->doc.name;
    if (!entry->rule.p)
        entry->rule = rule->rule->id;
}

/* What the entry says of all its items, where the items say nothing themselves. */
static enum ambit_err charge_items(const struct hypothesis_reader *r, struct ambit_entry *entry)
{
    if (entry->n_items == 0 || !entry->policy.p)
        return AMBIT_OK;
    struct ambit_given *items = arena_array(r->arena, entry->n_items, sizeof *items);
    if (!items)
        return AMBIT_ERR_NO_MEMORY;
    memcpy(items, entry->items, entry->n_items * sizeof *items);
    struct told_by by = {.agent = entry->agent, .purpose = entry->purpose};
    for (size_t i = 0; i < entry->n_items; i++) {
        if (entry->are_items_charged)
            continue;
        const struct compiled_rule *rule =
            entry->rule.p
                ? NULL
                : hypothesis_rule(r->set, &by, entry->policy, items[i].action, items[i].resource);
        items[i].policy = entry->policy;
        items[i].rule = rule ? rule->rule->id : entry->rule;
    }
    entry->items = items;
    return AMBIT_OK;
}

enum ambit_err hypothesis_entry(struct hypothesis_reader *r, const struct json_value *object,
                                struct ambit_entry *ret)
{
    bool has_kind = json_get(object, "kind") != NULL;
    *ret = (struct ambit_entry){.agent = r->h->agent};
    if (object->kind != JSON_OBJECT)
        return hypothesis_complain(r, object, "not an entry", "an object");

    const struct json_value *agent = json_get(object, "agent");
    const struct json_value *purpose = json_get(object, "purpose");
    enum ambit_err err = agent ? hypothesis_agent(r, agent, &ret->agent) : AMBIT_OK;
    if (!err && purpose)
        err = hypothesis_str(r, purpose, &ret->purpose);
    if (!err && !ret->agent.p) /* the members are read as the agent's */
        err = hypothesis_complain(r, object, "member missing", has_kind ? "agent" : "kind");
    for (const struct json_value *m = object->first; m && !err; m = m->next) {
        if (!ambit_str_is(m->key, "question"))
            err = read_member(r, m, ret);
    }
    if (err)
        return err;
    const char *missing = !has_kind ? "kind" : missing_member(ret);
    if (missing)
        return hypothesis_complain(r, object, "member missing", missing);
    if (ret->reason == AMBIT_REASON_HARD_STOP)
        return AMBIT_OK;
    charge(r, ret);
    return charge_items(r, ret);
}

/* By time; what is told first at one time came first. */
static int by_time(const void *a, const void *b)
{
    const struct ambit_entry *x = a, *y = b;
    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

static void sort(struct ambit_entry *entries, size_t n)
{
    bool is_sorted = true;
    for (size_t i = 1; i < n && is_sorted; i++)
        is_sorted = entries[i - 1].at_ms <= entries[i].at_ms;
    /* qsort is not stable; nothing here depends on the order of entries at equal times. */
    if (!is_sorted)
        qsort(entries, n, sizeof *entries, by_time);
}

enum ambit_err hypothesis_history(struct hypothesis_reader *r, const struct json_value *value)
{
    if (value->kind != JSON_ARRAY)
        return hypothesis_complain(r, value, "not a history", "a list of entries");
    struct ambit_entry *entries = arena_array(r->arena, value->count + 1, sizeof *entries);
    if (!entries)
        return AMBIT_ERR_NO_MEMORY;

    size_t n = 0;
    for (const struct json_value *object = value->first; object; object = object->next, n++) {
        enum ambit_err err = hypothesis_entry(r, object, &entries[n]);
        if (err)
            return err;
        if (!json_get(object, "at"))
            return hypothesis_complain(r, object, "member missing", "at");
        if (r->h->now_ms && entries[n].at_ms > r->h->now_ms)
            return hypothesis_complain(r, object, "an entry after now", "a time not after `now`");
    }
    sort(entries, n);
    r->h->has_history = true;
    r->h->entries = entries;
    r->h->n_entries = n;
    return AMBIT_OK;
}
