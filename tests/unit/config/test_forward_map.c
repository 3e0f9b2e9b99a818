/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the map of /forward-auth takes rows that mean one thing, matches byte by byte and row by
 * row, and refuses every path that a server could read in another way. */
#include "support/unit.h"

#include "config/forward_map.h"

static struct forward_row row(const char *path, const char *action, const char *resource)
{
    return (struct forward_row){.service = AMBIT_STR("s"),
                                .methods = {AMBIT_STR("GET")},
                                .n_methods = 1,
                                .path = ambit_str_of(path),
                                .action = ambit_str_of(action),
                                .resource = ambit_str_of(resource)};
}

static const struct {
    const char *path, *action, *resource, *member; /* member NULL: it is taken */
} rows[] = {
    {"/svc/{env}/{name}", "service.read", "svc:{env}/{name}", NULL},
    {"/svc/{env}/{name}/", "service.read", "svc:{env}/{name}", NULL},
    {"/", "service.read", "svc:root", NULL},
    {"/files/{path...}", "file.read", "file:{path...}", NULL},
    {"/x/{_}/{_}", "a", "t:x", NULL},
    {"/x/{verb}", "a.{verb}", "t:x", NULL},
    {"", "a", "t:x", "path"},
    {"x", "a", "t:x", "path"},
    {"/x//y", "a", "t:x", "path"},
    {"/x/../y", "a", "t:x", "path"},
    {"/x%2fy", "a", "t:x", "path"},
    {"/x;y", "a", "t:x", "path"},
    {"/x*", "a", "t:x", "path"},
    {"/x/{a}b", "a", "t:{a}", "path"},
    {"/x/b{a}", "a", "t:{a}", "path"},
    {"/x/{A}", "a", "t:{A}", "path"},
    {"/x/{}", "a", "t:x", "path"},
    {"/{a}/{a}", "a", "t:{a}", "path"},
    {"/{a...}/x", "a", "t:{a...}", "path"},
    {"/x/{a}", "a", "t:x", "path"},
    {"/x/{a}", "a", "t:{b}", "resource"},
    {"/x/{a}", "a", "t:x{a}", "resource"},
    {"/x/{a}", "a", "{a}:x", "resource"},
    {"/x/{a}", "a", "{a}", "resource"},
    {"/x/{a...}", "a", "t:{a}", "resource"},
    {"/x/{a}", "a", "t:{a...}", "resource"},
    {"/x/{_}", "a", "t:{_}", "resource"},
    {"/x", "a..b", "t:x", "action"},
    {"/x/{a...}", "a.{a...}", "t:x", "action"},
};

static void rows_are_held(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct forward_row one = row(rows[i].path, rows[i].action, rows[i].resource);
        const char *member = NULL, *expected = NULL;
        const char *what = forward_row_read(&one, &member, &expected);
        if (!what != !rows[i].member || (what && strcmp(member, rows[i].member) != 0))
            fail_msg("%s %s %s: %s %s", rows[i].path, rows[i].action, rows[i].resource,
                     what ? member : "taken", what ? what : "");
    }
}

static const struct {
    const char *uri;
    enum forward_found found;
    const char *action, *resource;
} requests[] = {
    {"/svc/staging/web", FORWARD_MATCHED, "service.read", "svc:staging/web"},
    {"/svc/staging/web?a=%2e", FORWARD_MATCHED, "service.read", "svc:staging/web"},
    {"/svc/STAGING/web", FORWARD_MATCHED, "service.read", "svc:STAGING/web"},
    {"/files/a/b/c", FORWARD_MATCHED, "file.read", "file:a/b/c"},
    {"/do/restart", FORWARD_MATCHED, "do.restart", "svc:all"},
    {"/", FORWARD_MATCHED, "root.read", "svc:root"},
    {"/?x", FORWARD_MATCHED, "root.read", "svc:root"},
    {"/svc/staging", FORWARD_NO_ROW, NULL, NULL},
    {"/svc/staging/web/", FORWARD_NO_ROW, NULL, NULL},
    {"/files/", FORWARD_NO_ROW, NULL, NULL},
    {"/files/a/", FORWARD_NO_ROW, NULL, NULL},
    {"/nothing", FORWARD_NO_ROW, NULL, NULL},
    {"/do/a.b", FORWARD_HOSTILE, NULL, NULL},
    {"/SVC/staging/web", FORWARD_HOSTILE, NULL, NULL},
    {"/svc/staging/w%65b", FORWARD_HOSTILE, NULL, NULL},
    {"/svc/staging/..", FORWARD_HOSTILE, NULL, NULL},
    {"/svc/./staging/web", FORWARD_HOSTILE, NULL, NULL},
    {"//svc/staging/web", FORWARD_HOSTILE, NULL, NULL},
    {"/svc/staging/web;x", FORWARD_HOSTILE, NULL, NULL},
    {"/svc\\staging/web", FORWARD_HOSTILE, NULL, NULL},
    {"/svc/staging/web#x", FORWARD_HOSTILE, NULL, NULL},
    {"svc/staging/web", FORWARD_HOSTILE, NULL, NULL},
    {"", FORWARD_HOSTILE, NULL, NULL},
    {"?x", FORWARD_HOSTILE, NULL, NULL},
};

static void requests_are_mapped(void **state)
{
    (void)state;
    struct forward_row all[] = {row("/svc/{env}/{name}", "service.read", "svc:{env}/{name}"),
                                row("/files/{path...}", "file.read", "file:{path...}"),
                                row("/do/{verb}", "do.{verb}", "svc:all"),
                                row("/", "root.read", "svc:root")};
    const char *member = NULL, *expected = NULL;
    for (size_t i = 0; i < AMBIT_LEN(all); i++)
        assert_null(forward_row_read(&all[i], &member, &expected));
    struct forward_map map = {.rows = all, .n = AMBIT_LEN(all)};
    for (size_t i = 0; i < AMBIT_LEN(requests); i++) {
        struct forward_question question = {.service = AMBIT_STR("s"),
                                            .method = AMBIT_STR("GET"),
                                            .uri = ambit_str_of(requests[i].uri)};
        struct forward_answer answer;
        enum forward_found found = forward_find(&map, &question, &answer);
        if (found != requests[i].found)
            fail_msg("%s: %d", requests[i].uri, (int)found);
        if (found == FORWARD_MATCHED && (!ambit_str_is(answer.action, requests[i].action) ||
                                         !ambit_str_is(answer.resource, requests[i].resource)))
            fail_msg("%s: %.*s", requests[i].uri, AMBIT_STR_ARG(answer.resource));
        question.method = AMBIT_STR("POST");
        assert_int_not_equal(forward_find(&map, &question, &answer), FORWARD_MATCHED);
        question.method = AMBIT_STR("GET");
        question.service = AMBIT_STR("other");
        assert_int_not_equal(forward_find(&map, &question, &answer), FORWARD_MATCHED);
    }
}

static void hosts_are_held(void **state)
{
    (void)state;
    static const struct {
        const char *wanted, *host;
        bool is_matched;
    } hosts[] = {{"a.example", "a.example", true},
                 {"a.example", "A.Example:443", true},
                 {"a.example", "a.example.", false},
                 {"a.example", "b.example", false},
                 {"a.example:8443", "a.example", false},
                 {"a.example:8443", "a.example:8443", true},
                 {"a.example", "", false}};
    for (size_t i = 0; i < AMBIT_LEN(hosts); i++) {
        struct forward_row one = row("/x", "a", "t:x");
        const char *member = NULL, *expected = NULL;
        assert_null(forward_row_read(&one, &member, &expected));
        one.host = ambit_str_of(hosts[i].wanted);
        assert_true(forward_is_host(one.host));
        struct forward_map map = {.rows = &one, .n = 1};
        struct forward_question question = {.service = AMBIT_STR("s"),
                                            .method = AMBIT_STR("GET"),
                                            .host = ambit_str_of(hosts[i].host),
                                            .uri = AMBIT_STR("/x")};
        struct forward_answer answer;
        assert_int_equal(forward_find(&map, &question, &answer) == FORWARD_MATCHED,
                         hosts[i].is_matched);
    }
    assert_false(forward_is_host(AMBIT_STR("A")));
    assert_false(forward_is_host(AMBIT_STR("a.")));
    assert_false(forward_is_method(AMBIT_STR("get")));
    assert_true(forward_is_method(AMBIT_STR("M-SEARCH")));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_held),
        cmocka_unit_test(requests_are_mapped),
        cmocka_unit_test(hosts_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
