/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: windows of hours open, end and open again as the language says, around changes of the clock
 * too. (All of 2026 to 2045 against another library: tests/oracle/windows.py.) */
#include "support/tzif.h"
#include "support/unit.h"

#include "base/arena.h"
#include "base/encode.h"
#include "policy/hours.h"

enum { MON = 1, TUE = 2, FRI = 16, SAT = 32, SUN = 64, WORKDAYS = 31, ALL = 127 };

struct window {
    unsigned days;
    int from, to; /* as 1830 for 18:30 */
};

static const struct row {
    const char *name;
    struct window windows[2];
    const char *now, *end, *next; /* NULL: not open; none to come */
} rows[] = {
    /* Europe/Berlin: summer from 2026-03-29T01:00Z, winter from 2026-10-25T01:00Z */
    {"open",
     {{WORKDAYS, 800, 1800}},
     "2026-11-20T10:00:00.250Z",
     "2026-11-20T17:00:00Z",
     "2026-11-20T10:00:00.250Z"},
    {"the first moment",
     {{WORKDAYS, 800, 1800}},
     "2026-11-20T07:00:00Z",
     "2026-11-20T17:00:00Z",
     "2026-11-20T07:00:00Z"},
    {"just before it",
     {{WORKDAYS, 800, 1800}},
     "2026-11-20T06:59:59.999Z",
     NULL,
     "2026-11-20T07:00:00Z"},
    {"the last moment",
     {{WORKDAYS, 800, 1800}},
     "2026-11-20T16:59:59.999Z",
     "2026-11-20T17:00:00Z",
     "2026-11-20T16:59:59.999Z"},
    {"over the weekend",
     {{WORKDAYS, 800, 1800}},
     "2026-11-20T17:00:00Z",
     NULL,
     "2026-11-23T07:00:00Z"},
    {"the day is the one on which it begins",
     {{FRI, 2200, 600}},
     "2026-11-21T02:00:00Z",
     "2026-11-21T05:00:00Z",
     "2026-11-21T02:00:00Z"},
    {"and not the one on which it ends",
     {{SAT, 2200, 600}},
     "2026-11-21T02:00:00Z",
     NULL,
     "2026-11-21T21:00:00Z"},
    {"until midnight",
     {{ALL, 0, 2400}},
     "2026-11-20T10:00:00Z",
     "2026-11-20T23:00:00Z",
     "2026-11-20T10:00:00Z"},
    {"a whole day from 08:00",
     {{ALL, 800, 800}},
     "2026-11-20T10:00:00Z",
     "2026-11-21T07:00:00Z",
     "2026-11-20T10:00:00Z"},
    {"the one that ends last",
     {{ALL, 800, 1200}, {FRI, 1000, 1100}},
     "2026-11-20T09:30:00Z",
     "2026-11-20T11:00:00Z",
     "2026-11-20T09:30:00Z"},
    {"they are not joined",
     {{ALL, 800, 1100}, {FRI, 1100, 1300}},
     "2026-11-20T09:30:00Z",
     "2026-11-20T10:00:00Z",
     "2026-11-20T09:30:00Z"},
    {"the next of two",
     {{MON, 800, 1200}, {SUN, 1100, 1300}},
     "2026-11-20T09:30:00Z",
     NULL,
     "2026-11-22T10:00:00Z"},
    {"a skip ends it",
     {{ALL, 0, 600}},
     "2026-03-29T00:30:00Z",
     "2026-03-29T01:00:00Z",
     "2026-03-29T00:30:00Z"},
    {"and it is open again behind it",
     {{ALL, 0, 600}},
     "2026-03-29T01:00:00Z",
     "2026-03-29T04:00:00Z",
     "2026-03-29T01:00:00Z"},
    {"from in a skip", {{ALL, 230, 600}}, "2026-03-29T00:30:00Z", NULL, "2026-03-29T01:00:00Z"},
    {"to in a skip",
     {{ALL, 100, 230}},
     "2026-03-29T00:30:00Z",
     "2026-03-29T01:00:00Z",
     "2026-03-29T00:30:00Z"},
    {"all of it skipped", {{SUN, 200, 300}}, "2026-03-29T00:59:59Z", NULL, "2026-04-05T00:00:00Z"},
    {"a repeat ends it as it begins",
     {{ALL, 100, 600}},
     "2026-10-24T23:30:00Z",
     "2026-10-25T00:00:00Z",
     "2026-10-24T23:30:00Z"},
    {"closed the first time",
     {{ALL, 100, 600}},
     "2026-10-25T00:30:00Z",
     NULL,
     "2026-10-25T02:00:00Z"},
    {"closed the second time",
     {{ALL, 100, 600}},
     "2026-10-25T01:59:59Z",
     NULL,
     "2026-10-25T02:00:00Z"},
    {"open behind it",
     {{ALL, 100, 600}},
     "2026-10-25T02:00:00Z",
     "2026-10-25T05:00:00Z",
     "2026-10-25T02:00:00Z"},
    {"all of it repeated", {{SUN, 200, 300}}, "2026-10-25T00:30:00Z", NULL, "2026-11-01T01:00:00Z"},
    {"an end beyond the skip",
     {{ALL, 2200, 2200}},
     "2026-03-28T22:00:00Z",
     "2026-03-29T01:00:00Z",
     "2026-03-28T22:00:00Z"},
    {"behind what is written out", {{ALL, 0, 2400}}, "2501-01-02T00:00:00Z", NULL, NULL},
};

static int64_t ms_of(const char *instant)
{
    int64_t ms = 0;
    assert_int_equal(time_decode(ambit_str_of(instant), &ms), AMBIT_OK);
    return ms;
}

static size_t compile(const struct row *row, const struct zone *zone, struct compiled_hours *ret)
{
    size_t n = 0;
    for (; n < AMBIT_LEN(row->windows) && row->windows[n].days; n++) {
        const struct window *window = &row->windows[n];
        int from = window->from / 100 * 60 + window->from % 100;
        int to = window->to / 100 * 60 + window->to % 100;
        ret[n] = (struct compiled_hours){.zone = zone,
                                         .from_s = from * 60,
                                         .to_s = (to > from ? to : to + 1440) * 60,
                                         .days = (uint8_t)window->days};
    }
    return n;
}

static void windows(void **state)
{
    ARENA_AUTO arena;
    struct zone berlin = {0};
    (void)state;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(zone_read(&arena, AMBIT_STR(TZIF_BERLIN), &berlin), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct compiled_hours hours[2];
        size_t n = compile(row, &berlin, hours);
        int64_t now_ms = ms_of(row->now), end_ms = 0, next_ms = 0;
        ROW_CHECK(row->name, hours_are_open(hours, n, now_ms, &end_ms) == (row->end != NULL));
        ROW_CHECK(row->name, !row->end || end_ms == ms_of(row->end));
        ROW_CHECK(row->name, hours_next_opening(hours, n, now_ms, &next_ms) == (row->next != NULL));
        ROW_CHECK(row->name, !row->next || next_ms == ms_of(row->next));
    }
}

/* Nothing is known of the zone: closed, now and for ever. */
static void no_rules(void **state)
{
    struct compiled_hours hours = {.from_s = 0, .to_s = 86400, .days = ALL};
    int64_t ms = 0;
    (void)state;
    assert_false(hours_are_open(&hours, 1, 0, &ms));
    assert_false(hours_next_opening(&hours, 1, 0, &ms));
    assert_false(hours_are_open(NULL, 0, 0, &ms));
    assert_false(hours_next_opening(NULL, 0, 0, &ms));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(windows),
                                              cmocka_unit_test(no_rules)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
