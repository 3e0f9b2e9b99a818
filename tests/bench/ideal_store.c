/* SPDX-License-Identifier: Apache-2.0 */
/* The ideal's store. */
#include "bench/ideal_store.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH_MAX = 512, TILE = 256, HEAD_BYTES = 512, ONCE_KEY = 20, PATH_MAX_BYTES = 512 };
static const size_t map_bytes = (size_t)32 << 30;

enum table { EVENTS, GRANTS, AGENT_GRANTS, TILES, COUNTERS, ONCE, META, TABLES };

static MDB_env *env;
static MDB_dbi tables[TABLES];
static uint64_t sequence;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the three below */
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static struct ideal_write *first, *last;
static bool is_waiting;

static void check(int rc, const char *what)
{
    if (rc == 0)
        return;
    (void)fprintf(stderr, "%s: %s\n", what, mdb_strerror(rc));
    exit(1);
}

/* ---- rows ---- */

static void put_be64(uint8_t *dst, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        dst[i] = (uint8_t)value;
}

static uint8_t *reserve(MDB_txn *txn, enum table table, const void *key, size_t key_len, size_t len,
                        unsigned flags)
{
    MDB_val k = {.mv_size = key_len, .mv_data = (void *)(uintptr_t)key}, v = {.mv_size = len};
    check(mdb_put(txn, tables[table], &k, &v, MDB_RESERVE | flags), "mdb_put");
    return v.mv_data;
}

static void put_event(MDB_txn *txn, const struct ideal_write *write, size_t len)
{
    uint8_t key[8];
    put_be64(key, ++sequence);
    uint8_t *row = reserve(txn, EVENTS, key, sizeof key, len, MDB_APPEND);
    memset(row, 'e', len);
    memcpy(row, write->id, IDEAL_ID);
    if (sequence % TILE != 0)
        return;
    put_be64(key, sequence / TILE);
    memset(reserve(txn, TILES, key, sizeof key, (size_t)TILE * IDEAL_DIGEST, 0), 't',
           (size_t)TILE * IDEAL_DIGEST);
}

static void put_grant(MDB_txn *txn, const struct ideal_write *write)
{
    uint8_t key[IDEAL_ID + 8] = {'a'};
    put_event(txn, write, IDEAL_GRANT_EVENT);
    memcpy(reserve(txn, GRANTS, write->id, IDEAL_ID, IDEAL_GRANT, 0), write->grant, IDEAL_GRANT);
    put_be64(key + IDEAL_ID, sequence);
    memcpy(reserve(txn, AGENT_GRANTS, key, sizeof key, IDEAL_ID + 8, 0), write->id, IDEAL_ID);
}

static bool put_once(MDB_txn *txn, const struct ideal_write *write)
{
    uint8_t key[ONCE_KEY] = {0};
    memcpy(key + 4, write->once, IDEAL_ID);
    MDB_val k = {.mv_size = sizeof key, .mv_data = key}, v = {.mv_size = 8, .mv_data = key};
    int rc = mdb_put(txn, tables[ONCE], &k, &v, MDB_NOOVERWRITE);
    if (rc != MDB_KEYEXIST)
        check(rc, "mdb_put");
    return rc == 0;
}

static void put_count(MDB_txn *txn, const struct ideal_write *write)
{
    static const uint8_t key[IDEAL_ID] = {'c'};
    put_event(txn, write, IDEAL_ACTION_EVENT);
    uint8_t *row = reserve(txn, COUNTERS, key, sizeof key, IDEAL_COUNTER, 0);
    memset(row, 0, IDEAL_COUNTER);
    put_be64(row, sequence);
}

static void put_rows(MDB_txn *txn, struct ideal_write *write)
{
    switch (write->kind) {
    case IDEAL_ISSUE_ONCE:
        write->is_used = !put_once(txn, write);
        if (!write->is_used)
            put_grant(txn, write);
        break;
    case IDEAL_ISSUE:
        put_grant(txn, write);
        break;
    case IDEAL_COUNT:
        put_count(txn, write);
        break;
    case IDEAL_READ:
        break;
    }
}

/* ---- the writer ---- */

/* What waits, up to a batch. */
static struct ideal_write *take(void)
{
    pthread_mutex_lock(&mutex);
    while (!first) {
        is_waiting = true;
        pthread_cond_wait(&woken, &mutex);
    }
    is_waiting = false;
    struct ideal_write *batch = first, *end = batch;
    for (int n = 1; n < BATCH_MAX && end->next; n++)
        end = end->next;
    first = end->next;
    end->next = NULL;
    pthread_mutex_unlock(&mutex);
    return batch;
}

static void *writer_main(void *arg)
{
    (void)arg;
    for (;;) {
        struct ideal_write *batch = take();
        MDB_txn *txn = NULL;
        check(mdb_txn_begin(env, NULL, 0, &txn), "mdb_txn_begin");
        for (struct ideal_write *write = batch; write; write = write->next)
            put_rows(txn, write);
        memset(reserve(txn, META, "head", 4, HEAD_BYTES, 0), 'h', HEAD_BYTES);
        check(mdb_txn_commit(txn), "mdb_txn_commit");
        while (batch) {
            struct ideal_write *next = batch->next;
            bench_resume(&batch->wait);
            batch = next;
        }
        bench_kick();
    }
    return NULL;
}

void ideal_store_submit(struct ideal_write *write)
{
    write->next = NULL;
    pthread_mutex_lock(&mutex);
    if (first)
        last->next = write;
    else
        first = write;
    last = write;
    bool must_wake = is_waiting;
    is_waiting = false;
    pthread_mutex_unlock(&mutex);
    if (must_wake)
        pthread_cond_signal(&woken);
}

bool ideal_store_grant(const uint8_t id[IDEAL_ID], uint8_t dst[IDEAL_GRANT])
{
    static _Thread_local MDB_txn *txn;
    MDB_val k = {.mv_size = IDEAL_ID, .mv_data = (void *)(uintptr_t)id}, v = {0};
    check(txn ? mdb_txn_renew(txn) : mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "reading");
    int rc = mdb_get(txn, tables[GRANTS], &k, &v);
    bool is_found = rc == 0 && v.mv_size == IDEAL_GRANT;
    if (is_found)
        memcpy(dst, v.mv_data, IDEAL_GRANT);
    mdb_txn_reset(txn);
    return is_found;
}

void ideal_store_open(const char *folder)
{
    static const char *const names[TABLES] = {"events",   "grants", "agent_grants", "tiles",
                                              "counters", "once",   "meta"};
    MDB_txn *txn = NULL;
    pthread_t thread;
    char path[PATH_MAX_BYTES];
    (void)mkdir(folder, 0700);
    if (snprintf(path, sizeof path, "%s/data.mdb", folder) >= (int)sizeof path)
        exit(2);
    (void)unlink(path);
    check(mdb_env_create(&env), "mdb_env_create");
    check(mdb_env_set_mapsize(env, map_bytes), "mdb_env_set_mapsize");
    check(mdb_env_set_maxdbs(env, TABLES), "mdb_env_set_maxdbs");
    check(mdb_env_open(env, folder, MDB_NORDAHEAD, 0600), "mdb_env_open");
    check(mdb_txn_begin(env, NULL, 0, &txn), "mdb_txn_begin");
    for (size_t i = 0; i < TABLES; i++)
        check(mdb_dbi_open(txn, names[i], MDB_CREATE, &tables[i]), names[i]);
    check(mdb_txn_commit(txn), "mdb_txn_commit");
    check(pthread_create(&thread, NULL, writer_main, NULL), "pthread_create");
}
