/* SPDX-License-Identifier: Apache-2.0 */
/* A change of signing keys on the writer's side: made by an admin (POST /v1/keys/rotate), by age
 * (tick and broker_tend), or by the start. */
#pragma once

#include "core/internal.h"

/* Once a second, when something is due: the next key signs, an old one goes, a new one is wanted.
 */
AMBIT_CHECKED enum ambit_err key_tick(struct broker *broker, struct store_txn *txn, int64_t now_ms);
/* Looks at memory alone. */
bool key_tick_wanted(const struct broker *broker, int64_t now_ms);
/* The start's and broker_tend's: runs it and waits. */
AMBIT_CHECKED enum ambit_err key_call(struct key_command *command);
