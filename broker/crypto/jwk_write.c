/* SPDX-License-Identifier: Apache-2.0 */
/* Key to JWK, and the thumbprint of RFC 7638. One sorted table gives the order of both: RFC 7638
 * section 3 asks for the same order as RFC 8785. */
#include "base/encode.h"
#include "base/json_write.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/inside.h"
#include "crypto/jwk.h"
#include "crypto/key.h"

enum what { THUMBPRINT, PUBLIC, PRIVATE };

static const struct member {
    const char *name;
    enum what from; /* written for this and what comes after it */
    bool is_text;
} members[] = {
    {"alg", PUBLIC, true},  {"crv", THUMBPRINT, true}, {"d", PRIVATE, false},
    {"dp", PRIVATE, false}, {"dq", PRIVATE, false},    {"e", THUMBPRINT, false},
    {"kid", PUBLIC, true},  {"kty", THUMBPRINT, true}, {"n", THUMBPRINT, false},
    {"p", PRIVATE, false},  {"q", PRIVATE, false},     {"qi", PRIVATE, false},
    {"use", PUBLIC, true},  {"x", THUMBPRINT, false},  {"y", THUMBPRINT, false},
};

static const char *kty_of(enum key_kind kind)
{
    switch (kind) {
    case KEY_EC:
        return "EC";
    case KEY_OKP:
        return "OKP";
    case KEY_RSA:
        return "RSA";
    }
    return "";
}

static const char *crv_of(enum key_kind kind)
{
    switch (kind) {
    case KEY_EC:
        return "P-256";
    case KEY_OKP:
        return "Ed25519";
    case KEY_RSA:
        return NULL;
    }
    return NULL;
}

static void put_text_member(const struct crypto_key *key, const char *name, enum crypto_alg alg,
                            struct json_out *out)
{
    char kid[CRYPTO_KID_LEN];

    if (streq(name, "kid")) {
        crypto_key_kid(key, kid);
        json_member_str(out, name, (struct ambit_str){.p = kid, .len = sizeof kid});
    } else if (streq(name, "kty")) {
        json_member_text(out, name, kty_of(key->kind));
    } else if (streq(name, "crv")) {
        json_member_text(out, name, crv_of(key->kind));
    } else if (streq(name, "use")) {
        json_member_text(out, name, "sig");
    } else {
        json_member_text(out, name, crypto_alg_text(alg));
    }
}

static enum ambit_err put_bytes_member(const struct crypto_key *key, const char *name,
                                       struct json_out *out)
{
    uint8_t bytes[KEY_PART_MAX] = {0};
    char text[KEY_PART_MAX * 4 / 3 + 4] = {0};
    size_t len = 0;

    enum ambit_err err = key_part(key, name, bytes, &len);
    if (err == AMBIT_OK) {
        base64url_encode(bytes, len, text);
        json_member_str(out, name,
                        (struct ambit_str){.p = text, .len = base64url_encoded_len(len)});
    }
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(text, sizeof text);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err; /* no member of keys of this kind */
}

static enum ambit_err put_members(const struct crypto_key *key, enum what what, enum crypto_alg alg,
                                  struct json_out *out)
{
    json_begin_object(out);
    for (size_t i = 0; i < AMBIT_LEN(members); i++) {
        if (members[i].from > what)
            continue;
        if (members[i].is_text) {
            put_text_member(key, members[i].name, alg, out);
            continue;
        }
        enum ambit_err err = put_bytes_member(key, members[i].name, out);
        if (err != AMBIT_OK)
            return err;
    }
    json_end_object(out);
    return AMBIT_OK;
}

enum ambit_err jwk_thumbprint(const struct crypto_key *key, struct ambit_digest *ret)
{
    BUF_AUTO text = {0};
    struct json_out out = {0};

    json_out_init(&out, &text, true);
    enum ambit_err err = put_members(key, THUMBPRINT, crypto_key_alg(key), &out);
    if (err != AMBIT_OK)
        return err;
    err = buf_check(&text);
    if (err != AMBIT_OK)
        return err;
    crypto_sha256(text.p, text.len, ret);
    return AMBIT_OK;
}

void crypto_key_put_jwk(const struct crypto_key *key, enum crypto_alg alg, struct json_out *out)
{
    CRYPTO_SCOPE;
    enum ambit_err err = put_members(key, PUBLIC, alg, out);

    if (err != AMBIT_OK)
        buf_fail(out->buf, err);
}

enum ambit_err crypto_key_put_private_jwk(const struct crypto_key *key, enum crypto_alg alg,
                                          struct json_out *out)
{
    CRYPTO_SCOPE;

    if (!key->is_private)
        return AMBIT_ERR_UNSUPPORTED;
    enum ambit_err err = put_members(key, PRIVATE, alg, out);
    return err == AMBIT_OK ? buf_check(out->buf) : err;
}
