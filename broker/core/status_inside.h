/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the status lists share. */
#pragma once

#include "core/internal.h"
#include "core/status.h"

struct status_one {
    uint64_t number;
    /* the thread's alone */
    struct buf lst;  /* the bits, packed and in base64url; empty: not looked through yet */
    uint64_t covers; /* the last cut-off that it knows */
    bool is_whole;   /* looked through when no further grant could come into it */
    int64_t last_expiry_ms, looked_ms, cost_ms, signed_ms;
    struct ambit_digest signed_by;
    /* under the lock: what is answered */
    struct buf plain, gzip;
};

struct status_keeper {
    struct broker *broker;
    struct status_plan plan;
    int64_t ttl_s;
    pthread_t thread;
    bool is_running;
    uint64_t next;        /* the first list that was not added yet: the thread's */
    pthread_mutex_t lock; /* guards the lists' array and answers, and is_stopping */
    pthread_cond_t wake;
    bool is_stopping;
    struct status_one **lists;
    size_t n;
};

/* Sets the bit of every grant of this list that is dead and not expired; fills covers, is_whole and
 * last_expiry_ms. In reads of at most 10,000 rows. */
AMBIT_CHECKED enum ambit_err status_walk(struct status_keeper *keeper, struct status_one *list,
                                         int64_t now_ms, uint8_t *bytes);
AMBIT_CHECKED enum ambit_err status_head(struct status_keeper *keeper,
                                         uint64_t *ret_last_cutoff_seq, uint64_t *ret_size);
/* When the last event of this list was; it is full. */
AMBIT_CHECKED enum ambit_err status_last_time(struct status_keeper *keeper, uint64_t number,
                                              int64_t *ret_ms);
