/* SPDX-License-Identifier: Apache-2.0 */
/* `when` of an allow rule, and `after`, which hard stops have too. */
#include "policy/read.h"

#include "base/buf.h"
#include "base/encode.h"

#include "policy/shape.h"

#define WHEN(member)  offsetof(struct ambit_when, member)
#define HOURS(member) offsetof(struct ambit_hours, member)
#define TEST(member)  offsetof(struct ambit_context_test, member)
#define AFTER(member) offsetof(struct ambit_after, member)

static const int64_t LARGEST = 9007199254740991; /* 2^53-1 */
enum { DAY_MIN = 1440, ALL_DAYS = 0x7f, AFTER_DIGEST_BYTES = 16, AFTER_TEXT_LEN = 22 };

/* -- hours -- */

static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const struct words words_day = WORDS(days);

static void read_days(struct reading *reading, const struct place *at, const struct field *field,
                      void *target)
{
    struct ambit_hours *hours = target;
    const struct field inner = {.with = field->with};
    unsigned bits = 0;
    read_word_bits(reading, at, &inner, &bits);
    hours->days = (uint8_t)bits;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* HH:MM up to field->max minutes. */
static void read_clock(struct reading *reading, const struct place *at, const struct field *field,
                       void *target)
{
    struct ambit_str t = at->value->text;
    int minutes = -1;
    if (at->value->kind == JSON_STRING && t.len == 5 && is_digit(t.p[0]) && is_digit(t.p[1]) &&
        t.p[2] == ':' && t.p[3] >= '0' && t.p[3] <= '5' && is_digit(t.p[4]))
        minutes = ((t.p[0] - '0') * 10 + t.p[1] - '0') * 60 + (t.p[3] - '0') * 10 + t.p[4] - '0';
    if (minutes < 0 || minutes > field->max) {
        complain_found(reading, at,
                       field->max == DAY_MIN ? "a time from \"00:00\" to \"24:00\""
                                             : "a time from \"00:00\" to \"23:59\"");
        return;
    }
    int16_t value = (int16_t)minutes;
    memcpy((char *)target + field->at, &value, sizeof value);
}

static const struct field hours_fields[] = {
    {"days", FIELD_OPTIONAL, read_days, 0, .with = &words_day},
    {"from", FIELD_REQUIRED, read_clock, HOURS(from_min), .max = DAY_MIN - 1},
    {"to", FIELD_REQUIRED, read_clock, HOURS(to_min), .max = DAY_MIN},
    {"zone", FIELD_REQUIRED, read_zone, HOURS(zone)},
};

static void check_hours(struct reading *reading, const struct place *at, void *target)
{
    struct ambit_hours *hours = target;
    (void)reading;
    if (!json_get(at->value, "days"))
        hours->days = ALL_DAYS;
}
static const struct object_type type_hours = OBJECT_TYPE(hours_fields, check_hours);
static const struct field element_hours = {.read = read_object, .with = &type_hours};
static const struct list_type list_hours = {&element_hours, sizeof(struct ambit_hours), 1,
                                            AMBIT_LIST_MAX};

/* -- context -- */

static const struct field element_scalar = {.read = read_scalar};
static const struct list_type list_scalars = {&element_scalar, sizeof(struct ambit_scalar), 1,
                                              AMBIT_LIST_MAX};

static const struct field test_fields[] = {
    {"equals", FIELD_OPTIONAL, read_scalar, TEST(equals)},
    {"in", FIELD_OPTIONAL, read_list, TEST(in), .with = &list_scalars},
    {"min", FIELD_OPTIONAL, read_integer, TEST(min), .min = -LARGEST, .max = LARGEST},
    {"max", FIELD_OPTIONAL, read_integer, TEST(max), .min = -LARGEST, .max = LARGEST},
    {"matches", FIELD_OPTIONAL, read_text, TEST(matches), .with = &shape_text_pattern},
};

static void check_test(struct reading *reading, const struct place *at, void *target)
{
    struct ambit_context_test *test = target;
    struct place min = place_member(at, "min");
    struct place max = place_member(at, "max");
    test->has_equals = json_get(at->value, "equals");
    test->has_min = min.value;
    test->has_max = max.value;
    if (!at->value->first)
        complain_found(reading, at,
                       "one or more of \"equals\", \"in\", \"min\", \"max\" or \"matches\"");
    if (min.value && max.value && min.value->kind == JSON_INTEGER &&
        max.value->kind == JSON_INTEGER && test->min > test->max)
        complain_found(reading, &max, "\"max\" to be at least \"min\"");
}
static const struct object_type type_test = OBJECT_TYPE(test_fields, check_test);

static void read_test(struct reading *reading, const struct place *at, const struct field *field,
                      void *target)
{
    struct ambit_context_test *test = target;
    struct place key = *at;
    key.is_key = true;
    const char *fault = at->key.len == 0 || at->key.len > AMBIT_TEXT_MAX
                            ? "no context member"
                            : shape_member.fault(at->key);
    if (fault) {
        complain_name(reading, &key, fault, shape_member.expected, (struct ambit_str){0});
        return;
    }
    test->member = arena_copy(reading->keep, at->key);
    reading->is_out_of_memory |= test->member.p == NULL;
    read_object(reading, at, field, target);
}
static const struct field element_test = {.read = read_test, .with = &type_test};
static const struct list_type list_tests = {&element_test, sizeof(struct ambit_context_test), 1,
                                            AMBIT_LIST_MAX};

/* -- after -- */

static const struct field after_fields[] = {
    {"actions", FIELD_REQUIRED, read_list, AFTER(actions), .with = &list_action_patterns},
    {"resources", FIELD_OPTIONAL, read_list, AFTER(resources), .with = &list_resource_patterns},
    {"within", FIELD_REQUIRED, read_duration, AFTER(within_s), .min = 1,
     .max = AMBIT_DURATION_MAX_S},
};

static int text_cmp(const void *a, const void *b)
{
    return ambit_str_cmp(*(const struct ambit_str *)a, *(const struct ambit_str *)b);
}

/* How many, then each with its length before it, in their order as bytes. */
static void put_texts(struct buf *buf, struct ambit_strs texts)
{
    struct ambit_str sorted[AMBIT_LIST_MAX];
    size_t n = texts.n < AMBIT_LIST_MAX ? texts.n : AMBIT_LIST_MAX;
    if (n)
        memcpy(sorted, texts.v, n * sizeof sorted[0]);
    qsort(sorted, n, sizeof sorted[0], text_cmp);
    buf_put_i64(buf, (int64_t)n);
    buf_put_char(buf, ' ');
    for (size_t i = 0; i < n; i++) {
        buf_put_i64(buf, (int64_t)sorted[i].len);
        buf_put_char(buf, ' ');
        buf_put_str(buf, sorted[i]);
    }
}

/* The name of the history: of what is looked for and not of how long ago, so that a new `within`
 * reads what was kept. */
static void check_after(struct reading *reading, const struct place *at, void *target)
{
    BUF_AUTO buf = {0};
    char text[AFTER_TEXT_LEN];
    struct ambit_after *after = target;
    struct ambit_digest digest;
    (void)at;
    buf_init(&buf, 0);
    buf_put_text(&buf, "ambit after v1 ");
    put_texts(&buf, after->actions);
    put_texts(&buf, after->resources);
    if (buf_check(&buf) != AMBIT_OK) {
        reading->is_out_of_memory = true;
        return;
    }
    reading->env->sha256(buf.p, buf.len, &digest);
    base64url_encode(digest.b, AFTER_DIGEST_BYTES, text);
    after->history = arena_copy(reading->keep, (struct ambit_str){text, sizeof text});
    reading->is_out_of_memory |= after->history.p == NULL;
}
const struct object_type type_after = OBJECT_TYPE(after_fields, check_after);
static const struct field element_after = {.read = read_object, .with = &type_after};
static const struct list_type list_after = {&element_after, sizeof(struct ambit_after), 1,
                                            AMBIT_LIST_MAX};

/* -- when -- */

static const struct field element_cidr = {.read = read_text, .with = &shape_cidr};
static const struct list_type list_cidrs = {&element_cidr, sizeof(struct ambit_str), 1,
                                            AMBIT_LIST_MAX};

static const struct field when_fields[] = {
    {"hours", FIELD_OPTIONAL, read_list, WHEN(hours), .with = &list_hours},
    {"source", FIELD_OPTIONAL, read_list, WHEN(source), .with = &list_cidrs},
    {"purpose", FIELD_OPTIONAL, read_text, WHEN(purpose), .with = &shape_text_pattern},
    {"composition", FIELD_OPTIONAL, read_true, WHEN(composition)},
    {"reason", FIELD_OPTIONAL, read_true, WHEN(reason)},
    {"context", FIELD_OPTIONAL, read_map, WHEN(context), .with = &list_tests},
    {"after", FIELD_OPTIONAL, read_list, WHEN(after), .with = &list_after},
};
const struct object_type type_when = OBJECT_TYPE(when_fields, NULL);
