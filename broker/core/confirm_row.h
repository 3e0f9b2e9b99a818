/* SPDX-License-Identifier: Apache-2.0 */
/* Who has confirmed which version of a document, or its removal, and when: one row a digest and
 * person. What was confirmed of a version that was in force and is not any more is spent: it counts
 * again only by a new command of that person, so that an old document does not come back on old
 * signatures. And the row of a person who was offboarded. */
#pragma once

#include "ambit/policy.h"

struct arena;
struct buf;
struct store_txn;

struct confirm_key {
    struct ambit_digest digest; /* of the document */
    bool is_removal;
    struct ambit_str person;
};
struct confirm_row {
    struct ambit_str person;
    int64_t said_ms; /* by a command of theirs, the latest; 0: never */
    uint64_t said_seq;
    int64_t signed_ms; /* by a signature, when it was taken up; 0: never */
    uint64_t signed_seq;
    bool is_spent;        /* what was said counts no more */
    bool is_signed_spent; /* nor does the signature, which would always be the same one */
};
void confirm_row_encode(const struct confirm_row *row, struct buf *buf);
AMBIT_CHECKED enum ambit_err confirm_row_decode(struct ambit_str bytes, struct arena *arena,
                                                struct confirm_row *ret);
/* NOT_FOUND: they never did. */
AMBIT_CHECKED enum ambit_err confirm_row_load(struct store_txn *txn, const struct confirm_key *key,
                                              struct arena *arena, struct confirm_row *ret);
AMBIT_CHECKED enum ambit_err confirm_row_store(struct store_txn *txn, const struct confirm_key *key,
                                               const struct confirm_row *row);
/* Of this document, or of its removal, everything that was confirmed is spent. */
AMBIT_CHECKED enum ambit_err confirm_rows_spend(struct store_txn *txn, struct ambit_digest digest);
/* Has anybody confirmed this version, or its removal? */
AMBIT_CHECKED enum ambit_err confirm_rows_any(struct store_txn *txn, struct ambit_digest digest,
                                              bool *ret);

struct offboard_row {
    struct ambit_str person, by;
    int64_t at_ms;
    uint64_t seq;
    struct ambit_id stop;
};
void offboard_row_encode(const struct offboard_row *row, struct buf *buf);
AMBIT_CHECKED enum ambit_err offboard_row_decode(struct ambit_str bytes, struct arena *arena,
                                                 struct offboard_row *ret);
/* NOT_FOUND: they were not. */
AMBIT_CHECKED enum ambit_err offboard_row_load(struct store_txn *txn, struct ambit_str person,
                                               struct arena *arena, struct offboard_row *ret);
AMBIT_CHECKED enum ambit_err offboard_row_store(struct store_txn *txn,
                                                const struct offboard_row *row);
