/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: problem details are as PRB-1 wants them; every error has its status; listeners are bound or
 * refused. */
#include "support/unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http.h"

static void test_problem(void **state)
{
    struct http_request req = {.request_id = AMBIT_STR("r-1")};
    struct http_reply reply = {0};
    (void)state;
    buf_put_text(&reply.body, "half an answer");
    http_reply_problem(&req, &reply,
                       (struct http_problem){404, "not_found", "There is nothing here."});
    assert_int_equal(reply.status, 404);
    assert_string_equal(reply.content_type, "application/problem+json");
    assert_true(ambit_str_is(
        buf_str(&reply.body),
        "{\"detail\":\"There is nothing here.\",\"reason\":\"not_found\",\"request\":\"r-1\","
        "\"status\":404,\"title\":\"Not Found\"}"));
    http_reply_problem(&req, &reply, (struct http_problem){500, NULL, NULL});
    assert_true(
        ambit_str_is(buf_str(&reply.body),
                     "{\"request\":\"r-1\",\"status\":500,\"title\":\"Internal Server Error\"}"));
    http_reply_empty(&reply, 204);
    assert_true(reply.status == 204 && reply.body.len == 0 && !reply.content_type);
    http_reply_static(&reply, 200, "text/plain", AMBIT_STR("ok"));
    assert_true(ambit_str_is(reply.fixed, "ok"));
    http_reply_header(&reply, "A", "b");
    assert_true(reply.n_headers == 1 && streq(reply.headers[0].value, "b"));
    buf_done(&reply.body);
}

/* HTP-12: a failure of ours is a 5xx, and one that may pass a 503. */
static void test_statuses(void **state)
{
    static const struct {
        enum ambit_err err;
        unsigned want;
    } rows[] = {
        {AMBIT_OK, 200},
        {AMBIT_ERR_MALFORMED, 400},
        {AMBIT_ERR_REFUSED, 401},
        {AMBIT_ERR_NOT_FOUND, 404},
        {AMBIT_ERR_CONFLICT, 409},
        {AMBIT_ERR_EXISTS, 409},
        {AMBIT_ERR_TOO_LARGE, 413},
        {AMBIT_ERR_UNSUPPORTED, 501},
        {AMBIT_ERR_SEALED, 503},
        {AMBIT_ERR_FULL, 503},
        {AMBIT_ERR_CLOCK, 503},
        {AMBIT_ERR_BUSY, 503},
        {AMBIT_ERR_STOPPING, 503},
        {AMBIT_ERR_NO_MEMORY, 503},
        {AMBIT_ERR_NO_SPACE, 503},
        {AMBIT_ERR_IO, 500},
        {AMBIT_ERR_DAMAGED, 500},
        {AMBIT_ERR_NEWER, 500},
        {AMBIT_ERR_CRYPTO, 500},
        {AMBIT_ERR_INTERNAL, 500},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        ROW_CHECK(ambit_err_text(rows[i].err), http_status_of(rows[i].err) == rows[i].want);
}

static enum http_next nothing(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    (void)req;
    http_reply_empty(reply, 204);
    return HTTP_DONE;
}

static enum ambit_err open_one(struct http_listener listener, struct http_server **ret)
{
    static const struct http_route route = {.path = "/", .listeners = HTTP_ALL, .begin = nothing};
    struct http_config config = {
        .listeners = &listener, .n_listeners = 1, .routes = &route, .n_routes = 1, .loops = 1};
    size_t failed = 99;
    listener.kinds = HTTP_ALL;
    enum ambit_err err = http_open(&config, ret, &failed);
    assert_true(err == AMBIT_OK || failed == 0);
    return err;
}

static void test_listeners(void **state)
{
    struct http_server *server = NULL, *second = NULL;
    char address[64] = "", path[64] = "";
    (void)state;
    assert_int_equal(open_one((struct http_listener){.address = "localhost:1"}, &server),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(open_one((struct http_listener){.address = "127.0.0.1"}, &server),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(open_one((struct http_listener){.address = "127.0.0.1:65536"}, &server),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(open_one((struct http_listener){.fd = -1}, &server), AMBIT_ERR_IO);
    assert_int_equal(open_one((struct http_listener){.address = "127.0.0.1:0"}, &server), AMBIT_OK);
    assert_true(http_port(server, 0) > 0);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", http_port(server, 0));
    assert_int_equal(open_one((struct http_listener){.address = address}, &second), AMBIT_ERR_BUSY);
    http_close(server);

    (void)snprintf(path, sizeof path, "/tmp/ambit-test-%ld.sock", (long)getpid());
    assert_int_equal(open_one((struct http_listener){.unix_path = path}, &server), AMBIT_OK);
    assert_int_equal(http_port(server, 0), 0);
    assert_int_equal(open_one((struct http_listener){.unix_path = path}, &second), AMBIT_ERR_BUSY);
    assert_int_equal(http_start(server), AMBIT_OK);
    http_stop(server, 0);
    http_close(server);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* A listening socket as a service manager hands it over: blocking, kept across exec. */
static void test_inherited(void **state)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    struct http_server *server = NULL;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)state;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(open_one((struct http_listener){.fd = fd}, &server), AMBIT_ERR_IO);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* what was handed over is closed */

    fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(open_one((struct http_listener){.fd = fd}, &server), AMBIT_OK);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(http_port(server, 0) > 0);
    http_close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problem), cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_listeners), cmocka_unit_test(test_inherited)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("replies and listeners", tests, NULL, NULL);
}
