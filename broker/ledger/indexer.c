/* SPDX-License-Identifier: Apache-2.0 */
/* The indexer thread: follows the record chunk by chunk, lets go what is not searched for any more,
 * and begins an index anew that turned out to be damaged. */
#include "ledger/indexer_inside.h"

#include <signal.h>
#include <time.h>

#include "ambit/limits.h"
#include "base/clock.h"
#include "base/encode.h"
#include "ledger/index_entries.h"
#include "store/store.h"

enum {
    PAUSE_MS = 1000,
    SWEEP_PAUSE_MS = 10,
    SWEEP_US = 50000,
    SWEEP_ROWS = 4096,
    SWEEP_ROWS_LEAST = 16, /* so many where there is no room: what they free is room */
};

/* ---- the thread ---------------------------------------------------------------------------- */

static void announce(struct indexer *indexer)
{
    (void)pthread_mutex_lock(&indexer->mutex);
    indexer->complete_to = indexer->position.next;
    indexer->complete_from = indexer->position.first;
    (void)pthread_cond_broadcast(&indexer->moved);
    (void)pthread_mutex_unlock(&indexer->mutex);
}

/* Damaged: from the first event on, beside those who go on asking. What they read of it before its
 * end they may still answer with; what they ask then they find in what is there by then. */
static enum ambit_err begin_anew(struct indexer *indexer)
{
    struct facts *facts = NULL;
    enum ambit_err err = facts_new(&facts);
    if (err != AMBIT_OK)
        return err;
    facts_free(TAKE(indexer->facts));
    indexer->facts = facts;
    indexer->position = (struct search_position){.built_as = INDEX_VERSION};
    indexer->sweep = (struct search_sweep){.below = 0};
    announce(indexer); /* first: nobody takes an empty one for whole */
    err = search_restart(indexer->search);
    if (err != AMBIT_OK)
        return err;
    indexer->rebuilt += !indexer->is_unmade;
    indexer->is_unmade = false;
    indexer->has_news = true; /* it begins by itself, also where nothing is recorded */
    return AMBIT_OK;
}

/* ---- what is not searched for any more ------------------------------------------------------ */

static bool has_dead(const struct indexer *indexer)
{
    const struct search_position *position = &indexer->position;
    uint64_t wanted = indexer->forgets < position->next ? indexer->forgets : position->next;
    return position->swept < position->first || position->first < wanted;
}

/* Before the first entry leaves, and in the same commit, the position says so. */
static enum ambit_err sweep(struct indexer *indexer)
{
    struct search_position position = indexer->position;
    struct search_sweep at = indexer->sweep;
    struct search_room room;
    uint64_t wanted = indexer->forgets;
    enum ambit_err err = index_room(indexer, &room);
    if (err != AMBIT_OK && err != AMBIT_ERR_NO_SPACE)
        return err;
    if (position.first < wanted)
        position.first = wanted < position.next ? wanted : position.next;
    if (at.below < position.first)
        at = (struct search_sweep){.below = position.first};
    uint64_t rows = room.bytes / 2 / INDEX_ENTRY_BYTES;
    rows = rows < SWEEP_ROWS_LEAST ? SWEEP_ROWS_LEAST : rows;
    at.until_us = clock_mono_us() + SWEEP_US;
    err = search_sweep(indexer->search, &at, rows < SWEEP_ROWS ? rows : SWEEP_ROWS, &position);
    if (err == AMBIT_ERR_DAMAGED)
        search_suspect(indexer->search);
    if (err != AMBIT_OK)
        return err;
    indexer->position = position;
    indexer->sweep = at;
    announce(indexer);
    return AMBIT_OK;
}

static struct timespec after_ms(int64_t ms)
{
    int64_t us = clock_mono_us() + ms * 1000;
    return (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
}

/* So long, unless somebody waits for the index. False at the end. */
static bool pause_or_end(struct indexer *indexer, int64_t ms)
{
    struct timespec until = after_ms(ms);
    int rc = 0;
    (void)pthread_mutex_lock(&indexer->mutex);
    while (!indexer->is_stopping && !indexer->is_wanted && rc == 0)
        rc = pthread_cond_timedwait(&indexer->woken, &indexer->mutex, &until);
    indexer->is_wanted = false;
    bool goes_on = !indexer->is_stopping;
    (void)pthread_mutex_unlock(&indexer->mutex);
    return goes_on;
}

static enum ambit_err follow_news(struct indexer *indexer, bool *ret_is_cut)
{
    size_t events = 0;
    bool has_news = atomic_exchange(&indexer->has_news, false);
    enum ambit_err err = has_news ? index_chunk(indexer, &events, ret_is_cut) : AMBIT_OK;
    if (err != AMBIT_OK || events > 0)
        indexer->has_news = true; /* there may be more, or it is tried again */
    if (has_news)
        indexer->problem = err;
    if (err == AMBIT_OK && events > 0)
        announce(indexer);
    return err;
}

static void *indexer_main(void *ctx)
{
    struct indexer *indexer = ctx;
    for (bool goes_on = true; goes_on;) {
        bool is_cut = false;
        enum ambit_err err = AMBIT_OK, swept = AMBIT_OK;
        if (search_is_suspect(indexer->search))
            err = begin_anew(indexer);
        if (err == AMBIT_OK)
            err = follow_news(indexer, &is_cut);
        else
            indexer->problem = err;
        indexer->is_sweeping = has_dead(indexer);
        if (indexer->is_sweeping)
            swept = sweep(indexer);
        bool is_busy = indexer->is_sweeping && swept == AMBIT_OK;
        if (is_cut && err == AMBIT_OK)
            goes_on = !indexer->is_stopping;
        else
            goes_on = pause_or_end(indexer, is_busy ? SWEEP_PAUSE_MS : PAUSE_MS);
    }
    return NULL;
}

/* ---- start and end ------------------------------------------------------------------------- */

/* Whether the index was built from this record: the event before its position is the same one. */
static enum ambit_err is_of(struct store *store, const struct search_position *position, bool *ret)
{
    __attribute__((uninitialized)) uint8_t row[INDEX_HASH_BYTES + AMBIT_EVENT_BYTES];
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
    *ret = err == AMBIT_OK && len >= INDEX_HASH_BYTES &&
           memcmp(row, position->last.b, INDEX_HASH_BYTES) == 0;
    return err;
}

/* No room to make it: the broker starts without, and the thread tries again. */
static enum ambit_err start_unmade(struct indexer *indexer)
{
    indexer->is_unmade = true;
    search_suspect(indexer->search);
    return AMBIT_OK;
}

static enum ambit_err position_start(struct indexer *indexer)
{
    bool is_ours = false;
    indexer->position = (struct search_position){.built_as = INDEX_VERSION};
    if (search_is_suspect(indexer->search))
        return start_unmade(indexer);
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
    indexer->rebuilt += err == AMBIT_ERR_DAMAGED;
    err = search_restart(indexer->search);
    return err == AMBIT_ERR_NO_SPACE ? start_unmade(indexer) : err;
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
    (void)sigdelset(&all, SIGBUS);                     /* a damaged file is told of in words */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are main's */
    int rc = pthread_create(&indexer->thread, NULL, indexer_main, indexer);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        (void)pthread_setname_np(indexer->thread, "indexer");
    return rc == 0 ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

enum ambit_err indexer_start(struct store *store, struct search *search, uint64_t keep_bytes,
                             struct indexer **ret)
{
    struct indexer *indexer = calloc(1, sizeof *indexer);
    pthread_condattr_t attributes;
    if (!indexer)
        return AMBIT_ERR_NO_MEMORY;
    indexer->store = store;
    indexer->search = search;
    indexer->keep_bytes = keep_bytes;
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
    indexer->complete_from = indexer->position.first;
    indexer->is_sweeping = has_dead(indexer);
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

uint64_t indexer_complete_from(const struct indexer *indexer)
{
    return indexer->complete_from;
}

void indexer_forget(struct indexer *indexer, uint64_t below)
{
    uint64_t before = indexer->forgets;
    while (before < below && !atomic_compare_exchange_weak(&indexer->forgets, &before, below))
        ;
}

void indexer_count(const struct indexer *indexer, struct indexer_counts *ret)
{
    *ret = (struct indexer_counts){.used_bytes = indexer->used_bytes,
                                   .rebuilt = indexer->rebuilt,
                                   .is_sweeping = indexer->is_sweeping};
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
