/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the row of the route table: exact paths by hash, the few with a parameter by a scan.
 * Pure. */
#pragma once

#include "http/http.h"

enum { ROUTE_MAX = 256, ROUTE_SLOTS = 256, ROUTE_NONE = 0xffff };

struct route_table {
    const struct http_route *routes; /* borrowed */
    uint16_t n;
    uint16_t slots[ROUTE_SLOTS]; /* hash of an exact path -> first row, ROUTE_NONE */
    uint16_t next[ROUTE_MAX];    /* row -> next row of the same slot */
    uint16_t patterns[ROUTE_MAX], n_patterns;
};
/* TOO_LARGE, or MALFORMED for a row that can never work: both are our own mistakes. */
AMBIT_CHECKED enum ambit_err route_table_init(struct route_table *table,
                                              const struct http_route *routes, size_t n);

/* Where a path leads. */
struct route_found {
    const struct http_route *route; /* NULL: see allowed */
    struct ambit_str parameter;     /* of the route; {NULL,0} when it has none */
    unsigned allowed;               /* without a route: bit (1 << enum http_method) for each method
                                       that the path does take on this listener; 0 = no such path */
    const struct http_route *other; /* without a route: a row of the path for another method, whose
                                       protocol says how a refusal looks */
};
/* A row with the exact path wins over one with a parameter. */
struct route_found route_find(const struct route_table *table, unsigned listener,
                              enum http_method method, struct ambit_str path);
/* Does `path` fit the pattern? */
bool route_match(const char *pattern, struct ambit_str path, struct ambit_str *ret_parameter);
/* "GET, HEAD, POST" of a set of methods. */
void route_allow_text(unsigned allowed, char dst[64]);
