/* SPDX-License-Identifier: Apache-2.0 */
/* Connections per source: chains of preallocated nodes under a keyed hash, so that no source can
 * make the others slow by choosing addresses. */
#include "http/source.h"

#include <pthread.h>

#include "base/random.h"

struct node {
    struct source_key key;
    uint32_t count;
    int32_t next; /* of the chain, or of the free list; -1 ends */
};
struct source_table {
    pthread_mutex_t mutex; /* guards chains, nodes and the free list */
    size_t per_source, n_chains;
    uint64_t seed;
    int32_t *chains;
    struct node *nodes;
    int32_t free;
};

struct source_key source_of(const struct addr *peer, bool is_unix, uid_t uid)
{
    struct source_key key = {{0}};
    if (is_unix) {
        key.b[0] = 1;
        memcpy(key.b + 1, &uid, sizeof uid);
    } else if (peer->family == 4) {
        key.b[0] = 4;
        memcpy(key.b + 1, peer->b, 4);
    } else {
        key.b[0] = 6;
        memcpy(key.b + 1, peer->b, 8);
    }
    return key;
}

enum ambit_err source_table_new(size_t max, size_t per_source, struct source_table **ret)
{
    struct source_table *table = calloc(1, sizeof *table);
    if (!table)
        return AMBIT_ERR_NO_MEMORY;
    table->per_source = per_source;
    table->n_chains = max;
    table->chains = calloc(max, sizeof *table->chains);
    table->nodes = calloc(max, sizeof *table->nodes);
    if (!table->chains || !table->nodes || max > INT32_MAX ||
        pthread_mutex_init(&table->mutex, NULL) != 0) {
        free(table->chains);
        free(table->nodes);
        free(table);
        return AMBIT_ERR_NO_MEMORY;
    }

    for (size_t i = 0; i < max; i++) {
        table->chains[i] = -1;
        table->nodes[i].next = i + 1 < max ? (int32_t)(i + 1) : -1;
    }
    random_bytes((uint8_t *)&table->seed, sizeof table->seed);
    *ret = table;
    return AMBIT_OK;
}

void source_table_free(struct source_table *table)
{
    if (!table)
        return;
    pthread_mutex_destroy(&table->mutex);
    free(table->chains);
    free(table->nodes);
    free(table);
}

static int32_t *chain_of(struct source_table *table, const struct source_key *key)
{
    uint64_t h = table->seed;
    for (size_t i = 0; i < sizeof key->b; i++) {
        h = (h ^ key->b[i]) * 0x9e3779b97f4a7c15ULL;
        h ^= h >> 29;
    }
    return &table->chains[h % table->n_chains];
}

/* Where the index of the key's node stands, or the -1 that ends its chain. */
static int32_t *find(struct source_table *table, const struct source_key *key)
{
    int32_t *at = chain_of(table, key);
    while (*at >= 0 && memcmp(table->nodes[*at].key.b, key->b, sizeof key->b) != 0)
        at = &table->nodes[*at].next;
    return at;
}

bool source_enter(struct source_table *table, struct source_key key)
{
    pthread_mutex_lock(&table->mutex);
    int32_t *at = find(table, &key);
    if (*at < 0 && table->free >= 0) {
        int32_t taken = table->free;
        table->free = table->nodes[taken].next;
        table->nodes[taken] = (struct node){.key = key, .count = 0, .next = -1};
        *at = taken;
    }
    bool may_enter = *at >= 0 && table->nodes[*at].count < table->per_source;
    if (may_enter)
        table->nodes[*at].count++;
    pthread_mutex_unlock(&table->mutex);
    return may_enter;
}

void source_leave(struct source_table *table, struct source_key key)
{
    pthread_mutex_lock(&table->mutex);
    int32_t *at = find(table, &key);
    AMBIT_ASSERT(*at >= 0 && table->nodes[*at].count > 0);
    int32_t node = *at;
    if (--table->nodes[node].count == 0) {
        *at = table->nodes[node].next;
        table->nodes[node].next = table->free;
        table->free = node;
    }
    pthread_mutex_unlock(&table->mutex);
}
