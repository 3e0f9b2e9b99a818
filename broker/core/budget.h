/* SPDX-License-Identifier: Apache-2.0 */
/* What each authenticated caller may ask, as token buckets in memory, and what callers that proved
 * nothing tried: totals a minute, the busiest sources named. Neither makes an event per request. */
#pragma once

#include "core/broker.h"

struct budgets;
AMBIT_CHECKED enum ambit_err budgets_new(const struct ambit_limits_config *limits,
                                         struct budgets **ret);
void budgets_free(struct budgets *budgets);
/* OK, or BUSY with the seconds until one is free again. Any thread. */
AMBIT_CHECKED enum ambit_err budgets_take(struct budgets *budgets, const struct caller *caller,
                                          int64_t now_ms, uint32_t *ret_retry_after_s);
/* The same of `n` at once: all or none. */
AMBIT_CHECKED enum ambit_err budgets_take_many(struct budgets *budgets, const struct caller *caller,
                                               size_t n, int64_t now_ms,
                                               uint32_t *ret_retry_after_s);
/* A caller that was limited in a minute that is over: its name and how often; false when there is
 * none. */
struct budget_limited {
    enum caller_kind kind;
    char name[AMBIT_AGENT_NAME_MAX];
    size_t name_len;
    uint64_t count;
    int64_t minute;
};
enum { BUDGETS_TOLD = 64 /* callers of one batch; the others wait for the next */ };
bool budgets_due(struct budgets *budgets, int64_t now_ms);
bool budgets_next_limited(struct budgets *budgets, int64_t now_ms, struct budget_limited *ret);
/* On the writer thread: the batch that told of them was committed, or taken back. */
void budgets_keep(struct budgets *budgets);
void budgets_restore(struct budgets *budgets);

enum { UNPROVED_SOURCES = 64, UNPROVED_NAMED = 5, UNPROVED_TEXT = 46 };
struct unproved;
AMBIT_CHECKED enum ambit_err unproved_new(struct unproved **ret);
void unproved_free(struct unproved *unproved);
void unproved_count(struct unproved *unproved, struct ambit_str source, int64_t now_ms);
/* The totals of a minute that is over, and forgets them; false when there is nothing. */
struct unproved_totals {
    uint64_t count;
    size_t n;
    struct unproved_source {
        char text[UNPROVED_TEXT];
        size_t len;
        uint64_t count;
    } sources[UNPROVED_NAMED];
};
bool unproved_is_due(struct unproved *unproved, int64_t now_ms);
bool unproved_take(struct unproved *unproved, int64_t now_ms, struct unproved_totals *ret);
void unproved_keep(struct unproved *unproved);
void unproved_restore(struct unproved *unproved);
