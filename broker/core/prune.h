/* SPDX-License-Identifier: Apache-2.0 */
/* Pruning a running broker's record: one at a time, on a thread of its own. What is older than a
 * time, and needed by nothing that lives, is written to a segment (segment_write.h); when that has
 * been read back the record says so (record.pruned), and only then do the rows go, a few a second
 * (pruned.h). */
#pragma once

#include "core/long_job.h"

struct json_out;
struct segments;

struct prune_options {
    const char *folder;   /* of the segments; NULL: segments/ in the state folder */
    int64_t least_age_ms; /* nothing younger is pruned */
    int64_t keep_ms;      /* prune by itself what is older, once a day; 0: not */
};
AMBIT_CHECKED enum ambit_err prunes_new(const struct prune_options *options, struct broker *broker);
void prunes_stop(struct broker *broker);
void prunes_free(struct broker *broker);
/* On the thread that tends: begins by itself where it is configured. */
void prunes_tend(struct broker *broker);

enum prune_refusal { PRUNE_FINE, PRUNE_RUNS, PRUNE_NOTHING };
struct prune_request {
    struct long_job_asked asked;
    int64_t before_ms;
    bool is_dry; /* the bound alone */
};
struct prune_answer {
    enum prune_refusal refusal;
    uint64_t first, next, asked;
    const char *held_by; /* what keeps more from being pruned; NULL: nothing */
};
/* OK: begun, or `ret` says why not. Finds the bound first: a query thread. SEALED. */
AMBIT_CHECKED enum ambit_err prune_begin(struct broker *broker, const struct prune_request *request,
                                         struct prune_answer *ret);
/* GET /v1/segments: {"pruned_to","deleted_to","writing":{…},"failed":{…},"segments":[…]}. */
AMBIT_CHECKED enum ambit_err prunes_query(struct broker *broker, struct json_out *out);
