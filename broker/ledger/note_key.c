/* SPDX-License-Identifier: Apache-2.0 */
/* Names, ids and texts of the keys that sign notes (NOT-2). */
#include "base/buf.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "ledger/note.h"

enum { ID_HEX = 8, TYPED_BYTES = 1 + NOTE_KEY_BYTES };

/* What Unicode calls White_Space, above the control characters. */
static bool is_space(uint32_t c)
{
    return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool note_name_is_valid(struct ambit_str name)
{
    if (name.len == 0 || name.len > NOTE_NAME_MAX || text_has_control(name))
        return false;
    for (size_t i = 0; i < name.len;) {
        size_t n = utf8_sequence(name.p + i, name.len - i);
        if (n == 0 || name.p[i] == '+' || is_space(utf8_code_point(name.p + i, n)))
            return false;
        i += n;
    }
    return true;
}

static uint32_t key_id(const struct note_verifier *verifier)
{
    uint8_t typed[TYPED_BYTES] = {(uint8_t)verifier->type};
    memcpy(typed + 1, verifier->key, NOTE_KEY_BYTES);
    const struct ambit_str parts[] = {note_verifier_name(verifier),
                                      AMBIT_STR("\n"),
                                      {.p = (const char *)typed, .len = sizeof typed}};
    struct ambit_digest digest;
    crypto_sha256_parts(parts, AMBIT_LEN(parts), &digest);
    return get_be32(digest.b);
}

/* Name, type and id; the bytes of the key stand there already. */
static void name_key(struct note_verifier *verifier, struct ambit_str name, enum note_type type)
{
    memcpy(verifier->name, name.p, name.len);
    verifier->name_len = name.len;
    verifier->type = type;
    verifier->id = key_id(verifier);
}

/* What stands before the first '+', which is taken off with it; false when there is none. */
static bool cut_plus(struct ambit_str *text, struct ambit_str *ret)
{
    const char *plus = text->len ? memchr(text->p, '+', text->len) : NULL;
    if (!plus)
        return false;
    *ret = (struct ambit_str){.p = text->p, .len = (size_t)(plus - text->p)};
    *text = (struct ambit_str){.p = plus + 1, .len = text->len - ret->len - 1};
    return true;
}

enum ambit_err note_verifier_read(struct ambit_str text, struct note_verifier *ret)
{
    struct note_verifier verifier = {.name_len = 0};
    struct ambit_str name = {0}, hex = {0};
    uint8_t id[ID_HEX / 2], typed[NOTE_VKEY_MAX];
    size_t len = 0;
    if (!cut_plus(&text, &name) || !cut_plus(&text, &hex) || !note_name_is_valid(name) ||
        hex_decode(hex, id, sizeof id) != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;
    if (base64_decode(text, typed, sizeof typed, &len) != AMBIT_OK || len == 0)
        return AMBIT_ERR_MALFORMED;
    if (typed[0] != NOTE_ED25519 && typed[0] != NOTE_COSIGNATURE)
        return AMBIT_ERR_UNSUPPORTED;
    if (len != TYPED_BYTES)
        return AMBIT_ERR_MALFORMED;
    memcpy(verifier.key, typed + 1, NOTE_KEY_BYTES);
    name_key(&verifier, name, (enum note_type)typed[0]);
    if (verifier.id != get_be32(id))
        return AMBIT_ERR_MALFORMED;
    *ret = verifier;
    return AMBIT_OK;
}

void note_verifier_put(const struct note_verifier *verifier, struct buf *out)
{
    uint8_t id[ID_HEX / 2], typed[TYPED_BYTES] = {(uint8_t)verifier->type};
    put_be32(id, verifier->id);
    memcpy(typed + 1, verifier->key, NOTE_KEY_BYTES);
    buf_put_str(out, note_verifier_name(verifier));
    buf_put_char(out, '+');
    buf_put_hex(out, id, sizeof id);
    buf_put_char(out, '+');
    buf_put_base64(out, typed, sizeof typed);
}

enum ambit_err note_verifier_of(struct ambit_str name, enum note_type type,
                                const struct crypto_key *key, struct note_verifier *ret)
{
    struct note_verifier verifier = {.name_len = 0};
    if (!note_name_is_valid(name))
        return AMBIT_ERR_MALFORMED;
    enum ambit_err err = crypto_key_put_ed25519(key, verifier.key);
    if (err != AMBIT_OK)
        return err;
    name_key(&verifier, name, type);
    *ret = verifier;
    return AMBIT_OK;
}
