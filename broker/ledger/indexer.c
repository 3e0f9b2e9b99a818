/* SPDX-License-Identifier: Apache-2.0 */
/* The indexer thread: reads a chunk of events in one read transaction, ends it, then writes the
 * chunk's rows with one commit of the search environment. */
#include "ledger/indexer.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "ambit/limits.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/encode.h"
#include "ledger/facts.h"
#include "ledger/index_entries.h"
#include "store/search.h"
#include "store/store.h"

enum {
    CHUNK_EVENTS = 10000,
    CHUNK_MS = 500, /* of reading: no snapshot is held longer */
    PAUSE_MS = 1000,
    ARENA_BYTES = 64 * 1024,
    HASH_BYTES = 32,
};

struct indexer {
    struct store *store;
    struct search *search;
    struct facts *facts; /* owned; the thread's own */
    pthread_t thread;
    struct search_position position; /* the thread's own */

    pthread_mutex_t mutex; /* guards is_wanted, and the two conditions */
    pthread_cond_t woken;  /* the thread: somebody waits, or the end */
    pthread_cond_t moved;  /* those who wait: complete_to has grown */
    bool is_wanted;
    atomic_bool is_stopping, has_news;
    atomic_uint_fast64_t complete_to;
    _Atomic(enum ambit_err) problem;
};

/* What goes into the index in one commit. The facts are written as the events are read: the
 * transaction is the search environment's own, which nobody else writes. */
struct chunk {
    struct indexer *indexer;
    struct store_txn *write;      /* NULL: nothing was read yet */
    struct search_entry *entries; /* owned */
    size_t n, cap;
    size_t events;
    struct search_position position;
};

static void chunk_done(struct chunk *chunk)
{
    if (chunk->write) {
        facts_drop(chunk->indexer->facts);
        store_write_abort(chunk->write);
    }
    free(chunk->entries);
}

static AMBIT_CHECKED enum ambit_err chunk_begin(struct chunk *chunk, uint64_t seq)
{
    struct indexer *indexer = chunk->indexer;
    if (chunk->write)
        return AMBIT_OK;
    enum ambit_err err = search_write_begin(indexer->search, &chunk->write);
    bool is_first = chunk->position.next == 0;
    return err == AMBIT_OK ? facts_begin(indexer->facts, chunk->write, seq, is_first) : err;
}

static AMBIT_CHECKED enum ambit_err chunk_commit(struct chunk *chunk)
{
    enum ambit_err err = facts_end(chunk->indexer->facts);
    if (err != AMBIT_OK)
        return err;
    return search_write_commit(TAKE(chunk->write), chunk->entries, chunk->n, &chunk->position);
}

static enum ambit_err chunk_room(struct chunk *chunk)
{
    if (chunk->cap - chunk->n >= INDEX_ENTRIES_MAX)
        return AMBIT_OK;
    size_t cap = chunk->cap * 2 + 4 * INDEX_ENTRIES_MAX;
    struct search_entry *entries = reallocarray(chunk->entries, cap, sizeof *entries);
    if (!entries)
        return AMBIT_ERR_NO_MEMORY;
    chunk->entries = entries;
    chunk->cap = cap;
    return AMBIT_OK;
}

/* ---- reading ------------------------------------------------------------------------------- */

static enum ambit_err chunk_add(struct chunk *chunk, struct ambit_str key, struct ambit_str row)
{
    __attribute__((uninitialized)) char memory[ARENA_BYTES];
    ARENA_AUTO arena;
    arena_init(&arena, memory, sizeof memory, 0);
    if (key.len != sizeof(uint64_t) || row.len < HASH_BYTES)
        return AMBIT_ERR_DAMAGED;
    const struct json_value *event = NULL;
    enum ambit_err err = chunk_room(chunk);
    uint64_t seq = get_be64((const uint8_t *)key.p);
    if (err == AMBIT_OK)
        err = chunk_begin(chunk, seq);
    if (err != AMBIT_OK)
        return err;
    struct ambit_str leaf = {.p = row.p + HASH_BYTES, .len = row.len - HASH_BYTES};
    if (index_event(leaf, &arena, &event))
        chunk->n += index_entries_of(event, seq, chunk->entries + chunk->n);
    err = facts_add(chunk->indexer->facts, event);
    if (err != AMBIT_OK)
        return err;
    chunk->position.next = seq + 1;
    memcpy(chunk->position.last.b, row.p, HASH_BYTES);
    chunk->events++;
    return AMBIT_OK;
}

/* NOT_FOUND never comes out: the end of the record is the end of the chunk. */
static enum ambit_err chunk_read(struct store_txn *txn, struct chunk *chunk)
{
    struct store_cursor *cursor = NULL;
    struct ambit_str key = {0}, row = {0};
    uint8_t from[8];
    put_be64(from, chunk->position.next);
    enum ambit_err err = store_cursor_open(txn, STORE_EVENTS, &cursor);
    if (err != AMBIT_OK)
        return err;
    int64_t until_us = clock_mono_us() + CHUNK_MS * 1000;
    err = store_cursor_move(cursor, STORE_AT_OR_AFTER, (struct store_key){from, sizeof from}, &key,
                            &row);
    while (err == AMBIT_OK) {
        err = chunk_add(chunk, key, row);
        if (err != AMBIT_OK || chunk->events == CHUNK_EVENTS || clock_mono_us() >= until_us)
            break;
        err = store_cursor_move(cursor, STORE_NEXT, (struct store_key){0}, &key, &row);
    }
    store_cursor_close(cursor);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

/* One chunk from the record into the index; *ret_events is how many events it had. */
static enum ambit_err follow(struct indexer *indexer, size_t *ret_events)
{
    AMBIT_CLEANUP(chunk_done)
    struct chunk chunk = {.indexer = indexer, .position = indexer->position};
    struct store_txn *txn = NULL;
    enum ambit_err err = store_read_begin(indexer->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = chunk_read(txn, &chunk);
    store_read_end(txn);
    if (err != AMBIT_OK && chunk.events == 0)
        return err;
    *ret_events = chunk.events;
    if (chunk.events == 0)
        return AMBIT_OK;
    err = chunk_commit(&chunk);
    if (err != AMBIT_OK)
        return err;
    indexer->position = chunk.position;
    return AMBIT_OK;
}

/* ---- the thread ---------------------------------------------------------------------------- */

static void announce(struct indexer *indexer)
{
    (void)pthread_mutex_lock(&indexer->mutex);
    indexer->complete_to = indexer->position.next;
    (void)pthread_cond_broadcast(&indexer->moved);
    (void)pthread_mutex_unlock(&indexer->mutex);
}

static struct timespec after_ms(int64_t ms)
{
    int64_t us = clock_mono_us() + ms * 1000;
    return (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
}

/* A second, unless somebody waits for the index. False at the end. */
static bool pause_or_end(struct indexer *indexer)
{
    struct timespec until = after_ms(PAUSE_MS);
    int rc = 0;
    (void)pthread_mutex_lock(&indexer->mutex);
    while (!indexer->is_stopping && !indexer->is_wanted && rc == 0)
        rc = pthread_cond_timedwait(&indexer->woken, &indexer->mutex, &until);
    indexer->is_wanted = false;
    bool goes_on = !indexer->is_stopping;
    (void)pthread_mutex_unlock(&indexer->mutex);
    return goes_on;
}

static void *indexer_main(void *ctx)
{
    struct indexer *indexer = ctx;
    bool goes_on = true;
    while (goes_on) {
        size_t events = 0;
        bool has_news = atomic_exchange(&indexer->has_news, false);
        enum ambit_err err = has_news ? follow(indexer, &events) : AMBIT_OK;
        if (has_news)
            indexer->problem = err;
        if (err != AMBIT_OK || events > 0)
            indexer->has_news = true; /* there may be more, or it is tried again */
        if (err == AMBIT_OK && events > 0)
            announce(indexer);
        if (err != AMBIT_OK || events < CHUNK_EVENTS / 2)
            goes_on = pause_or_end(indexer);
        else
            goes_on = !indexer->is_stopping;
    }
    return NULL;
}

/* ---- start and end ------------------------------------------------------------------------- */

/* Whether the index was built from this record: the event before its position is the same one. */
static enum ambit_err is_of(struct store *store, const struct search_position *position, bool *ret)
{
    __attribute__((uninitialized)) uint8_t row[HASH_BYTES + AMBIT_EVENT_BYTES];
    struct store_txn *txn = NULL;
    uint8_t key[8];
    *ret = position->next == 0;
    if (*ret)
        return AMBIT_OK;
    enum ambit_err err = store_read_begin(store, &txn);
    if (err != AMBIT_OK)
        return err;
    size_t len = 0;
    put_be64(key, position->next - 1);
    err = store_get(txn, STORE_EVENTS, (struct store_key){key, sizeof key}, row, sizeof row, &len);
    store_read_end(txn);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    *ret = err == AMBIT_OK && len >= HASH_BYTES && memcmp(row, position->last.b, HASH_BYTES) == 0;
    return err;
}

static enum ambit_err position_start(struct indexer *indexer)
{
    bool is_ours = false;
    enum ambit_err err = search_position(indexer->search, &indexer->position);
    if (err == AMBIT_OK)
        err = is_of(indexer->store, &indexer->position, &is_ours);
    bool has_facts = false;
    if (err == AMBIT_OK && is_ours)
        err = facts_are_there(indexer->search, indexer->position.next, &has_facts);
    if (err != AMBIT_OK && err != AMBIT_ERR_DAMAGED)
        return err;
    bool is_empty = indexer->position.next == 0;
    if (is_ours && has_facts && (is_empty || indexer->position.built_as == INDEX_VERSION)) {
        indexer->position.built_as = INDEX_VERSION;
        return AMBIT_OK;
    }
    indexer->position = (struct search_position){.built_as = INDEX_VERSION};
    return search_restart(indexer->search);
}

static void indexer_free(struct indexer *indexer)
{
    (void)pthread_cond_destroy(&indexer->woken);
    (void)pthread_cond_destroy(&indexer->moved);
    (void)pthread_mutex_destroy(&indexer->mutex);
    facts_free(indexer->facts);
    free(indexer);
}

static enum ambit_err thread_start(struct indexer *indexer)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)sigdelset(&all, SIGBUS); /* a damaged file is told of in words */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are main's */
    int rc = pthread_create(&indexer->thread, NULL, indexer_main, indexer);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        (void)pthread_setname_np(indexer->thread, "indexer");
    return rc == 0 ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

enum ambit_err indexer_start(struct store *store, struct search *search, struct indexer **ret)
{
    struct indexer *indexer = calloc(1, sizeof *indexer);
    pthread_condattr_t attributes;
    if (!indexer)
        return AMBIT_ERR_NO_MEMORY;
    indexer->store = store;
    indexer->search = search;
    indexer->has_news = true;
    (void)pthread_mutex_init(&indexer->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&indexer->woken, &attributes);
    (void)pthread_cond_init(&indexer->moved, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    enum ambit_err err = facts_new(&indexer->facts);
    if (err == AMBIT_OK)
        err = position_start(indexer);
    indexer->complete_to = indexer->position.next;
    if (err == AMBIT_OK)
        err = thread_start(indexer);
    if (err != AMBIT_OK) {
        indexer_free(indexer);
        return err;
    }
    *ret = indexer;
    return AMBIT_OK;
}

void indexer_stop(struct indexer *indexer)
{
    if (!indexer)
        return;
    (void)pthread_mutex_lock(&indexer->mutex);
    indexer->is_stopping = true;
    (void)pthread_cond_signal(&indexer->woken);
    (void)pthread_mutex_unlock(&indexer->mutex);
    (void)pthread_join(indexer->thread, NULL);
    indexer_free(indexer);
}

/* ---- asking -------------------------------------------------------------------------------- */

void indexer_wake(struct indexer *indexer)
{
    indexer->has_news = true;
}

uint64_t indexer_complete_to(const struct indexer *indexer)
{
    return indexer->complete_to;
}

enum ambit_err indexer_problem(const struct indexer *indexer)
{
    return indexer->problem;
}

bool indexer_wait(struct indexer *indexer, uint64_t seq, int64_t at_most_ms)
{
    struct timespec until = after_ms(at_most_ms);
    int rc = 0;
    (void)pthread_mutex_lock(&indexer->mutex);
    while (indexer->complete_to < seq && rc == 0) {
        indexer->is_wanted = true;
        indexer->has_news = true;
        (void)pthread_cond_signal(&indexer->woken);
        rc = pthread_cond_timedwait(&indexer->moved, &indexer->mutex, &until);
    }
    bool is_there = indexer->complete_to >= seq;
    (void)pthread_mutex_unlock(&indexer->mutex);
    return is_there;
}

enum ambit_err indexer_find(struct search *search, const struct index_query *query, uint64_t *seqs,
                            size_t max, size_t *ret_n)
{
    struct search_query of_key = {
        .tag = (uint8_t)query->tag, .is_descending = query->is_descending, .from = query->from};
    *ret_n = 0;
    if (!query->value.p || !index_key(query->tag, query->value, of_key.key))
        return AMBIT_OK;
    return search_scan(search, &of_key, seqs, max, ret_n);
}
