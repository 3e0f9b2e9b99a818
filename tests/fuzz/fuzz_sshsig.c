/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an armored SSH signature. What reads is exactly its five parts put together again,
 * is still the same with its lines broken elsewhere, and verifies under no key that is not named in
 * it; under the key that it names, judging it never ends in anything but an answer. */
#include <string.h>

#include "fuzz.h"

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/sshsig.h"

static void put_string(struct buf *buf, struct ambit_str text)
{
    uint8_t framed[4];
    put_be32(framed, (uint32_t)text.len);
    buf_put(buf, framed, sizeof framed);
    buf_put_str(buf, text);
}

static void put_blob(struct buf *buf, const struct sshsig *sig)
{
    static const uint8_t version[4] = {0, 0, 0, 1};
    buf_put_text(buf, "SSHSIG");
    buf_put(buf, version, sizeof version);
    put_string(buf, sig->key);
    put_string(buf, sig->namespace);
    put_string(buf, sig->reserved);
    put_string(buf, sig->hash);
    put_string(buf, sig->signature);
}

/* Under the key that the signature itself names. */
static void check_judged(const struct sshsig *sig, struct ambit_str armored)
{
    BUF_AUTO line = {.p = NULL};
    uint32_t len = sig->key.len >= 4 ? get_be32((const uint8_t *)sig->key.p) : 0;
    if (sig->key.len < 4 || len > sig->key.len - 4)
        return;
    buf_put(&line, sig->key.p + 4, len);
    buf_put_char(&line, ' ');
    buf_put_base64(&line, (const uint8_t *)sig->key.p, sig->key.len);
    struct sshsig_signed what = {
        .armored = armored, .namespace = sig->namespace, .message = AMBIT_STR("fuzz")};
    struct ambit_str signer = buf_str(&line);
    enum ambit_err err = sshsig_verify(&what, &signer, 1);
    FUZZ_CHECK(err != AMBIT_ERR_INTERNAL && err != AMBIT_ERR_TOO_LARGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sshsig sig, again;
    struct ambit_str text = {.p = data ? (const char *)data : "", .len = size};
    if (sshsig_read(text, &sig) != AMBIT_OK)
        return 0;

    BUF_AUTO blob = {.p = NULL}, armored = {.p = NULL};
    put_blob(&blob, &sig);
    FUZZ_CHECK(memcmp(sig.blob, blob.p, blob.len) == 0);
    buf_put_text(&armored, "-----BEGIN SSH SIGNATURE-----\n");
    buf_put_base64(&armored, (const uint8_t *)blob.p, blob.len);
    buf_put_text(&armored, "\n-----END SSH SIGNATURE-----\n");
    FUZZ_CHECK(buf_check(&blob) == AMBIT_OK && buf_check(&armored) == AMBIT_OK);
    if (armored.len <= SSHSIG_ARMORED_MAX) {
        FUZZ_CHECK(sshsig_read(buf_str(&armored), &again) == AMBIT_OK);
        FUZZ_CHECK(memcmp(sig.blob, again.blob, blob.len) == 0);
    }

    static const struct ambit_str stranger = AMBIT_STR("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5");
    struct sshsig_signed what = {
        .armored = text, .namespace = sig.namespace, .message = AMBIT_STR("fuzz")};
    FUZZ_CHECK(sshsig_verify(&what, &stranger, 1) == AMBIT_ERR_REFUSED);
    FUZZ_CHECK(sshsig_verify(&what, NULL, 0) == AMBIT_ERR_REFUSED);
    check_judged(&sig, text);
    return 0;
}
