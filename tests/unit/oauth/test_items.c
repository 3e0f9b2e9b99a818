/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: however items are put together into objects, the pairs that the objects stand for are
 * exactly the items, in their order; no pair appears that was not given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "oauth/items.h"

static struct ambit_given given(const char *action, const char *resource)
{
    return (struct ambit_given){.action = ambit_str_of(action),
                                .resource = ambit_str_of(resource),
                                .policy = AMBIT_STR("p"),
                                .rule = AMBIT_STR("r")};
}

static const struct json_value *details_of(const struct items_view *view, struct buf *buf,
                                           struct arena *arena)
{
    struct json_out out;
    json_out_init(&out, buf, false);
    items_write_details(view, &out);
    assert_int_equal(buf_check(buf), AMBIT_OK);
    const struct json_value *value = NULL;
    struct json_problem problem = {0};
    assert_int_equal(json_read(buf_str(buf), (struct json_limits){0}, arena, &value, &problem),
                     AMBIT_OK);
    return value;
}

/* The pairs of all objects in order, compared with the shown items in theirs. */
static void check_pairs(const struct items_view *view)
{
    BUF_AUTO buf;
    buf_init(&buf, 0);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *list = details_of(view, &buf, &arena);
    size_t at = 0;
    for (const struct json_value *object = list->first; object; object = object->next) {
        const struct json_value *actions = json_get(object, "actions"),
                                *resources = json_get(object, "resources");
        bool asks = ambit_str_is(json_get_str(object, "type"), "ambit-ask");
        for (const struct json_value *a = actions->first; a; a = a->next)
            for (const struct json_value *r = resources->first; r; r = r->next, at++) {
                while (at < view->row->n_items && !(view->mask >> at & 1))
                    at++;
                assert_true(at < view->row->n_items);
                assert_true(ambit_str_eq(a->text, view->row->items[at].action));
                assert_true(ambit_str_eq(r->text, view->row->items[at].resource));
                assert_int_equal(asks, view->split && (view->ask >> at & 1));
            }
    }
    while (at < view->row->n_items && !(view->mask >> at & 1))
        at++;
    assert_int_equal(at, view->row->n_items);
}

static void blocks_are_exact(void **state)
{
    (void)state;
    /* every sequence of up to five of four items, all masks of what is asked about */
    const struct ambit_given four[] = {given("a", "x:1"), given("a", "x:2"), given("b", "x:1"),
                                       given("b", "x:2")};
    for (size_t n = 1; n <= 5; n++)
        for (size_t code = 0; code < (size_t)1 << 2 * n; code++) {
            struct ambit_given items[5];
            for (size_t i = 0; i < n; i++)
                items[i] = four[code >> 2 * i & 3];
            struct grant_row row = {.items = items, .n_items = n};
            for (uint64_t bits = 0; bits < 4; bits++) {
                struct items_view view = {.row = &row,
                                          .mask = bits & 1 ? 0x1b : UINT64_MAX,
                                          .ask = bits & 2 ? 0x06 : 0,
                                          .split = true};
                check_pairs(&view);
            }
        }
}

/* RAR-4: what multiplies is written once */
static void a_full_block_is_one_object(void **state)
{
    (void)state;
    struct ambit_given items[] = {given("a", "x:1"), given("a", "x:2"), given("b", "x:1"),
                                  given("b", "x:2")};
    struct grant_row row = {.items = items, .n_items = 4, .purpose = AMBIT_STR("INC-9")};
    struct items_view view = {.row = &row, .mask = UINT64_MAX};
    BUF_AUTO buf;
    buf_init(&buf, 0);
    struct json_out out;
    json_out_init(&out, &buf, false);
    items_write_details(&view, &out);
    assert_true(ambit_str_is(
        buf_str(&buf),
        "[{\"type\":\"ambit\",\"actions\":[\"a\",\"b\"],\"resources\":[\"x:1\",\"x:2\"],"
        "\"purpose\":\"INC-9\"}]"));
}

/* ATJ-3: items to ask about are not in the scope, and carry the `except` */
static void asked_items_stand_apart(void **state)
{
    (void)state;
    struct ambit_given items[] = {given("a", "x:1"), given("b", "x:**")};
    struct ambit_str never_action = AMBIT_STR("**"), never_resource = AMBIT_STR("x:never/**");
    struct ambit_except except = {.policy = AMBIT_STR("p"),
                                  .id = AMBIT_STR("n"),
                                  .actions = {.v = &never_action, .n = 1},
                                  .resources = {.v = &never_resource, .n = 1}};
    struct grant_row row = {.items = items, .n_items = 2, .except = &except, .n_except = 1};
    struct items_view view = {.row = &row, .mask = UINT64_MAX, .ask = 2, .split = true};
    BUF_AUTO buf;
    buf_init(&buf, 0);
    struct json_out out;
    json_out_init(&out, &buf, false);
    json_begin_array(&out);
    items_write_scope(&view, &out);
    items_write_details(&view, &out);
    items_write_policies(&view, &out);
    view.split = false;
    items_write_scope(&view, &out);
    json_end_array(&out);
    assert_true(ambit_str_is(
        buf_str(&buf),
        "[\"a[x:1]\",[{\"type\":\"ambit\",\"actions\":[\"a\"],\"resources\":[\"x:1\"]},"
        "{\"type\":\"ambit-ask\",\"actions\":[\"b\"],\"resources\":[\"x:**\"],"
        "\"except\":[{\"policy\":\"p\",\"id\":\"n\",\"actions\":[\"**\"],\"resources\":[\"x:never/"
        "**\"]}]}],"
        "[{\"policy\":\"p\",\"digest\":\"sha256:"
        "0000000000000000000000000000000000000000000000000000000000000000\","
        "\"rule\":\"r\"}],\"a[x:1] b[x:**]\"]"));
}

/* A damaged row is an error of the answer, not its end. */
static void no_words(void **state)
{
    static const char *const actions[] = {"a b", "a\"b", "a\\b", "a\x7f", "\x80"};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(actions); i++) {
        struct ambit_given items[] = {given(actions[i], "x:1")};
        const struct grant_row row = {.items = items, .n_items = 1};
        const struct items_view view = {.row = &row, .mask = 1};
        BUF_AUTO buf;
        struct json_out out;
        buf_init(&buf, 0);
        json_out_init(&out, &buf, false);
        items_write_scope(&view, &out);
        assert_int_equal(buf_check(&buf), AMBIT_ERR_DAMAGED);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_exact),
        cmocka_unit_test(a_full_block_is_one_object),
        cmocka_unit_test(asked_items_stand_apart),
        cmocka_unit_test(no_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
