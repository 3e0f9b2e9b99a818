/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a path leads to its row, to the methods it takes, or nowhere. */
#include "support/unit.h"

#include "http/route.h"

static enum http_next nothing(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    (void)req;
    (void)reply;
    return HTTP_DONE;
}

static const struct http_route routes[] = {
    {.method = HTTP_GET, .path = "/v1/stops", .listeners = HTTP_ALL, .begin = nothing},
    {.method = HTTP_POST, .path = "/v1/stops", .listeners = HTTP_OPERATORS, .begin = nothing},
    {.method = HTTP_GET, .path = "/v1/stops/{id}", .listeners = HTTP_ALL, .begin = nothing},
    {.method = HTTP_POST, .path = "/v1/stops/{id}/clear", .listeners = HTTP_ALL, .begin = nothing},
    {.method = HTTP_GET, .path = "/v1/stops/all", .listeners = HTTP_ALL, .begin = nothing},
    {.method = HTTP_GET, .path = "/v1/trace/{x*}", .listeners = HTTP_ALL, .begin = nothing},
    {.method = HTTP_DELETE, .path = "/v1/trace/{x*}", .listeners = HTTP_AGENTS, .begin = nothing},
};

static const struct {
    const char *path;
    enum http_method method;
    unsigned listener;
    int want; /* row, -1 none */
    const char *parameter;
    const char *allow; /* without a row; "" no such path */
} rows[] = {
    {"/v1/stops", HTTP_GET, HTTP_AGENTS, 0, NULL, NULL},
    {"/v1/stops", HTTP_POST, HTTP_OPERATORS, 1, NULL, NULL},
    {"/v1/stops", HTTP_POST, HTTP_AGENTS, -1, NULL, "GET, HEAD"},
    {"/v1/stops", HTTP_OPTIONS, HTTP_ALL, -1, NULL, "GET, HEAD, POST"},
    {"/v1/stops/", HTTP_GET, HTTP_ALL, -1, NULL, ""},
    {"/v1/stops/abc", HTTP_GET, HTTP_ALL, 2, "abc", NULL},
    {"/v1/stops/all", HTTP_GET, HTTP_ALL, 4, NULL, NULL},
    {"/v1/stops/abc", HTTP_PUT, HTTP_ALL, -1, NULL, "GET, HEAD"},
    {"/v1/stops/abc/clear", HTTP_POST, HTTP_ALL, 3, "abc", NULL},
    {"/v1/stops/abc/clear", HTTP_GET, HTTP_ALL, -1, NULL, "POST"},
    {"/v1/stops//clear", HTTP_POST, HTTP_ALL, -1, NULL, ""},
    {"/v1/stops/a/b/clear", HTTP_POST, HTTP_ALL, -1, NULL, ""},
    {"/v1/stops/abc/cleared", HTTP_POST, HTTP_ALL, -1, NULL, ""},
    {"/v1/trace/agent:a/b", HTTP_GET, HTTP_ALL, 5, "agent:a/b", NULL},
    {"/v1/trace/x", HTTP_DELETE, HTTP_AGENTS, 6, "x", NULL},
    {"/v1/trace/x", HTTP_DELETE, HTTP_OPERATORS, -1, NULL, "GET, HEAD"},
    {"/v1/trace/", HTTP_GET, HTTP_ALL, -1, NULL, ""},
    {"/v1/trace", HTTP_GET, HTTP_ALL, -1, NULL, ""},
    {"/", HTTP_GET, HTTP_ALL, -1, NULL, ""},
    {"/v1/stop", HTTP_GET, HTTP_ALL, -1, NULL, ""},
    {"/v1/stopss", HTTP_GET, HTTP_ALL, -1, NULL, ""},
};

static void test_find(void **state)
{
    struct route_table table;
    (void)state;
    assert_int_equal(route_table_init(&table, routes, AMBIT_LEN(routes)), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct route_found found =
            route_find(&table, rows[i].listener, rows[i].method, ambit_str_of(rows[i].path));
        ROW_CHECK(rows[i].path, found.route == (rows[i].want < 0 ? NULL : &routes[rows[i].want]));
        ROW_CHECK(rows[i].path, (found.parameter.p == NULL) == (rows[i].parameter == NULL));
        ROW_CHECK(rows[i].path,
                  !found.parameter.p || ambit_str_is(found.parameter, rows[i].parameter));
        if (!rows[i].allow)
            continue;
        char allow[64] = "x";
        route_allow_text(found.allowed, allow);
        ROW_CHECK(rows[i].path, streq(allow, rows[i].allow));
    }
}

static const char *const unsound[] = {
    "v1/stops", "", "/v1/{id", "/v1/x{id}", "/v1/{id}x", "/v1/{x*}/more", "/v1/{a}/{b}",
};

static void test_sound(void **state)
{
    struct route_table table;
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(unsound); i++) {
        struct http_route route = {.path = unsound[i], .listeners = HTTP_ALL, .begin = nothing};
        ROW_CHECK(unsound[i], route_table_init(&table, &route, 1) == AMBIT_ERR_MALFORMED);
    }
    struct http_route deaf = {.path = "/a", .begin = nothing},
                      dumb = {.path = "/a", .listeners = HTTP_ALL};
    assert_int_equal(route_table_init(&table, &deaf, 1), AMBIT_ERR_MALFORMED);
    assert_int_equal(route_table_init(&table, &dumb, 1), AMBIT_ERR_MALFORMED);
    assert_int_equal(route_table_init(&table, routes, ROUTE_MAX + 1), AMBIT_ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_find), cmocka_unit_test(test_sound)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
