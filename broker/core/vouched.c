/* SPDX-License-Identifier: Apache-2.0 */
/* See vouched.h. The table of what is known has one place for each of some ids, which the last of
 * them takes: threads write and read it without a lock, and a word is whole. */
#include "core/vouched.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "core/apply.h"
#include "core/internal.h"
#include "ledger/ledger.h"

enum { PLACES = 1 << 16, BLOCK = 16 * 1024 };

struct vouched {
    _Atomic uint64_t ids[PLACES];
};

struct vouched *vouched_new(void)
{
    return calloc(1, sizeof(struct vouched));
}

void vouched_free(struct vouched *vouched)
{
    free(vouched);
}

/* The random half of an id; none has 0 there but by a chance of 2^-64, and is looked at again. */
static uint64_t word_of(struct ambit_id id)
{
    return get_be64(id.b + 8);
}

static AMBIT_CHECKED enum ambit_err same_bytes(const struct grant_row *stored,
                                               const struct grant_row *given)
{
    BUF_AUTO a, b;
    buf_init(&a, 0);
    buf_init(&b, 0);
    struct grant_row bare = *stored;
    bare.purpose = (struct ambit_str){0}; /* of the opening */
    grant_row_encode(&bare, &a);
    grant_row_encode(given, &b);
    enum ambit_err err = buf_check(&a) != AMBIT_OK ? buf_check(&a) : buf_check(&b);
    if (err != AMBIT_OK)
        return err;
    return ambit_str_eq(buf_str(&a), buf_str(&b)) ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

static AMBIT_CHECKED enum ambit_err look(struct store_txn *txn, const struct grant_row *row)
{
    char block[BLOCK];
    ARENA_AUTO arena;
    BUF_AUTO memory;
    struct ledger_row of_event;
    struct event event;
    arena_init(&arena, block, sizeof block, 0);
    buf_init(&memory, 0);
    enum ambit_err err = ledger_get(txn, row->seq, &memory, &of_event);
    if (err == AMBIT_OK && !ambit_digest_eq(of_event.leaf, tree_leaf(of_event.bytes)))
        err = AMBIT_ERR_DAMAGED;
    if (err == AMBIT_OK)
        err = event_decode(of_event.bytes, AMBIT_STR(""), &arena, &event);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_NEWER)
        return AMBIT_ERR_DAMAGED;
    if (err != AMBIT_OK)
        return err;
    if (event.type != EVENT_GRANT_ISSUED || event.seq != row->seq)
        return AMBIT_ERR_DAMAGED;
    struct grant_row given = apply_grant_row(&event);
    return same_bytes(row, &given);
}

static _Atomic uint64_t *place_of(struct vouched *vouched, uint64_t word)
{
    return &vouched->ids[word % PLACES];
}

void vouched_written(struct vouched *vouched, struct ambit_id grant)
{
    uint64_t word = word_of(grant);
    atomic_store_explicit(place_of(vouched, word), word, memory_order_relaxed);
}

enum ambit_err vouched_row(struct vouched *vouched, struct store_txn *txn,
                           const struct grant_row *row)
{
    enum ambit_err err = AMBIT_OK;
    while (err == AMBIT_OK && row != NULL) {
        uint64_t word = word_of(row->id);
        if (word == 0 ||
            atomic_load_explicit(place_of(vouched, word), memory_order_relaxed) != word) {
            err = look(txn, row);
            if (err == AMBIT_OK)
                vouched_written(vouched, row->id);
        }
        row = row->above != NULL ? &row->above->row : NULL;
    }
    return err;
}
