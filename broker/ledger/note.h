/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes (C2SP signed-note, NOT-1..3): a text, an empty line, and lines by which keys sign
 * that text. What a checkpoint is carried in. Pure: no clock, no I/O, no store.
 *
 * A reader knows some keys. Signatures by others are passed over; one by a known key that does not
 * hold spoils the whole note, and at least one must hold (NOT-3). A key is known by its name and
 * its id together, and by its bytes: the id alone proves nothing. */
#pragma once

#include "ambit/base.h"

struct buf;
struct crypto_key;

/* The byte that stands before the key's own in a verifier key (NOT-2). Others are read as unknown:
 * a note with them is fine, a verifier key of them is UNSUPPORTED. */
enum note_type {
    NOTE_ED25519 = 0x01,
    NOTE_COSIGNATURE = 0x04, /* Ed25519 over a time and the text (COS-1) */
};

enum {
    NOTE_BYTES_MAX = 64 * 1024,
    NOTE_NAME_MAX = 255,
    NOTE_SIGNATURES_MAX = 64, /* NOT-3 asks for 16 */
    NOTE_KEY_BYTES = 32,
    NOTE_SIGNATURE_BYTES = 64,
    NOTE_COSIGNATURE_BYTES = 8 + NOTE_SIGNATURE_BYTES,
    NOTE_VKEY_MAX = NOTE_NAME_MAX + 1 + 8 + 1 + 44, /* name+hex8+base64(type || key) */
};

/* A key as a verifier knows it; a plain value. */
struct note_verifier {
    char name[NOTE_NAME_MAX];
    size_t name_len;
    enum note_type type;
    uint32_t id;
    uint8_t key[NOTE_KEY_BYTES];
};
static inline struct ambit_str note_verifier_name(const struct note_verifier *verifier)
{
    return (struct ambit_str){.p = verifier->name, .len = verifier->name_len};
}

/* Not empty, UTF-8 without spaces of any kind, control characters and '+'. */
bool note_name_is_valid(struct ambit_str name);
/* `name+hex8+base64`, and nothing behind it. MALFORMED, also when the id is not the key's;
 * UNSUPPORTED for another type. */
AMBIT_CHECKED enum ambit_err note_verifier_read(struct ambit_str text, struct note_verifier *ret);
void note_verifier_put(const struct note_verifier *verifier, struct buf *out);
/* Of a key of ours. MALFORMED for a name that is none, UNSUPPORTED for a key that is no Ed25519. */
AMBIT_CHECKED enum ambit_err note_verifier_of(struct ambit_str name, enum note_type type,
                                              const struct crypto_key *key,
                                              struct note_verifier *ret);

/* ---- reading ---- */

/* Takes the next line off the text, without its newline; false when no whole line is left. */
bool note_take_line(struct ambit_str *text, struct ambit_str *ret);

/* One signature line, taken apart. */
struct note_signature {
    struct ambit_str line; /* without its newline */
    struct ambit_str name;
    struct ambit_str base64; /* of id and signature */
    uint32_t id;
};
/* A note taken apart; every text is borrowed from the bytes. Says nothing yet about who signed. */
struct note {
    struct ambit_str text; /* with its last newline: what is signed */
    struct note_signature signature[NOTE_SIGNATURES_MAX];
    size_t n;
};
/* MALFORMED; TOO_LARGE. */
AMBIT_CHECKED enum ambit_err note_read(struct ambit_str bytes, struct note *ret);
/* One signature line without its newline, as a witness answers it (COS-2). */
AMBIT_CHECKED enum ambit_err note_signature_read(struct ambit_str line, struct note_signature *ret);

/* OK: a known key signed, and none of the known failed. REFUSED: not so. CRYPTO, NO_MEMORY: could
 * not tell. `ret_signed`, unless NULL, says for each of the `n` known whether it signed. */
AMBIT_CHECKED enum ambit_err note_verify(const struct note *note, const struct note_verifier *known,
                                         size_t n, bool *ret_signed);
/* One signature under one key: REFUSED when it is another key's, or does not hold. */
AMBIT_CHECKED enum ambit_err note_signature_verify(const struct note_signature *signature,
                                                   const struct note_verifier *verifier,
                                                   struct ambit_str text);
/* The time that a cosignature says (COS-1), in seconds; MALFORMED when it is none by its length. */
AMBIT_CHECKED enum ambit_err note_cosigned_at(const struct note_signature *signature,
                                              uint64_t *ret_unix_s);

/* ---- signing ---- */

/* May stand as the text of a note: ends in a newline, UTF-8, no other control characters. */
bool note_text_is_valid(struct ambit_str text);
struct note_signer {
    struct ambit_str name;
    enum note_type type;
    const struct crypto_key *key; /* private */
    uint64_t unix_s;              /* of a cosignature */
};
/* Appends one signature line with its newline. */
AMBIT_CHECKED enum ambit_err note_sign_line(struct ambit_str text, const struct note_signer *signer,
                                            struct buf *out);
/* Appends the whole note: text, empty line, one signature line. More lines may be appended. */
AMBIT_CHECKED enum ambit_err note_sign(struct ambit_str text, const struct note_signer *signer,
                                       struct buf *out);
