/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones: ten bytes that say a window and an instant, then a TZif file. Of a file that is
 * accepted: the stretches cover all time in order, looking one up is finding it in the list; a
 * window that is open is open until its end, and none opens before the next opening. */
#include "base/arena.h"
#include "base/encode.h"
#include "fuzz.h"
#include "policy/hours.h"

enum { HEAD = 10, SAMPLES = 40, DAY_S = 86400 };

static const struct zone_stretch *in_list(const struct zone *zone, int64_t unix_s)
{
    size_t i = 0;
    while (zone->stretches[i].until_s <= unix_s && i + 1 < zone->n)
        i++;
    return &zone->stretches[i];
}

static void check_list(const struct zone *zone)
{
    FUZZ_CHECK(zone->n > 0 && zone->stretches[0].from_s == INT64_MIN);
    FUZZ_CHECK(zone->stretches[zone->n - 1].until_s == INT64_MAX);
    for (size_t i = 0; i < zone->n; i++) {
        const struct zone_stretch *stretch = &zone->stretches[i];
        FUZZ_CHECK(stretch->from_s < stretch->until_s);
        FUZZ_CHECK(zone_at(zone, stretch->from_s) == stretch);
        FUZZ_CHECK(zone_at(zone, stretch->until_s - 1) == stretch);
        if (i > 0) {
            FUZZ_CHECK(stretch->from_s == stretch[-1].until_s);
            FUZZ_CHECK(stretch->is_repeated != stretch[-1].is_repeated ||
                       stretch->offset_s != stretch[-1].offset_s);
        }
    }
}

static void check_window(const struct compiled_hours *hours, int64_t now_ms)
{
    int64_t end_ms = 0, next_ms = 0, unused = 0;
    bool is_open = hours_are_open(hours, 1, now_ms, &end_ms);
    bool has_next = hours_next_opening(hours, 1, now_ms, &next_ms);
    if (is_open) {
        FUZZ_CHECK(end_ms > now_ms && end_ms - now_ms <= (int64_t)DAY_S * 1000);
        FUZZ_CHECK(has_next && next_ms == now_ms);
        for (int64_t i = 0; i <= SAMPLES; i++) {
            int64_t at_ms = now_ms + (end_ms - 1 - now_ms) / SAMPLES * i;
            FUZZ_CHECK(hours_are_open(hours, 1, at_ms, &unused) && unused == end_ms);
        }
        FUZZ_CHECK(hours_are_open(hours, 1, end_ms - 1, &unused) && unused == end_ms);
        return;
    }
    if (!has_next)
        next_ms = now_ms + (int64_t)DAY_S * 1000;
    else
        FUZZ_CHECK(next_ms > now_ms && hours_are_open(hours, 1, next_ms, &unused));
    for (int64_t i = 0; i <= SAMPLES && has_next; i++)
        FUZZ_CHECK(
            !hours_are_open(hours, 1, now_ms + (next_ms - 1 - now_ms) / SAMPLES * i, &unused));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    struct ambit_str file = {.p = (const char *)data + HEAD, .len = size - HEAD};
    int32_t from_min = (data[0] << 8 | data[1]) % 1440, to_min = (data[2] << 8 | data[3]) % 1441;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct zone zone = {0};
    if (zone_read(&arena, file, &zone))
        return 0;

    check_list(&zone);
    struct compiled_hours hours = {.zone = &zone,
                                   .from_s = from_min * 60,
                                   .to_s = (to_min > from_min ? to_min : to_min + 1440) * 60,
                                   .days = data[4] & 0x7f};
    int64_t unix_s = (int64_t)data[5] << 32 | get_be32(data + 6);
    FUZZ_CHECK(zone_at(&zone, unix_s) == in_list(&zone, unix_s));
    check_window(&hours, unix_s * 1000 + data[0]);
    /* And around whatever stretch that is, where things happen. */
    const struct zone_stretch *stretch = zone_at(&zone, unix_s);
    if (stretch->from_s > INT64_MIN && stretch->from_s > -(1LL << 40))
        check_window(&hours, (stretch->from_s - data[6]) * 1000);
    if (stretch->until_s < 1LL << 40)
        check_window(&hours, (stretch->until_s + data[7]) * 1000);
    return 0;
}
