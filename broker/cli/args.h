/* SPDX-License-Identifier: Apache-2.0 */
/* From argv to cli->verb, cli->argument and cli->given. */
#pragma once

#include "cli/cli.h"

/* CLI_YES, or CLI_USAGE with the complaint in cli->errors. cli->verb stays NULL when there was
 * none. */
enum cli_exit args_take(struct cli *cli, int argc, const char *const *argv);
