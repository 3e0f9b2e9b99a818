/* SPDX-License-Identifier: Apache-2.0 */
/* What a witness answers: no line is taken that does not hold under its key, one is taken where a
 * true one stands among anything that reads, and sizes are numbers. */
#include "core/witness_ask.h"
#include "crypto/key.h"
#include "fuzz.h"

static const char text[] = "example.org/log\n5\nLkPyfm5N5qJH9HlrC+FkbfIFUKUoO045rbcUMtFJtSQ=\n";
static struct note_verifier verifier;
static struct buf note, line;

static void set_up(void)
{
    static struct crypto_key *key;
    struct note_signer signer = {
        .name = AMBIT_STR("witness.example/one"), .type = NOTE_COSIGNATURE, .unix_s = 1795000000};
    struct ambit_str body = {text, sizeof text - 1};
    buf_init(&note, 0);
    buf_init(&line, 0);
    FUZZ_CHECK(crypto_key_new(CRYPTO_ED25519, &key) == AMBIT_OK);
    signer.key = key;
    FUZZ_CHECK(note_verifier_of(signer.name, signer.type, key, &verifier) == AMBIT_OK);
    FUZZ_CHECK(note_sign(body, &signer, &note) == AMBIT_OK);
    FUZZ_CHECK(note_sign_line(body, &signer, &line) == AMBIT_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str given = {.p = size ? (const char *)data : "", .len = size};
    uint64_t n = 0;
    if (!note.p)
        set_up();

    BUF_AUTO taken = {.p = NULL};
    buf_init(&taken, 0);
    FUZZ_CHECK(witness_read_lines(given, buf_str(&note), &verifier, &taken) != AMBIT_OK);
    FUZZ_CHECK(taken.len == 0); /* nobody guesses a signature of a key made a moment ago */

    BUF_AUTO more = {.p = NULL};
    buf_init(&more, 0);
    buf_put_str(&more, buf_str(&line));
    buf_put_str(&more, given);
    if (witness_read_lines(buf_str(&more), buf_str(&note), &verifier, &taken) == AMBIT_OK)
        FUZZ_CHECK(ambit_str_eq(buf_str(&taken), buf_str(&line)));
    if (witness_read_size("text/x.tlog.size", given, &n))
        FUZZ_CHECK(size > 0 && n < 1000000000000000000u);

    /* What is sent ends in the note as it is, whatever stands before it. */
    struct tree_proof proof = {.n = size % (TREE_PROOF_MAX + 1)};
    buf_reset(&more);
    witness_put_request(n, &proof, given, &more);
    FUZZ_CHECK(buf_check(&more) == AMBIT_OK && more.len >= size);
    FUZZ_CHECK(size == 0 || memcmp(more.p + more.len - size, data, size) == 0);
    for (long status = 400; status < 425; status++)
        FUZZ_CHECK(witness_refusal(status) != NULL);
    return 0;
}
