/* SPDX-License-Identifier: Apache-2.0 */
/* A backup without a broker: its lock is taken, the store is only read. */
#pragma once

#include "core/backup_manifest.h"

struct backup_offline_plan {
    const char *state;
    const char *out; /* the backup's own folder; its last part is its name */
    bool with_keys;
    const char *version;
    int64_t now_ms;
};
/* BUSY: a broker runs. EXISTS, NO_SPACE, MALFORMED (no name) …; `reterr_said` gets a sentence.
 * Texts of *ret are in the arena. */
AMBIT_CHECKED enum ambit_err backup_offline(const struct backup_offline_plan *plan,
                                            struct arena *arena, struct backup_manifest *ret,
                                            struct buf *reterr_said);
