/* SPDX-License-Identifier: Apache-2.0 */
/* See repeat.h: for each service a ring of rows, found through chains by the first bytes of the
 * key's digest. */
#include "core/repeat.h"

#include <stdlib.h>

#include "ambit/limits.h"

enum { CHAINS = 4096, NO_ROW = 0xffff };

struct row {
    struct ambit_digest key, body;
    struct ambit_id id;
    uint64_t seq;
    int64_t time_ms;
    uint16_t next; /* of its chain */
    bool is_used;
};
struct ring {
    char name[AMBIT_AGENT_NAME_MAX];
    size_t name_len;
    uint16_t chains[CHAINS];
    struct row rows[REPEATS_EACH];
    size_t next;    /* the row that gives way */
    size_t n_fresh; /* added by the batch that is open; they lie before `next` */
};
struct repeats {
    struct ring **rings; /* a service's first key makes one: as many as there are services */
    size_t n;
    bool is_changed;
};

enum ambit_err repeats_new(struct repeats **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

void repeats_free(struct repeats *repeats)
{
    if (repeats == NULL)
        return;
    for (size_t i = 0; i < repeats->n; i++)
        free(repeats->rings[i]);
    free(repeats->rings);
    free(repeats);
}

static struct ring *ring_of(const struct repeats *repeats, struct ambit_str service)
{
    for (size_t i = 0; i < repeats->n; i++) {
        struct ring *ring = repeats->rings[i];
        if (ambit_str_eq((struct ambit_str){ring->name, ring->name_len}, service))
            return ring;
    }
    return NULL;
}

static struct ring *ring_new(struct repeats *repeats, struct ambit_str service)
{
    if (service.len > AMBIT_AGENT_NAME_MAX)
        return NULL;
    struct ring **rings = realloc(repeats->rings, (repeats->n + 1) * sizeof(struct ring *));
    if (rings == NULL)
        return NULL;
    repeats->rings = rings;
    struct ring *ring = calloc(1, sizeof *ring);
    if (ring == NULL)
        return NULL;
    memcpy(ring->name, service.p, service.len);
    ring->name_len = service.len;
    memset(ring->chains, 0xff, sizeof ring->chains);
    repeats->rings[repeats->n++] = ring;
    return ring;
}

static uint16_t *chain_of(struct ring *ring, const struct ambit_digest *key)
{
    return &ring->chains[((unsigned)key->b[0] << 8 | key->b[1]) % CHAINS];
}

struct repeat_found repeats_find(const struct repeats *repeats, struct ambit_str service,
                                 const struct repeat *repeat, int64_t now_ms)
{
    struct repeat_found none = {.is_found = false};
    struct ring *ring = repeat->is_asked ? ring_of(repeats, service) : NULL;
    if (ring == NULL)
        return none;
    for (uint16_t i = *chain_of(ring, &repeat->key); i != NO_ROW; i = ring->rows[i].next) {
        const struct row *row = &ring->rows[i];
        if (!ambit_digest_eq(row->key, repeat->key) || now_ms - row->time_ms >= REPEAT_WINDOW_MS)
            continue;
        return (struct repeat_found){.is_found = true,
                                     .is_other = !ambit_digest_eq(row->body, repeat->body),
                                     .id = row->id,
                                     .seq = row->seq,
                                     .time_ms = row->time_ms};
    }
    return none;
}

static void row_drop(struct ring *ring, struct row *row)
{
    if (!row->is_used)
        return;
    uint16_t at = (uint16_t)(row - ring->rows);
    uint16_t *link = chain_of(ring, &row->key);
    while (*link != at)
        link = &ring->rows[*link].next;
    *link = row->next;
    row->is_used = false;
}

void repeats_add(struct repeats *repeats, struct ambit_str service, const struct repeat *repeat,
                 const struct repeat_found *what)
{
    struct ring *ring = ring_of(repeats, service);
    if (ring == NULL)
        ring = ring_new(repeats, service);
    if (ring == NULL)
        return;
    struct row *row = &ring->rows[ring->next];
    row_drop(ring, row);
    uint16_t *chain = chain_of(ring, &repeat->key);
    *row = (struct row){.key = repeat->key,
                        .body = repeat->body,
                        .id = what->id,
                        .seq = what->seq,
                        .time_ms = what->time_ms,
                        .next = *chain,
                        .is_used = true};
    *chain = (uint16_t)ring->next; /* the newest of a key is found first */
    ring->next = (ring->next + 1) % REPEATS_EACH;
    if (ring->n_fresh < REPEATS_EACH)
        ring->n_fresh++;
    repeats->is_changed = true;
}

void repeats_keep(struct repeats *repeats)
{
    for (size_t i = 0; repeats->is_changed && i < repeats->n; i++)
        repeats->rings[i]->n_fresh = 0;
    repeats->is_changed = false;
}

void repeats_restore(struct repeats *repeats)
{
    for (size_t i = 0; repeats->is_changed && i < repeats->n; i++) {
        struct ring *ring = repeats->rings[i];
        for (; ring->n_fresh > 0; ring->n_fresh--) {
            ring->next = (ring->next + REPEATS_EACH - 1) % REPEATS_EACH;
            row_drop(ring, &ring->rows[ring->next]);
        }
    }
    repeats->is_changed = false;
}
