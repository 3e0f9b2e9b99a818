#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: `ambit policy check` tells the same in every form: lines, JSON, SARIF 2.1.0 that code review takes, JUnit XML
that CI takes; exit 0 with warnings, 1 with --strict, 2 with errors."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import BUILD, ROOT, SLOW, Tap  # noqa: E402

LINE = re.compile(r"^(.+):(\d+):(\d+): (error|warning): (/\S*)?: (.+); expected (.+?)(?: \[([\w-]+)\])?$")


def check(folder, *words):
    done = subprocess.run([os.path.join(BUILD, "ambit"), "policy", "check", folder, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60 * SLOW)
    return done.returncode, done.stdout


def sarif_faults(log):
    """What SARIF 2.1.0 (OASIS) asks of the members that are used: sections 3.13, 3.14, 3.19, 3.27 to 3.30, 3.49."""
    faults = []
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    if log["version"] != "2.1.0" or not log["$schema"].endswith("sarif-2.1.0.json"):
        faults.append("version")
    if len({rule["id"] for rule in rules}) != len(rules) or not all(rule["shortDescription"]["text"] for rule in rules):
        faults.append("rules")
    if run["columnKind"] not in ("utf16CodeUnits", "unicodeCodePoints"):
        faults.append("columnKind")
    for result in run["results"]:
        if rules[result["ruleIndex"]]["id"] != result["ruleId"] or result["level"] not in ("none", "note", "warning", "error"):
            faults.append(result)
        for location in result["locations"]:
            place = location["physicalLocation"]
            region = place.get("region", {"startLine": 1, "startColumn": 1})
            if region["startLine"] < 1 or region["startColumn"] < 1 or not place["artifactLocation"]["uri"] or not result["message"]["text"]:
                faults.append(result)
    return faults


def places_of_sarif(log, level):
    found = []
    for result in log["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        path = urllib.parse.unquote(urllib.parse.urlparse(place["artifactLocation"]["uri"]).path)
        region = place.get("region", {"startLine": 0, "startColumn": 0})
        if result["level"] == level:
            found.append((path, region["startLine"], region["startColumn"]))
    return sorted(found)


def one_set(tap, folder, name, status):
    """The same problems at the same places in all four forms."""
    code, text = check(folder)
    lines = [LINE.match(line) for line in text.splitlines() if ": error: " in line or ": warning: " in line]
    tap.ok(code == status and lines and all(lines), f"{name}: lines, exit {status}", text)
    code, text = check(folder, "--format", "json")
    problems = json.loads(text)["problems"]
    places = sorted((p["file"], p["line"], p["column"]) for p in problems)
    tap.ok(code == status and places == sorted((m[1], int(m[2]), int(m[3])) for m in lines), f"{name}: JSON has the same places", text)
    tap.ok(check(folder, "--json")[1] == text, f"{name}: --json is --format json")
    code, text = check(folder, "--format", "sarif")
    log = json.loads(text)
    level = "error" if status == 2 else "warning"
    tap.ok(code == status and not sarif_faults(log), f"{name}: SARIF is well made", sarif_faults(log))
    tap.ok(places_of_sarif(log, level) == places, f"{name}: SARIF has the same places", places_of_sarif(log, level))
    code, text = check(folder, "--format", "junit")
    suites = ElementTree.fromstring(text)
    suite = suites[0]
    cases, failed = suite.findall("testcase"), suite.findall("testcase/failure")
    said = "".join(e.text for e in suite.iter() if e.tag in ("failure", "system-out"))
    tap.ok(code == status and int(suite.get("tests")) == len(cases) and int(suite.get("failures")) == len(failed)
           and (len(failed) > 0) == (status == 2), f"{name}: JUnit counts what it holds", text)
    tap.ok(said.count("\n") == len(problems) and len({case.get("name") for case in cases}) == len(cases), f"{name}: JUnit tells all", said)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="ambit check & <") as root:
        folder = os.path.join(root, "documents")
        shutil.copytree(os.path.join(ROOT, "tests", "unit", "policy", "corpus", "language"), folder)
        one_set(tap, folder, "warnings", 0)
        code, text = check(folder, "--strict")
        tap.ok(code == 1 and " warnings" in text, "--strict: warnings are exit 1", text)
        code, text = check(folder, "--strict", "--format", "junit")
        tap.ok(code == 1 and ElementTree.fromstring(text)[0].find("testcase/failure") is not None, "--strict: warnings fail in JUnit")
        code, text = check(folder, "--now", "2031-01-01T00:00:00Z", "--json")
        ids = {p["id"] for p in json.loads(text)["problems"]}
        tap.ok(code == 0 and "policy-expired" in ids, "--now: dates are judged as of then", ids)
        path = os.path.join(folder, "people", "dana.json")
        with open(path, "r+", encoding="utf-8") as f:
            text = f.read().replace('"name": "Dana Reyes"', '"name": "D\u00e4n\u00e4", "emial\\u001b<&>": 1')
            f.seek(0)
            f.write(text)
            f.truncate()
        os.symlink(path, os.path.join(folder, "people", "link.json"))
        code, text = check(folder, "--format", "sarif")
        log = json.loads(text)
        tap.ok(code == 2 and not sarif_faults(log), "errors: SARIF is well made", log)
        region = [r["locations"][0]["physicalLocation"] for r in log["runs"][0]["results"]]
        line = next(text for text in open(path, encoding="utf-8") if "emial" in text)
        columns = [p["region"]["startColumn"] for p in region if "dana" in p["artifactLocation"]["uri"] and "region" in p]
        tap.ok(line.index('"emial') + 1 in columns, "errors: SARIF columns count characters", (columns, line))
        code, text = check(folder, "--format", "junit")
        tap.ok(code == 2 and "link.json" in text and len(ElementTree.fromstring(text)[0].findall("testcase/failure")) >= 2,
               "errors: JUnit holds a file that was not read, and what XML cannot", text)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
