#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the block in README.md is what examples/quickstart.sh prints, but for what differs from run to run: ids, times,
digests, ports, tokens, counts of seconds, and how many events a run took (reads are recorded once a minute).

  quickstart_same.py LOG            exit 1 and the first line that differs, if one does
  quickstart_same.py LOG --write    puts what the run printed into README.md

LOG is what one run printed. What the first step installs is no part of it."""
import os
import re
import sys

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "README.md")
BLOCK = re.compile(r"(?<=<!-- quickstart -->\n```\n).*?(?=```\n<!-- /quickstart -->)", re.S)
FIRST, SHOWN = re.compile(r"^== 1\. .*\n", re.M), "$ ambit --version\n"
SAME = [(re.compile(pattern), name) for pattern, name in (
    (r"\beyJ[\w.-]*", "TOKEN"),
    (r"\bsha256:[0-9a-f]{12}(?:[0-9a-f]{52})?\b", "DIGEST"),
    (r"\b[0-9a-f]{32}\b", "TXN"),
    (r"(?<![\w-])[\w-]{22}(?![\w-])", "ID"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME"),
    (r"\b\d\d:\d\d:\d\d\.\d{3}\b", "TIME"),
    (r"\b\d{4}-\d\d-\d\d\b", "DAY"),
    (r'"(iat|exp|expires_in)":\d+', r'"\1":SECONDS'),
    (r"\bfor (?:5m|4m \d+s)\b", "for SECONDS"),
    (r"\bevent \d+, table events, key \d+:", "event N, table events, key N:"),
    (r"\b\d+ events, root\b", "N events, root"),
    (r"(?<=http://127\.0\.0\.1:)\d+", "PORT"))]


def shown_of(log):
    """What a run shows: from its first heading on, without what was installed and built below it."""
    first = FIRST.search(log)
    if not first or SHOWN not in log[first.end():]:
        return None
    return first[0] + log[log.index(SHOWN, first.end()):]


def lines_of(text):
    for pattern, name in SAME:
        text = pattern.sub(name, text)
    return text.splitlines() + ["(the end)"]


def first_difference(block, shown):
    """The README's line and the run's, or None."""
    for told, seen in zip(lines_of(block), lines_of(shown)):
        if told != seen:
            return told, seen
    return None


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--write"]):
        sys.exit(__doc__)
    with open(README, encoding="utf-8") as f:
        readme = f.read()
    with open(sys.argv[1], encoding="utf-8", errors="replace") as f:
        shown = shown_of(f.read())
    block = BLOCK.search(readme)
    if not block or shown is None:
        sys.exit("README.md has no block of the quickstart" if shown else "this is no run of the quickstart")
    if sys.argv[2:]:
        with open(README, "w", encoding="utf-8") as f:
            f.write(readme[:block.start()] + shown + readme[block.end():])
        return 0
    differs = first_difference(block[0], shown)
    if differs:
        print(f"README.md says: {differs[0]}\nthe run printed: {differs[1]}")
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
