/* SPDX-License-Identifier: Apache-2.0 */
/* The only room that knows LMDB: an environment of named tables, transactions, and copies in and
 * out. LMDB memory never leaves this room: a get copies into the caller's buffer. Three outcomes of
 * a look-up: OK found, NOT_FOUND absent, anything else could not tell (the caller refuses).
 *
 * Two environments exist: `store/` (the record and all state) and `search/` (indexes built behind
 * the log, losable). The store is created with its full map size, its file preallocated ahead of
 * use in steps of grow_bytes; the folder is locked against a second process (STATE/lock, BUSY). Not
 * used: NOSYNC, NOMETASYNC, MAPASYNC, WRITEMAP, DUPSORT, nested transactions. */
#pragma once

#include "ambit/base.h"

enum store_table {
    STORE_META,         /* "format" and "head": see core/head.h */
    STORE_EVENTS,       /* seq u64 BE -> leaf hash (32) || leaf bytes. Append only */
    STORE_OPENINGS,     /* seq u64 BE -> opening JSON. Erasable */
    STORE_TILES,        /* level u8 || index u64 BE -> up to 256 hashes */
    STORE_GRANTS,       /* grant id (16) -> grant row */
    STORE_AGENT_GRANTS, /* agent key (16) || seq u64 BE -> grant id || expires_ms i64 BE */
    STORE_COUNTERS,     /* counter key (16) -> head: see core/window.h */
    STORE_WINDOWS,      /* counter key (16) || chunk u32 BE -> entries */
    STORE_CUTOFFS,      /* cut-off key (16) -> see core/cutoff.h */
    STORE_STOPS,        /* stop id (16) -> stop row */
    STORE_HOLDS,        /* stop id (16) -> "" : the stops in force */
    STORE_INCIDENTS,    /* incident id (16) -> incident row */
    STORE_ONCE,         /* minute of expiry u32 BE || digest (16) -> expires_ms i64 BE */
    STORE_DOCUMENTS, /* document digest (32) -> kind u8 || name length u8 || name || canonical bytes
                      */
    STORE_SETS,      /* set digest (32) -> document digests, 32 bytes each, in set order; behind 32
                        zero bytes its time zones: digest (32) || name length u8 || name */
    /* Of later versions: an older store gets them when it is opened for writing, and is read as
     * having them empty before that. */
    STORE_CONFIRMATIONS, /* document digest (32) || removal u8 || person key (16) -> row */
    STORE_OFFBOARDED,    /* person key (16) -> row */
    STORE_VALUES,        /* the values of histories of different ones: see core/distinct_inside.h */
    STORE_OUTCOMES,      /* decision id (16) -> outcome row */
    STORE_DUE,           /* kind u8 || when i64 BE || id (16) -> "" : see core/due.h */
    STORE_OPEN_INCIDENTS,  /* stop and key (16) -> incident id */
    STORE_APPROVALS,       /* approval id (16) -> approval row */
    STORE_APPROVAL_KEYS,   /* agent and what was shown (16) -> approval id, the latest */
    STORE_APPROVAL_AGENTS, /* agent key (16) -> what it asked lately */
    STORE_KEYS,            /* thumbprint (32) -> a published signing key: see core/key_row.h */
    STORE_AWAITED,         /* handle (32) -> a request that is come back for: core/await_row.h */
    STORE_AWAITED_OF,      /* approval id (16) || seq u64 BE -> "" : who waits for it */
    STORE_LOGS,            /* seq u64 BE -> as which log it is published: core/tlog_row.h */
    STORE_TABLES
};
enum { STORE_FIRST_LATER = STORE_CONFIRMATIONS };
const char *store_table_name(enum store_table table);

struct store;
struct store_txn;

/* Where a damaged file was found to be so. */
struct store_damage {
    char table[24]; /* "events", "free list", "tables", ... */
    uint64_t page;
    const char *what; /* a fixed English phrase; NULL: nothing was found here */
};

struct store_options {
    const char *folder; /* holds data.mdb; created 0700 when absent and `create` */
    bool create;
    bool read_only;       /* offline reading: nothing is written into the folder, unless a running
                             broker has it open (another process), which then knows of the reader */
    size_t map_bytes;     /* 0 = 8 GiB; looked at when the store is created, recorded in it; of an
                             index at each start */
    size_t grow_bytes;    /* 0 = 64 MiB */
    size_t reserve_bytes; /* 0 = 16 MiB: free space below which the store is narrow */
    struct store_damage *reterr_damage; /* may be NULL; filled with DAMAGED where it is known */
    bool is_search; /* an index and its facts: see store/search.h; no preallocation */
};
/* BUSY locked by another, DAMAGED, NEWER (format), NO_SPACE, IO, NOT_FOUND (no store and !create).
 */
AMBIT_CHECKED enum ambit_err store_open(const struct store_options *options, struct store **ret);
void store_close(struct store *store);
/* The file turned out to be damaged where nothing can be answered any more (LMDB would abort; a
 * page lies behind its end): says so on standard error and ends the process. Safe in a signal
 * handler. */
__attribute__((noreturn)) void store_damaged_end(const char *what);
/* For SIGBUS, at the address that it tells of: the same; and a search index, where that is it, is
 * taken away first, so that the next start builds it again. */
__attribute__((noreturn)) void store_bus_error(const void *address);

/* A read transaction belongs to the thread that began it, is never held across a suspend, nor
 * longer than a second or 10,000 rows. Cheap: one per thread is kept and renewed. A thread has one
 * at a time (CONFLICT); BUSY when 512 threads have one. The writer thread may read beside its write
 * transaction and then sees the state before it. */
AMBIT_CHECKED enum ambit_err store_read_begin(struct store *store, struct store_txn **ret);
void store_read_end(struct store_txn *txn);

/* Write transactions: the writer thread (writer.h), and offline tools on stores of their own. */
AMBIT_CHECKED enum ambit_err store_write_begin(struct store *store, struct store_txn **ret);
AMBIT_CHECKED enum ambit_err store_write_commit(struct store_txn *txn); /* ends it either way */
void store_write_abort(struct store_txn *txn);
/* Enough for one commit: AMBIT_BATCH_PAGES, or half of what is left to write when no more is to be
 * had. */
bool store_txn_is_large(const struct store_txn *txn);

struct store_key {
    const void *p;
    size_t len;
};
/* Copies at most `size` bytes; TOO_LARGE when the value is longer. ret_len may be NULL. */
AMBIT_CHECKED enum ambit_err store_get(struct store_txn *txn, enum store_table table,
                                       struct store_key key, void *dst, size_t size,
                                       size_t *ret_len);
AMBIT_CHECKED enum ambit_err store_put(struct store_txn *txn, enum store_table table,
                                       struct store_key key, const void *value, size_t len);
/* For keys that only grow: fails with DAMAGED when the key is not the greatest. */
AMBIT_CHECKED enum ambit_err store_append(struct store_txn *txn, enum store_table table,
                                          struct store_key key, const void *value, size_t len);
AMBIT_CHECKED enum ambit_err store_delete(struct store_txn *txn, enum store_table table,
                                          struct store_key key);
/* Deletes at most `max` rows with from <= key < to (empty: from the first, to the last); says how
 * many. */
AMBIT_CHECKED enum ambit_err store_delete_range(struct store_txn *txn, enum store_table table,
                                                struct store_key from, struct store_key to,
                                                size_t max, size_t *ret_n);
/* The same for `most_us` and at least 32 rows, at each 32 of which it looks at the clock: what is
 * read from a cold disk takes its time, and everybody waits. *ret_is_late: it stopped therefore. */
AMBIT_CHECKED enum ambit_err store_delete_some(struct store_txn *txn, enum store_table table,
                                               struct store_key from, struct store_key to,
                                               size_t max, int64_t most_us, size_t *ret_n,
                                               bool *ret_is_late);

/* Iteration in key order within one transaction. Key and value are copied into the cursor's own
 * buffers, valid until the next call. */
struct store_cursor;
AMBIT_CHECKED enum ambit_err store_cursor_open(struct store_txn *txn, enum store_table table,
                                               struct store_cursor **ret);
void store_cursor_close(struct store_cursor *cursor);
static inline void store_cursor_closep(struct store_cursor **cursor)
{
    store_cursor_close(*cursor);
}
#define STORE_CURSOR_AUTO AMBIT_CLEANUP(store_cursor_closep) struct store_cursor *
enum store_seek {
    STORE_FIRST,
    STORE_LAST,
    STORE_AT_OR_AFTER,
    STORE_BEFORE,
    STORE_NEXT,
    STORE_PREVIOUS
};
/* NOT_FOUND past the end. `key` is used by AT_OR_AFTER and BEFORE (the greatest key below). */
AMBIT_CHECKED enum ambit_err store_cursor_move(struct store_cursor *cursor, enum store_seek seek,
                                               struct store_key key, struct ambit_str *ret_key,
                                               struct ambit_str *ret_value);

struct store_space {
    uint64_t map_bytes, used_bytes,
        free_bytes;       /* free: what may still be written, free list counted */
    bool is_narrow;       /* below the reserve: nothing that grants or allows */
    bool is_last_reserve; /* below half the reserve: people's stops alone */
    uint64_t commits;
};
void store_space(struct store *store, struct store_space *ret);
/* Looks whether the disk gives more again and how long the free list is (at most once a second). On
 * the thread that writes; commits do it by themselves. */
void store_space_check(struct store *store);
/* What a commit freed can be used two commits later. When little else is left and much waits so,
 * the writer makes a commit that changes nothing. */
bool store_wants_turn(struct store *store);
AMBIT_CHECKED enum ambit_err store_turn(struct store_txn *txn);

/* What was deleted shall be gone from the file too, as far as a program can see to that: in the
 * transaction that deletes. `mark` grows; it is not 0. Afterwards zeros are written over every
 * place that nothing uses any more (scrub.h), which goes on at the next start when it is cut short.
 */
AMBIT_CHECKED enum ambit_err store_scrub_want(struct store_txn *txn, uint64_t mark);
struct store_scrub {
    uint64_t wanted, done; /* marks: the same when all is gone; 0: never */
    int64_t done_ms;
};
AMBIT_CHECKED enum ambit_err store_scrub_load(struct store_txn *txn, struct store_scrub *ret);
bool store_scrub_is_key(struct ambit_str key); /* of the row in STORE_META that says so */
/* On the thread that writes, while no transaction is open: a step, if one is due. True: a commit
 * with store_scrub_turn in it is needed to go on. */
bool store_scrub_step(struct store *store);
enum ambit_err store_scrub_problem(const struct store *store); /* of the last; it is tried again */
int64_t store_scrub_next_us(const struct store *store); /* when the next is due; INT64_MAX: none */
AMBIT_CHECKED enum ambit_err store_scrub_turn(struct store_txn *txn, int64_t now_ms);

/* While it runs, a thread writes zeros over what the file owns and does not use yet, so that a
 * flush has data alone to write; where that cannot be done it is not. Not while a write transaction
 * is open. */
void store_ahead_start(struct store *store);
void store_ahead_stop(struct store *store);

/* Who reads now, in this process and in others. `clears_dead`: slots of processes that have ended
 * are freed first. */
struct store_readers {
    size_t n;
    uint64_t oldest; /* the transaction whose moment the oldest one holds */
    uint64_t lag;    /* commits since */
    int64_t pid;     /* whose it is */
    size_t dead;     /* cleared */
};
AMBIT_CHECKED enum ambit_err store_readers(struct store *store, bool clears_dead,
                                           struct store_readers *ret);
/* Opened for reading alone, and another process writes it: what is read for long holds it back. */
bool store_is_live(const struct store *store);

/* A copy of the store as it is at one moment, made while others read and write it: compact, so that
 * nothing that was deleted stands in it. Each piece goes to `take` first, which may wait, and ends
 * the copy with an error of its own. The moment is held until the end: what others free meanwhile
 * cannot be used again, so that the file grows; past a quarter of what was free: NO_SPACE, and
 * *ret_held. For a thread that holds no transaction. */
struct store_copy {
    int fd; /* empty, for writing; flushed when OK */
    enum ambit_err (*take)(void *ctx, const void *bytes, size_t len);
    void *ctx;
};
AMBIT_CHECKED enum ambit_err store_copy(struct store *store, const struct store_copy *copy,
                                        bool *ret_held);

/* stops.journal beside the store: preallocated, one fdatasync per record, for stops while sealed.
 */
AMBIT_CHECKED enum ambit_err store_journal_append(struct store *store, struct ambit_str record);
/* Calls `each` for every whole record (checksummed) and, if all succeed, empties the journal. */
AMBIT_CHECKED enum ambit_err store_journal_take(
    struct store *store, enum ambit_err (*each)(void *ctx, struct ambit_str record), void *ctx);
