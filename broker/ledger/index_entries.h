/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to its rows in the search index. */
#pragma once

#include "ledger/indexer.h"
#include "store/search.h"

struct arena;
struct json_value;

/* One a tag; of each item given its policy, action and resource, of each asked for the latter. */
enum { INDEX_ENTRIES_MAX = 64 + 64 * 3 + 64 * 2 };

/* The 16 bytes that stand for a value: ids and trace ids themselves, so that their order in time
 * stays their order in the index; of any other text the first half of its SHA-256. False: no such
 * value. */
bool index_key(enum index_tag tag, struct ambit_str value, uint8_t ret[16]);
/* An event as JSON, for the rows below and for facts; false: these bytes are none. */
bool index_event(struct ambit_str leaf, struct arena *arena, const struct json_value **ret);
size_t index_entries_of(const struct json_value *event, uint64_t seq, struct search_entry *ret);
/* The rows of one event, at most INDEX_ENTRIES_MAX. Bytes that are no event have none. */
size_t index_entries(struct ambit_str leaf, uint64_t seq, struct arena *arena,
                     struct search_entry *ret);
