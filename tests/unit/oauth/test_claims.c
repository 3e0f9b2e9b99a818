/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the claims of an access token have the shape of RFC 9068 and of interfaces.md, and the
 * token response and introspection say the same of the same row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "oauth/claims.h"

static struct ambit_given items[] = {
    {.action = {"service.restart", 15},
     .resource = {"svc:staging/web-1", 17},
     .policy = {"restart-services", 16},
     .rule = {"staging", 7}},
    {.action = {"ticket.read", 11},
     .resource = {"ticket:**", 9},
     .policy = {"read-tickets", 12},
     .rule = {"all", 3}},
};
static const struct grant_row row = {
    .id = {{1, 2, 3}},
    .issued_ms = 1790000000123,
    .expires_ms = 1790000300000,
    .agent = {"remediator", 10},
    .owner = {"dana", 4},
    .team = {"payments", 8},
    .audience = {"https://payments.example.gov", 28},
    .txn = {"0af7651916cd43dd8448eb211c80319c", 32},
    .items = items,
    .n_items = 2,
};
static const uint8_t rnd[16] = {0xff, 0xfe};

static const struct json_value *claims_of(const struct claims *claims, struct buf *buf,
                                          struct arena *arena)
{
    struct json_out out;
    json_out_init(&out, buf, false);
    json_begin_object(&out);
    claims_write(claims, &out);
    json_end_object(&out);
    const struct json_value *value = NULL;
    struct json_problem problem = {0};
    assert_int_equal(json_read(buf_str(buf), (struct json_limits){0}, arena, &value, &problem),
                     AMBIT_OK);
    return value;
}

static void check_text(const struct json_value *object, const char *key, const char *want)
{
    if (!ambit_str_is(json_get_str(object, key), want))
        fail_msg("%s is %.*s", key, AMBIT_STR_ARG(json_get_str(object, key)));
}

static void check_number(const struct json_value *object, const char *key, int64_t want)
{
    int64_t got = 0;
    assert_true(json_get_i64(object, key, &got));
    assert_int_equal(got, want);
}

/* ATJ-1, ATJ-3, ATJ-5; TOK-8: sub is the client */
static void claims_are_those_of_the_row(void **state)
{
    (void)state;
    BUF_AUTO buf;
    buf_init(&buf, 0);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct claims claims = {.issuer = AMBIT_STR("http://127.0.0.1:8420"),
                            .row = &row,
                            .live = UINT64_MAX,
                            .ask = 1,
                            .rnd = rnd};
    const struct json_value *got = claims_of(&claims, &buf, &arena);
    check_text(got, "iss", "http://127.0.0.1:8420");
    check_text(got, "sub", "remediator");
    check_text(got, "client_id", "remediator");
    check_text(got, "aud", "https://payments.example.gov");
    check_text(got, "jti", "AQIDAAAAAAAAAAAAAAAAAA");
    check_text(got, "rnd", "__4AAAAAAAAAAAAAAAAAAA");
    check_text(got, "txn", "0af7651916cd43dd8448eb211c80319c");
    check_text(got, "owner", "dana");
    check_text(got, "scope", "ticket.read[ticket:**]");
    check_number(got, "iat", 1790000000);
    check_number(got, "exp", 1790000300);
    assert_int_equal(json_get(got, "policy")->count, 2);
    const struct json_value *details = json_get(got, "authorization_details");
    assert_int_equal(details->count, 2);
    check_text(details->first, "type", "ambit-ask");
    check_text(details->first->next, "type", "ambit");
    assert_int_equal(got->count, 13);
}

/* D-12, TEX-6: sub is the root's agent, act who acts; those between nest inside, none is left out.
 */
static void a_delegated_grant_names_who_acts(void **state)
{
    (void)state;
    BUF_AUTO buf;
    buf_init(&buf, 0);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct grant_above root = {.row = row};
    struct grant_above middle = {.row = row};
    middle.row.agent = AMBIT_STR("helper");
    middle.row.above = &root;
    struct grant_row last = row;
    last.agent = AMBIT_STR("a/hand");
    last.above = &middle;
    struct claims claims = {.issuer = AMBIT_STR("https://a"), .row = &last, .live = UINT64_MAX};
    const struct json_value *got = claims_of(&claims, &buf, &arena);
    check_text(got, "sub", "remediator");
    check_text(got, "client_id", "a/hand");
    const struct json_value *act = json_get(got, "act");
    check_text(act, "sub", "a/hand");
    check_text(act, "iss", "https://a");
    check_text(act, "sub_profile", "ai_agent");
    assert_int_equal(act->count, 4);
    const struct json_value *inner = json_get(act, "act");
    check_text(inner, "sub", "helper");
    check_text(inner, "iss", "https://a");
    check_text(inner, "sub_profile", "ai_agent");
    assert_int_equal(inner->count, 3);
}

/* INT-5: items that nothing gives any more are left out; INT-4: no secret */
static void introspection_leaves_out(void **state)
{
    (void)state;
    BUF_AUTO buf;
    buf_init(&buf, 0);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct claims claims = {.issuer = AMBIT_STR("http://x"), .row = &row, .live = 1, .ask = 1};
    const struct json_value *got = claims_of(&claims, &buf, &arena);
    assert_null(json_get(got, "rnd"));
    assert_null(json_get(got, "scope")); /* the one item left is one to ask about */
    assert_int_equal(json_get(got, "authorization_details")->count, 1);
    assert_int_equal(json_get(got, "policy")->count, 1);
}

/* TOK-2: the agent is told all its items, in scope and under `ambit` */
static void the_response_tells_all(void **state)
{
    (void)state;
    BUF_AUTO buf;
    buf_init(&buf, 0);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct json_out out;
    json_out_init(&out, &buf, false);
    struct token_response response = {
        .row = &row, .ask = 1, .token = AMBIT_STR("a.b.c"), .now_ms = 1790000000123};
    token_response_write(&response, &out);
    const struct json_value *got = NULL;
    struct json_problem problem = {0};
    assert_int_equal(json_read(buf_str(&buf), (struct json_limits){0}, &arena, &got, &problem),
                     AMBIT_OK);
    check_text(got, "access_token", "a.b.c");
    check_text(got, "token_type", "Bearer");
    assert_null(json_get(got, "issued_token_type"));
    check_text(got, "scope", "service.restart[svc:staging/web-1] ticket.read[ticket:**]");
    check_number(got, "expires_in", 299); /* rounded down to a second */
    const struct json_value *details = json_get(got, "authorization_details");
    assert_int_equal(details->count, 2);
    check_text(details->first, "type", "ambit");
    check_text(details->first->next, "type", "ambit");
    assert_null(json_get(got, "refresh_token"));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_those_of_the_row),
        cmocka_unit_test(a_delegated_grant_names_who_acts),
        cmocka_unit_test(introspection_leaves_out),
        cmocka_unit_test(the_response_tells_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
