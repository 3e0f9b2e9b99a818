/* SPDX-License-Identifier: Apache-2.0 */
/* What an activation records beside itself, in the same transaction. */
#pragma once

#include "core/command.h"

struct store_txn;

/* The signatures on which the set comes in force. */
AMBIT_CHECKED enum ambit_err activate_signatures(struct reload_command *command,
                                                 struct store_txn *txn);
/* Confirmations of what goes out of force count no more; nor does the offboarding of people whose
 * document now says that they left. */
AMBIT_CHECKED enum ambit_err activate_superseded(struct reload_command *command,
                                                 struct store_txn *txn);
