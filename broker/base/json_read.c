/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON reader: one pass over the text, recursion bounded by the depth limit. Values, kept
 * strings: json_read_string.c; members of one name: json_members.c. */
#include "base/json_read.h"

#include <locale.h>
#include <math.h>

#include "ambit/limits.h"
#include "base/json_reader.h"

static const int64_t LARGEST_INTEGER = 9007199254740991; /* 2^53-1 */
static const size_t TEXT_MAX = 1 << 30;                  /* so that columns fit 32 bits */

void json_reader_fail(struct json_reader *r, const char *at, const char *what, const char *expected)
{
    if (r->err != AMBIT_OK)
        return;
    r->err = AMBIT_ERR_MALFORMED;
    r->problem = (struct json_problem){
        .line = r->line,
        .column = json_reader_column(r, at),
        .what = what,
        .expected = expected,
    };
}

void json_reader_fail_memory(struct json_reader *r)
{
    json_reader_fail(r, r->p, "the value needs more memory than it may have", "a smaller value");
    r->err = arena_err(r->arena);
}

static void skip_spaces(struct json_reader *r)
{
    for (; r->p < r->end; r->p++) {
        if (*r->p == '\n') {
            r->line++;
            r->line_start = r->p + 1;
        } else if (*r->p != ' ' && *r->p != '\t' && *r->p != '\r') {
            return;
        }
    }
}

/* In canonical JSON there is none. */
static inline void skip_space(struct json_reader *r)
{
    if (r->p == r->end || (uint8_t)*r->p <= ' ')
        skip_spaces(r);
}

/* Skips space and takes `c` if it comes next. */
static bool take(struct json_reader *r, char c)
{
    skip_space(r);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static struct json_value *new_value(struct json_reader *r)
{
    struct json_value *value = arena_alloc(r->arena, sizeof *value);

    if (!value)
        json_reader_fail_memory(r);
    return value;
}

static bool read_word(struct json_reader *r, struct json_value *value, struct ambit_str word,
                      enum json_kind kind)
{
    if ((size_t)(r->end - r->p) < word.len || memcmp(r->p, word.p, word.len) != 0) {
        json_reader_fail(r, r->p, "unknown word", "true, false or null");
        return false;
    }
    r->p += word.len;
    value->kind = kind;
    return true;
}

/* ---- numbers ---- */

/* strtod in the C locale, whatever locale the program has (glibc gives a shared object for "C", so
 * this is cheap). It reads the whole of the text, whose grammar was checked before. */
static bool read_decimal(struct json_reader *r, struct json_value *value)
{
    struct ambit_str copy = arena_copy(r->arena, value->text);
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    if (!copy.p || !c_locale) {
        json_reader_fail_memory(r);
        return false;
    }
    value->kind = JSON_DECIMAL;
    value->decimal = strtod_l(copy.p, NULL, c_locale);
    freelocale(c_locale);
    if (!isfinite(value->decimal)) {
        json_reader_fail(r, value->text.p, "number too large", "a number that a double can hold");
        return false;
    }
    return true;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* The fraction and exponent at `p`; NULL when they are not well-formed. */
static const char *skip_decimals(const char *p, const char *end)
{
    if (p < end && *p == '.') {
        const char *digits = p + 1;
        p = skip_digits(digits, end);
        if (p == digits)
            return NULL;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        const char *digits = p + 1;
        if (digits < end && (*digits == '+' || *digits == '-'))
            digits++;
        p = skip_digits(digits, end);
        if (p == digits)
            return NULL;
    }
    return p;
}

static bool read_number(struct json_reader *r, struct json_value *value)
{
    const char *start = r->p;
    bool is_negative = *start == '-';
    const char *digits = start + is_negative;
    const char *p = digits;
    int64_t magnitude = 0;

    for (; p < r->end && *p >= '0' && *p <= '9'; p++) {
        if (magnitude <= LARGEST_INTEGER)
            magnitude = magnitude * 10 + (*p - '0');
    }
    if (p == digits || (*digits == '0' && p - digits > 1)) {
        json_reader_fail(r, start, "not a number", "digits without a leading zero");
        return false;
    }
    const char *whole_end = p;
    p = skip_decimals(p, r->end);
    if (!p) {
        json_reader_fail(r, start, "not a number", "digits after the point or the exponent");
        return false;
    }
    value->text = (struct ambit_str){.p = start, .len = (size_t)(p - start)};
    bool is_whole = p == whole_end && magnitude <= LARGEST_INTEGER;
    if (!is_whole && !r->limits.allow_decimals) {
        json_reader_fail(r, start, p == whole_end ? "integer too large" : "not an integer",
                         "an integer between -9007199254740991 and 9007199254740991");
        return false;
    }
    r->p = p;
    if (!is_whole)
        return read_decimal(r, value);
    value->kind = JSON_INTEGER;
    value->integer = is_negative ? -magnitude : magnitude;
    return true;
}

/* ---- containers ---- */

static bool read_value(struct json_reader *r, struct json_value *value, size_t depth);

static bool enter(struct json_reader *r, size_t depth)
{
    if (depth < r->limits.depth)
        return true;
    json_reader_fail(r, r->p, "nested too deeply", "fewer nested arrays and objects");
    r->err = AMBIT_ERR_TOO_LARGE;
    return false;
}

static bool read_array(struct json_reader *r, struct json_value *array, size_t depth)
{
    struct json_value **end = &array->first;

    if (!enter(r, depth))
        return false;
    array->kind = JSON_ARRAY;
    r->p++;
    if (take(r, ']'))
        return true;
    do {
        struct json_value *element = new_value(r);
        if (!element || !read_value(r, element, depth + 1))
            return false;
        *end = element;
        end = &element->next;
        array->count++;
    } while (take(r, ','));
    if (take(r, ']'))
        return true;
    json_reader_fail(r, r->p, "the array does not end here", "',' or ']'");
    return false;
}

static bool read_member(struct json_reader *r, struct json_value *member, size_t depth)
{
    skip_space(r);
    if (r->p == r->end || *r->p != '"') {
        json_reader_fail(r, r->p, "no member name", "a string");
        return false;
    }
    member->key_line = r->line;
    member->key_column = json_reader_column(r, r->p);
    if (!json_reader_string(r, &member->key))
        return false;
    if (!take(r, ':')) {
        json_reader_fail(r, r->p, "no value for this member", "':'");
        return false;
    }
    return read_value(r, member, depth + 1);
}

static bool read_object(struct json_reader *r, struct json_value *object, size_t depth)
{
    struct json_value **end = &object->first;
    const struct json_value *last =
        NULL; /* while names ascend, as in canonical JSON: all are new */
    bool is_ascending = true;

    if (!enter(r, depth))
        return false;
    object->kind = JSON_OBJECT;
    r->p++;
    if (take(r, '}'))
        return true;
    do {
        struct json_value *member = new_value(r);
        if (!member || !read_member(r, member, depth))
            return false;
        is_ascending = is_ascending && (!last || ambit_str_cmp(last->key, member->key) < 0);
        last = member;
        if (!is_ascending && object->count < JSON_FEW_MEMBERS &&
            !json_member_is_new(r, object, member))
            return false;
        *end = member;
        end = &member->next;
        object->count++;
    } while (take(r, ','));
    if (take(r, '}'))
        return is_ascending || object->count <= JSON_FEW_MEMBERS || json_members_are_new(r, object);
    json_reader_fail(r, r->p, "the object does not end here", "',' or '}'");
    return false;
}

static bool read_value(struct json_reader *r, struct json_value *value, size_t depth)
{
    skip_space(r);
    value->line = r->line;
    value->column = json_reader_column(r, r->p);
    if (r->p == r->end) {
        json_reader_fail(r, r->p, "the text ends here", "a value");
        return false;
    }
    switch (*r->p) {
    case '{':
        return read_object(r, value, depth);
    case '[':
        return read_array(r, value, depth);
    case '"':
        value->kind = JSON_STRING;
        return json_reader_string(r, &value->text);
    case 't':
        return read_word(r, value, AMBIT_STR("true"), JSON_TRUE);
    case 'f':
        return read_word(r, value, AMBIT_STR("false"), JSON_FALSE);
    case 'n':
        return read_word(r, value, AMBIT_STR("null"), JSON_NULL);
    default:
        if (*r->p == '-' || (*r->p >= '0' && *r->p <= '9'))
            return read_number(r, value);
        json_reader_fail(r, r->p, "not a value", "a value");
        return false;
    }
}

enum ambit_err json_read(struct ambit_str text, struct json_limits limits, struct arena *arena,
                         const struct json_value **ret_value, struct json_problem *reterr_problem)
{
    const char *start = text.p ? text.p : "";
    struct json_reader r = {.p = start,
                            .end = start + text.len,
                            .line = 1,
                            .line_start = start,
                            .limits = limits,
                            .arena = arena};

    if (r.limits.depth == 0)
        r.limits.depth = AMBIT_JSON_DEPTH;
    AMBIT_ASSERT(r.limits.depth <= JSON_READ_DEPTH_MAX);
    if (text.len > TEXT_MAX) {
        json_reader_fail(&r, r.p, "the text is too long", "a shorter text");
        r.err = AMBIT_ERR_TOO_LARGE;
    }
    struct json_value *value = r.err == AMBIT_OK ? new_value(&r) : NULL;
    if (value && read_value(&r, value, 0)) {
        skip_space(&r);
        if (r.p < r.end)
            json_reader_fail(&r, r.p, "something follows the value", "the end of the text");
    }
    if (r.err != AMBIT_OK) {
        if (reterr_problem)
            *reterr_problem = r.problem;
        return r.err;
    }
    *ret_value = value;
    return AMBIT_OK;
}
