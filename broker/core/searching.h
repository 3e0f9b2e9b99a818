/* SPDX-License-Identifier: Apache-2.0 */
/* The search index, looked after: what keeps it from following the record is told in the log once a
 * minute, and its end; what was damaged too. Entries of pruned events stay for as long as their
 * segment is in its folder, where a trace finds them by it; they leave when it has been gone for a
 * day, and at once when the index has no room: then the segments are read through where they are
 * asked for. Facts stay: reports go back to before. */
#pragma once

#include "core/broker.h"

struct segment_look;
enum { SEARCHING_FAR = 10000 /* events behind that are no second's worth */ };
struct searching {
    /* broker_tend's own */
    int64_t told_ms;           /* of the problem that lasts; 0: there is none */
    uint64_t rebuilt;          /* told of */
    int64_t looked_ms;         /* at the segments, last begun */
    struct segment_look *look; /* owned; NULL: none is at work */
    uint64_t pruned;           /* when it began */
    uint64_t gone_to;          /* what has no segment here began to be */
    int64_t gone_at_ms;        /* then */
};
/* Events below `gone` have neither row nor segment here: below which sequence the index may forget
 * them now; 0: nothing. For searching_look, and for its test. */
uint64_t searching_forgets(struct searching *searching, uint64_t gone, int64_t now_ms);
/* Opens the index, and starts who fills it. */
AMBIT_CHECKED enum ambit_err searching_start(struct broker *broker);
/* On the thread that tends; waits for no folder. */
void searching_look(struct broker *broker);
/* Ends both, before the store is closed. */
void searching_stop(struct broker *broker);
/* Events that cannot be searched for yet. */
uint64_t searching_behind(const struct broker *broker);
