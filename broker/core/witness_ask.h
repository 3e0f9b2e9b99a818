/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to a witness and what it answers (C2SP tlog-witness, COS-1, COS-2). Pure. */
#pragma once

#include "base/buf.h"
#include "ledger/note.h"
#include "ledger/tree.h"

/* The body of add-checkpoint: `old SIZE`, the proof, an empty line, the checkpoint. */
void witness_put_request(uint64_t old_size, const struct tree_proof *proof, struct ambit_str note,
                         struct buf *out);
/* The size in a 409 of type text/x.tlog.size. */
bool witness_read_size(const char *type, struct ambit_str body, uint64_t *ret);
/* A 200: signature lines, of which those of this key are taken into `lines`. REFUSED: there is
 * none, or one that does not hold over the note's text; MALFORMED. */
AMBIT_CHECKED enum ambit_err witness_read_lines(struct ambit_str body, struct ambit_str note,
                                                const struct note_verifier *verifier,
                                                struct buf *lines);
/* Any other status in words. */
const char *witness_refusal(long status);
