/* SPDX-License-Identifier: Apache-2.0 */
/* See names.h. */
#include "authzen/names.h"

#include <stdlib.h>

static int compare(struct ambit_str a, struct ambit_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_at(const void *a, const void *b)
{
    return compare(*(const struct ambit_str *)a, *(const struct ambit_str *)b);
}

void names_done(struct names *names)
{
    free(names->v);
    *names = (struct names){0};
}

static AMBIT_CHECKED enum ambit_err add(struct names *names, struct ambit_str name)
{
    if (names->n == names->cap) {
        size_t cap = names->cap ? 2 * names->cap : 64;
        struct ambit_str *v = reallocarray(names->v, cap, sizeof *v);
        if (!v)
            return AMBIT_ERR_NO_MEMORY;
        names->v = v;
        names->cap = cap;
    }
    names->v[names->n++] = name;
    return AMBIT_OK;
}

static void settle(struct names *names)
{
    size_t kept = 0;
    if (names->n > 1)
        qsort(names->v, names->n, sizeof *names->v, compare_at);
    for (size_t i = 0; i < names->n; i++) {
        if (kept == 0 || compare(names->v[kept - 1], names->v[i]) != 0)
            names->v[kept++] = names->v[i];
    }
    names->n = kept;
}

static bool begins_with(struct ambit_str text, struct ambit_str prefix)
{
    return text.len >= prefix.len && (!prefix.len || memcmp(text.p, prefix.p, prefix.len) == 0);
}

/* A pattern that is a name: no star, and nothing to be filled in. */
static bool is_literal(struct ambit_str pattern)
{
    return pattern.len > 0 && !memchr(pattern.p, '*', pattern.len) &&
           !memchr(pattern.p, '$', pattern.len);
}

static bool is_of_type(struct ambit_str resource, struct ambit_str type)
{
    return resource.len > type.len && begins_with(resource, type) && resource.p[type.len] == ':';
}

enum ambit_err names_agents(const struct ambit_documents *documents, struct ambit_str prefix,
                            struct names *ret)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; i < documents->n_agents && !err; i++) {
        struct ambit_str name = documents->agents[i].doc.name;
        if (name.len > prefix.len && begins_with(name, prefix))
            err = add(ret, name);
    }
    settle(ret);
    return err;
}

struct wanted {
    bool is_action;
    struct ambit_str type; /* of resources */
};

static AMBIT_CHECKED enum ambit_err add_of(const struct ambit_rule *rule,
                                           const struct wanted *wanted, struct names *ret)
{
    const struct ambit_strs *texts = wanted->is_action ? &rule->actions : &rule->resources;
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; i < texts->n && !err; i++) {
        struct ambit_str text = texts->v[i];
        if (is_literal(text) && (wanted->is_action || is_of_type(text, wanted->type)))
            err = add(ret, text);
    }
    return err;
}

static AMBIT_CHECKED enum ambit_err of_agent(const struct ambit_documents *documents,
                                             struct ambit_str name, const struct wanted *wanted,
                                             struct names *ret)
{
    const struct ambit_agent *agent = ambit_agent_find(documents, name);
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; agent && i < agent->policies.n && !err; i++) {
        const struct ambit_policy *policy = ambit_policy_find(documents, agent->policies.v[i]);
        for (size_t r = 0; policy && r < policy->n_rules && !err; r++)
            err = add_of(&policy->rules[r], wanted, ret);
    }
    settle(ret);
    return err;
}

enum ambit_err names_actions(const struct ambit_documents *documents, struct ambit_str agent,
                             struct names *ret)
{
    return of_agent(documents, agent, &(struct wanted){.is_action = true}, ret);
}

enum ambit_err names_resources(const struct ambit_documents *documents, struct ambit_str agent,
                               struct ambit_str type, struct names *ret)
{
    return of_agent(documents, agent, &(struct wanted){.type = type}, ret);
}

size_t names_behind(const struct names *names, struct ambit_str name)
{
    size_t first = 0, last = names->n;
    if (!name.p)
        return 0;
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        if (compare(names->v[middle], name) <= 0)
            first = middle + 1;
        else
            last = middle;
    }
    return first;
}
