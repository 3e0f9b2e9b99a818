/* SPDX-License-Identifier: Apache-2.0 */
/* The footer of a TZif file: a POSIX TZ string with the extensions of RFC 9636 section 3.3.1, and
 * the changes that it stands for. */
#include "base/zone_internal.h"

enum { DAY_S = 86400, HOUR_S = 3600, TIME_HOURS_MAX = 24, TIME_HOURS_EXTENDED = 167 };

struct text {
    const char *p, *end;
};

static bool at(const struct text *in, char c)
{
    return in->p < in->end && *in->p == c;
}

static bool skip(struct text *in, char c)
{
    if (!at(in, c))
        return false;
    in->p++;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One to three digits, min to max. */
static bool take_number(struct text *in, int32_t min, int32_t max, int32_t *ret)
{
    const char *from = in->p;
    *ret = 0;
    for (; in->p < in->end && is_digit(*in->p) && in->p - from < 3; in->p++)
        *ret = *ret * 10 + (*in->p - '0');
    return in->p > from && *ret >= min && *ret <= max;
}

/* Three letters or more, or `<...>` of letters, digits and signs. */
static bool take_name(struct text *in)
{
    const char *from = in->p;
    if (!skip(in, '<')) {
        while (in->p < in->end && is_letter(*in->p))
            in->p++;
        return in->p - from >= 3;
    }
    while (in->p < in->end &&
           (is_letter(*in->p) || is_digit(*in->p) || *in->p == '+' || *in->p == '-'))
        in->p++;
    return in->p - from >= 4 && skip(in, '>');
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool take_time(struct text *in, int32_t max_hours, int32_t *ret_s)
{
    int32_t sign = at(in, '-') ? -1 : 1, hours = 0, minutes = 0, seconds = 0;
    if (!skip(in, '-'))
        (void)skip(in, '+');
    if (!take_number(in, 0, max_hours, &hours))
        return false;
    if (skip(in, ':')) {
        if (!take_number(in, 0, 59, &minutes) ||
            (skip(in, ':') && !take_number(in, 0, 59, &seconds)))
            return false;
    }
    *ret_s = sign * (hours * HOUR_S + minutes * 60 + seconds);
    return hours < max_hours || (minutes == 0 && seconds == 0);
}

static bool take_day(struct text *in, struct zone_date *ret)
{
    if (skip(in, 'J')) {
        ret->form = ZONE_DAY_JULIAN;
        return take_number(in, 1, 365, &ret->day);
    }
    if (!skip(in, 'M')) {
        ret->form = ZONE_DAY_OF_YEAR;
        return take_number(in, 0, 365, &ret->day);
    }
    ret->form = ZONE_DAY_OF_MONTH;
    return take_number(in, 1, 12, &ret->month) && skip(in, '.') &&
           take_number(in, 1, 5, &ret->week) && skip(in, '.') && take_number(in, 0, 6, &ret->day);
}

/* ",DATE[/TIME]". Only version 3 has signs and more than a day of hours. */
static bool take_date(struct text *in, bool is_extended, struct zone_date *ret)
{
    ret->time_s = 2 * HOUR_S;
    if (!skip(in, ',') || !take_day(in, ret))
        return false;
    if (!skip(in, '/'))
        return true;
    if (!is_extended && (at(in, '+') || at(in, '-')))
        return false;
    return take_time(in, is_extended ? TIME_HOURS_EXTENDED : TIME_HOURS_MAX, &ret->time_s);
}

enum ambit_err zone_rule_read(struct ambit_str text, bool is_extended, struct zone_rule *ret)
{
    struct text in = {.p = text.p, .end = text.p + text.len};
    int32_t west_s = 0;
    *ret = (struct zone_rule){0};
    if (!take_name(&in) || !take_time(&in, TIME_HOURS_MAX, &west_s))
        return AMBIT_ERR_MALFORMED;
    ret->standard_s = ret->summer_s = -west_s;
    if (in.p == in.end)
        return AMBIT_OK;

    if (!take_name(&in))
        return AMBIT_ERR_MALFORMED;
    west_s -= HOUR_S;
    if (!at(&in, ',') && !take_time(&in, TIME_HOURS_MAX, &west_s))
        return AMBIT_ERR_MALFORMED;
    ret->summer_s = -west_s;
    ret->has_summer = true;
    /* Without dates POSIX leaves the rule to each system: it says nothing. */
    if (!take_date(&in, is_extended, &ret->start) || !take_date(&in, is_extended, &ret->end) ||
        in.p != in.end)
        return AMBIT_ERR_MALFORMED;
    return AMBIT_OK;
}

/* ---- the changes that it stands for ---------------------------------------------------------- */

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int64_t zone_day_of(int64_t year, int32_t month, int32_t day)
{
    /* Years that begin in March, so that the leap day is the last. */
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t day_in(const struct zone_date *date, int64_t year)
{
    int64_t first = zone_day_of(year, 1, 1);
    switch (date->form) {
    case ZONE_DAY_JULIAN: /* day 60 is the first of March, always */
        return first + date->day - 1 + (date->day >= 60 && is_leap(year));
    case ZONE_DAY_OF_YEAR:
        return first + date->day;
    case ZONE_DAY_OF_MONTH:
        break;
    }
    first = zone_day_of(year, date->month, 1);
    int64_t next =
        date->month == 12 ? zone_day_of(year + 1, 1, 1) : zone_day_of(year, date->month + 1, 1);
    int64_t weekday = (((first + 4) % 7) + 7) % 7; /* 1970-01-01 was a Thursday; 0: Sunday */
    int64_t day = first + (date->day - weekday + 7) % 7 + 7 * (date->week - 1);
    return day < next ? day : day - 7;
}

static int64_t instant_of(const struct zone_date *date, int64_t year, int32_t offset_s)
{
    return day_in(date, year) * DAY_S + date->time_s - offset_s;
}

/* Summer that begins in a year: until it ends in that year or, in the south, in the next. */
struct summer {
    int64_t from_s, until_s;
};

static struct summer summer_of(const struct zone_rule *rule, int64_t year)
{
    struct summer summer = {.from_s = instant_of(&rule->start, year, rule->standard_s),
                            .until_s = instant_of(&rule->end, year, rule->summer_s)};
    if (summer.until_s <= summer.from_s)
        summer.until_s = instant_of(&rule->end, year + 1, rule->summer_s);
    return summer;
}

static int64_t year_of(int64_t unix_s)
{
    /* A guess that is at most one off, set right. */
    int64_t year = 1970 + unix_s / (365 * (int64_t)DAY_S + DAY_S / 4);
    while (zone_day_of(year, 1, 1) * DAY_S > unix_s)
        year--;
    while (zone_day_of(year + 1, 1, 1) * DAY_S <= unix_s)
        year++;
    return year;
}

static void add(struct zone_changes *changes, int64_t at_s, int32_t offset_s)
{
    changes->v[changes->n++] = (struct zone_change){.at_s = at_s, .offset_s = offset_s};
}

/* The rule speaks from the last listed change on, also where that says otherwise: zic before 2023
 * wrote such files (America/Ojinaga without a list), and every reader takes them so. */
static enum ambit_err apply_from(const struct zone_rule *rule, int64_t from_s, int64_t year,
                                 struct zone_changes *changes)
{
    int32_t before_s = rule->standard_s;
    size_t first = changes->n;
    for (; year <= ZONE_LAST_YEAR + 1; year++) {
        struct summer summer = summer_of(rule, year);
        if (summer.from_s <= from_s && summer.until_s > from_s)
            before_s = rule->summer_s;
        /* Summer that begins as the last ends, or before, goes on: all year. */
        bool joins = changes->n > first && summer.from_s <= changes->v[changes->n - 1].at_s;
        if (joins || (summer.from_s <= from_s && summer.until_s > from_s)) {
            if (joins)
                changes->n--;
            add(changes, summer.until_s, rule->standard_s);
        } else if (summer.from_s > from_s) {
            add(changes, summer.from_s, rule->summer_s);
            add(changes, summer.until_s, rule->standard_s);
        }
    }
    if (first == 0) {
        changes->first_offset_s = before_s;
        return AMBIT_OK;
    }
    changes->v[first - 1].offset_s = before_s;
    return AMBIT_OK;
}

enum ambit_err zone_rule_apply(const struct zone_rule *rule, struct zone_changes *changes)
{
    int64_t first_s = zone_day_of(ZONE_FIRST_YEAR, 1, 1) * DAY_S;
    int64_t end_s = zone_day_of(ZONE_LAST_YEAR, 1, 1) * DAY_S;
    int64_t from_s = changes->n ? changes->v[changes->n - 1].at_s : first_s;
    if (!rule->has_summer) {
        if (changes->n == 0)
            changes->first_offset_s = rule->standard_s;
        else
            changes->v[changes->n - 1].offset_s = rule->standard_s;
        return AMBIT_OK;
    }
    if (from_s < first_s)
        from_s = first_s;
    if (from_s >= end_s)
        return AMBIT_ERR_MALFORMED;
    return apply_from(rule, from_s, year_of(from_s) - 2, changes);
}
