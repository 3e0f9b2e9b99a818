/* SPDX-License-Identifier: Apache-2.0 */
/* What the passes of verification share. What is looked at is not trusted: no length, number or
 * name of it may reach an assertion. */
#pragma once

#include "base/buf.h"
#include "core/head.h"
#include "core/verify.h"
#include "ledger/ledger.h"
#include "store/store.h"

enum { VERIFY_LARGE = (1 << 20) + 4096 };

struct arena;
struct digest_set;
struct verify_again;
struct verify_published;
struct verify_erasures;
struct search;
struct search_cursor;

struct verify {
    const struct verify_options *options;
    struct verify_report *report;
    struct store *store, *rebuilt;
    struct store_txn *txn, *rebuilt_txn;
    bool has_head, is_head_missing; /* `stored` could be read; was not there */
    struct head stored, head;       /* as found, as the events give */
    uint64_t n_missing;
    struct segments *segments; /* where pruned events are looked for */
    uint64_t pruned_to;        /* below it rows of events have left the store, by its own word */
    uint64_t n_unread;         /* pruned ones whose segment is not there: leaf hashes alone */
    uint64_t pruned_next;      /* as the last record.pruned says it */
    bool has_set;              /* a set was activated */
    struct digest_set *documents, *sets; /* named by events, looked at */
    struct verify_erasures *erasures;
    struct buf memory, scratch;
    char *large;
    struct search *search; /* the index beside the store, when there is one */
    struct search_cursor *index;
    struct verify_again *again; /* NULL: nothing is decided again */
    struct verify_published *published;
    char folder[4096]; /* of the rebuilt store */
};
AMBIT_CHECKED enum ambit_err verify_report_init(struct verify_report *report);
void verify_problem(struct verify *verify, const uint64_t *seq, const char *table,
                    struct ambit_str key, const char *what);
/* Of an event; the key is its sequence. */
void verify_problem_seq(struct verify *verify, uint64_t seq, const char *table, const char *what);
/* The key in hexadecimal. */
void verify_problem_key(struct verify *verify, const uint64_t *seq, const char *table,
                        struct ambit_str key, const char *what);
/* A copy that lives as long as the report. */
struct ambit_str verify_copy(struct verify *verify, const char *text);

/* One event out of the table, or, where it was pruned, out of its segment. */
struct ledger_row;
AMBIT_CHECKED enum ambit_err verify_row(struct verify *verify, uint64_t seq, struct buf *memory,
                                        struct ledger_row *ret);
/* Was everything read, so that the tables can be built again? */
static inline bool verify_is_whole(const struct verify *verify)
{
    return verify->n_unread == 0;
}
/* verify_pruned.c: what the store says of pruned events; whether events say it too. */
AMBIT_CHECKED enum ambit_err verify_pruned_init(struct verify *verify, const char *folder,
                                                const char *segments);
void verify_pruned_note(struct verify *verify, const struct event *event);
void verify_pruned_check(struct verify *verify);
void verify_pruned_done(struct verify *verify);
/* An event whose segment is not there: its leaf hash, out of the tiles. */
AMBIT_CHECKED enum ambit_err verify_pruned_leaf(struct verify *verify, uint64_t seq,
                                                struct ambit_digest *ret);
/* Every event up to the end of the tree or of the table. */
AMBIT_CHECKED enum ambit_err verify_events(struct verify *verify);
/* Can this event be applied and searched without harm? */
bool verify_is_bounded(const struct event *event);
/* Decides again what the event decided. */
AMBIT_CHECKED enum ambit_err verify_redecide_init(struct verify *verify);
AMBIT_CHECKED enum ambit_err verify_redecide(struct verify *verify, const struct event *event,
                                             struct arena *arena);
void verify_redecide_done(struct verify *verify);
/* The checkpoint that was published last; `folder` as it was given. */
AMBIT_CHECKED enum ambit_err verify_checkpoint_open(struct verify *verify, const char *folder);
void verify_checkpoint_note(struct verify *verify, const struct event *event);
void verify_checkpoint_at(struct verify *verify);
void verify_checkpoint_end(struct verify *verify);
void verify_checkpoint_done(struct verify *verify);
/* Every table against the rebuilt one. */
AMBIT_CHECKED enum ambit_err verify_tables(struct verify *verify);

/* Documents and sets: every digest an event names is there and fits; nothing else is there. */
AMBIT_CHECKED enum ambit_err verify_documents_init(struct verify *verify);
AMBIT_CHECKED enum ambit_err verify_named(struct verify *verify, const struct event *event);
AMBIT_CHECKED enum ambit_err verify_documents(struct verify *verify);
void verify_documents_done(struct verify *verify);

/* Erasures: what they say went is gone, and nothing else is (verify_erase.c). */
AMBIT_CHECKED enum ambit_err verify_erasures_init(struct verify *verify);
AMBIT_CHECKED enum ambit_err verify_erasures_note(struct verify *verify, const struct event *event);
/* A document stands there with other bytes; it is judged at the end. */
AMBIT_CHECKED enum ambit_err verify_erasures_found(struct verify *verify, uint64_t seq,
                                                   const struct ambit_digest *digest,
                                                   const struct ambit_digest *actual);
AMBIT_CHECKED enum ambit_err verify_erasures(struct verify *verify);
void verify_erasures_done(struct verify *verify);

/* The search index. Opened before the store, so that it is never ahead of what is read of a live
 * one; no index there is fine. */
AMBIT_CHECKED enum ambit_err verify_search_open(struct verify *verify, const char *folder);
AMBIT_CHECKED enum ambit_err verify_search(struct verify *verify);
void verify_search_close(struct verify *verify);
