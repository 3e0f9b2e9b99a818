/* SPDX-License-Identifier: Apache-2.0 */
/* What a proposed set lacks before it may come in force, found out on an answering thread: the
 * confirmations of the store, the signatures beside the documents in the folder, the policy tests.
 * What ambit_review_judge() asks is answered here. */
#pragma once

#include "ambit/review.h"
#include "base/arena.h"

struct ambit_policy_set;
struct store;

/* A signature that counts and is not in the record yet: it gets there with the activation. */
struct review_signature {
    struct ambit_confirm_query about; /* texts in the arena */
    struct ambit_digest file;         /* SHA-256 of the bytes that are signed */
    struct ambit_str armored;         /* in the arena */
};

struct reviewer {
    const char *folder;  /* of the documents */
    struct store *store; /* NULL: there is none yet, nothing was ever confirmed */
    const struct ambit_documents *in_force; /* NULL: none */
    const struct ambit_policy_set *proposed;
    int64_t now_ms;
    bool shows_folder;                   /* in messages: for who reads them, not for the record */
    struct review_signature *signatures; /* found; owned */
    size_t n_signatures, room;
    struct arena arena;
};
/* Zeroed but for what is said above, then: OK with everything that is missing in `missing`. */
AMBIT_CHECKED enum ambit_err review_run(struct reviewer *reviewer, struct ambit_problems *missing);
void review_done(struct reviewer *reviewer); /* NULL and zeroed are fine */

/* Would this folder come in force under `review: "enforce"`, as things stand in STATE/store? Reads
 * alone. Problems are added; MALFORMED when there are any. */
struct review_check {
    const char *state_folder, *documents_folder;
    int64_t now_ms;
};
AMBIT_CHECKED enum ambit_err review_check(const struct review_check *check,
                                          const struct ambit_policy_set *proposed,
                                          struct ambit_problems *problems);
