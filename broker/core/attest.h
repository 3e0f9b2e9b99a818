/* SPDX-License-Identifier: Apache-2.0 */
/* Do the people behind an agent stand behind it now? Its owner confirmed this very version of its
 * document, not longer ago than the configured age; neither owner nor backup was offboarded. */
#pragma once

#include "core/internal.h"

/* What a request for a grant is judged on, beside the documents. */
struct standing {
    struct ambit_str fault;    /* "owner", "backup", "attestation"; absent: none that refuses */
    int64_t attested_until_ms; /* EVENT_ATTESTED_NEVER: the owner never confirmed this version */
    bool is_unattested;        /* lapsed or never, and review is only recorded */
};
AMBIT_CHECKED enum ambit_err standing_of(struct broker *broker, struct store_txn *txn,
                                         const struct ambit_agent *agent, int64_t now_ms,
                                         struct standing *ret);

/* At start: is there anybody who was offboarded, anything that was confirmed? */
AMBIT_CHECKED enum ambit_err people_look(struct broker *broker, struct store_txn *txn);

/* A part of all agents, once every ten seconds: how many lapse within two weeks, or have. After a
 * whole round that is what /metrics says, and a line of the log when it has changed. */
AMBIT_CHECKED enum ambit_err attest_tick(struct broker *broker, struct store_txn *txn,
                                         int64_t now_ms);
