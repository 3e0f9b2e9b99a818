/* SPDX-License-Identifier: Apache-2.0 */
/* Members by name: finding one, and refusing a name that occurs twice (HTP-14). The work stays
 * n log n for hostile objects: beyond a few members they are sorted, not compared pairwise. */
#include "base/json_reader.h"

static bool note_duplicate(struct json_reader *r, struct json_value *member)
{
    if (r->limits.keep_duplicates) {
        member->is_duplicate = true;
        return true;
    }
    json_reader_fail(r, r->p, "member name occurs twice", "each name once");
    r->problem.line = member->key_line;
    r->problem.column = member->key_column;
    return false;
}

bool json_member_is_new(struct json_reader *r, const struct json_value *object,
                        struct json_value *member)
{
    for (const struct json_value *m = object->first; m; m = m->next) {
        if (ambit_str_eq(m->key, member->key))
            return note_duplicate(r, member);
    }
    return true;
}

/* Merges the sorted halves [0, middle) and [middle, n) of `from` into `to`; equal names keep the
 * order of the document. */
static void merge(struct json_value **from, size_t middle, size_t n, struct json_value **to)
{
    size_t a = 0, b = middle;

    for (size_t i = 0; i < n; i++) {
        bool is_left = b == n || (a < middle && ambit_str_cmp(from[a]->key, from[b]->key) <= 0);
        to[i] = is_left ? from[a++] : from[b++];
    }
}

/* Bottom-up, between two arrays; returns the one that holds the sorted run. */
static struct json_value **sort(struct json_value **a, struct json_value **b, size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t at = 0; at < n; at += 2 * width) {
            size_t run = n - at < 2 * width ? n - at : 2 * width;
            merge(a + at, run < width ? run : width, run, b + at);
        }
        struct json_value **sorted = b;
        b = a;
        a = sorted;
    }
    return a;
}

bool json_members_are_new(struct json_reader *r, struct json_value *object)
{
    size_t n = object->count, i = 0;
    struct json_value **a = arena_array(r->arena, n, 2 * sizeof *a);
    struct json_value *first = NULL;

    if (!a) {
        json_reader_fail_memory(r);
        return false;
    }
    for (struct json_value *m = object->first; m; m = m->next)
        a[i++] = m;
    a = sort(a, a + n, n);
    for (i = 1; i < n; i++) {
        if (!ambit_str_eq(a[i - 1]->key, a[i]->key))
            continue;
        a[i]->is_duplicate = true;
        first = a[i];
    }
    if (!first || r->limits.keep_duplicates)
        return true;
    for (first = object->first; !first->is_duplicate;)
        first = first->next;
    return note_duplicate(r, first);
}

bool json_is_duplicate(const struct json_value *object, const struct json_value *member)
{
    return object && object->kind == JSON_OBJECT && member && member->is_duplicate;
}

const struct json_value *json_get(const struct json_value *object, const char *key)
{
    if (!object || object->kind != JSON_OBJECT)
        return NULL;
    struct ambit_str name = ambit_str_of(key);
    for (const struct json_value *m = object->first; m; m = m->next) {
        if (ambit_str_eq(m->key, name))
            return m;
    }
    return NULL;
}

struct ambit_str json_get_str(const struct json_value *object, const char *key)
{
    const struct json_value *value = json_get(object, key);

    return value && value->kind == JSON_STRING ? value->text : (struct ambit_str){0};
}

bool json_get_i64(const struct json_value *object, const char *key, int64_t *ret)
{
    const struct json_value *value = json_get(object, key);

    if (!value || value->kind != JSON_INTEGER)
        return false;
    *ret = value->integer;
    return true;
}
