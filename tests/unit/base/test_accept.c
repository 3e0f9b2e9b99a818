/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: TSL-5, INT-8: what an answer may be by Accept and Accept-Encoding (RFC 9110 section 12.5).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/accept.h"

#define TYPE "application/statuslist+jwt"

static const struct {
    const char *header; /* NULL: absent */
    bool takes, names;
} types[] = {
    {NULL, true, false},
    {TYPE, true, true},
    {"Application/StatusList+JWT", true, true},
    {"*/*", true, false},
    {"application/*", true, false},
    {"text/html, " TYPE ";q=0.5", true, true},
    {TYPE ";q=0", false, false},
    {TYPE ";q=0.000, */*", false, false},
    {"*/*;q=0", false, false},
    {"*/*;q=0, application/*", true, false},
    {"application/statuslist+cwt", false, false},
    {"text/*", false, false},
    {"app/*", false, false},
    {"", false, false},
    {" , ;;q=0, ,", false, false},
    {TYPE " ; charset=utf-8 ; Q=0.0", false, false},
    {TYPE "x", false, false},
};

static void test_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(types); i++) {
        struct ambit_str header =
            types[i].header ? ambit_str_of(types[i].header) : (struct ambit_str){0};
        if (accept_takes(header, TYPE) != types[i].takes ||
            accept_names(header, TYPE) != types[i].names)
            fail_msg("%s", types[i].header ? types[i].header : "absent");
    }
}

static void test_codings(void **state)
{
    static const struct {
        const char *header;
        bool takes;
    } rows[] = {{NULL, false},    {"gzip", true},         {"deflate, GZIP", true},
                {"*", true},      {"identity", false},    {"gzip;q=0", false},
                {"*;q=0", false}, {"gzip;q=0, *", false}, {"gzip;q=0.1", true},
                {"", false}};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_str header =
            rows[i].header ? ambit_str_of(rows[i].header) : (struct ambit_str){0};
        if (accept_takes_coding(header, "gzip") != rows[i].takes)
            fail_msg("%s", rows[i].header ? rows[i].header : "absent");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_types),
                                       cmocka_unit_test(test_codings)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
