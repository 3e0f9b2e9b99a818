/* SPDX-License-Identifier: Apache-2.0 */
/* Stops that were accepted and are not committed yet. A stop is in force the moment it is accepted:
 * introspection asks here, without the store, and so does every decision (a stop that
 * found no space is in force all the same). Usually empty, and then one atomic read. */
#pragma once

#include <pthread.h>

#include "core/grant_row.h"
#include "core/holds.h"

struct pending_stop {
    struct pending_stop *next;
    struct ambit_id id;
    enum ambit_target_kind kind;
    char target[AMBIT_WORD_MAX];
    size_t target_len;
};
struct pending {
    pthread_mutex_t lock; /* guards the list */
    struct pending_stop *first;
    _Atomic size_t n;
};
void pending_init(struct pending *pending);
void pending_done(struct pending *pending);
AMBIT_CHECKED enum ambit_err pending_add(struct pending *pending, struct ambit_id id,
                                         enum ambit_target_kind kind, struct ambit_str target);
void pending_remove(struct pending *pending, struct ambit_id id);
/* Does one of them cover the grant whole? */
bool pending_covers(struct pending *pending, const struct grant_row *row);
/* Those of them that hold, in the arena. */
AMBIT_CHECKED enum ambit_err pending_views(struct pending *pending, struct arena *arena,
                                           struct ambit_stop_view **ret, size_t *ret_n);
