/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes the head row: version, fixed fields, then the edge's nodes where a bit of the size is
 * set. */
#include "core/head.h"

#include "base/encode.h"

enum { HEAD_VERSION = 1, HEAD_FIXED = 1 + 8 * 5 + 32, HEAD_MAX = HEAD_FIXED + TREE_LEVELS * 32 };

static const struct store_key head_key = {.p = "head", .len = 4};

enum ambit_err head_load(struct store_txn *txn, struct head *ret)
{
    uint8_t row[HEAD_MAX];
    size_t len = 0;
    enum ambit_err err = store_get(txn, STORE_META, head_key, row, sizeof row, &len);
    if (err != AMBIT_OK)
        return err;
    if (len < HEAD_FIXED)
        return AMBIT_ERR_DAMAGED;
    if (row[0] != HEAD_VERSION)
        return row[0] > HEAD_VERSION ? AMBIT_ERR_NEWER : AMBIT_ERR_DAMAGED;

    struct head head = {
        .edge.size = get_be64(row + 1),
        .last_now_ms = (int64_t)get_be64(row + 9),
        .last_cutoff_seq = get_be64(row + 17),
        .holds_version = get_be64(row + 25),
        .grants_issued = get_be64(row + 33),
    };
    memcpy(head.documents.b, row + 41, 32);
    size_t at = HEAD_FIXED;
    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        if ((head.edge.size >> level & 1) == 0)
            continue;
        if (at + 32 > len)
            return AMBIT_ERR_DAMAGED;
        memcpy(head.edge.node[level].b, row + at, 32);
        at += 32;
    }
    if (at != len)
        return AMBIT_ERR_DAMAGED;
    *ret = head;
    return AMBIT_OK;
}

enum ambit_err head_store(struct store_txn *txn, const struct head *head)
{
    uint8_t row[HEAD_MAX];
    row[0] = HEAD_VERSION;
    put_be64(row + 1, head->edge.size);
    put_be64(row + 9, (uint64_t)head->last_now_ms);
    put_be64(row + 17, head->last_cutoff_seq);
    put_be64(row + 25, head->holds_version);
    put_be64(row + 33, head->grants_issued);
    memcpy(row + 41, head->documents.b, 32);
    size_t at = HEAD_FIXED;
    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        if ((head->edge.size >> level & 1) == 0)
            continue;
        memcpy(row + at, head->edge.node[level].b, 32);
        at += 32;
    }
    return store_put(txn, STORE_META, head_key, row, at);
}
