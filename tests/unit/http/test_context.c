/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: trace ids are taken or refused as TRC-1 says, fresh ids differ, media types compare as
 * HTP-4 says. */
#include "support/unit.h"

#include "http/context.h"

#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"

static const struct {
    const char *name, *traceparent;
    bool want;
} traces[] = {
    {"TRC-1: plain", "00-" TRACE "-" PARENT "-01", true},
    {"TRC-1: unknown flags", "00-" TRACE "-" PARENT "-ff", true},
    {"TRC-1: a higher version", "01-" TRACE "-" PARENT "-01", true},
    {"TRC-1: a higher version with more", "cc-" TRACE "-" PARENT "-01-what-comes", true},
    {"TRC-1: a higher version with more, not split off", "cc-" TRACE "-" PARENT "-01what", false},
    {"TRC-1: version 00 with more", "00-" TRACE "-" PARENT "-01-x", false},
    {"TRC-1: version ff", "ff-" TRACE "-" PARENT "-01", false},
    {"TRC-1: version not hex", "0x-" TRACE "-" PARENT "-01", false},
    {"TRC-1: upper case", "00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01", false},
    {"TRC-1: trace of zeros", "00-00000000000000000000000000000000-" PARENT "-01", false},
    {"TRC-1: parent of zeros", "00-" TRACE "-0000000000000000-01", false},
    {"TRC-1: parent not hex", "00-" TRACE "-b7ad6b716920333g-01", false},
    {"TRC-1: flags not hex", "00-" TRACE "-" PARENT "-0z", false},
    {"TRC-1: short", "00-" TRACE "-" PARENT "-0", false},
    {"TRC-1: other separators", "00_" TRACE "_" PARENT "_01", false},
    {"TRC-1: empty", "", false},
};

static void test_traces(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(traces); i++) {
        char id[HTTP_TRACE_ID_LEN + 1] = "";
        ROW_CHECK(traces[i].name,
                  context_trace_id(ambit_str_of(traces[i].traceparent), id) == traces[i].want);
        ROW_CHECK(traces[i].name, streq(id, traces[i].want ? TRACE : ""));
    }
    char id[HTTP_TRACE_ID_LEN + 1] = "";
    assert_false(context_trace_id((struct ambit_str){0}, id));
}

static void test_fresh(void **state)
{
    char a[CONTEXT_REQUEST_ID_LEN + 1] = "", b[CONTEXT_REQUEST_ID_LEN + 1] = "";
    char c[HTTP_TRACE_ID_LEN + 1] = "", d[HTTP_TRACE_ID_LEN + 1] = "";
    (void)state;
    context_new_request_id(a);
    context_new_request_id(b);
    context_new_trace_id(c);
    context_new_trace_id(d);
    assert_int_equal(strlen(a), CONTEXT_REQUEST_ID_LEN);
    assert_int_equal(strlen(c), HTTP_TRACE_ID_LEN);
    assert_string_not_equal(a, b);
    assert_string_not_equal(c, d);
}

static const struct {
    const char *content_type, *wanted;
    bool want;
} types[] = {
    {"application/json", "application/json", true},
    {"Application/JSON; charset=utf-8", "application/json", true},
    {"application/json ;charset=utf-8", "application/json", true},
    {" application/x-www-form-urlencoded;charset=UTF-8", "application/x-www-form-urlencoded", true},
    {"application/json5", "application/json", false},
    {"application/jso", "application/json", false},
    {"", "application/json", false},
    {";", "application/json", false},
    {"application/problem+json", "application/json", false},
};

static void test_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(types); i++) {
        struct ambit_str type = context_media_type(ambit_str_of(types[i].content_type));
        ROW_CHECK(types[i].content_type,
                  context_is_media_type(type, types[i].wanted) == types[i].want);
    }
    assert_false(context_is_media_type(context_media_type((struct ambit_str){0}), "a/b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_traces), cmocka_unit_test(test_fresh),
                                       cmocka_unit_test(test_types)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
