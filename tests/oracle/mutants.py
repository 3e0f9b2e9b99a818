#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: an engine with one comparison, bound or order changed is told from the right one by the oracle's random cases.

mutants.py [--list FILE] [--cases N] [--seed S] [--only NAME]... [--jobs N]

The list is JSON: [{"name", "path", "old", "new"}]: `old` stands once in the file `path` (else the entry is stale, and
fails). One changed file is compiled as the build compiles it, without optimisation, and linked before the build's
own libraries, so that its functions are taken from it. A mutant is found when a case differs (or the harness dies at
it) of those in which the engine as it is differs in none: that is the first point."""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HARNESS = "tests/oracle/oracle_harness"
SECONDS = 300  # for all cases of one mutant: one that is not done by then is not found
LEAST = 30  # in the list


class Build:
    """How the build compiles and links, read from it."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as f:
            self.commands = {os.path.normpath(os.path.join(c["directory"], c["file"])): c for c in json.load(f)}
        said = subprocess.run(["ninja", "-C", folder, "-t", "commands", HARNESS], capture_output=True, text=True, check=True)
        self.link = shlex.split(said.stdout.strip().splitlines()[-1])

    def make(self, path, text, scratch):
        """The harness with `text` in place of the file at `path`, or the compiler's complaint."""
        source = os.path.join(ROOT, path)
        changed, built = os.path.join(scratch, os.path.basename(path)), os.path.join(scratch, "changed.o")
        with open(changed, "w", encoding="utf-8") as f:
            f.write(text)
        if source not in self.commands:
            return None, f"{path} is not compiled"
        words = shlex.split(self.commands[source]["command"])
        words = [w for w in words if w not in ("ccache", "-MD", "-g", "-Werror") and not w.startswith(("-O", "-D_FORTIFY_SOURCE"))]
        for flag in ("-MQ", "-MF"):
            at = words.index(flag)
            del words[at:at + 2]
        words[words.index("-o") + 1], words[words.index("-c") + 1] = built, changed
        said = subprocess.run([*words, "-O0", "-w", "-iquote", os.path.dirname(source)], cwd=self.folder, capture_output=True, text=True)
        if said.returncode:
            return None, said.stderr
        harness = os.path.join(scratch, "harness")
        words = list(self.link)
        words[words.index("-o") + 1] = harness
        words.insert(words.index("-Wl,--start-group") if "-Wl,--start-group" in words else len(words), built)
        said = subprocess.run(words, cwd=self.folder, capture_output=True, text=True)
        return (harness, "") if said.returncode == 0 else (None, said.stderr)


def changed_text(mutant):
    """The file with the change, or why there is none."""
    try:
        with open(os.path.join(ROOT, mutant["path"]), encoding="utf-8") as f:
            text = f.read()
    except OSError as e:
        return None, str(e)
    if text.count(mutant["old"]) != 1:
        return None, f"stale: {mutant['old']!r} stands {text.count(mutant['old'])} times in {mutant['path']}"
    return text.replace(mutant["old"], mutant["new"]), ""


def first_difference(harness, args):
    """The oracle's word on a harness."""
    oracle = [sys.executable, os.path.join(HERE, "oracle.py"), "--first", "--jobs", "1", "--cases", str(args.cases),
              "--seed", str(args.seed), "--harness", harness]
    try:
        said = subprocess.run(oracle, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"no end within {SECONDS} s"
    return (said.stdout.strip().splitlines() or [said.stderr.strip()[-300:]])[-1]


def try_mutant(build, mutant, args):
    """(was it found, what is to be said)"""
    begun = time.monotonic()
    text, why = changed_text(mutant)
    if text is None:
        return False, why
    with tempfile.TemporaryDirectory() as scratch:
        harness, why = build.make(mutant["path"], text, scratch)
        if harness is None:
            return False, "does not build: " + why.strip()[-400:]
        made = time.monotonic()
        line = first_difference(harness, args)
        line = f"{line} (built in {made - begun:.1f} s, asked for {time.monotonic() - made:.1f} s)"
        return bool(re.match("different at case", line)), line


def say(number, is_ok, text):
    print(f"{'ok' if is_ok else 'not ok'} {number} - {text}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", default=os.path.join(HERE, "mutants.json"))
    parser.add_argument("--build", default=os.environ.get("AMBIT_BUILD", os.path.join(ROOT, "build")))
    parser.add_argument("--cases", type=int, default=10_000 if os.environ.get("AMBIT_LONG") == "1" else 8_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    with open(args.list, encoding="utf-8") as f:
        mutants = [m for m in json.load(f) if not args.only or m["name"] in args.only]
    build = Build(args.build)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        as_it_is = pool.submit(first_difference, os.path.join(args.build, HARNESS), args)
        tries = pool.map(lambda m: try_mutant(build, m, args), mutants)
        said = as_it_is.result()
        points = [(said.startswith("the same in"), f"the engine as it is: {said}")]
        say(1, *points[0])
        for n, (mutant, (found, line)) in enumerate(zip(mutants, tries), 2):
            points.append((found, f"{mutant['name']}: {line if found else 'not found: ' + line}"))
            say(n, *points[-1])
    if not args.only:
        points.append((len(mutants) >= LEAST, f"{len(mutants)} mutants of {LEAST} at least"))
        say(len(points), *points[-1])
    print(f"1..{len(points)}")
    return 0 if all(is_ok for is_ok, _ in points) else 1


if __name__ == "__main__":
    sys.exit(main())
