/* SPDX-License-Identifier: Apache-2.0 */
/* What was deleted and shall be gone from the file too: zeros are written over it. LMDB itself only
 * forgets where it was: in pages that became free, in the unused middle of pages in use, behind
 * large values, in the memory that its next pages are made in.
 *
 * Everything here happens on the thread that writes, between its transactions, in small steps, so
 * that nothing in the file changes meanwhile. In this order, each when the one before is over:
 *  1. memory: LMDB makes new pages in old ones' memory. All of it is taken by a transaction that is
 *     aborted, and filled with zeros. From here on no new page brings old text along.
 *  2. pages in use: their unused middle, and what is behind a large value in its last page. Nobody
 *     reads these bytes in any snapshot, and a torn write leaves every other byte as it was.
 *  3. free pages, once no reader and no recovery can need them: LMDB's own rule for writing them
 * anew, that the transaction that freed them came before the oldest snapshot that is read and
 * before the last commit, so that neither meta page leads to them.
 *  4. the file behind its last page, where a commit that was cut short may have written.
 *  5. stops.journal, when it holds nothing.
 *  6. one more commit, whose flush takes the zeros to the disk, says so in the store.
 * Cut short it begins anew at the next start. In a file larger than SCRUB_AT_ONCE_PAGES rows move
 * between pages while step 2 goes on: it is then gone through twice. */
#pragma once

#include "store/internal.h"

enum {
    SCRUB_AT_ONCE_PAGES = 1024,
    SCRUB_STEP_US = 3000,
    SCRUB_PAUSE_US = 10000,
    SCRUB_REST_US = 100000,
    SCRUB_RETRY_US = 1000000,
    SCRUB_BYTES_PER_US = 8, /* a flush waits for all that was written before it */
};

/* What is written over in a step; handed to the disk page after page, so that the next commit finds
 * little of it to wait for. */
struct scrub_file {
    int fd;
    uint64_t dirtied;  /* bytes, in whole pages of the system */
    uint64_t from, to; /* not handed over yet */
};
void scrub_file_flush(struct scrub_file *file);

/* scrub_pages.c: step 2. */
/* Until `until_us` (0: no matter how long); *ret_is_over: it came to the end. *ret_txn: the last
 * commit. DAMAGED: the file is not what it should be; nothing was written there. */
AMBIT_CHECKED enum ambit_err scrub_pages(struct scrub_file *file, struct scrub_place *place,
                                         int64_t until_us, bool *ret_is_over, uint64_t *ret_txn);
/* Zeros over [from, to) of the file where anything else stands. */
AMBIT_CHECKED enum ambit_err scrub_zero(struct scrub_file *file, uint64_t from, uint64_t to);

/* scrub.c */
AMBIT_CHECKED enum ambit_err scrub_open(struct store *store); /* goes on with what was cut short */
void scrub_close(struct store *store);
void scrub_committed(struct store *store, uint64_t mark); /* a transaction that wants it */
void scrub_ended(struct store *store);                    /* a transaction that says so */
/* space.c: the last commit; the oldest snapshot that is read, or that one. */
uint64_t store_last_commit(struct store *store);
uint64_t store_oldest_reader(struct store *store);
