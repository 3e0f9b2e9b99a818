/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a signed note, and as a verifier key. A note that reads is its parts put together
 * again; nobody signed it whose key is not ours, and with a line of ours it is ours. A key that
 * reads is written again byte for byte. */
#include "base/buf.h"
#include "crypto/key.h"
#include "fuzz.h"
#include "ledger/note.h"

static void check_parts(struct ambit_str text, const struct note *note)
{
    BUF_AUTO whole = {.p = NULL};
    buf_put_str(&whole, note->text);
    buf_put_char(&whole, '\n');
    for (size_t i = 0; i < note->n; i++) {
        buf_put_text(&whole, "\xe2\x80\x94 ");
        buf_put_str(&whole, note->signature[i].name);
        buf_put_char(&whole, ' ');
        buf_put_str(&whole, note->signature[i].base64);
        buf_put_char(&whole, '\n');
        FUZZ_CHECK(note_name_is_valid(note->signature[i].name));
    }
    FUZZ_CHECK(buf_check(&whole) == AMBIT_OK && ambit_str_eq(buf_str(&whole), text));
    FUZZ_CHECK(note_text_is_valid(note->text));
}

static void check_signed(struct ambit_str text, const struct crypto_key *key)
{
    static struct note note;
    struct note_verifier known[2];
    bool is_signed[2];
    BUF_AUTO more = {.p = NULL};
    const struct note_signer signer = {AMBIT_STR("fuzz.example"), NOTE_ED25519, key, 0};
    const struct note_signer witness = {AMBIT_STR("fuzz.example"), NOTE_COSIGNATURE, key, 7};
    FUZZ_CHECK(note_verifier_of(signer.name, NOTE_ED25519, key, &known[0]) == AMBIT_OK);
    FUZZ_CHECK(note_verifier_of(signer.name, NOTE_COSIGNATURE, key, &known[1]) == AMBIT_OK);
    FUZZ_CHECK(note_read(text, &note) == AMBIT_OK);
    FUZZ_CHECK(note_verify(&note, known, 2, NULL) != AMBIT_OK); /* the key is new */
    if (note.n > NOTE_SIGNATURES_MAX - 2 || text.len > NOTE_BYTES_MAX / 2)
        return;
    buf_put_str(&more, text);
    FUZZ_CHECK(note_sign_line(note.text, &signer, &more) == AMBIT_OK);
    FUZZ_CHECK(note_sign_line(note.text, &witness, &more) == AMBIT_OK);
    FUZZ_CHECK(note_read(buf_str(&more), &note) == AMBIT_OK);
    FUZZ_CHECK(note_verify(&note, known, 2, is_signed) == AMBIT_OK && is_signed[0] && is_signed[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct crypto_key *key;
    static struct note note;
    struct note_verifier verifier;
    if (!key)
        FUZZ_CHECK(crypto_key_new(CRYPTO_ED25519, &key) == AMBIT_OK);
    struct ambit_str text = {.p = data ? (const char *)data : "", .len = size};
    if (note_verifier_read(text, &verifier) == AMBIT_OK) {
        BUF_AUTO again = {.p = NULL};
        note_verifier_put(&verifier, &again);
        FUZZ_CHECK(ambit_str_eq(buf_str(&again), text));
    }
    if (note_read(text, &note) != AMBIT_OK)
        return 0;
    check_parts(text, &note);
    check_signed(text, key);
    return 0;
}
