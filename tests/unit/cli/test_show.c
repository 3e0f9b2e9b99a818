/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: somebody else's text cannot move the cursor, and tables are aligned. */
#include "base/arena.h"
#include "base/json_read.h"
#include "cli/event_view.h"
#include "cli/show.h"
#include "support/unit.h"

static void control_bytes_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *want;
    } rows[] = {
        {"plain", "abc", "abc"},
        {"umlaut", "\xc3\xbc", "\xc3\xbc"},
        {"wide", "\xe6\x97\xa5", "\xe6\x97\xa5"},
        {"clear screen", "a\x1b[2J", "a\\x1b[2J"},
        {"newline", "a\nb\r\tc", "a\\nb\\x0d\\tc"},
        {"delete", "\x7f", "\\x7f"},
        {"C1 CSI",
         "\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"},
        {"right to left override",
         "\xe2\x80\xae"
         "x",
         "\\xe2\\x80\\xaex"},
        {"isolate", "\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
        {"right to left mark", "\xe2\x80\x8f", "\\xe2\\x80\\x8f"},
        {"arabic letter mark", "\xd8\x9c", "\\xd8\\x9c"},
        {"line separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8"},
        {"its neighbours", "\xe2\x80\xa7\xe2\x80\xaf\xd8\x9b", "\xe2\x80\xa7\xe2\x80\xaf\xd8\x9b"},
        {"not UTF-8", "\xff\xc3(", "\\xff\\xc3("},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO out = {.p = NULL};
        show_escaped(&out, ambit_str_of(rows[i].text));
        ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&out), rows[i].want));
    }
}

static void json_keeps_its_value(void **state)
{
    (void)state;
    static const struct {
        const char *json, *want;
    } rows[] = {
        {"{\"a\": \"\xc3\xbc\xe6\x97\xa5\"}\n", "{\"a\": \"\xc3\xbc\xe6\x97\xa5\"}\n"},
        {"\"\x7f\"", "\"\\u007f\""},
        {"\"\xc2\x9b\"", "\"\\u009b\""},
        {"\"\xe2\x80\xae\xe2\x81\xa6\"", "\"\\u202e\\u2066\""},
        {"\"\xe2\x80\x8f\xd8\x9c\xe2\x80\xa8\"", "\"\\u200f\\u061c\\u2028\""},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO out = {.p = NULL};
        show_json(&out, ambit_str_of(rows[i].json));
        ROW_CHECK(rows[i].json, ambit_str_is(buf_str(&out), rows[i].want));
    }
}

static const struct json_value *parse(struct arena *arena, const char *json)
{
    const struct json_value *value = NULL;
    struct json_problem ignored = {.line = 0};
    assert_int_equal(
        json_read(ambit_str_of(json), (struct json_limits){.depth = 8}, arena, &value, &ignored),
        AMBIT_OK);
    return value;
}

static void lists_become_aligned_tables(void **state)
{
    (void)state;
    ARENA_AUTO arena = {.p = NULL};
    arena_init(&arena, NULL, 0, 0);
    static const struct show_column columns[] = {{"NAME", "name"}, {"N", "in.n"}, {"LIST", "list"}};
    const struct json_value *list =
        parse(&arena, "[{\"name\":\"a\",\"in\":{\"n\":7},\"list\":[\"x\",\"y\"]},"
                      "{\"name\":\"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\"}]");
    BUF_AUTO out = {.p = NULL};
    assert_int_equal(show_list(&out, &arena, list, columns, AMBIT_LEN(columns)), AMBIT_OK);
    assert_true(ambit_str_is(buf_str(&out), "NAME   N  LIST\n"
                                            "a      7  x y\n"
                                            "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc  -  -\n"));
}

static void lines_leave_out_what_is_absent(void **state)
{
    (void)state;
    const struct show_line lines[] = {
        {"a", AMBIT_STR("1")}, {"long name", {NULL, 0}}, {"bcd", AMBIT_STR("2")}};
    BUF_AUTO out = {.p = NULL};
    show_lines(&out, lines, AMBIT_LEN(lines));
    assert_true(ambit_str_is(buf_str(&out), "a:   1\nbcd: 2\n"));
}

static void an_event_is_a_row(void **state)
{
    (void)state;
    ARENA_AUTO arena = {.p = NULL};
    arena_init(&arena, NULL, 0, 0);
    static const struct {
        const char *json, *want;
    } rows[] = {
        {"{\"seq\":3,\"time\":\"T\",\"type\":\"action.denied\",\"agent\":\"a\",\"reason\":\"out_of_"
         "scope\","
         "\"action\":\"x.y\",\"resource\":\"svc:z\"}",
         "3  T  action.denied  a  out_of_scope  x.y svc:z  -\n"},
        {"{\"seq\":4,\"type\":\"stop.raised\",\"person\":\"lee\",\"words\":\"why\\u001b\","
         "\"policy\":\"p\",\"rule\":\"r\"}",
         "4  -  stop.raised  -  -  p/r  lee why\\x1b\n"},
        {"{\"items\":[{\"actions\":[\"a\"],\"resources\":[\"b:c\"]}]}",
         "-  -  -  -  -  a[b:c]  -\n"},
        {"{\"reason\":\"out_of_scope\",\"trips\":[\"p/probing\"]}",
         "-  -  -  -  out_of_scope tripped p/probing  -  -\n"},
        {"[]", "-  -  -  -  -  -  -\n"},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO out = {.p = NULL};
        event_line(&out, &arena, parse(&arena, rows[i].json));
        ROW_CHECK(rows[i].json, ambit_str_is(buf_str(&out), rows[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_bytes_are_escaped),
        cmocka_unit_test(json_keeps_its_value),
        cmocka_unit_test(lists_become_aligned_tables),
        cmocka_unit_test(lines_leave_out_what_is_absent),
        cmocka_unit_test(an_event_is_a_row),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
