/* SPDX-License-Identifier: Apache-2.0 */
/* `ambit evidence`: an archive that a lawyer can read and anybody can verify. What is proved stands
 * in the files of the export (ledger/evidence.h); the pages beside them only tell it, and every
 * sentence of theirs names the event it is from. */
#pragma once

#include "cli/cli.h"
#include "cli/files.h"
#include "ledger/evidence.h"

/* ---- where it goes: evidence_out.c ---- */

/* Files as they are written, each with its line in SHA256SUMS. */
struct evidence_out {
    struct files_out *files;
    struct buf manifest;
    struct ambit_digest digest; /* of SHA256SUMS, by evidence_out_finish() */
    uint64_t n;
};
enum ambit_err evidence_put(void *out, const char *path, struct ambit_str bytes); /* log_sink */
AMBIT_CHECKED enum ambit_err evidence_out_finish(struct evidence_out *out);
