/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, verifying and signing notes (NOT-1, NOT-3, COS-1). */
#include "ledger/note.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "crypto/key.h"

enum {
    ID_BYTES = 4,
    COSIGNED_FRONT_MAX = 64, /* "cosignature/v1\ntime <decimal>\n" */
};

/* Em dash (U+2014) and a space. */
static const char line_front[] = "\xe2\x80\x94 ";
enum { LINE_FRONT_LEN = sizeof line_front - 1 };

/* ---- reading ------------------------------------------------------------------------------- */

bool note_take_line(struct ambit_str *text, struct ambit_str *ret)
{
    const char *newline = text->len ? memchr(text->p, '\n', text->len) : NULL;
    if (!newline)
        return false;
    *ret = (struct ambit_str){.p = text->p, .len = (size_t)(newline - text->p)};
    *text = (struct ambit_str){.p = newline + 1, .len = text->len - ret->len - 1};
    return true;
}

bool note_text_is_valid(struct ambit_str text)
{
    if (text.len == 0 || text.p[text.len - 1] != '\n' || !utf8_is_valid(text))
        return false;
    for (struct ambit_str line; note_take_line(&text, &line);)
        if (text_has_control(line))
            return false;
    return true;
}

/* Id and signature of a line; their length, or 0 when the text is no base64 of so many. */
static size_t decode(const struct note_signature *signature, uint8_t *dst, size_t size)
{
    size_t len = 0;
    return base64_decode(signature->base64, dst, size, &len) == AMBIT_OK ? len : 0;
}

enum ambit_err note_signature_read(struct ambit_str line, struct note_signature *ret)
{
    struct note_signature signature = {.line = line};
    if (line.len < LINE_FRONT_LEN || memcmp(line.p, line_front, LINE_FRONT_LEN) != 0)
        return AMBIT_ERR_MALFORMED;
    struct ambit_str rest = {.p = line.p + LINE_FRONT_LEN, .len = line.len - LINE_FRONT_LEN};
    const char *space = rest.len ? memchr(rest.p, ' ', rest.len) : NULL;
    if (!space)
        return AMBIT_ERR_MALFORMED;
    signature.name = (struct ambit_str){.p = rest.p, .len = (size_t)(space - rest.p)};
    signature.base64 = (struct ambit_str){.p = space + 1, .len = rest.len - signature.name.len - 1};
    if (!note_name_is_valid(signature.name))
        return AMBIT_ERR_MALFORMED;

    /* Of any type and so of any length: it need not be one that we know. */
    size_t room = base64url_decoded_max(signature.base64.len);
    AMBIT_AUTO_FREE uint8_t *bytes = malloc(room);
    if (!bytes)
        return AMBIT_ERR_NO_MEMORY;
    if (decode(&signature, bytes, room) <= ID_BYTES)
        return AMBIT_ERR_MALFORMED;
    signature.id = get_be32(bytes);
    *ret = signature;
    return AMBIT_OK;
}

/* Where the last empty line stands: the end of the text. 0: there is none. */
static size_t text_end(struct ambit_str bytes)
{
    for (size_t i = bytes.len; i >= 2; i--)
        if (bytes.p[i - 1] == '\n' && bytes.p[i - 2] == '\n')
            return i - 1;
    return 0;
}

enum ambit_err note_read(struct ambit_str bytes, struct note *ret)
{
    if (bytes.len > NOTE_BYTES_MAX)
        return AMBIT_ERR_TOO_LARGE;
    size_t end = note_text_is_valid(bytes) ? text_end(bytes) : 0;
    if (end == 0)
        return AMBIT_ERR_MALFORMED;
    ret->text = (struct ambit_str){.p = bytes.p, .len = end};
    ret->n = 0;
    struct ambit_str lines = {.p = bytes.p + end + 1, .len = bytes.len - end - 1}, line = {0};
    while (note_take_line(&lines, &line)) {
        if (ret->n == NOTE_SIGNATURES_MAX)
            return AMBIT_ERR_TOO_LARGE;
        enum ambit_err err = note_signature_read(line, &ret->signature[ret->n++]);
        if (err != AMBIT_OK)
            return err;
    }
    return ret->n > 0 ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

/* ---- verifying ----------------------------------------------------------------------------- */

enum ambit_err note_cosigned_at(const struct note_signature *signature, uint64_t *ret_unix_s)
{
    uint8_t bytes[ID_BYTES + NOTE_COSIGNATURE_BYTES + 3];
    if (decode(signature, bytes, sizeof bytes) != ID_BYTES + NOTE_COSIGNATURE_BYTES)
        return AMBIT_ERR_MALFORMED;
    *ret_unix_s = get_be64(bytes + ID_BYTES);
    return AMBIT_OK;
}

/* What an Ed25519 key signs: the text, behind a cosignature's front (COS-1). */
static void put_signed(struct ambit_str text, enum note_type type, uint64_t unix_s, struct buf *out)
{
    if (type == NOTE_COSIGNATURE)
        buf_printf(out, "cosignature/v1\ntime %llu\n", (unsigned long long)unix_s);
    buf_put_str(out, text);
}

static bool is_by(const struct note_signature *signature, const struct note_verifier *verifier)
{
    return signature->id == verifier->id &&
           ambit_str_eq(signature->name, note_verifier_name(verifier));
}

enum ambit_err note_signature_verify(const struct note_signature *signature,
                                     const struct note_verifier *verifier, struct ambit_str text)
{
    uint8_t bytes[ID_BYTES + NOTE_COSIGNATURE_BYTES + 3];
    size_t front = verifier->type == NOTE_COSIGNATURE ? ID_BYTES + 8 : ID_BYTES;
    if (!is_by(signature, verifier) ||
        decode(signature, bytes, sizeof bytes) != front + NOTE_SIGNATURE_BYTES)
        return AMBIT_ERR_REFUSED;

    CRYPTO_KEY_AUTO *key = NULL;
    BUF_AUTO message = {.max = NOTE_BYTES_MAX + COSIGNED_FRONT_MAX};
    put_signed(text, verifier->type, front > ID_BYTES ? get_be64(bytes + ID_BYTES) : 0, &message);
    enum ambit_err err = buf_check(&message);
    if (err == AMBIT_OK)
        err = crypto_key_from_ed25519(verifier->key, &key);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_REFUSED : err;
    struct ambit_str signed_by = {.p = (const char *)bytes + front, .len = NOTE_SIGNATURE_BYTES};
    return crypto_verify(key, CRYPTO_ED25519, buf_str(&message), signed_by);
}

enum ambit_err note_verify(const struct note *note, const struct note_verifier *known, size_t n,
                           bool *ret_signed)
{
    bool is_signed = false;
    for (size_t k = 0; ret_signed && k < n; k++)
        ret_signed[k] = false;
    for (size_t i = 0; i < note->n; i++) {
        for (size_t k = 0; k < n; k++) {
            if (!is_by(&note->signature[i], &known[k]))
                continue;
            enum ambit_err err = note_signature_verify(&note->signature[i], &known[k], note->text);
            if (err != AMBIT_OK)
                return err;
            is_signed = true;
            if (ret_signed)
                ret_signed[k] = true;
        }
    }
    return is_signed ? AMBIT_OK : AMBIT_ERR_REFUSED;
}

/* ---- signing ------------------------------------------------------------------------------- */

enum ambit_err note_sign_line(struct ambit_str text, const struct note_signer *signer,
                              struct buf *out)
{
    uint8_t bytes[ID_BYTES + NOTE_COSIGNATURE_BYTES], signature[CRYPTO_SIGNATURE_MAX];
    struct note_verifier verifier;
    size_t len = 0, front = ID_BYTES;
    if (!note_text_is_valid(text))
        return AMBIT_ERR_MALFORMED;
    enum ambit_err err = note_verifier_of(signer->name, signer->type, signer->key, &verifier);
    if (err != AMBIT_OK)
        return err;
    BUF_AUTO message = {.max = NOTE_BYTES_MAX + COSIGNED_FRONT_MAX};
    put_signed(text, signer->type, signer->unix_s, &message);
    err = buf_check(&message);
    if (err == AMBIT_OK)
        err = crypto_sign(signer->key, CRYPTO_ED25519, buf_str(&message), signature, &len);
    if (err != AMBIT_OK)
        return err;
    AMBIT_ASSERT(len == NOTE_SIGNATURE_BYTES);

    put_be32(bytes, verifier.id);
    if (signer->type == NOTE_COSIGNATURE) {
        put_be64(bytes + front, signer->unix_s);
        front += 8;
    }
    memcpy(bytes + front, signature, len);
    buf_put(out, line_front, LINE_FRONT_LEN);
    buf_put_str(out, signer->name);
    buf_put_char(out, ' ');
    buf_put_base64(out, bytes, front + len);
    buf_put_char(out, '\n');
    return buf_check(out);
}

enum ambit_err note_sign(struct ambit_str text, const struct note_signer *signer, struct buf *out)
{
    buf_put_str(out, text);
    buf_put_char(out, '\n');
    return note_sign_line(text, signer, out);
}
