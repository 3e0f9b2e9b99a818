/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled sets of documents for whoever reads a record: a set is named by a digest over its
 * documents, each of which is named by the digest of its bytes, so that every byte is held against
 * the name it goes by before it is read. The last few sets are kept compiled. Pure: the bytes come
 * through callbacks. */
#pragma once

#include "ledger/redecide.h"

struct sets;

struct sets_zone {
    struct ambit_str name;
    struct ambit_digest digest;
};
/* What a set is made of, in its order. */
struct sets_list {
    const struct ambit_digest *documents;
    size_t n;
    bool has_zones; /* its zones are kept with it (none of before they were) */
    const struct sets_zone *zones;
    size_t n_zones;
};
struct sets_source {
    void *ctx;
    /* Both in the arena. NOT_FOUND; DAMAGED: what is there is no such thing. */
    enum ambit_err (*list)(void *ctx, const struct ambit_digest *set, struct arena *arena,
                           struct sets_list *ret);
    enum ambit_err (*bytes)(void *ctx, const struct ambit_digest *digest, bool is_zone,
                            struct arena *arena, struct ambit_str *ret);
    /* The bytes of a document have another digest (`now`) than its name: OK when they stand there
     * in its place with reason (an erasure); DAMAGED when not. */
    enum ambit_err (*replaced)(void *ctx, const struct ambit_digest *digest,
                               const struct ambit_digest *now);
};

AMBIT_CHECKED enum ambit_err sets_new(const struct sets_source *source, struct sets **ret);
void sets_free(struct sets *sets);
/* For redecide_source: borrowed until the next call but one. NOT_FOUND: it, or a document of it, is
 * not there; DAMAGED: something of it does not have its digest, or is no document. What was told
 * once is not looked for again. */
AMBIT_CHECKED enum ambit_err sets_get(struct sets *sets, const struct ambit_digest *digest,
                                      struct redecide_set *ret);
/* Are rules of time zones kept with the last one? */
bool sets_have_zones(const struct sets *sets);
/* Why the last sets_get() was refused, and of what; a constant. */
const char *sets_problem(const struct sets *sets, struct ambit_digest *ret_of);

enum { LOG_SET_MAX = 8 << 20, LOG_SET_DOCUMENTS_MAX = 100000 };
/* sets/HEX.json of an export, read into the arena; the bytes must outlive it. DAMAGED. */
AMBIT_CHECKED enum ambit_err log_set_read(struct ambit_str bytes, struct arena *arena,
                                          struct sets_list *ret);
