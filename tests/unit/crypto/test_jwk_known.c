/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a key that a thread has read is found again, and nothing is accepted that reading it anew
 * would refuse (JWS-8). While a test holds a key, one read anew has another address. */
#include "support/unit.h"

#include <pthread.h>

#include "base/buf.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "crypto/key.h"

static const enum crypto_alg algs[] = {CRYPTO_ES256, CRYPTO_EDDSA, CRYPTO_RS256};

static enum ambit_err read_as(struct ambit_str text, bool is_known, struct crypto_key **ret)
{
    ARENA_AUTO arena = {0};
    const struct json_value *jwk = NULL;

    arena_init(&arena, NULL, 0, 65536);
    enum ambit_err err =
        json_read(text, (struct json_limits){.allow_decimals = true}, &arena, &jwk, NULL);
    if (err != AMBIT_OK)
        return err;
    return is_known ? crypto_key_from_known_jwk(jwk, ret) : crypto_key_from_jwk(jwk, ret);
}

static struct crypto_key *read_known(const struct buf *jwk)
{
    struct crypto_key *key = NULL;

    assert_int_equal(read_as(buf_str(jwk), true, &key), AMBIT_OK);
    return key;
}

/* The public JWK of a new key. */
static void put_new(enum crypto_alg alg, struct crypto_key **ret, struct buf *out)
{
    struct json_out json = {0};

    assert_int_equal(crypto_key_new(alg, ret), AMBIT_OK);
    json_out_init(&json, out, true);
    crypto_key_put_jwk(*ret, alg, &json);
    assert_int_equal(buf_check(out), AMBIT_OK);
}

static bool is_same(const struct crypto_key *a, const struct crypto_key *b)
{
    return ambit_digest_eq(crypto_key_thumbprint(a), crypto_key_thumbprint(b));
}

static void test_hit_and_miss(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(algs); i++) {
        CRYPTO_KEY_AUTO *key = NULL, *other = NULL, *anew = NULL;
        BUF_AUTO jwk = {0}, other_jwk = {0}, more = {0};
        uint8_t signature[CRYPTO_SIGNATURE_MAX];
        size_t len = 0;
        const char *name = crypto_alg_text(algs[i]);
        put_new(algs[i], &key, &jwk);
        put_new(algs[i], &other, &other_jwk);
        /* Members outside the thumbprint make no other key. */
        buf_put_text(&more, "{\"exp\":1.5,\"key_ops\":[\"verify\"],");
        buf_put(&more, jwk.p + 1, jwk.len - 1);
        CRYPTO_KEY_AUTO *first = read_known(&jwk), *again = read_known(&jwk);
        CRYPTO_KEY_AUTO *third = read_known(&more), *stranger = read_known(&other_jwk);
        ROW_CHECK(name, first == again && first == third && first != stranger);
        ROW_CHECK(name, is_same(first, key) && is_same(stranger, other) && !is_same(first, other));
        ROW_CHECK(name, !crypto_key_is_private(again) && crypto_key_fits(again, algs[i]));
        ROW_CHECK(name, read_as(buf_str(&jwk), false, &anew) == AMBIT_OK && anew != first);
        ROW_CHECK(name, crypto_sign(key, algs[i], AMBIT_STR("m"), signature, &len) == AMBIT_OK);
        struct ambit_str sig = {.p = (const char *)signature, .len = len};
        for (int turn = 0; turn < 3; turn++) {
            ROW_CHECK(name, crypto_verify(again, algs[i], AMBIT_STR("m"), sig) == AMBIT_OK);
            ROW_CHECK(name, crypto_verify(again, algs[i], AMBIT_STR("n"), sig) != AMBIT_OK);
            ROW_CHECK(name, crypto_verify(stranger, algs[i], AMBIT_STR("m"), sig) != AMBIT_OK);
        }
    }
}

#define X32 "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"
#define Y32 "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"
#define ED  "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define EC  "\"kty\":\"EC\",\"crv\":\"P-256\","
#define XY  "\"x\":\"" X32 "\",\"y\":\"" Y32 "\""
#define OKP "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED "\""

static const struct {
    const char *name, *jwk;
    enum ambit_err want;
} rows[] = {
    {"EC", "{" EC XY "}", AMBIT_OK},
    {"OKP", "{" OKP "}", AMBIT_OK},
    {"EC, another order", "{\"y\":\"" Y32 "\"," EC "\"x\":\"" X32 "\"}", AMBIT_OK},
    {"EC, escaped", "{\"\\u006bty\":\"E\\u0043\",\"crv\":\"P-256\"," XY "}", AMBIT_OK},
    {"JWS-8 d", "{" EC XY ",\"d\":\"" X32 "\"}", AMBIT_ERR_REFUSED},
    {"JWS-8 d of null", "{" EC XY ",\"d\":null}", AMBIT_ERR_REFUSED},
    {"JWS-8 d, OKP", "{" OKP ",\"d\":\"" X32 "\"}", AMBIT_ERR_REFUSED},
    {"JWS-8 k", "{" OKP ",\"k\":\"\"}", AMBIT_ERR_REFUSED},
    {"JWS-8 oth", "{" EC XY ",\"oth\":[]}", AMBIT_ERR_REFUSED},
    {"JWS-8 qi", "{" EC XY ",\"qi\":\"AA\"}", AMBIT_ERR_REFUSED},
    {"JWS-8 off the curve", "{" EC "\"x\":\"" Y32 "\",\"y\":\"" X32 "\"}", AMBIT_ERR_MALFORMED},
    {"spare bits", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED "A\"}", AMBIT_ERR_MALFORMED},
    {"padding", "{" EC "\"x\":\"" X32 "=\",\"y\":\"" Y32 "\"}", AMBIT_ERR_MALFORMED},
    {"a quote in x", "{" EC "\"x\":\"" X32 "\\\",\\\"y\\\":\\\"" Y32 "\",\"y\":\"" Y32 "\"}",
     AMBIT_ERR_MALFORMED},
    {"a NUL after x", "{" EC "\"x\":\"" X32 "\\u0000\",\"y\":\"" Y32 "\"}", AMBIT_ERR_MALFORMED},
    {"no y", "{" EC "\"x\":\"" X32 "\"}", AMBIT_ERR_MALFORMED},
    {"y empty", "{" EC "\"x\":\"" X32 "\",\"y\":\"\"}", AMBIT_ERR_MALFORMED},
    {"y a number", "{" EC "\"x\":\"" X32 "\",\"y\":1}", AMBIT_ERR_MALFORMED},
    {"no crv", "{\"kty\":\"EC\"," XY "}", AMBIT_ERR_UNSUPPORTED},
    {"another crv", "{\"kty\":\"EC\",\"crv\":\"P-384\"," XY "}", AMBIT_ERR_UNSUPPORTED},
    {"the curve of another kty", "{\"kty\":\"OKP\",\"crv\":\"P-256\"," XY "}",
     AMBIT_ERR_UNSUPPORTED},
    {"another kty", "{\"kty\":\"ec\",\"crv\":\"P-256\"," XY "}", AMBIT_ERR_UNSUPPORTED},
    {"no kty", "{\"crv\":\"P-256\"," XY "}", AMBIT_ERR_MALFORMED},
    {"RSA, small", "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", AMBIT_ERR_MALFORMED},
    {"no object", "[\"kty\"]", AMBIT_ERR_MALFORMED},
};

/* Each row three times round, so that what was kept on the way is there for all that follow. */
static void test_same_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3 * AMBIT_LEN(rows); i++) {
        CRYPTO_KEY_AUTO *known = NULL, *anew = NULL;
        const char *name = rows[i % AMBIT_LEN(rows)].name;
        struct ambit_str jwk = ambit_str_of(rows[i % AMBIT_LEN(rows)].jwk);
        enum ambit_err want = rows[i % AMBIT_LEN(rows)].want;
        ROW_CHECK(name, read_as(jwk, false, &anew) == want);
        ROW_CHECK(name, read_as(jwk, true, &known) == want);
        ROW_CHECK(name, want != AMBIT_OK ? !known : is_same(known, anew));
    }
    struct crypto_key *none = NULL;
    assert_int_equal(crypto_key_from_known_jwk(NULL, &none), AMBIT_ERR_MALFORMED);
}

/* A key of RSA that is kept, with private members or a leading zero added. */
static void test_rsa_verdicts(void **state)
{
    CRYPTO_KEY_AUTO *key = NULL, *none = NULL;
    BUF_AUTO jwk = {0}, secret = {0}, longer = {0};
    struct json_out json = {0};

    (void)state;
    put_new(CRYPTO_RS256, &key, &jwk);
    CRYPTO_KEY_AUTO *first = read_known(&jwk);
    json_out_init(&json, &secret, true);
    assert_int_equal(crypto_key_put_private_jwk(key, CRYPTO_RS256, &json), AMBIT_OK);
    assert_int_equal(read_as(buf_str(&secret), true, &none), AMBIT_ERR_REFUSED);
    const char *n = memmem(jwk.p, jwk.len, "\"n\":\"", 5);
    assert_non_null(n);
    buf_put(&longer, jwk.p, (size_t)(n + 5 - jwk.p));
    buf_put_text(&longer, "AAAA");
    buf_put(&longer, n + 5, jwk.len - (size_t)(n + 5 - jwk.p));
    assert_int_equal(read_as(buf_str(&longer), true, &none), AMBIT_ERR_MALFORMED);
    CRYPTO_KEY_AUTO *again = read_known(&jwk);
    assert_ptr_equal(first, again);
}

/* The key in use stays while twice as many others pass; one that rests makes room. */
static void test_eviction(void **state)
{
    CRYPTO_KEY_AUTO *busy = NULL, *resting = NULL;
    BUF_AUTO busy_jwk = {0}, resting_jwk = {0};

    (void)state;
    put_new(CRYPTO_EDDSA, &busy, &busy_jwk);
    put_new(CRYPTO_EDDSA, &resting, &resting_jwk);
    CRYPTO_KEY_AUTO *busy_first = read_known(&busy_jwk), *first = read_known(&resting_jwk);
    for (int i = 0; i < 2 * CRYPTO_KEYS_KNOWN; i++) {
        CRYPTO_KEY_AUTO *passing = NULL;
        BUF_AUTO jwk = {0};
        put_new(CRYPTO_EDDSA, &passing, &jwk);
        CRYPTO_KEY_AUTO *read = read_known(&jwk), *still = read_known(&busy_jwk);
        assert_true(is_same(read, passing));
        assert_ptr_equal(still, busy_first);
        if (i == CRYPTO_KEYS_KNOWN - 3) { /* with the two of above, as many as may be */
            CRYPTO_KEY_AUTO *there = read_known(&resting_jwk);
            assert_ptr_equal(there, first);
        }
    }
    CRYPTO_KEY_AUTO *again = read_known(&resting_jwk);
    assert_ptr_not_equal(again, first);
    assert_true(is_same(again, first));
}

struct work {
    const struct buf *jwk;
    struct crypto_key *const *own; /* kept by the thread that started these */
    struct ambit_str signature;
    int failures;
};

static void *verify_often(void *arg)
{
    struct work *work = arg;
    struct crypto_key *first = NULL;

    for (int i = 0; i < 100; i++) {
        struct crypto_key *key = NULL;
        enum ambit_err err = read_as(buf_str(work->jwk), true, &key);
        if (!err)
            err = crypto_verify(key, CRYPTO_ES256, AMBIT_STR("m"), work->signature);
        work->failures += err || key == *work->own || (first && key != first);
        if (first)
            crypto_key_free(key);
        else
            first = key;
    }
    crypto_key_free(first);
    return NULL;
}

/* Each has its own, and what a thread kept goes with it (the sanitizers look). */
static void test_threads(void **state)
{
    CRYPTO_KEY_AUTO *key = NULL;
    BUF_AUTO jwk = {0};
    pthread_t threads[2];
    struct work work[2];
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;

    (void)state;
    put_new(CRYPTO_ES256, &key, &jwk);
    CRYPTO_KEY_AUTO *own = read_known(&jwk);
    assert_int_equal(crypto_sign(key, CRYPTO_ES256, AMBIT_STR("m"), signature, &len), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(threads); i++) {
        work[i] = (struct work){
            .jwk = &jwk, .own = &own, .signature = {.p = (const char *)signature, .len = len}};
        assert_int_equal(pthread_create(&threads[i], NULL, verify_often, &work[i]), 0);
    }
    for (size_t i = 0; i < AMBIT_LEN(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(work[i].failures, 0);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_hit_and_miss), cmocka_unit_test(test_same_verdicts),
    cmocka_unit_test(test_rsa_verdicts), cmocka_unit_test(test_eviction),
    cmocka_unit_test(test_threads),
};
UNIT_MAIN(tests)
