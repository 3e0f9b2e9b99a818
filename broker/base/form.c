/* SPDX-License-Identifier: Apache-2.0 */
/* Form decoding: one copy of the body, decoded in place. */
#include "base/form.h"

#include "base/encode.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* How many bytes from the first on stand for themselves: tokens and most else do from end to end.
 */
static size_t plain_run(const char *p, size_t len)
{
    static const char special[] = {'%', '+', '\0'};

    for (size_t i = 0; i < sizeof special && len; i++) {
        const char *at = memchr(p, special[i], len);
        len = at ? (size_t)(at - p) : len;
    }
    return len;
}

/* Decodes [from, from + len) to `to`, which may be the same place. What is wrong with it, or
 * NULL. */
static const char *decode_component(const char *from, size_t len, char *to, struct ambit_str *ret)
{
    size_t n = plain_run(from, len);

    if (from != to && n)
        memcpy(to, from, n);
    for (size_t i = n; i < len; i++) {
        char c = from[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = len - i > 2 ? hex_value(from[i + 1]) : -1;
            int low = len - i > 2 ? hex_value(from[i + 2]) : -1;
            if (high < 0 || low < 0)
                return "The form holds a broken percent escape.";
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == 0)
            return "The form holds a NUL byte.";
        to[n++] = c;
    }
    *ret = (struct ambit_str){.p = to, .len = n};
    return utf8_is_valid(*ret) ? NULL : "The form holds bytes that are not UTF-8.";
}

static bool may_repeat(struct ambit_str name)
{
    return ambit_str_is(name, "resource") || ambit_str_is(name, "audience");
}

static bool is_new(const struct form *form, struct ambit_str name)
{
    for (size_t i = 0; i < form->n; i++) {
        if (ambit_str_eq(form->fields[i].name, name))
            return may_repeat(name);
    }
    return true;
}

/* "name=value" or "name"; what is wrong with it, or NULL. */
static const char *add_field(struct form *form, char *text, size_t len)
{
    char *equals = memchr(text, '=', len);
    size_t name_len = equals ? (size_t)(equals - text) : len;
    struct form_field field = {.value = {.p = text + len, .len = 0}};

    const char *wrong = decode_component(text, name_len, text, &field.name);
    if (!wrong && equals)
        wrong = decode_component(equals + 1, len - name_len - 1, equals + 1, &field.value);
    if (wrong)
        return wrong;
    if (!is_new(form, field.name))
        return "A parameter occurs twice.";
    if (form->n == FORM_FIELDS_MAX)
        return "The form holds too many parameters.";
    form->fields[form->n++] = field;
    return NULL;
}

/* HTP-7: an empty value counts as absent, though it was counted as an occurrence (HTP-6). */
static void drop_empty(struct form *form)
{
    size_t kept = 0;

    for (size_t i = 0; i < form->n; i++) {
        if (form->fields[i].value.len)
            form->fields[kept++] = form->fields[i];
    }
    form->n = kept;
}

enum ambit_err form_decode(struct ambit_str body, struct arena *arena, struct form *ret,
                           const char **reterr_what)
{
    struct ambit_str copy = arena_copy(arena, body);

    if (!copy.p) {
        *reterr_what = "The form is too large.";
        return arena_err(arena);
    }
    char *at = (char *)copy.p; /* ours: made a line above */
    char *end = at + copy.len;
    ret->n = 0;
    while (at < end) {
        char *stop = memchr(at, '&', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        const char *wrong = len ? add_field(ret, at, len) : NULL;
        if (wrong) {
            *reterr_what = wrong;
            return AMBIT_ERR_MALFORMED;
        }
        at += len + 1;
    }
    drop_empty(ret);
    return AMBIT_OK;
}

struct ambit_str form_get(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->n; i++) {
        if (ambit_str_is(form->fields[i].name, name))
            return form->fields[i].value;
    }
    return (struct ambit_str){0};
}

size_t form_count(const struct form *form, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < form->n; i++)
        count += ambit_str_is(form->fields[i].name, name);
    return count;
}

enum ambit_err form_decode_component(struct ambit_str text, struct arena *arena,
                                     struct ambit_str *ret)
{
    char *to = arena_alloc(arena, text.len + 1);

    if (!to)
        return arena_err(arena);
    return decode_component(text.p, text.len, to, ret) ? AMBIT_ERR_MALFORMED : AMBIT_OK;
}
