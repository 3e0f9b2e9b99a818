/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of a time zone, from TZif bytes that the caller read (RFC 9636; versions 1 to 4). Pure:
 * no file, no TZ variable, no clock.
 *
 * Once read, a zone is one sorted list of stretches. A stretch is a run of instants in which the
 * clock on the wall goes on evenly: it ends where the offset from UTC changes. Where a change sets
 * the clock back, the local times in between happen twice; both times together are one stretch that
 * `is_repeated`. Where it is set forward the skipped local times have no instants, and only the
 * break between two stretches is left of them. A rule for all future (the footer) is written out
 * until ZONE_LAST_YEAR; what lies behind is `is_repeated` too: no local time can be told.
 *
 * A file with leap seconds ("right/...") counts other seconds than everything else here and is
 * refused, as is any file that is not exactly of the form. */
#pragma once

#include "ambit/base.h"

struct arena;

enum { ZONE_LAST_YEAR = 2500 };

struct zone_stretch {
    int64_t from_s;   /* the first second; INT64_MIN: always was */
    int64_t until_s;  /* the first second behind; INT64_MAX: never ends */
    int32_t offset_s; /* local time = UTC + this; of no meaning when repeated */
    bool is_repeated;
};
struct zone {
    const struct zone_stretch *stretches; /* ascending, without gaps, at least one */
    size_t n;
};

/* MALFORMED; UNSUPPORTED: leap seconds, or a version that is not known; NO_MEMORY. The stretches
 * are in `arena`, the bytes are not needed any more. */
AMBIT_CHECKED enum ambit_err zone_read(struct arena *arena, struct ambit_str tzif,
                                       struct zone *ret);
/* The stretch that holds the second. Logarithmic. */
const struct zone_stretch *zone_at(const struct zone *zone, int64_t unix_s);
