/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses and CIDR blocks, with IPv4-mapped IPv6 folded into IPv4. */
#include "base/addr.h"

#include <arpa/inet.h>

#include "base/encode.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

enum ambit_err addr_decode(struct ambit_str text, struct addr *ret)
{
    char copy[ADDR_TEXT_MAX] = {0};
    uint8_t b[16] = {0};

    if (text.len == 0 || text.len >= sizeof copy || memchr(text.p, 0, text.len))
        return AMBIT_ERR_MALFORMED;
    memcpy(copy, text.p, text.len);
    if (inet_pton(AF_INET, copy, b) == 1) {
        *ret = (struct addr){.family = 4};
        memcpy(ret->b, b, 4);
        return AMBIT_OK;
    }
    if (inet_pton(AF_INET6, copy, b) != 1)
        return AMBIT_ERR_MALFORMED;
    if (memcmp(b, mapped_prefix, sizeof mapped_prefix) == 0) {
        *ret = (struct addr){.family = 4};
        memcpy(ret->b, b + 12, 4);
        return AMBIT_OK;
    }
    *ret = (struct addr){.family = 6};
    memcpy(ret->b, b, 16);
    return AMBIT_OK;
}

size_t addr_encode(const struct addr *addr, char dst[ADDR_TEXT_MAX])
{
    dst[0] = 0;
    if (addr->family == 0)
        return 0;
    if (!inet_ntop(addr->family == 4 ? AF_INET : AF_INET6, addr->b, dst, ADDR_TEXT_MAX))
        return 0;
    return strlen(dst);
}

static bool low_bits_are_zero(const uint8_t *b, unsigned bits, unsigned total)
{
    for (unsigned i = bits; i < total; i++) {
        if (b[i / 8] & (0x80 >> i % 8))
            return false;
    }
    return true;
}

enum ambit_err cidr_decode(struct ambit_str text, struct cidr *ret)
{
    const char *slash = text.len ? memchr(text.p, '/', text.len) : NULL;
    struct addr base = {0};
    uint64_t bits = 0;

    if (!slash)
        return AMBIT_ERR_MALFORMED;
    struct ambit_str head = {.p = text.p, .len = (size_t)(slash - text.p)};
    struct ambit_str tail = {.p = slash + 1, .len = text.len - head.len - 1};
    enum ambit_err err = addr_decode(head, &base);
    if (err != AMBIT_OK)
        return err;
    if (parse_u64(tail, &bits) != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;

    unsigned total = base.family == 4 ? 32 : 128;
    if (base.family == 4 && memchr(head.p, ':', head.len)) {
        /* Written as ::ffff:a.b.c.d/n: a shorter prefix would cut through the mapping itself. */
        if (bits < 96)
            return AMBIT_ERR_MALFORMED;
        bits -= 96;
    }
    if (bits > total || !low_bits_are_zero(base.b, (unsigned)bits, total))
        return AMBIT_ERR_MALFORMED;
    *ret = (struct cidr){.base = base, .bits = (uint8_t)bits};
    return AMBIT_OK;
}

bool cidr_contains(const struct cidr *block, const struct addr *addr)
{
    unsigned whole = block->bits / 8;
    unsigned rest = block->bits % 8;

    if (addr->family == 0 || addr->family != block->base.family)
        return false;
    if (memcmp(block->base.b, addr->b, whole) != 0)
        return false;
    if (rest == 0)
        return true;
    return ((block->base.b[whole] ^ addr->b[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
}
