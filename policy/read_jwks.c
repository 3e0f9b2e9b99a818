/* SPDX-License-Identifier: Apache-2.0 */
/* JWK Sets in documents: public keys only, of the kinds and sizes that signatures are checked with
 * (JWS-7, JWS-8; RFC 7517, RFC 7518 section 6, RFC 8037). Form and sizes only: whether a point lies
 * on its curve is seen when the key is imported. A private member is never repeated in a message.
 */
#include "policy/canonical.h"
#include "policy/shape.h"
#include "policy/read.h"

#include "base/encode.h"

enum { RSA_MIN_BYTES = 256, RSA_MAX_BYTES = 1024, EXPONENT_MAX_BYTES = 8, KEYS_MAX = 64 };

struct jwk {
    unsigned kty, crv;
    size_t x_len, y_len, n_len, e_len; /* 0: absent or wrong */
};

/* base64url of at least one octet; stores the number of octets. */
static void read_octets(struct reading *reading, const struct place *at, const struct field *field,
                        void *target)
{
    static const char expected[] = "base64url without padding";
    uint8_t bytes[RSA_MAX_BYTES + 4];
    size_t len = 0;
    if (at->value->kind != JSON_STRING || at->value->text.len == 0) {
        complain_found(reading, at, expected);
        return;
    }
    if (base64url_decode(at->value->text, bytes, sizeof bytes, &len) != AMBIT_OK) {
        complain(reading, at, "not base64url, or too long", expected);
        return;
    }
    if (field->max && bytes[0] == 0) { /* RSA: an integer */
        complain(reading, at, "a leading zero octet", "the integer in as few octets as it needs");
        return;
    }
    memcpy((char *)target + field->at, &len, sizeof len);
}

static void refuse_private(struct reading *reading, const struct place *at,
                           const struct field *field, void *target)
{
    (void)field;
    (void)target;
    struct place key = *at;
    key.is_key = true;
    complain_name(reading, &key, "a member of a private key", "the public key alone",
                  (struct ambit_str){0});
}

enum { KTY_EC = 1, KTY_OKP, KTY_RSA };
static const char *const ktys[] = {"(none)", "EC", "OKP", "RSA"};
enum { CRV_P256 = 1, CRV_P384, CRV_P521, CRV_ED25519 };
static const char *const crvs[] = {"(none)", "P-256", "P-384", "P-521", "Ed25519"};
static const char *const algs[] = {"ES256", "ES384", "ES512", "EdDSA", "Ed25519", "RS256", "PS256"};
static const char *const uses[] = {"sig"};

/* The first word of ktys and crvs means "absent" and is no word. */
static const struct words words_kty = {.texts = ktys + 1, .n = AMBIT_LEN(ktys) - 1};
static const struct words words_crv = {.texts = crvs + 1, .n = AMBIT_LEN(crvs) - 1};
static const struct words words_alg = WORDS(algs);
static const struct words words_use = WORDS(uses);

static void read_kty(struct reading *reading, const struct place *at, const struct field *field,
                     void *target)
{
    size_t word = 0;
    if (!take_word(reading, at, field->with, &word))
        return;
    unsigned value = (unsigned)word + 1;
    memcpy((char *)target + field->at, &value, sizeof value);
}

static void read_alg(struct reading *reading, const struct place *at, const struct field *field,
                     void *target)
{
    size_t word = 0;
    (void)target;
    (void)take_word(reading, at, field->with, &word);
}

static void want(struct reading *reading, const struct place *jwk, const char *key, size_t is_len,
                 size_t want_len)
{
    struct place at = place_member(jwk, key);
    if (!at.value)
        complain_name(reading, &at, "missing member", "what this type of key is made of",
                      (struct ambit_str){0});
    else if (is_len && is_len != want_len)
        complain(reading, &at, "of the wrong length", "the full field size of the curve");
}

static void want_none(struct reading *reading, const struct place *jwk, const char *key)
{
    struct place at = place_member(jwk, key);
    at.is_key = true;
    if (at.value)
        complain_name(reading, &at, "this type of key has no member", "the members of its type",
                      (struct ambit_str){0});
}

static void check_curve(struct reading *reading, const struct place *at, const struct jwk *jwk)
{
    static const size_t field_len[] = {
        [CRV_P256] = 32, [CRV_P384] = 48, [CRV_P521] = 66, [CRV_ED25519] = 32};
    struct place crv = place_member(at, "crv");
    bool is_okp = jwk->kty == KTY_OKP;
    want_none(reading, at, "n");
    want_none(reading, at, "e");
    if (is_okp)
        want_none(reading, at, "y");
    if (!crv.value) {
        want(reading, at, "crv", 0, 0);
        return;
    }
    if (jwk->crv == 0)
        return;
    if (is_okp != (jwk->crv == CRV_ED25519)) {
        complain_name(reading, &crv, "the type of key has no curve",
                      is_okp ? "\"Ed25519\"" : "\"P-256\", \"P-384\" or \"P-521\"",
                      (struct ambit_str){0});
        return;
    }
    want(reading, at, "x", jwk->x_len, field_len[jwk->crv]);
    if (!is_okp)
        want(reading, at, "y", jwk->y_len, field_len[jwk->crv]);
}

static void check_rsa(struct reading *reading, const struct place *at, const struct jwk *jwk)
{
    want_none(reading, at, "crv");
    want_none(reading, at, "x");
    want_none(reading, at, "y");
    want(reading, at, "n", jwk->n_len, jwk->n_len);
    want(reading, at, "e", jwk->e_len, jwk->e_len);
    struct place n = place_member(at, "n");
    struct place e = place_member(at, "e");
    if (jwk->n_len && (jwk->n_len < RSA_MIN_BYTES || jwk->n_len > RSA_MAX_BYTES))
        complain(reading, &n, "an RSA key of the wrong size", "2048 to 8192 bits");
    if (jwk->e_len > EXPONENT_MAX_BYTES)
        complain(reading, &e, "too large an exponent", "at most 8 octets");
}

static void check_jwk(struct reading *reading, const struct place *at, void *target)
{
    const struct jwk *jwk = target;
    if (jwk->kty == KTY_RSA)
        check_rsa(reading, at, jwk);
    else if (jwk->kty != 0)
        check_curve(reading, at, jwk);
}

static const struct field jwk_element = {.read = read_text, .with = &shape_free_text};
static const struct list_type list_texts = {&jwk_element, sizeof(struct ambit_str), 1, 64};

/* A target of its own for what is checked and not kept. */
struct jwk_row {
    struct jwk jwk;
    struct ambit_str text;
    struct ambit_strs texts;
};

static const struct field jwk_fields[] = {
    {"kty", FIELD_REQUIRED, read_kty, offsetof(struct jwk_row, jwk.kty), .with = &words_kty},
    {"crv", FIELD_OPTIONAL, read_kty, offsetof(struct jwk_row, jwk.crv), .with = &words_crv},
    {"x", FIELD_OPTIONAL, read_octets, offsetof(struct jwk_row, jwk.x_len)},
    {"y", FIELD_OPTIONAL, read_octets, offsetof(struct jwk_row, jwk.y_len)},
    {"n", FIELD_OPTIONAL, read_octets, offsetof(struct jwk_row, jwk.n_len), .max = 1},
    {"e", FIELD_OPTIONAL, read_octets, offsetof(struct jwk_row, jwk.e_len), .max = 1},
    {"kid", FIELD_OPTIONAL, read_text, offsetof(struct jwk_row, text), .with = &shape_free_text},
    {"use", FIELD_OPTIONAL, read_alg, 0, .with = &words_use},
    {"alg", FIELD_OPTIONAL, read_alg, 0, .with = &words_alg},
    {"key_ops", FIELD_OPTIONAL, read_list, offsetof(struct jwk_row, texts), .with = &list_texts},
    {"x5c", FIELD_OPTIONAL, read_nothing, 0},
    {"x5t#S256", FIELD_OPTIONAL, read_nothing, 0},
    {"d", FIELD_OPTIONAL, refuse_private, 0},
    {"p", FIELD_OPTIONAL, refuse_private, 0},
    {"q", FIELD_OPTIONAL, refuse_private, 0},
    {"dp", FIELD_OPTIONAL, refuse_private, 0},
    {"dq", FIELD_OPTIONAL, refuse_private, 0},
    {"qi", FIELD_OPTIONAL, refuse_private, 0},
    {"oth", FIELD_OPTIONAL, refuse_private, 0},
    {"k", FIELD_OPTIONAL, refuse_private, 0},
};
static const struct object_type type_jwk = OBJECT_TYPE(jwk_fields, check_jwk);
static const struct field element_jwk = {.read = read_object, .with = &type_jwk};
static const struct list_type list_jwk = {&element_jwk, sizeof(struct jwk_row), 1, KEYS_MAX};

struct jwks {
    const struct jwk_row *v;
    size_t n;
};
/* With two keys of one `kid` the choice of a key would be a guess. */
static void check_jwks(struct reading *reading, const struct place *at, void *target)
{
    const struct jwks *jwks = target;
    struct place list = place_member(at, "keys");
    for (size_t i = 0; i < jwks->n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (!jwks->v[i].text.p || !ambit_str_eq(jwks->v[i].text, jwks->v[j].text))
                continue;
            const struct json_value *key = list.value->first;
            for (size_t k = 0; k < i; k++)
                key = key->next;
            struct place jwk = place_child(&list, key, i);
            struct place kid = place_member(&jwk, "kid");
            complain_name(reading, &kid, "a second key with the id", "each `kid` once",
                          (struct ambit_str){0});
            break;
        }
    }
}
static const struct field jwks_fields[] = {
    {"keys", FIELD_REQUIRED, read_list, 0, .with = &list_jwk},
};
static const struct object_type type_jwks = OBJECT_TYPE(jwks_fields, check_jwks);

void read_jwks(struct reading *reading, const struct place *at, const struct field *field,
               void *target)
{
    struct jwks jwks = {NULL, 0};
    size_t before = reading->n_errors;
    const struct field inner = {.read = read_object, .with = &type_jwks};
    read_object(reading, at, &inner, &jwks);
    if (reading->n_errors > before)
        return;
    struct ambit_str text = {0};
    enum ambit_err err = canonical_of(reading->keep, at->value, &text);
    if (err == AMBIT_ERR_NO_MEMORY)
        reading->is_out_of_memory = true;
    else if (err) /* inside `x5c` or `x5t#S256`, at which nobody looked */
        complain(reading, at, "not canonical JSON", "a JWK Set without decimals");
    memcpy((char *)target + field->at, &text, sizeof text);
}
