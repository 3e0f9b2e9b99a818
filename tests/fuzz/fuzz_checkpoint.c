/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the text of a checkpoint: what reads is written again byte for byte, and can be
 * signed and opened again by its log's key, and by no other's. */
#include "base/buf.h"
#include "crypto/key.h"
#include "fuzz.h"
#include "ledger/checkpoint.h"

static void check_opened(const struct checkpoint *checkpoint, const struct crypto_key *key,
                         const struct crypto_key *stranger)
{
    BUF_AUTO signed_by = {.p = NULL};
    struct note_verifier log, other;
    struct checkpoint again;
    if (!note_name_is_valid(checkpoint->origin))
        return;
    FUZZ_CHECK(note_verifier_of(checkpoint->origin, NOTE_ED25519, key, &log) == AMBIT_OK);
    FUZZ_CHECK(note_verifier_of(checkpoint->origin, NOTE_ED25519, stranger, &other) == AMBIT_OK);
    if (checkpoint_sign(checkpoint, key, &signed_by) != AMBIT_OK || signed_by.len > NOTE_BYTES_MAX)
        return; /* too long a note */
    FUZZ_CHECK(checkpoint_open(buf_str(&signed_by), &log, &again) == AMBIT_OK);
    FUZZ_CHECK(again.size == checkpoint->size && ambit_digest_eq(again.root, checkpoint->root));
    FUZZ_CHECK(checkpoint_open(buf_str(&signed_by), &other, &again) == AMBIT_ERR_REFUSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct crypto_key *key, *stranger;
    struct checkpoint checkpoint;
    BUF_AUTO out = {.p = NULL};
    if (!key) {
        FUZZ_CHECK(crypto_key_new(CRYPTO_ED25519, &key) == AMBIT_OK);
        FUZZ_CHECK(crypto_key_new(CRYPTO_ED25519, &stranger) == AMBIT_OK);
    }
    struct ambit_str text = {.p = data ? (const char *)data : "", .len = size};
    if (checkpoint_read(text, &checkpoint) != AMBIT_OK)
        return 0;
    checkpoint_put(&checkpoint, &out);
    FUZZ_CHECK(buf_check(&out) == AMBIT_OK && ambit_str_eq(buf_str(&out), text));
    check_opened(&checkpoint, key, stranger);
    return 0;
}
