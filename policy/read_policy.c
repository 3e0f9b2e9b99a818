/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a policy, but for its rules (read_rule.c) and hard stops (read_stop.c). */
#include "policy/shape.h"
#include "policy/read.h"

#define AT(member)     offsetof(struct ambit_policy, member)
#define REVIEW(member) offsetof(struct ambit_review, member)

static const char *const tiers[] = {"low", "medium", "high", "critical"};
const struct words words_tier = WORDS(tiers);
static const char *const modes[] = {"shadow"};
static const struct words words_mode = WORDS(modes);

#define TEXT_LIST(name, shape_of)                                                           \
    static const struct field element_of_##name = {.read = read_text, .with = &(shape_of)}; \
    const struct list_type name = {&element_of_##name, sizeof(struct ambit_str), 1, AMBIT_LIST_MAX}

TEXT_LIST(list_names, shape_name);
TEXT_LIST(list_agent_names, shape_agent_name);
TEXT_LIST(list_action_patterns, shape_action_pattern);
TEXT_LIST(list_resource_patterns, shape_resource_pattern);
TEXT_LIST(list_rule_resources, shape_rule_resource);

static const struct field generated_fields[] = {
    {"tool", FIELD_REQUIRED, read_text, REVIEW(generated_tool), .with = &shape_free_text},
    {"model", FIELD_REQUIRED, read_text, REVIEW(generated_model), .with = &shape_free_text},
};
static const struct object_type type_generated = OBJECT_TYPE(generated_fields, NULL);

static void read_replaces(struct reading *reading, const struct place *at,
                          const struct field *field, void *target)
{
    struct ambit_review *review = target;
    review->has_replaces = true;
    read_digest(reading, at, field, target);
}

static const struct field review_fields[] = {
    {"authored_by", FIELD_REQUIRED, read_text, REVIEW(authored_by), .with = &shape_name},
    {"accepted_by", FIELD_REQUIRED, read_text, REVIEW(accepted_by), .with = &shape_name},
    {"reviewed_by", FIELD_OPTIONAL, read_list, REVIEW(reviewed_by), .with = &list_names},
    {"generated_by", FIELD_OPTIONAL, read_object, 0, .with = &type_generated},
    {"ticket", FIELD_OPTIONAL, read_text, REVIEW(ticket), .with = &shape_free_text},
    {"replaces", FIELD_OPTIONAL, read_replaces, REVIEW(replaces)},
};
static const struct object_type type_review = OBJECT_TYPE(review_fields, NULL);

static const struct field fields[] = {
    {"policy", FIELD_REQUIRED, read_text, AT(doc.name), .with = &shape_name},
    {"description", FIELD_REQUIRED, read_text, AT(description), .with = &shape_free_text},
    {"owner", FIELD_REQUIRED, read_text, AT(owner), .with = &shape_name},
    {"tier", FIELD_REQUIRED, read_word, AT(tier), .with = &words_tier},
    {"audiences", FIELD_REQUIRED, read_list, AT(audiences), .with = &list_audiences},
    {"review", FIELD_REQUIRED, read_object, AT(review), .with = &type_review},
    {"mode", FIELD_OPTIONAL, read_word_is, AT(is_shadow), .with = &words_mode},
    {"not_before", FIELD_OPTIONAL, read_instant, AT(not_before_ms)},
    {"not_after", FIELD_OPTIONAL, read_instant, AT(not_after_ms)},
    {"allow", FIELD_REQUIRED, read_list, AT(rules), .with = &list_rules},
    {"never", FIELD_OPTIONAL, read_list, AT(never), .with = &list_never},
    {"hard_stops", FIELD_REQUIRED, read_list, AT(hard_stops), .with = &list_hard_stops},
};

/* Rules, never rules and hard stops: each struct begins with its id. */
struct ids {
    const void *first;
    size_t n, size;
};

static struct ambit_str id_of(const struct ids *ids, size_t i)
{
    struct ambit_str id;
    memcpy(&id, (const char *)ids->first + i * ids->size, sizeof id);
    return id;
}

/* An id names one history and one rule in the record, so it stands once in its list. */
static void check_ids(struct reading *reading, const struct place *at, const char *key,
                      struct ids ids)
{
    struct place list = place_member(at, key);
    const struct json_value *element = ids.n ? list.value->first : NULL;
    for (size_t i = 0; i < ids.n; i++, element = element->next) {
        struct ambit_str id = id_of(&ids, i);
        bool is_taken = false;
        for (size_t j = 0; id.p && j < i && !is_taken; j++)
            is_taken = ambit_str_eq(id, id_of(&ids, j));
        if (!is_taken)
            continue;
        struct place rule = place_child(&list, element, i);
        struct place at_id = place_member(&rule, "id");
        complain_name(reading, &at_id, "a second element with the id", "each id once in its list",
                      (struct ambit_str){0});
    }
}

static void check_policy(struct reading *reading, const struct place *at, void *target)
{
    const struct ambit_policy *policy = target;
    struct place not_after = place_member(at, "not_after");
    if (policy->not_before_ms && policy->not_after_ms &&
        policy->not_before_ms >= policy->not_after_ms)
        complain_text(reading, &not_after, "not after \"not_before\"",
                      "an instant later than \"not_before\"");
    check_ids(reading, at, "allow",
              (struct ids){policy->rules, policy->n_rules, sizeof *policy->rules});
    check_ids(reading, at, "never",
              (struct ids){policy->never, policy->n_never, sizeof *policy->never});
    check_ids(reading, at, "hard_stops",
              (struct ids){policy->hard_stops, policy->n_hard_stops, sizeof *policy->hard_stops});
}

const struct object_type policy_type = OBJECT_TYPE(fields, check_policy);
