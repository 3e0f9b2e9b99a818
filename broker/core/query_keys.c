/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/keys: the signing keys that are published, and where each stands. */
#include "base/encode.h"
#include "base/json_write.h"
#include "core/query_internal.h"

static void put_time(struct json_out *out, const char *key, int64_t ms)
{
    if (ms == 0)
        return;
    json_key(out, key);
    json_time_ms(out, ms);
}

static void put_row(struct json_out *out, const struct key_row *row)
{
    char kid[CRYPTO_KID_LEN];
    base64url_encode(row->kid.b, sizeof row->kid.b, kid);
    json_begin_object(out);
    json_member_str(out, "kid", (struct ambit_str){.p = kid, .len = sizeof kid});
    json_member_text(out, "alg", crypto_alg_text(row->alg));
    json_member_text(out, "state", key_state_text(row->state));
    put_time(out, "published_at", row->created_ms);
    put_time(out, "signs_from", row->from_ms);
    put_time(out, "until", row->until_ms);
    json_end_object(out);
}

enum ambit_err query_keys(struct broker *broker, struct json_out *out)
{
    ARENA_AUTO arena;
    struct store_txn *txn = NULL;
    size_t n = 0;
    arena_init(&arena, NULL, 0, 0);
    struct key_row *rows = arena_array(&arena, KEYS_MAX, sizeof *rows);
    if (rows == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = key_rows_load(txn, &arena, rows, &n);
    store_read_end(txn);
    if (err != AMBIT_OK)
        return err;
    json_begin_object(out);
    json_key(out, "keys");
    json_begin_array(out);
    for (size_t i = 0; i < n; i++)
        put_row(out, &rows[i]);
    json_end_array(out);
    json_key(out, "next");
    json_null(out);
    json_end_object(out);
    return AMBIT_OK;
}
