/* SPDX-License-Identifier: Apache-2.0 */
/* Is a document just made a valid one, taken by itself? */
#pragma once

#include "ambit/document.h"
#include "cli/cli.h"

/* Reads it beside stand-ins for the people, policies and audiences it names. CLI_USAGE with every
 * problem printed. */
enum cli_exit draft_check(struct cli *cli, enum ambit_kind kind, struct ambit_str document);
