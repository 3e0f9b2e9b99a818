/* SPDX-License-Identifier: Apache-2.0 */
/* Cut-off rows: 8 bytes cut-off, 8 bytes held cut-off, 16 bytes stop. */
#include "core/cutoff.h"

#include "base/arena.h"
#include "base/encode.h"
#include "core/internal.h"

enum { CUTOFF_BYTES = 32 };

enum ambit_err cutoff_load(struct store_txn *txn, const struct state_key *key, struct cutoff *ret)
{
    uint8_t row[CUTOFF_BYTES];
    size_t len = 0;
    enum ambit_err err = store_get(txn, STORE_CUTOFFS, state_key_store(key), row, sizeof row, &len);
    if (err == AMBIT_ERR_NOT_FOUND) {
        *ret = (struct cutoff){0};
        return AMBIT_OK;
    }
    if (err != AMBIT_OK)
        return err;
    if (len != CUTOFF_BYTES)
        return AMBIT_ERR_DAMAGED;
    ret->seq = get_be64(row);
    ret->held_seq = get_be64(row + 8);
    memcpy(ret->stop.b, row + 16, 16);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err cutoff_store(struct store_txn *txn, struct head *head,
                                                 const struct state_key *key,
                                                 const struct cutoff *cutoff)
{
    uint8_t row[CUTOFF_BYTES];
    put_be64(row, cutoff->seq);
    put_be64(row + 8, cutoff->held_seq);
    memcpy(row + 16, cutoff->stop.b, 16);
    return tally_put(txn, &head->tally, STORE_CUTOFFS, state_key_store(key),
                     (struct ambit_str){(const char *)row, sizeof row});
}

enum ambit_err cutoff_raise(struct store_txn *txn, struct head *head, const struct state_key *key,
                            uint64_t seq, struct ambit_id stop)
{
    struct cutoff cutoff;
    enum ambit_err err = cutoff_load(txn, key, &cutoff);
    if (err != AMBIT_OK)
        return err;

    if (seq > cutoff.seq)
        cutoff.seq = seq;
    if (!ambit_id_is_none(stop) && seq > cutoff.held_seq) {
        cutoff.held_seq = seq;
        cutoff.stop = stop;
    }
    if (seq > head->last_cutoff_seq)
        head->last_cutoff_seq = seq;
    return cutoff_store(txn, head, key, &cutoff);
}

enum ambit_err cutoff_release(struct store_txn *txn, struct head *head, const struct state_key *key,
                              uint64_t held_seq, struct ambit_id stop)
{
    struct cutoff cutoff;
    enum ambit_err err = cutoff_load(txn, key, &cutoff);
    if (err != AMBIT_OK)
        return err;

    cutoff.held_seq = held_seq;
    cutoff.stop = stop;
    return cutoff_store(txn, head, key, &cutoff);
}

/* Widens *state by one cut-off: a stop in force is the stronger word. */
static AMBIT_CHECKED enum ambit_err judge(struct store_txn *txn, struct state_key key,
                                          uint64_t grant_seq, enum ambit_liveness *state)
{
    struct cutoff cutoff;
    enum ambit_err err = cutoff_load(txn, &key, &cutoff);
    if (err != AMBIT_OK)
        return err;

    if (grant_seq <= cutoff.held_seq)
        *state = AMBIT_DEAD_STOPPED;
    else if (grant_seq <= cutoff.seq && *state == AMBIT_LIVE)
        *state = AMBIT_DEAD_REVOKED;
    return AMBIT_OK;
}

static bool policy_is_first(const struct grant_row *row, size_t item)
{
    for (size_t i = 0; i < item; i++)
        if (ambit_str_eq(row->items[i].policy, row->items[item].policy))
            return false;
    return true;
}

static struct ambit_str id_text(struct ambit_id id, char text[ID_TEXT_LEN])
{
    id_encode(id, text);
    return (struct ambit_str){.p = text, .len = ID_TEXT_LEN};
}

/* Widens *state by what covers this row itself. */
static AMBIT_CHECKED enum ambit_err judge_row(struct store_txn *txn, const struct grant_row *row,
                                              enum ambit_liveness *state)
{
    char grant[ID_TEXT_LEN], lineage[ID_TEXT_LEN];
    const struct state_key keys[] = {
        state_key_cutoff(AMBIT_TARGET_ALL, (struct ambit_str){0}),
        state_key_cutoff(AMBIT_TARGET_AGENT, row->agent),
        state_key_cutoff(AMBIT_TARGET_TEAM, row->team),
        state_key_cutoff(AMBIT_TARGET_OWNER, row->owner),
        state_key_cutoff(AMBIT_TARGET_LINEAGE, id_text(row->lineage, lineage)),
        state_key_cutoff(AMBIT_TARGET_GRANT, id_text(row->id, grant)),
    };
    for (size_t i = 0; i < AMBIT_LEN(keys); i++) {
        enum ambit_err err = judge(txn, keys[i], row->seq, state);
        if (err != AMBIT_OK)
            return err;
    }
    for (size_t i = 0; i < row->n_items; i++) {
        if (!policy_is_first(row, i))
            continue;
        enum ambit_err err = judge(txn, state_key_cutoff(AMBIT_TARGET_POLICY, row->items[i].policy),
                                   row->seq, state);
        if (err == AMBIT_OK)
            err = judge(txn, state_key_cutoff_agent_policy(row->agent, row->items[i].policy),
                        row->seq, state);
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

/* Revoking a grant kills the tree below it by that one number: each row below finds it by the ids
 * of those above. What was given after the last cut-off needs no look, nor does what is above it:
 * nothing is delegated from the dead. */
enum ambit_err cutoff_liveness(struct store_txn *txn, uint64_t last_cutoff_seq,
                               const struct grant_row *row, enum ambit_liveness *ret)
{
    ARENA_AUTO arena;
    char block[8192];
    arena_init(&arena, block, sizeof block, 0);
    *ret = AMBIT_LIVE;
    if (row->seq > last_cutoff_seq)
        return AMBIT_OK;

    enum ambit_err err = judge_row(txn, row, ret);
    struct grant_row above = *row;
    for (unsigned left = AMBIT_DEPTH_MAX; err == AMBIT_OK && !ambit_id_is_none(above.parent);
         left--) {
        struct ambit_id id = above.parent;
        err = left > 0 ? grant_load_row(txn, id, &arena, &above) : AMBIT_ERR_DAMAGED;
        if (err == AMBIT_OK)
            err = judge_row(txn, &above, ret);
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}
