/* SPDX-License-Identifier: Apache-2.0 */
/* Instants, durations and whole numbers: what was read, printed, reads as the same. */
#include <stdio.h>

#include "base/encode.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str text = {.p = (const char *)data, .len = size};
    int64_t ms = 0;
    if (!time_decode(text, &ms)) {
        char printed[TIME_TEXT_LEN];
        int64_t again = 0;
        FUZZ_CHECK(ms >= 0);
        time_encode(ms, printed);
        FUZZ_CHECK(!time_decode((struct ambit_str){.p = printed, .len = sizeof printed}, &again));
        FUZZ_CHECK(again == ms);
    }

    int64_t seconds = 0;
    if (!duration_decode(text, &seconds)) {
        char printed[32];
        int64_t again = 0;
        int len = snprintf(printed, sizeof printed, "%llds", (long long)seconds);
        FUZZ_CHECK(seconds > 0 && len > 0);
        FUZZ_CHECK(!duration_decode((struct ambit_str){.p = printed, .len = (size_t)len}, &again));
        FUZZ_CHECK(again == seconds);
    }
    return 0;
}
