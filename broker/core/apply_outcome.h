/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of apply.h about outcomes and incidents. Only apply.c calls them. */
#pragma once

#include "core/head.h"
#include "ledger/event.h"

/* action.allowed that owes an outcome */
AMBIT_CHECKED enum ambit_err apply_owed(struct store_txn *txn, const struct head *head,
                                        const struct event *event);
/* action.outcome */
AMBIT_CHECKED enum ambit_err apply_outcome(struct store_txn *txn, const struct event *event);
/* action.unaccounted */
AMBIT_CHECKED enum ambit_err apply_unaccounted(struct store_txn *txn, const struct event *event);

/* incident.opened, .escalated, .acknowledged, .closed; a further stop of an open one */
AMBIT_CHECKED enum ambit_err apply_incident_opened(struct store_txn *txn,
                                                   const struct event *event);
AMBIT_CHECKED enum ambit_err apply_incident_goes_on(struct store_txn *txn,
                                                    const struct event *event);
AMBIT_CHECKED enum ambit_err apply_incident_joined(struct store_txn *txn,
                                                   const struct event *event);

/* history.expired */
AMBIT_CHECKED enum ambit_err apply_expired(struct store_txn *txn, const struct event *event);
