/* SPDX-License-Identifier: Apache-2.0 */
/* backup.json: what a backup is. It says where the record stood and what the file of the store must
 * hash to; it is no proof of anything by itself: the checkpoint and the record are. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum { BACKUP_NAME_MAX = 64, BACKUP_MANIFEST_BYTES = 8192 };
#define BACKUP_MANIFEST "backup.json"
#define BACKUP_STORE    "store/data.mdb"

struct backup_manifest {
    struct ambit_str name;
    uint64_t size; /* events in it */
    struct ambit_digest root;
    int64_t time_ms;
    struct ambit_str version; /* of the broker that made it */
    uint64_t bytes;           /* of the store's file */
    struct ambit_digest digest;
    bool has_keys; /* private keys lie in keys/ */
};

/* {"bytes","digest","keys","name","root","size","time","v":1,"version"}, canonical. */
AMBIT_CHECKED enum ambit_err backup_manifest_write(const struct backup_manifest *manifest,
                                                   struct buf *out);
/* Strict: every member once, none beside them. MALFORMED, NEWER (another `v`); texts in the arena.
 */
AMBIT_CHECKED enum ambit_err backup_manifest_read(struct ambit_str bytes, struct arena *arena,
                                                  struct backup_manifest *ret);

/* Letters, digits, dot, dash and underscore, beginning with a letter or digit; none that ends in
 * ".partial". */
bool backup_name_is_fine(struct ambit_str name);
