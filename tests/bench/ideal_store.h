/* SPDX-License-Identifier: Apache-2.0 */
/* The ideal's store: one LMDB environment, one writer with group commit. What a request writes are
 * rows of about the size that ambit writes for the same request, filled with what is at hand. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bench/loop.h"

enum {
    IDEAL_ID = 16,
    IDEAL_GRANT_EVENT = 1035, /* grant.issued: leaf hash and bytes */
    IDEAL_ACTION_EVENT = 960, /* action.allowed, with what it counts */
    IDEAL_GRANT = 283,        /* the grant's row */
    IDEAL_COUNTER = 600,      /* a counter's row in the mean */
    IDEAL_DIGEST = 32,
};

enum ideal_kind { IDEAL_READ, IDEAL_ISSUE, IDEAL_ISSUE_ONCE, IDEAL_COUNT };

struct ideal_write {
    struct bench_wait wait; /* first */
    struct ideal_write *next;
    enum ideal_kind kind;
    bool is_used;               /* out: the one-time value was there before */
    uint8_t id[IDEAL_ID];       /* of the grant; time-ordered */
    uint8_t once[IDEAL_DIGEST]; /* digest of the one-time value */
    uint8_t grant[IDEAL_GRANT];
};

/* Begins with an empty store in the folder, and the writer's thread. */
void ideal_store_open(const char *folder);
/* Resumes the request once it is durable. */
void ideal_store_submit(struct ideal_write *write);
/* The grant's row, in a transaction of its own; false: none. */
bool ideal_store_grant(const uint8_t id[IDEAL_ID], uint8_t dst[IDEAL_GRANT]);
