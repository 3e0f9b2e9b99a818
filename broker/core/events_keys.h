/* SPDX-License-Identifier: Apache-2.0 */
/* What of a filter the search index can narrow, and the next event that has all of it. Each
 * condition is one or several keys of the index, any of which will do; all conditions must meet. So
 * the walk leaps: each is asked for its first event at or behind the place where the one before
 * stands, until none moves; what moved the place last is asked first, which is the rarest one soon.
 * It costs about two looks for each event of the rarest condition. */
#pragma once

#include "core/events_filter.h"
#include "store/search.h"

enum {
    EVENTS_CONDITIONS_MAX = 32,
    EVENTS_KEYS_MAX = EVENTS_CONDITIONS_MAX + EVENT_TYPES + EVENTS_REASONS
};

struct events_key {
    struct search_query query;
    uint64_t at; /* its first event from the last place asked for */
    bool is_asked, is_over;
};
struct events_condition {
    size_t first, n; /* of keys */
};
struct events_keys {
    struct search_reader *reader; /* borrowed */
    bool is_descending;
    size_t looks; /* into the index, so far */
    size_t n_keys, n;
    struct events_key keys[EVENTS_KEYS_MAX];
    struct events_condition conditions[EVENTS_CONDITIONS_MAX];
};
/* n == 0: the index narrows nothing. */
void events_keys_init(struct events_keys *keys, const struct events_filter *filter);
/* Moves *place to the first event that has everything: ascending, at or behind it; descending, the
 * last one before it, and then *place is that event's own. NOT_FOUND: none. BUSY: `looks` has come
 * to `looks_max`; what lies between the old place and the new one has not everything. */
AMBIT_CHECKED enum ambit_err events_keys_leap(struct events_keys *keys, size_t looks_max,
                                              uint64_t *place);
