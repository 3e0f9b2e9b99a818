/* SPDX-License-Identifier: Apache-2.0 */
/* Which event an id stands in: the compact table that a reader of a whole record keeps while it
 * walks. 12 bytes a slot, between three eighths and three quarters of them used: 16 to 32 bytes for
 * each id. Of an id 56 bits of a keyed hash are kept, so that nobody without the key can choose one
 * that is taken for another; a grant that is found is read again from its event all the same. */
#pragma once

#include "ambit/base.h"

enum place_kind {
    PLACE_EVENT = 1, /* an event's own id */
    PLACE_GRANT,
    PLACE_STOP,
    PLACE_INCIDENT,
    PLACE_APPROVAL,
    PLACE_CUT_GRANT, /* of cuts.h: what ended a grant, a lineage, all that bears a name */
    PLACE_CUT_LINEAGE,
    PLACE_CUT_NAME,
    PLACE_OFFBOARDED, /* of people.h */
    PLACE_RETURNED,
    PLACE_CONFIRMED,
    PLACE_SIGNED,
    PLACE_SPENT,
};
struct places {
    uint64_t *tags;   /* 24 bits of the hash, 40 of the sequence plus one; 0: free */
    uint32_t *hashes; /* 32 more bits, by which a slot is found */
    size_t n_slots, n;
    uint64_t key[2];
};
void places_init(struct places *places, const uint64_t key[2]);
void places_done(struct places *places);
static const uint64_t PLACES_SEQ_MAX = ((uint64_t)1 << 40) - 1;
/* The first place stays. *ret_is_new: it had none. TOO_LARGE: seq is not below PLACES_SEQ_MAX. */
AMBIT_CHECKED enum ambit_err places_add(struct places *places, enum place_kind kind,
                                        struct ambit_id id, uint64_t seq, bool *ret_is_new);
/* The last place counts. TOO_LARGE. */
AMBIT_CHECKED enum ambit_err places_put(struct places *places, enum place_kind kind,
                                        struct ambit_id id, uint64_t seq);
bool places_find(const struct places *places, enum place_kind kind, struct ambit_id id,
                 uint64_t *ret_seq);
