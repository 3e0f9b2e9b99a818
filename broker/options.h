/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of ambitd. */
#pragma once

#include "ambit/base.h"

struct options {
    bool is_dev, is_check;
    const char *state, *listen, *config; /* NULL: not given */
    const char *accept_rollback;         /* why; NULL: not given */
    const char *accept_time;             /* likewise */
};
enum options_outcome {
    OPTIONS_SERVE,
    OPTIONS_SAID,  /* --help, --version: printed, exit 0 */
    OPTIONS_WRONG, /* printed what was wrong, exit 2 */
};
enum options_outcome options_read(int argc, char **argv, struct options *ret);
