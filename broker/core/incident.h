/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents: one is open for a stop and key; it is its owner's until a person takes it up, after 15
 * minutes the backup's, after 30 it goes to `escalation`. Only a person closes it. */
#pragma once

#include "core/internal.h"

enum { INCIDENT_BACKUP_MS = 15 * 60 * 1000, INCIDENT_ESCALATION_MS = 30 * 60 * 1000 };

/* Records incident.opened; `event` has everything but type, backup and deadline. */
AMBIT_CHECKED enum ambit_err incident_open(struct broker *broker, struct store_txn *txn,
                                           struct command *command, struct event *event);
/* The open incident of this stop and key; none: there is none. */
AMBIT_CHECKED enum ambit_err incident_find(struct store_txn *txn, const struct event *event,
                                           struct ambit_id *ret);
/* Nobody took it up in time. */
AMBIT_CHECKED enum ambit_err incident_escalate(struct broker *broker, struct store_txn *txn,
                                               int64_t now_ms, struct ambit_id incident);
