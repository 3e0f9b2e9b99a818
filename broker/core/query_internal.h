/* SPDX-License-Identifier: Apache-2.0 */
/* What the query files share: a read transaction with its head, and what a person may see. */
#pragma once

#include "core/internal.h"
#include "core/query.h"
#include "core/stop_row.h"

enum { QUERY_ROWS_MAX = 10000 /* of one read transaction */, READING_MS = 500 };

struct ledger_row;
struct reading {
    struct store_txn *txn;
    struct head head;
    int64_t now_ms;
    /* Events that were decoded before, NULL: none; false: not this one. What they borrow from lives
     * as long as the reading. */
    bool (*known)(const void *ctx, uint64_t seq, struct ledger_row *ret_row, struct event *ret);
    const void *known_ctx;
    struct segments *segments; /* where pruned events are */
};
AMBIT_CHECKED enum ambit_err reading_begin(struct broker *broker, struct reading *ret);
void reading_end(struct reading *reading);

/* A read transaction is held for a second at most: whoever reads on and on asks, and ends the page
 * early. */
bool reading_is_long(const struct broker *broker, const struct reading *reading);

/* Alive as of now: not expired, under no cut-off. */
AMBIT_CHECKED enum ambit_err reading_is_live(const struct reading *reading,
                                             const struct grant_row *row, enum ambit_liveness *ret);
/* Did this policy give any item of it? */
bool reading_row_has_policy(const struct grant_row *row, struct ambit_str policy);
/* The same for lists, where the event has words that the row has not: of one that was pruned, and
 * whose segment is not here, nothing but its sequence. */
struct ledger_row;
AMBIT_CHECKED enum ambit_err reading_event_if(const struct reading *reading, uint64_t seq,
                                              struct buf *memory, struct arena *arena,
                                              struct event *ret);
/* The agents that a stop on this target takes, of the documents in force. */
bool target_takes_agent(const struct ambit_documents *documents, enum ambit_target_kind kind,
                        struct ambit_str target, const struct ambit_agent *agent);
/* One grant as the lists show it. NOT_FOUND. */
AMBIT_CHECKED enum ambit_err reading_grant_json(const struct reading *reading, struct ambit_id id,
                                                struct arena *arena, struct json_out *out);
/* Members that stand behind those of the lists; `first` is the event that made the thing. */
struct reading_more {
    enum ambit_err (*write)(void *ctx, const struct event *first, struct json_out *out);
    void *ctx;
};
/* One stop as the lists show it; `more` may be NULL. NOT_FOUND also when it is not this person's to
 * see: nothing was written. */
AMBIT_CHECKED enum ambit_err reading_stop_json(const struct reading *reading, struct ambit_id id,
                                               struct ambit_str only_owner,
                                               const struct reading_more *more,
                                               struct json_out *out);
/* One incident, the same. */
AMBIT_CHECKED enum ambit_err reading_incident_json(const struct reading *reading,
                                                   struct ambit_id id, struct ambit_str only_owner,
                                                   const struct reading_more *more,
                                                   struct json_out *out);
/* One approval, whoever asks. */
AMBIT_CHECKED enum ambit_err reading_approval_json(const struct reading *reading,
                                                   const struct ambit_documents *documents,
                                                   struct ambit_id id,
                                                   const struct reading_more *more,
                                                   struct json_out *out);
/* "erased": the names whose text was said and is no more there; nothing when none was. */
struct erased_text {
    const char *name;
    bool is_erased;
};
void reading_erased(struct json_out *out, const struct erased_text *texts, size_t n);
/* A list that people page through: the rows of a table whose keys are ids, newest first (an id
 * begins with its time). `write` shows a row; NOT_FOUND: it is not to be shown. */
struct query_list {
    enum store_table table;
    const char *name; /* of the member */
    enum ambit_err (*write)(const struct reading *reading, const void *ctx, struct ambit_id id,
                            struct ambit_str row, struct json_out *out);
    const void *ctx;
};
/* The members `name` and `next`, the id of the last row that was looked at. MALFORMED: the page's
 * cursor. (query_list.c) */
AMBIT_CHECKED enum ambit_err query_list(struct broker *broker, const struct query_list *list,
                                        const struct page *page, struct json_out *out);
/* One of them alone, as one of the two above writes it. (query_list.c) */
AMBIT_CHECKED enum ambit_err query_one(
    struct broker *broker,
    enum ambit_err (*write)(const struct reading *reading, struct ambit_id id,
                            struct ambit_str only_owner, const struct reading_more *more,
                            struct json_out *out),
    struct ambit_id id, struct ambit_str only_owner, struct json_out *out);
/* One event, decoded; texts in `memory` and the arena. NOT_FOUND: it was pruned, and its segment is
 * not here; DAMAGED: it is missing, or its segment has something else. */
struct ledger_row;
/* Its row as the store, or a segment, has it; in `memory`. NOT_FOUND: pruned, and its segment is
 * not here. */
struct ledger_row;
AMBIT_CHECKED enum ambit_err reading_row(const struct reading *reading, uint64_t seq,
                                         struct buf *memory, struct ledger_row *ret);
/* Its leaf hash: of one that was pruned out of the tree, with its segment or without. */
AMBIT_CHECKED enum ambit_err reading_leaf(const struct reading *reading, uint64_t seq,
                                          struct ambit_digest *ret);
/* Below it events were pruned. */
uint64_t reading_pruned_to(const struct reading *reading);
AMBIT_CHECKED enum ambit_err reading_event(const struct reading *reading, uint64_t seq,
                                           struct buf *memory, struct arena *arena,
                                           struct ledger_row *ret_row, struct event *ret);
