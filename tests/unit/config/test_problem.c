/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a problem is shown in the published form, whatever bytes its texts hold, and the guess at
 * what was meant is near or absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json_write.h"
#include "config/problem.h"

static void problems_are_printed_as_published(void **state)
{
    (void)state;
    static const struct {
        struct ambit_problem problem;
        const char *want;
    } rows[] = {
        {{.file = {"a.json", 6},
          .line = 3,
          .column = 7,
          .pointer = {"/allow/0/ttl", 12},
          .what = {"is missing", 10},
          .expected = {"an object", 9},
          .nearest = {NULL, 0}},
         "a.json:3:7: error: /allow/0/ttl: is missing; expected an object\n"},
        {{.file = {"a.json", 6},
          .line = 3,
          .column = 7,
          .pointer = {"/alow", 5},
          .what = {"unknown member", 14},
          .expected = {"allow", 5},
          .nearest = {"allow", 5}},
         "a.json:3:7: error: /alow: unknown member; expected allow; did you mean \"allow\"?\n"},
        {{.file = {"a.json", 6}, .pointer = {"", 0}, .is_warning = true, .what = {"w", 1}},
         "a.json:1:1: warning: : w\n"},
        {{.file = {"a\x1b[2J", 5},
          .line = 1,
          .column = 1,
          .pointer = {"/\xff", 2},
          .what = {"\xc3\xa9", 2}},
         "a\\x1b[2J:1:1: error: /\\xff: \xc3\xa9\n"},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO out = {.p = NULL};
        problem_print(&out, &rows[i].problem);
        assert_int_equal(buf_check(&out), AMBIT_OK);
        assert_true(ambit_str_is(buf_str(&out), rows[i].want));
    }
}

static void problems_have_their_json_form(void **state)
{
    (void)state;
    const struct ambit_problem problem = {.file = AMBIT_STR("a.json"),
                                          .line = 2,
                                          .column = 4,
                                          .pointer = AMBIT_STR("/x"),
                                          .what = AMBIT_STR("unknown"),
                                          .expected = AMBIT_STR("y"),
                                          .nearest = {NULL, 0}};
    BUF_AUTO out = {.p = NULL};
    struct json_out json = {.buf = NULL};
    json_out_init(&json, &out, false);
    problem_json(&json, &problem);
    assert_true(ambit_str_is(buf_str(&out),
                             "{\"file\":\"a.json\",\"line\":2,\"column\":4,\"pointer\":\"/x\","
                             "\"severity\":\"error\",\"what\":\"unknown\",\"expected\":\"y\"}"));
}

static void the_nearest_spelling_is_near(void **state)
{
    (void)state;
    static const char *const names[] = {"issuer", "state", "documents", "listen", "limits"};
    static const struct {
        const char *word, *want;
    } rows[] = {{"isuer", "issuer"}, {"issure", "issuer"}, {"Listen", "listen"},
                {"limit", "limits"}, {"stat", "state"},    {"x", NULL},
                {"nothing", NULL},   {"", NULL},           {"docments", "documents"}};
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_str got =
            nearest_spelling(ambit_str_of(rows[i].word), names, AMBIT_LEN(names));
        print_message("# %s -> %.*s\n", rows[i].word, AMBIT_STR_ARG(got));
        assert_true(ambit_str_is(got, rows[i].want ? rows[i].want : ""));
    }
}

static void a_list_keeps_copies(void **state)
{
    (void)state;
    CONFIG_PROBLEMS_AUTO problems = {.v = NULL};
    for (int i = 0; i < 100; i++) {
        char text[8] = "abc";
        struct ambit_problem problem = {.file = ambit_str_of(text), .what = ambit_str_of(text)};
        config_problem_add(&problems, &problem);
        text[0] = 'x';
    }
    assert_int_equal(problems.n, 100);
    assert_true(ambit_str_is(problems.v[99].what, "abc"));
    assert_false(problems.is_short);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_are_printed_as_published),
        cmocka_unit_test(problems_have_their_json_form),
        cmocka_unit_test(the_nearest_spelling_is_near),
        cmocka_unit_test(a_list_keeps_copies),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
