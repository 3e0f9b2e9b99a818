#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test programs that speak TAP, counts every test point, prints what failed.

  tap.py run --part NAME --state FILE [--jobs N] [--timeout S] (--meson BUILD | -- PROGRAM...)
  tap.py command --part NAME --state FILE --name POINT -- COMMAND...  one point: exit status 0
  tap.py note --part NAME --state FILE (--skip | --fail) -- WORDS     one point counted by hand
  tap.py total --state FILE                                           the last line of the run

A PROGRAM is a path, with arguments after blanks. A point of a program: `ok`, `not ok`, `ok # SKIP`;
beside them `1..0 # SKIP why` and a line `# skipped: why` count as one skip each. A program that
ends badly, prints no plan or another number of points than planned is one failure more.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

POINT = re.compile(r"^(not )?ok\b\s*(\d+)?\s*(?:- )?(.*?)(?:\s*#\s*(skip|todo)\b\s*(.*))?$", re.I)
PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*skip\b\s*(.*))?", re.I)
CI = os.environ.get("CI") == "true"


class Outcome:
    """What one program said: points passed, failures and skips in words."""

    def __init__(self):
        self.passed = 0
        self.failures = []
        self.skips = []
        self.output = ""


def judge(text, status):
    """Reads TAP text and the exit status of the program that wrote it."""
    out, planned, seen, plans = Outcome(), 0, 0, 0
    out.output = text
    for line in text.splitlines():
        if m := PLAN.match(line):
            planned, plans = planned + int(m[1]), plans + 1
            if m[2] is not None or int(m[1]) == 0:
                out.skips.append(m[2] or "no reason given")
            continue
        if line.startswith("# skipped:"):
            out.skips.append(line[len("# skipped:"):].strip())
            continue
        m = POINT.match(line)
        if not m:
            continue
        seen += 1
        if m[4] and m[4].lower() == "skip":
            out.skips.append(f"{m[3]}: {m[5]}".strip(": "))
        elif m[1]:
            out.failures.append(m[3] or f"point {seen}")
        else:
            out.passed += 1
    if plans == 0:
        out.failures.append("printed no plan")
    elif seen != planned:
        out.failures.append(f"planned {planned} points, printed {seen}")
    if status != 0 and not out.failures:
        out.failures.append(f"ended with status {status}")
    return out


def argv_of(program):
    words = program if isinstance(program, list) else shlex.split(program)
    if words[0].endswith(".py"):
        return ["/usr/bin/python3", *words]
    return ["bash", *words] if words[0].endswith(".sh") else words


def run_one(job):
    """Runs one program in a group of its own, so that nothing of it outlives its time."""
    name, argv, env, cwd, timeout = job
    begun = time.monotonic()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, **env}, cwd=cwd, start_new_session=True) as child:
        try:
            raw, _ = child.communicate(timeout=timeout)
            status = child.returncode
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            raw, _ = child.communicate()
            status = f"time-out after {timeout} s"
    return name, judge(raw.decode("utf-8", "replace"), status), time.monotonic() - begun


def meson_jobs(build, timeout):
    shown = subprocess.run(["meson", "introspect", "--tests", build], check=True, capture_output=True, text=True)
    for test in json.loads(shown.stdout):
        limit = timeout or max(test["timeout"], 30) * 4
        yield (test["name"], test["cmd"], test["env"], test["workdir"] or os.path.abspath(build), limit)


def record(args, passed, failures, skips, seconds):
    with open(args.state, "a", encoding="utf-8") as f:
        f.write(json.dumps({"part": args.part, "passed": passed, "failed": len(failures), "skipped": len(skips),
                            "seconds": round(seconds, 1), "failures": failures, "skips": skips}) + "\n")


def show(name, out, seconds, part):
    said = f"{out.passed} passed"
    if out.failures:
        said += f", {len(out.failures)} FAILED"
    if out.skips:
        said += f", {len(out.skips)} skipped"
    print(f"  {part}: {name}: {said} ({seconds:.1f} s)")
    for line in out.output.splitlines():
        if line.startswith("# note:"):
            print(f"    {line[7:].strip()}")
    for why in out.skips:
        print(f"    skipped: {why}")
    if out.failures:
        for what in out.failures:
            print(f"    FAILED: {what}")
        lines = [l for l in out.output.splitlines() if not l.startswith("ok ")]
        for line in lines[-60:]:
            print(f"    | {line[:400]}")
    sys.stdout.flush()


def run(args):
    begun, passed, failures, skips = time.monotonic(), 0, [], []
    if args.meson:
        jobs = list(meson_jobs(args.meson, args.timeout))
    else:
        jobs = [(p, argv_of(p), {}, os.getcwd(), args.timeout or 600) for p in args.programs]
    if not jobs:
        print(f"  {args.part}: no programs")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_one, job) for job in jobs]):
            name, out, seconds = done.result()
            passed += out.passed
            failures += [f"{name}: {what}" for what in out.failures]
            skips += [f"{name}: {why}" for why in out.skips]
            if not args.meson or out.failures or out.skips:
                show(name, out, seconds, args.part)
    if args.meson:
        print(f"  {args.part}: {len(jobs)} programs: {passed} passed, {len(failures)} failed, {len(skips)} skipped "
              f"({time.monotonic() - begun:.1f} s)")
    record(args, passed, failures, skips, time.monotonic() - begun)
    return 1 if failures else 0


def command(args):
    begun = time.monotonic()
    log = f"{args.state}.{re.sub('[^a-z0-9]+', '-', args.name.lower())}.log"
    with open(log, "wb") as f:
        status = subprocess.run(args.programs, stdin=subprocess.DEVNULL, stdout=f, stderr=subprocess.STDOUT).returncode
    seconds = time.monotonic() - begun
    print(f"  {args.part}: {args.name}: {'passed' if status == 0 else 'FAILED'} ({seconds:.1f} s)")
    if status != 0:
        with open(log, encoding="utf-8", errors="replace") as f:
            for line in f.read().splitlines()[-40:]:
                print(f"    | {line[:400]}")
    sys.stdout.flush()
    record(args, 1 if status == 0 else 0, [] if status == 0 else [args.name], [], seconds)
    return 0 if status == 0 else 1


def note(args):
    words = " ".join(args.programs)
    print(f"  {args.part}: {'skipped' if args.skip else 'FAILED'}: {words}")
    record(args, 0, [words] if args.fail else [], [words] if args.skip else [], 0)
    return 1 if args.fail else 0


def total(args):
    rows = []
    if os.path.exists(args.state):
        with open(args.state, encoding="utf-8") as f:
            rows = [json.loads(line) for line in f]
    for row in rows:
        for what in row["failures"]:
            print(f"FAILED {row['part']}: {what}")
    for row in rows:
        for why in row["skips"]:
            print(f"skipped {row['part']}: {why}")
    passed, failed, skipped = (sum(row[k] for row in rows) for k in ("passed", "failed", "skipped"))
    if not rows:
        print("nothing was run")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["run", "command", "note", "total"])
    parser.add_argument("--part", default="tests")
    parser.add_argument("--state", required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--timeout", type=int, default=0)
    parser.add_argument("--meson")
    parser.add_argument("--name", default="")
    parser.add_argument("--skip", action="store_true")
    parser.add_argument("--fail", action="store_true")
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    args = parser.parse_args(words[:cut])
    args.programs = words[cut + 1:]
    return {"run": run, "command": command, "note": note, "total": total}[args.verb](args)


if __name__ == "__main__":
    sys.exit(main())
