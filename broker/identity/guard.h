/* SPDX-License-Identifier: Apache-2.0 */
/* Where this broker may connect to on somebody else's word (CIM-4): addresses of the public
 * Internet, and the blocks that were configured. Special-use addresses (RFC 6890 and its
 * registries) are not, nor IPv6 addresses that carry an IPv4 address inside (mapped ones are judged
 * as IPv4; 6to4, NAT64, Teredo are refused whole). Pure. */
#pragma once

#include "base/addr.h"

bool guard_allows(const struct cidr *allow, size_t n_allow, const struct addr *addr);

/* What may be fetched at all: https, a host, no user, no fragment. */
bool guard_url_is_fine(struct ambit_str url);
