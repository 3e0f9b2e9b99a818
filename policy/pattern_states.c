/* SPDX-License-Identifier: Apache-2.0 */
/* The states of a search, kept and known again. */
#include "policy/pattern_states.h"

void find_done(struct find *find)
{
    free(find->states);
    free(find->pool);
    free(find->table);
    free(find->now.v);
    free(find->next.v);
    free(find->seeds.v);
    free(find->scratch.v);
}

static bool grow(struct find *find, void *vector, size_t *room, size_t wanted, size_t each)
{
    if (wanted <= *room)
        return true;
    size_t n = 2 * wanted + 64, bytes = 0;
    void *old = NULL, *p = NULL;
    memcpy(&old, vector, sizeof old);
    if (ambit_mul(n, each, &bytes))
        p = realloc(old, bytes);
    if (!p) {
        find->err = AMBIT_ERR_NO_MEMORY;
        return false;
    }
    memcpy(vector, &p, sizeof p);
    *room = n;
    return true;
}

void find_push(struct find *find, struct indices *list, uint32_t index)
{
    if (grow(find, &list->v, &list->room, list->n + 1, sizeof *list->v))
        list->v[list->n++] = index;
}

static uint64_t mix(uint64_t hash, uint64_t x)
{
    hash = (hash ^ x) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t hash_of(const struct state *state, const uint32_t *set)
{
    uint64_t hash = mix(state->stage, state->form * 2u + state->is_fed);
    for (size_t i = 0; i < INSIDE_MAX; i++)
        hash = mix(hash, state->at[i]);
    for (size_t i = 0; i < state->n_set; i++)
        hash = mix(hash, set[i]);
    return hash;
}

static bool is_same(const struct find *find, const struct state *a, const struct state *b,
                    const uint32_t *b_set)
{
    return memcmp(a->at, b->at, sizeof a->at) == 0 && a->stage == b->stage && a->form == b->form &&
           a->is_fed == b->is_fed && a->n_set == b->n_set &&
           (a->n_set == 0 || memcmp(find->pool + a->set, b_set, a->n_set * sizeof *b_set) == 0);
}

/* Where in the table the state is, or would be. */
static size_t slot_of(const struct find *find, const struct state *state, const uint32_t *set)
{
    size_t slot = hash_of(state, set) & (find->table_size - 1);
    while (find->table[slot] != FREE &&
           !is_same(find, &find->states[find->table[slot]], state, set))
        slot = (slot + 1) & (find->table_size - 1);
    return slot;
}

static bool widen_table(struct find *find)
{
    if (2 * (find->n_states + 1) <= find->table_size)
        return true;
    size_t size = find->table_size ? 2 * find->table_size : 256;
    uint32_t *table = malloc(size * sizeof *table);
    if (!table) {
        find->err = AMBIT_ERR_NO_MEMORY;
        return false;
    }
    memset(table, 0xff, size * sizeof *table);
    free(find->table);
    find->table = table;
    find->table_size = size;
    for (size_t i = 0; i < find->n_states; i++) {
        const struct state *state = &find->states[i];
        find->table[slot_of(find, state, find->pool + state->set)] = (uint32_t)i;
    }
    return true;
}

void find_keep(struct find *find, struct state state, const uint32_t *v, size_t n,
               struct indices *list)
{
    state.n_set = (uint32_t)n;
    if (find->err || !widen_table(find))
        return;
    size_t slot = slot_of(find, &state, v);
    if (find->table[slot] != FREE)
        return;
    size_t limit = find->question->limit;
    if (find->n_states >= limit || find->n_pool + n > limit * SET_WORDS) {
        find->err = AMBIT_ERR_TOO_LARGE;
        return;
    }
    size_t from =
        v >= find->pool && v < find->pool + find->n_pool ? (size_t)(v - find->pool) : SIZE_MAX;
    if (!grow(find, &find->states, &find->states_room, find->n_states + 1, sizeof state) ||
        !grow(find, &find->pool, &find->pool_room, find->n_pool + n, sizeof *find->pool))
        return;
    if (from != SIZE_MAX) /* the same set as an earlier state's: kept once */
        state.set = (uint32_t)from;
    else {
        state.set = (uint32_t)find->n_pool;
        if (n)
            memcpy(find->pool + find->n_pool, v, n * sizeof *v);
        find->n_pool += n;
    }
    find->states[find->n_states] = state;
    find->table[slot] = (uint32_t)find->n_states;
    find_push(find, list, (uint32_t)find->n_states++);
}

void find_forget(struct find *find)
{
    find->n_states = find->n_pool = 0;
    if (find->table)
        memset(find->table, 0xff, find->table_size * sizeof *find->table);
}
