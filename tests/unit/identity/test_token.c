/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: jti and rnd are found where the claims of a token of ours begin, and what does not begin
 * with the two is refused; what stands behind them, and the signature, are never looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"
#include "identity/identity.h"

#define JTI "AAECAwQFBgcICQoLDA0ODw"
#define RND "EBESExQVFhcYGRobHB0eHw"

static enum ambit_err read_payload(const char *payload, struct identity_token *ret)
{
    BUF_AUTO token;
    buf_init(&token, 0);
    buf_put_text(&token, "eyJhbGciOiJFUzI1NiJ9.");
    buf_put_base64url(&token, (const uint8_t *)payload, strlen(payload));
    buf_put_text(&token, ".AAAA");
    return identity_token_read(buf_str(&token), ret);
}

static void two_claims_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        bool is_read;
    } rows[] = {
        {"{\"jti\":\"" JTI "\",\"rnd\":\"" RND "\"}", true},
        {"{\"jti\":\"" JTI "\",\"rnd\":\"" RND "\",\"iss\":\"x\"}", true},
        {"{\"jti\":\"" JTI "\",\"rnd\":\"" RND "\",no JSON", true}, /* the row answers */
        {"{\"rnd\":\"" RND "\",\"jti\":\"" JTI "\"}", false},
        {"{\"iss\":\"x\",\"jti\":\"" JTI "\",\"rnd\":\"" RND "\"}", false},
        {" {\"jti\":\"" JTI "\",\"rnd\":\"" RND "\"}", false},
        {"{\"jti\":\"" JTI "\",\"rnd\":\"" RND, false},
        {"{\"jti\":\"" JTI "\"}", false},
        {"{\"rnd\":\"" RND "\"}", false},
        {"{\"jti\":\"" JTI "\",\"rnd\":\"" RND "x\"}", false},
        {"{\"jti\":\"" JTI "\",\"rnd\":\"EBESExQVFhcYGRobHB0eHx\"}", false}, /* trailing bits */
        {"{\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"rnd\":\"" RND "\"}", false},
        {"{\"jti\":\"" JTI "\",\"jti\":\"" JTI "\",\"rnd\":\"" RND "\"}", false},
        {"{\"jti\":1,\"rnd\":\"" RND "\"}", false},
        {"[\"" JTI "\"]", false},
        {"", false},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct identity_token got = {0};
        if (read_payload(rows[i].payload, &got) !=
            (rows[i].is_read ? AMBIT_OK : AMBIT_ERR_MALFORMED))
            fail_msg("%s", rows[i].payload);
        for (uint8_t k = 0; rows[i].is_read && k < 16; k++) {
            assert_int_equal(got.jti.b[k], k);
            assert_int_equal(got.rnd[k], k + 16);
        }
    }
}

/* JWS-1 */
static void the_form_is_compact(void **state)
{
    (void)state;
    static const char *const texts[] = {"",     "a",    "a.b",    "a.b.c.d", "a..c",
                                        ".b.c", "a.b.", "a.b=.c", "a. .c",   "a.b.c="};
    for (size_t i = 0; i < AMBIT_LEN(texts); i++) {
        struct identity_token got = {0};
        assert_int_equal(identity_token_read(ambit_str_of(texts[i]), &got), AMBIT_ERR_MALFORMED);
    }
    struct identity_token got = {0};
    assert_int_equal(identity_token_read((struct ambit_str){0}, &got), AMBIT_ERR_MALFORMED);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_claims_are_found),
        cmocka_unit_test(the_form_is_compact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
