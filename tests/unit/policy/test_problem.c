/* SPDX-License-Identifier: Apache-2.0 */
/* Problems are listed in order and printed as interfaces.md says, whatever stands in the file. */
#include "support/unit.h"

#include "base/json_write.h"
#include "policy/problem.h"

static void add(struct ambit_problems *problems, const char *file, uint32_t line, const char *what)
{
    const struct ambit_problem problem = {
        .file = ambit_str_of(file),
        .line = line,
        .column = 3,
        .pointer = AMBIT_STR("/a\nb"),
        .what = ambit_str_of(what),
        .expected = AMBIT_STR("another"),
    };
    assert_int_equal(ambit_problems_add(problems, &problem), AMBIT_OK);
}

static void sorted_and_stable(void **state)
{
    static const struct {
        const char *file;
        uint32_t line;
        const char *what;
    } rows[] = {{"b", 2, "4"}, {"b", 1, "2"}, {"a", 9, "1"}, {"b", 1, "3"}, {"c", 1, "5"}};
    struct ambit_problems problems = {0};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        add(&problems, rows[i].file, rows[i].line, rows[i].what);
    problem_sort(&problems);
    for (size_t i = 0; i < problems.n; i++)
        assert_int_equal(problems.v[i].what.p[0], '1' + (char)i);
    assert_int_equal(problems.n_errors, 5);
    ambit_problems_done(&problems);
    assert_null(problems.v);
    problem_sort(&problems);
}

static void lines(void **state)
{
    static const struct {
        const char *name;
        struct ambit_problem problem;
        const char *want;
    } rows[] = {
        {"whole",
         {.file = AMBIT_STR("people/dana.json"),
          .line = 4,
          .column = 12,
          .pointer = AMBIT_STR("/emial"),
          .what = AMBIT_STR("unknown member \"emial\""),
          .expected = AMBIT_STR("\"name\" or \"email\""),
          .nearest = AMBIT_STR("email")},
         "people/dana.json:4:12: error: /emial: unknown member \"emial\"; expected \"name\" or "
         "\"email\"; did you mean \"email\"?"},
        {"no nearest",
         {.file = AMBIT_STR("x"),
          .line = 1,
          .column = 1,
          .pointer = AMBIT_STR(""),
          .what = AMBIT_STR("found null"),
          .expected = AMBIT_STR("an object")},
         "x:1:1: error: : found null; expected an object"},
        {"on what it shows",
         {.file = AMBIT_STR("x"),
          .pointer = AMBIT_STR("/a"),
          .is_warning = true,
          .what = AMBIT_STR("w"),
          .expected = AMBIT_STR("e"),
          .action = AMBIT_STR("a.b"),
          .resource = AMBIT_STR("svc:x")},
         "x:0:0: warning: /a: w; expected e; for example a.b svc:x"},
        {"on what of it",
         {.file = AMBIT_STR("x"),
          .pointer = AMBIT_STR("/a"),
          .is_warning = true,
          .what = AMBIT_STR("w"),
          .expected = AMBIT_STR("e"),
          .resource = AMBIT_STR("svc:x")},
         "x:0:0: warning: /a: w; expected e; for example svc:x"},
        {"warning, control bytes",
         {.file = AMBIT_STR("x\x1b[2J"),
          .pointer = AMBIT_STR("/a\nb"),
          .is_warning = true,
          .what = AMBIT_STR("w\x7f"),
          .expected = AMBIT_STR("e")},
         "x\\u001b[2J:0:0: warning: /a\\u000ab: w\\u007f; expected e"},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO buf = {0};
        problem_write_line(&buf, &rows[i].problem);
        ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&buf), rows[i].want));
    }
}

static void json(void **state)
{
    BUF_AUTO buf = {0};
    struct json_out out;
    const struct ambit_problem problem = {.file = AMBIT_STR("a.json"),
                                          .line = 2,
                                          .column = 3,
                                          .pointer = AMBIT_STR("/x\n"),
                                          .what = AMBIT_STR("w"),
                                          .expected = AMBIT_STR("e"),
                                          .nearest = AMBIT_STR("n")};
    (void)state;
    ambit_problems_done(NULL);
    json_out_init(&out, &buf, false);
    problem_write_json(&out, &problem);
    assert_true(ambit_str_is(buf_str(&buf),
                             "{\"file\":\"a.json\",\"line\":2,\"column\":3,\"pointer\":\"/x\\n\","
                             "\"severity\":\"error\",\"what\":\"w\",\"expected\":\"e\","
                             "\"nearest\":\"n\"}"));
}

static void json_of_a_warning(void **state)
{
    static const struct {
        struct ambit_problem problem;
        const char *want;
    } rows[] = {
        {{.is_warning = true, .action = AMBIT_STR("a.b"), .resource = AMBIT_STR("svc:x")},
         "\"example\":{\"action\":\"a.b\",\"resource\":\"svc:x\"}"},
        {{.is_warning = true, .resource = AMBIT_STR("svc:x")},
         "\"example\":{\"resource\":\"svc:x\"}"},
        {{.is_warning = true}, "\"severity\":\"warning\""},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO buf = {0};
        struct json_out out;
        struct ambit_problem problem = rows[i].problem;
        problem.file = problem.pointer = problem.what = problem.expected = AMBIT_STR("x");
        json_out_init(&out, &buf, false);
        problem_write_json(&out, &problem);
        buf_put_char(&buf, '\0');
        assert_int_equal(buf_check(&buf), AMBIT_OK);
        assert_non_null(strstr(buf.p, rows[i].want));
        assert_int_equal(i == 2, strstr(buf.p, "example") == NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted_and_stable),
        cmocka_unit_test(lines),
        cmocka_unit_test(json),
        cmocka_unit_test(json_of_a_warning),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
