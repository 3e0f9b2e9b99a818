/* SPDX-License-Identifier: Apache-2.0 */
/* The row of a document: kind (with a mark where a person's name or e-mail were erased from it),
 * length of the name, name, bytes. The key of an erased one stays the digest of what was activated:
 * sets, confirmations and decisions name it so. */
#pragma once

#include "ambit/policy.h"

struct buf;

enum { DOCUMENT_ROW_MAX = AMBIT_DOCUMENT_BYTES + 2 + AMBIT_AGENT_NAME_MAX };

struct document_row {
    int kind; /* enum ambit_kind, or AMBIT_KIND_ZONE */
    bool is_erased;
    struct ambit_str name, bytes;
};
void document_row_put(struct buf *buf, const struct document_row *row);
/* Borrows. DAMAGED: not of this form. */
AMBIT_CHECKED enum ambit_err document_row_read(struct ambit_str bytes, struct document_row *ret);

/* A person's document without these members (ERASURE_NAME, ERASURE_EMAIL): a fixed word stands for
 * each; with the e-mail go the comments of `ssh_signers`, where addresses often stand. Canonical
 * again; the same of what is erased already. DAMAGED: no document. */
AMBIT_CHECKED enum ambit_err document_without(struct ambit_str canonical, unsigned members,
                                              struct buf *ret);
