/* SPDX-License-Identifier: Apache-2.0 */
/* Key and signature blobs of OpenSSH (RFC 4253 section 6.6, RFC 5656, RFC 8332, RFC 8709,
 * PROTOCOL.u2f) on EVP. One row a kind of key; what has no row is not accepted. */
#include "crypto/sshsig_key.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "crypto/inside.h"

enum { ED25519_KEY = 32, ED25519_SIGNATURE = 64, COORDINATE_MAX = 66, DER_MAX = 160 };
enum { USER_PRESENT = 1 };

struct sshsig_kind {
    const char *name; /* of the key */
    const char *algorithm, *other_algorithm;
    const char *curve, *group; /* as SSH and as OpenSSL call it */
    size_t coordinate;
    const char *md, *other_md; /* NULL: over the message itself */
    bool is_on_a_token;
};

static const struct sshsig_kind kinds[] = {
    {.name = "ssh-ed25519", .algorithm = "ssh-ed25519"},
    {.name = "ecdsa-sha2-nistp256",
     .algorithm = "ecdsa-sha2-nistp256",
     .curve = "nistp256",
     .group = "P-256",
     .coordinate = 32,
     .md = "SHA256"},
    {.name = "ecdsa-sha2-nistp384",
     .algorithm = "ecdsa-sha2-nistp384",
     .curve = "nistp384",
     .group = "P-384",
     .coordinate = 48,
     .md = "SHA384"},
    {.name = "ecdsa-sha2-nistp521",
     .algorithm = "ecdsa-sha2-nistp521",
     .curve = "nistp521",
     .group = "P-521",
     .coordinate = 66,
     .md = "SHA512"},
    {.name = "ssh-rsa",
     .algorithm = "rsa-sha2-256",
     .other_algorithm = "rsa-sha2-512",
     .md = "SHA256",
     .other_md = "SHA512"},
    {.name = "sk-ssh-ed25519@openssh.com",
     .algorithm = "sk-ssh-ed25519@openssh.com",
     .is_on_a_token = true},
    {.name = "sk-ecdsa-sha2-nistp256@openssh.com",
     .algorithm = "sk-ecdsa-sha2-nistp256@openssh.com",
     .curve = "nistp256",
     .group = "P-256",
     .coordinate = 32,
     .md = "SHA256",
     .is_on_a_token = true},
};

/* A key and a signature taken apart. */
struct sshsig_parts {
    const struct sshsig_kind *kind;
    const char *md;
    EVP_PKEY *pkey;
    size_t signature_len; /* RSA: exactly the modulus' */
    struct ambit_str application;
    struct ambit_str signature;
    uint8_t flags, counter[4];
};

static void parts_done(struct sshsig_parts *parts)
{
    EVP_PKEY_free(parts->pkey);
}
#define PARTS_AUTO AMBIT_CLEANUP(parts_done) struct sshsig_parts

/* ---- keys ---- */

static AMBIT_CHECKED enum ambit_err key_of(const char *type, OSSL_PARAM *params, EVP_PKEY **ret)
{
    PKEY_CTX_AUTO *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
        return AMBIT_ERR_NO_MEMORY;
    if (EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return AMBIT_ERR_MALFORMED;
    *ret = pkey;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err take_ec(struct ambit_str *blob, struct sshsig_parts *parts)
{
    struct ambit_str curve = {0}, point = {0};
    char group[8] = {0};
    uint8_t bytes[1 + 2 * COORDINATE_MAX] = {0};
    size_t len = 1 + 2 * parts->kind->coordinate;
    if (!sshsig_take(blob, &curve) || !ambit_str_is(curve, parts->kind->curve) ||
        !sshsig_take(blob, &point) || point.len != len || point.p[0] != 4)
        return AMBIT_ERR_MALFORMED;
    memcpy(group, parts->kind->group, strlen(parts->kind->group));
    memcpy(bytes, point.p, len);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes, len),
        OSSL_PARAM_construct_end(),
    };
    enum ambit_err err = key_of("EC", params, &parts->pkey);
    if (err != AMBIT_OK)
        return err;
    PKEY_CTX_AUTO *check = EVP_PKEY_CTX_new_from_pkey(NULL, parts->pkey, NULL);
    if (check == NULL)
        return AMBIT_ERR_NO_MEMORY;
    return EVP_PKEY_public_check(check) == 1 ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

static AMBIT_CHECKED enum ambit_err take_ed25519(struct ambit_str *blob, struct sshsig_parts *parts)
{
    struct ambit_str key = {0};
    if (!sshsig_take(blob, &key) || key.len != ED25519_KEY)
        return AMBIT_ERR_MALFORMED;
    parts->pkey =
        EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, (const uint8_t *)key.p, key.len);
    return parts->pkey != NULL ? AMBIT_OK : AMBIT_ERR_CRYPTO;
}

/* A positive mpint in its one form, without the byte that only says that it is positive. */
static bool take_number(struct ambit_str *blob, struct ambit_str *ret)
{
    if (!sshsig_take(blob, ret) || ret->len == 0 || (ret->p[0] & 0x80) != 0)
        return false;
    if (ret->p[0] != 0)
        return true;
    *ret = (struct ambit_str){.p = ret->p + 1, .len = ret->len - 1};
    return ret->len > 0 && (ret->p[0] & 0x80) != 0;
}

/* OpenSSL takes numbers in the order of the machine. */
static OSSL_PARAM number_param(const char *name, struct ambit_str number, uint8_t *dst)
{
    for (size_t i = 0; i < number.len; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        dst[i] = (uint8_t)number.p[number.len - 1 - i];
#else
        dst[i] = (uint8_t)number.p[i];
#endif
    }
    return OSSL_PARAM_construct_BN(name, dst, number.len);
}

static AMBIT_CHECKED enum ambit_err take_rsa(struct ambit_str *blob, struct sshsig_parts *parts)
{
    struct ambit_str e = {0}, n = {0};
    uint8_t e_bytes[KEY_PART_MAX], n_bytes[KEY_PART_MAX];
    if (!take_number(blob, &e) || !take_number(blob, &n))
        return AMBIT_ERR_MALFORMED;
    if (!rsa_is_acceptable((const uint8_t *)n.p, n.len, (const uint8_t *)e.p, e.len))
        return AMBIT_ERR_UNSUPPORTED;
    parts->signature_len = n.len;
    OSSL_PARAM params[] = {
        number_param(OSSL_PKEY_PARAM_RSA_N, n, n_bytes),
        number_param(OSSL_PKEY_PARAM_RSA_E, e, e_bytes),
        OSSL_PARAM_construct_end(),
    };
    return key_of("RSA", params, &parts->pkey);
}

static AMBIT_CHECKED enum ambit_err take_key(struct ambit_str blob, struct sshsig_parts *parts)
{
    struct ambit_str name = {0};
    if (!sshsig_take(&blob, &name))
        return AMBIT_ERR_MALFORMED;
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        if (ambit_str_is(name, kinds[i].name))
            parts->kind = &kinds[i];
    }
    if (parts->kind == NULL)
        return AMBIT_ERR_UNSUPPORTED;

    enum ambit_err err = AMBIT_OK;
    if (parts->kind->curve != NULL)
        err = take_ec(&blob, parts);
    else if (parts->kind->other_algorithm != NULL)
        err = take_rsa(&blob, parts);
    else
        err = take_ed25519(&blob, parts);
    if (err != AMBIT_OK)
        return err;
    if (parts->kind->is_on_a_token &&
        (!sshsig_take(&blob, &parts->application) || parts->application.len == 0))
        return AMBIT_ERR_MALFORMED;
    return blob.len == 0 ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

/* ---- signatures ---- */

static AMBIT_CHECKED enum ambit_err take_signature(struct ambit_str blob,
                                                   struct sshsig_parts *parts)
{
    struct ambit_str name = {0};
    const struct sshsig_kind *kind = parts->kind;
    if (!sshsig_take(&blob, &name) || !sshsig_take(&blob, &parts->signature))
        return AMBIT_ERR_MALFORMED;
    if (ambit_str_is(name, kind->algorithm))
        parts->md = kind->md;
    else if (kind->other_algorithm != NULL && ambit_str_is(name, kind->other_algorithm))
        parts->md = kind->other_md;
    else
        return AMBIT_ERR_UNSUPPORTED; /* ssh-rsa with SHA-1 among them (RFC 8332) */
    if (kind->is_on_a_token) {
        if (blob.len != 1 + sizeof parts->counter)
            return AMBIT_ERR_MALFORMED;
        parts->flags = (uint8_t)blob.p[0];
        memcpy(parts->counter, blob.p + 1, sizeof parts->counter);
        return AMBIT_OK;
    }
    return blob.len == 0 ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

/* r and s as two INTEGERs: an mpint's bytes are those of a DER INTEGER. */
static AMBIT_CHECKED enum ambit_err der_of(struct ambit_str pair, size_t coordinate,
                                           struct buf *der)
{
    char body_bytes[DER_MAX];
    struct buf body;
    buf_init_fixed(&body, body_bytes, sizeof body_bytes);
    for (int i = 0; i < 2; i++) {
        struct ambit_str number = {0};
        if (!take_number(&pair, &number) || number.len > coordinate)
            return AMBIT_ERR_MALFORMED;
        bool is_high = (number.p[0] & 0x80) != 0;
        buf_put_char(&body, 0x02);
        buf_put_char(&body, (char)(number.len + is_high));
        if (is_high)
            buf_put_char(&body, 0);
        buf_put_str(&body, number);
    }
    if (pair.len != 0)
        return AMBIT_ERR_MALFORMED;
    buf_put_char(der, 0x30);
    if (body.len >= 0x80)
        buf_put_char(der, (char)0x81);
    buf_put_char(der, (char)body.len);
    buf_put_str(der, buf_str(&body));
    return buf_check(&body) == AMBIT_OK ? buf_check(der) : AMBIT_ERR_MALFORMED;
}

/* What a security key signs: who asked it, whether somebody touched it, how often it signed, and
 * the message's digest. */
static void token_message(const struct sshsig_parts *parts, struct ambit_str message,
                          struct buf *dst)
{
    struct ambit_digest application, digest;
    crypto_sha256(parts->application.p, parts->application.len, &application);
    crypto_sha256(message.p, message.len, &digest);
    buf_put(dst, application.b, sizeof application.b);
    buf_put_char(dst, (char)parts->flags);
    buf_put(dst, parts->counter, sizeof parts->counter);
    buf_put(dst, digest.b, sizeof digest.b);
}

static AMBIT_CHECKED enum ambit_err verify(const struct sshsig_parts *parts,
                                           struct ambit_str signature, struct ambit_str message)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (md == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = AMBIT_ERR_CRYPTO;
    /* RSA is PKCS #1 v1.5 (RFC 8332 section 3), which is what EVP does unless told otherwise. */
    if (EVP_DigestVerifyInit_ex(md, NULL, parts->md, NULL, NULL, parts->pkey, NULL) == 1)
        err = EVP_DigestVerify(md, (const uint8_t *)signature.p, signature.len,
                               (const uint8_t *)message.p, message.len) == 1
                  ? AMBIT_OK
                  : AMBIT_ERR_REFUSED;
    EVP_MD_CTX_free(md);
    return err;
}

enum ambit_err sshsig_key_verify(struct ambit_str key, struct ambit_str signature,
                                 struct ambit_str message)
{
    PARTS_AUTO parts = {.kind = NULL};
    enum ambit_err err = take_key(key, &parts);
    if (err == AMBIT_OK)
        err = take_signature(signature, &parts);
    if (err != AMBIT_OK)
        return err;
    if (parts.kind->is_on_a_token && !(parts.flags & USER_PRESENT))
        return AMBIT_ERR_REFUSED; /* a confirmation is a person's act */

    char der_bytes[DER_MAX], token_bytes[2 * sizeof(struct ambit_digest) + 8];
    struct buf der, token;
    buf_init_fixed(&der, der_bytes, sizeof der_bytes);
    buf_init_fixed(&token, token_bytes, sizeof token_bytes);
    struct ambit_str raw = parts.signature;
    if (parts.kind->curve != NULL) {
        err = der_of(parts.signature, parts.kind->coordinate, &der);
        if (err != AMBIT_OK)
            return err;
        raw = buf_str(&der);
    } else {
        size_t len = parts.signature_len > 0 ? parts.signature_len : ED25519_SIGNATURE;
        if (raw.len != len)
            return AMBIT_ERR_MALFORMED;
    }
    if (parts.kind->is_on_a_token) {
        token_message(&parts, message, &token);
        message = buf_str(&token);
    }
    return verify(&parts, raw, message);
}
