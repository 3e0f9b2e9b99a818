/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of the operator API: JSON objects of ours, read strictly; a member that is not known is
 * named and refused. Pure; texts stand in the body or the arena. */
#pragma once

#include "ambit/document.h"

struct arena;

struct stop_body {
    struct ambit_str target, reason;
    bool dry_run;
};
/* POST /v1/stops. `reason` may be absent in a dry run alone. MALFORMED with *reterr_what in the
 * arena, or NO_MEMORY. */
AMBIT_CHECKED enum ambit_err stop_body_read(struct ambit_str body, struct arena *arena,
                                            struct stop_body *ret, const char **reterr_what);
struct offboard_body {
    struct ambit_str reason; /* may be absent in a dry run alone */
    bool dry_run;
};
/* POST /v1/people/{x}/offboard. */
AMBIT_CHECKED enum ambit_err offboard_body_read(struct ambit_str body, struct arena *arena,
                                                struct offboard_body *ret,
                                                const char **reterr_what);
struct confirm_body {
    enum ambit_kind kind;
    struct ambit_str name; /* 1 to 128 bytes */
    bool has_digest;       /* a removal may leave it out: the version in force */
    struct ambit_digest digest;
    struct ambit_str reason; /* may be absent */
    bool is_removal;
};
/* POST /v1/documents/confirm. */
AMBIT_CHECKED enum ambit_err confirm_body_read(struct ambit_str body, struct arena *arena,
                                               struct confirm_body *ret, const char **reterr_what);
/* {"answer":"approve"|"reject","reason"}: POST /v1/approvals/{id}. */
AMBIT_CHECKED enum ambit_err approve_body_read(struct ambit_str body, struct arena *arena,
                                               bool *ret_given, struct ambit_str *ret_reason,
                                               const char **reterr_what);
struct rotate_body {
    struct ambit_str reason;
    bool now, withdraw;
};
/* POST /v1/keys/rotate. */
AMBIT_CHECKED enum ambit_err rotate_body_read(struct ambit_str body, struct arena *arena,
                                              struct rotate_body *ret, const char **reterr_what);
struct backup_body {
    struct ambit_str name; /* absent: named by the time */
    struct ambit_str reason;
};
/* POST /v1/backups. */
AMBIT_CHECKED enum ambit_err backup_body_read(struct ambit_str body, struct arena *arena,
                                              struct backup_body *ret, const char **reterr_what);
struct erase_body {
    struct ambit_str target, before; /* `before` may be absent; a time */
    struct ambit_str reason;         /* may be absent in a dry run alone */
    struct ambit_str members[5];     /* as they came; none: absent */
    size_t n_members;
    bool dry_run;
};
/* POST /v1/erasures. */
AMBIT_CHECKED enum ambit_err erase_body_read(struct ambit_str body, struct arena *arena,
                                             struct erase_body *ret, const char **reterr_what);
struct prune_body {
    int64_t before_ms;
    struct ambit_str reason; /* may be absent in a dry run alone */
    bool dry_run;
};
/* POST /v1/prune. */
AMBIT_CHECKED enum ambit_err prune_body_read(struct ambit_str body, struct arena *arena,
                                             struct prune_body *ret, const char **reterr_what);
/* Where nobody needs to say why: nothing, or {}, or {"reason"}. */
AMBIT_CHECKED enum ambit_err acknowledge_body_read(struct ambit_str body, struct arena *arena,
                                                   struct ambit_str *ret, const char **reterr_what);
struct time_body {
    struct ambit_str reason;
    int64_t wall_ms; /* what the clock is taken to show; 0: not said */
};
/* POST /v1/time/acknowledge. */
AMBIT_CHECKED enum ambit_err time_body_read(struct ambit_str body, struct arena *arena,
                                            struct time_body *ret, const char **reterr_what);
/* {"reason"}: clearing a stop. */
AMBIT_CHECKED enum ambit_err reason_body_read(struct ambit_str body, struct arena *arena,
                                              struct ambit_str *ret, const char **reterr_what);
