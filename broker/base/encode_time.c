/* SPDX-License-Identifier: Apache-2.0 */
/* Times and durations as text. The calendar is the proleptic Gregorian one of RFC 3339, computed,
 * so that no zone and no locale can change an answer. */
#include "base/encode.h"

static const int64_t DAY_MS = 86400000;
static const int64_t LAST_MS = 253402300799999; /* 9999-12-31T23:59:59.999Z */

/* Days since 1970-01-01. Years begin in March here, so that a leap day ends its year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

/* What is left to read; every step takes from the front. */
struct cursor {
    const char *p;
    size_t left;
    bool is_bad;
};

static int64_t take_digits(struct cursor *at, size_t n)
{
    int64_t value = 0;

    if (at->left < n) {
        at->is_bad = true;
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        char c = at->p[i];
        if (c < '0' || c > '9') {
            at->is_bad = true;
            return 0;
        }
        value = value * 10 + (c - '0');
    }
    at->p += n;
    at->left -= n;
    return value;
}

static bool take_char(struct cursor *at, char c)
{
    if (at->left == 0 || *at->p != c)
        return false;
    at->p++;
    at->left--;
    return true;
}

static void need_char(struct cursor *at, char c)
{
    if (!take_char(at, c))
        at->is_bad = true;
}

/* 1 to 9 digits after the point, cut to milliseconds. */
static int64_t take_fraction_ms(struct cursor *at)
{
    int64_t ms = 0;
    size_t n = 0;

    for (; n < 9 && at->left && *at->p >= '0' && *at->p <= '9'; n++) {
        int64_t digit = take_digits(at, 1);
        if (n < 3)
            ms = ms * 10 + digit;
    }
    if (n == 0)
        at->is_bad = true;
    for (; n < 3; n++)
        ms *= 10;
    return ms;
}

/* "Z" or +hh:mm; the milliseconds to take away. */
static int64_t take_offset_ms(struct cursor *at)
{
    if (take_char(at, 'Z'))
        return 0;
    int64_t sign = take_char(at, '-') ? -1 : 1;
    if (sign > 0)
        need_char(at, '+');
    int64_t hours = take_digits(at, 2);
    need_char(at, ':');
    int64_t minutes = take_digits(at, 2);
    if (hours > 23 || minutes > 59)
        at->is_bad = true;
    return sign * (hours * 60 + minutes) * 60000;
}

enum ambit_err time_decode(struct ambit_str text, int64_t *ret_unix_ms)
{
    struct cursor at = {.p = text.p, .left = text.len};

    int64_t year = take_digits(&at, 4);
    need_char(&at, '-');
    int64_t month = take_digits(&at, 2);
    need_char(&at, '-');
    int64_t day = take_digits(&at, 2);
    need_char(&at, 'T');
    int64_t hour = take_digits(&at, 2);
    need_char(&at, ':');
    int64_t minute = take_digits(&at, 2);
    need_char(&at, ':');
    int64_t second = take_digits(&at, 2);
    int64_t ms = take_char(&at, '.') ? take_fraction_ms(&at) : 0;
    int64_t offset_ms = take_offset_ms(&at);

    if (at.is_bad || at.left)
        return AMBIT_ERR_MALFORMED;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return AMBIT_ERR_MALFORMED;
    if (hour > 23 || minute > 59 || second > 59)
        return AMBIT_ERR_MALFORMED;

    int64_t value = days_of(year, month, day) * DAY_MS + hour * 3600000 + minute * 60000 +
                    second * 1000 + ms - offset_ms;
    if (value < 0 || value > LAST_MS)
        return AMBIT_ERR_MALFORMED;
    *ret_unix_ms = value;
    return AMBIT_OK;
}

static void put_digits(char *dst, size_t n, int64_t value)
{
    while (n--) {
        dst[n] = (char)('0' + value % 10);
        value /= 10;
    }
}

void time_encode(int64_t unix_ms, char dst[TIME_TEXT_LEN])
{
    int64_t ms = unix_ms < 0 ? 0 : unix_ms > LAST_MS ? LAST_MS : unix_ms;
    /* The inverse of days_of(): days since 0000-03-01, then era, year and day of that year. */
    int64_t days = ms / DAY_MS + 719468;
    int64_t rest = ms % DAY_MS;
    int64_t era = days / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

    memcpy(dst, "0000-00-00T00:00:00.000Z", TIME_TEXT_LEN);
    put_digits(dst, 4, year_of_era + era * 400 + (month <= 2));
    put_digits(dst + 5, 2, month);
    put_digits(dst + 8, 2, day_of_year - (153 * month_from_march + 2) / 5 + 1);
    put_digits(dst + 11, 2, rest / 3600000);
    put_digits(dst + 14, 2, rest / 60000 % 60);
    put_digits(dst + 17, 2, rest / 1000 % 60);
    put_digits(dst + 20, 3, rest % 1000);
}

enum ambit_err duration_decode(struct ambit_str text, int64_t *ret_s)
{
    uint64_t count = 0;
    int64_t unit = 0, total = 0;

    if (text.len < 2)
        return AMBIT_ERR_MALFORMED;
    switch (text.p[text.len - 1]) {
    case 's':
        unit = 1;
        break;
    case 'm':
        unit = 60;
        break;
    case 'h':
        unit = 3600;
        break;
    case 'd':
        unit = 86400;
        break;
    default:
        return AMBIT_ERR_MALFORMED;
    }
    struct ambit_str digits = {.p = text.p, .len = text.len - 1};
    enum ambit_err err = parse_u64(digits, &count);
    if (err != AMBIT_OK)
        return err;
    if (count == 0)
        return AMBIT_ERR_MALFORMED;
    if (__builtin_mul_overflow(count, unit, &total))
        return AMBIT_ERR_TOO_LARGE;
    *ret_s = total;
    return AMBIT_OK;
}
