/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of choosing share. */
#pragma once

#include "base/arena.h"
#include "ledger/evidence.h"
#include "ledger/log_bundle.h"
#include "ledger/log_copy_internal.h"

/* An event that answers to what an id stands for. */
struct evidence_answer {
    struct ambit_id id;
    uint64_t seq;
};
/* A version of a document: activated, or confirmed. */
struct evidence_version {
    struct ambit_digest digest;
    uint64_t seq;
};
struct evidence_list { /* grows by doubling */
    void *v;
    size_t n, room;
};
enum { EVIDENCE_TILES = 16 };
struct evidence_tile {
    bool is_there;
    unsigned level;
    uint64_t index;
    struct ambit_digest hash[LOG_TILE_WIDTH];
};

struct evidence {
    struct copying copying; /* source, options, the file read last */
    struct log_copied copied;
    struct buf key;
    struct checkpoint checkpoint;
    struct evidence_ask ask;
    struct evidence_summary summary;
    struct arena memory;
    uint8_t *why; /* enum evidence_why of each entry */
    struct log_bundle bundle;
    struct sets *sets;
    struct places places;

    /* of the walk */
    struct evidence_list owners, teams, policies; /* struct ambit_str: of whom is asked about */
    struct evidence_list answers;                 /* struct evidence_answer */
    struct evidence_list activated, confirmed;    /* struct evidence_version */
    struct evidence_list erasures, todo;          /* uint64_t */
    struct evidence_list own;                     /* struct ambit_id */
    struct evidence_list versions;                /* struct ambit_digest, of policies */
    size_t n_own_done, n_versions_done;
    struct ambit_digest document; /* of the target, in the set activated last; all zero: none */

    struct evidence_tile *tiles; /* EVIDENCE_TILES */
    size_t next_tile;
};

AMBIT_CHECKED enum ambit_err evidence_add(struct evidence_list *list, const void *one, size_t size);

/* evidence.c: the bundle with this entry stands in evidence->bundle. NOT_FOUND: it cannot be read,
 * or is none. */
AMBIT_CHECKED enum ambit_err evidence_read(struct evidence *evidence, uint64_t index,
                                           bool with_openings);
/* The entry of evidence->bundle, its opening if that was read. NOT_FOUND: it is no event. */
AMBIT_CHECKED enum ambit_err evidence_decode(struct evidence *evidence, uint64_t seq,
                                             struct arena *arena, struct event *ret);

/* evidence_belongs.c: whenever it happened. Takes note of whose the target is. */
AMBIT_CHECKED enum ambit_err evidence_belongs(struct evidence *evidence, const struct event *event,
                                              bool *ret);
/* An activation that brings, changes or takes away the target's own document. */
AMBIT_CHECKED enum ambit_err evidence_belongs_set(struct evidence *evidence,
                                                  const struct event *event, bool *ret);
/* What the record says about itself. */
bool evidence_is_record(const struct event *event);

/* evidence_links.c: notes what others may lead to, chosen or not. */
AMBIT_CHECKED enum ambit_err evidence_note(struct evidence *evidence, const struct event *event);
/* Chooses what a chosen event names, and notes what may answer it. */
AMBIT_CHECKED enum ambit_err evidence_follow(struct evidence *evidence, const struct event *event);
AMBIT_CHECKED enum ambit_err evidence_link(struct evidence *evidence, uint64_t seq);
/* Until nothing leads to anything more. */
AMBIT_CHECKED enum ambit_err evidence_settle(struct evidence *evidence);
/* The activation that was in force at `seq`. */
AMBIT_CHECKED enum ambit_err evidence_link_set(struct evidence *evidence,
                                               const struct ambit_digest *set, uint64_t seq);
