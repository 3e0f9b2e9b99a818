/* SPDX-License-Identifier: Apache-2.0 */
/* The live record: server-sent events, one event of the record each. */
#pragma once

#include "cli/cli.h"

/* Follows until the stream breaks (CLI_UNREACHABLE, said in words) or is refused. */
enum cli_exit stream_events(struct cli *cli, const char *path);
