/* SPDX-License-Identifier: Apache-2.0 */
/* An event of the record, its opening behind the first line feed. What is taken has one form: written
 * again it gives the same bytes, erased it is still taken, and no personal text comes from nowhere. */
#include "base/buf.h"
#include "ledger/event_internal.h"

#include "fuzz.h"

static void check_written_again(struct ambit_str leaf)
{
    ARENA_AUTO arena = {0};
    BUF_AUTO again = {0};
    struct event event;
    struct event_commitments commitments;
    FUZZ_CHECK(event_read(leaf, &arena, &event, &commitments) == AMBIT_OK);
    FUZZ_CHECK(event_write(&event, &commitments, &again) == AMBIT_OK);
    FUZZ_CHECK(ambit_str_eq(buf_str(&again), leaf));
    FUZZ_CHECK(!event.words.p && !event.purpose.p && !event.stated_reason.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    ARENA_AUTO arena = {0};
    struct event event;
    struct ambit_str leaf = {.p = (const char *)bytes, .len = size}, opening = {.p = "", .len = 0};
    const char *feed = size ? memchr(bytes, '\n', size) : NULL;
    if (feed) {
        leaf.len = (size_t)(feed - leaf.p);
        opening = (struct ambit_str){.p = feed + 1, .len = size - leaf.len - 1};
    }
    enum ambit_err err = event_decode(leaf, opening, &arena, &event);
    FUZZ_CHECK(err != AMBIT_ERR_NO_MEMORY && err != AMBIT_ERR_INTERNAL);
    if (err == AMBIT_OK || err == AMBIT_ERR_DAMAGED)
        check_written_again(leaf);
    return 0;
}
