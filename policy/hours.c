/* SPDX-License-Identifier: Apache-2.0 */
/* Open, until when, and when next. Within one stretch of a zone local time goes on evenly, so that
 * a window there is a plain run of seconds. */
#include "policy/hours.h"

enum {
    DAY_S = 86400,
    /* From the day before the first on: a window that began yesterday, and one week whole. */
    DAYS_LOOKED_AT = 9,
    /* More than four years of the busiest zone there is, and a bound for any other. */
    STRETCHES_LOOKED_AT = 64,
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t seconds_of(int64_t ms)
{
    return floor_div(ms, 1000);
}

static bool begins_on(const struct compiled_hours *hours, int64_t day)
{
    int64_t weekday = (day + 3) - floor_div(day + 3, 7) * 7; /* 1970-01-01 was a Thursday */
    return (hours->days >> weekday & 1) != 0;
}

/* The window that began on this day or the day before; *ret_end_s is its end. */
static bool is_open(const struct compiled_hours *hours, int64_t now_s, int64_t *ret_end_s)
{
    const struct zone_stretch *stretch = zone_at(hours->zone, now_s);
    if (stretch->is_repeated)
        return false;

    int64_t day = floor_div(now_s + stretch->offset_s, DAY_S);
    int64_t clock_s = now_s + stretch->offset_s - day * DAY_S;
    for (int before = 0; before < 2; before++, day--, clock_s += DAY_S) {
        if (clock_s < hours->from_s || clock_s >= hours->to_s || !begins_on(hours, day))
            continue;
        *ret_end_s = now_s + (hours->to_s - clock_s);
        if (*ret_end_s > stretch->until_s)
            *ret_end_s = stretch->until_s;
        return true;
    }
    return false;
}

bool hours_are_open(const struct compiled_hours *hours, size_t n, int64_t now_ms,
                    int64_t *ret_end_ms)
{
    bool any = false;
    int64_t end_s = 0;
    for (size_t i = 0; i < n; i++) {
        if (!hours[i].zone || !is_open(&hours[i], seconds_of(now_ms), &end_s))
            continue;
        if (!any || end_s * 1000 > *ret_end_ms)
            *ret_end_ms = end_s * 1000;
        any = true;
    }
    return any;
}

/* The first second from `now_s` on, within the stretch. */
static bool opens_in(const struct compiled_hours *hours, const struct zone_stretch *stretch,
                     int64_t now_s, int64_t *ret_s)
{
    int64_t first_s = stretch->from_s > now_s ? stretch->from_s : now_s;
    int64_t day = floor_div(first_s + stretch->offset_s, DAY_S) - 1;
    for (int i = 0; i < DAYS_LOOKED_AT; i++, day++) {
        int64_t from_s = day * DAY_S + hours->from_s - stretch->offset_s;
        int64_t until_s = from_s + hours->to_s - hours->from_s;
        if (until_s > stretch->until_s)
            until_s = stretch->until_s;
        if (from_s < first_s)
            from_s = first_s;
        if (from_s < until_s && begins_on(hours, day)) {
            *ret_s = from_s;
            return true;
        }
    }
    return false;
}

static bool next_opening(const struct compiled_hours *hours, int64_t now_s, int64_t *ret_s)
{
    const struct zone_stretch *end = hours->zone->stretches + hours->zone->n;
    const struct zone_stretch *stretch = zone_at(hours->zone, now_s);
    for (int i = 0; i < STRETCHES_LOOKED_AT && stretch < end; i++, stretch++) {
        if (!stretch->is_repeated && opens_in(hours, stretch, now_s, ret_s))
            return true;
    }
    return false;
}

bool hours_next_opening(const struct compiled_hours *hours, size_t n, int64_t now_ms,
                        int64_t *ret_ms)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        int64_t at_s = 0;
        if (!hours[i].zone || !next_opening(&hours[i], seconds_of(now_ms), &at_s))
            continue;
        int64_t at_ms = at_s * 1000 > now_ms ? at_s * 1000 : now_ms;
        if (!any || at_ms < *ret_ms)
            *ret_ms = at_ms;
        any = true;
    }
    return any;
}
