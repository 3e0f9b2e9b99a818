/* SPDX-License-Identifier: Apache-2.0 */
/* What a token request asks for: the items of `scope` and of `authorization_details`, by one form
 * for both (RAR-10, D-13). Syntax only (TOK-13): whether a name or pattern is one is the engine's
 * to say, so that it is decided, counted and recorded. Both parameters are honoured, each on its
 * own (RAR-6): first the items of the scope in its order, then the pairs of the details in theirs.
 *
 * More than AMBIT_ITEMS_MAX items: one too many is kept and the rest is not read; the engine
 * refuses
 * (`malformed`). Texts are borrowed from the request or its arena. */
#pragma once

#include "ambit/policy.h"

struct arena;

enum { ASKED_MAX = AMBIT_ITEMS_MAX + 1 };

struct asked {
    struct ambit_item items[ASKED_MAX];
    size_t n;
    size_t n_scope; /* the first ones came by scope */
    bool has_scope; /* the parameter was there */
    bool has_details;
    struct ambit_str purpose; /* as the details state it; absent {NULL,0} */
};

/* `scope` (TOK-3, TOK-12): tokens `action[resource]` or `action`, single spaces, equal ones
 * collapse. MALFORMED with *reterr_what, a sentence fit for error_description. */
AMBIT_CHECKED enum ambit_err scope_read(struct ambit_str text, struct asked *asked,
                                        const char **reterr_what);

/* `authorization_details` (RAR-1, RAR-2, RAR-4, RAR-10): a JSON array of objects of the closed type
 * `ambit`: `actions` and `resources` (each 1 to AMBIT_LIST_MAX strings), `purpose`; every pair of
 * an object is an item, resources turning fastest. Objects that state different purposes contradict
 * each other: a grant has one. */
AMBIT_CHECKED enum ambit_err details_read(struct ambit_str text, struct arena *arena,
                                          struct asked *asked, const char **reterr_what);

/* Free text of an agent: at most AMBIT_TEXT_MAX bytes of UTF-8 without control characters. */
bool asked_text_is_fine(struct ambit_str text);
