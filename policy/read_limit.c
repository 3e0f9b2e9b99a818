/* SPDX-License-Identifier: Apache-2.0 */
/* `limits` of an allow rule: six kinds told apart by one member, and the rule that what begins anew
 * with each grant must not be the only bound. */
#include "policy/shape.h"
#include "policy/read.h"

#define AT(member) offsetof(struct ambit_limit, member)

static const int64_t LARGEST = 9007199254740991; /* 2^53-1 */

static const char *const bys[] = {"grant", "lineage",  "agent", "team",
                                  "owner", "resource", "policy"};
const struct words words_by = WORDS(bys);
static const char *const distincts[] = {"resource", "action"};
const struct words words_distinct = WORDS(distincts);

static const struct field fields[] = {
    {"count", FIELD_OPTIONAL, read_integer, AT(max), .min = 1, .max = LARGEST},
    {"sum", FIELD_OPTIONAL, read_text, AT(field), .with = &shape_member},
    {"distinct", FIELD_OPTIONAL, read_word_is, AT(distinct_action), .min = 1,
     .with = &words_distinct},
    {"grants", FIELD_OPTIONAL, read_integer, AT(max), .min = 1, .max = LARGEST},
    {"live_grants", FIELD_OPTIONAL, read_integer, AT(max), .min = 1, .max = AMBIT_LIVE_GRANTS_MAX},
    {"uses", FIELD_OPTIONAL, read_integer, AT(max), .min = 1, .max = LARGEST},
    {"max", FIELD_OPTIONAL, read_integer, AT(max), .min = 0, .max = LARGEST},
    {"within", FIELD_OPTIONAL, read_duration, AT(within_s), .min = 1, .max = AMBIT_DURATION_MAX_S},
    {"by", FIELD_OPTIONAL, read_word, AT(by), .with = &words_by},
};

#define BIT(by) (1U << (by))
enum {
    BY_FRESH = BIT(AMBIT_BY_GRANT) | BIT(AMBIT_BY_LINEAGE) | BIT(AMBIT_BY_RESOURCE),
    BY_LASTING =
        BIT(AMBIT_BY_AGENT) | BIT(AMBIT_BY_TEAM) | BIT(AMBIT_BY_OWNER) | BIT(AMBIT_BY_POLICY),
};

/* What each kind needs besides the member that names it, and by which keys it may count. */
static const struct {
    const char *key;
    enum ambit_limit_kind kind;
    bool has_max, has_within;
    unsigned by;
    const char *by_expected;
} kinds[] = {
    {"count", AMBIT_LIMIT_COUNT, false, true, BY_FRESH | BY_LASTING, NULL},
    {"sum", AMBIT_LIMIT_SUM, true, true, BY_FRESH | BY_LASTING, NULL},
    {"distinct", AMBIT_LIMIT_DISTINCT, true, true, BY_FRESH | BY_LASTING, NULL},
    /* A grant is not inside itself, and it is given for patterns, not for one resource. */
    {"grants", AMBIT_LIMIT_GRANTS, false, true, BY_LASTING,
     "\"agent\", \"team\", \"owner\" or \"policy\" to count grants by"},
    {"live_grants", AMBIT_LIMIT_LIVE_GRANTS, false, false, BY_LASTING,
     "\"agent\", \"team\", \"owner\" or \"policy\" to count grants by"},
    {"uses", AMBIT_LIMIT_USES, false, false, 0, "no \"by\": uses are counted by grant"},
};

static void want_member(struct reading *reading, const struct place *at, const char *key,
                        bool is_wanted, const char *kind)
{
    struct place member = place_member(at, key);
    if (is_wanted == (member.value != NULL) || (is_wanted && reading->has_unknown))
        return;
    member.is_key = !is_wanted;
    complain_name(
        reading, &member, is_wanted ? "missing member" : "a member that has no meaning with",
        is_wanted ? "it to be there with this kind of limit" : kind, (struct ambit_str){0});
}

static void check_kind(struct reading *reading, const struct place *at, struct ambit_limit *limit,
                       size_t i)
{
    struct place by = place_member(at, "by");
    struct place max = place_member(at, "max");
    size_t word = 0;
    limit->kind = kinds[i].kind;
    want_member(reading, at, "max", kinds[i].has_max, kinds[i].key);
    want_member(reading, at, "within", kinds[i].has_within, kinds[i].key);
    if (peek_word(at, "by", &words_by, &word) && !(kinds[i].by >> word & 1))
        complain_text(reading, &by, "no key to count this by", kinds[i].by_expected);
    if (limit->kind == AMBIT_LIMIT_DISTINCT && max.value && max.value->kind == JSON_INTEGER &&
        max.value->integer == 0)
        complain_found(reading, &max, "at least 1");
    if (limit->kind == AMBIT_LIMIT_DISTINCT && limit->by == AMBIT_BY_RESOURCE &&
        peek_word(at, "distinct", &words_distinct, &word) && word == 0)
        complain_text(reading, &by, "each resource by itself is always one resource",
                      "another key than \"resource\"");
    if (limit->kind == AMBIT_LIMIT_USES)
        limit->by = AMBIT_BY_GRANT;
}

static void check_limit(struct reading *reading, const struct place *at, void *target)
{
    static const char *const keys[] = {"count",       "sum",  "distinct", "grants",
                                       "live_grants", "uses", NULL};
    struct ambit_limit *limit = target;
    size_t word = 0;
    size_t found = 0;
    size_t n = 0;
    if (!peek_word(at, "by", &words_by, &word))
        limit->by = AMBIT_BY_AGENT;
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        if (!json_get(at->value, kinds[i].key))
            continue;
        found = i;
        n++;
    }
    if (n == 1)
        check_kind(reading, at, limit, found);
    else
        want_one_of(reading, at, keys,
                    "one of \"count\", \"sum\", \"distinct\", \"grants\", \"live_grants\" or "
                    "\"uses\"");
}

static const struct object_type type_limit = OBJECT_TYPE(fields, check_limit);
static const struct field element_limit = {.read = read_object, .with = &type_limit};
const struct list_type list_limits = {&element_limit, sizeof(struct ambit_limit), 1,
                                      AMBIT_LIST_MAX};

static bool begins_anew(const struct ambit_limit *limit)
{
    return BIT(limit->by) & BY_FRESH;
}

static bool lasts(const struct ambit_limit *limit)
{
    return !begins_anew(limit) &&
           (limit->kind == AMBIT_LIMIT_COUNT || limit->kind == AMBIT_LIMIT_SUM ||
            limit->kind == AMBIT_LIMIT_GRANTS);
}

/* PL "History": what counts by grant, lineage or resource begins anew with each root grant, so an
 * agent could reset it unless something else of the rule lasts. */
static void check_history(struct reading *reading, const struct place *at,
                          const struct ambit_rule *rule)
{
    const struct json_value *element = at->value->first;
    for (size_t i = 0; i < rule->n_limits; i++) {
        if (lasts(&rule->limits[i]))
            return;
    }
    for (size_t i = 0; i < rule->n_limits; i++, element = element->next) {
        struct place place = place_child(at, element, i);
        if (!begins_anew(&rule->limits[i]))
            continue;
        complain(reading, &place, "the only bound of its rule is one that a new grant resets",
                 "also a \"count\", \"sum\" or \"grants\" limit by \"agent\", \"team\", \"owner\" "
                 "or \"policy\"");
        return;
    }
}

void read_limits(struct reading *reading, const struct place *at, const struct field *field,
                 void *target)
{
    size_t before = reading->n_errors;
    read_list(reading, at, field, target);
    if (reading->n_errors == before && !reading->is_out_of_memory)
        check_history(reading, at, target);
}
