/* SPDX-License-Identifier: Apache-2.0 */
/* Single values of a hypothetical question, and saying what is wrong with one: where it stands, as
 * a pointer from the object that was handed in. */
#include "policy/hypothesis.h"

#include "base/buf.h"
#include "base/encode.h"
#include "policy/context_read.h"

/* Writes the way from `at` down to `value`; false: it is not below. */
static bool put_path(struct buf *out, const struct json_value *at, const struct json_value *value)
{
    if (at == value)
        return true;

    size_t mark = out->len, index = 0;
    for (const struct json_value *child = at->first; child; child = child->next, index++) {
        out->len = mark;
        buf_put_char(out, '/');
        if (at->kind == JSON_ARRAY) {
            buf_put_i64(out, (int64_t)index);
        } else {
            for (size_t i = 0; i < child->key.len; i++) {
                char c = child->key.p[i];
                if (c == '~' || c == '/')
                    buf_put_text(out, c == '~' ? "~0" : "~1"); /* RFC 6901 section 3 */
                else
                    buf_put_char(out, c);
            }
        }
        if (put_path(out, child, value))
            return true;
    }
    out->len = mark;
    return false;
}

static enum ambit_err note(struct hypothesis_reader *r, const struct json_value *value,
                           const char *what, const char *expected)
{
    BUF_AUTO path = {0};
    (void)put_path(&path, r->root, value);
    *r->problem = (struct ambit_hypothesis_problem){
        .line = value->line,
        .column = value->column,
        .pointer = arena_copy(r->arena, buf_str(&path)),
        .what = what,
        .expected = expected,
    };
    return buf_check(&path) || !r->problem->pointer.p ? AMBIT_ERR_NO_MEMORY : AMBIT_OK;
}

enum ambit_err hypothesis_complain(struct hypothesis_reader *r, const struct json_value *value,
                                   const char *what, const char *expected)
{
    enum ambit_err err = note(r, value, what, expected);
    return err ? err : AMBIT_ERR_MALFORMED;
}

enum ambit_err hypothesis_unknown(struct hypothesis_reader *r, const struct json_value *value,
                                  const char *what)
{
    enum ambit_err err = note(r, value, what, "the name of a document of the set");
    r->problem->name = value->text;
    return err ? err : AMBIT_ERR_NOT_FOUND;
}

enum ambit_err hypothesis_str(struct hypothesis_reader *r, const struct json_value *value,
                              struct ambit_str *ret)
{
    if (value->kind != JSON_STRING)
        return hypothesis_complain(r, value, "not a text", "a string");

    *ret = value->text.p ? value->text : AMBIT_STR(""); /* present, if empty */
    return AMBIT_OK;
}

enum ambit_err hypothesis_time(struct hypothesis_reader *r, const struct json_value *value,
                               int64_t *ret_ms)
{
    if (value->kind != JSON_STRING || time_decode(value->text, ret_ms) != AMBIT_OK)
        return hypothesis_complain(r, value, "not an instant",
                                   "RFC 3339 with an offset, \"2026-11-20T10:00:00Z\"");
    return AMBIT_OK;
}

/* A text that is an id stands for itself; any other gets an id of its own, by order of coming. */
enum ambit_err hypothesis_id(struct hypothesis_reader *r, const struct json_value *value,
                             struct ambit_id *ret)
{
    struct ambit_str text;
    enum ambit_err err = hypothesis_str(r, value, &text);
    if (err || id_decode(text, ret) == AMBIT_OK)
        return err;

    struct told_id *told = r->h->ids;
    while (told && !ambit_str_eq(told->text, text))
        told = told->next;
    if (!told) {
        told = arena_alloc(r->arena, sizeof *told);
        if (!told)
            return AMBIT_ERR_NO_MEMORY;
        told->text = text;
        told->next = r->h->ids;
        /* No id of a broker has an all-zero time. */
        put_be32(told->id.b + 12, ++r->h->n_ids);
        r->h->ids = told;
    }
    *ret = told->id;
    return AMBIT_OK;
}

enum ambit_err hypothesis_agent(struct hypothesis_reader *r, const struct json_value *value,
                                struct ambit_str *ret)
{
    enum ambit_err err = hypothesis_str(r, value, ret);
    if (err)
        return err;
    return compiled_agent_find(r->set, *ret) ? AMBIT_OK
                                             : hypothesis_unknown(r, value, "no such agent");
}

enum ambit_err hypothesis_policy(struct hypothesis_reader *r, const struct json_value *value,
                                 struct ambit_str *ret)
{
    enum ambit_err err = hypothesis_str(r, value, ret);
    if (err)
        return err;
    return ambit_policy_find(r->set->documents, *ret)
               ? AMBIT_OK
               : hypothesis_unknown(r, value, "no such policy");
}

enum ambit_err hypothesis_binding(struct hypothesis_reader *r, const struct json_value *value,
                                  enum ambit_binding *ret)
{
    struct ambit_str text;
    enum ambit_err err = hypothesis_str(r, value, &text);
    if (err)
        return err;
    for (int b = AMBIT_BINDING_DPOP; b <= AMBIT_BINDING_MTLS; b++) {
        if (ambit_str_is(text, ambit_binding_text((enum ambit_binding)b))) {
            *ret = (enum ambit_binding)b;
            return AMBIT_OK;
        }
    }
    return hypothesis_complain(r, value, "no way of binding", "\"dpop\" or \"mtls\"");
}

enum ambit_err hypothesis_context(struct hypothesis_reader *r, const struct json_value *value,
                                  const struct ambit_context_member **ret, size_t *ret_n)
{
    if (value->kind != JSON_OBJECT)
        return hypothesis_complain(r, value, "not a context", "an object");

    struct ambit_context_member *members = arena_array(r->arena, value->count + 1, sizeof *members);
    if (!members)
        return AMBIT_ERR_NO_MEMORY;
    size_t n = 0;
    for (const struct json_value *m = value->first; m; m = m->next)
        context_member_read(m, &members[n++]);
    *ret = members;
    *ret_n = n;
    return AMBIT_OK;
}
