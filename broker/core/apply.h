/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to the tables: the one function that writes state. The writer uses it after it has
 * appended the event; `ambit verify` uses it to build every table again from the events alone and
 * compare. So a table can hold nothing that no event says. */
#pragma once

#include "core/head.h"
#include "ledger/event.h"

struct grant_row;

/* The row that grant.issued gives; borrowed from the event. */
struct grant_row apply_grant_row(const struct event *event);
/* `head` is the batch's (or the rebuild's) copy; event->seq and time_ms are set. */
AMBIT_CHECKED enum ambit_err apply_event(struct store_txn *txn, struct head *head,
                                         const struct event *event);
