#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: no reader of outside bytes crashes, hangs, leaks or breaks its property under libFuzzer.

  run.py [--seconds 10] [--jobs 2] [NAME...]
  run.py --grow --seconds 60 [NAME...]    adds to corpus/NAME what covers more (for developers)
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("AMBIT_BUILD", os.path.join(os.path.dirname(os.path.dirname(HERE)), "build-fuzz"))


def targets():
    with open(os.path.join(HERE, "targets.txt"), encoding="utf-8") as f:
        return [line.split() for line in f if line.strip() and not line.startswith("#")]


def options(name):
    dictionary = os.path.join(HERE, f"{name}.dict")
    return [f"-dict={dictionary}"] if os.path.exists(dictionary) else []


def fuzz(name, seconds, fresh):
    findings = os.path.join(BUILD, "findings")
    os.makedirs(findings, exist_ok=True)
    argv = [os.path.join(BUILD, "tests", "fuzz", f"fuzz_{name}"), f"-max_total_time={seconds}", "-timeout=10",
            "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={findings}/{name}-",
            *options(name), fresh, os.path.join(HERE, "corpus", name)]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              timeout=seconds * 2 + 120)
        return done.returncode, done.stderr
    except subprocess.TimeoutExpired:
        return "time-out", ""
    except OSError as err:
        return "not started", str(err)


def grow(name, seconds):
    with tempfile.TemporaryDirectory() as fresh:
        status, text = fuzz(name, seconds, fresh)
        corpus = os.path.join(HERE, "corpus", name)
        before = len(os.listdir(corpus))
        subprocess.run([os.path.join(BUILD, "tests", "fuzz", f"fuzz_{name}"), "-merge=1", corpus, fresh],
                       check=False, capture_output=True)
        print(f"{name}: {before} seeds, now {len(os.listdir(corpus))}")
        if status != 0:
            print(text[-3000:])


def one(name, seconds):
    with tempfile.TemporaryDirectory() as fresh:
        return name, *fuzz(name, seconds, fresh)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--grow", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    names = args.names or [row[0] for row in targets()]
    if args.grow:
        for name in names:
            grow(name, args.seconds)
        return 0
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for number, (name, status, text) in enumerate(pool.map(lambda n: one(n, args.seconds), names), 1):
            runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
            print(f"{'ok' if status == 0 else 'not ok'} {number} - fuzz {name} for {args.seconds} s")
            print(f"# note: {name}: {runs[1] if runs else 'no'} inputs")
            if status != 0:
                bad += 1
                print("\n".join(f"# {line}" for line in f"status {status}\n{text}".split("\n")[-40:]))
    print(f"1..{len(names)}" if names else "1..0 # SKIP no targets yet")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
