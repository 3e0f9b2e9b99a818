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

/* 16 MiB, of which there is in memory what was used. */
enum { PLACES = 1 << 21, BLOCK = 16 * 1024, COMPLAIN_EVERY_MS = 60000 };

struct vouched {
    _Atomic int64_t complained_ms; /* 0: never */
    _Atomic uint64_t ids[PLACES];  /* 0: none */
};

struct vouched *vouched_new(void)
{
    return calloc(1, sizeof(struct vouched));
}

void vouched_free(struct vouched *vouched)
{
    free(vouched);
}

/* The random half of an id; one that has 0 there, by a chance of 2^-64, is looked at each time. */
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
    if (err == AMBIT_ERR_NEWER)
        return AMBIT_ERR_DAMAGED;
    if (err != AMBIT_OK)
        return err;
    if (event.type != EVENT_GRANT_ISSUED || event.seq != row->seq)
        return AMBIT_ERR_DAMAGED;
    struct grant_row given = apply_grant_row(&event);
    return same_bytes(row, &given);
}

static bool has(const struct vouched *vouched, uint64_t word)
{
    return word != 0 &&
           atomic_load_explicit(&vouched->ids[word % PLACES], memory_order_relaxed) == word;
}

static void put(struct vouched *vouched, uint64_t word)
{
    atomic_store_explicit(&vouched->ids[word % PLACES], word, memory_order_relaxed);
}

bool vouched_is_known(const struct vouched *vouched, struct ambit_id grant)
{
    return has(vouched, word_of(grant));
}

void vouched_written(struct vouched *vouched, struct ambit_id grant, struct ambit_id parent)
{
    if (ambit_id_is_none(parent) || vouched_is_known(vouched, parent))
        put(vouched, word_of(grant));
}

void vouched_forget(struct vouched *vouched, struct ambit_id grant)
{
    uint64_t word = word_of(grant);
    (void)atomic_compare_exchange_strong_explicit(&vouched->ids[word % PLACES], &word, 0,
                                                  memory_order_relaxed, memory_order_relaxed);
}

bool vouched_may_complain(struct vouched *vouched, int64_t now_ms)
{
    int64_t last_ms = atomic_load(&vouched->complained_ms);
    return (last_ms == 0 || now_ms - last_ms >= COMPLAIN_EVERY_MS) &&
           atomic_compare_exchange_strong(&vouched->complained_ms, &last_ms, now_ms);
}

static const struct grant_row *next_above(const struct grant_row *row)
{
    return row->above != NULL ? &row->above->row : NULL;
}

enum ambit_err vouched_row(struct vouched *vouched, struct store_txn *txn,
                           const struct grant_row *row)
{
    const struct grant_row *known = row;
    enum ambit_err err = AMBIT_OK;
    for (; known != NULL && !has(vouched, word_of(known->id)); known = next_above(known)) {
        enum ambit_err of_row = look(txn, known);
        if (of_row != AMBIT_OK && of_row != AMBIT_ERR_NOT_FOUND)
            return of_row;
        err = of_row != AMBIT_OK ? of_row : err;
    }
    /* INVARIANT: what is known is known with all above it. */
    for (; err == AMBIT_OK && row != known; row = next_above(row))
        put(vouched, word_of(row->id));
    return err;
}
