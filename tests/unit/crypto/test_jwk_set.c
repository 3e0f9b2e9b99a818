/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: of a key set exactly the one key is chosen that a header fits, or none (standards.md 1.1).
 */
#include "support/unit.h"

#include "crypto/jws.h"

#define EC1                                                                                   \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs\"," \
    "\"y\":\"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA\""
#define EC2                                                                                   \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define ED \
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""

enum { REFUSED = -1, NONE = -2 };

static const struct {
    const char *name, *set;
    enum crypto_alg alg;
    const char *kid;
    int want; /* place of the chosen key among the usable ones, NONE, or REFUSED for the set */
} rows[] = {
    {"one key, no kid", "{\"keys\":[{" EC1 "}]}", CRYPTO_ES256, NULL, 0},
    {"one key, same kid", "{\"keys\":[{" EC1 ",\"kid\":\"a\"}]}", CRYPTO_ES256, "a", 0},
    {"key has a kid, header none", "{\"keys\":[{" EC1 ",\"kid\":\"a\"}]}", CRYPTO_ES256, NULL, 0},
    {"another kid", "{\"keys\":[{" EC1 ",\"kid\":\"a\"}]}", CRYPTO_ES256, "b", NONE},
    {"header has a kid, key none", "{\"keys\":[{" EC1 "}]}", CRYPTO_ES256, "a", NONE},
    {"second by kid", "{\"keys\":[{" EC1 ",\"kid\":\"a\"},{" EC2 ",\"kid\":\"b\"}]}", CRYPTO_ES256,
     "b", 1},
    {"two fit", "{\"keys\":[{" EC1 "},{" EC2 "}]}", CRYPTO_ES256, NULL, NONE},
    {"two of one kid", "{\"keys\":[{" EC1 ",\"kid\":\"a\"},{" EC2 ",\"kid\":\"a\"}]}", CRYPTO_ES256,
     "a", NONE},
    {"by kty", "{\"keys\":[{" EC1 "},{" ED "}]}", CRYPTO_EDDSA, NULL, 1},
    {"kty does not fit", "{\"keys\":[{" EC1 "}]}", CRYPTO_RS256, NULL, NONE},
    {"JWS-6 alg absent, either name", "{\"keys\":[{" ED "}]}", CRYPTO_ED25519, NULL, 0},
    {"JWS-6 alg equal", "{\"keys\":[{" ED ",\"alg\":\"Ed25519\"}]}", CRYPTO_ED25519, NULL, 0},
    {"JWS-6 alg of the other name", "{\"keys\":[{" ED ",\"alg\":\"EdDSA\"}]}", CRYPTO_ED25519, NULL,
     NONE},
    {"use sig", "{\"keys\":[{" EC1 ",\"use\":\"sig\"}]}", CRYPTO_ES256, NULL, 0},
    {"use enc", "{\"keys\":[{" EC1 ",\"use\":\"enc\"}]}", CRYPTO_ES256, NULL, NONE},
    {"use enc beside one for signatures", "{\"keys\":[{" EC1 ",\"use\":\"enc\"},{" EC2 "}]}",
     CRYPTO_ES256, NULL, 0},
    {"key_ops verify", "{\"keys\":[{" EC1 ",\"key_ops\":[\"sign\",\"verify\"]}]}", CRYPTO_ES256,
     NULL, 0},
    {"key_ops without verify", "{\"keys\":[{" EC1 ",\"key_ops\":[\"encrypt\"]}]}", CRYPTO_ES256,
     NULL, NONE},
    {"key_ops empty", "{\"keys\":[{" EC1 ",\"key_ops\":[]}]}", CRYPTO_ES256, NULL, NONE},
    {"alg of another kty", "{\"keys\":[{" EC1 ",\"alg\":\"RS256\"}]}", CRYPTO_ES256, NULL, NONE},
    {"alg unknown", "{\"keys\":[{" EC1 ",\"alg\":\"ES521\"}]}", CRYPTO_ES256, NULL, NONE},
    {"unknown kty left out", "{\"keys\":[{\"kty\":\"AKP\"},{" EC1 "}]}", CRYPTO_ES256, NULL, 0},
    {"unknown crv left out", "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-521\"},{" EC1 "}]}",
     CRYPTO_ES256, NULL, 0},
    {"empty set", "{\"keys\":[]}", CRYPTO_ES256, NULL, NONE},
    {"JWS-8 private key", "{\"keys\":[{" EC1 ",\"d\":\"AA\"}]}", CRYPTO_ES256, NULL, REFUSED},
    {"JWS-8 symmetric key", "{\"keys\":[{" EC1 "},{\"kty\":\"oct\",\"k\":\"AA\"}]}", CRYPTO_ES256,
     NULL, REFUSED},
    {"broken key",
     "{\"keys\":[{" EC1 "},{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}",
     CRYPTO_ES256, NULL, REFUSED},
    {"kid is no string", "{\"keys\":[{" EC1 ",\"kid\":1}]}", CRYPTO_ES256, NULL, REFUSED},
    {"alg is no string", "{\"keys\":[{" EC1 ",\"alg\":1}]}", CRYPTO_ES256, NULL, REFUSED},
    {"use is no string", "{\"keys\":[{" EC1 ",\"use\":1}]}", CRYPTO_ES256, NULL, REFUSED},
    {"key_ops is no list", "{\"keys\":[{" EC1 ",\"key_ops\":\"verify\"}]}", CRYPTO_ES256, NULL,
     REFUSED},
    {"key_ops of numbers", "{\"keys\":[{" EC1 ",\"key_ops\":[1]}]}", CRYPTO_ES256, NULL, REFUSED},
    {"a key that is no object", "{\"keys\":[1]}", CRYPTO_ES256, NULL, REFUSED},
    {"no keys", "{}", CRYPTO_ES256, NULL, REFUSED},
    {"keys is no list", "{\"keys\":{}}", CRYPTO_ES256, NULL, REFUSED},
    {"a bare JWK", "{" EC1 "}", CRYPTO_ES256, NULL, REFUSED},
    {"no object", "[]", CRYPTO_ES256, NULL, REFUSED},
    {"no JSON", "{", CRYPTO_ES256, NULL, REFUSED},
};

static void test_choice(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct jwk_set *set = NULL;
        struct jws jws = {.alg = rows[i].alg, .kid = ambit_str_of(rows[i].kid)};
        const struct crypto_key *key = NULL;
        enum ambit_err err = jwk_set_new(ambit_str_of(rows[i].set), &set);
        ROW_CHECK(rows[i].name, (err == AMBIT_OK) == (rows[i].want != REFUSED));
        if (err != AMBIT_OK)
            continue;
        err = jwk_set_select(set, &jws, &key);
        ROW_CHECK(rows[i].name, err == (rows[i].want >= 0 ? AMBIT_OK : AMBIT_ERR_NOT_FOUND));
        ROW_CHECK(rows[i].name, rows[i].want < 0 || key == jwk_set_key(set, (size_t)rows[i].want));
        jwk_set_free(set);
    }
    jwk_set_free(NULL);
}

static void test_bounds(void **state)
{
    BUF_AUTO text = {0};
    struct jwk_set *set = NULL;

    (void)state;
    buf_put_text(&text, "{\"keys\":[");
    for (int i = 0; i < 257; i++)
        buf_printf(&text, "%s{" ED ",\"kid\":\"%d\"}", i ? "," : "", i);
    buf_put_text(&text, "]}");
    assert_int_equal(jwk_set_new(buf_str(&text), &set), AMBIT_ERR_TOO_LARGE);
    buf_reset(&text);
    while (text.len < 256 * 1024)
        buf_put_text(&text, "                                ");
    buf_put_text(&text, "{\"keys\":[]}");
    assert_int_equal(jwk_set_new(buf_str(&text), &set), AMBIT_ERR_TOO_LARGE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_choice),
    cmocka_unit_test(test_bounds),
};
UNIT_MAIN(tests)
