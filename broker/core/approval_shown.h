/* SPDX-License-Identifier: Apache-2.0 */
/* What people are shown, as a digest: what an answer is bound to. Stored rows hold these digests:
 * a change of what goes in voids every answer that was given. */
#pragma once

#include "core/internal.h"

AMBIT_CHECKED enum ambit_err approval_shown_grant(const struct ambit_grant_question *q,
                                                  struct ambit_digest *ret);
/* The context too: the same action with another amount is another question. */
AMBIT_CHECKED enum ambit_err approval_shown_action(const struct action_command *command,
                                                   struct ambit_digest *ret);
/* The rules that ask, in the versions of their policies. */
AMBIT_CHECKED enum ambit_err approval_shown_asks(const struct ambit_decision *decision,
                                                 struct ambit_digest *ret);
