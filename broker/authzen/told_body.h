/* SPDX-License-Identifier: Apache-2.0 */
/* What a service or an agent tells of its own accord: bodies of POST /v1/actions/{id}/outcome and
 * POST /v1/signals. JSON objects of ours, read strictly: an unknown member is refused. Pure; texts
 * stand in the body or the arena. */
#pragma once

#include "ambit/base.h"

struct arena;

struct outcome_body {
    struct ambit_str outcome;     /* "succeeded" "failed" "not_attempted" */
    struct ambit_str detail;      /* at most 1,024 bytes without control characters; absent: none */
    struct ambit_digest evidence; /* all zero: none */
};
/* MALFORMED with *reterr_what, or NO_MEMORY. */
AMBIT_CHECKED enum ambit_err outcome_body_read(struct ambit_str body, struct arena *arena,
                                               struct outcome_body *ret, const char **reterr_what);

struct signal_body {
    struct ambit_str signal; /* 1 to 1,024 bytes without control characters */
    struct ambit_str agent;  /* one of the two */
    struct ambit_id grant;   /* none: the agent is named */
    struct ambit_str detail;
};
AMBIT_CHECKED enum ambit_err signal_body_read(struct ambit_str body, struct arena *arena,
                                              struct signal_body *ret, const char **reterr_what);
