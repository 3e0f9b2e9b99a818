/* SPDX-License-Identifier: Apache-2.0 */
/* A backup becomes the store of a state folder. The backup is judged first; then it is held against
 * everything that still says how far the record had come: the published checkpoint, the witness
 * file, the store that it replaces. A backup behind any of them is a rollback and is refused unless
 * that is accepted in words; one that is of another record is refused always. Nothing is deleted: a
 * store that is replaced is moved aside. The broker does not run: its lock is taken. */
#pragma once

#include "core/backup_manifest.h"

struct json_out;

struct restore_plan {
    const char *backup, *state, *scratch;
    const char *witness; /* a copy of the published checkpoint elsewhere; NULL: none */
    bool may_replace, without_verify;
    const char *accept_rollback; /* why; NULL: it is not accepted */
    int64_t now_ms;
};

enum { RESTORE_KNOWN_MAX = 3, RESTORE_STOPS_MAX = 50 };
struct restore_report {
    struct backup_manifest manifest;
    bool is_done, is_rollback, is_other_record;
    struct restore_known { /* what says how far the record had come */
        const char *what;  /* "the published checkpoint" */
        uint64_t size;
        struct ambit_digest root;
    } known[RESTORE_KNOWN_MAX];
    size_t n_known;
    /* What a rollback loses, as the store that is replaced tells it. */
    bool has_lost;
    uint64_t lost, lost_stops, lost_revocations, lost_erasures;
    struct restore_stop {
        struct ambit_id id;
        struct ambit_str target, by;
        int64_t raised_ms;
        bool is_in_force;
    } stops[RESTORE_STOPS_MAX];
    size_t n_stops;
    struct ambit_str aside; /* where the replaced store lies; absent: there was none */
    bool has_journal;       /* its journal of stops was taken over */
    struct ambit_str why;   /* a sentence, when it was not done */
    struct arena arena;     /* owns the texts */
};
/* OK: done. REFUSED: `why` says it. NOT_FOUND: no backup there. BUSY: a broker has the folder.
 * Others: it could not be done. restore_done() in each case. */
AMBIT_CHECKED enum ambit_err restore_run(const struct restore_plan *plan,
                                         struct restore_report *ret);
void restore_done(struct restore_report *report);
void restore_write_json(const struct restore_report *report, struct json_out *out);
/* The size that the record had come to by what is known; 0: nothing is known. */
uint64_t restore_newest(const struct restore_report *report, const char **ret_what);
