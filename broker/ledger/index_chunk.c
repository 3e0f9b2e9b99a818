/* SPDX-License-Identifier: Apache-2.0 */
/* A chunk of the record: read in one read transaction, which ends; then its rows are written with
 * one commit of the search environment. */
#include "ledger/indexer_inside.h"

#include "ambit/limits.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/encode.h"
#include "ledger/index_entries.h"
#include "store/store.h"

enum {
    CHUNK_EVENTS = 10000,
    CHUNK_MS = 500, /* of reading: no snapshot is held longer */
    ARENA_BYTES = 64 * 1024,
    ROOM_LEAST = 4 << 20,
};

/* What goes into the index in one commit. The facts are written as the events are read: the
 * transaction is the search environment's own, which nobody else writes. */
struct chunk {
    struct indexer *indexer;
    struct store_txn *write;      /* NULL: nothing was read yet */
    struct search_entry *entries; /* owned */
    size_t n, cap, most;          /* entries: read, room for, after which it is enough */
    size_t events;
    bool is_cut;         /* there is more to read */
    bool is_index_wrong; /* what went wrong is the index's */
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
    bool is_gap = !is_first && seq != chunk->position.next; /* pruned since the chunk before */
    if (is_first)
        chunk->position.swept = seq;
    if (is_first || is_gap)
        chunk->position.first = seq;
    return err == AMBIT_OK ? facts_begin(indexer->facts, chunk->write, seq, is_first || is_gap)
                           : err;
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
    if (key.len != sizeof(uint64_t) || row.len < INDEX_HASH_BYTES)
        return AMBIT_ERR_DAMAGED;
    const struct json_value *event = NULL;
    enum ambit_err err = chunk_room(chunk);
    uint64_t seq = get_be64((const uint8_t *)key.p);
    if (err != AMBIT_OK)
        return err;
    err = chunk_begin(chunk, seq);
    chunk->is_index_wrong = err != AMBIT_OK;
    if (err != AMBIT_OK)
        return err;
    struct ambit_str leaf = {.p = row.p + INDEX_HASH_BYTES, .len = row.len - INDEX_HASH_BYTES};
    if (index_event(leaf, &arena, &event))
        chunk->n += index_entries_of(event, seq, chunk->entries + chunk->n);
    err = facts_add(chunk->indexer->facts, event);
    chunk->is_index_wrong = err != AMBIT_OK;
    if (err != AMBIT_OK)
        return err;
    chunk->position.next = seq + 1;
    memcpy(chunk->position.last.b, row.p, INDEX_HASH_BYTES);
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
        chunk->is_cut =
            chunk->events == CHUNK_EVENTS || chunk->n >= chunk->most || clock_mono_us() >= until_us;
        if (err != AMBIT_OK || chunk->is_cut)
            break;
        err = store_cursor_move(cursor, STORE_NEXT, (struct store_key){0}, &key, &row);
    }
    store_cursor_close(cursor);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err index_room(struct indexer *indexer, struct search_room *ret)
{
    enum ambit_err err = search_room(indexer->search, indexer->keep_bytes, ret);
    if (err != AMBIT_OK)
        return err;
    indexer->used_bytes = ret->used_bytes;
    return ret->bytes < ROOM_LEAST ? AMBIT_ERR_NO_SPACE : AMBIT_OK;
}

/* A chunk that broke off in the index's own rows leaves nothing; in the record's, what it had. */
static enum ambit_err chunk_take(struct chunk *chunk)
{
    struct indexer *indexer = chunk->indexer;
    struct store_txn *txn = NULL;
    enum ambit_err err = store_read_begin(indexer->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = chunk_read(txn, chunk);
    store_read_end(txn);
    if (chunk->is_index_wrong || chunk->events == 0)
        return err;
    err = chunk_commit(chunk);
    chunk->is_index_wrong = err != AMBIT_OK;
    return err;
}

enum ambit_err index_chunk(struct indexer *indexer, size_t *ret_events, bool *ret_is_cut)
{
    AMBIT_CLEANUP(chunk_done)
    struct chunk chunk = {.indexer = indexer, .position = indexer->position};
    struct search_room room;
    enum ambit_err err = index_room(indexer, &room);
    if (err != AMBIT_OK)
        return err;
    chunk.most = room.bytes / 2 / INDEX_ENTRY_BYTES;
    err = chunk_take(&chunk);
    if (err == AMBIT_ERR_DAMAGED && chunk.is_index_wrong)
        search_suspect(indexer->search);
    if (err != AMBIT_OK)
        return err;
    indexer->position = chunk.position;
    *ret_events = chunk.events;
    *ret_is_cut = chunk.is_cut;
    return AMBIT_OK;
}
