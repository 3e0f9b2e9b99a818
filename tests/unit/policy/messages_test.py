#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: every malformed document of the corpus is refused with the message that corpus/messages.txt holds: file, line,
column, pointer, what is wrong, what was expected. None crashes the reader, none loads.

usage: messages_test.py CHECK_TOOL [--write]   (--write: hold what is said now; read it before you commit it)
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "corpus")
MESSAGES = os.path.join(CORPUS, "messages.txt")
SUBJECTS = {"person": "subject", "agent": "acme/subject", "service": "subject", "policy": "subject"}
LEAST = 150  # malformed documents


def said(tool, kind, case, name):
    """(loads, the lines of its messages)"""
    path = os.path.join(CORPUS, kind, case)
    done = subprocess.run([tool, os.path.join(CORPUS, "companions"), kind, name, path], stdout=subprocess.PIPE, timeout=60)
    if done.returncode != 0:
        return None, ["exit %d" % done.returncode]
    answer = json.loads(done.stdout)
    lines = []
    for p in answer["problems"]:
        near = '; did you mean "%s"?' % p["nearest"] if "nearest" in p else ""
        lines.append("%s/%s: %s:%d:%d: %s: %s; expected %s%s" % (
            kind, case, p["file"], p["line"], p["column"], p["pointer"], p["what"], p["expected"], near))
    return answer["ok"], lines


def complete(line):
    """File, line and column (of all but what concerns the file as a whole), what and expected."""
    return re.fullmatch(r"\w+/\S+: \w+/\S+\.json:\d+:\d+: (/.*)?: .+; expected .+", line, re.S) is not None


def main():
    tool = sys.argv[1]
    with open(os.path.join(CORPUS, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    found, faults, n = [], [], 0
    for kind, cases in manifest.items():
        for case, want in sorted(cases.items()):
            if want["ok"]:
                continue
            n += 1
            loads, lines = said(tool, kind, case, want.get("name", SUBJECTS[kind]))
            if loads is not False or not lines:
                faults.append("%s/%s: loads or crashes: %s" % (kind, case, lines))
            faults += ["not complete: " + line for line in lines if not complete(line)]
            found += lines
    text = "".join(line.replace("\n", "\\n") + "\n" for line in found)
    if "--write" in sys.argv:
        with open(MESSAGES, "w", encoding="utf-8") as file:
            file.write(text)
    with open(MESSAGES, encoding="utf-8") as file:
        held = file.read()
    print("%sok 1 - %d malformed documents: none loads, each message is complete" % ("" if not faults and n >= LEAST else "not ", n))
    for fault in faults:
        print("# " + fault)
    print("%sok 2 - each message is the one that is held" % ("" if held == text else "not "))
    for line in sorted(set(text.splitlines()) ^ set(held.splitlines())):
        print("# " + line)
    print("1..2")
    return 0 if not faults and n >= LEAST and held == text else 1


if __name__ == "__main__":
    sys.exit(main())
