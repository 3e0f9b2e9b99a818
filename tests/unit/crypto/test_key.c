/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: keys of every algorithm are made, written and read again as the same key; what breaks a
 * rule (JWS-7, JWS-8) is never made. */
#include "support/unit.h"

#include <pthread.h>

#include "base/buf.h"
#include "base/json_write.h"
#include "crypto/key.h"

static const enum crypto_alg algs[] = {CRYPTO_ES256, CRYPTO_EDDSA, CRYPTO_ED25519, CRYPTO_RS256,
                                       CRYPTO_PS256};

static void put_public(const struct crypto_key *key, enum crypto_alg alg, struct buf *out)
{
    struct json_out json = {0};

    json_out_init(&json, out, true);
    crypto_key_put_jwk(key, alg, &json);
    assert_int_equal(buf_check(out), AMBIT_OK);
}

static void put_private(const struct crypto_key *key, enum crypto_alg alg, struct buf *out)
{
    struct json_out json = {0};

    json_out_init(&json, out, true);
    assert_int_equal(crypto_key_put_private_jwk(key, alg, &json), AMBIT_OK);
}

static bool is_same(const struct crypto_key *a, const struct crypto_key *b)
{
    return ambit_digest_eq(crypto_key_thumbprint(a), crypto_key_thumbprint(b));
}

/* A signature by `private_key` that `public_key` verifies, and not after any change. */
static void check_pair(const struct crypto_key *private_key, const struct crypto_key *public_key,
                       enum crypto_alg alg)
{
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;
    const char *name = crypto_alg_text(alg);

    ROW_CHECK(name,
              crypto_sign(private_key, alg, AMBIT_STR("message"), signature, &len) == AMBIT_OK);
    struct ambit_str sig = {.p = (const char *)signature, .len = len};
    ROW_CHECK(name, crypto_verify(public_key, alg, AMBIT_STR("message"), sig) == AMBIT_OK);
    ROW_CHECK(name, crypto_verify(public_key, alg, AMBIT_STR("messagE"), sig) == AMBIT_ERR_REFUSED);
    signature[len / 3] ^= 1;
    ROW_CHECK(name, crypto_verify(public_key, alg, AMBIT_STR("message"), sig) == AMBIT_ERR_REFUSED);
    signature[len / 3] ^= 1;
    sig.len--;
    ROW_CHECK(name, crypto_verify(public_key, alg, AMBIT_STR("message"), sig) == AMBIT_ERR_REFUSED);
    sig.len = 0;
    ROW_CHECK(name, crypto_verify(public_key, alg, AMBIT_STR("message"), sig) == AMBIT_ERR_REFUSED);
    sig.len = len;
    ROW_CHECK(name, crypto_verify(public_key, alg, AMBIT_STR("message"), sig) == AMBIT_OK);
}

static void test_round_trips(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(algs); i++) {
        CRYPTO_KEY_AUTO *key = NULL, *public_key = NULL, *private_key = NULL, *from_pem = NULL;
        CRYPTO_KEY_AUTO *public_pem = NULL, *held = NULL;
        BUF_AUTO jwk = {0}, secret = {0}, pem = {0}, pem2 = {0}, again = {0};
        const char *name = crypto_alg_text(algs[i]);
        ROW_CHECK(name, crypto_key_new(algs[i], &key) == AMBIT_OK);
        ROW_CHECK(name, crypto_key_is_private(key) && crypto_key_fits(key, algs[i]));
        put_public(key, algs[i], &jwk);
        put_private(key, algs[i], &secret);
        ROW_CHECK(name, crypto_key_from_jwk_text(buf_str(&jwk), &public_key) == AMBIT_OK);
        ROW_CHECK(name, is_same(key, public_key) && !crypto_key_is_private(public_key));
        ROW_CHECK(name, crypto_key_from_jwk_text(buf_str(&secret), &held) == AMBIT_ERR_REFUSED);
        ROW_CHECK(name, crypto_key_from_private_text(buf_str(&secret), &private_key) == AMBIT_OK);
        ROW_CHECK(name, is_same(key, private_key) && crypto_key_is_private(private_key));
        ROW_CHECK(name, crypto_key_put_pem(key, &pem) == AMBIT_OK);
        ROW_CHECK(name, crypto_key_from_private_text(buf_str(&pem), &from_pem) == AMBIT_OK);
        ROW_CHECK(name, is_same(key, from_pem));
        ROW_CHECK(name, crypto_key_put_pem(public_key, &pem2) == AMBIT_OK);
        ROW_CHECK(name, crypto_key_from_public_text(buf_str(&pem2), &public_pem) == AMBIT_OK);
        ROW_CHECK(name, is_same(key, public_pem));
        put_public(private_key, algs[i], &again);
        ROW_CHECK(name, ambit_str_eq(buf_str(&jwk), buf_str(&again)));
        check_pair(key, public_key, algs[i]);
        check_pair(private_key, public_pem, algs[i]);
        check_pair(from_pem, key, algs[i]);
        held = crypto_key_hold(public_key);
        ROW_CHECK(name, held == public_key);
    }
}

static void test_wrong_uses(void **state)
{
    CRYPTO_KEY_AUTO *ec = NULL, *okp = NULL, *public_ec = NULL, *none = NULL;
    BUF_AUTO jwk = {0}, secret = {0};
    struct json_out json = {0};
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;

    (void)state;
    assert_int_equal(crypto_key_new(CRYPTO_ES256, &ec), AMBIT_OK);
    assert_int_equal(crypto_key_new(CRYPTO_EDDSA, &okp), AMBIT_OK);
    put_public(ec, CRYPTO_ES256, &jwk);
    assert_int_equal(crypto_key_from_public_text(buf_str(&jwk), &public_ec), AMBIT_OK);
    assert_int_equal(crypto_sign(public_ec, CRYPTO_ES256, AMBIT_STR("m"), signature, &len),
                     AMBIT_ERR_REFUSED);
    assert_int_equal(crypto_sign(ec, CRYPTO_EDDSA, AMBIT_STR("m"), signature, &len),
                     AMBIT_ERR_REFUSED);
    assert_int_equal(crypto_verify(okp, CRYPTO_ES256, AMBIT_STR("m"), AMBIT_STR("")),
                     AMBIT_ERR_REFUSED);
    json_out_init(&json, &secret, true);
    assert_int_equal(crypto_key_put_private_jwk(public_ec, CRYPTO_ES256, &json),
                     AMBIT_ERR_UNSUPPORTED);
    assert_int_equal(crypto_key_from_private_text(buf_str(&jwk), &none), AMBIT_ERR_MALFORMED);
    assert_int_equal(crypto_key_from_private_text(AMBIT_STR("no key"), &none), AMBIT_ERR_MALFORMED);
    assert_int_equal(crypto_key_from_public_text(AMBIT_STR(""), &none), AMBIT_ERR_MALFORMED);
    crypto_key_free(NULL);
}

static void test_alg_names(void **state)
{
    enum crypto_alg alg = CRYPTO_ES256;

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(algs); i++) {
        assert_int_equal(crypto_alg_parse(ambit_str_of(crypto_alg_text(algs[i])), &alg), AMBIT_OK);
        assert_int_equal((int)alg, (int)algs[i]);
        assert_true(CRYPTO_ALGS_ALL & CRYPTO_ALG_BIT(algs[i]));
    }
    static const char *const others[] = {"none", "HS256", "es256", "RS384", "", "ES384"};
    for (size_t i = 0; i < AMBIT_LEN(others); i++)
        assert_int_equal(crypto_alg_parse(ambit_str_of(others[i]), &alg), AMBIT_ERR_UNSUPPORTED);
}

#define X32  "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"
#define Y32  "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"
#define ED   "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define A64  "wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A64Z "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
/* 255 octets, the last one odd: 2040 bits. */
#define N2040 A64 A64Z A64Z A64Z A64Z "AAAAAAAAAAAAAAAAAAAB"

static const struct {
    const char *name, *jwk;
    enum ambit_err want;
} jwk_rows[] = {
    {"EC", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" Y32 "\"}", AMBIT_OK},
    {"EC with more members",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" Y32
     "\",\"kid\":\"1\",\"exp\":1.5}",
     AMBIT_OK},
    {"JWS-8 off the curve",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" Y32 "\",\"y\":\"" X32 "\"}", AMBIT_ERR_MALFORMED},
    {"JWS-8 zero point",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
     "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
     AMBIT_ERR_MALFORMED},
    {"JWS-8 x of 31 octets",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"y\":"
     "\"" Y32 "\"}",
     AMBIT_ERR_MALFORMED},
    {"JWS-8 x of 33 octets",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
     "\"y\":\"" Y32 "\"}",
     AMBIT_ERR_MALFORMED},
    {"no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\"}", AMBIT_ERR_MALFORMED},
    {"y is no string", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":1}",
     AMBIT_ERR_MALFORMED},
    {"padding", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "=\",\"y\":\"" Y32 "\"}",
     AMBIT_ERR_MALFORMED},
    {"another curve", "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}",
     AMBIT_ERR_UNSUPPORTED},
    {"JWS-8 private member",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" Y32 "\",\"d\":\"" X32 "\"}",
     AMBIT_ERR_REFUSED},
    {"JWS-8 symmetric", "{\"kty\":\"oct\",\"k\":\"AA\"}", AMBIT_ERR_REFUSED},
    {"JWS-8 k beside a public key",
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED "\",\"k\":\"\"}", AMBIT_ERR_REFUSED},
    {"OKP", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED "\"}", AMBIT_OK},
    {"OKP short", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", AMBIT_ERR_MALFORMED},
    {"OKP for agreement", "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ED "\"}",
     AMBIT_ERR_UNSUPPORTED},
    {"JWS-7 RSA of 2040 bits", "{\"kty\":\"RSA\",\"n\":\"" N2040 "\",\"e\":\"AQAB\"}",
     AMBIT_ERR_MALFORMED},
    {"JWS-8 RSA leading zero", "{\"kty\":\"RSA\",\"n\":\"AAAA" N2040 "\",\"e\":\"AQAB\"}",
     AMBIT_ERR_MALFORMED},
    {"RSA without n", "{\"kty\":\"RSA\",\"e\":\"AQAB\"}", AMBIT_ERR_MALFORMED},
    {"unknown kty", "{\"kty\":\"XYZ\"}", AMBIT_ERR_UNSUPPORTED},
    {"no kty", "{\"crv\":\"P-256\"}", AMBIT_ERR_MALFORMED},
    {"no object", "[]", AMBIT_ERR_MALFORMED},
    {"HTP-14 twice", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED "\",\"x\":\"" ED "\"}",
     AMBIT_ERR_MALFORMED},
};

static void test_jwk_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(jwk_rows); i++) {
        CRYPTO_KEY_AUTO *key = NULL;
        enum ambit_err err = crypto_key_from_jwk_text(ambit_str_of(jwk_rows[i].jwk), &key);
        ROW_CHECK(jwk_rows[i].name, err == jwk_rows[i].want);
    }
}

/* An RSA key of ours with its n or e spoilt. */
static enum ambit_err read_spoilt(const char *n_before, const char *e)
{
    CRYPTO_KEY_AUTO *key = NULL, *again = NULL;
    BUF_AUTO jwk = {0}, spoilt = {0};

    assert_int_equal(crypto_key_new(CRYPTO_RS256, &key), AMBIT_OK);
    put_public(key, CRYPTO_RS256, &jwk);
    struct ambit_str text = buf_str(&jwk);
    const char *n = memmem(text.p, text.len, "\"n\":\"", 5);
    assert_non_null(n);
    n += 5;
    const char *end = memchr(n, '"', text.len - (size_t)(n - text.p));
    assert_non_null(end);
    buf_printf(&spoilt, "{\"kty\":\"RSA\",\"e\":\"%s\",\"n\":\"%s%.*s\"}", e, n_before,
               (int)(end - n), n);
    return crypto_key_from_jwk_text(buf_str(&spoilt), &again);
}

static void test_rsa_rules(void **state)
{
    (void)state;
    assert_int_equal(read_spoilt("", "AQAB"), AMBIT_OK);
    assert_int_equal(read_spoilt("", "Aw"), AMBIT_OK);
    assert_int_equal(read_spoilt("AAAA", "AQAB"), AMBIT_ERR_MALFORMED);     /* leading zeros of n */
    assert_int_equal(read_spoilt("", "AAEAAQ"), AMBIT_ERR_MALFORMED);       /* leading zero of e */
    assert_int_equal(read_spoilt("", "AQ"), AMBIT_ERR_MALFORMED);           /* e = 1 */
    assert_int_equal(read_spoilt("", "Ag"), AMBIT_ERR_MALFORMED);           /* e even */
    assert_int_equal(read_spoilt("", "AQAAAAAAAAAB"), AMBIT_ERR_MALFORMED); /* e of 65 bits */
    assert_int_equal(read_spoilt("", ""), AMBIT_ERR_MALFORMED);
}

static void test_private_rules(void **state)
{
    static const struct {
        const char *name, *jwk;
        enum ambit_err want;
    } rows[] = {
        {"RFC 8037 A.1",
         "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"" ED_D "\",\"x\":\"" ED "\"}", AMBIT_OK},
        {"halves of two keys",
         "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"" X32 "\",\"x\":\"" ED "\"}",
         AMBIT_ERR_MALFORMED},
        {"EC halves of two keys",
         "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" Y32 "\",\"d\":\"" X32 "\"}",
         AMBIT_ERR_MALFORMED},
        {"EC d of zero",
         "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" Y32
         "\",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
         AMBIT_ERR_MALFORMED},
        {"EC d above the order",
         "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" Y32
         "\",\"d\":\"__________________________________________8\"}",
         AMBIT_ERR_MALFORMED},
        {"EC without d", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" Y32 "\"}",
         AMBIT_ERR_MALFORMED},
        {"RSA without primes", "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"AQAB\"}",
         AMBIT_ERR_MALFORMED},
        {"RSA of three primes", "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"oth\":[]}",
         AMBIT_ERR_UNSUPPORTED},
    };

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        CRYPTO_KEY_AUTO *key = NULL;
        enum ambit_err err = crypto_key_from_private_jwk_text(ambit_str_of(rows[i].jwk), &key);
        ROW_CHECK(rows[i].name, err == rows[i].want);
    }
}

/* A key in PEM that ambit has no use for. */
static void test_foreign_pem(void **state)
{
    static const char p384[] = "-----BEGIN PUBLIC KEY-----\n"
                               "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE5N+kx1R4xwq8sxGLaCRfC7x4ak4weLCT\n"
                               "+doROOf4f0k/r9pkYNMASiAh9lE+fCyBRzzGj6aIJf3xIUH0gxE3mnlm2lvoAiWJ\n"
                               "CaL4BP3E5wpVb/JjX7lOg2uO3jXlodnL\n"
                               "-----END PUBLIC KEY-----\n";
    CRYPTO_KEY_AUTO *key = NULL;

    (void)state;
    assert_int_equal(crypto_key_from_public_text(AMBIT_STR(p384), &key), AMBIT_ERR_UNSUPPORTED);
}

struct work {
    struct crypto_key *key;
    enum crypto_alg alg;
    int failures;
};

static void *sign_often(void *arg)
{
    struct work *work = arg;
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;

    for (int i = 0; i < 200; i++) {
        enum ambit_err err = crypto_sign(work->key, work->alg, AMBIT_STR("m"), signature, &len);
        if (err == AMBIT_OK)
            err = crypto_verify(work->key, work->alg, AMBIT_STR("m"),
                                (struct ambit_str){.p = (char *)signature, .len = len});
        work->failures += err != AMBIT_OK;
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    (void)state;
    for (size_t a = 0; a < 2; a++) {
        CRYPTO_KEY_AUTO *key = NULL;
        pthread_t threads[4];
        struct work work[4];
        assert_int_equal(crypto_key_new(algs[a], &key), AMBIT_OK);
        for (size_t i = 0; i < AMBIT_LEN(threads); i++) {
            work[i] = (struct work){.key = key, .alg = algs[a]};
            assert_int_equal(pthread_create(&threads[i], NULL, sign_often, &work[i]), 0);
        }
        for (size_t i = 0; i < AMBIT_LEN(threads); i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            assert_int_equal(work[i].failures, 0);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_round_trips), cmocka_unit_test(test_wrong_uses),
    cmocka_unit_test(test_alg_names),   cmocka_unit_test(test_jwk_rules),
    cmocka_unit_test(test_rsa_rules),   cmocka_unit_test(test_private_rules),
    cmocka_unit_test(test_foreign_pem), cmocka_unit_test(test_many_threads),
};
UNIT_MAIN(tests)
