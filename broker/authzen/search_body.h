/* SPDX-License-Identifier: Apache-2.0 */
/* The body of POST /access/v1/search/… as plain values: the question without what is sought, and
 * the page that is wanted. A token of a page names the last name looked at and is bound to the rest
 * of the body: with any other it is 400. It needs no seal: whoever changes the name in it asks for
 * another part of the same list. Pure. */
#pragma once

#include "authzen/request.h"

enum { SEARCH_PAGE = 100, SEARCH_PAGE_MAX = 1000, SEARCH_DIGEST = 16 };

struct search_body {
    struct evaluation asked;
    size_t limit;
    struct ambit_str after;        /* names up to this one were looked at; absent: from the start */
    uint8_t digest[SEARCH_DIGEST]; /* of the search, but for its page */
};
/* MALFORMED with *reterr_what (400), or NO_MEMORY. */
AMBIT_CHECKED enum ambit_err search_body_read(struct ambit_str body, enum evaluation_sought sought,
                                              struct arena *arena, struct search_body *ret,
                                              const char **reterr_what);
/* The token of the page behind `name`; {NULL,0}: no memory. */
struct ambit_str search_token(const struct search_body *body, struct ambit_str name,
                              struct arena *arena);
