/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer's longer words: parsed values written again, and the RFC 8785 order of keys. */
#include "base/json_write.h"

#include "base/json_read.h"
#include "base/utf8.h"

enum { SORTED_ON_STACK = 32 };

/* The bytes of UTF-8 are in the order of code points. That of UTF-16 differs only where a four-byte
 * sequence (F0 to F4, a surrogate pair) meets one that begins with EE or EF (U+E000 to U+FFFF). */
int json_key_cmp(struct ambit_str a, struct ambit_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;

    for (size_t i = 0; i < n; i++) {
        uint8_t x = (uint8_t)a.p[i], y = (uint8_t)b.p[i];
        if (x == y)
            continue;
        if (x >= 0xf0 && (y == 0xee || y == 0xef))
            return -1;
        if (y >= 0xf0 && (x == 0xee || x == 0xef))
            return 1;
        return x < y ? -1 : 1;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static int compare_members(const void *a, const void *b)
{
    const struct json_value *x = *(const struct json_value *const *)a;
    const struct json_value *y = *(const struct json_value *const *)b;

    return json_key_cmp(x->key, y->key);
}

static void write_members(struct json_out *out, const struct json_value *const *members, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i && ambit_str_eq(members[i - 1]->key, members[i]->key))
            buf_fail(out->buf, AMBIT_ERR_MALFORMED);
        json_key_str(out, members[i]->key);
        json_write_value(out, members[i]);
    }
}

static void write_sorted(struct json_out *out, const struct json_value *object)
{
    const struct json_value *few[SORTED_ON_STACK];
    AMBIT_AUTO_FREE const struct json_value **many = NULL;
    const struct json_value **members = few;
    size_t n = 0;

    if (object->count > SORTED_ON_STACK)
        members = many = calloc(object->count, sizeof *members);
    if (!members) {
        buf_fail(out->buf, AMBIT_ERR_NO_MEMORY);
        return;
    }
    for (const struct json_value *m = object->first; m; m = m->next)
        members[n++] = m;
    qsort(members, n, sizeof *members, compare_members);
    write_members(out, members, n);
}

static void write_object(struct json_out *out, const struct json_value *object)
{
    json_begin_object(out);
    if (out->is_canonical) {
        write_sorted(out, object);
    } else {
        for (const struct json_value *m = object->first; m; m = m->next) {
            if (m->is_duplicate)
                buf_fail(out->buf, AMBIT_ERR_MALFORMED);
            json_key_str(out, m->key);
            json_write_value(out, m);
        }
    }
    json_end_object(out);
}

static void write_array(struct json_out *out, const struct json_value *array)
{
    json_begin_array(out);
    for (const struct json_value *e = array->first; e; e = e->next)
        json_write_value(out, e);
    json_end_array(out);
}

void json_write_value(struct json_out *out, const struct json_value *value)
{
    if (buf_check(out->buf) != AMBIT_OK)
        return; /* nothing more would be written; keeps hostile depth from going on */
    switch (value->kind) {
    case JSON_NULL:
        json_null(out);
        return;
    case JSON_FALSE:
    case JSON_TRUE:
        json_bool(out, value->kind == JSON_TRUE);
        return;
    case JSON_INTEGER:
        json_i64(out, value->integer);
        return;
    case JSON_DECIMAL:
        buf_fail(out->buf, AMBIT_ERR_MALFORMED);
        return;
    case JSON_STRING:
        json_str(out, value->text);
        return;
    case JSON_ARRAY:
        write_array(out, value);
        return;
    case JSON_OBJECT:
        write_object(out, value);
        return;
    }
}
