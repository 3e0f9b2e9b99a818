/* SPDX-License-Identifier: Apache-2.0 */
/* The body of POST /access/v1/evaluations as plain values (AZN-8 to AZN-10): its items, each with
 * the defaults of the body in place of the members it lacks, taken whole. Pure; texts are borrowed
 * from the body or stand in the arena. */
#pragma once

#include "authzen/request.h"
#include "core/command.h"

struct batch_item {
    struct evaluation asked;
    const char *fault; /* why it could not be read; NULL: it was */
};
struct batch_body {
    enum action_semantic semantic;
    struct batch_item *items;
    size_t n;                           /* 0: there are none, and `defaults` is the question */
    struct evaluation_members defaults; /* of the body */
};
/* MALFORMED with *reterr_what (400), or NO_MEMORY. */
AMBIT_CHECKED enum ambit_err batch_body_read(struct ambit_str body, struct arena *arena,
                                             struct batch_body *ret, const char **reterr_what);
