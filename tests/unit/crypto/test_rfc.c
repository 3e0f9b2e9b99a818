/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the worked examples of RFC 7515, 7636, 7638, 8037, 8705 and 9449 come out as printed. */
#include "verdict.h"

#include "base/encode.h"
#include "crypto/digest.h"

static const struct json_value *vectors;

/* For the name of a failed row. */
static const char *id_of(const struct json_value *row)
{
    static char id[64];
    struct ambit_str text = text_at(row, "id");

    snprintf(id, sizeof id, "%.*s", AMBIT_STR_ARG(text));
    return id;
}

static void check_digest(const char *id, struct ambit_digest digest, struct ambit_str want)
{
    char text[CRYPTO_KID_LEN];

    base64url_encode(digest.b, sizeof digest.b, text);
    ROW_CHECK(id, ambit_str_eq((struct ambit_str){.p = text, .len = sizeof text}, want));
}

static void test_jws(void **state)
{
    (void)state;
    for (const struct json_value *row = first_of(vectors, "jws"); row; row = row->next) {
        /* RFC7515-A.1 is HS256: valid, and refused by JWS-2. */
        bool is_wanted = ambit_str_is(text_at(row, "expect"), "valid") &&
                         !ambit_str_is(text_at(row, "alg"), "HS256");
        bool is_accepted = is_jws_accepted(json_get(row, "jwk"), text_at(row, "jws"));
        ROW_CHECK(id_of(row), is_accepted == is_wanted);
    }
}

static void test_thumbprints(void **state)
{
    (void)state;
    for (const struct json_value *row = first_of(vectors, "jwk_thumbprint"); row; row = row->next) {
        CRYPTO_KEY_AUTO *key = key_of(json_get(row, "jwk"));
        check_digest(id_of(row), crypto_key_thumbprint(key), text_at(row, "thumbprint"));
    }
}

static void test_dpop(void **state)
{
    (void)state;
    for (const struct json_value *row = first_of(vectors, "dpop"); row; row = row->next) {
        ARENA_AUTO arena = {0};
        CRYPTO_KEY_AUTO *key = NULL;
        struct jws jws = {0};
        struct ambit_digest ath = {{0}};
        const char *id = id_of(row);
        struct ambit_str token = text_at(row, "access_token");
        arena_init(&arena, NULL, 0, 0);
        ROW_CHECK(id, jws_parse(text_at(row, "proof"), &arena, &jws) == AMBIT_OK);
        ROW_CHECK(id, jws_is_typ(&jws, "dpop+jwt"));
        ROW_CHECK(id, crypto_key_from_jwk(json_get(jws.header, "jwk"), &key) == AMBIT_OK);
        ROW_CHECK(id, jws_verify(key, CRYPTO_ALG_BIT(CRYPTO_ES256), &jws) == AMBIT_OK);
        check_digest(id, crypto_key_thumbprint(key), text_at(row, "jkt"));
        crypto_sha256(token.p, token.len, &ath);
        if (token.len)
            check_digest(id, ath, text_at(row, "ath"));
    }
}

/* The DER of the one certificate in a PEM text. */
static size_t der_of(struct ambit_str pem, uint8_t *der, size_t size)
{
    const char *begin = memmem(pem.p, pem.len, "-----\n", 6);
    const char *end = memmem(pem.p, pem.len, "\n-----END", 9);
    BUF_AUTO digits = {0};
    size_t len = 0;

    assert_true(begin && end);
    for (const char *p = begin + 6; p < end; p++) {
        if (*p != '\n')
            buf_put_char(&digits, *p);
    }
    assert_int_equal(base64_decode(buf_str(&digits), der, size, &len), AMBIT_OK);
    return len;
}

/* x5t#S256 is the digest of the DER. */
static void test_certificates(void **state)
{
    (void)state;
    for (const struct json_value *row = first_of(vectors, "x5t"); row; row = row->next) {
        uint8_t der[2048];
        struct ambit_digest digest = {{0}};
        crypto_sha256(der, der_of(text_at(row, "cert_pem"), der, sizeof der), &digest);
        check_digest(id_of(row), digest, text_at(row, "x5t_s256"));
    }
}

static void test_pkce(void **state)
{
    (void)state;
    for (const struct json_value *row = first_of(vectors, "pkce"); row; row = row->next) {
        struct ambit_str verifier = text_at(row, "verifier");
        struct ambit_digest digest = {{0}};
        crypto_sha256(verifier.p, verifier.len, &digest);
        check_digest(id_of(row), digest, text_at(row, "challenge"));
    }
}

static int load(void **state)
{
    static struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 0);
    vectors = load_vectors("rfc/rfc-vectors.json", &arena);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jws),  cmocka_unit_test(test_thumbprints),
        cmocka_unit_test(test_dpop), cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_pkce),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, load, NULL);
}
