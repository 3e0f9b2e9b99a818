/* SPDX-License-Identifier: Apache-2.0 */
/* What a personal.erased event says went, as its `detail` holds it:
 * {"documents":[{"digest","now"}…],"erasure":ID,"members":["email","name","purpose",…],
 *  "openings":[[first,last]…]}
 * Every opening of the sequences first to last (both of them) lost `members`; it may have had none
 * of them. A document `digest` stands in the store with other bytes, whose own digest is `now`. An
 * erasure too large for one event is several of the same ID; each says the whole truth about what
 * went with it. Pure: whoever reads a record offline reads it by this too. */
#pragma once

#include "ledger/event.h"

struct json_out;

/* Beside EVENT_ERASED_PURPOSE …: members of a person's document. */
enum { ERASURE_NAME = 8, ERASURE_EMAIL = 16, ERASURE_DOCUMENT = 24, ERASURE_ALL = 31 };
enum { ERASURE_RANGES_MAX = 512, ERASURE_DOCUMENTS_MAX = 16 }; /* of one event */

struct erasure_range {
    uint64_t first, last;
};
struct erasure_document {
    struct ambit_digest digest, now;
};
struct erasure {
    struct ambit_id id;
    unsigned members;
    struct erasure_range *ranges; /* growing, apart */
    size_t n_ranges;
    struct erasure_document *documents;
    size_t n_documents;
};

/* "words" -> EVENT_ERASED_WORDS; 0: no member that can be erased. */
unsigned erasure_member(struct ambit_str name);
/* ["email", …], in canonical order. */
void erasure_write_members(struct json_out *out, unsigned members);

void erasure_write(const struct erasure *erasure, struct json_out *out);
/* Strict; arrays in the arena. `event` is a personal.erased; it speaks of what was before it.
 * DAMAGED otherwise. */
AMBIT_CHECKED enum ambit_err erasure_read(const struct event *event, struct arena *arena,
                                          struct erasure *ret);

/* Which members stand in an opening ("" has none); DAMAGED when it is none. */
AMBIT_CHECKED enum ambit_err opening_members(struct ambit_str opening, unsigned *ret);
/* The opening without these members; nothing when none is left. DAMAGED when it is none. */
AMBIT_CHECKED enum ambit_err opening_without(struct ambit_str opening, unsigned members,
                                             struct buf *ret);
