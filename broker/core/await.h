/* SPDX-License-Identifier: Apache-2.0 */
/* A request for a grant that its client comes back for (CIB-*, DTR-*), as the writer meets it: what
 * is recorded when it is put, and what a poll finds. A poll that finds nothing new changes nothing
 * and is not recorded; one that redeems runs the engine over what was asked then (CIB-10), and the
 * event that decides it uses the handle up. How often a client polls is kept in memory alone. */
#pragma once

#include "core/await_row.h"
#include "core/internal.h"

enum { POLLS_MAX = 1024, AWAIT_SLACK_MS = 60 * 1000 };

/* The writer's: the newest polls. One that was forgotten begins anew. */
struct polls {
    struct {
        struct ambit_digest handle;
        struct ambit_id command; /* that polled last: a batch that runs again polls once */
        int64_t last_ms, interval_ms;
        bool was_early;
    } v[POLLS_MAX];
    size_t next;
};

/* A login_hint names a person, role or team that may answer for one of these rules; with no rule
 * that asks: one that there is. */
bool await_hint_fits(struct ambit_str hint, const struct ambit_decision *decision,
                     const struct ambit_documents *documents);
/* After it was decided that it waits, or would be given: records approval.awaited. `approval` may
 * be none. Fills command->await. */
AMBIT_CHECKED enum ambit_err await_record(struct grant_command *command, struct store_txn *txn,
                                          const struct event *refused, struct ambit_id approval);
/* A poll, before the engine: command->await.found says whether it goes on (AWAIT_FINE), and then
 * the question is what was asked. */
AMBIT_CHECKED enum ambit_err await_find(struct grant_command *command, struct store_txn *txn);
/* A deferral code that its client takes back (DTR-5). *ret_known false: there is none of that name
 * that could be. */
AMBIT_CHECKED enum ambit_err await_cancel(struct command *command, struct store_txn *txn,
                                          const struct ambit_digest *handle, bool *ret_known,
                                          bool *ret_foreign);
