/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for whoever keeps a broker running. */
#pragma once

#include "cli/cli.h"

extern const struct cli_verb keep_backup, keep_doctor, keep_prune, keep_restore;
