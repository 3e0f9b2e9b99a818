/* SPDX-License-Identifier: Apache-2.0 */
/* A backup as a folder: store/data.mdb (a copy of the store as one moment has it), log/ (the
 * checkpoint that was last published before, and the log's public key), backup.json. Made as
 * NAME.partial and given its name when it is whole and flushed; an old one is never written over.
 * Private keys are in it only where that is asked for. Used by the broker on a thread of its own
 * and offline by `ambit backup`. */
#pragma once

#include <stdatomic.h>

#include "core/backup_manifest.h"

struct store;

struct backup_plan {
    struct store *store;
    const char *state;  /* the state folder, of which log/ and keys/ are taken */
    const char *folder; /* of the backups; made where it is not there */
    struct ambit_str name;
    bool with_keys;
    const char *version;
    int64_t now_ms;
    uint64_t reserve_bytes;     /* so much of the disk is left to others */
    uint64_t bytes_per_s;       /* 0: as fast as it goes */
    _Atomic uint64_t *bytes;    /* so many are copied, for others to read; may be NULL */
    const atomic_bool *is_over; /* set by others: end it; may be NULL */
};
/* Makes NAME.partial, whole and flushed. EXISTS, NO_SPACE, STOPPING (ended by others) …; what
 * failed, in a sentence, is in `reterr_said`; nothing is left then. ret->name is the plan's. */
AMBIT_CHECKED enum ambit_err backup_make(const struct backup_plan *plan,
                                         struct backup_manifest *ret, struct buf *reterr_said);
/* NAME.partial becomes NAME. */
AMBIT_CHECKED enum ambit_err backup_publish(const char *folder, struct ambit_str name);
void backup_drop(const char *folder, struct ambit_str name); /* NAME.partial */
