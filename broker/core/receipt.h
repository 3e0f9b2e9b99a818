/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts (TLP-1): that an event stands in the log, as text that verifies with the log's public
 * key alone. One names the entry's hash and not the entry; who may read the event has its bytes. */
#pragma once

#include "core/broker.h"
#include "ledger/tlog.h"

/* In a request's Prefer (RFC 7240): the answer is to carry one. */
#define RECEIPT_PREFERENCE "ambit-receipt"

/* A receipt that goes out with the answer to a command, where the request asked for one. */
struct receipt {
    bool is_wanted;
    struct ambit_str text; /* by receipt_take(); absent: there is none yet */
    bool has_waited;       /* ours, as the rest */
    _Atomic bool is_covered;
    struct tlog_waiter waiter;
    struct broker *broker;
    void (*resume)(void *ctx);
    void *ctx;
};
/* After the command: true when the answer is to wait for the checkpoint; `resume` is then called
 * once, from any thread, perhaps before this returns, and the answer is asked for again. The
 * request has been suspended. */
void receipt_wait(struct broker *broker, struct receipt *receipt, uint64_t seq);
/* Is there still something to wait for? False too once it was waited for in vain, and for what was
 * recorded with others (`seq` 0). */
static inline bool receipt_is_due(const struct receipt *receipt, uint64_t seq)
{
    return receipt->is_wanted && !receipt->has_waited && seq > 0;
}
/* After the wait: fills `text`, in the arena, if it can be had. */
void receipt_take(struct receipt *receipt, uint64_t seq, struct arena *arena);
/* The receipt of an event that a checkpoint covers, whole; NOT_FOUND: none does yet. Reads. */
AMBIT_CHECKED enum ambit_err query_receipt(struct broker *broker, uint64_t seq, struct buf *out);

/* The event that decided under this id (of a grant: that gave it), when it is this caller's: what a
 * service asked, what an agent asked or was asked about; of a person every event of this id.
 * NOT_FOUND else. Waits for the index; reads. */
AMBIT_CHECKED enum ambit_err query_decided_seq(struct broker *broker, struct ambit_id id,
                                               const struct caller *caller, uint64_t *ret);

/* For who may read the log, as members of `out`: "entry" (base64), "leaf" (hex), "proof" (the
 * receipt) and "seq". Waits for the checkpoint. NOT_FOUND: no such event, or it was pruned; BUSY:
 * no checkpoint covers it yet. */
AMBIT_CHECKED enum ambit_err query_proof(struct broker *broker, uint64_t seq, struct json_out *out);
/* Between two sizes of the log, 0 < from <= to <= the published one (else NOT_FOUND): "from",
 * "proof" (base64), "to". */
AMBIT_CHECKED enum ambit_err query_consistency(struct broker *broker, uint64_t from, uint64_t to,
                                               struct json_out *out);
