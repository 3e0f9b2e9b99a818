/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints (C2SP tlog-checkpoint, CKP-1): what a log says about itself, in three lines: its
 * origin, how many entries it has, and their root; carried in a signed note. Pure. */
#pragma once

#include "ambit/base.h"
#include "ledger/note.h"

/* Every text is borrowed. */
struct checkpoint {
    struct ambit_str origin;
    uint64_t size;
    struct ambit_digest root;
    struct ambit_str extension; /* whole lines, each not empty and with its newline; or nothing */
};

enum { CHECKPOINT_TEXT_MAX = NOTE_BYTES_MAX };

/* The text of a note. MALFORMED. What reads is written again byte for byte. */
AMBIT_CHECKED enum ambit_err checkpoint_read(struct ambit_str text, struct checkpoint *ret);
void checkpoint_put(const struct checkpoint *checkpoint, struct buf *out);

/* The text signed by the log's own key, whose name is its origin. */
AMBIT_CHECKED enum ambit_err checkpoint_sign(const struct checkpoint *checkpoint,
                                             const struct crypto_key *key, struct buf *out);
/* A signed note taken apart, verified and read, in that order: OK only when the log's key signed
 * it and the origin is the key's name. MALFORMED, TOO_LARGE; REFUSED; could not tell: CRYPTO,
 * NO_MEMORY. Borrowed from `bytes`. */
AMBIT_CHECKED enum ambit_err checkpoint_open(struct ambit_str bytes,
                                             const struct note_verifier *log,
                                             struct checkpoint *ret);
