#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the corpus in the repository alone runs at least 90 % of the lines of each parser's file."""
import glob
import json
import os
import subprocess
import sys

from run import targets, HERE

BUILD = os.environ.get("AMBIT_BUILD", os.path.join(os.path.dirname(os.path.dirname(HERE)), "build-coverage"))
LEAST = 90.0


def lines_of(source):
    """(run, all) lines of one source, from the counts the last run left; None without counts."""
    counts = glob.glob(os.path.join(BUILD, os.path.dirname(source), "*.p", os.path.basename(source) + ".gcda"))
    if not counts:
        return None
    shown = subprocess.run(["gcov", "--json-format", "--stdout", counts[0]], check=True, capture_output=True, text=True, cwd=BUILD)
    for unit in json.loads(shown.stdout)["files"]:
        if os.path.normpath(os.path.join(BUILD, unit["file"])).endswith("/" + source):
            lines = {}
            for line in unit["lines"]:
                lines[line["line_number"]] = max(lines.get(line["line_number"], 0), line["count"])
            return sum(1 for n in lines.values() if n), len(lines), sorted(k for k, n in lines.items() if not n)
    return None


def measure(names, source):
    """What the corpora of the targets on one file run of it together."""
    for stale in glob.glob(os.path.join(BUILD, "**", "*.gcda"), recursive=True):
        os.unlink(stale)
    for name in names:
        replay = subprocess.run([os.path.join(BUILD, "tests", "fuzz", f"replay_{name}"), os.path.join(HERE, "corpus", name)],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
        if replay.returncode != 0:
            return None
    return lines_of(source)


def main():
    rows, bad = {}, 0
    for name, source, _ in targets():
        rows.setdefault(source, []).append(name)
    for number, (source, names) in enumerate(rows.items(), 1):
        got, name = measure(names, source), " and ".join(names)
        share = 100.0 * got[0] / got[1] if got else 0.0
        is_ok = share >= LEAST
        bad += not is_ok
        print(f"{'ok' if is_ok else 'not ok'} {number} - corpus {name} covers {LEAST:.0f} % of {source}")
        print(f"# note: {name}: {share:.1f} % of {got[1] if got else 0} lines of {source}")
        if got and not is_ok:
            print(f"# lines not run: {got[2]}")
    print(f"1..{len(rows)}" if rows else "1..0 # SKIP no targets yet")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
