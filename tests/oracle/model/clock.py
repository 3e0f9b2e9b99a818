# SPDX-License-Identifier: Apache-2.0
"""Instants in milliseconds, durations, and the wall-clock windows of `hours`."""
import datetime
import functools
import re
import zoneinfo

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
MINUTE = 60_000


@functools.lru_cache(100_000)
def instant(text):
    return (datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH) // datetime.timedelta(milliseconds=1)


def text(ms):
    stamp = EPOCH + datetime.timedelta(milliseconds=ms)
    return stamp.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def duration(value):
    return int(re.fullmatch(r"([1-9][0-9]*)([smhd])", value)[1]) * UNITS[value[-1]]


def _offset(zone, ms):
    return (EPOCH + datetime.timedelta(milliseconds=ms)).astimezone(zone).utcoffset()


def _next_change(zone, begin, end):
    """(instant, offset before, offset after) of the first clock change in (begin, end], or None."""
    before, low = _offset(zone, begin), begin
    while low < end:
        high = min(low + 30 * MINUTE, end)
        if _offset(zone, high) != before:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
            return high, before, _offset(zone, high)
        low = high
    return None


def _minutes(clock):
    return int(clock[:2]) * 60 + int(clock[3:])


@functools.lru_cache(20_000)
def _window_end(days, begin, end, zone_name, now):
    zone = zoneinfo.ZoneInfo(zone_name)
    local = (EPOCH + datetime.timedelta(milliseconds=now)).astimezone(zone)
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return None  # a repeated hour: closed, both times
    wall = local.replace(tzinfo=None)
    ends = []
    for back in (0, 1):  # begun today, or yesterday
        day = (wall - datetime.timedelta(days=back)).date()
        if DAYS[day.weekday()] not in days:
            continue
        midnight = datetime.datetime.combine(day, datetime.time())
        first = midnight + datetime.timedelta(minutes=_minutes(begin))
        last = midnight + datetime.timedelta(minutes=_minutes(end))
        if _minutes(end) <= _minutes(begin):
            last += datetime.timedelta(days=1)
        if first <= wall < last:
            ends.append(_instant_of(zone, last, now))
    return max(ends, default=None)


def _instant_of(zone, wall, now):
    """When a window open at now and nominally open until the wall time ends: a change may end it first."""
    end = (wall.replace(tzinfo=zone).astimezone(UTC) - EPOCH) // datetime.timedelta(milliseconds=1)
    change = _next_change(zone, now, max(end, now) + 4 * 60 * MINUTE)
    if change:
        at, before, after = change
        stretch = at if after > before else at - (before - after) // datetime.timedelta(milliseconds=1)
        end = min(end, stretch)
    return end


def open_until(windows, now):
    """The end of the open window that ends last, None when none is open."""
    ends = [_window_end(tuple(w.get("days", DAYS)), w["from"], w["to"], w["zone"], now) for w in windows]
    return max((e for e in ends if e is not None), default=None)
