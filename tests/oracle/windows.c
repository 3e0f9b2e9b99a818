/* SPDX-License-Identifier: Apache-2.0 */
/* For windows.py: what the engine says of windows at instants. Reads lines:
 *   zone NAME HEX                   the TZif bytes of a zone
 *   hours DAYS FROM TO NAME         one more window of the rule; DAYS as bits, FROM and TO in
 * minutes clear                           the rule has no windows any more at MS asks and answers
 * each `at` with a line: END of the open window in ms or "-", NEXT opening in ms or
 * "-". Anything else ends it with status 2. */
#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/encode.h"
#include "policy/hours.h"

enum { ZONES = 64, WINDOWS = 64 };

static struct {
    struct ambit_str name;
    struct zone rules;
} zones[ZONES];
static struct compiled_hours windows[WINDOWS];
static size_t n_zones, n_windows;
static struct arena arena;

/* The next word of the line; absent behind the last. */
static struct ambit_str word(char **line)
{
    char *from = *line;
    size_t len = strcspn(from, " \n");
    *line = from + len + (from[len] != 0);
    return (struct ambit_str){.p = len ? from : NULL, .len = len};
}

static bool take_zone(char *line)
{
    static uint8_t bytes[65536];
    struct ambit_str name = word(&line), hex = word(&line);
    size_t len = hex.len / 2;
    if (n_zones == ZONES || !name.p || len > sizeof bytes || hex_decode(hex, bytes, len))
        return false;
    zones[n_zones].name = arena_copy(&arena, name);
    struct ambit_str tzif = {.p = (const char *)bytes, .len = len};
    return zone_read(&arena, tzif, &zones[n_zones++].rules) == AMBIT_OK;
}

/* As compile_hours.c has it. */
static bool take_hours(char *line)
{
    uint64_t numbers[3] = {0}; /* days, from, to */
    if (n_windows == WINDOWS)
        return false;
    for (size_t i = 0; i < AMBIT_LEN(numbers); i++) {
        if (parse_u64(word(&line), &numbers[i]))
            return false;
    }
    int32_t from = (int32_t)numbers[1], to = (int32_t)numbers[2];
    struct ambit_str name = word(&line);
    struct compiled_hours *hours = &windows[n_windows++];
    *hours = (struct compiled_hours){.from_s = from * 60,
                                     .to_s = (to > from ? to : to + 1440) * 60,
                                     .days = (uint8_t)numbers[0]};
    for (size_t i = 0; i < n_zones; i++) {
        if (ambit_str_eq(zones[i].name, name))
            hours->zone = &zones[i].rules;
    }
    return hours->zone != NULL;
}

static bool answer(char *line)
{
    int64_t now_ms = 0, end_ms = 0, next_ms = 0;
    if (parse_i64(word(&line), &now_ms))
        return false;
    if (hours_are_open(windows, n_windows, now_ms, &end_ms))
        printf("%" PRId64 " ", end_ms);
    else
        printf("- ");
    if (hours_next_opening(windows, n_windows, now_ms, &next_ms))
        printf("%" PRId64 "\n", next_ms);
    else
        printf("-\n");
    return true;
}

static bool take(char *line)
{
    struct ambit_str verb = word(&line);
    if (ambit_str_is(verb, "zone"))
        return take_zone(line);
    if (ambit_str_is(verb, "hours"))
        return take_hours(line);
    if (ambit_str_is(verb, "clear"))
        n_windows = 0;
    else
        return ambit_str_is(verb, "at") && answer(line);
    return true;
}

int main(void)
{
    static char line[2 * 65536 + 256];
    arena_init(&arena, NULL, 0, 0);
    bool is_good = true;
    while (is_good && fgets(line, sizeof line, stdin))
        is_good = take(line);
    arena_done(&arena);
    return is_good ? 0 : 2;
}
