/* SPDX-License-Identifier: Apache-2.0 */
/* The table of hard stops, and which of their members go together. What could never fire, or would
 * count what is not there, is an error: a boundary that silently does nothing is worse than none.
 */
#include "policy/shape.h"
#include "policy/read.h"

#define AT(member) offsetof(struct ambit_hard_stop, member)

static const int64_t LARGEST = 9007199254740991; /* 2^53-1 */

static const char *const ons[] = {"denied",  "allowed",     "attempted",
                                  "granted", "unaccounted", "signal"};
static const struct words words_on = WORDS(ons);
static const char *const thens[] = {"revoke_grant", "suspend_agent", "stop_team", "stop_policy"};
static const struct words words_then = WORDS(thens);

static void read_after(struct reading *reading, const struct place *at, const struct field *field,
                       void *target)
{
    struct ambit_hard_stop *stop = target;
    const struct field inner = {.with = field->with};
    struct ambit_after *after = take_memory(reading, 1, sizeof *after);
    if (!after)
        return;
    stop->after = after;
    read_object(reading, at, &inner, after);
}

static const struct field fields[] = {
    {"id", FIELD_REQUIRED, read_text, AT(id), .with = &shape_name},
    {"on", FIELD_REQUIRED, read_word, AT(on), .with = &words_on},
    {"then", FIELD_REQUIRED, read_word, AT(then), .with = &words_then},
    {"by", FIELD_OPTIONAL, read_word, AT(by), .with = &words_by},
    {"actions", FIELD_OPTIONAL, read_list, AT(actions), .with = &list_action_patterns},
    {"resources", FIELD_OPTIONAL, read_list, AT(resources), .with = &list_resource_patterns},
    {"count", FIELD_OPTIONAL, read_integer, AT(max), .min = 1, .max = LARGEST},
    {"sum", FIELD_OPTIONAL, read_text, AT(field), .with = &shape_member},
    {"distinct", FIELD_OPTIONAL, read_word_is, AT(distinct_action), .min = 1,
     .with = &words_distinct},
    {"max", FIELD_OPTIONAL, read_integer, AT(max), .min = 0, .max = LARGEST},
    {"within", FIELD_OPTIONAL, read_duration, AT(within_s), .min = 1, .max = AMBIT_DURATION_MAX_S},
    {"after", FIELD_OPTIONAL, read_after, 0, .with = &type_after},
    {"signal", FIELD_OPTIONAL, read_text, AT(signal), .with = &shape_free_text},
    {"from", FIELD_OPTIONAL, read_list, AT(from), .with = &list_names},
};

#define BIT(value) (1U << (value))

/* What may be done to whom: PL "History", `then`. 0: that key is for limits only. */
static const struct {
    unsigned then;
    const char *expected;
} then_of_by[] = {
    [AMBIT_BY_GRANT] = {BIT(AMBIT_THEN_REVOKE_GRANT) | BIT(AMBIT_THEN_SUSPEND_AGENT),
                        "\"revoke_grant\" or \"suspend_agent\" with \"by\": \"grant\""},
    [AMBIT_BY_LINEAGE] = {BIT(AMBIT_THEN_REVOKE_GRANT) | BIT(AMBIT_THEN_SUSPEND_AGENT),
                          "\"revoke_grant\" or \"suspend_agent\" with \"by\": \"lineage\""},
    [AMBIT_BY_AGENT] = {BIT(AMBIT_THEN_REVOKE_GRANT) | BIT(AMBIT_THEN_SUSPEND_AGENT),
                        "\"revoke_grant\" or \"suspend_agent\" with \"by\": \"agent\""},
    [AMBIT_BY_TEAM] = {BIT(AMBIT_THEN_STOP_TEAM), "\"stop_team\" with \"by\": \"team\""},
    [AMBIT_BY_OWNER] = {0, NULL},
    [AMBIT_BY_RESOURCE] = {0, NULL},
    [AMBIT_BY_POLICY] = {BIT(AMBIT_THEN_STOP_POLICY), "\"stop_policy\" with \"by\": \"policy\""},
};

static void check_by(struct reading *reading, const struct place *at,
                     const struct ambit_hard_stop *stop)
{
    static const char by_expected[] =
        "\"grant\", \"lineage\", \"agent\", \"team\" or \"policy\" in a hard stop";
    struct place by = place_member(at, "by");
    struct place then = place_member(at, "then");
    size_t word = 0;
    if (by.value && !peek_word(at, "by", &words_by, &word))
        return;
    if (then_of_by[stop->by].then == 0)
        complain_text(reading, &by, "a key for limits only", by_expected);
    else if (peek_word(at, "then", &words_then, &word) && !(then_of_by[stop->by].then >> word & 1))
        complain_text(reading, &then, "it does not go with this \"by\"",
                      then_of_by[stop->by].expected);
    if (peek_word(at, "on", &words_on, &word) && word == AMBIT_ON_GRANTED &&
        (stop->by == AMBIT_BY_GRANT || stop->by == AMBIT_BY_LINEAGE))
        complain_text(reading, &by, "a token request counts under no grant",
                      "\"agent\", \"team\" or \"policy\" with \"on\": \"granted\"");
}

static void want(struct reading *reading, const struct place *at, const char *key,
                 const char *expected)
{
    struct place member = place_member(at, key);
    if (!member.value && !reading->has_unknown)
        complain_name(reading, &member, "missing member", expected, (struct ambit_str){0});
}

/* What an event of each kind has, decides what may be asked of it. */
static void check_on(struct reading *reading, const struct place *at)
{
    static const char *const of_actions[] = {"actions", "resources", "distinct", NULL};
    static const char *const of_signals[] = {"signal", "from", NULL};
    static const char *const of_context[] = {"sum", NULL};
    size_t on = 0;
    if (!peek_word(at, "on", &words_on, &on))
        return;
    if (on == AMBIT_ON_SIGNAL) {
        want(reading, at, "signal", "the name of the signal, with \"on\": \"signal\"");
        want(reading, at, "from", "the services whose word is heard, with \"on\": \"signal\"");
        want_none_of(reading, at, of_actions,
                     "\"on\" other than \"signal\", which has no action and no resource");
    } else {
        want_none_of(reading, at, of_signals, "\"on\": \"signal\" with it");
    }
    if (on != AMBIT_ON_ALLOWED && on != AMBIT_ON_ATTEMPTED)
        want_none_of(reading, at, of_context,
                     "\"on\": \"allowed\" or \"attempted\", whose context has the number");
}

static void check_count(struct reading *reading, const struct place *at,
                        struct ambit_hard_stop *stop)
{
    static const char *const keys[] = {"count", "sum", "distinct", NULL};
    static const char *const max_key[] = {"max", NULL};
    static const char *const within_key[] = {"within", NULL};
    bool has_count = json_get(at->value, "count");
    bool has_sum = json_get(at->value, "sum");
    bool has_distinct = json_get(at->value, "distinct");
    struct place max = place_member(at, "max");
    int n = has_count + has_sum + has_distinct;
    stop->at_once = n == 0;
    stop->kind = has_sum        ? AMBIT_LIMIT_SUM
                 : has_distinct ? AMBIT_LIMIT_DISTINCT
                                : AMBIT_LIMIT_COUNT;
    if (n > 1) {
        want_one_of(reading, at, keys, "one of \"count\", \"sum\" or \"distinct\"");
        return;
    }
    if (n == 0 && reading->has_unknown)
        return; /* one of the unknown members may have been the count */
    if (n == 1)
        want(reading, at, "within", "the window, with \"count\", \"sum\" or \"distinct\"");
    else
        want_none_of(reading, at, within_key,
                     "\"count\", \"sum\" or \"distinct\" beside it, or neither");
    if (has_sum || has_distinct)
        want(reading, at, "max", "the number not to be passed, with \"sum\" or \"distinct\"");
    else
        want_none_of(reading, at, max_key, "\"sum\" or \"distinct\" beside it");
    if (has_distinct && max.value && max.value->kind == JSON_INTEGER && max.value->integer == 0)
        complain_found(reading, &max, "at least 1; a stop without a count fires at once");
}

static void check_stop(struct reading *reading, const struct place *at, void *target)
{
    struct ambit_hard_stop *stop = target;
    if (!json_get(at->value, "by"))
        stop->by = AMBIT_BY_AGENT;
    check_by(reading, at, stop);
    check_on(reading, at);
    check_count(reading, at, stop);
}

static const struct object_type type_stop = OBJECT_TYPE(fields, check_stop);
static const struct field element_stop = {.read = read_object, .with = &type_stop};
const struct list_type list_hard_stops = {&element_stop, sizeof(struct ambit_hard_stop), 1,
                                          AMBIT_STOPS_MAX};
