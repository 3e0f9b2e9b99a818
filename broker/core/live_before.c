/* SPDX-License-Identifier: Apache-2.0 */
/* See live_before.h. */
#include "core/live_before.h"

#include "ambit/limits.h"
#include "base/arena.h"
#include "base/encode.h"
#include "core/cutoff.h"
#include "core/internal.h"
#include "core/world.h"

struct live_before *live_before_new(void)
{
    return calloc(1, sizeof(struct live_before));
}

void live_before_free(struct live_before *before)
{
    for (size_t i = 0; before != NULL && i < LIVE_BEFORE_SLOTS; i++)
        free(before->slots[i].found);
    free(before);
}

void live_before_forget(struct live_before *before)
{
    for (size_t i = 0; i < LIVE_BEFORE_SLOTS; i++)
        before->slots[i].documents = NULL;
}

/* ---- whose grants -------------------------------------------------------------------------- */

static bool lists(const struct ambit_agent *agent, struct ambit_str policy)
{
    for (size_t i = 0; i < agent->policies.n; i++)
        if (ambit_str_eq(agent->policies.v[i], policy))
            return true;
    return false;
}

/* What this agent is given counts under the key. */
static bool counts_under(const struct ambit_documents *documents, const struct ambit_agent *agent,
                         const struct ambit_figure_query *query)
{
    if (!lists(agent, query->policy))
        return false;
    switch (query->by) {
    case AMBIT_BY_AGENT:
        return ambit_str_eq(agent->doc.name, query->key);
    case AMBIT_BY_OWNER:
        return ambit_str_eq(agent->owner, query->key);
    case AMBIT_BY_TEAM: {
        const struct ambit_person *owner = ambit_person_find(documents, agent->owner);
        return owner != NULL && ambit_str_eq(owner->team, query->key);
    }
    case AMBIT_BY_POLICY:
        return true;
    case AMBIT_BY_GRANT:
    case AMBIT_BY_LINEAGE:
    case AMBIT_BY_RESOURCE:
        break;
    }
    return false;
}

/* ---- which of them ------------------------------------------------------------------------- */

struct search {
    const struct world *world;
    const struct ambit_figure_query *query;
    struct live_listed listed;
    struct window_live found[AMBIT_LIVE_GRANTS_MAX];
    size_t n;
};

static bool is_listed(const struct search *search, struct ambit_id grant)
{
    for (size_t i = 0; i < search->listed.n; i++)
        if (ambit_id_eq(search->listed.v[i].grant, grant))
            return true;
    return false;
}

static bool is_of_rule(const struct grant_row *row, const struct ambit_figure_query *query)
{
    for (size_t i = 0; i < row->n_items; i++)
        if (ambit_str_eq(row->items[i].policy, query->policy) &&
            ambit_str_eq(row->items[i].rule, query->id))
            return true;
    return false;
}

static AMBIT_CHECKED enum ambit_err judge(struct search *search, struct window_live entry)
{
    const struct world *world = search->world;
    ARENA_AUTO arena;
    char block[4096];
    arena_init(&arena, block, sizeof block, 0);
    struct grant_row row;
    enum ambit_liveness liveness = AMBIT_LIVE;
    enum ambit_err err = grant_load_row(world->txn, entry.grant, &arena, &row);
    if (err == AMBIT_OK && is_of_rule(&row, search->query))
        err = cutoff_liveness(world->txn, world->last_cutoff_seq, &row, &liveness);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    if (!is_of_rule(&row, search->query) || liveness != AMBIT_LIVE)
        return AMBIT_OK;
    if (search->n == AMBIT_LIVE_GRANTS_MAX)
        return AMBIT_ERR_TOO_LARGE;
    search->found[search->n++] = entry;
    return AMBIT_OK;
}

/* The first six bytes of an id are the milliseconds at which it was drawn. */
static int64_t id_ms(struct ambit_id id)
{
    return (int64_t)get_be32(id.b) << 16 | (int64_t)id.b[4] << 8 | id.b[5];
}

static AMBIT_CHECKED enum ambit_err search_agent(struct search *search, struct ambit_str agent)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct state_key key = state_key_agent(agent);
    struct ambit_str row_key, value;
    uint8_t bound[24];
    memcpy(bound, key.b, 16);
    memset(bound + 16, 0xff, 8);
    int64_t now_ms = search->world->now_ms;
    enum store_seek seek = STORE_BEFORE;
    enum ambit_err err = store_cursor_open(search->world->txn, STORE_AGENT_GRANTS, &cursor);
    for (size_t i = 0; err == AMBIT_OK && i < LIVE_BEFORE_ROWS; i++, seek = STORE_PREVIOUS) {
        struct window_live entry;
        err = store_cursor_move(cursor, seek, (struct store_key){bound, sizeof bound}, &row_key,
                                &value);
        if (err != AMBIT_OK || row_key.len != 24 || value.len != 24 ||
            memcmp(row_key.p, key.b, 16) != 0)
            break;
        memcpy(entry.grant.b, value.p, 16);
        entry.expires_ms = (int64_t)get_be64((const uint8_t *)value.p + 16);
        if (now_ms - id_ms(entry.grant) > 2 * AMBIT_TTL_MAX_S * 1000LL)
            break; /* nothing given before can be alive */
        if (entry.expires_ms > now_ms && !is_listed(search, entry.grant))
            err = judge(search, entry);
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err search_all(struct search *search)
{
    const struct ambit_documents *documents = search->world->documents;
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < documents->n_agents; i++)
        if (counts_under(documents, &documents->agents[i], search->query))
            err = search_agent(search, documents->agents[i].doc.name);
    return err;
}

enum ambit_err live_before_find(const struct world *world, const struct ambit_figure_query *query,
                                const struct state_key *key, struct live_listed listed,
                                const struct window_live **ret, size_t *ret_n)
{
    size_t at = ((size_t)key->b[0] << 8 | key->b[1]) % LIVE_BEFORE_SLOTS;
    struct live_before_slot *slot = &world->before->slots[at];
    bool is_known = slot->documents == world->documents && memcmp(&slot->key, key, 16) == 0;
    if (!is_known) {
        static _Thread_local struct search search;
        search = (struct search){.world = world, .query = query, .listed = listed};
        enum ambit_err err = search_all(&search);
        if (err != AMBIT_OK)
            return err;
        struct window_live *found = calloc(search.n + 1, sizeof *found);
        if (found == NULL)
            return AMBIT_ERR_NO_MEMORY;
        memcpy(found, search.found, search.n * sizeof *found);
        free(slot->found);
        *slot = (struct live_before_slot){
            .key = *key, .documents = world->documents, .found = found, .n = search.n};
    }
    *ret = slot->found;
    *ret_n = slot->n;
    return AMBIT_OK;
}
