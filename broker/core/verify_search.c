/* SPDX-License-Identifier: Apache-2.0 */
/* The search index against the one that the events give, row by row. It is losable: that there is
 * none is fine; that it lies is not. */
#include "core/verify_internal.h"

#include <stdio.h>
#include <sys/stat.h>

#include "ambit/limits.h"
#include "base/arena.h"
#include "base/encode.h"
#include "ledger/index_entries.h"
#include "store/search.h"

enum { CHUNK_ENTRIES = 64 * 1024, KEY_BYTES = 1 + 16 + 8 };

static void problem(struct verify *verify, const char *key, const char *what)
{
    verify_problem(verify, NULL, "search", ambit_str_of(key), what);
}

/* ---- opening ---- */

/* STATE/store -> STATE/search; false: the store does not stand in a state folder. */
static bool folder_of(const char *store_folder, char path[4096])
{
    static const char below[] = "/store";
    size_t len = strlen(store_folder), tail = sizeof below - 1;
    while (len > 1 && store_folder[len - 1] == '/')
        len--;
    if (len < tail || memcmp(store_folder + len - tail, below, tail) != 0)
        return false;
    int n = snprintf(path, 4096, "%.*s/search", (int)(len - tail), store_folder);
    return n > 0 && n < 4096;
}

enum ambit_err verify_search_open(struct verify *verify, const char *store_folder)
{
    char path[4096];
    if (!folder_of(store_folder, path))
        return AMBIT_OK;
    enum ambit_err err = search_open_read_only(path, &verify->search);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    if (!err)
        err = search_cursor_open(verify->search, &verify->index);
    if (err != AMBIT_ERR_DAMAGED && err != AMBIT_ERR_NEWER)
        return err;
    problem(verify, "index",
            err == AMBIT_ERR_NEWER ? "the index is of a newer format"
                                   : "the index cannot be read as one");
    return AMBIT_OK;
}

void verify_search_close(struct verify *verify)
{
    search_cursor_close(verify->index);
    search_close(verify->search);
}

/* ---- what the events give ---- */

struct chunk {
    struct search_entry *entries; /* CHUNK_ENTRIES of them */
    size_t n;
};

static AMBIT_CHECKED enum ambit_err flush(struct search *expected, struct chunk *chunk,
                                          uint64_t next)
{
    struct search_position position = {.next = next, .built_as = INDEX_VERSION};
    enum ambit_err err = search_add(expected, chunk->entries, chunk->n, &position);
    chunk->n = 0;
    return err;
}

static AMBIT_CHECKED enum ambit_err add_event(struct verify *verify, uint64_t seq,
                                              struct chunk *chunk)
{
    ARENA_AUTO arena;
    char block[16384];
    arena_init(&arena, block, sizeof block, 0);
    struct ledger_row row;
    enum ambit_err err = ledger_get(verify->txn, seq, &verify->memory, &row);
    if (!err)
        chunk->n += index_entries(row.bytes, seq, &arena, chunk->entries + chunk->n);
    /* One that is not there was told of before. */
    return err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err build(struct verify *verify, struct search *expected,
                                          uint64_t end)
{
    struct chunk chunk = {.entries = calloc(CHUNK_ENTRIES, sizeof *chunk.entries)};
    enum ambit_err err = chunk.entries ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
    for (uint64_t seq = 0; !err && seq < end; seq++) {
        err = add_event(verify, seq, &chunk);
        if (!err && chunk.n > CHUNK_ENTRIES - INDEX_ENTRIES_MAX)
            err = flush(expected, &chunk, seq + 1);
    }
    if (!err)
        err = flush(expected, &chunk, end);
    free(chunk.entries);
    return err;
}

/* ---- comparing ---- */

struct side {
    struct search_cursor *cursor;
    struct search_entry entry;
    bool is_end;
};

/* Of pruned events the index may hold entries or not: one that was built since has none. */
static AMBIT_CHECKED enum ambit_err move(struct verify *verify, struct side *side)
{
    enum ambit_err err = AMBIT_OK;
    while ((err = search_cursor_next(side->cursor, &side->entry)) == AMBIT_ERR_MALFORMED ||
           (!err && side->entry.seq < verify->pruned_to))
        if (err)
            problem(verify, "index", "a row that is none of an index");
    side->is_end = err == AMBIT_ERR_NOT_FOUND;
    return side->is_end ? AMBIT_OK : err;
}

static void difference(struct verify *verify, const struct search_entry *entry, const char *what)
{
    uint8_t key[KEY_BYTES];
    key[0] = entry->tag;
    memcpy(key + 1, entry->key, sizeof entry->key);
    put_be64(key + 1 + sizeof entry->key, entry->seq);
    verify_problem_key(verify, &entry->seq, "search",
                       (struct ambit_str){(const char *)key, sizeof key}, what);
}

static AMBIT_CHECKED enum ambit_err compare(struct verify *verify, struct side *stored,
                                            struct side *expected)
{
    enum ambit_err err = move(verify, stored);
    if (!err)
        err = move(verify, expected);
    while (!err && !(stored->is_end && expected->is_end)) {
        int order = stored->is_end     ? 1
                    : expected->is_end ? -1
                                       : search_entry_cmp(&stored->entry, &expected->entry);
        if (order < 0)
            difference(verify, &stored->entry, "an entry that no event gives");
        if (order > 0)
            difference(verify, &expected->entry, "an entry that the event gives is missing");
        if (order <= 0)
            err = move(verify, stored);
        if (!err && order >= 0)
            err = move(verify, expected);
    }
    return err;
}

/* *ret_end: every event below it must be in the index. */
static AMBIT_CHECKED enum ambit_err look_at_position(struct verify *verify, uint64_t *ret_end,
                                                     bool *ret_is_ours)
{
    struct search_position position = {0};
    struct ledger_row row;
    *ret_end = 0;
    enum ambit_err err = search_cursor_position(verify->index, &position);
    if (err == AMBIT_ERR_DAMAGED)
        problem(verify, "position", "the position cannot be read");
    if (!err && position.built_as > INDEX_VERSION)
        problem(verify, "position", "the index was built by rules that this version does not know");
    /* One that was built by other rules is built again by the next start, and nobody asks it. */
    *ret_is_ours = position.next == 0 || position.built_as == INDEX_VERSION;
    if (err || position.next == 0 || !*ret_is_ours)
        return err == AMBIT_ERR_DAMAGED ? AMBIT_OK : err;
    if (position.next > verify->head.edge.size) {
        problem(verify, "position", "the index is ahead of the record");
        *ret_end = verify->head.edge.size;
        return AMBIT_OK;
    }
    if (position.swept > position.first ||
        (position.first > verify->pruned_to && position.first > verify->pruned_next))
        problem(verify, "position", "the index leaves out events that were not pruned");
    *ret_end = position.next;
    err = ledger_get(verify->txn, position.next - 1, &verify->memory, &row);
    if (!err && !ambit_digest_eq(row.leaf, position.last))
        problem(verify, "position", "the index was built from another record");
    return err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err compare_with(struct verify *verify, struct search *expected)
{
    struct side stored = {.cursor = verify->index}, built = {.cursor = NULL};
    enum ambit_err err = search_cursor_open(expected, &built.cursor);
    if (!err)
        err = compare(verify, &stored, &built);
    search_cursor_close(built.cursor);
    return err;
}

enum ambit_err verify_search(struct verify *verify)
{
    char path[4096 + 16];
    struct store_space space;
    struct search *expected = NULL;
    uint64_t end = 0;
    if (!verify->index)
        return AMBIT_OK;
    bool is_ours = false;
    enum ambit_err err = look_at_position(verify, &end, &is_ours);
    if (err || !is_ours)
        return err;
    store_space(verify->rebuilt, &space);
    (void)snprintf(path, sizeof path, "%s/search", verify->folder);
    err = search_open(path, search_map_bytes(space.map_bytes), &expected);
    if (!err)
        err = build(verify, expected, end);
    if (!err)
        err = compare_with(verify, expected);
    search_close(expected);
    return err;
}
