/* SPDX-License-Identifier: Apache-2.0 */
/* What the makers of an export share: where files come from and go to, and which documents went. */
#pragma once

#include "base/buf.h"
#include "ledger/log_copy.h"
#include "ledger/places.h"

struct copying {
    const struct log_source *source;
    const struct log_sink *sink;
    const struct log_copy_options *options;
    struct log_copied *copied;
    char *reterr_path;
    struct buf file, note;
    struct places seen; /* digests, by their first half */
    uint64_t size;
};

/* Into copying->file; what is not there is named. */
AMBIT_CHECKED enum ambit_err log_copy_get(struct copying *copying, const char *path);
AMBIT_CHECKED enum ambit_err log_copy_put(struct copying *copying, const char *path);
AMBIT_CHECKED enum ambit_err log_copy_file(struct copying *copying, const char *path);
/* A set with its documents and zones, unless it went before. The set before the first activation is
 * none that is kept. */
AMBIT_CHECKED enum ambit_err log_copy_set(struct copying *copying, const struct ambit_digest *set);
