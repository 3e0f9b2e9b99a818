/* SPDX-License-Identifier: Apache-2.0 */
/* The signing keys as the record knows them: thumbprint, public half, and where each stands. The
 * table holds keys that are published and no others; a private half is in a file or was handed in
 * by the service manager, never here. */
#pragma once

#include "crypto/key.h"
#include "store/store.h"

struct arena;

enum { KEYS_MAX = 64 }; /* published at once */

enum key_state {
    KEY_NEXT,    /* published, does not sign yet */
    KEY_CURRENT, /* the one that signs */
    KEY_PREVIOUS /* signs no more; published until its last token has expired */
};
const char *key_state_text(enum key_state state);

struct key_row {
    struct ambit_digest kid; /* RFC 7638 */
    enum key_state state;
    enum crypto_alg alg;
    int64_t created_ms;   /* published since */
    int64_t from_ms;      /* NEXT: signs from then; else it began to sign then */
    int64_t until_ms;     /* PREVIOUS: published until then; else 0 */
    struct ambit_str jwk; /* the public half, JSON */
};
/* All of them, by thumbprint. DAMAGED when there are more than KEYS_MAX. */
AMBIT_CHECKED enum ambit_err key_rows_load(struct store_txn *txn, struct arena *arena,
                                           struct key_row rows[KEYS_MAX], size_t *ret_n);
AMBIT_CHECKED enum ambit_err key_row_store(struct store_txn *txn, const struct key_row *row);
AMBIT_CHECKED enum ambit_err key_row_delete(struct store_txn *txn, const struct ambit_digest *kid);
