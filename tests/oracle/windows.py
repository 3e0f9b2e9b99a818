#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: windows of hours, 2026 to 2045, agree with an evaluator written from the language on Python's zoneinfo.

For zones with and without clock changes: around every change and at random instants, is a window open, until
when, and when does the next one open. The engine reads the bytes of the zone files as installed and as `zic`
makes them without a list of changes. `--seed S --random N`; a difference prints everything to ask it again."""
import argparse
import bisect
import datetime
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zoneinfo

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from broker import LONG, Tap  # noqa: E402

FOLDER = "/usr/share/zoneinfo"
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC",
         "Europe/Dublin", "Africa/Casablanca", "Antarctica/Troll", "Pacific/Chatham", "America/Nuuk"]
DAY, MINUTE = 86400, 60
EPOCH = datetime.datetime(1970, 1, 1)


def seconds(year):
    return int((datetime.datetime(year, 1, 1) - EPOCH).total_seconds())


class Zone:
    """What zoneinfo says of one zone, in seconds."""

    def __init__(self, name):
        self.name, self.info = name, zoneinfo.ZoneInfo(name)
        self.changes = self.find_changes(seconds(2025), seconds(2047))  # [(at, offset before, offset after)]
        self.at = [c[0] for c in self.changes]

    def offset(self, t):
        return int(datetime.datetime.fromtimestamp(t, self.info).utcoffset().total_seconds())

    def find_changes(self, begin, end):
        found, step = [], 6 * 3600
        for t in range(begin, end, step):
            if self.offset(t) != self.offset(t + step):
                low, high = t, t + step
                while high - low > 1:
                    middle = (low + high) // 2
                    if self.offset(middle) == self.offset(low):
                        low = middle
                    else:
                        high = middle
                found.append((high, self.offset(low), self.offset(high)))
        return found

    def wall(self, t):
        return EPOCH + datetime.timedelta(seconds=t + self.offset(t))

    def happens_twice(self, wall):
        first, second = (wall.replace(tzinfo=self.info, fold=f).utcoffset() for f in (0, 1))
        return first > second  # PEP 495: in a gap it is the other way round

    def instants(self, wall):
        """The instants at which the clock may show this; for a time that never is, the two that stand in for it."""
        return {int((wall - EPOCH - wall.replace(tzinfo=self.info, fold=f).utcoffset()).total_seconds()) for f in (0, 1)}

    def between(self, low, high):
        return self.changes[bisect.bisect_left(self.at, low):bisect.bisect_right(self.at, high)]


class Window:
    def __init__(self, days, begin, end, zone):
        self.days, self.begin, self.end, self.zone = days, begin, end, zone

    def __str__(self):
        return f"hours {sum(1 << d for d in self.days)} {self.begin} {self.end} {self.zone.name}"

    def of_day(self, day):
        """From and to, on the wall, of the window that begins on this day; None: none does."""
        if day.weekday() not in self.days:
            return None
        start = datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(minutes=self.begin)
        minutes = self.end - self.begin if self.end > self.begin else self.end - self.begin + 1440
        return start, start + datetime.timedelta(minutes=minutes)

    def open_window(self, t):
        wall = self.zone.wall(t)
        if self.zone.happens_twice(wall):
            return None
        for back in (0, 1):
            window = self.of_day(wall.date() - datetime.timedelta(days=back))
            if window and window[0] <= wall < window[1]:
                return window
        return None

    def closes(self, t):
        """When the window that is open at t ends; None: none is open."""
        window = self.open_window(t)
        if window is None:
            return None
        ends = [t + int((window[1] - self.zone.wall(t)).total_seconds())]
        for at, before, after in self.zone.between(t - 2 * DAY, t + 2 * DAY):
            start = at if after > before else at - (before - after)
            if start > t:
                ends.append(start)
        return min(ends)

    def opens(self, t):
        """The first instant from t on at which a window is open."""
        if self.open_window(t):
            return t
        candidates = set()
        for at, before, after in self.zone.between(t - 2 * DAY, t + 40 * DAY):
            candidates |= {at, at + abs(after - before)}
        today = self.zone.wall(t).date()
        for days in range(-2, 40):
            window = self.of_day(today + datetime.timedelta(days=days))
            if window:
                candidates |= self.zone.instants(window[0])
            for candidate in sorted(candidates) if days > 8 else ():
                if candidate > t and self.open_window(candidate):
                    return candidate
        return None


def want(windows, ms):
    """(END or None, NEXT or None) in ms, of several windows."""
    t = ms // 1000
    ends = [e for e in (w.closes(t) for w in windows) if e is not None]
    starts = [s for s in (w.opens(t) for w in windows) if s is not None]
    return (max(ends) * 1000 if ends else None, max(min(starts) * 1000, ms) if starts else None)


def random_windows(rng, zone):
    """One to three windows, most of them near the hours in which clocks change."""
    windows = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        near = rng.random() < 0.7
        begin = rng.randrange(0, 300, 15) if near else rng.randrange(1440)
        end = rng.choice((begin, (begin + rng.randrange(15, 400, 15)) % 1440, rng.randrange(1441), 1440))
        days = set(range(7)) if rng.random() < 0.5 else set(rng.sample(range(7), rng.randint(1, 6)))
        windows.append(Window(days, begin, end, zone))
    return windows


FIXED = [({6}, 120, 180), ({6}, 0, 1440), (set(range(7)), 0, 1440), (set(range(7)), 150, 150), ({5}, 1320, 360), (set(range(7)), 90, 150),
         ({5, 6}, 1410, 165), (set(range(7)), 60, 120), (set(range(7)), 180, 240)]


def questions(rng, zone, n_random):
    """[(windows, [ms])]"""
    asked = []
    for at, before, after in zone.between(seconds(2026), seconds(2046)):
        change = abs(after - before)
        marks = [at, at - change, at + change, at - DAY, at + DAY]
        instants = {1000 * (m + s) + ms for m in marks for s in (-MINUTE, -1, 0, 1, MINUTE) for ms in (0, 999)}
        instants |= {1000 * (at + rng.randrange(-4 * 3600, 4 * 3600)) for _ in range(10)}
        for windows in [[Window(*f, zone)] for f in rng.sample(FIXED, 4)] + [random_windows(rng, zone) for _ in range(2)]:
            asked.append((windows, sorted(instants)))
    for _ in range(n_random // 20):
        asked.append((random_windows(rng, zone), [rng.randrange(1000 * seconds(2026), 1000 * seconds(2046)) for _ in range(20)]))
    return asked


def ask(program, folder, asked):
    lines = []
    for name in ZONES:
        with open(os.path.join(folder, name), "rb") as f:
            lines.append(f"zone {name} {f.read().hex()}")
    for windows, instants in asked:
        lines += ["clear", *map(str, windows), *(f"at {ms}" for ms in instants)]
    done = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, [tuple(None if w == "-" else int(w) for w in line.split()) for line in done.stdout.splitlines()]


def minutes_hold(windows, ms, end, start):
    """The promises themselves, minute by minute: open and even until the end; nothing opens before the next opening."""
    t = ms // 1000
    if end is None:
        return start is None or (any(w.open_window(start // 1000) for w in windows) and
                                 not any(w.open_window(s) for w in windows for s in range(t, min(start // 1000, t + 8 * DAY), 7 * MINUTE)))
    inside = [w for w in windows if w.closes(t) == end // 1000]
    return start == ms and any(all(w.open_window(s) == w.open_window(t) and w.zone.offset(s) == w.zone.offset(t)
                                   for s in range(t, end // 1000, MINUTE)) for w in inside)


def differences(tap, zone, asked, answers, rng):
    told, n_open = [], 0
    for i, (windows, ms) in enumerate((w, ms) for w, instants in asked for ms in instants):
        right = want(windows, ms)
        n_open += right[0] is not None
        if answers[i] != right:
            told.append(f"{', '.join(map(str, windows))} at {ms}: {answers[i]}, should be {right}")
        elif rng.random() < 0.003 and not minutes_hold(windows, ms, *right):
            told.append(f"{', '.join(map(str, windows))} at {ms}: {right} does not hold minute by minute")
    n = sum(len(instants) for _, instants in asked)
    tap.ok(not told, f"{zone.name}: {n} instants, {n_open} in an open window, {len(zone.between(seconds(2026), seconds(2046)))} changes", "\n".join(told))


def slim_folder(work):
    """The same zones without a list of changes, or None where there is no zic."""
    zic, source = shutil.which("zic", path=os.environ.get("PATH", "") + ":/usr/sbin"), os.path.join(FOLDER, "tzdata.zi")
    if not zic or not os.path.exists(source):
        return None
    subprocess.run([zic, "-b", "slim", "-d", work, source], check=True, stderr=subprocess.DEVNULL)
    return work


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--random", type=int, default=20000 if LONG else 2000)
    arguments = arguments.parse_args()
    program = os.path.join(os.environ.get("AMBIT_BUILD", "build"), "tests", "oracle", "oracle_windows")
    tap, rng = Tap(), random.Random(arguments.seed)
    zones = [Zone(name) for name in ZONES]
    asked = {zone: questions(rng, zone, arguments.random) for zone in zones}
    everything = [a for zone in zones for a in asked[zone]]
    status, answers = ask(program, FOLDER, everything)
    n = sum(len(instants) for _, instants in everything)
    if tap.ok(status == 0 and len(answers) == n, f"{n} questions are answered", f"status {status}, {len(answers)} answers"):
        first = 0
        for zone in zones:
            last = first + sum(len(instants) for _, instants in asked[zone])
            differences(tap, zone, asked[zone], answers[first:last], rng)
            first = last
    with tempfile.TemporaryDirectory() as work:
        slim = slim_folder(work)
        if slim is None:
            tap.skip("zones without a list of changes", "no zic here")
        else:
            tap.ok(ask(program, slim, everything) == (status, answers), "zones without a list of changes give the same answers")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
