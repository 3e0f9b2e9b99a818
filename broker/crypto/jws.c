/* SPDX-License-Identifier: Apache-2.0 */
/* Compact JWS: sign, parse, verify. Key sets: jwk_set.c. */
#include "crypto/jws.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/utf8.h"

enum { HEADER_MAX = 192, TYP_MAX = 64 };

struct jws_signer {
    struct crypto_key *key;
    enum crypto_alg alg;
    char prefix[HEADER_MAX]; /* {"alg":"..","kid":"..","typ":" */
    size_t prefix_len;
};

enum ambit_err jws_signer_new(struct crypto_key *key, enum crypto_alg alg, struct jws_signer **ret)
{
    char kid[CRYPTO_KID_LEN];
    struct buf prefix = {0};

    if (!crypto_key_is_private(key) || !crypto_key_fits(key, alg))
        return AMBIT_ERR_REFUSED;
    struct jws_signer *signer = calloc(1, sizeof *signer);
    if (!signer)
        return AMBIT_ERR_NO_MEMORY;
    crypto_key_kid(key, kid);
    buf_init_fixed(&prefix, signer->prefix, sizeof signer->prefix);
    buf_put_text(&prefix, "{\"alg\":\"");
    buf_put_text(&prefix, crypto_alg_text(alg));
    buf_put_text(&prefix, "\",\"kid\":\"");
    buf_put(&prefix, kid, sizeof kid);
    buf_put_text(&prefix, "\",\"typ\":\"");
    AMBIT_ASSERT(buf_check(&prefix) == AMBIT_OK);
    signer->prefix_len = prefix.len;
    signer->key = crypto_key_hold(key);
    signer->alg = alg;
    *ret = signer;
    return AMBIT_OK;
}

void jws_signer_free(struct jws_signer *signer)
{
    if (!signer)
        return;
    crypto_key_free(signer->key);
    free(signer);
}

enum crypto_alg jws_signer_alg(const struct jws_signer *signer)
{
    return signer->alg;
}

const struct crypto_key *jws_signer_key(const struct jws_signer *signer)
{
    return signer->key;
}

/* Header and payload, joined by a dot, as they are signed. */
static void put_signing_input(const struct jws_signer *signer, const char *typ,
                              struct ambit_str payload, struct buf *out)
{
    char header[HEADER_MAX + TYP_MAX + 2];
    size_t typ_len = strlen(typ), len = signer->prefix_len;

    AMBIT_ASSERT(typ_len <= TYP_MAX && json_plain_run(typ, typ_len) == typ_len);
    memcpy(header, signer->prefix, len);
    memcpy(header + len, typ, typ_len);
    memcpy(header + len + typ_len, "\"}", 2);
    buf_put_base64url(out, (const uint8_t *)header, len + typ_len + 2);
    buf_put_char(out, '.');
    buf_put_base64url(out, (const uint8_t *)payload.p, payload.len);
}

enum ambit_err jws_sign(const struct jws_signer *signer, const char *typ, struct ambit_str payload,
                        struct buf *out)
{
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t start = out->len, signature_len = 0;

    enum ambit_err err = buf_check(out);
    if (err != AMBIT_OK)
        return err;
    put_signing_input(signer, typ, payload, out);
    err = buf_check(out);
    if (err == AMBIT_OK) {
        struct ambit_str input = {.p = out->p + start, .len = out->len - start};
        err = crypto_sign(signer->key, signer->alg, input, signature, &signature_len);
    }
    if (err == AMBIT_OK) {
        buf_put_char(out, '.');
        buf_put_base64url(out, signature, signature_len);
        err = buf_check(out);
    }
    if (err != AMBIT_OK) {
        out->len = start;
        out->err = AMBIT_OK; /* as it was: checked at entry */
    }
    return err;
}

/* ---- reading ---- */

/* The piece of `rest` before the first dot, or all of it; `rest` becomes what follows the dot. */
static struct ambit_str take_part(struct ambit_str *rest, bool *ret_had_dot)
{
    const char *dot = rest->len ? memchr(rest->p, '.', rest->len) : NULL;
    struct ambit_str part = {.p = rest->p, .len = dot ? (size_t)(dot - rest->p) : rest->len};

    *ret_had_dot = dot != NULL;
    if (dot)
        *rest = (struct ambit_str){.p = dot + 1, .len = rest->len - part.len - 1};
    return part;
}

static enum ambit_err decode_part(struct ambit_str text, struct arena *arena, struct ambit_str *ret)
{
    size_t size = base64url_decoded_max(text.len), len = 0;
    uint8_t *bytes = arena_alloc(arena, size);

    if (!bytes)
        return arena_err(arena);
    enum ambit_err err = base64url_decode(text, bytes, size, &len);
    if (err != AMBIT_OK)
        return err;
    *ret = (struct ambit_str){.p = (const char *)bytes, .len = len};
    return AMBIT_OK;
}

/* A string member: absent is {NULL,0}; of another kind is refused. */
static enum ambit_err optional_text(const struct json_value *header, const char *name,
                                    struct ambit_str *ret)
{
    const struct json_value *value = json_get(header, name);

    if (value && value->kind != JSON_STRING)
        return AMBIT_ERR_MALFORMED;
    *ret = value ? value->text : (struct ambit_str){0};
    return AMBIT_OK;
}

/* JWS-4: lower case, without "application/". */
static enum ambit_err normalise_typ(struct ambit_str *typ, struct arena *arena)
{
    static const char prefix[] = "application/";
    const size_t prefix_len = sizeof prefix - 1;

    if (!typ->p)
        return AMBIT_OK;
    char *copy = arena_alloc(arena, typ->len + 1);
    if (!copy)
        return arena_err(arena);
    for (size_t i = 0; i < typ->len; i++) {
        char c = typ->p[i];
        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    bool is_prefixed = typ->len > prefix_len && memcmp(copy, prefix, prefix_len) == 0;
    size_t skip = is_prefixed ? prefix_len : 0;
    *typ = (struct ambit_str){.p = copy + skip, .len = typ->len - skip};
    return AMBIT_OK;
}

static enum ambit_err read_header(struct ambit_str text, struct arena *arena, struct jws *jws)
{
    struct ambit_str alg = {0};

    enum ambit_err err =
        json_read(text, (struct json_limits){.allow_decimals = true}, arena, &jws->header, NULL);
    if (err != AMBIT_OK)
        return err;
    if (jws->header->kind != JSON_OBJECT)
        return AMBIT_ERR_MALFORMED;
    err = optional_text(jws->header, "alg", &alg);
    if (err == AMBIT_OK)
        err = optional_text(jws->header, "typ", &jws->typ);
    if (err == AMBIT_OK)
        err = optional_text(jws->header, "kid", &jws->kid);
    if (err != AMBIT_OK)
        return err;
    if (!alg.p)
        return AMBIT_ERR_MALFORMED;
    if (json_get(jws->header, "crit"))
        return AMBIT_ERR_UNSUPPORTED; /* JWS-3: ambit processes no extension */
    err = crypto_alg_parse(alg, &jws->alg);
    return err == AMBIT_OK ? normalise_typ(&jws->typ, arena) : err;
}

enum ambit_err jws_parse(struct ambit_str text, struct arena *arena, struct jws *ret)
{
    struct jws jws = {0};
    struct ambit_str rest = text, header_text = {0};
    bool had_first = false, had_second = false;

    if (text.len > AMBIT_JWS_BYTES)
        return AMBIT_ERR_TOO_LARGE;
    struct ambit_str header = take_part(&rest, &had_first);
    struct ambit_str payload = take_part(&rest, &had_second);
    if (!had_first || !had_second)
        return AMBIT_ERR_MALFORMED;
    jws.signing_input = (struct ambit_str){.p = text.p, .len = header.len + 1 + payload.len};

    enum ambit_err err = decode_part(header, arena, &header_text);
    if (err == AMBIT_OK)
        err = read_header(header_text, arena, &jws);
    if (err == AMBIT_OK)
        err = decode_part(payload, arena, &jws.payload);
    if (err == AMBIT_OK) /* a third dot is no digit of base64url */
        err = decode_part(rest, arena, &jws.signature);
    if (err != AMBIT_OK)
        return err;
    *ret = jws;
    return AMBIT_OK;
}

bool jws_is_typ(const struct jws *jws, const char *typ)
{
    return jws->typ.p && ambit_str_is(jws->typ, typ);
}

enum ambit_err jws_verify(const struct crypto_key *key, unsigned algs, const struct jws *jws)
{
    if (!(algs & CRYPTO_ALG_BIT(jws->alg)))
        return AMBIT_ERR_REFUSED;
    return crypto_verify(key, jws->alg, jws->signing_input, jws->signature);
}
