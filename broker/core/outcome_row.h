/* SPDX-License-Identifier: Apache-2.0 */
/* The row of an allowed action whose outcome is owed, or was reported though none was: whose it
 * was, by when it is due, what each side has reported, and what enters history once it is reported
 * done. The words of a report stand in its event alone (personal text). */
#pragma once

#include "ledger/event.h"

struct arena;
struct buf;
struct store_txn;

enum outcome { OUTCOME_NONE, OUTCOME_SUCCEEDED, OUTCOME_FAILED, OUTCOME_NOT_ATTEMPTED, OUTCOMES };
const char *outcome_text(enum outcome outcome);
/* MALFORMED */
AMBIT_CHECKED enum ambit_err outcome_parse(struct ambit_str text, enum outcome *ret);

struct outcome_report {
    enum outcome outcome; /* NONE: not reported */
    uint64_t seq;         /* of its event */
};
struct outcome_row {
    struct ambit_id id; /* of the decision */
    struct ambit_id grant, lineage, parent;
    uint64_t seq;          /* of action.allowed */
    int64_t time_ms;       /* of the action */
    int64_t due_ms;        /* as promised */
    int64_t due_uptime_ms; /* see core/due.h */
    bool is_unaccounted;
    struct outcome_report by_service, by_agent;
    struct ambit_str agent, owner, team, service, audience, policy, rule, action, resource;
    struct ambit_digest digest;
    struct event_count *counts; /* what waits for `succeeded` */
    size_t n_counts;
};
/* Reports are taken for as long as any window could look back at the action; the row of one that
 * was reported, or fell due, goes a day later, so that no report can come after its row. */
static const int64_t outcome_taken_ms = AMBIT_DURATION_MAX_S * INT64_C(1000);
bool outcome_row_is_over(const struct outcome_row *row, int64_t now_ms);
void outcome_row_encode(const struct outcome_row *row, struct buf *buf);
AMBIT_CHECKED enum ambit_err outcome_row_decode(struct ambit_str bytes, struct arena *arena,
                                                struct outcome_row *ret);
/* NOT_FOUND. */
AMBIT_CHECKED enum ambit_err outcome_row_load(struct store_txn *txn, struct ambit_id id,
                                              struct arena *arena, struct outcome_row *ret);
AMBIT_CHECKED enum ambit_err outcome_row_store(struct store_txn *txn,
                                               const struct outcome_row *row);
/* DAMAGED when it is not there. */
AMBIT_CHECKED enum ambit_err outcome_row_remove(struct store_txn *txn, struct ambit_id id);
