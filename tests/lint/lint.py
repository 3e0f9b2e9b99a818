#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the house rules hold in the tree, and each rule finds exactly the faults of its fixture.

A fixture is a small tree in fixtures/RULE with a file EXPECTED: the lines `path:line` where the
rule must speak (line 0: the path as a whole). A rule without a fixture, or a fixture without a rule,
fails. `lint.py RULE...` runs only these."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import calls  # noqa: E402
import reference  # noqa: E402
import rooms  # noqa: E402
import words  # noqa: E402
from tree import Tree  # noqa: E402


def point(number, is_ok, name, remarks=()):
    print(f"{'ok' if is_ok else 'not ok'} {number} - {name}")
    for remark in remarks:
        print(f"# {remark}")


def in_fixture(name, rule):
    folder = os.path.join(HERE, "fixtures", name)
    if not os.path.isdir(folder):
        return ["the rule has no fixture"]
    with open(os.path.join(folder, "EXPECTED"), encoding="utf-8") as f:
        want = set(f.read().split())
    got = {f"{path}:{line}" for path, line, _ in rule(Tree(folder, is_fixture=True))}
    if not want:
        return ["the fixture expects nothing"]
    return [f"not found: {w}" for w in sorted(want - got)] + [f"not expected: {g}" for g in sorted(got - want)]


def main():
    rules = {rule.__name__: rule for rule in rooms.RULES + calls.RULES + words.RULES + reference.RULES}
    asked = sys.argv[1:] or list(rules)
    tree, number, bad = Tree(os.path.dirname(os.path.dirname(HERE))), 0, 0
    for name in asked:
        remarks = in_fixture(name, rules[name])
        point(number + 1, not remarks, f"{name}: its fixture fails", remarks)
        found = sorted(rules[name](tree))
        point(number + 2, not found, f"{name}: the tree holds it", [f"{p}:{l}: {what}" for p, l, what in found])
        number += 2
        bad += bool(remarks) + bool(found)
    if not sys.argv[1:]:
        stray = sorted(set(os.listdir(os.path.join(HERE, "fixtures"))) - set(rules))
        number += 1
        point(number, not stray, "every fixture has its rule", stray)
        for path in tree.c_files("broker/", "policy/", "include/", "tests/"):
            if (lines := tree.text(path).count("\n")) > calls.FILE_LINES_NOTED:
                print(f"# note: {path} has {lines} lines (the aim is {calls.FILE_LINES_NOTED} at most)")
    print(f"1..{number}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
