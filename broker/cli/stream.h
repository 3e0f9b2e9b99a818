/* SPDX-License-Identifier: Apache-2.0 */
/* The live record: server-sent events, one event of the record each. */
#pragma once

#include "cli/cli.h"

struct stream_options {
    bool is_raw;    /* each as the JSON that it is, on a line of its own; else a line for people */
    size_t at_most; /* so many; 0: no end */
};
/* Follows until so many came (CLI_YES), or the stream breaks or ends (CLI_UNREACHABLE, said in
 * words, with where to go on) or is refused. */
enum cli_exit stream_events(struct cli *cli, const char *path, struct stream_options options);
