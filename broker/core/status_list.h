/* SPDX-License-Identifier: Apache-2.0 */
/* Token status lists (draft-ietf-oauth-status-list-20): where the status of a grant stands, and the
 * bits of one list. A grant's place is the sequence of its event: list N has the sequences from
 * N * size on, so that a place is never used twice (TSL-7), whatever else the record holds. Inside
 * the list the index is a keyed permutation of that place: it tells nobody how many grants there
 * are or in which order they were given. The list's name has a tag of key and size: with another
 * key or size it is another list, and the old one is not found (a service then refuses). Pure. */
#pragma once

#include "ambit/base.h"

enum {
    STATUS_KEY_BYTES = 32,
    STATUS_NAME_MAX = 32, /* "N-TAG" */
    STATUS_SIZE_MIN = 1024,
    STATUS_SIZE_MAX = 1 << 22
};

struct status_plan {
    uint8_t key[STATUS_KEY_BYTES];
    unsigned bits; /* the size is 2^bits */
    char tag[8];
};
/* `size` is rounded up to a power of two within bounds. */
void status_plan_init(struct status_plan *plan, const uint8_t key[STATUS_KEY_BYTES], int64_t size);
static inline uint64_t status_list_of(const struct status_plan *plan, uint64_t seq)
{
    return seq >> plan->bits;
}
/* A bijection of [0, 2^bits) for each list. */
uint32_t status_index(const struct status_plan *plan, uint64_t seq);
/* "12-1a2b3c4d"; returns its length. */
size_t status_name(const struct status_plan *plan, uint64_t list, char dst[STATUS_NAME_MAX]);

/* TSL-3: entry i at bit i, from the least significant of each byte. */
static inline void status_set(uint8_t *bytes, uint32_t i)
{
    bytes[i / 8] |= (uint8_t)(1u << (i % 8));
}
