/* SPDX-License-Identifier: Apache-2.0 */
/* A grant's row with the purpose that was stated for it. The purpose is personal text: it stands in
 * the opening of the event alone, so that erasing the opening erases it everywhere. */
#include "core/internal.h"

#include "base/encode.h"
#include "base/json_read.h"

static AMBIT_CHECKED enum ambit_err load_purpose(struct store_txn *txn, struct arena *arena,
                                                 struct grant_row *row)
{
    uint8_t key[8];
    char opening[4 * AMBIT_TEXT_MAX + 1024];
    size_t len = 0;
    put_be64(key, row->seq);
    enum ambit_err err = store_get(txn, STORE_OPENINGS, (struct store_key){key, sizeof key},
                                   opening, sizeof opening, &len);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    if (err != AMBIT_OK)
        return err;

    struct ambit_str copy = arena_copy(arena, (struct ambit_str){.p = opening, .len = len});
    const struct json_value *value = NULL;
    struct json_problem problem;
    if (copy.p == NULL)
        return AMBIT_ERR_NO_MEMORY;
    err = json_read(copy, (struct json_limits){0}, arena, &value, &problem);
    if (err == AMBIT_OK)
        row->purpose = json_get_str(json_get(value, "purpose"), "text");
    return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_DAMAGED : err;
}

enum ambit_err grant_load(struct store_txn *txn, struct ambit_id id, struct arena *arena,
                          struct grant_row *ret)
{
    static _Thread_local char bytes[64 * 1024];
    size_t len = 0;
    enum ambit_err err = store_get(txn, STORE_GRANTS, (struct store_key){id.b, sizeof id.b}, bytes,
                                   sizeof bytes, &len);
    if (err == AMBIT_OK)
        err = grant_row_decode((struct ambit_str){.p = bytes, .len = len}, arena, ret);
    return err == AMBIT_OK ? load_purpose(txn, arena, ret) : err;
}
