#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the engine and a second evaluator, written from the language's text alone, answer alike, case for case.

oracle.py [--cases N] [--seed S] [--harness COMMAND] [--jobs N] [--first] [--shrink DIR]

A seed gives the same cases again. `--first` ends at the first difference and prints its number; `--shrink`
writes the smallest form of one case of each sort of difference into DIR."""
import argparse
import collections
import json
import multiprocessing
import os
import random
import shlex
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import properties  # noqa: E402
import reach  # noqa: E402
from harness import Harness, differing, normal  # noqa: E402
from model import judge  # noqa: E402
from model.documents import Documents  # noqa: E402
from questions import Asker  # noqa: E402
from shrink import smallest  # noqa: E402
from worlds import World  # noqa: E402

QUESTIONS = 100  # a world
PROPERTIES = 10  # of those questions, how many are asked again in bent worlds


class Tally:
    """What one process did, added up by the first."""

    def __init__(self):
        self.cases = 0
        self.reached = collections.Counter()
        self.differences = []  # (number, signature, documents, question)
        self.counts = collections.Counter()
        self.broken = []  # properties that did not hold
        self.refused = []  # document sets that the engine did not take

    def add(self, other):
        self.cases += other.cases
        self.reached += other.reached
        self.differences += other.differences
        self.counts += other.counts
        self.broken += other.broken
        self.refused += other.refused


def compare(harness, documents, question, notes=None):
    """(the model's answer, the engine's, the members in which they differ)"""
    model = judge.answer(documents, question, notes)
    engine = harness.ask(question)
    members = differing(model, engine)
    if "error" not in model and any("resources" not in o for o in question.get("items", ())):
        # What stops hear of an item without resources the language does not say.
        is_stop = "hard_stop" in (model.get("reason"), engine.get("reason"))
        members = [] if is_stop else [m for m in members if m != "trips"]
    return model, engine, members


def signature(question, model, engine, members):
    engine = normal(engine)
    failing = [next((c for c, r in a.get("checks", []) if r == "fail"), "") for a in (model, engine)]
    return (question["question"], "parent" in question, tuple(members), model.get("reason"), engine.get("reason"), *failing)


def run_world(seed, number, harness, tally, args):
    """One document set and its questions; the case numbers are those of the world."""
    rng = random.Random(f"{seed}:{number}")
    world = World(rng)
    sets = world.documents()
    problems = harness.load(sets)
    if problems:
        tally.refused.append((number, problems, sets))
        return
    documents = Documents(sets)
    asker = Asker(world, documents)
    for i in range(min(QUESTIONS, args.cases - number * QUESTIONS)):
        question, notes = asker.question(), []
        model, engine, members = compare(harness, documents, question, notes)
        tally.cases += 1
        tally.reached.update(reach.of(question, model, notes))
        if members:
            tally.differences.append((number * QUESTIONS + i, signature(question, model, engine, members), sets, question))
            if args.first:
                return
    if not args.first:
        for _ in range(PROPERTIES):
            properties.check(rng, world, asker.question(), harness, sets, number, tally)


def work(worker, args):
    harness, tally = Harness(shlex.split(args.harness)), Tally()
    worlds = (args.cases + QUESTIONS - 1) // QUESTIONS
    for number in range(worker, worlds, args.jobs):
        run_world(args.seed, number, harness, tally, args)
        if args.first and tally.differences:
            break
    harness.close()
    return tally


def shrunk(harness, sets, question, wanted):
    """The smallest documents and question that differ in the same way."""
    def still_fails(case):
        try:
            documents = Documents(case["documents"])
            if harness.load(case["documents"]):
                return False
            model, engine, members = compare(harness, documents, case["question"])
            return bool(members) and signature(case["question"], model, engine, members) == wanted
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, StopIteration):
            return False
    return smallest({"documents": sets, "question": question}, still_fails)


def write_shrunk(args, tally):
    harness = Harness(shlex.split(args.harness))
    os.makedirs(args.shrink, exist_ok=True)
    by_signature = {}
    for number, sort, sets, question in tally.differences:
        by_signature.setdefault(sort, (number, sets, question))
    counts = collections.Counter(s for _, s, _, _ in tally.differences)
    known = [s for s, _ in counts.most_common() if s[4] != "not_supported" and "error" not in s[2]]
    for n, sort in enumerate(known[: args.most]):
        number, sets, question = by_signature[sort]
        case = shrunk(harness, sets, question, sort)
        harness.load(case["documents"])
        model, engine, members = compare(harness, Documents(case["documents"]), case["question"])
        with open(os.path.join(args.shrink, f"{n:02d}.json"), "w", encoding="utf-8") as f:
            json.dump({"case": number, "times": counts[sort], "differ": members, "model": model, "engine": engine, **case}, f, indent=1)
    harness.close()


class Points:
    def __init__(self):
        self.number = self.failed = 0

    def say(self, is_ok, name, remarks=()):
        self.number += 1
        self.failed += not is_ok
        print(f"{'ok' if is_ok else 'not ok'} {self.number} - {name}")
        for remark in remarks:
            print(f"# {remark}")


def report(args, tally, seconds):
    points = Points()
    print(f"# seed {args.seed}, {tally.cases} cases in {seconds:.0f} s")
    points.say(not tally.refused, "every document set is one that the engine takes",
               [f"world {n}: {json.dumps(p)[:600]}" for n, p, _ in tally.refused[:5]])
    counts = collections.Counter(s for _, s, _, _ in tally.differences)
    remarks = [f"{times} times: {sort}" for sort, times in counts.most_common(40)]
    remarks += [f"the first: case {min(n for n, *_ in tally.differences)} of seed {args.seed}"] if tally.differences else []
    points.say(not tally.differences, f"{tally.cases} cases, {len(tally.differences)} mismatches", remarks)
    for name in properties.NAMES:
        broken = [b for b in tally.broken if b[0] == name]
        points.say(not broken and tally.counts[name] > 0, f"{name} ({tally.counts[name]} pairs)",
                   [json.dumps(b[1:])[:1500] for b in broken[:3]])
    for name, missing, remarks in reach.points(tally.reached, tally.cases):
        points.say(not missing, name, remarks)
    print(f"1..{points.number}")
    return 1 if points.failed else 0


def main():
    parser = argparse.ArgumentParser()
    is_long = os.environ.get("AMBIT_LONG") == "1"
    build = os.environ.get("AMBIT_BUILD", os.path.join(ROOT, "build"))
    parser.add_argument("--cases", type=int, default=500_000 if is_long else 50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--harness", default=os.path.join(build, "tests", "oracle", "oracle_harness"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--shrink")
    parser.add_argument("--most", type=int, default=12)
    args = parser.parse_args()
    begun = time.monotonic()
    with multiprocessing.Pool(args.jobs) as pool:
        tally = Tally()
        if args.first:
            for one in pool.imap_unordered(Work(args), range(args.jobs)):
                tally.add(one)
        else:
            for one in pool.map(Work(args), range(args.jobs)):
                tally.add(one)
    tally.differences.sort(key=lambda d: d[0])
    if args.first:
        found = tally.differences[:1]
        print(f"different at case {found[0][0]}: {found[0][1]}" if found else f"the same in {tally.cases} cases")
        return 1 if found else 0
    if args.shrink and tally.differences:
        write_shrunk(args, tally)
    return report(args, tally, time.monotonic() - begun)


class Work:
    """A call that a pool can send to its processes."""

    def __init__(self, args):
        self.args = args

    def __call__(self, worker):
        return work(worker, self.args)


if __name__ == "__main__":
    sys.exit(main())
