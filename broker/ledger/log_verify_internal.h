/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of verifying a log share. What is read is not trusted: no length or number of it
 * may reach an assertion. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "ledger/log_bundle.h"
#include "ledger/log_verify.h"
#include "ledger/tree.h"

struct log_hashes {
    size_t n;
    struct ambit_digest hash[LOG_TILE_WIDTH];
};

struct log_listed { /* a line of SHA256SUMS */
    struct ambit_str path;
    struct ambit_digest digest;
};

enum { LOG_ABSENT_MAX = 10000 }; /* files: whoever names a huge size would keep us for ever */
struct log_verify {
    size_t n_absent;
    const struct log_source *source;
    const struct log_verify_options *options;
    struct log_report *report;
    struct follow *follow;
    struct checkpoint checkpoint;
    struct buf note, scratch;          /* `note` is what the checkpoint borrows */
    struct tree_edge edge;             /* of the partial tiles, level by level */
    struct log_bundle *walked, *again; /* in order; for looking back */
    struct log_hashes upper;           /* the tile above the one that is looked at */
    uint64_t upper_index;
    unsigned upper_level; /* 0: none was read */
    struct buf manifest;  /* of evidence: SHA256SUMS, which `listed` borrows from */
    struct log_listed *listed;
    size_t n_listed;
};

__attribute__((format(printf, 4, 5))) void log_problem(struct log_verify *verify,
                                                       const uint64_t *seq, const char *path,
                                                       const char *format, ...);
/* log_files.c. NOT_FOUND and DAMAGED are told as problems by the caller; IO and NO_MEMORY end. */
AMBIT_CHECKED enum ambit_err log_get(struct log_verify *verify, const char *path, size_t max,
                                     struct buf *ret);
bool log_is_ours(enum ambit_err err);
/* So much is missing that the rest is not looked for. */
bool log_gives_up(const struct log_verify *verify);
AMBIT_CHECKED enum ambit_err log_read_export(struct log_verify *verify);
AMBIT_CHECKED enum ambit_err log_read_checkpoint(struct log_verify *verify);
/* The key that is given, or the one beside the log. */
AMBIT_CHECKED enum ambit_err log_find_key(struct log_verify *verify, struct note_verifier *ret);
AMBIT_CHECKED enum ambit_err log_read_bundle(struct log_verify *verify, uint64_t index,
                                             struct log_bundle *ret);
/* The callbacks of follow.h; ctx is the struct log_verify. */
struct follow_source log_follow_source(struct log_verify *verify);

/* log_tiles.c */
AMBIT_CHECKED enum ambit_err log_read_tile(struct log_verify *verify, unsigned level,
                                           uint64_t index, struct log_hashes *ret);
/* A tile of the log against the one above it, and its part of the edge. */
AMBIT_CHECKED enum ambit_err log_take_tile(struct log_verify *verify, unsigned level,
                                           uint64_t index, const struct log_hashes *tile);
/* All tiles above level 0, and the root. */
AMBIT_CHECKED enum ambit_err log_verify_tiles(struct log_verify *verify);

/* log_walk.c: bundles and their events, from first to before next. */
AMBIT_CHECKED enum ambit_err log_walk(struct log_verify *verify);
AMBIT_CHECKED enum ambit_err log_judge_entry(struct log_verify *verify, uint64_t seq,
                                             struct ambit_str entry, struct ambit_str opening);
/* log_evidence.c: entries with proofs of their own. */
bool log_is_receipt(const char *path);
AMBIT_CHECKED enum ambit_err log_read_receipt(struct log_verify *verify, uint64_t seq,
                                              struct buf *ret_entry, struct buf *ret_opening);
AMBIT_CHECKED enum ambit_err log_verify_evidence(struct log_verify *verify);
/* log_sets.c: every set that is there, with its documents. */
AMBIT_CHECKED enum ambit_err log_verify_sets(struct log_verify *verify);

/* log_manifest.c: every file that SHA256SUMS names, against its digest there. */
AMBIT_CHECKED enum ambit_err log_verify_manifest(struct log_verify *verify);
bool log_is_listed(const struct log_verify *verify, const char *path);
