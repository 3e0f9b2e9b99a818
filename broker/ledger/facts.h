/* SPDX-License-Identifier: Apache-2.0 */
/* What reports count, behind the log: of every event one fact of 48 bytes, in the order of the
 * record, 85 to a row (a page of the store), with the names in it as numbers. A report over a
 * period reads its facts once, whatever it is about; so periods are exact to the millisecond, and
 * no figure has to be thought of before it is asked for.
 *
 * Facts stand in SEARCH_FACTS of the search environment, move with the index in the same commits
 * and are as losable: built again from the record when they are lost, or of another FACTS_VERSION.
 *
 * Keys of the table: 'v' the version; 'f' row number u64 BE -> facts; 'n' number u32 BE -> kind u8
 * and the text; 'd' kind u8 and the first half of SHA-256 of the text -> number; 'g' grant -> when
 * it was issued and last used; 'a' approval -> when it was asked. Rows of 'g' go a day after a
 * grant must have ended, rows of 'a' after 40 days. */
#pragma once

#include "ambit/base.h"

struct json_value;
struct search;
struct store_txn;

enum { FACTS_VERSION = 1, FACTS_PER_ROW = 85 };

enum fact_flag {
    FACT_HAS_GRANT = 1 << 0,   /* names a grant */
    FACT_GRANT_KNOWN = 1 << 1, /* whose issue is in the record */
    FACT_OWED = 1 << 2,        /* an outcome is due of it */
    FACT_MISMATCHED = 1 << 3,  /* the two reports disagree */
    FACT_LATE = 1 << 4,        /* reported after the deadline */
    FACT_HARD_STOP = 1 << 5,   /* not a person */
    FACT_COMPLETES = 1 << 6,   /* the last answer that an approval takes */
    FACT_TIMED = 1 << 7,       /* `amount` is known */
    FACT_ON_WORD = 1 << 8,     /* a service's word stands where the grant would */
    FACT_REMOVAL = 1 << 9,
};

/* Numbers are those of names, 0 absent. Native byte order: the search environment is not carried
 * to another machine (its version row tells). */
struct fact {
    int64_t time_ms;
    uint8_t type, reason; /* enum event_type; enum ambit_reason, of decisions */
    uint16_t flags;
    uint32_t agent, owner, team;
    uint32_t authority; /* policy, digest, rule that decided */
    uint32_t what;      /* action.allowed: the action; grant.issued: the items */
    uint32_t who;       /* action.*: service; grant.*: audience; else the person */
    uint32_t set;       /* documents in force */
    uint32_t amount;    /* action.allowed: ms of its grant's life used since the use before;
                           grant.issued: lifetime in s; approval.*: ms since it was asked;
                           refusals.folded: how many */
    uint32_t lineage;   /* the last four bytes of its id: to tell families apart */
};
_Static_assert(sizeof(struct fact) == 48, "a fact is 48 bytes");

enum fact_kind {
    FACT_AGENT = 1,
    FACT_PERSON,
    FACT_TEAM,
    FACT_AUTHORITY, /* policy NUL rule NUL digest (32 bytes, or none) */
    FACT_ACTION,
    FACT_ITEMS, /* authority u32 BE, action u32 BE of each item, none twice */
    FACT_SERVICE,
    FACT_AUDIENCE,
    FACT_SET, /* 32 bytes */
};

/* ---- writing: the indexer's ---- */

struct facts;
AMBIT_CHECKED enum ambit_err facts_new(struct facts **ret);
void facts_free(struct facts *facts);
/* Whether the environment has facts of this version (or nothing at all) up to its position. */
AMBIT_CHECKED enum ambit_err facts_are_there(struct search *search, uint64_t next, bool *ret);
/* In one write transaction of the search: begin at the sequence that comes next, each event in
 * order, then end. What was begun and not ended is dropped with its transaction. `is_first`: there
 * is no fact right before it, whatever its number (the record begins there: what is older was
 * pruned).
 */
AMBIT_CHECKED enum ambit_err facts_begin(struct facts *facts, struct store_txn *txn, uint64_t next,
                                         bool is_first);
/* `event` may be NULL: what stands there cannot be read. */
AMBIT_CHECKED enum ambit_err facts_add(struct facts *facts, const struct json_value *event);
AMBIT_CHECKED enum ambit_err facts_end(struct facts *facts);
void facts_drop(struct facts *facts);

/* ---- reading ---- */

/* Calls `each` for every fact of the period, in order; what it returns other than OK ends the
 * scan. The read transaction is renewed every half second. Every event below *ret_next was told. */
struct facts_scan {
    int64_t since_ms, until_ms; /* since <= time < until */
    uint64_t below;             /* no event from this sequence on */
    enum ambit_err (*each)(void *ctx, uint64_t seq, const struct fact *fact);
    void *ctx;
    struct store_txn *txn; /* while it runs: what names are looked up in */
};
AMBIT_CHECKED enum ambit_err facts_read(struct search *search, struct facts_scan *scan,
                                        uint64_t *ret_next);
/* The text of a number, at most `size` bytes. `txn`: of a scan that runs, or NULL. NOT_FOUND,
 * TOO_LARGE. */
AMBIT_CHECKED enum ambit_err facts_name(struct search *search, struct store_txn *txn,
                                        uint32_t number, char *text, size_t size, size_t *ret_len);
/* The number of a text; NOT_FOUND: no event has it. */
AMBIT_CHECKED enum ambit_err facts_number(struct search *search, enum fact_kind kind,
                                          struct ambit_str text, uint32_t *ret);
