/* SPDX-License-Identifier: Apache-2.0 */
/* One event as a row for people: when, what, who, how it ended, on what, in whose words. */
#pragma once

#include "cli/show.h"

enum { EVENT_COLUMNS = 7 };
extern const char *const event_headings[EVENT_COLUMNS];

/* Texts live in the arena or the event. */
void event_row(struct arena *arena, const struct json_value *event,
               struct ambit_str cells[EVENT_COLUMNS]);
/* A list of events as a table. */
AMBIT_CHECKED enum ambit_err event_table(struct buf *out, struct arena *arena,
                                         const struct json_value *events);
/* The same for one event of a stream, where the widths of what comes are not known. */
void event_line(struct buf *out, struct arena *arena, const struct json_value *event);
