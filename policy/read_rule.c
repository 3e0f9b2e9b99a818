/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of allow rules and never rules. Conditions: read_when.c; limits: read_limit.c. */
#include "policy/shape.h"
#include "policy/read.h"

#define AT(member)       offsetof(struct ambit_rule, member)
#define APPROVAL(member) offsetof(struct ambit_approval, member)
#define NEVER(member)    offsetof(struct ambit_never, member)

enum { DEPTH_MAX = 5, PEOPLE_MAX = 64 };
static const int64_t LARGEST = 9007199254740991; /* 2^53-1 */

static const char *const bindings[] = {"dpop", "mtls"};
static const struct words words_bind = WORDS(bindings);

static void read_bind(struct reading *reading, const struct place *at, const struct field *field,
                      void *target)
{
    struct ambit_rule *rule = target;
    const struct field bits_field = {.with = field->with};
    unsigned bits = 0;
    read_word_bits(reading, at, &bits_field, &bits);
    rule->bind_dpop = bits & 1;
    rule->bind_mtls = bits & 2;
}

/* -- approval -- */

static const char *const asked_at[] = {"grant", "action"};
static const struct words words_at = WORDS(asked_at);
/* Who only reads (auditor) or only manages (admin) can by that role alone not approve. */
static const char *const approvers[] = {"owner", "oncall", "approver"};
static const struct words words_approver = WORDS(approvers);
static const struct field element_approver = {.read = read_word_text, .with = &words_approver};
static const struct list_type list_approvers = {&element_approver, sizeof(struct ambit_str), 1,
                                                AMBIT_LIST_MAX};

static const struct field envelope_fields[] = {
    {"uses", FIELD_REQUIRED, read_integer, APPROVAL(envelope_uses), .min = 1, .max = LARGEST},
    {"for", FIELD_REQUIRED, read_duration, APPROVAL(envelope_for_s), .min = 1,
     .max = AMBIT_DURATION_MAX_S},
};
static const struct object_type type_envelope = OBJECT_TYPE(envelope_fields, NULL);

static const struct field approval_fields[] = {
    {"at", FIELD_REQUIRED, read_word_is, APPROVAL(at_grant), .with = &words_at},
    {"roles", FIELD_OPTIONAL, read_list, APPROVAL(roles), .with = &list_approvers},
    {"teams", FIELD_OPTIONAL, read_list, APPROVAL(teams), .with = &list_names},
    {"count", FIELD_OPTIONAL, read_integer, APPROVAL(count), .min = 1, .max = PEOPLE_MAX},
    {"timeout", FIELD_REQUIRED, read_duration, APPROVAL(timeout_s), .min = 1,
     .max = AMBIT_DURATION_MAX_S},
    {"envelope", FIELD_OPTIONAL, read_object, 0, .with = &type_envelope},
};

static void check_approval(struct reading *reading, const struct place *at, void *target)
{
    struct ambit_approval *approval = target;
    if (approval->count == 0)
        approval->count = 1;
    if (!reading->has_unknown && !json_get(at->value, "roles") && !json_get(at->value, "teams"))
        complain(reading, at, "nobody is named who may approve",
                 "at least one of \"roles\" and \"teams\"");
}
static const struct object_type type_approval = OBJECT_TYPE(approval_fields, check_approval);

static void read_approval(struct reading *reading, const struct place *at,
                          const struct field *field, void *target)
{
    struct ambit_rule *rule = target;
    const struct field inner = {.with = field->with};
    struct ambit_approval *approval = take_memory(reading, 1, sizeof *approval);
    if (!approval)
        return;
    rule->approval = approval;
    read_object(reading, at, &inner, approval);
}

/* -- allow -- */

static const struct field ttl_fields[] = {
    {"max", FIELD_REQUIRED, read_duration, AT(ttl_max_s), .min = 1, .max = AMBIT_TTL_MAX_S},
    {"default", FIELD_OPTIONAL, read_duration, AT(ttl_default_s), .min = 1, .max = AMBIT_TTL_MAX_S},
};

static void check_ttl(struct reading *reading, const struct place *at, void *target)
{
    struct ambit_rule *rule = target;
    struct place given = place_member(at, "default");
    if (rule->ttl_max_s && rule->ttl_default_s > rule->ttl_max_s)
        complain_text(reading, &given, "longer than \"max\"", "a duration of at most \"max\"");
    if (!given.value)
        rule->ttl_default_s = rule->ttl_max_s;
}
static const struct object_type type_ttl = OBJECT_TYPE(ttl_fields, check_ttl);

static const struct field delegation_fields[] = {
    {"depth", FIELD_REQUIRED, read_integer, AT(delegation_depth), .min = 1, .max = DEPTH_MAX},
};
static const struct object_type type_delegation = OBJECT_TYPE(delegation_fields, NULL);

static const struct field outcome_fields[] = {
    {"within", FIELD_REQUIRED, read_duration, AT(outcome_within_s), .min = 1,
     .max = AMBIT_DURATION_MAX_S},
};
static const struct object_type type_outcome = OBJECT_TYPE(outcome_fields, NULL);

static const struct field rule_fields[] = {
    {"id", FIELD_REQUIRED, read_text, AT(id), .with = &shape_name},
    {"actions", FIELD_REQUIRED, read_list, AT(actions), .with = &list_action_patterns},
    {"resources", FIELD_REQUIRED, read_list, AT(resources), .with = &list_rule_resources},
    {"ttl", FIELD_REQUIRED, read_object, 0, .with = &type_ttl},
    {"bind", FIELD_OPTIONAL, read_bind, 0, .with = &words_bind},
    {"delegation", FIELD_OPTIONAL, read_object, 0, .with = &type_delegation},
    {"outcome", FIELD_OPTIONAL, read_object, 0, .with = &type_outcome},
    {"when", FIELD_OPTIONAL, read_object, AT(when), .with = &type_when},
    {"approval", FIELD_OPTIONAL, read_approval, 0, .with = &type_approval},
    {"limits", FIELD_OPTIONAL, read_limits, AT(limits), .with = &list_limits},
};
static const struct object_type type_rule = OBJECT_TYPE(rule_fields, NULL);
static const struct field element_rule = {.read = read_object, .with = &type_rule};
const struct list_type list_rules = {&element_rule, sizeof(struct ambit_rule), 1, AMBIT_RULES_MAX};

/* -- never -- */

static const struct field never_fields[] = {
    {"id", FIELD_REQUIRED, read_text, NEVER(id), .with = &shape_name},
    {"actions", FIELD_REQUIRED, read_list, NEVER(actions), .with = &list_action_patterns},
    {"resources", FIELD_REQUIRED, read_list, NEVER(resources), .with = &list_resource_patterns},
};
static const struct object_type type_never = OBJECT_TYPE(never_fields, NULL);
static const struct field element_never = {.read = read_object, .with = &type_never};
const struct list_type list_never = {&element_never, sizeof(struct ambit_never), 1,
                                     AMBIT_NEVER_MAX};
