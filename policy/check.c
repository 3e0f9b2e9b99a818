/* SPDX-License-Identifier: Apache-2.0 */
/* The index of names that checks look things up in, and the checks that several kinds share. */
#include "policy/check.h"

#include "policy/nearest.h"

static int compare_names(const void *a, const void *b)
{
    const struct known_name *x = a;
    const struct known_name *y = b;
    return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind)
                              : ambit_str_cmp(x->name, y->name);
}

static int compare_audiences(const void *a, const void *b)
{
    const struct known_audience *x = a;
    const struct known_audience *y = b;
    int order = ambit_str_cmp(x->audience, y->audience);
    if (order)
        return order;
    order = ambit_str_cmp(x->service->reading.file->path, y->service->reading.file->path);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static void add_name(struct loaded_set *set, struct loaded *loaded, struct ambit_str name)
{
    if (name.p)
        set->names[set->n_names++] = (struct known_name){loaded->kind, name, loaded};
}

/* A document is known by what it says it is; by its file's name too where that differs. */
static void add_names(struct loaded_set *set, struct loaded *loaded)
{
    struct ambit_str name = loaded->as.document->name;
    add_name(set, loaded, name);
    if (!name.p || !ambit_str_eq(name, loaded->reading.file->name))
        add_name(set, loaded, loaded->reading.file->name);
}

enum ambit_err check_index(struct loaded_set *set)
{
    size_t n_audiences = 0;
    for (size_t i = 0; i < set->n; i++) {
        if (set->v[i].kind == AMBIT_KIND_SERVICE)
            n_audiences += set->v[i].as.service->audiences.n;
    }
    set->names = arena_array(set->scratch, set->n, 2 * sizeof *set->names);
    set->audiences = arena_array(set->scratch, n_audiences, sizeof *set->audiences);
    if (!set->names || !set->audiences)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < set->n; i++) {
        struct loaded *loaded = &set->v[i];
        add_names(set, loaded);
        if (loaded->kind != AMBIT_KIND_SERVICE)
            continue;
        for (size_t j = 0; j < loaded->as.service->audiences.n; j++) {
            struct ambit_str audience = loaded->as.service->audiences.v[j];
            if (audience.p)
                set->audiences[set->n_audiences++] = (struct known_audience){audience, loaded, j};
        }
    }
    qsort(set->names, set->n_names, sizeof *set->names, compare_names);
    qsort(set->audiences, set->n_audiences, sizeof *set->audiences, compare_audiences);
    return AMBIT_OK;
}

struct loaded *check_find(const struct loaded_set *set, enum ambit_kind kind, struct ambit_str name)
{
    const struct known_name wanted = {.kind = kind, .name = name};
    const struct known_name *found =
        bsearch(&wanted, set->names, set->n_names, sizeof *set->names, compare_names);
    return found ? found->loaded : NULL;
}

const struct known_audience *check_find_audience(const struct loaded_set *set,
                                                 struct ambit_str audience)
{
    size_t low = 0;
    size_t high = set->n_audiences;
    while (low < high) { /* the first of equal ones */
        size_t mid = low + (high - low) / 2;
        if (ambit_str_cmp(set->audiences[mid].audience, audience) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == set->n_audiences || !ambit_str_eq(set->audiences[low].audience, audience))
        return NULL;
    return &set->audiences[low];
}

struct place check_element(const struct place *list, size_t index)
{
    const struct json_value *element = list->value->first;
    for (size_t i = 0; i < index; i++)
        element = element->next;
    return place_child(list, element, index);
}

struct loaded *check_reference(struct loaded_set *set, struct loaded *from, const struct place *at,
                               enum ambit_kind kind)
{
    static const char *const sentences[] = {
        [AMBIT_KIND_PERSON] = "there is no person",
        [AMBIT_KIND_AGENT] = "there is no agent",
        [AMBIT_KIND_SERVICE] = "there is no service",
        [AMBIT_KIND_POLICY] = "there is no policy",
    };
    static const char *const expected[] = {
        [AMBIT_KIND_PERSON] = "a person who has a document in people/",
        [AMBIT_KIND_AGENT] = "an agent that has a document in agents/",
        [AMBIT_KIND_SERVICE] = "a service that has a document in services/",
        [AMBIT_KIND_POLICY] = "a policy that has a document in policies/",
    };
    struct loaded *found = check_find(set, kind, at->value->text);
    if (found)
        return found;
    struct nearest nearest = nearest_to(at->value->text);
    for (size_t i = 0; i < set->n_names; i++) {
        if (set->names[i].kind == kind)
            nearest_offer(&nearest, set->names[i].name);
    }
    complain_name(&from->reading, at, sentences[kind], expected[kind], nearest.best);
    return NULL;
}

void check_owner(struct loaded_set *set, struct loaded *loaded, const char *key,
                 struct ambit_str name)
{
    struct place at = place_member(&loaded->root, key);
    if (!name.p)
        return;
    const struct loaded *person = check_reference(set, loaded, &at, AMBIT_KIND_PERSON);
    if (person && !person->is_broken && !(person->as.person->roles & AMBIT_ROLE_OWNER))
        complain_text(&loaded->reading, &at, "a person without the role",
                      "a person whose \"roles\" hold \"owner\"");
}

void check_all(struct loaded_set *set)
{
    check_people(set);
    for (size_t i = 0; i < set->n; i++) {
        struct loaded *loaded = &set->v[i];
        switch (loaded->kind) {
        case AMBIT_KIND_PERSON:
            break; /* all together, above */
        case AMBIT_KIND_AGENT:
            check_agent_of_set(set, loaded);
            break;
        case AMBIT_KIND_SERVICE:
            check_service_of_set(set, loaded);
            break;
        case AMBIT_KIND_POLICY:
            check_policy_of_set(set, loaded);
            check_tier_of_policy(set, loaded);
            break;
        }
    }
    check_ways(set);
}
