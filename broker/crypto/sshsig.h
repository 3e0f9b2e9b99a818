/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of files by OpenSSH keys, as `ssh-keygen -Y sign` makes them (OpenSSH,
 * PROTOCOL.sshsig). A signature is over namespace, hash and message together, so that what was
 * signed for another purpose is never taken for this one. It is looked at in this order: form;
 * that its key is byte for byte the signer's; namespace; only then the arithmetic.
 * Keys: ssh-ed25519, ecdsa-sha2-nistp256/384/521, ssh-rsa of 2048 to 8192 bits with SHA-2, and the
 * two kinds that live on a security key (PROTOCOL.u2f), which must say that a person touched it.
 * DSA and RSA with SHA-1 are not known. */
#pragma once

#include "ambit/base.h"

enum { SSHSIG_ARMORED_MAX = 16 * 1024 };

/* A signature taken apart; every text is borrowed from `blob`, so it must not be moved. */
struct sshsig {
    uint8_t blob[SSHSIG_ARMORED_MAX];
    struct ambit_str key; /* the public key's blob */
    struct ambit_str namespace, reserved, hash;
    struct ambit_str signature; /* its blob: algorithm, and what that algorithm says */
};
/* The armored text and nothing else. MALFORMED, TOO_LARGE. Says nothing yet about who signed. */
AMBIT_CHECKED enum ambit_err sshsig_read(struct ambit_str armored, struct sshsig *ret);

struct sshsig_signed {
    struct ambit_str armored;
    struct ambit_str namespace;
    struct ambit_str message;
};
/* OK: one of the signers (lines `TYPE BASE64 [COMMENT]`) signed the message for the namespace.
 * REFUSED: none of them did; MALFORMED, TOO_LARGE: that is no signature; UNSUPPORTED: it is theirs,
 * by an algorithm or hash that is not accepted; NO_MEMORY, CRYPTO: could not tell. */
AMBIT_CHECKED enum ambit_err sshsig_verify(const struct sshsig_signed *what,
                                           const struct ambit_str *signers, size_t n_signers);
