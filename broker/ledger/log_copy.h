/* SPDX-License-Identifier: Apache-2.0 */
/* An export made: a log's files copied from wherever they are served, with every document that an
 * event in it names, so that what comes out is verified by ledger/log_verify.h alone. Nothing is
 * judged here. Pure: bytes come and go through callbacks. */
#pragma once

#include "ledger/log_verify.h"

struct log_sink {
    void *ctx;
    enum ambit_err (*put)(void *ctx, const char *path, struct ambit_str bytes);
};
struct log_copy_options {
    /* Events from `first` to before `next` (UINT64_MAX: all there are): widened to whole bundles.
     */
    uint64_t first, next;
    bool no_openings;
    bool is_live;                                            /* a URL: its key is called `key` */
    int64_t now_ms;                                          /* when it is made */
    uint64_t hash_key[2];                                    /* drawn at random */
    void (*progress)(void *ctx, uint64_t done, uint64_t of); /* may be NULL */
    void *ctx;
};
struct log_copied {
    struct log_export export; /* its texts are not kept */
    uint64_t documents;       /* with sets and zones */
};
/* NOT_FOUND: there is no such log, or something of it is not there (pruned, say): *ret_path says
 * what. MALFORMED: an empty range, or what is there is no log. Else what `put` says. */
AMBIT_CHECKED enum ambit_err log_copy(const struct log_source *source, const struct log_sink *sink,
                                      const struct log_copy_options *options,
                                      char reterr_path[LOG_PATH_MAX], struct log_copied *ret);
