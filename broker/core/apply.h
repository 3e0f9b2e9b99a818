/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to the tables: the one function that writes state. The writer uses it after it has
 * appended the event; `ambit verify` uses it to build every table again from the events alone and
 * compare. So a table can hold nothing that no event says. */
#pragma once

#include "core/head.h"
#include "ledger/event.h"

/* `head` is the batch's (or the rebuild's) copy; event->seq and time_ms are set. */
AMBIT_CHECKED enum ambit_err apply_event(struct store_txn *txn, struct head *head,
                                         const struct event *event);

/* Keeps a one-time value that no event carries (a caller that changed nothing). */
AMBIT_CHECKED enum ambit_err apply_once(struct store_txn *txn, const struct ambit_digest *once,
                                        int64_t until_ms);
/* Drops one-time values that expired before `now`, at most `max`. Not an event: what is expired
 * says nothing. */
AMBIT_CHECKED enum ambit_err apply_expire_once(struct store_txn *txn, int64_t now_ms, size_t max);
/* Was this one-time value used? It is looked for in every minute up to its greatest life. */
AMBIT_CHECKED enum ambit_err apply_once_is_used(struct store_txn *txn,
                                                const struct ambit_digest *once, int64_t now_ms,
                                                bool *ret);
