/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of core share and nobody else sees: the broker's body, the batch, and how a
 * command becomes events. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/log.h"
#include "core/broker.h"
#include "core/command.h"
#include "core/fold.h"
#include "core/head.h"
#include "core/holds.h"
#include "core/keyring.h"
#include "core/live.h"
#include "core/metrics.h"
#include "core/pending.h"
#include "core/readers.h"
#include "core/searching.h"
#include "core/state_key.h"
#include "core/unheard.h"
#include "identity/dpop_nonce.h"

struct indexer;
struct search;
struct budgets;
struct polls;
struct status_keeper;
struct backups;
struct prunes;
struct repeats;
struct tlog_start;

/* The writer's view of one batch. Nothing here outlives an abort. */
struct batch {
    struct head head;
    /* a reference; changes when a command of the batch activates a set */
    struct documents_ref *documents;
    struct holds *holds;      /* a reference, or NULL: to be loaded */
    bool is_settled;          /* what fell due is recorded (settle.h) */
    bool is_behind;           /* not all of it */
    uint64_t event_bytes;     /* of the leaves it appended */
    struct broker_keys *keys; /* changed by this batch; NULL: they did not */
    int64_t keys_due_ms;
};

/* Where the look at all attestations stands: see core/attest.h. */
struct attest_round {
    size_t next, n_lapsing;
    char first[AMBIT_AGENT_NAME_MAX];
    size_t first_len;
};

struct broker {
    /* set at open, constant afterwards */
    struct identity_trust *trust; /* borrowed; NULL: the documents alone */
    struct buf issuer, state_folder, documents_folder, credentials_folder;
    struct ambit_limits_config limits;
    bool is_enforcing;     /* review "enforce" */
    bool is_deferring;     /* token responses may be deferred (DTR-1) */
    int64_t attestation_s; /* how long an owner's confirmation attests an agent */
    int64_t (*wall_ms)(void);
    void (*kick)(void *ctx);
    void *kick_ctx;
    const struct forward_map *forward;
    enum ambit_err (*reload_files)(void *ctx, struct ambit_problems *problems);
    void *reload_ctx;
    int lock_fd;
    struct store *store;
    struct search *search;
    struct indexer *indexer;
    uint64_t size_at_start; /* of the record */
    struct writer *writer;
    enum crypto_alg algorithm;
    int64_t rotate_ms;
    bool has_handed_key; /* the service manager hands in the signing keys: none is made here */
    struct dpop_nonces nonces;    /* the key of them: drawn at open */
    struct status_keeper *status; /* NULL: no status lists */
    int64_t status_ttl_s, status_size;
    struct broker_log_config log_config; /* texts borrowed */
    struct budgets *budgets;
    struct failures *failures; /* NULL: not limited */
    struct backups *backups;   /* see core/backup.h */
    struct prunes *prunes;     /* see core/prune.h */
    _Atomic bool is_pruning;   /* rows may be left to delete: core/pruned.h */

    /* the lock guards these three pointers; what they point to is shared by count */
    pthread_mutex_t lock;
    struct documents_ref *documents;
    struct holds *holds;
    struct broker_keys *keys;

    struct {
        _Atomic uint64_t making, made; /* at work, and ever */
    } key_files;
    _Atomic(struct tlog *) log;   /* NULL: not yet, or no more */
    struct witnesses *witnesses;  /* NULL: none is asked */
    struct tlog_start *log_start; /* of the start, until the log is open */
    struct log_reader {
        struct ambit_digest person;
        int64_t told_ms;
    } log_readers[8];          /* guarded by `lock` */
    _Atomic bool wants_key;    /* a rotation by age or by another algorithm is due */
    _Atomic bool has_old_keys; /* files of keys that are over may lie about */

    struct pending pending;          /* stops accepted and not yet committed */
    _Atomic uint64_t size;           /* events committed */
    _Atomic uint64_t stops_in_force; /* committed, and not cleared */
    _Atomic bool has_confirmed;  /* somebody may have confirmed something: the table is looked at */
    _Atomic bool has_offboarded; /* somebody may be: the table is looked at */
    _Atomic uint64_t people_version; /* changes when somebody is offboarded */
    _Atomic bool is_sealed, is_stopping;
    _Atomic bool is_open; /* all above is set: the writer may look at it between commands */
    struct metrics metrics;
    struct reader_watch readers;
    struct searching searching;
    struct live live;
    struct vouched *vouched;   /* owned; see vouched.h */
    pthread_mutex_t live_turn; /* guards live.before */

    /* the writer's alone */
    struct batch batch;
    struct ambit_decision *decision;
    struct fold fold;
    struct attest_round attest;
    int64_t expired_ms;          /* when one-time values were last looked through */
    int64_t scrub_complained_ms; /* when a step of the scrub that failed was */
    int64_t tick_complained_ms;  /* when a tick that failed was last logged */
    struct {
        bool is_recorded, is_recording; /* the second: by the batch that is open */
    } distrust;                         /* of the clock */
    struct unproved *unproved;          /* has its own lock */
    struct settle {
        struct settle_state {
            int64_t able_ms; /* when a report could last be taken */
            int64_t due_ms;  /* nothing is due before */
            bool was_outage; /* since then none could */
        } next, kept;        /* of the batch that is open; as committed */
    } settle;
    struct unheard unheard;
    struct repeats *repeats;
    struct polls *polls; /* see core/await.h */
    struct key_halves halves;
    int64_t keys_due_ms; /* nothing is to be done about keys before */
    struct recent_actions *recent;
    struct live_before *live_before;
    /* where the next look for history that is over begins */
    struct state_key expire_from;
    struct ambit_id expire_outcomes_from;
};

static inline struct ambit_str broker_text(const struct buf *buf)
{
    return buf_str(buf);
}

/* Allowed actions that owe no outcome, the newest ones: the index is a moment behind. The writer's;
 * what stands here is held against the record before it is believed. */
enum { RECENT_ACTIONS = 4096 };
struct recent_actions {
    struct {
        struct ambit_id id;
        uint64_t seq;
    } v[RECENT_ACTIONS];
    size_t next;
};

/* ---- batch.c ---- */
/* The writer with the hooks of the core. */
AMBIT_CHECKED enum ambit_err batch_start_writer(struct broker *broker, const struct broker_options *from);
void batch_drop(struct batch *batch);

/* ---- record.c: from a command to events and tables, within the batch ---- */
/* Appends the event and applies it. `salt_index` tells the events of one command apart. */
AMBIT_CHECKED enum ambit_err record_event(struct broker *broker, struct store_txn *txn,
                                          struct command *command, struct event *event);
/* An error of record_event that says that the event cannot be written as it is: it is longer than
 * an event may be, or holds what canonical JSON has no form for. Nothing was written. */
bool record_cannot_hold(enum ambit_err err);
/* An id of this command: the same for the same index whenever the command is run. */
struct ambit_id command_derive_id(const struct command *command, unsigned index);
/* The start of every run: the batch's documents and now; way_in_lost when the caller is no more. */
AMBIT_CHECKED enum ambit_err command_begin(struct command *command, int64_t now_ms);
/* Consumes the one-time values (CLI-11, DPOP-12), whatever becomes of the command; once_used when
 * one was used before. Nothing to do for a caller without one. */
AMBIT_CHECKED enum ambit_err command_use_once(struct command *command, struct store_txn *txn);
/* A further event of the command: another one tells of the one-time values. */
void event_without_once(struct event *event);
/* The end of every `done`: sets err, tells the caller. */
void command_finished(struct command *command, enum ambit_err err);
/* What every event of a command says. */
void event_init(struct event *event, const struct command *command, enum event_type type);
/* The stops in force, from the batch. */
AMBIT_CHECKED enum ambit_err batch_holds(struct broker *broker, struct store_txn *txn,
                                         const struct holds **ret);
/* A copy of what the answer needs. */
AMBIT_CHECKED enum ambit_err decided_copy(const struct ambit_decision *decision,
                                          struct arena *arena, struct decided *ret);

/* After the commit: counts a decision (question 0 grant, 1 action). */
void metrics_decided(struct broker *broker, unsigned question, enum ambit_reason reason);

/* ---- trip.c ---- */
/* Raises the stops of the hard stops that fired; `event` is the recorded one that tripped them. */
AMBIT_CHECKED enum ambit_err trips_raise(struct broker *broker, struct store_txn *txn,
                                         struct command *command, const struct event *event,
                                         const struct ambit_decision *decision);

/* ---- grant_load.c ---- */
/* The row of a grant with its purpose (from the opening), and all that is above it. NOT_FOUND. */
AMBIT_CHECKED enum ambit_err grant_load(struct store_txn *txn, struct ambit_id id,
                                        struct arena *arena, struct grant_row *ret);
/* The row alone: the purpose costs a row more, and so does each above it. */
AMBIT_CHECKED enum ambit_err grant_load_row(struct store_txn *txn, struct ambit_id id,
                                            struct arena *arena, struct grant_row *ret);
/* What is above a row that was read alone. */
AMBIT_CHECKED enum ambit_err grant_load_above(struct store_txn *txn, struct arena *arena,
                                              struct grant_row *row);
/* As grant_load(), and the record vouches for the row and for all above it (vouched.h), unless the
 * grant is over. DAMAGED is told of in the log. */
struct grant_wanted {
    struct ambit_id id;
    int64_t now_ms;  /* of who asks: by it a grant is over */
    bool is_vouched; /* by grant_vouch(): not to be looked at again */
};
AMBIT_CHECKED enum ambit_err grant_load_vouched(struct broker *broker, struct store_txn *txn,
                                                struct grant_wanted wanted, struct arena *arena,
                                                struct grant_row *ret);
/* The grant of a presented token, vouched for. NOT_FOUND also when its `rnd` does not fit. */
struct grant_shown {
    const struct identity_token *token;
    int64_t now_ms; /* as above, both */
    bool is_vouched;
};
AMBIT_CHECKED enum ambit_err grant_find(struct broker *broker, struct store_txn *txn,
                                        const struct grant_shown *shown, struct arena *arena,
                                        struct grant_row *ret);
/* On an answering thread, before a command about this token is submitted: looking is not the
 * writer's work, and damage need not reach it. DAMAGED; everything else is the writer's to find. No
 * token (NULL): nothing to look at. */
AMBIT_CHECKED enum ambit_err grant_vouch(struct broker *broker, const struct identity_token *token,
                                         bool *ret_is_vouched);
/* The same on an answering thread, and how it stands now, stops that are accepted and not yet
 * committed included. SEALED: could not tell. */
AMBIT_CHECKED enum ambit_err grant_look(struct broker *broker, const struct identity_token *token,
                                        struct arena *arena, struct grant_row *ret,
                                        enum ambit_liveness *ret_liveness);

/* ---- stop.c ---- */
/* One record of stops.journal into the record; ctx is the broker. */
AMBIT_CHECKED enum ambit_err stop_take_journal(void *ctx, struct ambit_str record);

/* ---- broker.c ---- */
/* One event of the broker's own; waits for it. */
AMBIT_CHECKED enum ambit_err broker_record_own(struct broker *broker, enum event_type type,
                                               struct ambit_str detail);

/* ---- confirm.c ---- */
const struct ambit_document *documents_find(const struct ambit_documents *documents,
                                            enum ambit_kind kind, struct ambit_str name);
enum { DOCUMENTS_LABEL_MAX = AMBIT_AGENT_NAME_MAX + 16 };
/* "policy:x" */
struct ambit_str documents_label(enum ambit_kind kind, struct ambit_str name,
                                 char dst[DOCUMENTS_LABEL_MAX]);
/* So that the event is found by the name of the agent or policy that it is about. */
void event_name_document(struct event *event, enum ambit_kind kind, struct ambit_str name);

/* ---- documents.c ---- */
AMBIT_CHECKED enum ambit_err documents_ref_new(struct ambit_documents *documents,
                                               struct ambit_problems *problems,
                                               struct documents_ref **ret); /* takes documents */
/* Does the folder hold? Nothing is changed. */
AMBIT_CHECKED enum ambit_err documents_check(struct broker *broker,
                                             struct ambit_problems *problems);
AMBIT_CHECKED enum ambit_err documents_store(struct store_txn *txn,
                                             const struct ambit_documents *documents);
AMBIT_CHECKED enum ambit_err documents_load(struct store_txn *txn, const struct ambit_digest *set,
                                            struct documents_ref **ret);
void documents_publish(struct broker *broker,
                       struct documents_ref *ref); /* takes a reference of its own */
struct holds *broker_holds_acquire(struct broker *broker);
