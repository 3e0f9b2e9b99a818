/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a receipt: what reads is written again byte for byte, and proves nothing under a key
 * that signed none of it. */
#include "base/buf.h"
#include "crypto/key.h"
#include "fuzz.h"
#include "ledger/tlog_proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct note_verifier log;
    static struct tlog_proof proof;
    BUF_AUTO out = {.p = NULL};
    if (!log.name_len) {
        CRYPTO_KEY_AUTO *key = NULL;
        FUZZ_CHECK(crypto_key_new(CRYPTO_ED25519, &key) == AMBIT_OK);
        FUZZ_CHECK(note_verifier_of(AMBIT_STR("log.example"), NOTE_ED25519, key, &log) == AMBIT_OK);
    }
    struct ambit_str text = {.p = data ? (const char *)data : "", .len = size};
    if (tlog_proof_read(text, &proof) != AMBIT_OK)
        return 0;
    FUZZ_CHECK(proof.path.n <= TREE_PROOF_MAX && proof.checkpoint.len > 0);
    tlog_proof_put(&proof, &out);
    FUZZ_CHECK(buf_check(&out) == AMBIT_OK && ambit_str_eq(buf_str(&out), text));
    FUZZ_CHECK(tlog_proof_verify(&proof, &log, (struct ambit_digest){{0}}, NULL) != AMBIT_OK);
    return 0;
}
