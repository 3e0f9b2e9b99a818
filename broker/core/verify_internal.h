/* SPDX-License-Identifier: Apache-2.0 */
/* What the two passes of verification share. */
#pragma once

#include "base/buf.h"
#include "core/head.h"
#include "core/verify.h"
#include "ledger/ledger.h"
#include "store/store.h"

enum { VERIFY_LARGE = (1 << 20) + 4096 };

struct verify {
    struct verify_report *report;
    struct store *store, *rebuilt;
    struct store_txn *txn, *rebuilt_txn;
    struct head stored, head; /* as found, as the events give */
    bool has_set;
    struct ambit_digest last_set, last_digest;
    struct buf memory, scratch;
    char *large;
    char folder[4096]; /* of the rebuilt store */
};
void verify_problem(struct verify *verify, const uint64_t *seq, const char *table,
                    struct ambit_str key, const char *what);
/* Every table against the rebuilt one. */
AMBIT_CHECKED enum ambit_err verify_tables(struct verify *verify);
