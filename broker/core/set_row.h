/* SPDX-License-Identifier: Apache-2.0 */
/* The row of a set of documents: their digests in set order, and behind 32 zero bytes its time
 * zones, each as the digest of its TZif bytes and its name. A set that uses no zone, and one stored
 * before zones were kept, has no such part. Pure. */
#pragma once

#include "ambit/document.h"
#include "base/buf.h"

struct set_row {
    const uint8_t *digests; /* 32 bytes each, not aligned */
    size_t n;
    bool has_zones;
    struct ambit_str zones; /* what set_row_zone() takes from */
};
/* In bytes: as many documents as a folder may hold, and every zone there is. */
enum { SET_ROW_MAX = 100000 * 32 + 1024 * (33 + 64) };

void set_row_put(struct buf *row, const struct ambit_documents *documents);
/* DAMAGED: not of this form. Borrows `bytes`. */
AMBIT_CHECKED enum ambit_err set_row_read(struct ambit_str bytes, struct set_row *ret);
/* The next zone; false behind the last. The name is borrowed. */
bool set_row_zone(struct set_row *row, struct ambit_digest *ret_digest, struct ambit_str *ret_name);
