/* SPDX-License-Identifier: Apache-2.0 */
/* Telling somebody whom the configuration names, over HTTP(S): one POST, one answer, bounded in
 * time and size. Blocks: for threads of their own. The place is the configuration's word, not a
 * caller's, so that no address is refused (unlike fetch.h). */
#pragma once

#include <stdatomic.h>

#include "base/buf.h"

enum { POST_BYTES_MAX = 64 * 1024, POST_TYPE_MAX = 64 };

struct poster;
/* `is_over`: looked at while a transfer lasts, which ends it. */
AMBIT_CHECKED enum ambit_err poster_new(const atomic_bool *is_over, struct poster **ret);
void poster_free(struct poster *poster); /* NULL is fine */

struct posted {
    long status;
    char type[POST_TYPE_MAX + 1]; /* Content-Type without parameters, lower case; empty: none */
    struct buf body;              /* the caller's to free */
};
/* Any status is OK. IO: nobody answered, or not within bounds. */
AMBIT_CHECKED enum ambit_err poster_post(struct poster *poster, const char *url,
                                         struct ambit_str body, struct posted *ret);
