/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over the pages of a store's file before LMDB maps it. LMDB follows page numbers and
 * offsets as it finds them; after this walk they lead where they should: every page within the file
 * and reached once, every row within its page, keys in order, counts as the roots say. Contents of
 * rows are not looked at: the hashes of the ledger find those. */
#pragma once

#include "store/internal.h"

/* With `is_deep` every page of every table; otherwise the table of tables, the free list and the
 * root page of each table. */
AMBIT_CHECKED enum ambit_err store_pages_check(int fd, const struct store_header *header,
                                               bool is_deep, struct store_damage *reterr_damage);
