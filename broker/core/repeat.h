/* SPDX-License-Identifier: Apache-2.0 */
/* AZN-20: which decisions stand under an Idempotency-Key of a service. The writer's alone, memory
 * for two minutes and of the newest REPEATS_EACH of each service, so that nobody's keys push out
 * another's; a restart forgets them, and what is repeated after it is a new action. Told of a key
 * is only what the record already says: a row is a place in it. */
#pragma once

#include "ambit/base.h"

enum { REPEAT_WINDOW_MS = 120000, REPEATS_EACH = 2048 };

/* What a service asks under a key: of a batch each item has one. */
struct repeat {
    bool is_asked;
    struct ambit_digest key;  /* of the key's text and the place in the batch */
    struct ambit_digest body; /* of the route and the body */
};
struct repeat_found {
    bool is_found;
    bool is_other; /* the key was used with another body */
    struct ambit_id id;
    uint64_t seq;
    int64_t time_ms;
};

struct repeats;
AMBIT_CHECKED enum ambit_err repeats_new(struct repeats **ret);
void repeats_free(struct repeats *repeats);
struct repeat_found repeats_find(const struct repeats *repeats, struct ambit_str service,
                                 const struct repeat *repeat, int64_t now_ms);
/* Without memory for it the decision simply cannot be repeated. */
void repeats_add(struct repeats *repeats, struct ambit_str service, const struct repeat *repeat,
                 const struct repeat_found *what);
/* The batch was committed; or taken back, with what it added. */
void repeats_keep(struct repeats *repeats);
void repeats_restore(struct repeats *repeats);
