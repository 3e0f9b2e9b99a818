/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for those who manage documents. */
#pragma once

#include "cli/cli.h"

extern const struct cli_verb admins_init, admins_reload, new_agent, new_person, new_service,
    meta_completion;
extern const struct cli_verb admins_key_rotate, admins_keys, admins_erase;
