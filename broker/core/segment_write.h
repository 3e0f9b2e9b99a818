/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a segment: read from the store in short transactions, flushed, read back whole and held
 * against the tiles before it has its name. */
#pragma once

#include <stdatomic.h>

#include "core/segment.h"

struct segment_plan {
    struct store *store;
    const char *folder, *state; /* of the segments; the state folder, for log/ */
    uint64_t first, next;       /* whole bundles */
    int64_t now_ms;
    uint64_t reserve_bytes; /* so much of the disk is left to others */
    atomic_bool *is_over;   /* set by others: end it */
};
struct segment_made {
    uint64_t bytes;
    struct ambit_digest digest, root; /* of the file; of the tree at `next` */
};
/* NO_SPACE, STOPPING …; a sentence in `reterr_said`; nothing is left then. A file of that name that
 * is there already is of a try that was not recorded: it is replaced. */
AMBIT_CHECKED enum ambit_err segment_make(const struct segment_plan *plan, struct segment_made *ret,
                                          struct buf *reterr_said);
