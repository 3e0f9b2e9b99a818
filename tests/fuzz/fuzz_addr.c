/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and blocks: printing and reading again gives the same; a block contains its own base. */
#include <string.h>

#include "base/addr.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str text = {.p = (const char *)data, .len = size};
    struct addr addr = {.family = 0};
    if (!addr_decode(text, &addr)) {
        char printed[ADDR_TEXT_MAX] = "";
        struct addr again = {.family = 0};
        size_t len = addr_encode(&addr, printed);
        FUZZ_CHECK(addr.family == 4 || addr.family == 6);
        FUZZ_CHECK(len < sizeof printed);
        FUZZ_CHECK(!addr_decode((struct ambit_str){.p = printed, .len = len}, &again));
        FUZZ_CHECK(memcmp(&addr, &again, sizeof addr) == 0);
    }

    struct cidr block = {.bits = 0};
    if (!cidr_decode(text, &block)) {
        FUZZ_CHECK(block.bits <= (block.base.family == 4 ? 32 : 128));
        FUZZ_CHECK(cidr_contains(&block, &block.base));
    }
    return 0;
}
