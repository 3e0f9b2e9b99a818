/* SPDX-License-Identifier: Apache-2.0 */
/* What the start found of the log: shared by tlog_open.c (the way of it), tlog_held.c (what was
 * published, held against the store) and tlog_files.c (keys and files). */
#pragma once

#include "core/head.h"
#include "core/tlog_row.h"

struct broker;
struct buf;
struct crypto_key;

/* What is wrong with what was published. */
enum tlog_fault { TLOG_FINE, TLOG_SMALLER, TLOG_FORKED, TLOG_UNREADABLE, TLOG_ABSENT, TLOG_KEY };
const char *tlog_fault_text(enum tlog_fault fault);

struct tlog_start {
    struct crypto_key *key;      /* NULL: there is none yet */
    struct crypto_key *next_key; /* of a change that was begun */
    struct crypto_key *old_key;  /* of the log that is left */
    bool is_handed;
    bool has_row;
    struct tlog_row row;
    struct head head;

    enum tlog_fault fault;
    struct buf said;     /* one sentence about it */
    bool has_checkpoint; /* STATE/log/checkpoint is there, and it is of the log in force */
    bool is_over;        /* it is there, and of a log that was left: to be set aside */
    bool has_published;  /* of either file: the larger one */
    uint64_t size;
    struct ambit_digest root;

    struct buf accept;          /* why a fault is accepted; empty: it is not */
    char origin[NOTE_NAME_MAX]; /* of the log in force, or to be begun */
    size_t origin_len;
};
static inline struct ambit_str tlog_start_origin(const struct tlog_start *start)
{
    return (struct ambit_str){.p = start->origin, .len = start->origin_len};
}

/* ---- tlog_origin.c ---- */
/* The text before "/rN", and N; the whole and 1 where there is no such end. */
struct ambit_str tlog_origin_base(struct ambit_str origin, uint64_t *ret_n);
/* How often the log was continued under another name. */
uint64_t tlog_generation(struct ambit_str origin);
void tlog_start_name(struct tlog_start *start, struct ambit_str origin);
/* Unless it has a name: of the configuration, or of the issuer. MALFORMED when that is none. */
AMBIT_CHECKED enum ambit_err tlog_name_first(const struct broker *broker, struct tlog_start *start);
AMBIT_CHECKED enum ambit_err tlog_name_next(struct tlog_start *start);

/* ---- tlog_held.c ---- */
/* Judges both files; `said` and `fault` tell the first that does not hold. */
AMBIT_CHECKED enum ambit_err tlog_hold(const struct broker *broker, struct store_txn *txn,
                                       struct tlog_start *start);

/* ---- tlog_files.c ---- */
/* `key`, `next_key`, `is_handed`. MALFORMED: what is there is no Ed25519 key. */
AMBIT_CHECKED enum ambit_err tlog_keys_load(const struct broker *broker, struct tlog_start *start);
/* A key that waits in log.key.next; or with is_first log.key itself. */
AMBIT_CHECKED enum ambit_err tlog_key_make(const struct broker *broker, bool is_first,
                                           struct crypto_key **ret);
/* log.key.next takes the place of log.key. */
AMBIT_CHECKED enum ambit_err tlog_key_install(const struct broker *broker);
/* STATE/log/checkpoint; NOT_FOUND. */
AMBIT_CHECKED enum ambit_err tlog_checkpoint_load(const struct broker *broker, struct buf *ret);
/* A checkpoint of size 0 under the key and origin of `start`. */
AMBIT_CHECKED enum ambit_err tlog_checkpoint_begin(const struct broker *broker,
                                                   const struct tlog_start *start);
/* STATE/log/checkpoint is checkpoint.1 too, or the next that is free; gone is fine. */
AMBIT_CHECKED enum ambit_err tlog_checkpoint_set_aside(const struct broker *broker);
AMBIT_CHECKED enum ambit_err tlog_vkey_write(const struct broker *broker,
                                             const struct tlog_start *start);
