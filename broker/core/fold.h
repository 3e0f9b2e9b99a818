/* SPDX-License-Identifier: Apache-2.0 */
/* Records are not a weapon: after ten refusals of one agent with the same `stopped` or `inactive`
 * within a minute the rest are counted and folded into one event. The writer's alone; a minute of
 * memory, nothing that a decision reads: a refusal that a hard stop counts is never folded. */
#pragma once

#include "ambit/model.h"

enum { FOLD_AFTER = 10, FOLD_SLOTS = 256, FOLD_QUERIES = 64 };
struct fold_slot {
    char agent[AMBIT_AGENT_NAME_MAX];
    size_t agent_len; /* 0: free */
    enum ambit_reason reason;
    int64_t minute;
    uint64_t seen, folded;
};
/* A query of a person that is on record: its further pages are the same query. */
struct fold_query {
    struct ambit_digest key;
    int64_t told_ms;
};
struct fold {
    struct fold_slot slots[FOLD_SLOTS];
    struct fold_slot before[FOLD_SLOTS]; /* at the begin of the batch, if it changed them */
    bool is_changed;
    struct fold_query queries[FOLD_QUERIES]; /* the last ones told; the oldest gives way */
    size_t next_query;
};
/* The batch was committed; or taken back, with all that it counted and told. */
void fold_keep(struct fold *fold);
void fold_restore(struct fold *fold);
/* One refusal happened: true when it is to be folded instead of recorded. */
bool fold_refusal(struct fold *fold, struct ambit_str agent, enum ambit_reason reason,
                  int64_t now_ms);
/* A slot whose minute is over and that folded something, or NULL; the caller records it and frees
 * it. */
struct fold_slot *fold_due(struct fold *fold, int64_t now_ms);
void fold_free(struct fold *fold, struct fold_slot *slot);
/* Was this query told within the minute? */
bool fold_query_is_told(const struct fold *fold, const struct ambit_digest *key, int64_t now_ms);
void fold_query_told(struct fold *fold, const struct ambit_digest *key, int64_t now_ms);
