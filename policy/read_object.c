/* SPDX-License-Identifier: Apache-2.0 */
/* Objects, lists and maps, walked along their tables. */
#include "policy/read.h"

#include "base/buf.h"
#include "policy/canonical.h"
#include "policy/nearest.h"

void *take_memory(struct reading *reading, size_t n, size_t each)
{
    void *memory = arena_array(reading->keep, n, each);
    if (!memory)
        reading->is_out_of_memory = true;
    return memory;
}

static void put_or(struct buf *buf, size_t i, size_t n, const char *text)
{
    if (i > 0)
        buf_put_text(buf, i + 1 == n ? " or " : ", ");
    buf_printf(buf, "\"%s\"", text);
}

/* Returns the row that is nearest to an unknown key, or NULL. */
static const struct field *complain_unknown(struct reading *reading, const struct place *at,
                                            const struct object_type *type)
{
    struct nearest nearest = nearest_to(at->key);
    const struct field *best = NULL;
    BUF_AUTO expected = {0};
    for (size_t i = 0; i < type->n; i++) {
        size_t before = nearest.distance;
        nearest_offer(&nearest, ambit_str_of(type->fields[i].key));
        if (nearest.distance < before)
            best = &type->fields[i];
        put_or(&expected, i, type->n, type->fields[i].key);
    }
    buf_put_char(&expected, '\0');
    if (buf_check(&expected)) {
        reading->is_out_of_memory = true;
        return NULL;
    }
    complain_name(reading, at, "unknown member", expected.p, nearest.best);
    return best;
}

static const struct field *field_of(const struct object_type *type, struct ambit_str key)
{
    for (size_t i = 0; i < type->n; i++) {
        if (ambit_str_is(key, type->fields[i].key))
            return &type->fields[i];
    }
    return NULL;
}

static void complain_duplicate(struct reading *reading, struct place at)
{
    at.is_key = true;
    complain_name(reading, &at, "a second member", "each member once", (struct ambit_str){0});
}

/* `misspelt` has a bit for each row that an unknown member was probably meant to be. */
static void complain_missing(struct reading *reading, const struct place *at,
                             const struct object_type *type, uint64_t misspelt)
{
    for (size_t i = 0; i < type->n; i++) {
        const struct field *field = &type->fields[i];
        if (!field->is_required || (misspelt >> i & 1) || json_get(at->value, field->key))
            continue;
        struct place missing = place_member(at, field->key);
        complain_name(reading, &missing, "missing member", "this member, which is required",
                      (struct ambit_str){0});
    }
}

void read_members(struct reading *reading, const struct place *at, const struct object_type *type,
                  void *target)
{
    uint64_t misspelt = 0;
    bool has_unknown = false;
    AMBIT_ASSERT(type->n <= 64);
    for (const struct json_value *m = at->value->first; m; m = m->next) {
        struct place member = place_child(at, m, 0);
        const struct field *field = field_of(type, m->key);
        if (json_is_duplicate(at->value, m)) {
            complain_duplicate(reading, member);
        } else if (field) {
            field->read(reading, &member, field, target);
        } else {
            has_unknown = true;
            member.is_key = true;
            field = complain_unknown(reading, &member, type);
            misspelt |= field ? UINT64_C(1) << (field - type->fields) : 0;
        }
        if (reading->n_errors > READ_ERRORS_MAX || reading->is_out_of_memory)
            return; /* INVARIANT: a hostile file costs no more than its first thousand errors */
    }
    complain_missing(reading, at, type, misspelt);
    reading->has_unknown = has_unknown;
    if (type->check)
        type->check(reading, at, target);
}

void read_object(struct reading *reading, const struct place *at, const struct field *field,
                 void *target)
{
    if (at->value->kind != JSON_OBJECT) {
        complain_found(reading, at, "an object");
        return;
    }
    read_members(reading, at, field->with, (char *)target + field->at);
}

/* Complains unless there are from min to max of them; how many are to be read. */
static size_t count_within(struct reading *reading, const struct place *at,
                           const struct list_type *type, const char *noun)
{
    size_t count = at->value->count;
    if (count >= type->min && count <= type->max)
        return count;
    BUF_AUTO expected = {0};
    BUF_AUTO what = {0};
    buf_printf(&expected, "%zu to %zu %s", type->min, type->max, noun);
    buf_put_char(&expected, '\0');
    buf_printf(&what, "found %zu", count);
    buf_put_char(&what, '\0');
    if (buf_check(&expected) || buf_check(&what)) {
        reading->is_out_of_memory = true;
        return 0;
    }
    complain(reading, at, what.p, expected.p);
    return count < type->max ? count : type->max;
}

/* Puts the pointer and, right behind it, the number. */
static void put_list(void *target, const struct field *field, const void *v, size_t n)
{
    char *at = (char *)target + field->at;
    memcpy(at, &v, sizeof v);
    memcpy(at + sizeof v, &n, sizeof n);
}

/* Strings are compared as they are, anything else by its canonical bytes; what has none (a decimal
 * in it) its own reader complains of. */
static struct ambit_str comparable(struct reading *reading, const struct json_value *value)
{
    struct ambit_str text = {0};
    if (value->kind == JSON_STRING)
        return value->text;
    if (canonical_of(reading->scratch, value, &text) == AMBIT_ERR_NO_MEMORY)
        reading->is_out_of_memory = true;
    return text;
}

static bool is_repeated(const struct json_value *list, const struct json_value *element,
                        const struct ambit_str *texts, size_t i)
{
    const struct json_value *earlier = list->first;
    for (size_t j = 0; j < i; j++, earlier = earlier->next) {
        if (earlier->kind == element->kind && texts[i].p && ambit_str_eq(texts[j], texts[i]))
            return true;
    }
    return false;
}

void read_list(struct reading *reading, const struct place *at, const struct field *field,
               void *target)
{
    const struct list_type *type = field->with;
    if (at->value->kind != JSON_ARRAY) {
        complain_found(reading, at, "a list");
        return;
    }
    size_t n = count_within(reading, at, type, "elements");
    char *v = take_memory(reading, n, type->size);
    struct ambit_str *texts = arena_array(reading->scratch, n, sizeof *texts);
    if (!v || !texts) {
        reading->is_out_of_memory = true;
        return;
    }
    const struct json_value *element = at->value->first;
    for (size_t i = 0; i < n; i++, element = element->next) {
        struct place place = place_child(at, element, i);
        texts[i] = comparable(reading, element);
        if (is_repeated(at->value, element, texts, i))
            complain(reading, &place, "the same element a second time", "each element once");
        else
            type->element->read(reading, &place, type->element, v + i * type->size);
    }
    put_list(target, field, v, n);
}

void read_map(struct reading *reading, const struct place *at, const struct field *field,
              void *target)
{
    const struct list_type *type = field->with;
    if (at->value->kind != JSON_OBJECT) {
        complain_found(reading, at, "an object");
        return;
    }
    size_t n = count_within(reading, at, type, "members");
    char *v = take_memory(reading, n, type->size);
    if (!v)
        return;
    const struct json_value *member = at->value->first;
    for (size_t i = 0; i < n; i++, member = member->next) {
        struct place place = place_child(at, member, 0);
        if (json_is_duplicate(at->value, member))
            complain_duplicate(reading, place);
        else
            type->element->read(reading, &place, type->element, v + i * type->size);
    }
    put_list(target, field, v, n);
}

void want_one_of(struct reading *reading, const struct place *at, const char *const *keys,
                 const char *expected)
{
    size_t n = 0;
    for (size_t i = 0; keys[i]; i++) {
        struct place member = place_member(at, keys[i]);
        if (!member.value || ++n < 2)
            continue;
        member.is_key = true;
        complain_name(reading, &member, "one member too many:", expected, (struct ambit_str){0});
    }
    if (n == 0 && !reading->has_unknown)
        complain(reading, at, "none of the members of which one is needed", expected);
}

void want_none_of(struct reading *reading, const struct place *at, const char *const *keys,
                  const char *expected)
{
    for (size_t i = 0; keys[i]; i++) {
        struct place member = place_member(at, keys[i]);
        if (!member.value)
            continue;
        member.is_key = true;
        complain_name(reading, &member, "a member that does not belong here:", expected,
                      (struct ambit_str){0});
    }
}

void read_nothing(struct reading *reading, const struct place *at, const struct field *field,
                  void *target)
{
    (void)reading;
    (void)at;
    (void)field;
    (void)target;
}
