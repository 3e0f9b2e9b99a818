#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the counting of test points counts what it should: a program cannot fail and go unseen."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from broker import Tap  # noqa: E402
from tap import judge  # noqa: E402

# name, output, exit status, passed, failed, skipped
ROWS = [
    ("all pass", "1..2\nok 1 - a\nok 2 - b\n", 0, 2, 0, 0),
    ("the plan may come last", "ok 1 - a\n1..1\n", 0, 1, 0, 0),
    ("one fails", "1..2\nok 1 - a\nnot ok 2 - b\n", 1, 1, 1, 0),
    ("a failure with status 0", "1..1\nnot ok 1 - a\n", 0, 0, 1, 0),
    ("a skipped point", "1..2\nok 1 - a # SKIP no root\nok 2\n", 0, 1, 0, 1),
    ("all skipped", "1..0 # SKIP no root\n", 0, 0, 0, 1),
    ("a word on a skip", "# skipped: no vectors\n1..1\nok 1 - a\n", 0, 1, 0, 1),
    ("points missing", "1..3\nok 1 - a\n", 0, 1, 1, 0),
    ("points too many", "1..1\nok 1\nok 2\n", 0, 2, 1, 0),
    ("no plan", "ok 1 - a\n", 0, 1, 1, 0),
    ("nothing", "", 0, 0, 1, 0),
    ("a crash behind the last point", "1..1\nok 1 - a\n", -11, 1, 1, 0),
    ("a sanitizer's exit", "1..1\nok 1 - a\nERROR: AddressSanitizer\n", 99, 1, 1, 0),
    ("a time-out", "ok 1 - a\n", "time-out after 3 s", 1, 1, 0),
    ("ok in the middle of words is no point", "1..1\nokay\nall ok 3\nok 1 - a\n", 0, 1, 0, 0),
]


def main():
    tap = Tap()
    for name, text, status, *want in ROWS:
        out = judge(text, status)
        got = [out.passed, len(out.failures), len(out.skips)]
        tap.ok(got == want, name, (want, got, out.failures))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
