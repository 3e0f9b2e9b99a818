/* SPDX-License-Identifier: Apache-2.0 */
/* From what became of signing keys to the rows. */
#include "core/apply_key.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "core/key_row.h"

/* What only key.* says: {"alg","jwk","kid"}, with "signs_from" of one that waits; {"cause","kid"}.
 */
static enum ambit_err read_detail(const struct event *event, struct arena *arena,
                                  const struct json_value **ret, struct key_row *row)
{
    struct json_problem ignored;
    size_t len = 0;
    *row = (struct key_row){.created_ms = event->time_ms};
    if (json_read(event->detail, (struct json_limits){.depth = 8}, arena, ret, &ignored) !=
        AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    if (base64url_decode(json_get_str(*ret, "kid"), row->kid.b, sizeof row->kid.b, &len) !=
            AMBIT_OK ||
        len != sizeof row->kid.b)
        return AMBIT_ERR_DAMAGED;
    return AMBIT_OK;
}

static enum ambit_err read_public(const struct json_value *detail, struct arena *arena,
                                  struct key_row *row)
{
    const struct json_value *jwk = json_get(detail, "jwk");
    if (jwk == NULL || crypto_alg_parse(json_get_str(detail, "alg"), &row->alg) != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    BUF_AUTO text;
    struct json_out out;
    buf_init(&text, 0);
    json_out_init(&out, &text, true);
    json_write_value(&out, jwk);
    enum ambit_err err = buf_check(&text);
    if (err == AMBIT_OK) {
        row->jwk = arena_copy(arena, buf_str(&text));
        err = row->jwk.p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
    }
    return err;
}

/* It signs from here on; what signed until now stays published until `expires_at`. */
static enum ambit_err make_current(struct store_txn *txn, const struct event *event,
                                   struct arena *arena, struct key_row *row)
{
    struct key_row rows[KEYS_MAX];
    size_t n = 0;
    enum ambit_err err = key_rows_load(txn, arena, rows, &n);
    row->state = KEY_CURRENT;
    row->from_ms = event->time_ms;
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        if (ambit_digest_eq(rows[i].kid, row->kid)) {
            row->created_ms = rows[i].created_ms;
            continue;
        }
        if (rows[i].state != KEY_CURRENT)
            continue;
        rows[i].state = KEY_PREVIOUS;
        rows[i].until_ms = event->expires_ms;
        err = key_row_store(txn, &rows[i]);
    }
    return err != AMBIT_OK ? err : key_row_store(txn, row);
}

static enum ambit_err apply_created(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *detail = NULL;
    struct json_problem ignored;
    struct key_row row;
    /* A version that could not rotate said no public half. */
    if (event->detail.len == 0)
        return AMBIT_OK;
    enum ambit_err err =
        json_read(event->detail, (struct json_limits){.depth = 8}, &arena, &detail, &ignored);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_DAMAGED;
    if (json_get(detail, "jwk") == NULL)
        return AMBIT_OK;
    err = read_detail(event, &arena, &detail, &row);
    if (err == AMBIT_OK)
        err = read_public(detail, &arena, &row);
    if (err != AMBIT_OK)
        return err;
    if (json_get(detail, "signs_from") == NULL)
        return make_current(txn, event, &arena, &row);
    row.state = KEY_NEXT;
    return time_decode(json_get_str(detail, "signs_from"), &row.from_ms) == AMBIT_OK
               ? key_row_store(txn, &row)
               : AMBIT_ERR_DAMAGED;
}

static enum ambit_err apply_activated(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *detail = NULL;
    struct key_row row;
    enum ambit_err err = read_detail(event, &arena, &detail, &row);
    if (err == AMBIT_OK)
        err = read_public(detail, &arena, &row);
    return err != AMBIT_OK ? err : make_current(txn, event, &arena, &row);
}

static enum ambit_err apply_retired(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *detail = NULL;
    struct key_row row;
    enum ambit_err err = read_detail(event, &arena, &detail, &row);
    if (err == AMBIT_OK)
        err = key_row_delete(txn, &row.kid);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

enum ambit_err apply_key(struct store_txn *txn, const struct event *event)
{
    if (event->type == EVENT_KEY_CREATED)
        return apply_created(txn, event);
    return event->type == EVENT_KEY_ACTIVATED ? apply_activated(txn, event)
                                              : apply_retired(txn, event);
}
