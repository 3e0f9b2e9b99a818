/* SPDX-License-Identifier: Apache-2.0 */
/* What writes and what reads the search environment share. */
#pragma once

#include "base/encode.h"
#include "store/internal.h"
#include "store/search.h"

enum { SEARCH_KEY_BYTES = 1 + 16 + 8, SEARCH_PREFIX_BYTES = SEARCH_KEY_BYTES - 8 };

struct search {
    pthread_rwlock_t lock; /* held to read by who has a read transaction, to write by who begins the
                              environment anew; guards store and problem */
    struct store *store;   /* NULL: it could not be begun anew */
    enum ambit_err problem; /* why not */
    size_t map_bytes;
    char *folder; /* owned */
    bool was_damaged;
    atomic_bool is_suspect;
};

static inline void search_put_key(uint8_t key[SEARCH_KEY_BYTES], uint8_t tag,
                                  const uint8_t value[16], uint64_t seq)
{
    key[0] = tag;
    memcpy(key + 1, value, 16);
    put_be64(key + SEARCH_PREFIX_BYTES, seq);
}
AMBIT_CHECKED enum ambit_err search_position_get(struct store_txn *txn,
                                                 struct search_position *ret);
