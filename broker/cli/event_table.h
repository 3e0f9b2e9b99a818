/* SPDX-License-Identifier: Apache-2.0 */
/* Events as a table that fits the terminal: long cells are cut with an ellipsis, times lose their
 * year where there is little room. Page after page goes under one heading. */
#pragma once

#include "cli/event_view.h"

struct event_table {
    size_t columns; /* of the terminal; 0: as wide as need be */
    size_t widths[EVENT_COLUMNS];
    size_t shown; /* columns of the table */
    bool has_begun;
};
AMBIT_CHECKED enum ambit_err event_table_put(struct event_table *table, struct buf *out,
                                             struct arena *arena, const struct json_value *events);
