/* SPDX-License-Identifier: Apache-2.0 */
/* What a reverse proxy writes about its client: X-Forwarded-For, Forwarded (RFC 7239), Client-Cert
 * and Client-Cert-Chain (RFC 9440). Pure. Each call takes one field value; lists that stand in
 * several fields are read from the last field to the first. Only the form is judged here: whom to
 * believe is proxy.c's. */
#pragma once

#include "base/addr.h"
#include "base/arena.h"
#include "http/http.h"

enum forwarded_found {
    FORWARDED_MORE,   /* every address in it is a listed proxy's: what stands before it counts */
    FORWARDED_CALLER, /* *ret is the right-most address that is not; family 0: it is not told */
    FORWARDED_BROKEN, /* not of the form it must have */
};
struct forwarded_proxies {
    const struct cidr *listed;
    size_t n;
};
bool forwarded_is_listed(const struct forwarded_proxies *proxies, const struct addr *addr);

/* *ret gets the address looked at last, also with MORE. Addresses with or without port, IPv6 with
 * or without brackets, "unknown". What stands left of the answer was written by whomever and is not
 * looked at. */
enum forwarded_found forwarded_for(struct ambit_str value, const struct forwarded_proxies *proxies,
                                   struct addr *ret);
/* The same of a Forwarded field, read as a whole: an open quote must not hide an element. An
 * element without "for", with "unknown" or with an obfuscated name tells nothing. */
enum forwarded_found forwarded_elements(struct ambit_str value,
                                        const struct forwarded_proxies *proxies, struct addr *ret);

/* `:BASE64:` (RFC 8941), once or, for the chain, separated by commas; appended to `ret` of room
 * HTTP_CERTIFICATES_MAX, bytes in the arena. False: broken, too many, too much, no memory. */
bool forwarded_certificates(struct ambit_str value, bool is_list, struct arena *arena,
                            struct ambit_str *ret, size_t *n, size_t *bytes);
