/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the gate passes plain heads whole and refuses each other one with the right status. */
#include "support/unit.h"

#include "support/http_head.h"

#define GET       "GET /healthz HTTP/1.1\r\n"
#define POST      "POST /token HTTP/1.1\r\n"
#define HOST      "Host: x\r\n"
#define END       "\r\n"
#define RAW(text) .p = (text), .len = sizeof(text) - 1

static const struct {
    const char *name;
    const char *p;
    size_t len;
    unsigned want; /* 0 passes */
} heads[] = {
    {"plain", RAW(GET HOST END), 0},
    {"HTTP/1.0 without a host", RAW("GET / HTTP/1.0\r\n" END), 0},
    {"blanks around values", RAW(GET "Host:\t x \r\nA:\r\n" END), 0},
    {"a query", RAW("GET /a?b=%2F&c HTTP/1.1\r\n" HOST END), 0},
    {"an empty query", RAW("GET /a? HTTP/1.1\r\n" HOST END), 0},
    {"names with dots and stars", RAW("GET /a.b/..c/.d/*/a:b@c HTTP/1.1\r\n" HOST END), 0},
    {"bytes above ASCII in a value", RAW(GET HOST "A: \xc3\xa9\r\n" END), 0},
    {"a field that may repeat", RAW(GET HOST "A: b\r\nA: c\r\n" END), 0},
    {"a body", RAW(POST HOST "Content-Length: 3\r\n" END "a=b"), 0},
    {"100-continue", RAW(POST HOST "Expect: 100-Continue\r\nContent-Length: 3\r\n" END "a=b"), 0},
    {"bare LF ends the request line", RAW("GET /healthz HTTP/1.1\n" HOST END), 400},
    {"bare LF ends a field", RAW(GET "Host: x\nA: b\r\n" END), 400},
    {"bare LF ends the last field", RAW(GET "Host: x\n" END), 400},
    {"bare LF is the blank line", RAW(GET HOST "\n"), 400},
    {"a fold", RAW(GET HOST "A: b\r\n c\r\n" END), 400},
    {"a fold glued to a name", RAW(GET HOST "Authorizatio: Bearer x\r\n n\r\n" END), 400},
    {"an empty fold", RAW(GET HOST "A: b\r\n \r\n" END), 400},
    {"a fold of the only field", RAW("GET / HTTP/1.0\r\nA: b\r\n c\r\n" END), 400},
    {"NUL in a value", RAW(GET HOST "A: b\0c\r\n" END), 400},
    {"NUL ends a value", RAW(GET HOST "A: b\0\r\n" END), 400},
    {"NUL and LF end a value: no trace of it is left", RAW(GET HOST "A: b\0\n" END), 0},
    {"NUL in the target", RAW("GET /a\0b HTTP/1.1\r\n" HOST END), 0x7fff},
    {"CR in a value", RAW(GET HOST "A: b\rc\r\n" END), 400},
    {"DEL in a value", RAW(GET HOST "A: \x7f\r\n" END), 400},
    {"a blank before the colon", RAW(GET HOST "A : b\r\n" END), 400},
    {"no name", RAW(GET HOST ": b\r\n" END), 400},
    {"two blanks before the target", RAW("GET  /a HTTP/1.1\r\n" HOST END), 400},
    {"two blanks after the target", RAW("GET /a  HTTP/1.1\r\n" HOST END), 400},
    {"a method nobody knows", RAW("get / HTTP/1.1\r\n" HOST END), 400},
    {"HTTP/1.2", RAW("GET / HTTP/1.2\r\n" HOST END), 400},
    {"HTTP/1.10", RAW("GET / HTTP/1.10\r\n" HOST END), 400},
    {"no host", RAW(GET END), 400},
    {"two hosts", RAW(GET HOST HOST END), 400},
    {"a host with a path", RAW(GET "Host: x/y\r\n" END), 400},
    {"two lengths", RAW(POST HOST "Content-Length: 3\r\ncontent-length: 3\r\n" END), 400},
    {"a length with a sign", RAW(POST HOST "Content-Length: +3\r\n" END), 400},
    {"an empty length", RAW(POST HOST "Content-Length:\r\n" END), 400},
    {"a length of 16 digits", RAW(POST HOST "Content-Length: 1000000000000000\r\n" END), 400},
    {"chunked", RAW(POST HOST "Transfer-Encoding: chunked\r\n" END), 411},
    {"chunked by another case", RAW(POST HOST "tRANSFER-eNCODING: x\r\n" END), 411},
    {"another expectation", RAW(POST HOST "Expect: gold\r\n" END), 400},
    {"an empty X-Request-ID (AZN-5)", RAW(GET HOST "X-Request-ID:\r\n" END), 400},
    {"X-Request-ID not ASCII (AZN-5)", RAW(GET HOST "X-Request-ID: \xc3\xa9\r\n" END), 400},
};

static void test_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(heads); i++) {
        struct split_head split = {0};
        struct gate_facts facts = {0};
        bool is_split = split_read(heads[i].p, heads[i].len, &split);
        /* 0x7fff: split at a NUL, the line is none, and the library refuses it itself. */
        if (is_split)
            ROW_CHECK(heads[i].name, gate_check(&split.head, &facts).status == heads[i].want);
        else
            ROW_CHECK(heads[i].name, heads[i].want == 0x7fff);
        split_done(&split);
    }
}

static const char *const singles[] = {
    "Authorization", "Content-Length", "Content-Type", "Cookie",      "DPoP",         "Expect",
    "Host",          "Last-Event-ID",  "Origin",       "traceparent", "X-Request-ID",
};

static void test_singletons(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(singles); i++) {
        char raw[256] = "";
        struct split_head split = {0};
        struct gate_facts facts = {0};
        int len = snprintf(raw, sizeof raw, "GET / HTTP/1.0\r\n%s: 1\r\nA: b\r\n%s: 1\r\n\r\n",
                           singles[i], singles[i]);
        ROW_CHECK(singles[i], len > 0 && split_read(raw, (size_t)len, &split));
        ROW_CHECK(singles[i], gate_check(&split.head, &facts).status == 400);
        split_done(&split);
    }
}

static const struct {
    const char *target;
    unsigned want;
    const char *path, *query;
} targets[] = {
    {"/", 0, "/", NULL},
    {"/a/b", 0, "/a/b", NULL},
    {"/a/", 0, "/a/", NULL},
    {"/a?b", 0, "/a", "b"},
    {"/a?", 0, "/a", ""},
    {"/a?b?c/d", 0, "/a", "b?c/d"},
    {"/...", 0, "/...", NULL},
    {"", 400, NULL, NULL},
    {"a", 400, NULL, NULL},
    {"*", 400, NULL, NULL},
    {"http://x/a", 400, NULL, NULL},
    {"//", 400, NULL, NULL},
    {"/a//b", 400, NULL, NULL},
    {"/.", 400, NULL, NULL},
    {"/..", 400, NULL, NULL},
    {"/./a", 400, NULL, NULL},
    {"/a/../b", 400, NULL, NULL},
    {"/%61", 400, NULL, NULL},
    {"/a#b", 400, NULL, NULL},
    {"/a\\b", 400, NULL, NULL},
    {"/a b", 400, NULL, NULL},
    {"/a\x01", 400, NULL, NULL},
    {"/\xc3\xa9", 400, NULL, NULL},
    {"/a?%", 400, NULL, NULL},
    {"/a?%4", 400, NULL, NULL},
    {"/a?%4g", 400, NULL, NULL},
    {"/a?b#c", 400, NULL, NULL},
    {"/a?\"", 400, NULL, NULL},
};

static void test_targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(targets); i++) {
        struct ambit_str path = {0}, query = {0};
        struct gate_refusal refusal =
            gate_check_target(ambit_str_of(targets[i].target), &path, &query);
        ROW_CHECK(targets[i].target, refusal.status == targets[i].want);
        if (refusal.status != 0)
            continue;
        ROW_CHECK(targets[i].target, ambit_str_is(path, targets[i].path));
        ROW_CHECK(targets[i].target, (query.p == NULL) == (targets[i].query == NULL));
        ROW_CHECK(targets[i].target, !query.p || ambit_str_is(query, targets[i].query));
    }
}

static void test_sizes(void **state)
{
    static char raw[64 * 1024];
    struct split_head split = {0};
    struct gate_facts facts = {0};
    (void)state;
    memset(raw, 'a', sizeof raw);
    raw[0] = '/';
    struct ambit_str path = {0}, query = {0};
    assert_int_equal(
        gate_check_target((struct ambit_str){raw, GATE_TARGET_MAX}, &path, &query).status, 0);
    assert_int_equal(
        gate_check_target((struct ambit_str){raw, GATE_TARGET_MAX + 1}, &path, &query).status, 414);

    int len =
        snprintf(raw, sizeof raw, "GET / HTTP/1.1\r\nHost: x\r\nA: %0*d\r\n\r\n", GATE_HEAD_MAX, 1);
    assert_true(split_read(raw, (size_t)len, &split));
    assert_int_equal(gate_check(&split.head, &facts).status, 431);
    split_done(&split);

    len = snprintf(raw, sizeof raw, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < GATE_FIELDS_MAX; i++)
        len += snprintf(raw + len, sizeof raw - (size_t)len, "A: b\r\n");
    len += snprintf(raw + len, sizeof raw - (size_t)len, "\r\n");
    assert_true(split_read(raw, (size_t)len, &split));
    assert_int_equal(gate_check(&split.head, &facts).status, 431);
    split_done(&split);
}

static void test_facts(void **state)
{
    static const char raw[] =
        "HEAD /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 42 \r\nContent-Type: a/b; c=d\r\n"
        "X-Request-ID: one two\r\ntraceparent: t\r\nExpect: 100-continue\r\n\r\n";
    struct split_head split = {0};
    struct gate_facts facts = {0};
    (void)state;
    assert_true(split_read(raw, sizeof raw - 1, &split));
    assert_int_equal(gate_check(&split.head, &facts).status, 0);
    assert_true(facts.method == HTTP_GET && facts.is_head && facts.expects && facts.has_length &&
                !facts.is_http_1_0);
    assert_int_equal(facts.content_length, 42);
    assert_true(ambit_str_is(facts.content_type, "a/b; c=d"));
    assert_true(ambit_str_is(facts.request_id, "one two"));
    assert_true(ambit_str_is(facts.traceparent, "t"));
    split_done(&split);
}

/* What the library hands over that lies elsewhere, or with a byte to spare, is refused. */
static void test_layout(void **state)
{
    static const char raw[] = "GET /a HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n";
    (void)state;
    for (int fault = 0; fault < 6; fault++) {
        struct split_head split = {0};
        char elsewhere[] = "Host";
        assert_true(split_read(raw, sizeof raw - 1, &split));
        assert_int_equal(gate_check_layout(&split.head).status, 0);
        if (fault == 0)
            split.fields[0].name.p = elsewhere;
        if (fault == 1)
            split.fields[1].value.len = 0;
        if (fault == 2)
            split.head.n_fields = 1;
        if (fault == 3)
            split.head.size--;
        if (fault == 4)
            split.head.target.len = 200;
        if (fault == 5)
            split.head.version.len--;
        assert_int_equal(gate_check_layout(&split.head).status, 400);
        split_done(&split);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),   cmocka_unit_test(test_singletons),
        cmocka_unit_test(test_targets), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_facts),   cmocka_unit_test(test_layout),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("HTP-1..15: the framing gate", tests, NULL, NULL);
}
