/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses and CIDR blocks. IPv4-mapped IPv6 compares as IPv4; an IPv6 block holds IPv4
 * addresses only if it lies within ::ffff:0:0/96 (PL "Durations", "Names"). Pure: no resolver. */
#pragma once

#include "ambit/base.h"

struct addr {
    uint8_t family; /* 0 absent, 4, 6; a mapped address is stored as 4 */
    uint8_t b[16];
};
struct cidr {
    struct addr base;
    uint8_t bits;
};
enum { ADDR_TEXT_MAX = 46 };

AMBIT_CHECKED enum ambit_err addr_decode(struct ambit_str text,
                                         struct addr *ret); /* no zone, no port, no brackets */
size_t addr_encode(const struct addr *addr, char dst[ADDR_TEXT_MAX]); /* bytes written */
/* Bits below the prefix must be zero. */
AMBIT_CHECKED enum ambit_err cidr_decode(struct ambit_str text, struct cidr *ret);
bool cidr_contains(const struct cidr *block, const struct addr *addr);
