/* SPDX-License-Identifier: Apache-2.0 */
/* How many connections each source has open. A source is an IPv4 address, an IPv6 /64, or the user
 * at the other end of a Unix socket. One mutex inside; two short calls per connection. */
#pragma once

#include <sys/types.h>

#include "base/addr.h"

struct source_key {
    uint8_t b[12]; /* kind, then address or uid */
};
struct source_table;

struct source_key source_of(const struct addr *peer, bool is_unix, uid_t uid);
/* Room for `max` connections at once, at most `per_source` of one source. */
AMBIT_CHECKED enum ambit_err source_table_new(size_t max, size_t per_source,
                                              struct source_table **ret);
void source_table_free(struct source_table *table);
bool source_enter(struct source_table *table, struct source_key key); /* false: too many */
void source_leave(struct source_table *table, struct source_key key);
