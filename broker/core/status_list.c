/* SPDX-License-Identifier: Apache-2.0 */
/* See status_list.h. */
#include "core/status_list.h"

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/digest.h"

enum { ROUNDS = 8 };

void status_plan_init(struct status_plan *plan, const uint8_t key[STATUS_KEY_BYTES], int64_t size)
{
    static const char tag[] = "ambit status list 1";
    uint8_t framed[sizeof tag + STATUS_KEY_BYTES + 1];
    struct ambit_digest digest;
    *plan = (struct status_plan){.bits = 10};
    while (((int64_t)1 << plan->bits) < size && (1 << plan->bits) < STATUS_SIZE_MAX)
        plan->bits++;
    memcpy(plan->key, key, STATUS_KEY_BYTES);
    memcpy(framed, tag, sizeof tag);
    memcpy(framed + sizeof tag, key, STATUS_KEY_BYTES);
    framed[sizeof framed - 1] = (uint8_t)plan->bits;
    crypto_sha256(framed, sizeof framed, &digest);
    hex_encode(digest.b, sizeof plan->tag / 2, plan->tag);
}

/* One round's word over one half. */
static uint32_t word(const struct status_plan *plan, uint64_t list, unsigned round, uint32_t half)
{
    uint8_t framed[STATUS_KEY_BYTES + 8 + 1 + 4];
    struct ambit_digest digest;
    memcpy(framed, plan->key, STATUS_KEY_BYTES);
    put_be64(framed + STATUS_KEY_BYTES, list);
    framed[STATUS_KEY_BYTES + 8] = (uint8_t)round;
    put_be32(framed + STATUS_KEY_BYTES + 9, half);
    crypto_sha256(framed, sizeof framed, &digest);
    return get_be32(digest.b);
}

/* A Feistel network whose halves need not be of one size: each round changes one half by what is
 * computed of the other, and so can be undone. */
uint32_t status_index(const struct status_plan *plan, uint64_t seq)
{
    unsigned low_bits = plan->bits / 2, high_bits = plan->bits - low_bits;
    uint32_t low_mask = (1u << low_bits) - 1, high_mask = (1u << high_bits) - 1;
    uint64_t list = status_list_of(plan, seq);
    uint32_t place = (uint32_t)(seq & ((1u << plan->bits) - 1));
    uint32_t low = place & low_mask, high = place >> low_bits;
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (round % 2 == 0)
            high ^= word(plan, list, round, low) & high_mask;
        else
            low ^= word(plan, list, round, high) & low_mask;
    }
    return high << low_bits | low;
}

size_t status_name(const struct status_plan *plan, uint64_t list, char dst[STATUS_NAME_MAX])
{
    struct buf name;
    buf_init_fixed(&name, dst, STATUS_NAME_MAX);
    buf_put_i64(&name, (int64_t)list);
    buf_put_char(&name, '-');
    buf_put(&name, plan->tag, sizeof plan->tag);
    return name.len;
}
