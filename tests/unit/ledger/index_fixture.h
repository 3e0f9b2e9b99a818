/* SPDX-License-Identifier: Apache-2.0 */
/* A record with an index behind it, and events for it. */
#pragma once

#include "fixture.h"
#include "samples.h"

#include "ledger/indexer.h"
#include "store/search.h"

static const struct event_seed seed = {.b = {7}};

struct index_fixture {
    struct fixture *fixture;
    char path[FOLDER_PATH_MAX];
    struct search *search;
    struct indexer *indexer;
    uint64_t keep_bytes;
    size_t map_bytes;
};

static inline void start(struct index_fixture *f)
{
    assert_int_equal(search_open(f->path, f->map_bytes, &f->search), AMBIT_OK);
    assert_int_equal(indexer_start(f->fixture->store, f->search, f->keep_bytes, &f->indexer),
                     AMBIT_OK);
}

static inline void stop(struct index_fixture *f)
{
    indexer_stop(f->indexer);
    search_close(f->search);
    f->indexer = NULL;
    f->search = NULL;
}

static inline int up(void **state)
{
    struct index_fixture *f = calloc(1, sizeof *f);
    void *fixture = NULL;
    assert_non_null(f);
    (void)fixture_up(&fixture);
    f->fixture = fixture;
    folder_join(f->path, f->fixture->folder, "search");
    f->map_bytes = (size_t)1 << 30;
    f->keep_bytes = 1 << 20;
    start(f);
    *state = f;
    return 0;
}

static inline int down(void **state)
{
    struct index_fixture *f = *state;
    void *fixture = f->fixture;
    stop(f);
    (void)fixture_down(&fixture);
    free(f);
    return 0;
}

/* n events, agent "a0".."a2" in turn, grant id of its own each. */
static inline void append_to(struct index_fixture *f, struct store_txn *txn, size_t n)
{
    static const struct ambit_str agents[] = {{"a0", 2}, {"a1", 2}, {"a2", 2}};
    for (size_t i = 0; i < n; i++) {
        struct event event = sample_small();
        uint64_t seq = f->fixture->edge.size;
        event.type = EVENT_GRANT_ISSUED;
        event.agent = agents[seq % 3];
        event.grant = event.id = sample_id((uint8_t)(seq % 251 + 1));
        event.grant.b[5] = (uint8_t)(seq / 251);
        assert_int_equal(ledger_append(&f->fixture->edge, txn, &event, &seed), AMBIT_OK);
    }
}

static inline void append(struct index_fixture *f, size_t n)
{
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(f->fixture->store, &txn), AMBIT_OK);
    append_to(f, txn, n);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    indexer_wake(f->indexer);
}

static inline size_t find(struct index_fixture *f, enum index_tag tag, const char *value,
                          uint64_t *seqs, size_t max)
{
    struct index_query query = {.tag = tag, .value = ambit_str_of(value)};
    size_t n = 99;
    assert_int_equal(indexer_find(f->search, &query, seqs, max, &n), AMBIT_OK);
    return n;
}
