/* SPDX-License-Identifier: Apache-2.0 */
/* Goal (DPOP-3, DPOP-4, DPOP-7, MTL-5): a proof of possession counts only when every numbered step
 * of its check holds (RFC 9449 section 4.3): one that is right, and each step wrong by one. */
#include "support/unit.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "crypto/jws.h"
#include "identity/dpop.h"

#define NOW_MS 1790000000000
#define URI    "https://ambit.example.gov/token"
#define TYP    "\"typ\":\"dpop+jwt\","
#define JTI    "\"jti\":\"one\","
#define HTM    "\"htm\":\"POST\","
#define HTU    "\"htu\":\"" URI "\","
#define IAT    "\"iat\":1790000000"
#define FINE   "{" JTI HTM HTU IAT "}"

static const struct dpop_nonces nonces = {.key = {7, 7, 7}};

/* `$JWK` in a header is the key; `jwk` puts members behind it. */
struct row {
    const char *name, *header, *jwk, *payload;
    enum dpop_refusal want;
};
static const struct row rows[] = {
    {"as stock clients send it", NULL, NULL, FINE, DPOP_FINE},
    {"1: a critical extension", "{" TYP "\"alg\":\"ES256\",\"crit\":[\"x\"],\"jwk\":$JWK}", NULL,
     FINE, DPOP_INVALID_PROOF},
    {"1: a header member twice", "{" TYP "\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":$JWK}",
     NULL, FINE, DPOP_INVALID_PROOF},
    {"2: another typ", "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"jwk\":$JWK}", NULL, FINE,
     DPOP_INVALID_PROOF},
    {"2: an access token's typ", "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"jwk\":$JWK}", NULL, FINE,
     DPOP_INVALID_PROOF},
    {"2: no typ", "{\"alg\":\"ES256\",\"jwk\":$JWK}", NULL, FINE, DPOP_INVALID_PROOF},
    {"2: its typ in capitals (JWS-4)",
     "{\"typ\":\"application/DPoP+JWT\",\"alg\":\"ES256\",\"jwk\":$JWK}", NULL, FINE, DPOP_FINE},
    {"2: none", "{" TYP "\"alg\":\"none\",\"jwk\":$JWK}", NULL, FINE, DPOP_INVALID_PROOF},
    {"2: symmetric", "{" TYP "\"alg\":\"HS256\",\"jwk\":$JWK}", NULL, FINE, DPOP_INVALID_PROOF},
    {"2: an alg that the key is not for", "{" TYP "\"alg\":\"EdDSA\",\"jwk\":$JWK}", NULL, FINE,
     DPOP_INVALID_PROOF},
    {"2: no alg", "{" TYP "\"jwk\":$JWK}", NULL, FINE, DPOP_INVALID_PROOF},
    {"2: no key", "{" TYP "\"alg\":\"ES256\"}", NULL, FINE, DPOP_INVALID_PROOF},
    {"2: a key that is no object", "{" TYP "\"alg\":\"ES256\",\"jwk\":\"x\"}", NULL, FINE,
     DPOP_INVALID_PROOF},
    {"2: a private member", NULL, ",\"d\":\"AAAA\"", FINE, DPOP_INVALID_PROOF},
    {"2: a symmetric member", NULL, ",\"k\":\"AAAA\"", FINE, DPOP_INVALID_PROOF},
    {"2: the key's own alg agrees (JWS-6)", NULL, ",\"alg\":\"ES256\"", FINE, DPOP_FINE},
    {"2: the key's own alg is another", NULL, ",\"alg\":\"RS256\"", FINE, DPOP_INVALID_PROOF},
    {"2: a key for signatures", NULL, ",\"use\":\"sig\"", FINE, DPOP_FINE},
    {"2: a key for encryption", NULL, ",\"use\":\"enc\"", FINE, DPOP_INVALID_PROOF},
    {"4: no jti", NULL, NULL, "{" HTM HTU IAT "}", DPOP_INVALID_PROOF},
    {"4: an empty jti", NULL, NULL, "{\"jti\":\"\"," HTM HTU IAT "}", DPOP_INVALID_PROOF},
    {"4: a jti that is no text", NULL, NULL, "{\"jti\":1," HTM HTU IAT "}", DPOP_INVALID_PROOF},
    {"4: no htm", NULL, NULL, "{" JTI HTU IAT "}", DPOP_INVALID_PROOF},
    {"4: an htm that is no text", NULL, NULL, "{" JTI "\"htm\":[\"POST\"]," HTU IAT "}",
     DPOP_INVALID_PROOF},
    {"4: no htu", NULL, NULL, "{" JTI HTM IAT "}", DPOP_INVALID_PROOF},
    {"4: no iat", NULL, NULL, "{" JTI HTM "\"htu\":\"" URI "\"}", DPOP_INVALID_PROOF},
    {"4: an iat of text", NULL, NULL, "{" JTI HTM HTU "\"iat\":\"1790000000\"}",
     DPOP_INVALID_PROOF},
    {"4: a negative iat", NULL, NULL, "{" JTI HTM HTU "\"iat\":-1}", DPOP_INVALID_PROOF},
    {"4: an iat beyond 2^53", NULL, NULL, "{" JTI HTM HTU "\"iat\":1e300}", DPOP_INVALID_PROOF},
    {"4: an iat with a fraction (JWS-10)", NULL, NULL, "{" JTI HTM HTU "\"iat\":1790000000.5}",
     DPOP_FINE},
    {"4: a claim twice (HTP-14)", NULL, NULL, "{" JTI JTI HTM HTU IAT "}", DPOP_INVALID_PROOF},
    {"4: claims that are no object", NULL, NULL, "[]", DPOP_INVALID_PROOF},
    {"4: a nonce that is no text", NULL, NULL, "{\"nonce\":1," JTI HTM HTU IAT "}",
     DPOP_INVALID_PROOF},
    {"5: another method", NULL, NULL, "{" JTI "\"htm\":\"GET\"," HTU IAT "}", DPOP_INVALID_PROOF},
    {"5: the method in small letters", NULL, NULL, "{" JTI "\"htm\":\"post\"," HTU IAT "}",
     DPOP_INVALID_PROOF},
    {"6: another path", NULL, NULL,
     "{" JTI HTM "\"htu\":\"https://ambit.example.gov/introspect\"," IAT "}", DPOP_INVALID_PROOF},
    {"6: another host", NULL, NULL, "{" JTI HTM "\"htu\":\"https://evil.example/token\"," IAT "}",
     DPOP_INVALID_PROOF},
    {"6: another scheme", NULL, NULL,
     "{" JTI HTM "\"htu\":\"http://ambit.example.gov/token\"," IAT "}", DPOP_INVALID_PROOF},
    {"6: another port", NULL, NULL,
     "{" JTI HTM "\"htu\":\"https://ambit.example.gov:8443/token\"," IAT "}", DPOP_INVALID_PROOF},
    {"6: a slash behind", NULL, NULL,
     "{" JTI HTM "\"htu\":\"https://ambit.example.gov/token/\"," IAT "}", DPOP_INVALID_PROOF},
    {"6: no address", NULL, NULL, "{" JTI HTM "\"htu\":\"token\"," IAT "}", DPOP_INVALID_PROOF},
    {"6: the same in another form", NULL, NULL,
     "{" JTI HTM "\"htu\":\"HTTPS://Ambit.example.gov:443/x/../%74oken?a=b#c\"," IAT "}",
     DPOP_FINE},
    {"8: 60 s old", NULL, NULL, "{" JTI HTM HTU "\"iat\":1789999940}", DPOP_FINE},
    {"8: 61 s old", NULL, NULL, "{" JTI HTM HTU "\"iat\":1789999939}", DPOP_INVALID_PROOF},
    {"8: 5 s ahead", NULL, NULL, "{" JTI HTM HTU "\"iat\":1790000005}", DPOP_FINE},
    {"8: 6 s ahead", NULL, NULL, "{" JTI HTM HTU "\"iat\":1790000006}", DPOP_INVALID_PROOF},
};

struct maker {
    struct crypto_key *key;
    char jwk[512];
};

static void maker_init(struct maker *maker, enum crypto_alg alg)
{
    struct json_out out;
    struct buf text;
    assert_int_equal(crypto_key_new(alg, &maker->key), AMBIT_OK);
    buf_init_fixed(&text, maker->jwk, sizeof maker->jwk);
    json_out_init(&out, &text, false);
    crypto_key_put_jwk(maker->key, alg, &out);
    assert_int_equal(buf_check(&text), AMBIT_OK);
    maker->jwk[text.len] = '\0';
}

/* The public members alone, without alg, kid and use, and `more` behind them. */
static void put_jwk(const struct maker *maker, const char *more, struct buf *out)
{
    static const char *const names[] = {"crv", "kty", "x", "y"};
    ARENA_AUTO arena;
    const struct json_value *jwk = NULL;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(
        json_read(ambit_str_of(maker->jwk), (struct json_limits){0}, &arena, &jwk, NULL), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(names); i++) {
        struct ambit_str value = json_get_str(jwk, names[i]);
        if (value.p)
            buf_printf(out, "%s\"%s\":\"%.*s\"", i ? "," : "{", names[i], AMBIT_STR_ARG(value));
    }
    buf_put_text(out, more ? more : "");
    buf_put_char(out, '}');
}

static void make_proof(const struct maker *maker, const char *header, const char *jwk,
                       const char *payload, struct buf *out)
{
    BUF_AUTO text;
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;
    if (!header)
        header = "{" TYP "\"alg\":\"ES256\",\"jwk\":$JWK}";
    const char *mark = strstr(header, "$JWK");
    buf_init(&text, 0);
    buf_put(&text, header, mark ? (size_t)(mark - header) : strlen(header));
    if (mark) {
        put_jwk(maker, jwk, &text);
        buf_put_text(&text, mark + 4);
    }
    buf_put_base64url(out, (const uint8_t *)text.p, text.len);
    buf_put_char(out, '.');
    buf_put_base64url(out, (const uint8_t *)payload, strlen(payload));
    assert_int_equal(
        crypto_sign(maker->key, crypto_key_alg(maker->key), buf_str(out), signature, &len),
        AMBIT_OK);
    buf_put_char(out, '.');
    buf_put_base64url(out, signature, len);
    assert_int_equal(buf_check(out), AMBIT_OK);
}

static struct dpop_question question_of(const struct buf *proof)
{
    return (struct dpop_question){.proof = buf_str(proof),
                                  .method = AMBIT_STR("POST"),
                                  .uri = AMBIT_STR(URI),
                                  .now_ms = NOW_MS};
}

static struct dpop_proof check(const struct dpop_question *question)
{
    struct dpop_proof got = {.refusal = DPOP_FINE};
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(dpop_check(question, &arena, &got), AMBIT_OK);
    assert_true((got.refusal == DPOP_FINE) == (got.what == NULL));
    got.htu = (struct ambit_str){0}; /* of the arena */
    return got;
}

static void dpop_1_each_step(void **state)
{
    (void)state;
    struct maker maker;
    maker_init(&maker, CRYPTO_ES256);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO proof;
        buf_init(&proof, 0);
        make_proof(&maker, rows[i].header, rows[i].jwk, rows[i].payload, &proof);
        struct dpop_question question = question_of(&proof);
        struct dpop_proof got = check(&question);
        ROW_CHECK(rows[i].name, got.refusal == rows[i].want);
        if (got.refusal != DPOP_FINE)
            continue;
        struct ambit_digest key = crypto_key_thumbprint(maker.key);
        ROW_CHECK(rows[i].name, ambit_digest_eq(got.key, key));
        ROW_CHECK(rows[i].name, got.once_until_ms > NOW_MS);
        ROW_CHECK(rows[i].name, got.once_until_ms <= NOW_MS + 65001);
    }
    crypto_key_free(maker.key);
}

static void the_forms_of_a_header(void **state)
{
    static const char *const wrong[] = {"", ".", "..", "a.b", "a.b.c.d", "no proof at all"};
    (void)state;
    struct maker maker;
    BUF_AUTO proof, two;
    maker_init(&maker, CRYPTO_ES256);
    buf_init(&proof, 0);
    buf_init(&two, 0);
    for (size_t i = 0; i < AMBIT_LEN(wrong); i++) {
        struct dpop_question question = question_of(&two);
        question.proof = ambit_str_of(wrong[i]);
        ROW_CHECK(wrong[i], check(&question).refusal == DPOP_INVALID_PROOF);
    }
    make_proof(&maker, NULL, NULL, FINE, &proof);
    buf_printf(&two, "%.*s, %.*s", AMBIT_STR_ARG(buf_str(&proof)), AMBIT_STR_ARG(buf_str(&proof)));
    struct dpop_question question = question_of(&two);
    assert_int_equal(check(&question).refusal, DPOP_INVALID_PROOF); /* 1: two in one */
    proof.p[proof.len - 8] = proof.p[proof.len - 8] == 'A' ? 'B' : 'A';
    question = question_of(&proof);
    assert_int_equal(check(&question).refusal, DPOP_INVALID_PROOF); /* 3: the signature */
    crypto_key_free(maker.key);
}

/* 3: signed by another key than the one that is shown. */
static void a_strangers_signature(void **state)
{
    (void)state;
    struct maker maker, stranger;
    BUF_AUTO proof;
    maker_init(&maker, CRYPTO_ES256);
    maker_init(&stranger, CRYPTO_ES256);
    buf_init(&proof, 0);
    memcpy(stranger.jwk, maker.jwk, sizeof maker.jwk);
    make_proof(&stranger, NULL, NULL, FINE, &proof);
    struct dpop_question question = question_of(&proof);
    assert_int_equal(check(&question).refusal, DPOP_INVALID_PROOF);
    crypto_key_free(maker.key);
    crypto_key_free(stranger.key);
}

static void both_names_of_ed25519(void **state)
{
    static const char *const headers[] = {"{" TYP "\"alg\":\"EdDSA\",\"jwk\":$JWK}",
                                          "{" TYP "\"alg\":\"Ed25519\",\"jwk\":$JWK}"};
    (void)state;
    struct maker maker;
    maker_init(&maker, CRYPTO_EDDSA);
    for (size_t i = 0; i < AMBIT_LEN(headers); i++) {
        BUF_AUTO proof;
        buf_init(&proof, 0);
        make_proof(&maker, headers[i], ",\"alg\":\"EdDSA\"", FINE, &proof);
        struct dpop_question question = question_of(&proof);
        ROW_CHECK(headers[i], check(&question).refusal == DPOP_FINE);
    }
    crypto_key_free(maker.key);
}

/* 9: what is consumed tells keys, addresses and values apart, and nothing else. */
static void one_value_of_one_key_for_one_address(void **state)
{
    static const char *const same[] = {FINE, "{" JTI HTM HTU "\"iat\":1790000003}",
                                       "{" JTI HTM
                                       "\"htu\":\"https://AMBIT.example.gov/token?x\"," IAT "}"};
    (void)state;
    struct maker maker, other;
    struct ambit_digest once = {{0}};
    maker_init(&maker, CRYPTO_ES256);
    maker_init(&other, CRYPTO_ES256);
    for (size_t i = 0; i < AMBIT_LEN(same); i++) {
        BUF_AUTO proof;
        buf_init(&proof, 0);
        make_proof(&maker, NULL, NULL, same[i], &proof);
        struct dpop_question question = question_of(&proof);
        struct dpop_proof got = check(&question);
        assert_true(i == 0 || ambit_digest_eq(got.once, once));
        once = got.once;
    }
    BUF_AUTO another, elsewhere;
    buf_init(&another, 0);
    buf_init(&elsewhere, 0);
    make_proof(&other, NULL, NULL, FINE, &another);
    struct dpop_question question = question_of(&another);
    assert_false(ambit_digest_eq(check(&question).once, once));
    make_proof(&maker, NULL, NULL, "{\"jti\":\"two\"," HTM HTU IAT "}", &elsewhere);
    question = question_of(&elsewhere);
    assert_false(ambit_digest_eq(check(&question).once, once));
    crypto_key_free(maker.key);
    crypto_key_free(other.key);
}

/* 7 */
static void dpop_4_a_nonce_in_force(void **state)
{
    (void)state;
    struct maker maker;
    maker_init(&maker, CRYPTO_ES256);
    struct dpop_nonces elsewhere = {.key = {8}};
    const struct {
        const char *name;
        struct dpop_nonce nonce;
        bool is_good, is_old;
    } given[] = {
        {"fresh", dpop_nonce_at(&nonces, DPOP_AT_TOKEN, NOW_MS), true, false},
        {"at half its life", dpop_nonce_at(&nonces, DPOP_AT_TOKEN, NOW_MS - 121000), true, true},
        {"at its end", dpop_nonce_at(&nonces, DPOP_AT_TOKEN, NOW_MS - 240000), true, true},
        {"over", dpop_nonce_at(&nonces, DPOP_AT_TOKEN, NOW_MS - 241000), false, false},
        {"of the future", dpop_nonce_at(&nonces, DPOP_AT_TOKEN, NOW_MS + 6000), false, false},
        {"of the resource side (DPOP-8)", dpop_nonce_at(&nonces, DPOP_AT_RESOURCE, NOW_MS), false,
         false},
        {"of another start", dpop_nonce_at(&elsewhere, DPOP_AT_TOKEN, NOW_MS), false, false},
        {"none (DPOP-5)", {.text = ""}, false, false},
        {"of another form", {.text = "AAAA"}, false, false},
    };
    for (size_t i = 0; i < AMBIT_LEN(given); i++) {
        char payload[512];
        BUF_AUTO proof;
        buf_init(&proof, 0);
        int len = snprintf(payload, sizeof payload, "{\"nonce\":\"%s\"," JTI HTM HTU IAT "}",
                           given[i].nonce.text);
        assert_true(len > 0 && (size_t)len < sizeof payload);
        make_proof(&maker, NULL, NULL, payload, &proof);
        struct dpop_question question = question_of(&proof);
        ROW_CHECK(given[i].name, check(&question).refusal == DPOP_FINE); /* none is in force */
        question.nonces = &nonces;
        struct dpop_proof got = check(&question);
        ROW_CHECK(given[i].name, got.refusal == (given[i].is_good ? DPOP_FINE : DPOP_USE_NONCE));
        ROW_CHECK(given[i].name, !given[i].is_good || got.nonce_is_old == given[i].is_old);
        for (const char *c = given[i].nonce.text; *c; c++)
            ROW_CHECK(given[i].name, *c > ' ' && *c != '"' && *c != '\\' && *c < 0x7f);
    }
    crypto_key_free(maker.key);
}

/* 10 and 11, DPOP-7, MTL-5: how a token is shown, and what it is bound to. */
static void dpop_7_a_token_that_is_shown(void **state)
{
    (void)state;
    struct maker maker;
    BUF_AUTO with_ath, without;
    struct ambit_digest key, other = {{1}}, certificate = {{2}};
    maker_init(&maker, CRYPTO_ES256);
    key = crypto_key_thumbprint(maker.key);
    buf_init(&with_ath, 0);
    buf_init(&without, 0);
    make_proof(&maker, NULL, NULL,
               "{\"ath\":\"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo\"," JTI HTM HTU IAT "}",
               &with_ath);
    make_proof(&maker, NULL, NULL, FINE, &without);
#define TOKEN "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
    const struct {
        const char *name, *authorization;
        const struct buf *proof;
        enum ambit_binding binding;
        const struct ambit_digest *key;
        bool has_certificate;
        enum dpop_refusal want;
    } shown[] = {
        {"unbound as Bearer", "Bearer " TOKEN, NULL, AMBIT_BINDING_NONE, NULL, false, DPOP_FINE},
        {"unbound as DPoP", "DPoP " TOKEN, &with_ath, AMBIT_BINDING_NONE, NULL, false,
         DPOP_INVALID_TOKEN},
        {"bound, with its proof", "DPoP " TOKEN, &with_ath, AMBIT_BINDING_DPOP, &key, false,
         DPOP_FINE},
        {"the scheme in any case", "dpop " TOKEN, &with_ath, AMBIT_BINDING_DPOP, &key, false,
         DPOP_FINE},
        {"bound as Bearer", "Bearer " TOKEN, &with_ath, AMBIT_BINDING_DPOP, &key, false,
         DPOP_INVALID_TOKEN},
        {"bound, without a proof", "DPoP " TOKEN, NULL, AMBIT_BINDING_DPOP, &key, false,
         DPOP_INVALID_PROOF},
        {"10: without ath", "DPoP " TOKEN, &without, AMBIT_BINDING_DPOP, &key, false,
         DPOP_INVALID_PROOF},
        {"10: the ath of another", "DPoP " TOKEN "x", &with_ath, AMBIT_BINDING_DPOP, &key, false,
         DPOP_INVALID_PROOF},
        {"11: bound to another key", "DPoP " TOKEN, &with_ath, AMBIT_BINDING_DPOP, &other, false,
         DPOP_INVALID_TOKEN},
        {"bound to this certificate", "Bearer " TOKEN, NULL, AMBIT_BINDING_MTLS, &certificate, true,
         DPOP_FINE},
        {"bound to another certificate", "Bearer " TOKEN, NULL, AMBIT_BINDING_MTLS, &other, true,
         DPOP_INVALID_TOKEN},
        {"without a certificate", "Bearer " TOKEN, NULL, AMBIT_BINDING_MTLS, &certificate, false,
         DPOP_INVALID_TOKEN},
        {"a certificate's as DPoP", "DPoP " TOKEN, &with_ath, AMBIT_BINDING_MTLS, &certificate,
         true, DPOP_INVALID_TOKEN},
    };
    for (size_t i = 0; i < AMBIT_LEN(shown); i++) {
        ARENA_AUTO arena;
        struct dpop_proof got;
        arena_init(&arena, NULL, 0, 0);
        struct shown_question question = {
            .token = identity_shown_token(ambit_str_of(shown[i].authorization)),
            .binding = shown[i].binding,
            .key = shown[i].key ? *shown[i].key : (struct ambit_digest){{0}},
            .has_certificate = shown[i].has_certificate,
            .certificate = certificate,
            .proof = question_of(shown[i].proof ? shown[i].proof : &without),
        };
        if (!shown[i].proof)
            question.proof.proof = (struct ambit_str){0};
        ROW_CHECK(shown[i].name, question.token.text.p);
        ROW_CHECK(shown[i].name, identity_shown_check(&question, &arena, &got) == AMBIT_OK);
        ROW_CHECK(shown[i].name, got.refusal == shown[i].want);
        ROW_CHECK(shown[i].name, strstr(dpop_challenge(got.refusal), "algs=\"ES256 EdDSA"));
    }
    assert_null(identity_shown_token(AMBIT_STR("Basic x")).text.p);
    assert_null(identity_shown_token(AMBIT_STR("DPoP a b")).text.p);
    crypto_key_free(maker.key);
}

/* The examples of RFC 9449 itself, sections 4.1 and 7.1. */
static void the_examples_of_the_rfc(void **state)
{
    static const struct {
        const char *proof, *htm, *htu, *token;
        int64_t now_ms;
        const char *jkt;
    } examples[] = {
        {"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4"
         "dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09r"
         "X282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGk"
         "iOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV"
         "4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdr"
         "j8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
         "POST", "https://server.example.com/token", NULL, 1562262616000,
         "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
        {"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4"
         "dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09r"
         "X282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGk"
         "iOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5"
         "leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlV"
         "IeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP8"
         "6L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
         "GET", "https://resource.example.org/protectedresource",
         "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU", 1562262618000,
         "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(examples); i++) {
        ARENA_AUTO arena;
        struct dpop_proof got;
        char jkt[43];
        arena_init(&arena, NULL, 0, 0);
        struct dpop_question question = {.proof = ambit_str_of(examples[i].proof),
                                         .method = ambit_str_of(examples[i].htm),
                                         .uri = ambit_str_of(examples[i].htu),
                                         .now_ms = examples[i].now_ms};
        if (examples[i].token)
            question.token = ambit_str_of(examples[i].token);
        assert_int_equal(dpop_check(&question, &arena, &got), AMBIT_OK);
        assert_int_equal(got.refusal, DPOP_FINE);
        base64url_encode(got.key.b, sizeof got.key.b, jkt);
        assert_memory_equal(jkt, examples[i].jkt, sizeof jkt);
        question.token = AMBIT_STR("another");
        assert_int_equal(dpop_check(&question, &arena, &got), AMBIT_OK);
        assert_int_equal(got.refusal, DPOP_INVALID_PROOF);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dpop_1_each_step),
        cmocka_unit_test(the_forms_of_a_header),
        cmocka_unit_test(a_strangers_signature),
        cmocka_unit_test(both_names_of_ed25519),
        cmocka_unit_test(one_value_of_one_key_for_one_address),
        cmocka_unit_test(dpop_4_a_nonce_in_force),
        cmocka_unit_test(dpop_7_a_token_that_is_shown),
        cmocka_unit_test(the_examples_of_the_rfc),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
