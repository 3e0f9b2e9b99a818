/* SPDX-License-Identifier: Apache-2.0 */
/* A grant's row with the purpose that was stated for it. The purpose is personal text: it stands in
 * the opening of the event alone, so that erasing the opening erases it everywhere. */
#include "core/internal.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "core/cutoff.h"
#include "core/vouched.h"
#include "crypto/digest.h"

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

enum ambit_err grant_load_row(struct store_txn *txn, struct ambit_id id, struct arena *arena,
                              struct grant_row *ret)
{
    static _Thread_local char bytes[64 * 1024];
    size_t len = 0;
    enum ambit_err err = store_get(txn, STORE_GRANTS, (struct store_key){id.b, sizeof id.b}, bytes,
                                   sizeof bytes, &len);
    if (err == AMBIT_OK)
        err = grant_row_decode((struct ambit_str){.p = bytes, .len = len}, arena, ret);
    return err == AMBIT_OK && !ambit_id_eq(ret->id, id) ? AMBIT_ERR_DAMAGED : err;
}

/* Each is of a row that is there, one less deep: anything else was not written by us. */
static AMBIT_CHECKED enum ambit_err load_above(struct store_txn *txn, struct arena *arena,
                                               struct grant_row *row, unsigned left)
{
    if (ambit_id_is_none(row->parent))
        return row->depth == 0 ? AMBIT_OK : AMBIT_ERR_DAMAGED;

    struct grant_above *above = arena_alloc(arena, sizeof *above);
    if (above == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = grant_load_row(txn, row->parent, arena, &above->row);
    if (err == AMBIT_OK && (left == 0 || above->row.depth + 1 != row->depth))
        err = AMBIT_ERR_DAMAGED;
    if (err == AMBIT_OK)
        err = load_purpose(txn, arena, &above->row);
    if (err == AMBIT_OK)
        err = load_above(txn, arena, &above->row, left - 1);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    grant_row_view(&above->row, &above->view);
    row->above = above;
    return AMBIT_OK;
}

enum ambit_err grant_load_above(struct store_txn *txn, struct arena *arena, struct grant_row *row)
{
    return load_above(txn, arena, row, AMBIT_DEPTH_MAX);
}

enum ambit_err grant_load(struct store_txn *txn, struct ambit_id id, struct arena *arena,
                          struct grant_row *ret)
{
    enum ambit_err err = grant_load_row(txn, id, arena, ret);
    if (err == AMBIT_OK)
        err = load_purpose(txn, arena, ret);
    return err == AMBIT_OK ? grant_load_above(txn, arena, ret) : err;
}

/* What was known and cannot be read is looked at again, where it takes nothing apart. */
static enum ambit_err damaged(struct broker *broker, struct ambit_id id)
{
    vouched_forget(broker->vouched, id);
    if (vouched_may_complain(broker->vouched, broker_now_ms(broker))) {
        char text[ID_TEXT_LEN];
        struct ambit_str grant = {.p = text, .len = sizeof text};
        id_encode(id, text);
        LOG(LOG_ERROR, "a grant is not what its event gives: refused; run ambit verify",
            LOG_TEXT("grant", grant));
    }
    return AMBIT_ERR_DAMAGED;
}

/* Of what is over the events may be gone, and nothing is given by it. */
static AMBIT_CHECKED enum ambit_err vouch(struct broker *broker, struct store_txn *txn,
                                          const struct grant_row *row, int64_t now_ms)
{
    enum ambit_err err = vouched_row(broker->vouched, txn, row);
    if (err == AMBIT_ERR_NOT_FOUND)
        return row->expires_ms <= now_ms ? AMBIT_OK : AMBIT_ERR_DAMAGED;
    return err;
}

enum ambit_err grant_load_vouched(struct broker *broker, struct store_txn *txn,
                                  struct grant_wanted wanted, struct arena *arena,
                                  struct grant_row *ret)
{
    enum ambit_err err = grant_load(txn, wanted.id, arena, ret);
    if (err == AMBIT_OK && !wanted.is_vouched)
        err = vouch(broker, txn, ret, wanted.now_ms);
    bool is_damaged = err == AMBIT_ERR_DAMAGED || err == AMBIT_ERR_NEWER;
    return is_damaged ? damaged(broker, wanted.id) : err;
}

enum ambit_err grant_find(struct broker *broker, struct store_txn *txn,
                          const struct grant_shown *shown, struct arena *arena,
                          struct grant_row *ret)
{
    const struct identity_token *token = shown->token;
    struct ambit_digest rnd;
    enum ambit_err err = grant_load_vouched(broker, txn,
                                            (struct grant_wanted){.id = token->jti,
                                                                  .now_ms = shown->now_ms,
                                                                  .is_vouched = shown->is_vouched},
                                            arena, ret);
    if (err != AMBIT_OK)
        return err;
    crypto_sha256(token->rnd, sizeof token->rnd, &rnd);
    return crypto_equal(rnd.b, ret->token.b, sizeof rnd.b) ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
}

static AMBIT_CHECKED enum ambit_err look_alone(struct broker *broker, struct ambit_id id)
{
    struct store_txn *txn = NULL;
    struct grant_row row;
    char block[8 * 1024];
    ARENA_AUTO arena;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    arena_init(&arena, block, sizeof block, 0);
    err = grant_load_vouched(broker, txn,
                             (struct grant_wanted){.id = id, .now_ms = broker_now_ms(broker)},
                             &arena, &row);
    store_read_end(txn);
    return err;
}

enum ambit_err grant_vouch(struct broker *broker, const struct identity_token *token,
                           bool *ret_is_vouched)
{
    *ret_is_vouched = token != NULL && vouched_is_known(broker->vouched, token->jti);
    if (token == NULL || *ret_is_vouched)
        return AMBIT_OK;
    enum ambit_err err = look_alone(broker, token->jti);
    *ret_is_vouched = err == AMBIT_OK && vouched_is_known(broker->vouched, token->jti);
    return err == AMBIT_ERR_DAMAGED ? err : AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err liveness_now(struct broker *broker, const struct grant_row *row,
                                                 enum ambit_liveness *ret)
{
    struct store_txn *txn = NULL;
    struct head head;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = head_load(txn, &head);
    if (err == AMBIT_OK)
        err = cutoff_liveness(txn, head.last_cutoff_seq, row, ret);
    store_read_end(txn);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

enum ambit_err grant_look(struct broker *broker, const struct identity_token *token,
                          struct arena *arena, struct grant_row *ret,
                          enum ambit_liveness *ret_liveness)
{
    struct store_txn *txn = NULL;
    if (atomic_load(&broker->is_sealed))
        return AMBIT_ERR_SEALED;
    /* Whether a token has ended cannot be told by a clock that is not believed. */
    if (writer_state(broker->writer) == WRITER_CLOCK)
        return AMBIT_ERR_CLOCK;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    struct grant_shown shown = {.token = token, .now_ms = broker_now_ms(broker)};
    err = grant_find(broker, txn, &shown, arena, ret);
    store_read_end(txn);
    if (err != AMBIT_OK)
        return err;

    /* INVARIANT: first the stops that are accepted, then what is committed. A stop leaves the first
     * for the second; read the other way round it could be missed in both. */
    *ret_liveness = AMBIT_DEAD_STOPPED;
    return pending_covers(&broker->pending, ret) ? AMBIT_OK
                                                 : liveness_now(broker, ret, ret_liveness);
}
