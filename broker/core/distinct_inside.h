/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a history of different values, for the two files that look inside. Keys in
 * STORE_VALUES: counter (16), generation (4), 0, time (8), value (16) -> nothing; and counter,
 * generation, 1, value -> time. */
#pragma once

#include "core/distinct.h"

enum {
    CURSORS = 4,
    CURSOR_BYTES = 8 + 8 + 4,
    FIXED_BYTES = 2 + 4 + 4 + 8 + 8,
    ROW_BYTES = FIXED_BYTES + CURSORS * CURSOR_BYTES,
    PREFIX = 16 + 4,
    TIME_KEY = PREFIX + 1 + 8 + 16,
    VALUE_KEY = PREFIX + 1 + 16,
    BY_TIME = 0,
    BY_VALUE = 1,
};

struct distinct_cursor {
    int64_t within_ms; /* 0: unused */
    int64_t after_ms;  /* what is counted: the values whose time is greater */
    uint32_t count;
};
struct distinct_head {
    uint32_t generation, count; /* values kept */
    int64_t last_ms, keep_ms;
    struct distinct_cursor cursors[CURSORS];
};
struct distinct_value {
    uint8_t b[16];
};

struct distinct_time_key {
    uint8_t b[TIME_KEY];
};
struct distinct_value_key {
    uint8_t b[VALUE_KEY];
};
#define KEY_OF(k) ((struct store_key){.p = (k).b, .len = sizeof(k).b})

AMBIT_CHECKED enum ambit_err distinct_head_decode(const uint8_t *row, size_t len,
                                                  struct distinct_head *ret);
AMBIT_CHECKED enum ambit_err distinct_head_get(struct store_txn *txn, const struct state_key *key,
                                               struct distinct_head *ret);
AMBIT_CHECKED enum ambit_err distinct_head_put(struct store_txn *txn, const struct state_key *key,
                                               const struct distinct_head *head);
struct distinct_value distinct_value_of(struct ambit_str text);
void distinct_prefix(uint8_t *dst, const struct state_key *key, uint32_t generation);
struct distinct_time_key distinct_time_key(const struct state_key *key,
                                           const struct distinct_head *head, int64_t time_ms,
                                           const struct distinct_value *value);
struct distinct_value_key distinct_value_key(const struct state_key *key,
                                             const struct distinct_head *head,
                                             const struct distinct_value *value);
/* When this value was last added; -1: it is not kept. */
AMBIT_CHECKED enum ambit_err distinct_value_time(struct store_txn *txn, const struct state_key *key,
                                                 const struct distinct_head *head,
                                                 const struct distinct_value *value, int64_t *ret);
