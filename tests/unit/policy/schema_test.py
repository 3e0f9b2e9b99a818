#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: on every document of the corpus the check says what the manifest says, with one message at
the right pointer; and the published JSON Schemas agree with the check, but for the documents whose
fault JSON Schema cannot see, each of which is printed with the reason."""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "corpus")
SCHEMAS = os.path.join(HERE, "..", "..", "..", "policy", "schema")
SUBJECTS = {"person": "subject", "agent": "acme/subject", "service": "subject", "policy": "subject"}
EXAMPLES = os.path.join(HERE, "..", "..", "..", "examples", "policies")
FOLDERS = {"person": "people", "agent": "agents", "service": "services", "policy": "policies"}
LEAST = 40  # documents a kind


def check(tool, kind, files, name):
    """What the check says of each file: {path: answer}."""
    out = subprocess.run([tool, os.path.join(CORPUS, "companions"), kind, name, *files],
                         check=True, stdout=subprocess.PIPE).stdout
    return {answer["file"]: answer for answer in map(json.loads, out.splitlines())}


def schema_accepts(validator, path):
    """A file that is not JSON is refused by whoever applies a schema."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (ValueError, RecursionError):
        return False
    return validator.is_valid(document)


def fault_of(answer, want):
    """None, or how the check's answer differs from the manifest."""
    problems = answer["problems"]
    if answer["ok"] != want["ok"]:
        return "check says ok=%s: %s" % (answer["ok"], problems)
    if want["ok"]:
        return None if not problems else "accepted with %s" % problems
    if len(problems) != 1:
        return "%d messages for one mistake: %s" % (len(problems), problems)
    problem = problems[0]
    if problem["pointer"] != want["pointer"] or want["what"] not in problem["what"]:
        return "another message: %s" % problem
    if problem.get("nearest") != want.get("nearest", problem.get("nearest")):
        return "another nearest spelling: %s" % problem
    if want["pointer"] and (problem["line"] < 1 or problem["column"] < 1):
        return "no position: %s" % problem
    return None


def example_faults(tool, validators):
    """The example set and the language's own example are taken, by check and by schema."""
    faults = []
    for folder in (EXAMPLES, os.path.join(CORPUS, "language"), os.path.join(CORPUS, "companions")):
        answer = json.loads(subprocess.run([tool, folder], check=True, stdout=subprocess.PIPE).stdout)
        faults += [str(problem) for problem in answer["problems"]]
        for kind, validator in validators.items():
            path = os.path.join(folder, FOLDERS[kind])
            faults += [os.path.join(path, name) for name in os.listdir(path)
                       if not name.endswith(".test.json") and not schema_accepts(validator, os.path.join(path, name))]
    return faults


def main():
    try:
        import jsonschema
    except ImportError:
        print("1..0 # SKIP python3-jsonschema is not installed")
        return 0
    tool = sys.argv[1]
    with open(os.path.join(CORPUS, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    failed = number = 0
    silent = []
    validators = {}
    for kind, cases in manifest.items():
        with open(os.path.join(SCHEMAS, kind + ".schema.json"), encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        validators[kind] = validator
        answers = {}
        for name in sorted({want.get("name", SUBJECTS[kind]) for want in cases.values()}):
            files = [os.path.join(CORPUS, kind, case) for case, want in cases.items()
                     if want.get("name", SUBJECTS[kind]) == name]
            answers.update(check(tool, kind, files, name))
        on_disk = set(os.listdir(os.path.join(CORPUS, kind)))
        faults = {} if on_disk == set(cases) else {"manifest": sorted(on_disk ^ set(cases))}
        if len(cases) < LEAST:
            faults["size"] = "only %d documents" % len(cases)
        for case, want in cases.items():
            path = os.path.join(CORPUS, kind, case)
            fault = fault_of(answers[path], want)
            accepted = schema_accepts(validator, path)
            if not fault and accepted != want["ok"] and (want["ok"] or "schema_cannot" not in want):
                fault = "schema says %s" % accepted
            elif not fault and "schema_cannot" in want and not accepted:
                fault = "listed as what JSON Schema cannot say, and it says it"
            elif not fault and "schema_cannot" in want:
                silent.append("%s/%s: %s" % (kind, case, want["schema_cannot"]))
            if fault:
                faults[case] = fault
        number += 1
        failed += bool(faults)
        print("%s %d - %s: %d documents, check and schema" % ("not ok" if faults else "ok", number, kind, len(cases)))
        for case, fault in faults.items():
            print("# %s/%s: %s" % (kind, case, fault))
    faults = example_faults(tool, validators)
    number += 1
    failed += bool(faults)
    print("%s %d - examples, check and schema" % ("not ok" if faults else "ok", number))
    for fault in faults:
        print("# " + fault)
    print("# what JSON Schema cannot say, and the check does:")
    for line in silent:
        print("#   " + line)
    print("1..%d" % number)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
