#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the tests run every line and every branch of policy/, but for what coverage.txt counts with its reason.

coverage.py [--cases N] [--no-run] [--write | --show FILE]   (AMBIT_BUILD: a build with -Db_coverage=true)

Runs the engine's unit tests, the corpora of the fuzz targets that read what it reads and N cases of the oracle on that
build. Prints a line a file: lines and branches run, of all; a branch is counted as gcov counts one, each way of each
condition. What is left is sorted by reason (`kind_of`); more in a file than coverage.txt says fails. That list is of the tests and
corpora alone, so that other cases of the oracle do not change it: `--write` writes it as measured without the oracle.
`--show FILE` prints every place left, `--no-run` looks at the last run again."""
import argparse
import collections
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.path.abspath(os.environ.get("AMBIT_BUILD", os.path.join(ROOT, "build-coverage")))
LIST = os.path.join(HERE, "coverage.txt")
CORPORA = {"documents", "pattern", "name", "ssh_key", "zone", "question"}


def tests():
    """(name, command, environment) of the programs that measure, as the build registers them."""
    told = subprocess.run(["meson", "introspect", "--tests", BUILD], check=True, capture_output=True, text=True)
    for test in json.loads(told.stdout):
        room, _, name = test["name"].partition(" ")
        if room == "policy" or room == "corpus" and name in CORPORA:
            yield test["name"], test["cmd"], {**os.environ, **test["env"]}


def run(cases):
    """Runs all; the names of those that failed."""
    for stale in glob.glob(os.path.join(BUILD, "**", "*.gcda"), recursive=True):
        os.unlink(stale)
    harness = os.path.join(BUILD, "tests", "oracle", "oracle_harness")
    # What a test starts, or hands to what it starts, is built when it is not.
    words = {word for _, command, _ in tests() for word in [*command, harness]}
    wanted = {os.path.relpath(word, BUILD) for word in words if word.startswith(BUILD + os.sep)}
    wanted |= {word for word in words if not os.path.isabs(word) and os.path.dirname(word).startswith("tests")}
    subprocess.run(["ninja", "-j", "2", "-C", BUILD, *sorted(wanted)], check=True, stdout=subprocess.DEVNULL)
    failed = []
    for name, command, environment in tests():
        done = subprocess.run(command, env=environment, cwd=BUILD, stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode != 0:
            failed.append(name)
    if cases:
        oracle = [sys.executable, os.path.join(ROOT, "tests", "oracle", "oracle.py"), "--cases", str(cases), "--jobs", "1",
                  "--harness", harness]
        # Whether the answers agree is the oracle's own test; here it only makes the engine run.
        subprocess.run(oracle, env={**os.environ, "PYTHONHASHSEED": "0"}, stdin=subprocess.DEVNULL, capture_output=True)
    return failed


# What takes memory; the line after it asks whether there was any.
TAKES = re.compile(r"\b(arena_(alloc|array|copy)|[mc]alloc|realloc|name_copy)\(")
MEMORY = re.compile(r"NO_MEMORY|out_of_memory|arena_(err|alloc|array|copy)\(")
ERROR = re.compile(r"\berr\b|AMBIT_OK\b|TOO_LARGE|is_partial|is_cut_off|unsettled")
FULL = re.compile(r"_MAX\b|AMBIT_LEN\(|_FULL\b|too_many")


def kind_of(text, at, is_line):
    """The reason for which a line, or a way out of it, is not run."""
    line = text[at].strip()
    before = " ".join(text[max(0, at - 2):at])
    if line.startswith("switch"):
        return "enum"
    if is_line and line.startswith("return") and text[at - 1] == "    }" and text[at + 1] == "}":
        return "enum"
    if "AMBIT_ASSERT" in line:
        return "assert"
    if MEMORY.search(line) or TAKES.search(before) and re.match(r"(if \(!|return|continue|\})", line):
        return "memory"
    if ERROR.search(line) or is_line and ERROR.search(text[at - 1]):
        return "error"
    if FULL.search(line):
        return "full"
    return "unasked"


class File:
    """What of one source was run: its lines, and of each line which branches."""

    def __init__(self, source):
        self.source = source
        with open(os.path.join(ROOT, source), encoding="utf-8") as opened:
            self.text = opened.read().split("\n")
        self.lines = {}
        self.branches = {}
        notes = os.path.join(BUILD, "policy", "libambit-policy.a.p", os.path.basename(source) + ".gcno")
        shown = subprocess.run(["gcov", "-b", "--json-format", "--stdout", notes], capture_output=True, text=True, cwd=BUILD)
        for unit in json.loads(shown.stdout)["files"]:
            if os.path.normpath(os.path.join(BUILD, unit["file"])) == os.path.join(ROOT, source):
                self.add(unit)

    def add(self, unit):
        for line in unit["lines"]:
            number = line["line_number"]
            self.lines[number] = max(self.lines.get(number, 0), line["count"])
            if line["branches"]:
                self.branches[number] = [b["count"] for b in line["branches"]]

    def places(self):
        """(line, lines not run, branches not taken, reason) of each line that is not run whole."""
        for number, count in sorted(self.lines.items()):
            missed = sum(1 for c in self.branches.get(number, []) if c == 0)
            if count == 0 or missed:
                yield number, int(count == 0), missed, kind_of(self.text, number - 1, count == 0)

    def left(self):
        """{reason: [lines, branches]}"""
        left = collections.defaultdict(lambda: [0, 0])
        for _, lines, branches, kind in self.places():
            left[kind][0] += lines
            left[kind][1] += branches
        return left

    def share(self):
        """((lines run, all), (branches taken, all))"""
        taken = [c for counts in self.branches.values() for c in counts]
        return ((sum(1 for c in self.lines.values() if c), len(self.lines)), (sum(1 for c in taken if c), len(taken)))


def known():
    """({source: {reason: (lines, branches)}}, {reason: what it means}) as coverage.txt says."""
    rows, reasons = collections.defaultdict(dict), {}
    with open(LIST, encoding="utf-8") as opened:
        for line in opened:
            fields = line.split()
            if not fields or line.startswith("#"):
                continue
            if fields[0] == "reason":
                reasons[fields[1]] = " ".join(fields[2:])
            else:
                rows[fields[0]][fields[1]] = (int(fields[2]), int(fields[3]))
    return rows, reasons


def judge(file, rows):
    """What is left in one file beyond the list, as sentences; the reasons sort it, their sum decides."""
    left = [sum(n) for n in zip(*file.left().values(), (0, 0))]
    allowed = [sum(n) for n in zip(*rows.values(), (0, 0))]
    if left[0] <= allowed[0] and left[1] <= allowed[1]:
        return
    yield f"{left[0]} lines and {left[1]} branches are left, {allowed[0]} and {allowed[1]} are known"
    for number, is_line, _, kind in file.places():
        yield f"{file.source}:{number}: {kind}, {'not run' if is_line else 'not every way'}: {file.text[number - 1].strip()}"


def write(files):
    """The head of the list as it is, and what was measured."""
    with open(LIST, encoding="utf-8") as opened:
        head = [line for line in opened if line.startswith(("#", "reason ")) or not line.strip()]
    with open(LIST, "w", encoding="utf-8") as out:
        out.writelines(head)
        for file in files:
            for kind, (lines, branches) in sorted(file.left().items()):
                out.write(f"{file.source:28} {kind:8} {lines:3} {branches:3}\n")


def percent(run_of):
    return 100.0 * run_of[0] / run_of[1] if run_of[1] else 100.0


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cases", type=int, default=2000)
    arguments.add_argument("--no-run", action="store_true", help="what the last run left")
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--show")
    asked = arguments.parse_args()
    failed = [] if asked.no_run else run(0 if asked.write else asked.cases)
    sources = sorted(os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, "policy", "*.c")))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        files = list(pool.map(File, sources))
    if asked.write:
        write(files)
    if asked.show:
        for file in (f for f in files if f.source == asked.show):
            for number, is_line, missed, kind in file.places():
                print(f"{number:4} {kind:8} {'line' if is_line else f'{missed} of its ways'}: {file.text[number - 1].strip()}")
    if asked.write or asked.show:
        return 0

    rows, reasons = known()
    bad = bool(failed)
    print(f"{'not ok' if failed else 'ok'} 1 - the programs that measure pass")
    for name in failed:
        print(f"# failed: {name}")
    total = [[0, 0], [0, 0]]
    why = collections.Counter()
    for number, file in enumerate(files, 2):
        wrong = list(judge(file, rows[file.source]))
        bad |= bool(wrong)
        for kind, counts in file.left().items():
            why[kind] += sum(counts)
        lines, branches = file.share()
        for i, part in enumerate((lines, branches)):
            total[i][0] += part[0]
            total[i][1] += part[1]
        print(f"{'not ok' if wrong else 'ok'} {number} - {file.source}: every line and branch, but for what is named")
        print(f"# {percent(lines):5.1f} % of {lines[1]} lines, {percent(branches):5.1f} % of {branches[1]} branches: {file.source}")
        for sentence in wrong:
            print(f"# {sentence}")
    print(f"# note: policy/: {percent(total[0]):.1f} % of {total[0][1]} lines, {percent(total[1]):.1f} % of {total[1][1]} branches")
    for reason, count in why.most_common():
        print(f"# note: {count} left, {reason}: {reasons.get(reason, 'no such reason')}")
    print(f"1..{len(files) + 1}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
