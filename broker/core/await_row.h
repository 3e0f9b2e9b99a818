/* SPDX-License-Identifier: Apache-2.0 */
/* A request that a client comes back for: CIBA's auth_req_id and a deferral code (D-7) are two
 * names of one thing. Only the SHA-256 of what the client holds is kept; what was asked stands in
 * the approval.awaited event. Rows stay, like those of grants. */
#pragma once

#include "store/store.h"

struct arena;

enum await_kind { AWAIT_CIBA, AWAIT_DEFERRED };
const char *await_kind_text(enum await_kind kind);

enum await_state {
    AWAIT_OPEN,     /* not redeemed yet */
    AWAIT_REDEEMED, /* a grant was given or refused for it */
    AWAIT_CANCELLED /* by the client */
};
struct await_row {
    struct ambit_digest handle;
    enum await_kind kind;
    enum await_state state;
    struct ambit_str agent;
    struct ambit_id approval; /* what people are asked; none: nobody needed to be */
    struct ambit_id grant;    /* REDEEMED: what it gave; none: it was refused */
    uint64_t seq;             /* of its approval.awaited */
    int64_t expires_ms;
};
/* NOT_FOUND. The text in the arena. */
AMBIT_CHECKED enum ambit_err await_row_load(struct store_txn *txn,
                                            const struct ambit_digest *handle, struct arena *arena,
                                            struct await_row *ret);
AMBIT_CHECKED enum ambit_err await_row_store(struct store_txn *txn, const struct await_row *row);

/* Who waits for this approval: the sequences of their approval.awaited events, the newest `max`,
 * newest first. */
AMBIT_CHECKED enum ambit_err await_of_approval(struct store_txn *txn, struct ambit_id approval,
                                               uint64_t *ret_seqs, size_t max, size_t *ret_n);
