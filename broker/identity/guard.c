/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of addresses that nobody may send us to. */
#include "identity/guard.h"

struct block {
    uint8_t b[6];
    uint8_t bits;
};

/* IANA's registry of special-purpose IPv4 addresses, multicast, and what is reserved. */
static const struct block blocks_v4[] = {
    {{0, 0, 0, 0}, 8},       /* this network */
    {{10, 0, 0, 0}, 8},      /* private */
    {{100, 64, 0, 0}, 10},   /* shared */
    {{127, 0, 0, 0}, 8},     /* loopback */
    {{169, 254, 0, 0}, 16},  /* link-local, and the metadata of clouds */
    {{172, 16, 0, 0}, 12},   /* private */
    {{192, 0, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2, 0}, 24},    /* documentation */
    {{192, 31, 196, 0}, 24}, /* AS112 */
    {{192, 52, 193, 0}, 24}, /* AMT */
    {{192, 88, 99, 0}, 24},  /* 6to4 relays */
    {{192, 168, 0, 0}, 16},  /* private */
    {{192, 175, 48, 0}, 24}, /* AS112 */
    {{198, 18, 0, 0}, 15},   /* benchmarks */
    {{198, 51, 100, 0}, 24}, /* documentation */
    {{203, 0, 113, 0}, 24},  /* documentation */
    {{224, 0, 0, 0}, 4},     /* multicast */
    {{240, 0, 0, 0}, 4},     /* reserved, broadcast */
};
/* Of what is global unicast (2000::/3); everything outside of it is refused. */
static const struct block blocks_v6[] = {
    {{0x20, 0x01, 0x00}, 23},                   /* protocol assignments, Teredo, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},             /* documentation */
    {{0x20, 0x02}, 16},                         /* 6to4 */
    {{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48}, /* AS112 */
    {{0x3f, 0xff, 0x00}, 20},                   /* documentation */
};
static const struct block global_v6 = {{0x20}, 3};

static bool is_in(const struct block *block, const struct addr *addr)
{
    unsigned whole = block->bits / 8, rest = block->bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);
    return memcmp(block->b, addr->b, whole) == 0 &&
           (rest == 0 || ((block->b[whole] ^ addr->b[whole]) & mask) == 0);
}

static bool is_in_any(const struct block *blocks, size_t n, const struct addr *addr)
{
    for (size_t i = 0; i < n; i++)
        if (is_in(&blocks[i], addr))
            return true;
    return false;
}

bool guard_allows(const struct cidr *allow, size_t n_allow, const struct addr *addr)
{
    for (size_t i = 0; i < n_allow; i++)
        if (cidr_contains(&allow[i], addr))
            return true;
    if (addr->family == 4)
        return !is_in_any(blocks_v4, AMBIT_LEN(blocks_v4), addr);
    return addr->family == 6 && is_in(&global_v6, addr) &&
           !is_in_any(blocks_v6, AMBIT_LEN(blocks_v6), addr);
}

bool guard_url_is_fine(struct ambit_str url)
{
    static const char scheme[] = "https://";
    const size_t n = sizeof scheme - 1;
    size_t host = n;
    if (url.len <= n || url.len > 1024 || memcmp(url.p, scheme, n) != 0)
        return false;
    for (size_t i = 0; i < url.len; i++)
        if ((uint8_t)url.p[i] <= 0x20 || (uint8_t)url.p[i] >= 0x7f ||
            memchr("\"\\<>#^`{|}", url.p[i], 10))
            return false;
    while (host < url.len && url.p[host] != '/' && url.p[host] != '?')
        if (url.p[host++] == '@')
            return false;
    return host > n && url.p[n] != ':';
}
