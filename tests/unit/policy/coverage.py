#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the tests run every line and every branch of policy/, but for the places that coverage.txt names with a reason.

coverage.py [--cases N] [--no-run] [--places]   (AMBIT_BUILD: a build with -Db_coverage=true)

Runs the engine's unit tests, the corpora of the fuzz targets that read what it reads and N cases of the oracle on that
build. Prints a line a file: lines and branches run, of all; a branch is counted as gcov counts one, each way of each
condition. The failing way of an AMBIT_ASSERT is not counted: it is our own mistake and ends the program. A place that
is left and not named, or of which more is left than named, fails, and so does a name whose code is there no more.
`--places` prints what is left and not named, as coverage.txt wants it, for somebody to write down why; `--no-run` looks
at the last run again. The oracle's cases change: what only they run is named too (`--cases 0`)."""
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

    def passes(test):
        _, command, environment = test
        return subprocess.run(command, env=environment, cwd=BUILD, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0

    with concurrent.futures.ThreadPoolExecutor(2) as pool: # counts are added up under a lock of each file
        all_tests = list(tests())
        failed = [test[0] for test, passed in zip(all_tests, pool.map(passes, all_tests)) if not passed]
    if cases:
        oracle = [sys.executable, os.path.join(ROOT, "tests", "oracle", "oracle.py"), "--cases", str(cases), "--jobs", "1",
                  "--harness", harness]
        # Whether the answers agree is the oracle's own test; here it only makes the engine run.
        subprocess.run(oracle, env={**os.environ, "PYTHONHASHSEED": "0"}, stdin=subprocess.DEVNULL, capture_output=True)
    return failed


class File:
    """What of one source was run: its lines, and of each line which branches."""

    def __init__(self, source):
        self.source = source
        with open(os.path.join(ROOT, source), encoding="utf-8") as opened:
            self.text = opened.read().split("\n")
        self.lines = {}
        self.branches = {}
        self.functions = {}
        self.assertions = 0
        notes = os.path.join(BUILD, "policy", "libambit-policy.a.p", os.path.basename(source) + ".gcno")
        shown = subprocess.run(["gcov", "-b", "--json-format", "--stdout", notes], capture_output=True, text=True, cwd=BUILD)
        for unit in json.loads(shown.stdout)["files"]:
            if os.path.normpath(os.path.join(BUILD, unit["file"])) == os.path.join(ROOT, source):
                self.add(unit)

    def add(self, unit):
        for line in unit["lines"]:
            number = line["line_number"]
            ways = [b["count"] for b in line["branches"]]
            if "AMBIT_ASSERT(" in self.text[number - 1]:
                self.assertions += 1
                ways = []
            self.lines[number] = max(self.lines.get(number, 0), line["count"])
            self.functions[number] = line.get("function_name", "-")
            if ways:
                self.branches[number] = ways

    def places(self):
        """{(function, code): [lines not run, branches not taken]}: a place is a line of code, by what it says."""
        left = collections.defaultdict(lambda: [0, 0])
        for number, count in sorted(self.lines.items()):
            missed = sum(1 for c in self.branches.get(number, []) if c == 0)
            if count == 0 or missed:
                place = left[self.functions[number], self.text[number - 1].strip()]
                place[0] += count == 0
                place[1] += missed
        return left

    def share(self):
        """((lines run, all), (branches taken, all))"""
        taken = [c for counts in self.branches.values() for c in counts]
        return ((sum(1 for c in self.lines.values() if c), len(self.lines)), (sum(1 for c in taken if c), len(taken)))


# policy/file.c function: code  [lines, branches]
NAMED = re.compile(r"(policy/\S+) (\S+): (.*)  \[(\d+), (\d+)\]$")


def known():
    """{source: {(function, code): (lines, branches)}} as coverage.txt says; a reason stands indented below its places."""
    named = collections.defaultdict(dict)
    waiting = []
    with open(LIST, encoding="utf-8") as opened:
        for line in (line.rstrip("\n") for line in opened):
            if line.startswith("    "):
                waiting = []
            elif line and not line.startswith("#"):
                found = NAMED.match(line)
                if not found:
                    sys.exit(f"coverage.txt: no place: {line}")
                source, function, code, lines, branches = found.groups()
                named[source][function, code] = (int(lines), int(branches))
                waiting.append(line)
    if waiting:
        sys.exit(f"coverage.txt: no reason: {waiting}")
    return named


def judge(file, named):
    """What is left in one file and not named, and what is named and not there, as sentences."""
    for (function, code), (lines, branches) in file.places().items():
        allowed = named.get((function, code), (0, 0))
        if lines > allowed[0] or branches > allowed[1]:
            yield f"{file.source} {function}: {code}  [{lines}, {branches}]"
    texts = {line.strip() for line in file.text}
    for function, code in named:
        if code not in texts:
            yield f"named, but not there: {function}: {code}"


def percent(run_of):
    return 100.0 * run_of[0] / run_of[1] if run_of[1] else 100.0


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cases", type=int, default=2000)
    arguments.add_argument("--no-run", action="store_true", help="what the last run left")
    arguments.add_argument("--places", action="store_true", help="what is left and not named")
    asked = arguments.parse_args()
    failed = [] if asked.no_run else run(0 if asked.places else asked.cases)
    sources = sorted(os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, "policy", "*.c")))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        files = list(pool.map(File, sources))
    named = known()
    if asked.places:
        for file in files:
            for sentence in judge(file, named[file.source]):
                print(sentence)
        return 0

    bad = bool(failed)
    print(f"{'not ok' if failed else 'ok'} 1 - the programs that measure pass")
    for name in failed:
        print(f"# failed: {name}")
    total = [[0, 0], [0, 0]]
    for number, file in enumerate(files, 2):
        wrong = list(judge(file, named[file.source]))
        bad |= bool(wrong)
        lines, branches = file.share()
        for i, part in enumerate((lines, branches)):
            total[i][0] += part[0]
            total[i][1] += part[1]
        print(f"{'not ok' if wrong else 'ok'} {number} - {file.source}: every line and branch, but for what is named")
        print(f"# {percent(lines):5.1f} % of {lines[1]} lines, {percent(branches):5.1f} % of {branches[1]} branches: {file.source}")
        for sentence in wrong:
            print(f"# {sentence}")
    for source in sorted(set(named) - set(sources)):
        bad = True
        print(f"# named, but not there: {source}")
    print(f"# note: policy/: {percent(total[0]):.1f} % of {total[0][1]} lines, {percent(total[1]):.1f} % of {total[1][1]} branches")
    print(f"# note: {sum(len(places) for places in named.values())} places are left, each with its reason in coverage.txt; "
          f"{sum(file.assertions for file in files)} assertions, whose failing way is not counted")
    print(f"1..{len(files) + 1}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
