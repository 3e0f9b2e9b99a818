/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a scope and authorization_details become exactly the items they name, syntax is refused,
 * and whether a name is one is left to the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "oauth/asked.h"

static void print_items(const struct asked *asked, struct buf *buf)
{
    for (size_t i = 0; i < asked->n; i++) {
        buf_put_text(buf, i ? " " : "");
        buf_put_str(buf, asked->items[i].action);
        if (!asked->items[i].resource.p)
            continue;
        buf_put_text(buf, "[");
        buf_put_str(buf, asked->items[i].resource);
        buf_put_text(buf, "]");
    }
}

struct row {
    const char *name, *input;
    const char *items; /* NULL: refused */
    const char *purpose;
};

static void check_items(const char *name, const struct asked *asked, const char *want)
{
    BUF_AUTO got;
    buf_init(&got, 0);
    print_items(asked, &got);
    if (!ambit_str_is(buf_str(&got), want))
        fail_msg("%s: got %.*s", name, AMBIT_STR_ARG(buf_str(&got)));
}

/* TOK-3, TOK-12, RAR-10 */
static void scope_tokens_are_items(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"an item", "service.restart[svc:prod/eu/web-1]", "service.restart[svc:prod/eu/web-1]",
         NULL},
        {"an action alone (TOK-12)", "service.read", "service.read", NULL},
        {"two in order", "b[x:y] a", "b[x:y] a", NULL},
        {"equal ones collapse (TOK-3)", "a a[x:y] a a[x:y]", "a a[x:y]", NULL},
        {"patterns", "service.**[svc:staging/**]", "service.**[svc:staging/**]", NULL},
        {"empty brackets are an empty resource, not none", "a[]", "a[]", NULL},
        {"what is no name is the engine's", "[x:y]", "[x:y]", NULL},
        {"a bracket left open", "a[x:y", "a[x:y", NULL},
        {"two pairs of brackets", "a[x][y]", "a[x][y]", NULL},
        {"two spaces", "a  b", NULL, NULL},
        {"a space before", " a", NULL, NULL},
        {"a space behind", "a ", NULL, NULL},
        {"a tab", "a\tb", NULL, NULL},
        {"a quote", "a\"b", NULL, NULL},
        {"a backslash", "a\\b", NULL, NULL},
        {"not ASCII", "\xc3\xa4", NULL, NULL},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct asked asked = {0};
        const char *what = NULL;
        enum ambit_err err = scope_read(ambit_str_of(rows[i].input), &asked, &what);
        if ((err == AMBIT_OK) != (rows[i].items != NULL))
            fail_msg("%s: %s", rows[i].name, ambit_err_text(err));
        if (err)
            assert_non_null(what);
        else
            check_items(rows[i].name, &asked, rows[i].items);
    }
}

static void scope_keeps_one_too_many(void **state)
{
    (void)state;
    BUF_AUTO text;
    buf_init(&text, 0);
    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "%sa%d", i ? " " : "", i);
    struct asked asked = {0};
    const char *what = NULL;
    assert_int_equal(scope_read(buf_str(&text), &asked, &what), AMBIT_OK);
    assert_int_equal(asked.n, AMBIT_ITEMS_MAX + 1);
    assert_int_equal(asked.n_scope, asked.n);
}

/* RAR-1, RAR-2, RAR-4, RAR-10 */
static void details_are_pairs(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"one", "[{\"type\":\"ambit\",\"actions\":[\"a\"],\"resources\":[\"x:y\"]}]", "a[x:y]",
         NULL},
        {"pairs, resources fastest",
         "[{\"type\":\"ambit\",\"actions\":[\"a\",\"b\"],\"resources\":[\"x:1\",\"x:2\"]}]",
         "a[x:1] a[x:2] b[x:1] b[x:2]", NULL},
        {"objects in order",
         "[{\"type\":\"ambit\",\"actions\":[\"b\"],\"resources\":[\"x:1\"]},"
         "{\"resources\":[\"x:2\"],\"actions\":[\"a\"],\"type\":\"ambit\"}]",
         "b[x:1] a[x:2]", NULL},
        {"a purpose",
         "[{\"type\":\"ambit\",\"actions\":[\"a\"],\"resources\":[\"x:y\"],\"purpose\":\"INC-9\"}]",
         "a[x:y]", "INC-9"},
        {"two that agree",
         "[{\"type\":\"ambit\",\"actions\":[\"a\"],\"resources\":[\"x:y\"],\"purpose\":\"INC-9\"},"
         "{\"type\":\"ambit\",\"actions\":[\"b\"],\"resources\":[\"x:y\"],\"purpose\":\"INC-9\"}]",
         "a[x:y] b[x:y]", "INC-9"},
        {"two purposes",
         "[{\"type\":\"ambit\",\"actions\":[\"a\"],\"resources\":[\"x:y\"],\"purpose\":\"1\"},"
         "{\"type\":\"ambit\",\"actions\":[\"b\"],\"resources\":[\"x:y\"],\"purpose\":\"2\"}]",
         NULL, NULL},
        {"what is no name is the engine's",
         "[{\"type\":\"ambit\",\"actions\":[\"\"],\"resources\":[\"*\"]}]", "[*]", NULL},
        {"not JSON", "[", NULL, NULL},
        {"bytes behind", "[] x", NULL, NULL},
        {"an empty list", "[]", NULL, NULL},
        {"an object", "{\"type\":\"ambit\",\"actions\":[\"a\"],\"resources\":[\"x:y\"]}", NULL,
         NULL},
        {"a member twice",
         "[{\"type\":\"ambit\",\"actions\":[\"a\"],\"actions\":[\"b\"],\"resources\":[\"x:y\"]}]",
         NULL, NULL},
        {"a member twice, escaped",
         "[{\"type\":\"ambit\",\"actions\":[\"a\"],\"\\u0061ctions\":[\"b\"],\"resources\":[\"x:"
         "y\"]}]",
         NULL, NULL},
        {"another type", "[{\"type\":\"payment\",\"actions\":[\"a\"],\"resources\":[\"x:y\"]}]",
         NULL, NULL},
        {"ambit-ask is not asked for",
         "[{\"type\":\"ambit-ask\",\"actions\":[\"a\"],\"resources\":[\"x:y\"]}]", NULL, NULL},
        {"no type", "[{\"actions\":[\"a\"],\"resources\":[\"x:y\"]}]", NULL, NULL},
        {"a type that is no string", "[{\"type\":1,\"actions\":[\"a\"],\"resources\":[\"x:y\"]}]",
         NULL, NULL},
        {"an unknown member",
         "[{\"type\":\"ambit\",\"actions\":[\"a\"],\"resources\":[\"x:y\"],\"locations\":[\"https:/"
         "/x\"]}]",
         NULL, NULL},
        {"except is given, not asked",
         "[{\"type\":\"ambit\",\"actions\":[\"a\"],\"resources\":[\"x:y\"],\"except\":[]}]", NULL,
         NULL},
        {"no actions", "[{\"type\":\"ambit\",\"resources\":[\"x:y\"]}]", NULL, NULL},
        {"no resources", "[{\"type\":\"ambit\",\"actions\":[\"a\"]}]", NULL, NULL},
        {"an empty list of actions",
         "[{\"type\":\"ambit\",\"actions\":[],\"resources\":[\"x:y\"]}]", NULL, NULL},
        {"an action that is no string",
         "[{\"type\":\"ambit\",\"actions\":[null],\"resources\":[\"x:y\"]}]", NULL, NULL},
        {"actions as a text", "[{\"type\":\"ambit\",\"actions\":\"a\",\"resources\":[\"x:y\"]}]",
         NULL, NULL},
        {"an empty purpose",
         "[{\"type\":\"ambit\",\"actions\":[\"a\"],\"resources\":[\"x:y\"],\"purpose\":\"\"}]",
         NULL, NULL},
        {"a control byte in the purpose",
         "[{\"type\":\"ambit\",\"actions\":[\"a\"],\"resources\":[\"x:y\"],\"purpose\":"
         "\"a\\u0007\"}]",
         NULL, NULL},
        {"an element that is no object", "[\"ambit\"]", NULL, NULL},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct asked asked = {0};
        const char *what = NULL;
        enum ambit_err err = details_read(ambit_str_of(rows[i].input), &arena, &asked, &what);
        if ((err == AMBIT_OK) != (rows[i].items != NULL))
            fail_msg("%s: %s", rows[i].name, ambit_err_text(err));
        if (err) {
            assert_int_equal(err, AMBIT_ERR_MALFORMED);
            assert_non_null(what);
            continue;
        }
        check_items(rows[i].name, &asked, rows[i].items);
        assert_true(ambit_str_is(asked.purpose, rows[i].purpose ? rows[i].purpose : ""));
    }
}

static void details_keep_one_too_many(void **state)
{
    (void)state;
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_text(&text, "[{\"type\":\"ambit\",\"actions\":[");
    for (int i = 0; i < 64; i++)
        buf_printf(&text, "%s\"a%d\"", i ? "," : "", i);
    buf_put_text(&text, "],\"resources\":[\"x:1\",\"x:2\",\"x:3\"]}]");
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct asked asked = {0};
    const char *what = NULL;
    assert_int_equal(details_read(buf_str(&text), &arena, &asked, &what), AMBIT_OK);
    assert_int_equal(asked.n, AMBIT_ITEMS_MAX + 1);
    assert_int_equal(asked.n_scope, 0);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scope_tokens_are_items),
        cmocka_unit_test(scope_keeps_one_too_many),
        cmocka_unit_test(details_are_pairs),
        cmocka_unit_test(details_keep_one_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
