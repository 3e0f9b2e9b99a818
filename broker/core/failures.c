/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets that failures empty and time fills, in a table of fixed size. Where it is full the bucket
 * that would be full again first is taken: to be forgotten, somebody must have failed least. */
#include "core/failures.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/encode.h"
#include "crypto/digest.h"

enum { PROBES = 8, MINUTE_MS = 60000 };

struct bucket {
    uint64_t key;    /* 0: free */
    int64_t full_ms; /* when it will be full again; each failure puts it off by one share */
};
struct failures {
    pthread_mutex_t lock; /* guards buckets */
    struct bucket buckets[FAILURES_SLOTS];
    _Atomic int64_t until_ms; /* nobody is kept waiting longer than this */
    int64_t share_ms;         /* that one failure costs */
    uint32_t burst;
};

enum ambit_err failures_new(uint32_t burst, uint32_t per_minute, struct failures **ret)
{
    struct failures *failures = calloc(1, sizeof *failures);
    if (failures == NULL)
        return AMBIT_ERR_NO_MEMORY;
    pthread_mutex_init(&failures->lock, NULL);
    failures->burst = burst;
    failures->share_ms = per_minute < MINUTE_MS ? MINUTE_MS / (int64_t)per_minute : 1;
    *ret = failures;
    return AMBIT_OK;
}

void failures_free(struct failures *failures)
{
    if (failures == NULL)
        return;
    pthread_mutex_destroy(&failures->lock);
    free(failures);
}

/* Collisions would let one wait for another: so it is 63 bits of a digest that nobody can steer. */
static uint64_t key_of(struct ambit_str client, struct ambit_str source)
{
    uint8_t len[4];
    struct ambit_digest digest;
    put_be32(len, (uint32_t)source.len);
    const struct ambit_str parts[] = {{.p = (const char *)len, .len = sizeof len}, source, client};
    crypto_sha256_parts(parts, AMBIT_LEN(parts), &digest);
    return get_be64(digest.b) | 1;
}

/* Under the lock. */
static struct bucket *find(struct failures *failures, uint64_t key)
{
    struct bucket *soonest = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct bucket *bucket = &failures->buckets[(key + i) % FAILURES_SLOTS];
        if (bucket->key == key)
            return bucket;
        if (soonest == NULL || bucket->full_ms < soonest->full_ms)
            soonest = bucket;
    }
    return soonest;
}

static int64_t debt_max(const struct failures *failures)
{
    return failures->share_ms * failures->burst;
}

void failures_note(struct failures *failures, struct ambit_str client, struct ambit_str source,
                   int64_t now_ms)
{
    uint64_t key = key_of(client, source);
    int64_t share_ms = failures->share_ms, most_ms = debt_max(failures);
    pthread_mutex_lock(&failures->lock);
    struct bucket *bucket = find(failures, key);
    if (bucket->key != key || bucket->full_ms < now_ms)
        *bucket = (struct bucket){.key = key, .full_ms = now_ms};
    bucket->full_ms += share_ms;
    if (bucket->full_ms > now_ms + most_ms)
        bucket->full_ms = now_ms + most_ms;
    int64_t until_ms = bucket->full_ms - most_ms + share_ms;
    if (until_ms > now_ms && until_ms > atomic_load(&failures->until_ms))
        atomic_store(&failures->until_ms, until_ms);
    pthread_mutex_unlock(&failures->lock);
}

bool failures_are_any(const struct failures *failures, int64_t now_ms)
{
    return atomic_load_explicit(&failures->until_ms, memory_order_relaxed) > now_ms;
}

uint32_t failures_wait_s(struct failures *failures, struct ambit_str client,
                         struct ambit_str source, int64_t now_ms)
{
    uint64_t key = key_of(client, source);
    pthread_mutex_lock(&failures->lock);
    const struct bucket *bucket = find(failures, key);
    /* Until there is a share again. */
    int64_t free_ms =
        bucket->key == key ? bucket->full_ms - debt_max(failures) + failures->share_ms : now_ms;
    pthread_mutex_unlock(&failures->lock);
    return free_ms > now_ms ? (uint32_t)((free_ms - now_ms + 999) / 1000) : 0;
}
