/* SPDX-License-Identifier: Apache-2.0 */
/* The body of the indexer, for its two files: the thread (indexer.c), and one chunk of the record
 * (index_chunk.c). */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "ledger/facts.h"
#include "ledger/indexer.h"
#include "store/search.h"

enum {
    INDEX_HASH_BYTES = 32,
    INDEX_ENTRY_BYTES = 8192 /* an upper estimate of what one dirties */
};

struct indexer {
    struct store *store;
    struct search *search;
    struct facts *facts; /* owned; the thread's own */
    pthread_t thread;
    struct search_position position; /* the thread's own */
    struct search_sweep sweep;       /* the thread's own */
    bool is_unmade; /* the thread's own: at the start there was no room to make the index */
    uint64_t keep_bytes;

    pthread_mutex_t mutex; /* guards is_wanted, and the two conditions */
    pthread_cond_t woken;  /* the thread: somebody waits, or the end */
    pthread_cond_t moved;  /* those who wait: complete_to has grown */
    bool is_wanted;
    atomic_bool is_stopping, has_news;
    atomic_uint_fast64_t complete_to, complete_from, forgets, used_bytes, rebuilt;
    atomic_bool is_sweeping;
    _Atomic(enum ambit_err) problem;
};

/* What there is room for; NO_SPACE where that is too little to begin. */
AMBIT_CHECKED enum ambit_err index_room(struct indexer *indexer, struct search_room *ret);
/* One chunk from the record into the index. *ret_is_cut: there is more to be read at once. */
AMBIT_CHECKED enum ambit_err index_chunk(struct indexer *indexer, size_t *ret_events,
                                         bool *ret_is_cut);
