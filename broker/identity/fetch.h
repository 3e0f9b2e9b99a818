/* SPDX-License-Identifier: Apache-2.0 */
/* One transfer, guarded; within the room only. libcurl is used here and nowhere else below the
 * command line. */
#pragma once

#include "base/buf.h"
#include "config/config.h"

/* All transfers of one thread. */
struct fetches;
AMBIT_CHECKED enum ambit_err fetches_new(const struct config_fetch *config, struct fetches **ret);
void fetches_free(struct fetches *fetches);

/* Begins; `owner` comes back with the outcome. */
AMBIT_CHECKED enum ambit_err fetch_begin(struct fetches *fetches, struct ambit_str url,
                                         void *owner);
/* Lets transfers go on, and waits for at most `wait_ms`, or until fetches_wake(). */
void fetches_run(struct fetches *fetches, int wait_ms);
void fetches_wake(struct fetches *fetches); /* any thread */

struct fetched {
    void *owner;
    bool is_fine;      /* 200, whole, within bounds */
    struct buf body;   /* the caller's to free */
    int64_t max_age_s; /* 0: nothing said */
};
bool fetches_next(struct fetches *fetches, struct fetched *ret);
