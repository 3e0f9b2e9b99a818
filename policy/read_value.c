/* SPDX-License-Identifier: Apache-2.0 */
/* Single values: texts, words, numbers, times, digests. Each either stores what it read or
 * complains once and leaves the target as it was. */
#include "policy/read.h"

#include "base/buf.h"
#include "base/encode.h"
#include "policy/shape.h"
#include "policy/nearest.h"

static void *member_of(void *target, const struct field *field)
{
    return (char *)target + field->at;
}

static void put_text(struct reading *reading, void *target, const struct field *field,
                     struct ambit_str text)
{
    struct ambit_str copy = arena_copy(reading->keep, text);
    if (!copy.p)
        reading->is_out_of_memory = true;
    memcpy(member_of(target, field), &copy, sizeof copy);
}

bool take_text(struct reading *reading, const struct place *at, size_t max, const char *expected,
               struct ambit_str *ret)
{
    if (at->value->kind != JSON_STRING || at->value->text.len == 0) {
        complain_found(reading, at, expected);
        return false;
    }
    struct ambit_str text = at->value->text;
    if (text.len > max) {
        complain_text(reading, at, "it is too long", expected);
        return false;
    }
    if (text_has_control(text)) {
        complain_text(reading, at, "it holds a control character", expected);
        return false;
    }
    *ret = text;
    return true;
}

void read_text(struct reading *reading, const struct place *at, const struct field *field,
               void *target)
{
    const struct shape *shape = field->with;
    struct ambit_str text = {0};
    if (!take_text(reading, at, AMBIT_TEXT_MAX, shape->expected, &text))
        return;
    const char *fault = shape->fault(text);
    if (fault) {
        complain_text(reading, at, fault, shape->expected);
        return;
    }
    put_text(reading, target, field, text);
}

/* `one of "a", "b" or "c"`, NUL-terminated in `buf`. */
static void put_words(struct buf *buf, const struct words *words)
{
    for (size_t i = 0; i < words->n; i++) {
        if (i > 0)
            buf_put_text(buf, i + 1 == words->n ? " or " : ", ");
        buf_printf(buf, "\"%s\"", words->texts[i]);
    }
    buf_put_char(buf, '\0');
}

bool take_word(struct reading *reading, const struct place *at, const struct words *words,
               size_t *ret)
{
    const struct json_value *value = at->value;
    struct nearest nearest = nearest_to(value->text);
    for (size_t i = 0; value->kind == JSON_STRING && i < words->n; i++) {
        if (ambit_str_is(value->text, words->texts[i])) {
            *ret = i;
            return true;
        }
        nearest_offer(&nearest, ambit_str_of(words->texts[i]));
    }

    BUF_AUTO expected = {0};
    put_words(&expected, words);
    if (buf_check(&expected))
        reading->is_out_of_memory = true;
    else if (value->kind == JSON_STRING)
        complain_name(reading, at, "unknown word", expected.p, nearest.best);
    else
        complain_found(reading, at, expected.p);
    return false;
}

bool peek_word(const struct place *at, const char *key, const struct words *words, size_t *ret)
{
    struct ambit_str text = json_get_str(at->value, key);
    for (size_t i = 0; text.p && i < words->n; i++) {
        if (ambit_str_is(text, words->texts[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

void read_word(struct reading *reading, const struct place *at, const struct field *field,
               void *target)
{
    size_t word = 0;
    if (!take_word(reading, at, field->with, &word))
        return;
    unsigned value = (unsigned)word; /* every enum of ours that a word becomes is this wide */
    memcpy(member_of(target, field), &value, sizeof value);
}

void read_word_text(struct reading *reading, const struct place *at, const struct field *field,
                    void *target)
{
    size_t word = 0;
    if (take_word(reading, at, field->with, &word))
        put_text(reading, target, field, at->value->text);
}

void read_word_is(struct reading *reading, const struct place *at, const struct field *field,
                  void *target)
{
    size_t word = 0;
    if (!take_word(reading, at, field->with, &word))
        return;
    bool is_it = word == (size_t)field->min;
    memcpy(member_of(target, field), &is_it, sizeof is_it);
}

/* An element of read_word_bits: sets one bit of the unsigned it is given. */
static void read_bit(struct reading *reading, const struct place *at, const struct field *field,
                     void *target)
{
    size_t word = 0;
    if (take_word(reading, at, field->with, &word))
        *(unsigned *)target = 1U << word;
}

void read_word_bits(struct reading *reading, const struct place *at, const struct field *field,
                    void *target)
{
    const struct words *words = field->with;
    const struct field element = {.read = read_bit, .with = words};
    const struct list_type type = {
        .element = &element, .size = sizeof(unsigned), .min = 1, .max = words->n};
    const struct field list = {.read = read_list, .with = &type};
    struct {
        const unsigned *v;
        size_t n;
    } read = {NULL, 0};

    unsigned bits = 0;
    read_list(reading, at, &list, &read);
    for (size_t i = 0; i < read.n; i++)
        bits |= read.v[i];
    memcpy(member_of(target, field), &bits, sizeof bits);
}

void read_integer(struct reading *reading, const struct place *at, const struct field *field,
                  void *target)
{
    const struct json_value *value = at->value;
    if (value->kind == JSON_INTEGER && value->integer >= field->min &&
        value->integer <= field->max) {
        memcpy(member_of(target, field), &value->integer, sizeof value->integer);
        return;
    }
    char expected[96];
    struct buf buf;
    buf_init_fixed(&buf, expected, sizeof expected);
    buf_put_text(&buf, "a whole number from ");
    buf_put_i64(&buf, field->min);
    buf_put_text(&buf, " to ");
    buf_put_i64(&buf, field->max);
    buf_put_char(&buf, '\0');
    AMBIT_ASSERT(buf_check(&buf) == AMBIT_OK);
    complain_found(reading, at, expected);
}

void read_boolean(struct reading *reading, const struct place *at, const struct field *field,
                  void *target)
{
    bool is_true = at->value->kind == JSON_TRUE;
    if (!is_true && at->value->kind != JSON_FALSE) {
        complain_found(reading, at, "true or false");
        return;
    }
    memcpy(member_of(target, field), &is_true, sizeof is_true);
}

void read_true(struct reading *reading, const struct place *at, const struct field *field,
               void *target)
{
    bool is_true = at->value->kind == JSON_TRUE;
    if (is_true)
        memcpy(member_of(target, field), &is_true, sizeof is_true);
    else
        complain_found(reading, at, "true, or no such member");
}

void read_scalar(struct reading *reading, const struct place *at, const struct field *field,
                 void *target)
{
    struct ambit_scalar scalar = {0};
    const struct json_value *value = at->value;
    if (value->kind == JSON_STRING) {
        scalar.kind = AMBIT_SCALAR_STRING;
        if (value->text.len > AMBIT_TEXT_MAX || text_has_control(value->text)) {
            complain_text(reading, at, "no free text",
                          "at most 1024 bytes of text without control characters");
            return;
        }
        scalar.text = arena_copy(reading->keep, value->text);
        reading->is_out_of_memory |= scalar.text.p == NULL;
    } else if (value->kind == JSON_INTEGER) {
        scalar.kind = AMBIT_SCALAR_INTEGER;
        scalar.integer = value->integer;
    } else if (value->kind == JSON_TRUE || value->kind == JSON_FALSE) {
        scalar.kind = AMBIT_SCALAR_BOOLEAN;
        scalar.boolean = value->kind == JSON_TRUE;
    } else {
        complain_found(reading, at, "a string, a whole number of at most 2^53-1, true or false");
        return;
    }
    memcpy(member_of(target, field), &scalar, sizeof scalar);
}
