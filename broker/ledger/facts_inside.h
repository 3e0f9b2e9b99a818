/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer of facts and their reader share: keys, and the names' numbers. */
#pragma once

#include "ledger/facts.h"
#include "store/search.h"

enum {
    FACTS_NAME_MAX = 4096, /* bytes of a text that has a number; longer ones are cut */
    FACTS_KEY_MAX = 18,
    FACTS_ROW_BYTES = FACTS_PER_ROW * (int)sizeof(struct fact),
};

struct facts_key {
    uint8_t b[FACTS_KEY_MAX];
    size_t len;
};
struct facts_key facts_key_row(uint64_t row);
struct facts_key facts_key_number(uint32_t number);
struct facts_key facts_key_text(enum fact_kind kind, struct ambit_str text);
struct facts_key facts_key_id(char table, const uint8_t id[16]);
static inline struct store_key facts_key_store(const struct facts_key *key)
{
    return (struct store_key){.p = key->b, .len = key->len};
}

/* The numbers of names within one write transaction. */
struct names;
AMBIT_CHECKED enum ambit_err names_new(struct names **ret);
void names_free(struct names *names);
/* Reads how many there are. Forgets what an earlier transaction that was dropped had added. */
AMBIT_CHECKED enum ambit_err names_begin(struct names *names, struct store_txn *txn);
AMBIT_CHECKED enum ambit_err names_end(struct names *names);
/* 0 for an absent text. */
AMBIT_CHECKED enum ambit_err names_number(struct names *names, enum fact_kind kind,
                                          struct ambit_str text, uint32_t *ret);
void names_forget(struct names *names);

/* What the event before was about, and this one mostly too. */
struct recent_name {
    uint32_t number; /* 0: none */
    size_t lens[3];
    char text[3 * 96];
};
/* A row of 'g' or 'a', as it is to be written. */
struct recent_times {
    struct facts_key key; /* of length 0: none */
    bool is_changed;
    int64_t times[2];
};

/* What is being written. */
struct facts {
    struct names *names;
    struct store_txn *txn; /* NULL: none is open */
    uint64_t next;
    int64_t time_ms; /* of the last event */
    struct fact row[FACTS_PER_ROW];
    struct recent_name authority, set; /* numbers of this transaction or earlier ones */
    struct recent_times times[64];     /* of this transaction */
};
/* facts_times.c. What was not put or there before: *ret is false. */
AMBIT_CHECKED enum ambit_err facts_times_get(struct facts *facts, const struct facts_key *key,
                                             int64_t times[2], bool *ret);
AMBIT_CHECKED enum ambit_err facts_times_put(struct facts *facts, const struct facts_key *key,
                                             const int64_t times[2]);
/* Before its transaction ends; when it was dropped. */
AMBIT_CHECKED enum ambit_err facts_times_end(struct facts *facts);
void facts_times_forget(struct facts *facts);
