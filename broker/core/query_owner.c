/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a grant is: asked before an owner stops it. */
#include "core/query.h"

#include "core/internal.h"

enum ambit_err query_grant_owner(struct broker *broker, struct ambit_id grant, struct arena *arena,
                                 struct ambit_str *ret)
{
    struct store_txn *txn = NULL;
    struct grant_row row;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = grant_load(txn, grant, arena, &row);
    store_read_end(txn);
    if (err == AMBIT_OK)
        *ret = row.owner;
    return err;
}
