/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a client assertion counts only when every rule of RFC 7523 and its revision holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fixture.h"

#define S        "\"iss\":\"remediator\",\"sub\":\"remediator\","
#define A        "\"aud\":\"" ISSUER "\","
#define E        "\"exp\":1790000060,"
#define J        "\"jti\":\"one\""
#define ALL(aud) "{" S "\"aud\":" aud "," E J "}"

struct row {
    const char *name, *typ, *payload;
    bool is_fine;
};
static const struct row rows[] = {
    {"as stock clients send it", "JWT", "{" S A E J "}", true},
    {"iat and nbf now", "JWT", "{" S A "\"iat\":1790000000,\"nbf\":1790000000," E J "}", true},
    {"the recommended typ (CLI-9)", "client-authentication+jwt", "{" S A E J "}", true},
    {"with application/ before it (JWS-4)", "application/client-authentication+jwt",
     "{" S A E J "}", true},
    {"an access token's typ (CLI-9)", "at+jwt", "{" S A E J "}", false},
    {"a proof's typ", "dpop+jwt", "{" S A E J "}", false},
    {"aud as a list of one (CLI-7)", "JWT", ALL("[\"" ISSUER "\"]"), true},
    {"aud as the token endpoint (CLI-7)", "JWT", ALL("\"" ISSUER "/token\""), false},
    {"aud with a slash behind (CLI-8)", "JWT", ALL("\"" ISSUER "/\""), false},
    {"aud with another beside", "JWT", ALL("[\"" ISSUER "\",\"https://x\"]"), false},
    {"aud twice the same", "JWT", ALL("[\"" ISSUER "\",\"" ISSUER "\"]"), false},
    {"aud empty", "JWT", ALL("[]"), false},
    {"aud no text", "JWT", ALL("1"), false},
    {"no aud", "JWT", "{" S E J "}", false},
    {"no exp (CLI-6)", "JWT", "{" S A J "}", false},
    {"exp now", "JWT", "{" S A "\"exp\":1790000000," J "}", false},
    {"exp past", "JWT", "{" S A "\"exp\":1789999999," J "}", false},
    {"exp in 600 s (CLI-10)", "JWT", "{" S A "\"exp\":1790000600," J "}", true},
    {"exp in 601 s", "JWT", "{" S A "\"exp\":1790000601," J "}", false},
    {"exp a text", "JWT", "{" S A "\"exp\":\"1790000060\"," J "}", false},
    {"exp negative", "JWT", "{" S A "\"exp\":-1," J "}", false},
    {"exp with a fraction (JWS-10)", "JWT", "{" S A "\"exp\":1790000060.5," J "}", true},
    {"exp beyond 2^53", "JWT", "{" S A "\"exp\":1e300," J "}", false},
    {"nbf ahead", "JWT", "{" S A "\"nbf\":1790000031," E J "}", false},
    {"iat ahead", "JWT", "{" S A "\"iat\":1790000031," E J "}", false},
    {"iat too old", "JWT", "{" S A "\"iat\":1789999000," E J "}", false},
    {"no jti (CLI-11)", "JWT", "{" S A "\"exp\":1790000060}", false},
    {"an empty jti", "JWT", "{" S A E "\"jti\":\"\"}", false},
    {"iss is another", "JWT", "{\"iss\":\"x\",\"sub\":\"remediator\"," A E J "}", false},
    {"no iss", "JWT", "{\"sub\":\"remediator\"," A E J "}", false},
    {"a client without a key", "JWT",
     "{\"iss\":\"payments-api\",\"sub\":\"payments-api\"," A E J "}", false},
    {"nobody", "JWT", "{\"iss\":\"x\",\"sub\":\"x\"," A E J "}", false},
    {"a claim twice (HTP-14)", "JWT", "{" S A E J "," J "}", false},
    {"no object", "JWT", "[]", false},
};

static enum ambit_err ask(struct fixture *f, const struct jws_signer *signer, const struct row *row,
                          const char *client_id, struct identity_answer *ret)
{
    BUF_AUTO assertion;
    buf_init(&assertion, 0);
    assert_int_equal(jws_sign(signer, row->typ, ambit_str_of(row->payload), &assertion), AMBIT_OK);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct identity_proof proof = {
        .client_id = ambit_str_of(client_id),
        .client_assertion = buf_str(&assertion),
        .client_assertion_type =
            AMBIT_STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    };
    return fixture_client(f, &proof, &arena, ret);
}

static void each_rule(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct identity_answer got = {0};
        assert_int_equal(ask(&f, f.signer, &rows[i], NULL, &got), AMBIT_OK);
        if (got.refusal != (rows[i].is_fine ? IDENTITY_FINE : IDENTITY_INVALID))
            fail_msg("%s: %d", rows[i].name, got.refusal);
        assert_false(got.used_header);
        if (!rows[i].is_fine)
            continue;
        assert_int_equal(got.caller.kind, CALLER_AGENT);
        assert_true(got.caller.has_once);
        assert_true(got.caller.once_until_ms > NOW_MS);
        assert_true(identity_stands(&f.documents, f.keys, &got.caller, NOW_MS));
    }
    fixture_done(&f);
}

static void a_strangers_signature(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct identity_answer got = {0};
    assert_int_equal(ask(&f, f.stranger, &rows[0], NULL, &got), AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_INVALID);
    fixture_done(&f);
}

/* CLI-3 */
static void client_id_must_agree(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct identity_answer got = {0};
    assert_int_equal(ask(&f, f.signer, &rows[0], "remediator", &got), AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_FINE);
    assert_int_equal(ask(&f, f.signer, &rows[0], "payments-api", &got), AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_INVALID);
    fixture_done(&f);
}

/* CLI-11: one value a (client, jti), whatever else the assertion says */
static void the_one_time_value(void **state)
{
    (void)state;
    static const struct row other = {"another jti", "JWT", "{" S A E "\"jti\":\"two\"}", true};
    struct fixture f;
    fixture_init(&f);
    struct identity_answer first = {0}, again = {0}, second = {0};
    assert_int_equal(ask(&f, f.signer, &rows[0], NULL, &first), AMBIT_OK);
    assert_int_equal(ask(&f, f.signer, &rows[1], NULL, &again), AMBIT_OK);
    assert_int_equal(ask(&f, f.signer, &other, NULL, &second), AMBIT_OK);
    assert_true(ambit_digest_eq(first.caller.once, again.caller.once));
    assert_false(ambit_digest_eq(first.caller.once, second.caller.once));
    fixture_done(&f);
}

/* JWS-2: the algorithm is not the attacker's to choose */
static void no_signature_at_all(void **state)
{
    (void)state;
    static const char *const headers[] = {"{\"alg\":\"none\"}", "{\"alg\":\"HS256\"}",
                                          "{\"alg\":\"ES256\",\"crit\":[\"x\"],\"x\":1}"};
    struct fixture f;
    fixture_init(&f);
    for (size_t i = 0; i < AMBIT_LEN(headers); i++) {
        BUF_AUTO text;
        buf_init(&text, 0);
        buf_put_base64url(&text, (const uint8_t *)headers[i], strlen(headers[i]));
        buf_put_char(&text, '.');
        buf_put_base64url(&text, (const uint8_t *)rows[0].payload, strlen(rows[0].payload));
        buf_put_text(&text, ".AA");
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct identity_proof proof = {
            .client_assertion = buf_str(&text),
            .client_assertion_type =
                AMBIT_STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        };
        struct identity_answer got = {0};
        assert_int_equal(fixture_client(&f, &proof, &arena, &got), AMBIT_OK);
        assert_int_equal(got.refusal, IDENTITY_INVALID);
    }
    fixture_done(&f);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule),
        cmocka_unit_test(a_strangers_signature),
        cmocka_unit_test(client_id_must_agree),
        cmocka_unit_test(the_one_time_value),
        cmocka_unit_test(no_signature_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
