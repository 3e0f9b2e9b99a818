/* SPDX-License-Identifier: Apache-2.0 */
/* Between zone.c (the file), zone_rule.c (its footer) and zone_stretch.c (what comes of both). */
#pragma once

#include "base/arena.h"
#include "base/zone.h"

/* From this second on the offset is this. */
struct zone_change {
    int64_t at_s;
    int32_t offset_s;
};
struct zone_changes {
    struct zone_change *v; /* ascending */
    size_t n, cap;
    int32_t first_offset_s; /* before the first */
};

/* The POSIX TZ string of a footer. */
enum zone_day_form { ZONE_DAY_JULIAN, ZONE_DAY_OF_YEAR, ZONE_DAY_OF_MONTH };
struct zone_date {
    enum zone_day_form form;
    int32_t day;         /* 1..365 without leap days, 0..365 with, or 0 (Sunday)..6 */
    int32_t month, week; /* the week-th such day of the month, 5: the last */
    int32_t time_s;      /* on that day's clock, -167 to 167 hours */
};
struct zone_rule {
    int32_t standard_s, summer_s; /* offsets */
    bool has_summer;
    struct zone_date start, end; /* of summer */
};
/* `is_extended`: version 3 and later, times of -167 to 167 hours. MALFORMED. */
AMBIT_CHECKED enum ambit_err zone_rule_read(struct ambit_str text, bool is_extended,
                                            struct zone_rule *ret);
/* Adds the changes of the rule behind the last there is (none: from ZONE_FIRST_YEAR on). MALFORMED:
 * the last is too late. The list has room for ZONE_RULE_CHANGES more. */
enum {
    ZONE_FIRST_YEAR = 1800, /* older than any clock that was ever set by a rule */
    ZONE_RULE_CHANGES = 2 * (ZONE_LAST_YEAR - ZONE_FIRST_YEAR + 8)
};
AMBIT_CHECKED enum ambit_err zone_rule_apply(const struct zone_rule *rule,
                                             struct zone_changes *changes);

/* `is_endless`: what the last change says holds for ever, else until ZONE_LAST_YEAR ends. */
AMBIT_CHECKED enum ambit_err zone_stretches_of(struct arena *arena,
                                               const struct zone_changes *changes, bool is_endless,
                                               struct zone *ret);
int64_t zone_day_of(int64_t year, int32_t month, int32_t day); /* days since 1970-01-01 */
