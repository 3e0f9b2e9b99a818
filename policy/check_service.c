/* SPDX-License-Identifier: Apache-2.0 */
/* A service among the other documents: its owner, its audiences, which nobody else has, its name,
 * which no agent has, and the tier of the policies that reach what is its to speak for. */
#include "policy/check.h"

#include "ambit/policy.h"

void check_service_of_set(struct loaded_set *set, struct loaded *loaded)
{
    const struct ambit_service *service = loaded->as.service;
    struct place name = place_member(&loaded->root, "service");
    check_owner(set, loaded, "owner", service->owner);
    if (service->doc.name.p && check_find(set, AMBIT_KIND_AGENT, service->doc.name))
        complain_text(&loaded->reading, &name, "an agent has this name",
                      "a name that no agent has: agents and services share one name space");
    if (loaded->reading.env->now_ms)
        check_names(loaded, service->credentials, service->n_credentials);

    struct place list = place_member(&loaded->root, "audiences");
    for (size_t i = 0; i < service->audiences.n; i++) {
        struct place at = check_element(&list, i);
        const struct known_audience *first = check_find_audience(set, service->audiences.v[i]);
        if (first && first->service != loaded)
            complain_text(&loaded->reading, &at, "another service has this audience",
                          "an audience that belongs to exactly one service");
    }
}

/* `${...}` stands for one segment that is not known yet: for overlap it is `*`. */
static struct ambit_str without_variables(struct arena *scratch, struct ambit_str pattern)
{
    if (!memchr(pattern.p, '{', pattern.len))
        return pattern;
    char *text = arena_alloc(scratch, pattern.len);
    size_t len = 0;
    for (size_t i = 0; text && i < pattern.len; i++) {
        bool is_variable = pattern.p[i] == '$' && i + 1 < pattern.len && pattern.p[i + 1] == '{';
        text[len++] = is_variable ? '*' : pattern.p[i];
        while (is_variable && pattern.p[i] != '}')
            i++; /* INVARIANT: a pattern that was read has its `}` */
    }
    return (struct ambit_str){.p = text, .len = len};
}

/* What cannot be told within the engine's bound counts as overlapping. */
static bool overlaps(struct ambit_str pattern, const struct ambit_strs *resources)
{
    for (size_t i = 0; i < resources->n; i++) {
        bool is_overlap = false;
        if (!resources->v[i].p)
            continue;
        if (ambit_resource_overlaps(pattern, resources->v[i], &is_overlap) || is_overlap)
            return true;
    }
    return false;
}

static bool reaches(struct loaded *policy, const struct ambit_service *service)
{
    for (size_t i = 0; i < policy->as.policy->n_rules; i++) {
        const struct ambit_strs *resources = &policy->as.policy->rules[i].resources;
        for (size_t j = 0; j < resources->n; j++) {
            if (!resources->v[j].p)
                continue;
            struct ambit_str pattern = without_variables(policy->reading.scratch, resources->v[j]);
            if (!pattern.p)
                policy->reading.is_out_of_memory = true;
            else if (overlaps(pattern, &service->resources))
                return true;
        }
    }
    return false;
}

/* PL "A name in a document is a claim": a policy is reviewed at least as closely as what it
 * reaches. */
void check_tier_of_policy(struct loaded_set *set, struct loaded *loaded)
{
    const struct ambit_policy *policy = loaded->as.policy;
    struct place tier = place_member(&loaded->root, "tier");
    enum ambit_tier least = policy->tier;
    size_t word = 0;
    if (!tier.value || !peek_word(&loaded->root, "tier", &words_tier, &word))
        return;
    for (size_t i = 0; i < policy->audiences.n; i++) {
        const struct known_audience *known = check_find_audience(set, policy->audiences.v[i]);
        if (known && known->service->as.service->tier > least &&
            reaches(loaded, known->service->as.service))
            least = known->service->as.service->tier;
    }
    static const char *const expected[] = {
        [AMBIT_TIER_LOW] = "\"low\" or above",
        [AMBIT_TIER_MEDIUM] =
            "\"medium\" or above, the tier of a service whose resources it reaches",
        [AMBIT_TIER_HIGH] = "\"high\" or above, the tier of a service whose resources it reaches",
        [AMBIT_TIER_CRITICAL] = "\"critical\", the tier of a service whose resources it reaches",
    };
    if (least > policy->tier)
        complain_text(&loaded->reading, &tier, "a lower tier than a service's", expected[least]);
}
