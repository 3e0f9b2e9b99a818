/* SPDX-License-Identifier: Apache-2.0 */
/* Follows the record and keeps the search index behind it: a thread that reads new events and adds
 * (tag, value, sequence) rows, one flushed commit a second or every 10,000 events. What it has not
 * reached yet a query says by `complete_to`. An index that is absent, damaged, or of another record
 * is built again from the first event, also while the broker runs. Nothing that decides needs it:
 * where the disk is short it waits, so that the record has what there is. */
#pragma once

#include "ambit/base.h"

struct search;
struct store;

/* What events are found by. The numbers stand in the index: never reuse one. */
enum index_tag {
    INDEX_ID = 1, /* the event's own id */
    INDEX_GRANT = 2,
    INDEX_LINEAGE = 3,
    INDEX_AGENT = 4,
    INDEX_OWNER = 5,
    INDEX_POLICY = 6, /* that decided, and of every item given */
    INDEX_TXN = 7,
    INDEX_STOP = 8,
    INDEX_INCIDENT = 9,
    INDEX_TYPE = 10,
    INDEX_PERSON = 11,
    INDEX_CAUSE = 12, /* events that say "because of" this id */
    /* 20 to 39: what events are filtered by; 40 to 59: what a trace follows. */
    INDEX_TEAM = 20,
    INDEX_SERVICE = 21,
    INDEX_RESOURCE = 22, /* of an action, and of every item asked for or given */
    INDEX_ACTION = 23,   /* likewise */
    INDEX_REASON = 24,   /* why not: an allow has none here */
    INDEX_SOURCE = 25,
    INDEX_APPROVAL = 40,
    INDEX_PARENT = 41,    /* grants asked for below this one */
    INDEX_TARGET = 42,    /* "agent:x", "all", "policy:x": stops, incidents, confirmations */
    INDEX_CONFIRMED = 43, /* documents.confirmed, by the digest of the document */
    INDEX_SET = 44,       /* documents.activated, by the digest of the set */
    INDEX_NOTED = 45,     /* the rare events of what has many: INDEX_NOTED_GROUPS, a blank, and
                             "agent:x", "owner:x", "policy:x" or "lineage:ID" */
};
/* First words of INDEX_NOTED: stops, incidents, and questions put to people with their answers
 * (their uses are not rare). */
#define INDEX_NOTED_GROUPS "stop", "incident", "approval"
/* One higher with every change of what an event is found by: an index built otherwise is built
 * again. */
enum { INDEX_VERSION = 3 };

struct indexer;
/* Borrows both until indexer_stop. So many bytes of the disk that the index stands on are not for
 * it. */
AMBIT_CHECKED enum ambit_err indexer_start(struct store *store, struct search *search,
                                           uint64_t keep_bytes, struct indexer **ret);
void indexer_stop(struct indexer *indexer);

/* After a commit: there may be news. Costs one store to memory. */
void indexer_wake(struct indexer *indexer);
/* Every event below this sequence can be found. */
uint64_t indexer_complete_to(const struct indexer *indexer);
/* Waits until every event below `seq` can be found, at most so long; true when it came about. */
bool indexer_wait(struct indexer *indexer, uint64_t seq, int64_t at_most_ms);
/* Why it last got no further, OK while it does. NO_SPACE: the map is full, or the disk short. */
enum ambit_err indexer_problem(const struct indexer *indexer);
/* Events below this sequence are not searched for any more, or never were: they had been pruned
 * when the index was built. */
uint64_t indexer_complete_from(const struct indexer *indexer);
/* Entries of events below `below` leave, step by step, and what they took is used again. */
void indexer_forget(struct indexer *indexer, uint64_t below);
struct indexer_counts {
    uint64_t used_bytes;
    uint64_t rebuilt; /* times that a damaged index was begun anew */
    bool is_sweeping;
};
void indexer_count(const struct indexer *indexer, struct indexer_counts *ret);

/* Sequences of the events that have `value` there, in order; `from` as in search_scan. Ids are
 * given in their text form; a value that can be none of the tag's finds nothing. */
struct index_query {
    enum index_tag tag;
    struct ambit_str value;
    bool is_descending;
    uint64_t from;
};
AMBIT_CHECKED enum ambit_err indexer_find(struct search *search, const struct index_query *query,
                                          uint64_t *seqs, size_t max, size_t *ret_n);
