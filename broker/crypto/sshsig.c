/* SPDX-License-Identifier: Apache-2.0 */
/* The armor and the frame of an SSH signature, and what of it the key has signed. */
#include "crypto/sshsig.h"

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "crypto/inside.h"
#include "crypto/sshsig_key.h"

static const char magic[] = "SSHSIG";
enum { MAGIC_LEN = sizeof magic - 1, VERSION = 1, HASH_MAX = 64, FRAME_MAX = 512 };

/* ---- armor ---- */

static bool cut_front(struct ambit_str *text, const char *front)
{
    size_t len = strlen(front);
    if (text->len < len || memcmp(text->p, front, len) != 0)
        return false;
    *text = (struct ambit_str){.p = text->p + len, .len = text->len - len};
    return true;
}

static bool cut_back(struct ambit_str *text, const char *back)
{
    size_t len = strlen(back);
    if (text->len < len || memcmp(text->p + text->len - len, back, len) != 0)
        return false;
    text->len -= len;
    return true;
}

/* The base64 lines joined. No line is empty: one text for one signature but for where its lines
 * break. */
static AMBIT_CHECKED enum ambit_err join_lines(struct ambit_str lines, char *dst, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < lines.len; i++) {
        if (lines.p[i] != '\n')
            dst[len++] = lines.p[i];
        else if (i == 0 || lines.p[i - 1] == '\n')
            return AMBIT_ERR_MALFORMED;
    }
    *ret_len = len;
    return len > 0 ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

static AMBIT_CHECKED enum ambit_err unarmor(struct ambit_str armored, struct sshsig *ret,
                                            size_t *ret_len)
{
    char base64[SSHSIG_ARMORED_MAX];
    size_t len = 0;
    if (armored.len > SSHSIG_ARMORED_MAX)
        return AMBIT_ERR_TOO_LARGE;
    if (armored.len > 0 && armored.p[armored.len - 1] == '\n')
        armored.len--;
    if (!cut_front(&armored, "-----BEGIN SSH SIGNATURE-----\n") ||
        !cut_back(&armored, "\n-----END SSH SIGNATURE-----"))
        return AMBIT_ERR_MALFORMED;
    enum ambit_err err = join_lines(armored, base64, &len);
    if (err != AMBIT_OK)
        return err;
    err = base64_decode((struct ambit_str){.p = base64, .len = len}, ret->blob, sizeof ret->blob,
                        ret_len);
    return err == AMBIT_OK ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

/* ---- frame ---- */

bool sshsig_take(struct ambit_str *bytes, struct ambit_str *ret)
{
    if (bytes->len < 4)
        return false;
    size_t len = get_be32((const uint8_t *)bytes->p);
    if (len > bytes->len - 4)
        return false;
    *ret = (struct ambit_str){.p = bytes->p + 4, .len = len};
    *bytes = (struct ambit_str){.p = bytes->p + 4 + len, .len = bytes->len - 4 - len};
    return true;
}

enum ambit_err sshsig_read(struct ambit_str armored, struct sshsig *ret)
{
    size_t len = 0;
    enum ambit_err err = unarmor(armored, ret, &len);
    if (err != AMBIT_OK)
        return err;

    struct ambit_str rest = {.p = (const char *)ret->blob, .len = len};
    if (!cut_front(&rest, magic) || rest.len < 4 || get_be32((const uint8_t *)rest.p) != VERSION)
        return AMBIT_ERR_MALFORMED;
    rest = (struct ambit_str){.p = rest.p + 4, .len = rest.len - 4};
    struct ambit_str *const parts[] = {&ret->key, &ret->namespace, &ret->reserved, &ret->hash,
                                       &ret->signature};
    for (size_t i = 0; i < AMBIT_LEN(parts); i++) {
        if (!sshsig_take(&rest, parts[i]))
            return AMBIT_ERR_MALFORMED;
    }
    return rest.len == 0 && ret->namespace.len > 0 ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

/* ---- what was signed ---- */

static void put_string(struct buf *buf, const void *p, size_t len)
{
    uint8_t framed[4];
    put_be32(framed, (uint32_t)len);
    buf_put(buf, framed, sizeof framed);
    buf_put(buf, p, len);
}

static AMBIT_CHECKED enum ambit_err hash_message(struct ambit_str name, struct ambit_str message,
                                                 uint8_t dst[HASH_MAX], size_t *ret_len)
{
    *ret_len = HASH_MAX;
    if (ambit_str_is(name, "sha512"))
        return EVP_Q_digest(NULL, "SHA512", NULL, message.p, message.len, dst, ret_len) == 1
                   ? AMBIT_OK
                   : AMBIT_ERR_CRYPTO;
    if (!ambit_str_is(name, "sha256"))
        return AMBIT_ERR_UNSUPPORTED;
    struct ambit_digest digest;
    crypto_sha256(message.p, message.len, &digest);
    memcpy(dst, digest.b, sizeof digest.b);
    *ret_len = sizeof digest.b;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err verify_signed(const struct sshsig *sig,
                                                  struct ambit_str message)
{
    uint8_t hash[HASH_MAX];
    size_t hash_len = 0;
    enum ambit_err err = hash_message(sig->hash, message, hash, &hash_len);
    if (err != AMBIT_OK)
        return err;

    BUF_AUTO frame;
    buf_init(&frame, FRAME_MAX + SSHSIG_ARMORED_MAX);
    buf_put(&frame, magic, MAGIC_LEN);
    put_string(&frame, sig->namespace.p, sig->namespace.len);
    put_string(&frame, sig->reserved.p, sig->reserved.len);
    put_string(&frame, sig->hash.p, sig->hash.len);
    put_string(&frame, hash, hash_len);
    err = buf_check(&frame);
    return err == AMBIT_OK ? sshsig_key_verify(sig->key, sig->signature, buf_str(&frame)) : err;
}

/* ---- by whom ---- */

/* Is the key that the signature names the one of this line? */
static bool is_key_of(struct ambit_str line, struct ambit_str key)
{
    uint8_t blob[SSHSIG_ARMORED_MAX];
    size_t len = 0;
    const char *space = line.len > 0 ? memchr(line.p, ' ', line.len) : NULL;
    if (space == NULL)
        return false;
    struct ambit_str type = {.p = line.p, .len = (size_t)(space - line.p)};
    struct ambit_str rest = {.p = space + 1, .len = line.len - type.len - 1};
    const char *comment = rest.len > 0 ? memchr(rest.p, ' ', rest.len) : NULL;
    if (comment != NULL)
        rest.len = (size_t)(comment - rest.p);
    if (base64_decode(rest, blob, sizeof blob, &len) != AMBIT_OK)
        return false;

    struct ambit_str own = {.p = (const char *)blob, .len = len}, parts = own, name = {0};
    return sshsig_take(&parts, &name) && ambit_str_eq(name, type) && ambit_str_eq(own, key);
}

enum ambit_err sshsig_verify(const struct sshsig_signed *what, const struct ambit_str *signers,
                             size_t n_signers)
{
    CRYPTO_SCOPE;
    AMBIT_AUTO_FREE struct sshsig *sig = calloc(1, sizeof *sig);
    if (sig == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = sshsig_read(what->armored, sig);
    if (err != AMBIT_OK)
        return err;

    bool is_theirs = false;
    for (size_t i = 0; i < n_signers && !is_theirs; i++)
        is_theirs = is_key_of(signers[i], sig->key);
    if (!is_theirs || !ambit_str_eq(sig->namespace, what->namespace))
        return AMBIT_ERR_REFUSED;
    return verify_signed(sig, what->message);
}
