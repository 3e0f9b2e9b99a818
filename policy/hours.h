/* SPDX-License-Identifier: Apache-2.0 */
/* `when.hours`: windows on the clock of a zone (policy-language.md, "Durations, times, zones" and
 * "Settled questions", Time). A window begins on a day of its list and ends by its own `to`, or
 * where a clock change skips local times or begins to repeat some, whichever comes first. In the
 * repeated local times it is closed. Windows are never joined. Nothing here allocates. */
#pragma once

#include "ambit/base.h"
#include "base/zone.h"

struct compiled_hours {
    const struct zone *zone; /* NULL: its rules are not known, and the window never opens */
    int32_t from_s, to_s;    /* of the day; from_s < to_s <= from_s + a day */
    uint8_t days;            /* bit 0 = Monday: on which a window begins */
};

/* Is one of the windows open? Then *ret_end_ms is when the one that ends last ends. */
bool hours_are_open(const struct compiled_hours *hours, size_t n, int64_t now_ms,
                    int64_t *ret_end_ms);
/* The first instant, from now on, at which one is open. False: none that could be found. */
bool hours_next_opening(const struct compiled_hours *hours, size_t n, int64_t now_ms,
                        int64_t *ret_ms);
