/* SPDX-License-Identifier: Apache-2.0 */
/* Offline receipts (C2SP tlog-proof, TLP-1): one entry's index, the path from it to the root, and
 * the signed checkpoint that has that root. Pure: who has the log's key and the entry's bytes needs
 * nothing else. */
#pragma once

#include "ambit/base.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"

enum { TLOG_PROOF_BYTES_MAX = 2 * NOTE_BYTES_MAX };

/* Every text is borrowed. */
struct tlog_proof {
    struct ambit_str extra; /* as base64; p == NULL: no such line */
    uint64_t index;
    struct tree_proof path;
    struct ambit_str checkpoint; /* the signed note, whole */
};

/* MALFORMED, TOO_LARGE. What reads is written again byte for byte. The note is not judged. */
AMBIT_CHECKED enum ambit_err tlog_proof_read(struct ambit_str text, struct tlog_proof *ret);
void tlog_proof_put(const struct tlog_proof *proof, struct buf *out);

/* OK: the log of that key says that `leaf` (tree_leaf() of the entry's bytes) stands at the index.
 * REFUSED: it does not; MALFORMED, TOO_LARGE: the note is none; CRYPTO, NO_MEMORY: could not tell.
 * `ret`, unless NULL, is the checkpoint. */
AMBIT_CHECKED enum ambit_err tlog_proof_verify(const struct tlog_proof *proof,
                                               const struct note_verifier *log,
                                               struct ambit_digest leaf, struct checkpoint *ret);
