/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing. */
#include "ledger/places.h"

#include "base/encode.h"

enum { FIRST_SLOTS = 1024, SEQ_BITS = 40 };
static const uint64_t seq_mask = ((uint64_t)1 << SEQ_BITS) - 1;

void places_init(struct places *places, const uint64_t key[2])
{
    *places = (struct places){.key = {key[0], key[1]}};
}

void places_done(struct places *places)
{
    free(places->tags);
    free(places->hashes);
    *places = (struct places){.n = 0};
}

/* Multiplication of 64 by 64 bits, folded: the ids are random already, the key hides which go
 * together. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(const struct places *places, enum place_kind kind, struct ambit_id id)
{
    static const uint64_t odd[] = {0xa0761d6478bd642fU, 0xe7037ed1a0b428dbU, 0x8ebc6af09c88c6e3U};
    uint64_t a = get_be64(id.b) ^ places->key[0] ^ odd[0];
    uint64_t b = get_be64(id.b + 8) ^ places->key[1] ^ odd[1];
    uint64_t kinds = (uint64_t)kind * odd[2] ^ places->key[1];
    return mix(mix(a, b) ^ kinds, mix(kinds ^ odd[0], places->key[0] ^ odd[2]) ^ b);
}

static size_t slot_of(const struct places *places, uint64_t hash)
{
    uint64_t tag = hash >> SEQ_BITS;
    uint32_t low = (uint32_t)hash;
    size_t at = low & (places->n_slots - 1);
    while (places->tags[at] != 0 &&
           (places->hashes[at] != low || places->tags[at] >> SEQ_BITS != tag))
        at = (at + 1) & (places->n_slots - 1);
    return at;
}

static AMBIT_CHECKED enum ambit_err grow(struct places *places)
{
    struct places old = *places;
    size_t n = old.n_slots ? 2 * old.n_slots : FIRST_SLOTS;
    uint64_t *tags = calloc(n, sizeof *tags);
    uint32_t *hashes = calloc(n, sizeof *hashes);
    if (tags == NULL || hashes == NULL) {
        free(tags);
        free(hashes);
        return AMBIT_ERR_NO_MEMORY;
    }
    places->tags = tags;
    places->hashes = hashes;
    places->n_slots = n;
    for (size_t i = 0; i < old.n_slots; i++) {
        if (old.tags[i] == 0)
            continue;
        size_t at = old.hashes[i] & (n - 1);
        while (tags[at] != 0)
            at = (at + 1) & (n - 1);
        tags[at] = old.tags[i];
        hashes[at] = old.hashes[i];
    }
    free(old.tags);
    free(old.hashes);
    return AMBIT_OK;
}

enum ambit_err places_add(struct places *places, enum place_kind kind, struct ambit_id id,
                          uint64_t seq, bool *ret_is_new)
{
    if (seq >= PLACES_SEQ_MAX)
        return AMBIT_ERR_TOO_LARGE;
    if (places->n >= places->n_slots / 4 * 3) {
        enum ambit_err err = grow(places);
        if (err != AMBIT_OK)
            return err;
    }
    uint64_t hash = hash_of(places, kind, id);
    size_t at = slot_of(places, hash);
    *ret_is_new = places->tags[at] == 0;
    if (!*ret_is_new)
        return AMBIT_OK;
    places->tags[at] = (hash & ~seq_mask) | ((seq + 1) & seq_mask);
    places->hashes[at] = (uint32_t)hash;
    places->n++;
    return AMBIT_OK;
}

enum ambit_err places_put(struct places *places, enum place_kind kind, struct ambit_id id,
                          uint64_t seq)
{
    bool is_new = false;
    enum ambit_err err = places_add(places, kind, id, seq, &is_new);
    if (err != AMBIT_OK || is_new)
        return err;
    size_t at = slot_of(places, hash_of(places, kind, id));
    places->tags[at] = (places->tags[at] & ~seq_mask) | ((seq + 1) & seq_mask);
    return AMBIT_OK;
}

bool places_find(const struct places *places, enum place_kind kind, struct ambit_id id,
                 uint64_t *ret_seq)
{
    if (places->n_slots == 0)
        return false;
    size_t at = slot_of(places, hash_of(places, kind, id));
    if (places->tags[at] == 0)
        return false;
    *ret_seq = (places->tags[at] & seq_mask) - 1;
    return true;
}
