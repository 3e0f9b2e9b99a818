/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of a hypothetical question: items asked and given, what is excepted, stops; and which
 * rule an item is charged to when it does not say so. */
#include "policy/hypothesis.h"

#include "policy/judge.h"

static enum ambit_err texts(struct hypothesis_reader *r, const struct json_value *value,
                            struct ambit_strs *ret)
{
    if (value->kind != JSON_ARRAY)
        return hypothesis_complain(r, value, "not a list", "a list of texts");

    struct ambit_str *v = arena_array(r->arena, value->count + 1, sizeof *v);
    if (!v)
        return AMBIT_ERR_NO_MEMORY;
    size_t n = 0;
    for (const struct json_value *element = value->first; element; element = element->next) {
        enum ambit_err err = hypothesis_str(r, element, &v[n++]);
        if (err)
            return err;
    }
    *ret = (struct ambit_strs){.v = v, .n = n};
    return AMBIT_OK;
}

/* One object of a list of items. */
struct item_object {
    struct ambit_strs actions, resources;
    bool has_actions, has_resources;
    struct ambit_str policy, rule, id;
};
enum item_members { ITEM_RULE = 1, ITEM_ID = 2 };

static enum ambit_err item_object(struct hypothesis_reader *r, const struct json_value *object,
                                  unsigned members, struct item_object *ret)
{
    *ret = (struct item_object){0};
    if (object->kind != JSON_OBJECT)
        return hypothesis_complain(r, object, "not an item", "an object");

    for (const struct json_value *m = object->first; m; m = m->next) {
        enum ambit_err err = AMBIT_OK;
        if (ambit_str_is(m->key, "actions")) {
            err = texts(r, m, &ret->actions);
            ret->has_actions = true;
        } else if (ambit_str_is(m->key, "resources")) {
            err = texts(r, m, &ret->resources);
            ret->has_resources = true;
        } else if (members && ambit_str_is(m->key, "policy")) {
            err = hypothesis_policy(r, m, &ret->policy);
        } else if (members & ITEM_RULE && ambit_str_is(m->key, "rule")) {
            err = hypothesis_str(r, m, &ret->rule);
        } else if (members & ITEM_ID && ambit_str_is(m->key, "id")) {
            err = hypothesis_str(r, m, &ret->id);
        } else {
            err = hypothesis_complain(r, m, "unknown member",
                                      members & ITEM_ID     ? "actions resources policy id"
                                      : members & ITEM_RULE ? "actions resources policy rule"
                                                            : "actions resources");
        }
        if (err)
            return err;
    }
    if (!ret->has_actions || (members && !ret->has_resources))
        return hypothesis_complain(r, object, "member missing",
                                   members ? "actions and resources" : "actions");
    return AMBIT_OK;
}

static enum ambit_err is_list(struct hypothesis_reader *r, const struct json_value *value)
{
    return value->kind == JSON_ARRAY
               ? AMBIT_OK
               : hypothesis_complain(r, value, "not a list", "a list of objects");
}

/* Every pair: how many, for the array. Without resources an action stands alone. */
static size_t pairs(const struct json_value *list)
{
    size_t n = 0;
    for (const struct json_value *object = list->first; object; object = object->next) {
        const struct json_value *actions = json_get(object, "actions");
        const struct json_value *resources = json_get(object, "resources");
        n += (actions ? actions->count : 0) * (resources ? resources->count : 1);
    }
    return n;
}

enum ambit_err hypothesis_asked(struct hypothesis_reader *r, const struct json_value *value,
                                const struct ambit_item **ret, size_t *ret_n)
{
    enum ambit_err err = is_list(r, value);
    if (err)
        return err;
    struct ambit_item *items = arena_array(r->arena, pairs(value) + 1, sizeof *items);
    if (!items)
        return AMBIT_ERR_NO_MEMORY;

    size_t n = 0;
    for (const struct json_value *object = value->first; object; object = object->next) {
        struct item_object item;
        err = item_object(r, object, 0, &item);
        if (err)
            return err;
        for (size_t a = 0; a < item.actions.n; a++) {
            if (!item.has_resources)
                items[n++] = (struct ambit_item){.action = item.actions.v[a]};
            for (size_t k = 0; k < item.resources.n; k++)
                items[n++] = (struct ambit_item){.action = item.actions.v[a],
                                                 .resource = item.resources.v[k]};
        }
    }
    *ret = items;
    *ret_n = n;
    return AMBIT_OK;
}

const struct compiled_rule *hypothesis_rule(const struct ambit_policy_set *set,
                                            const struct told_by *by, struct ambit_str policy,
                                            struct ambit_str action, struct ambit_str resource)
{
    const struct compiled_agent *a = compiled_agent_find(set, by->agent);
    struct pattern_buf parsed[2] PATTERN_SCRATCH;
    if (!a || pattern_parse(action, PATTERN_ACTION, false, &parsed[0]) != AMBIT_OK ||
        pattern_parse(resource, PATTERN_RESOURCE, false, &parsed[1]) != AMBIT_OK)
        return NULL;

    struct variables variables = {
        .agent = by->agent, .team = compiled_team(a), .purpose = by->purpose};
    for (size_t p = 0; p < a->n_policies; p++) {
        const struct compiled_policy *candidate = a->policies[p].policy;
        if (policy.p && !ambit_str_eq(candidate->policy->doc.name, policy))
            continue;
        for (size_t i = 0; i < candidate->n_rules; i++) {
            const struct compiled_rule *rule = &candidate->rules[i];
            bool contains = false;
            if (rule_contains(rule, &variables, &parsed[0].pattern, &parsed[1].pattern,
                              &contains) == AMBIT_OK &&
                contains)
                return rule;
        }
    }
    return NULL;
}

static struct ambit_given given_of(const struct hypothesis_reader *r, const struct told_by *by,
                                   const struct item_object *item, struct ambit_str action,
                                   struct ambit_str resource)
{
    struct ambit_given given = {
        .action = action, .resource = resource, .policy = item->policy, .rule = item->rule};
    if (!given.rule.p || !given.policy.p) {
        const struct compiled_rule *rule =
            hypothesis_rule(r->set, by, item->policy, action, resource);
        if (rule && !given.policy.p)
            given.policy = rule->policy->policy->doc.name;
        if (rule && !given.rule.p)
            given.rule = rule->rule->id;
    }
    if (given.policy.p) {
        const struct ambit_policy *policy = ambit_policy_find(r->set->documents, given.policy);
        if (policy) /* reading refuses one that is not there */
            given.digest = policy->doc.digest;
    }
    return given;
}

enum ambit_err hypothesis_given(struct hypothesis_reader *r, const struct json_value *value,
                                const struct told_by *by, const struct ambit_given **ret,
                                size_t *ret_n)
{
    enum ambit_err err = is_list(r, value);
    if (err)
        return err;
    struct ambit_given *items = arena_array(r->arena, pairs(value) + 1, sizeof *items);
    if (!items)
        return AMBIT_ERR_NO_MEMORY;

    size_t n = 0;
    for (const struct json_value *object = value->first; object; object = object->next) {
        struct item_object item;
        err = item_object(r, object, ITEM_RULE, &item);
        if (err)
            return err;
        for (size_t a = 0; a < item.actions.n; a++) {
            for (size_t k = 0; k < item.resources.n; k++)
                items[n++] = given_of(r, by, &item, item.actions.v[a], item.resources.v[k]);
        }
    }
    *ret = items;
    *ret_n = n;
    return AMBIT_OK;
}

enum ambit_err hypothesis_except(struct hypothesis_reader *r, const struct json_value *value,
                                 const struct ambit_except **ret, size_t *ret_n)
{
    enum ambit_err err = is_list(r, value);
    if (err)
        return err;
    struct ambit_except *excepts = arena_array(r->arena, value->count + 1, sizeof *excepts);
    if (!excepts)
        return AMBIT_ERR_NO_MEMORY;

    size_t n = 0;
    for (const struct json_value *object = value->first; object; object = object->next) {
        struct item_object item;
        err = item_object(r, object, ITEM_ID, &item);
        if (err)
            return err;
        excepts[n++] = (struct ambit_except){.policy = item.policy,
                                             .id = item.id,
                                             .actions = item.actions,
                                             .resources = item.resources};
    }
    *ret = excepts;
    *ret_n = n;
    return AMBIT_OK;
}

/* "agent:x", as on the command line: what holds until it is cleared. */
static enum ambit_err stop_of(struct hypothesis_reader *r, const struct json_value *value,
                              struct ambit_stop_view *ret)
{
    const struct json_value *target =
        value->kind == JSON_OBJECT ? json_get(value, "target") : value;
    struct ambit_str text;
    if (!target || (target != value && value->count != 1))
        return hypothesis_complain(r, value, "not a stop", "{\"target\"}");
    enum ambit_err err = hypothesis_str(r, target, &text);
    if (err)
        return err;

    const char *colon = memchr(text.p, ':', text.len);
    struct ambit_str kind = {.p = text.p, .len = colon ? (size_t)(colon - text.p) : text.len};
    for (int k = AMBIT_TARGET_GRANT; k <= AMBIT_TARGET_ALL; k++) {
        bool is_all = k == AMBIT_TARGET_ALL;
        if (!ambit_str_is(kind, ambit_target_text((enum ambit_target_kind)k)) || is_all == !!colon)
            continue;
        ret->kind = (enum ambit_target_kind)k;
        if (colon)
            ret->target = (struct ambit_str){.p = colon + 1, .len = text.len - kind.len - 1};
        if (k != AMBIT_TARGET_RESOURCE || ambit_pattern_is_resource(ret->target))
            return AMBIT_OK;
    }
    return hypothesis_complain(
        r, target, "not the target of a stop",
        "grant:x lineage:x agent:x team:x owner:x policy:x resource:pattern or all");
}

enum ambit_err hypothesis_stops(struct hypothesis_reader *r, const struct json_value *value)
{
    enum ambit_err err = is_list(r, value);
    if (err)
        return err;
    struct ambit_stop_view *stops = arena_array(r->arena, value->count + 1, sizeof *stops);
    if (!stops)
        return AMBIT_ERR_NO_MEMORY;

    size_t n = 0;
    for (const struct json_value *element = value->first; element; element = element->next, n++) {
        err = stop_of(r, element, &stops[n]);
        if (err)
            return err;
        stops[n].id.b[15] = (uint8_t)(n + 1); /* told apart, and not "none" */
        stops[n].id.b[14] = (uint8_t)((n + 1) >> 8);
    }
    r->h->has_stops = true;
    r->h->stops = stops;
    r->h->n_stops = n;
    return AMBIT_OK;
}
