/* SPDX-License-Identifier: Apache-2.0 */
/* Names and patterns are well formed exactly when the language says so (PL "Names and patterns").
 */
#include "support/unit.h"

#include "ambit/policy.h"
#include "policy/name.h"

#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A512 A64 A64 A64 A64 A64 A64 A64 A64

enum { LITERAL = 1, PATTERN = 2, VARIABLES = 4, ALL = 7 };

struct row {
    const char *text;
    unsigned forms; /* in which it is well formed */
};

static void action_forms(void **state)
{
    static const struct row rows[] = {
        {"service", ALL},
        {"service.restart", ALL},
        {"a/b:c.d", ALL},
        {"!#$&'()+,-/:;<=>@^_`|~", ALL},
        {"service.*", PATTERN | VARIABLES},
        {"**", PATTERN | VARIABLES},
        {"**.a.**", PATTERN | VARIABLES},
        {"a*b*c*", PATTERN | VARIABLES},
        {"", 0},
        {".", 0},
        {"a.", 0},
        {".a", 0},
        {"a..b", 0},
        {"a b", 0},
        {"a\tb", 0},
        {"a\x7f", 0},
        {"a\xc3\xa9", 0},
        {"a?", 0},
        {"a\"b", 0},
        {"a\\b", 0},
        {"{a}", 0},
        {"[a]", 0},
        {"a%2eb", 0},
        {"a**", 0},
        {"***", 0},
        {"**a", 0},
        {"a*b*c*d*", 0},
        {"**.**.**", 0},
        {"${agent}", 0},
        {A512, ALL},
        {A512 "a", 0},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_str text = ambit_str_of(rows[i].text);
        ROW_CHECK(rows[i].text, ambit_name_is_action(text) == !!(rows[i].forms & LITERAL));
        ROW_CHECK(rows[i].text, ambit_pattern_is_action(text) == !!(rows[i].forms & PATTERN));
    }
}

static void resource_forms(void **state)
{
    static const struct row rows[] = {
        {"svc:a", ALL},
        {"svc:prod/eu/web-1", ALL},
        {"a.b_c-9:x", ALL},
        {"svc:a:b/c.d", ALL},
        {"svc:...", ALL},
        {"svc:.a", ALL},
        {"svc:**", PATTERN | VARIABLES},
        {"svc:**/a/**", PATTERN | VARIABLES},
        {"svc:prod/*/web-*", PATTERN | VARIABLES},
        {"svc:.*", PATTERN | VARIABLES},
        {"home:${agent}/x", VARIABLES},
        {"home:${team}/${purpose}/**", VARIABLES},
        {"home:a-${agent}", 0},
        {"home:${user}", 0},
        {"home:$${agent}", 0},
        {"${agent}:x", 0},
        {"svc", 0},
        {"svc:", 0},
        {":a", 0},
        {"SVC:a", 0},
        {"s*c:a", 0},
        {"svc:/a", 0},
        {"svc:a/", 0},
        {"svc:a//b", 0},
        {"svc:.", 0},
        {"svc:a/..", 0},
        {"svc:../a", 0},
        {"svc:a%2fb", 0},
        {"svc:**/**/**", 0},
        {"svc:**a", 0},
        {A64 ":a", ALL},
        {A64 "a:a", 0},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_str text = ambit_str_of(rows[i].text);
        bool is_variables = name_resource_fault(text, NAME_VARIABLES) == NULL;
        ROW_CHECK(rows[i].text, ambit_name_is_resource(text) == !!(rows[i].forms & LITERAL));
        ROW_CHECK(rows[i].text, ambit_pattern_is_resource(text) == !!(rows[i].forms & PATTERN));
        ROW_CHECK(rows[i].text, is_variables == !!(rows[i].forms & VARIABLES));
    }
}

static void ids(void **state)
{
    static const struct {
        const char *text;
        bool is_plain, is_agent, is_prefix;
    } rows[] = {
        {"dana", true, true, true},
        {"A.b_c-9", true, true, true},
        {A64, true, true, true},
        {A64 "a", false, true, true},
        {A64 A64, false, true, true},
        {A64 A64 "a", false, false, false},
        {"acme/agent~1", false, true, true},
        {"acme/", false, false, true},
        {"/acme", false, false, false},
        {"", false, false, false},
        {"a b", false, false, false},
        {"\xc3\xa9", false, false, false},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_str text = ambit_str_of(rows[i].text);
        ROW_CHECK(rows[i].text, name_is_plain(text) == rows[i].is_plain);
        ROW_CHECK(rows[i].text, name_is_agent(text) == rows[i].is_agent);
        ROW_CHECK(rows[i].text, name_is_agent_prefix(text) == rows[i].is_prefix);
    }
}

static void segments_and_text_patterns(void **state)
{
    static const struct {
        const char *text;
        bool is_segment, is_text_pattern;
    } rows[] = {
        {"web-1", true, true},  {"INC-*", false, true},
        {"*a*b*", false, true}, {"****", false, false},
        {"", false, false},     {"a/b", false, true},
        {"..", false, true},    {"any [text] %", false, true},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_str text = ambit_str_of(rows[i].text);
        ROW_CHECK(rows[i].text, name_is_resource_segment(text) == rows[i].is_segment);
        ROW_CHECK(rows[i].text, (name_text_pattern_fault(text) == NULL) == rows[i].is_text_pattern);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(action_forms),
        cmocka_unit_test(resource_forms),
        cmocka_unit_test(ids),
        cmocka_unit_test(segments_and_text_patterns),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
