/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share and nobody else sees: the bodies of the store and of its
 * transactions, and the one translation of LMDB's codes. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include <lmdb.h>

#include "ambit/limits.h"
#include "store/store.h"

enum {
    STORE_FORMAT = 1,
    STORE_READERS = 512,     /* threads that may hold a read transaction */
    STORE_PAGE = 4096,       /* for estimates; the real size is asked of LMDB */
    STORE_MARGIN_PAGES = 64, /* what a commit itself may need (free list, roots) */
    STORE_JOURNAL_BYTES = 1 << 20,
};

struct store_txn {
    struct store *store;
    MDB_txn *txn;
    bool is_write, is_open;
    uint64_t cost_bytes;   /* upper estimate of what was dirtied so far */
    uint64_t budget_bytes; /* what may be dirtied without asking the disk for more */
    uint64_t scrub_mark;   /* it wants the file scrubbed once it is committed; 0: not */
    bool ends_scrub;
};

/* One per thread, kept in `readers` until the thread or the store ends. */
struct store_reader {
    struct store_txn txn;
    struct store_reader *next;
};

struct space {
    uint64_t page_bytes, map_bytes, grow_bytes, reserve_bytes; /* fixed at open */
    bool has_fallocate;
    /* Written by whoever holds the write transaction or calls store_space_check; read by all. */
    atomic_uint_fast64_t used;      /* bytes up to and with the last page */
    atomic_uint_fast64_t allocated; /* bytes the file owns on the disk */
    atomic_uint_fast64_t listed;    /* bytes in the free list that no reader holds */
    atomic_uint_fast64_t usable;    /* of these: what the next transaction may take already */
    atomic_bool is_short;           /* the disk refused the last step */
    atomic_int_fast64_t failed_us;  /* when a write last found no space; 0 never */
    atomic_uint_fast64_t commits;
    int64_t next_scan_us, next_grow_us; /* writer thread */
};

/* ahead.c: the file's space is written before it is used. */
struct ahead {
    pthread_mutex_t mutex; /* guards what follows; `mine` is changed by who writes alone */
    pthread_cond_t changed;
    uint64_t mine;    /* bytes from the start of the file: below, the thread writes not */
    uint64_t written; /* up to here, from `mine`, there are zeros */
    uint64_t busy_from, busy_to; /* being written */
    bool is_over;
    int fd; /* past the cache */
    bool is_running;
    pthread_t thread;
};

struct journal {
    pthread_mutex_t mutex; /* guards the rest */
    int fd;
    size_t end;
    bool is_broken; /* a write failed: what stands after `end` is unknown */
};

/* scrub.c; the thread that writes alone. */
struct scrub_place { /* where it goes on */
    size_t table;    /* the tables by name */
    uint8_t key[511];
    size_t key_len; /* 0: at the beginning of the table */
};
struct scrub {
    enum scrub_phase {
        SCRUB_NONE,
        SCRUB_MEMORY,
        SCRUB_PAGES,
        SCRUB_FREE,
        SCRUB_TAIL,
        SCRUB_WRITTEN
    } phase;
    uint64_t mark;
    struct scrub_place place;
    unsigned passes;
    uint64_t txn;     /* PAGES was over then */
    uint8_t *handled; /* one bit a page of FREE */
    size_t handled_bytes;
    uint64_t row, row_at; /* of the free list: FREE goes on there */
    uint64_t tail;        /* TAIL is through up to here */
    int64_t next_us;
    enum ambit_err problem; /* of the last step */
};

struct store {
    MDB_env *env;
    MDB_dbi dbi[STORE_TABLES];
    bool is_absent[STORE_TABLES]; /* of a later version, and opened for reading alone: empty */
    MDB_dbi index;                /* of a search environment */
    int dir_fd;                   /* flock'ed when writable */
    bool is_read_only, is_search, has_key;
    bool is_live;                  /* read only, and another process has it open */
    pthread_key_t key;             /* this thread's struct store_reader */
    pthread_mutex_t readers_mutex; /* guards `readers` */
    struct store_reader *readers;
    struct store_txn write; /* LMDB's write lock guards it */
    struct space space;
    struct ahead ahead;
    struct journal journal;
    struct scrub scrub;
};

/* The one place where LMDB's and the system's codes become ours. */
AMBIT_CHECKED enum ambit_err store_code(int rc);

/* A table as LMDB describes it, in its meta pages and in the table of tables. */
struct store_meta_table {
    uint32_t pad; /* of the free list: the page size */
    uint16_t flags, depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
};
#define STORE_NO_PAGE (~(uint64_t)0)

/* header.c: what the file says of itself, judged before LMDB maps it. */
struct store_header {
    bool is_new; /* nothing was ever written */
    uint64_t map_bytes, page_bytes, last_page, txn;
    struct store_meta_table free_list, tables;
};
AMBIT_CHECKED enum ambit_err store_header_read(int fd, struct store_header *ret);

/* space.c */
AMBIT_CHECKED enum ambit_err store_space_start(struct store *store,
                                               const struct store_options *options);
void store_space_before(struct store *store);  /* a write transaction is to be opened */
void store_space_begin(struct store_txn *txn); /* it has opened */
void store_space_committed(struct store *store);
/* Before a write of `bytes`: NO_SPACE when it might not fit. What frees space may use the margin.
 */
enum write_kind { WRITE_ANYWHERE, WRITE_AT_END, WRITE_DELETE };
AMBIT_CHECKED enum ambit_err store_space_charge(struct store_txn *txn, size_t bytes,
                                                enum write_kind kind);
void store_space_failed(struct store *store);

/* ahead.c. What may be written lies below `end`: waits while zeros are being written there. */
void store_ahead_claim(struct store *store, uint64_t end);
/* Whether all that the file uses was claimed before. */
bool store_ahead_is_claimed(const struct store *store);
void store_ahead_grown(struct store *store); /* the file owns more */
void store_ahead_init(struct store *store);
void store_ahead_done(struct store *store);

/* env.c: writes the format row again as it is. */
AMBIT_CHECKED enum ambit_err store_format_touch(struct store_txn *txn);

/* damaged.c: the index that this process writes. */
void store_index_watch(struct store *store);
void store_index_forget(const struct store *store);
__attribute__((noreturn)) void store_index_damaged_end(const char *what);

/* journal.c */
AMBIT_CHECKED enum ambit_err store_journal_open(struct store *store);
void store_journal_close(struct store *store);

/* txn.c */
void store_reader_free(void *reader); /* at the end of its thread */
