/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that sign and that are published, as the answering threads use them: a finished signer
 * and a finished key set, shared by count. Built by the writer from the rows in the batch that
 * changes them and published after its commit, so that nothing is signed with a key before its
 * record is durable. The private halves lie beside it, in memory, for as long as a row may need
 * them. */
#pragma once

#include "core/key_row.h"
#include "crypto/jws.h"

enum {
    KEY_LEAD_MS = 300 * 1000,               /* KEY-3: published so long before it signs */
    KEY_KEEP_MS = 86400 * 1000 + 600 * 1000 /* and after: a token lives for a day at most */
};

struct broker;
struct broker_keys;

/* Private halves, by thumbprint: the start's, and then the writer's alone. */
struct key_halves {
    struct {
        struct ambit_digest kid;
        struct crypto_key *key;
    } v[KEYS_MAX];
    size_t n;
};
/* Holds it once more; NO_SPACE when there are too many. */
AMBIT_CHECKED enum ambit_err key_halves_add(struct key_halves *halves, struct crypto_key *key);
bool key_halves_has(const struct key_halves *halves, const struct ambit_digest *kid);
/* Lets go of those that these keys do not need: of what is neither next nor current. */
void key_halves_keep(struct key_halves *halves, const struct broker_keys *keys);

/* From the rows as they stand in this transaction; NOT_FOUND when the current key's private half is
 * not here. *ret_due_ms: when one of them falls due, or a rotation by age is (`rotate_ms`, 0:
 * never). */
AMBIT_CHECKED enum ambit_err keyring_build(struct store_txn *txn, const struct key_halves *halves,
                                           int64_t rotate_ms, struct broker_keys **ret,
                                           int64_t *ret_due_ms);
