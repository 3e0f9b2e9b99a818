/* SPDX-License-Identifier: Apache-2.0 */
/* The row of a grant: everything a decision, an introspection and the token's claims need. Binary,
 * versioned, length-framed; decoding is bounded and refuses what it does not know. */
#pragma once

#include "ambit/policy.h"

struct arena;
struct buf;

struct grant_row {
    struct ambit_id id, lineage, parent; /* lineage = id for a root grant */
    uint64_t seq;                        /* of its grant.issued event: what cut-offs compare with */
    int64_t issued_ms, expires_ms;
    struct ambit_digest token; /* SHA-256(rnd) */
    struct ambit_str agent, owner, team, audience, purpose, txn;
    enum ambit_binding binding;
    struct ambit_digest
        binding_key; /* the thumbprint (dpop), of the certificate (mtls); all zero: none */
    struct ambit_str composition; /* as vouched for; absent mostly */
    bool is_approved;             /* by people, when it was given */
    unsigned depth;               /* how many grants are above it */
    struct ambit_given *items;
    size_t n_items;
    struct ambit_except *except;
    size_t n_except;
    const struct grant_above *above; /* not of the row: what grant_load() found by `parent` */
};
/* The grant it was delegated from, with what is above that. */
struct grant_above {
    struct grant_row row;
    struct ambit_grant_view view;
};
void grant_row_encode(const struct grant_row *row, struct buf *buf);
/* Strings and arrays in the arena; `bytes` need not outlive the call. DAMAGED. */
AMBIT_CHECKED enum ambit_err grant_row_decode(struct ambit_str bytes, struct arena *arena,
                                              struct grant_row *ret);
/* The engine's view of it and of what is above it; borrowed from the row. Liveness is set to
 * AMBIT_LIVE: that of a row is that of all above it too (cutoff.h), so that it says all. */
void grant_row_view(const struct grant_row *row, struct ambit_grant_view *ret);
