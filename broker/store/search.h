/* SPDX-License-Identifier: Apache-2.0 */
/* The search environment: one ordered index (tag, 16-byte key of a value, sequence) over the
 * record, built behind it and losable. It knows how far it has come and what it was built from, and
 * nothing of events: ledger/indexer.h fills it. One thread writes, any may scan. */
#pragma once

#include "store/store.h"

struct search;

/* A second table, of whoever fills the index: what reports count (ledger/facts.h), by keys of its
 * own. It stands where the store has its events, and moves with the index in the same commits. */
#define SEARCH_FACTS STORE_EVENTS

struct search_entry {
    uint8_t tag;
    uint8_t key[16];
    uint64_t seq;
};

/* How far: every event from `first` on and below `next` is in; `last` is the leaf hash of event
 * next - 1. `built_as` is the filler's own: by which rules the entries were made; 0 of an index
 * from before there was more than one. Entries of events below `swept` have left, those between it
 * and `first` may have: they count for nothing. */
struct search_position {
    uint64_t next;
    struct ambit_digest last;
    uint32_t built_as;
    uint64_t first, swept;
};

/* Creates what is absent; what is damaged or newer is thrown away and begun anew. `map_bytes` 0 =
 * 64 GiB; one that is there gets the map that is asked for, and the largest that this process may
 * have where it may not have so much. Where there is no room to make it, it is opened all the same:
 * suspect, and whoever reads or writes gets NO_SPACE until it was begun anew. BUSY, IO. */
AMBIT_CHECKED enum ambit_err search_open(const char *folder, size_t map_bytes, struct search **ret);
void search_close(struct search *search);
bool search_was_damaged(const struct search *search); /* when it was opened */
/* Throws everything away; waits for those who read. The thread that writes. */
AMBIT_CHECKED enum ambit_err search_restart(struct search *search);
/* Said by whoever reads what cannot be: the thread that writes begins it anew. */
void search_suspect(struct search *search);
bool search_is_suspect(const struct search *search);

/* The map for the index of a store of so many bytes (0: 8 GiB): an event takes as much here as
 * there, and addresses cost nothing. */
enum { SEARCH_TIMES = 8 };
size_t search_map_bytes(uint64_t store_bytes);
/* What may be written, where `keep_bytes` of the disk are for others. The thread that writes. */
struct search_room {
    uint64_t used_bytes, bytes;
};
AMBIT_CHECKED enum ambit_err search_room(struct search *search, uint64_t keep_bytes,
                                         struct search_room *ret);

AMBIT_CHECKED enum ambit_err search_position(struct search *search, struct search_position *ret);
/* Adds the entries, in any order, and moves the position in one flushed commit. */
AMBIT_CHECKED enum ambit_err search_add(struct search *search, const struct search_entry *entries,
                                        size_t n, const struct search_position *position);

/* The same with rows of SEARCH_FACTS: put them, then commit. The commit ends it either way. */
AMBIT_CHECKED enum ambit_err search_write_begin(struct search *search, struct store_txn **ret);
/* As store_put() into SEARCH_FACTS, not held against the space that the record must have. */
AMBIT_CHECKED enum ambit_err search_put(struct store_txn *txn, struct store_key key,
                                        const void *value, size_t len);
AMBIT_CHECKED enum ambit_err search_write_commit(struct store_txn *txn,
                                                 const struct search_entry *entries, size_t n,
                                                 const struct search_position *position);
/* Takes entries of events below `below` out, at most `max` and until `until_us`, in one flushed
 * commit with the position; goes on at `key` (zeros: at the beginning). At the end `is_over`, and
 * position->swept is `below`. */
struct search_sweep {
    uint64_t below;
    int64_t until_us; /* of the monotonic clock */
    uint8_t key[1 + 16 + 8];
    bool is_over;
};
AMBIT_CHECKED enum ambit_err search_sweep(struct search *search, struct search_sweep *sweep,
                                          size_t max, struct search_position *position);
/* Reading SEARCH_FACTS. Of a thread's reads in one search, one at a time. */
AMBIT_CHECKED enum ambit_err search_read_begin(struct search *search, struct store_txn **ret);
void search_read_end(struct search *search, struct store_txn *txn);

/* For verification: an index that is there, as it is; nothing is made or thrown away. NOT_FOUND,
 * DAMAGED, NEWER. */
AMBIT_CHECKED enum ambit_err search_open_read_only(const char *folder, struct search **ret);
/* Every row in order, in one read transaction of the thread's that lasts until the close. */
struct search_cursor;
AMBIT_CHECKED enum ambit_err search_cursor_open(struct search *search, struct search_cursor **ret);
void search_cursor_close(struct search_cursor *cursor);
/* NOT_FOUND past the end; MALFORMED: a row of another form, and the next call goes on behind it. */
AMBIT_CHECKED enum ambit_err search_cursor_next(struct search_cursor *cursor,
                                                struct search_entry *ret);
/* The position in the cursor's transaction. */
AMBIT_CHECKED enum ambit_err search_cursor_position(struct search_cursor *cursor,
                                                    struct search_position *ret);
int search_entry_cmp(const struct search_entry *a, const struct search_entry *b);

struct search_query {
    uint8_t tag;
    uint8_t key[16];
    bool is_descending;
    uint64_t from; /* ascending: the least sequence wanted; descending: the first not wanted */
};
/* At most `max` sequences (10,000 at a time), in order; fewer means that there are no more. */
AMBIT_CHECKED enum ambit_err search_scan(struct search *search, const struct search_query *query,
                                         uint64_t *seqs, size_t max, size_t *ret_n);

/* The same one step at a time, for who goes through several at once: one read transaction of the
 * thread's from open to close. */
struct search_reader;
AMBIT_CHECKED enum ambit_err search_reader_open(struct search *search, struct search_reader **ret);
void search_reader_close(struct search_reader *reader);
/* The first sequence of the query. NOT_FOUND: there is none. */
AMBIT_CHECKED enum ambit_err search_reader_seek(struct search_reader *reader,
                                                const struct search_query *query,
                                                uint64_t *ret_seq);
/* As of the reader's transaction. */
AMBIT_CHECKED enum ambit_err search_reader_position(struct search_reader *reader,
                                                    struct search_position *ret);
