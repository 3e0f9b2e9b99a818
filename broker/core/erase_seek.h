/* SPDX-License-Identifier: Apache-2.0 */
/* What an erasure takes, found in the record itself and not in the search index, which may be lost
 * or behind: every opening is looked at, in readings of a bounded length. */
#pragma once

#include "core/command.h"
#include "ledger/erasure.h"

enum { ERASE_OPENINGS_MAX = 400 /* of one event: what one transaction takes lightly */ };

struct erase_seek {
    struct erase_command *command;
    struct arena *arena;
    uint64_t next, end; /* sequences still to be looked at */
    bool has_unlike;    /* an opening stands between the last range and here that stays */
    /* One event's worth. */
    struct erasure_range ranges[ERASURE_RANGES_MAX];
    size_t n_ranges, n_openings;
    struct erase_count count;           /* of this much */
    struct erasure_document *documents; /* all of them, in the arena */
    size_t n_documents, next_document;
};
/* Fixes `end` and the members that are meant, finds the documents, and says why not (`refusal`). */
AMBIT_CHECKED enum ambit_err erase_seek_begin(struct erase_seek *seek,
                                              struct erase_command *command, struct arena *arena);
/* Goes on until there is as much as an event holds, or to the end: next == end. */
AMBIT_CHECKED enum ambit_err erase_seek_more(struct erase_seek *seek);
/* May this target have these members? 0: its own. */
unsigned erase_members_of(const struct erase_command *command);
