/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what is signed verifies, and every departure from the compact form is refused (JWS-1 to
 * JWS-6). */
#include "support/unit.h"

#include "base/json_read.h"
#include "crypto/jws.h"

static struct crypto_key *new_key(enum crypto_alg alg)
{
    struct crypto_key *key = NULL;

    assert_int_equal(crypto_key_new(alg, &key), AMBIT_OK);
    return key;
}

static struct jws_signer *new_signer(struct crypto_key *key, enum crypto_alg alg)
{
    struct jws_signer *signer = NULL;

    assert_int_equal(jws_signer_new(key, alg, &signer), AMBIT_OK);
    return signer;
}

static void test_round_trips(void **state)
{
    static const enum crypto_alg algs[] = {CRYPTO_ES256, CRYPTO_EDDSA, CRYPTO_ED25519, CRYPTO_RS256,
                                           CRYPTO_PS256};
    static const char *const payloads[] = {"", "{}", "{\"sub\":\"agent/1\"}"};

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(algs); i++) {
        CRYPTO_KEY_AUTO *key = new_key(algs[i]);
        struct jws_signer *signer = new_signer(key, algs[i]);
        for (size_t p = 0; p < AMBIT_LEN(payloads); p++) {
            BUF_AUTO text = {0};
            ARENA_AUTO arena = {0};
            struct jws jws = {0};
            char kid[CRYPTO_KID_LEN];
            arena_init(&arena, NULL, 0, 0);
            buf_put_text(&text, "before:");
            assert_int_equal(jws_sign(signer, "at+jwt", ambit_str_of(payloads[p]), &text),
                             AMBIT_OK);
            struct ambit_str compact = {.p = text.p + 7, .len = text.len - 7};
            assert_int_equal(jws_parse(compact, &arena, &jws), AMBIT_OK);
            assert_int_equal((int)jws.alg, (int)algs[i]);
            assert_true(jws_is_typ(&jws, "at+jwt"));
            assert_false(jws_is_typ(&jws, "jwt"));
            crypto_key_kid(key, kid);
            assert_true(ambit_str_eq(jws.kid, (struct ambit_str){.p = kid, .len = sizeof kid}));
            assert_true(ambit_str_is(jws.payload, payloads[p]));
            assert_int_equal(jws.header->count, 3);
            assert_int_equal(jws_verify(key, CRYPTO_ALGS_ALL, &jws), AMBIT_OK);
            assert_int_equal(jws_verify(key, CRYPTO_ALGS_ALL & ~CRYPTO_ALG_BIT(algs[i]), &jws),
                             AMBIT_ERR_REFUSED);
        }
        assert_int_equal((int)jws_signer_alg(signer), (int)algs[i]);
        assert_ptr_equal(jws_signer_key(signer), key);
        jws_signer_free(signer);
    }
    jws_signer_free(NULL);
}

static void test_signer_refusals(void **state)
{
    CRYPTO_KEY_AUTO *key = new_key(CRYPTO_ES256);
    struct jws_signer *signer = NULL;
    char memory[100];
    struct buf small = {0};

    (void)state;
    assert_int_equal(jws_signer_new(key, CRYPTO_RS256, &signer), AMBIT_ERR_REFUSED);
    signer = new_signer(key, CRYPTO_ES256);
    buf_init_fixed(&small, memory, sizeof memory);
    buf_put_text(&small, "x");
    assert_int_equal(jws_sign(signer, "at+jwt", AMBIT_STR("{}"), &small), AMBIT_ERR_TOO_LARGE);
    assert_int_equal(small.len, 1);
    jws_signer_free(signer);
}

/* base64url of {"alg":"ES256"} and other headers; the signature is 64 zero bytes. */
#define ES256 "eyJhbGciOiJFUzI1NiJ9"
#define SIG64 \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct {
    const char *name, *text;
    enum ambit_err want;
} form_rows[] = {
    {"well-formed", ES256 ".e30." SIG64, AMBIT_OK},
    {"empty payload", ES256 ".." SIG64, AMBIT_OK},
    {"empty signature", ES256 ".e30.", AMBIT_OK},
    {"JWS-1 two parts", ES256 ".e30", AMBIT_ERR_MALFORMED},
    {"JWS-1 one part", ES256, AMBIT_ERR_MALFORMED},
    {"JWS-1 four parts", ES256 ".e30." SIG64 ".", AMBIT_ERR_MALFORMED},
    {"JWS-1 five parts (JWE)", ES256 ".e30.e30.e30.e30", AMBIT_ERR_MALFORMED},
    {"JWS-1 nothing", "", AMBIT_ERR_MALFORMED},
    {"JWS-1 dots", "..", AMBIT_ERR_MALFORMED},
    {"JWS-1 padding", ES256 ".e30=." SIG64, AMBIT_ERR_MALFORMED},
    {"JWS-1 space", ES256 ".e30. " SIG64, AMBIT_ERR_MALFORMED},
    {"JWS-1 line feed", ES256 ".e30." SIG64 "\n", AMBIT_ERR_MALFORMED},
    {"JWS-1 trailing bits", ES256 ".e31." SIG64, AMBIT_ERR_MALFORMED},
    {"JWS-1 standard alphabet", ES256 ".e30.++++", AMBIT_ERR_MALFORMED},
    {"JSON serialization", "{\"payload\":\"e30\"}", AMBIT_ERR_MALFORMED},
    {"header is no JSON", "e30x.e30." SIG64, AMBIT_ERR_MALFORMED},
    {"header is no object (1)", "MQ.e30." SIG64, AMBIT_ERR_MALFORMED},
    {"no alg ({})", "e30.e30." SIG64, AMBIT_ERR_MALFORMED},
    {"alg is no string ({\"alg\":1})", "eyJhbGciOjF9.e30." SIG64, AMBIT_ERR_MALFORMED},
    {"JWS-2 none", "eyJhbGciOiJub25lIn0.e30.", AMBIT_ERR_UNSUPPORTED},
    {"JWS-2 HS256", "eyJhbGciOiJIUzI1NiJ9.e30." SIG64, AMBIT_ERR_UNSUPPORTED},
    {"JWS-3 crit ({\"alg\":\"ES256\",\"crit\":[\"b64\"]})",
     "eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiYjY0Il19.e30." SIG64, AMBIT_ERR_UNSUPPORTED},
    {"JWS-3 crit empty", "eyJhbGciOiJFUzI1NiIsImNyaXQiOltdfQ.e30." SIG64, AMBIT_ERR_UNSUPPORTED},
    {"HTP-14 alg twice", "eyJhbGciOiJFUzI1NiIsImFsZyI6Im5vbmUifQ.e30." SIG64, AMBIT_ERR_MALFORMED},
    {"typ is no string ({\"alg\":\"ES256\",\"typ\":1})",
     "eyJhbGciOiJFUzI1NiIsInR5cCI6MX0.e30." SIG64, AMBIT_ERR_MALFORMED},
    {"kid is no string ({\"alg\":\"ES256\",\"kid\":1})",
     "eyJhbGciOiJFUzI1NiIsImtpZCI6MX0.e30." SIG64, AMBIT_ERR_MALFORMED},
};

static void test_form(void **state)
{
    CRYPTO_KEY_AUTO *key = new_key(CRYPTO_ES256);

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(form_rows); i++) {
        ARENA_AUTO arena = {0};
        struct jws jws = {0};
        arena_init(&arena, NULL, 0, 0);
        enum ambit_err err = jws_parse(ambit_str_of(form_rows[i].text), &arena, &jws);
        ROW_CHECK(form_rows[i].name, err == form_rows[i].want);
        ROW_CHECK(form_rows[i].name,
                  err != AMBIT_OK || jws_verify(key, CRYPTO_ALGS_ALL, &jws) == AMBIT_ERR_REFUSED);
    }
}

static void test_bounds(void **state)
{
    BUF_AUTO text = {0};
    ARENA_AUTO arena = {0}, tiny = {0};
    struct jws jws = {0};

    (void)state;
    arena_init(&arena, NULL, 0, 0);
    arena_init(&tiny, NULL, 0, 64);
    buf_put_text(&text, ES256 ".");
    while (text.len < AMBIT_JWS_BYTES)
        buf_put_text(&text, "AAAA");
    buf_put_text(&text, "." SIG64);
    assert_int_equal(jws_parse(buf_str(&text), &arena, &jws), AMBIT_ERR_TOO_LARGE);
    assert_int_equal(jws_parse(AMBIT_STR(ES256 ".e30." SIG64), &tiny, &jws), AMBIT_ERR_TOO_LARGE);
}

static void test_types(void **state)
{
    static const struct {
        const char *header, *typ; /* NULL: absent */
    } rows[] = {
        {"{\"alg\":\"ES256\"}", NULL},
        {"{\"alg\":\"ES256\",\"typ\":\"JWT\"}", "jwt"},
        {"{\"alg\":\"ES256\",\"typ\":\"AT+JWT\"}", "at+jwt"},
        {"{\"alg\":\"ES256\",\"typ\":\"application/at+jwt\"}", "at+jwt"},
        {"{\"alg\":\"ES256\",\"typ\":\"Application/DPoP+JWT\"}", "dpop+jwt"},
        {"{\"alg\":\"ES256\",\"typ\":\"application/\"}", "application/"},
        {"{\"alg\":\"ES256\",\"typ\":\"\"}", ""},
    };

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO text = {0};
        ARENA_AUTO arena = {0};
        struct jws jws = {0};
        arena_init(&arena, NULL, 0, 0);
        buf_put_base64url(&text, (const uint8_t *)rows[i].header, strlen(rows[i].header));
        buf_put_text(&text, ".e30." SIG64);
        ROW_CHECK(rows[i].header, jws_parse(buf_str(&text), &arena, &jws) == AMBIT_OK);
        ROW_CHECK(rows[i].header, (jws.typ.p == NULL) == (rows[i].typ == NULL));
        ROW_CHECK(rows[i].header, !rows[i].typ || jws_is_typ(&jws, rows[i].typ));
    }
}

/* JWS-5: lengths but 64, R or S of 0 or the order; a DER signature is no signature here. */
static void test_es256_form(void **state)
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                      0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    CRYPTO_KEY_AUTO *key = new_key(CRYPTO_ES256);
    uint8_t sig[CRYPTO_SIGNATURE_MAX] = {0};
    size_t len = 0;
    struct ambit_str message = AMBIT_STR("m");

    (void)state;
    /* Often enough to meet numbers with leading zero octets and with the high bit set. */
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(crypto_sign(key, CRYPTO_ES256, message, sig, &len), AMBIT_OK);
        assert_int_equal(len, 64);
        if (i % 20 == 0 || sig[0] == 0 || sig[32] == 0)
            assert_int_equal(crypto_verify(key, CRYPTO_ES256, message,
                                           (struct ambit_str){.p = (char *)sig, .len = 64}),
                             AMBIT_OK);
    }
    for (int part = 0; part < 2; part++) {
        uint8_t spoilt[65] = {0};
        struct ambit_str text = {.p = (char *)spoilt, .len = 64};
        memcpy(spoilt, sig, 64);
        memset(spoilt + part * 32, 0, 32);
        assert_int_equal(crypto_verify(key, CRYPTO_ES256, message, text), AMBIT_ERR_REFUSED);
        memcpy(spoilt + part * 32, order, 32);
        assert_int_equal(crypto_verify(key, CRYPTO_ES256, message, text), AMBIT_ERR_REFUSED);
        text.len = 65;
        assert_int_equal(crypto_verify(key, CRYPTO_ES256, message, text), AMBIT_ERR_REFUSED);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_round_trips), cmocka_unit_test(test_signer_refusals),
    cmocka_unit_test(test_form),        cmocka_unit_test(test_bounds),
    cmocka_unit_test(test_types),       cmocka_unit_test(test_es256_form),
};
UNIT_MAIN(tests)
