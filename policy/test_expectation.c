/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy test expects, against the answer. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"

#include "policy/policy_test.h"

static bool holds(const struct json_value *expected, const struct json_value *is);

static bool list_holds(const struct json_value *expected, const struct json_value *is)
{
    const struct json_value *a = expected->first, *b = is->first;
    for (; a && b; a = a->next, b = b->next) {
        if (!holds(a, b))
            return false;
    }
    return !a && !b;
}

static bool object_holds(const struct json_value *expected, const struct json_value *is)
{
    for (const struct json_value *m = expected->first; m; m = m->next) {
        const struct json_value *found = NULL;
        for (const struct json_value *c = is->first; c && !found; c = c->next)
            found = ambit_str_eq(c->key, m->key) ? c : NULL;
        if (!found || !holds(m, found))
            return false;
    }
    return true;
}

static bool holds(const struct json_value *expected, const struct json_value *is)
{
    if (expected->kind != is->kind)
        return false;
    switch (expected->kind) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        return true;
    case JSON_INTEGER:
        return expected->integer == is->integer;
    case JSON_DECIMAL:
    case JSON_STRING:
        return ambit_str_eq(expected->text, is->text);
    case JSON_ARRAY:
        return list_holds(expected, is);
    case JSON_OBJECT:
        break;
    }
    return object_holds(expected, is);
}

/* Each check that is named, by its name; the others may be as they are. */
static bool checks_hold(const struct json_value *expected, const struct json_value *is)
{
    for (const struct json_value *want = expected->first; want; want = want->next) {
        const struct json_value *found = NULL;
        for (const struct json_value *c = is->first; c && !found; c = c->next)
            found = ambit_str_eq(json_get_str(c, "check"), json_get_str(want, "check")) ? c : NULL;
        if (!found || !holds(want, found))
            return false;
    }
    return true;
}

/* A number with a fraction is told as it was written; inside another value it is not repeated. */
static void put_value(struct buf *out, const struct json_value *value)
{
    BUF_AUTO text = {0};
    struct json_out json;
    json_out_init(&json, &text, false);
    if (!value)
        buf_put_text(&text, "absent");
    else if (value->kind == JSON_DECIMAL)
        buf_put_str(&text, value->text);
    else
        json_write_value(&json, value);
    if (buf_check(&text) == AMBIT_ERR_MALFORMED)
        buf_put_text(out, "a value with a number that is no whole one");
    else if (buf_check(&text))
        buf_fail(out, buf_check(&text));
    else
        buf_put_str(out, buf_str(&text));
}

static void put_why(struct buf *why, const struct json_value *expected,
                    const struct json_value *found)
{
    buf_put_str(why, expected->key);
    buf_put_text(why, ": expected ");
    put_value(why, expected);
    buf_put_text(why, ", is ");
    put_value(why, found);
}

/* `lifetime` is a duration, of an answer that says seconds. */
static bool lifetime_holds(const struct json_value *expected, const struct json_value *answer,
                           struct buf *why)
{
    int64_t want_s = 0, is_s = 0;
    const struct json_value *is = json_get(answer, "lifetime_s");
    if (expected->kind == JSON_STRING && duration_decode(expected->text, &want_s) == AMBIT_OK &&
        json_get_i64(answer, "lifetime_s", &is_s) && want_s == is_s)
        return true;
    put_why(why, expected, is);
    return false;
}

bool test_expectation_holds(const struct json_value *expected, const struct json_value *answer,
                            struct buf *why)
{
    if (ambit_str_is(expected->key, "lifetime"))
        return lifetime_holds(expected, answer, why);

    const struct json_value *is = NULL;
    for (const struct json_value *m = answer->first; m && !is; m = m->next)
        is = ambit_str_eq(m->key, expected->key) ? m : NULL;
    bool is_checks = ambit_str_is(expected->key, "checks") && expected->kind == JSON_ARRAY;
    bool holds_all = false;
    if (!is) /* a list that is not there is an empty one */
        holds_all = expected->kind == JSON_ARRAY && expected->count == 0;
    else
        holds_all = is_checks ? checks_hold(expected, is) : holds(expected, is);
    if (!holds_all)
        put_why(why, expected, is);
    return holds_all;
}
