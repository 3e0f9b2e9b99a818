/* SPDX-License-Identifier: Apache-2.0 */
/* "Answers teach, and do not leak": the checks and the remedy of a decision that has been made and
 * recorded. Runs on the answering thread after the commit: the checks are derived by the engine
 * from the event's own inputs, the remedy by asking the engine again with one thing changed, on the
 * state as it is now. Nothing here decides or records. */
#pragma once

#include "core/command.h"

/* Texts in the arena. An error means that the answer goes out without checks or remedy. */
AMBIT_CHECKED enum ambit_err teach_grant(const struct grant_command *command, struct arena *arena,
                                         struct ambit_explanation *ret);
AMBIT_CHECKED enum ambit_err teach_action(const struct action_command *command, struct arena *arena,
                                          struct ambit_explanation *ret);
