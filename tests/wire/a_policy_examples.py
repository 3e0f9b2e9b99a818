#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the documents of policy/README.md and of examples/ pass `ambit policy check` as they stand, and the
mistake it shows is found."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import BUILD, ROOT, SLOW, Tap  # noqa: E402

BLOCK = re.compile(r"^`((?:people|agents|services|policies)/[\w.-]+\.json)`\n```json\n(.*?)^```$", re.M | re.S)


def check(folder):
    done = subprocess.run([os.path.join(BUILD, "ambit"), "policy", "check", folder, "--json"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60 * SLOW)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def main():
    tap = Tap()
    with open(os.path.join(ROOT, "policy", "README.md"), encoding="utf-8") as f:
        blocks = BLOCK.findall(f.read())
    with tempfile.TemporaryDirectory() as folder:
        for path, text in blocks:
            os.makedirs(os.path.join(folder, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(folder, path), "w", encoding="utf-8") as f:
                f.write(text)
        kinds = sorted({path.split("/")[0] for path, _ in blocks})
        tap.ok(kinds == ["agents", "people", "policies", "services"], "the reference has documents of every kind", blocks)
        status, said = check(folder)
        others = [p for p in said["problems"] if p["id"] != "policy-without-tests"]
        tap.ok(status == 0 and said["ok"] and not others, "its documents pass the check", said)
        with open(os.path.join(folder, "people", "dana.json"), "r+", encoding="utf-8") as f:
            text = f.read().replace('"email"', '"emial"')
            f.seek(0)
            f.write(text)
        status, said = check(folder)
        wrong = [p for p in said["problems"] if p["severity"] == "error"]
        tap.ok(status == 2 and wrong[0]["pointer"] == "/emial" and wrong[0]["nearest"] == "email", "the mistake of its first lines is found as it says", said)
    status, said = check(os.path.join(ROOT, "examples", "policies"))
    tap.ok(status == 0 and said["ok"], "examples/policies passes", said)
    with tempfile.TemporaryDirectory() as folder:
        for example in ("policies", "workloads"):
            for kind in kinds:
                if os.path.isdir(os.path.join(ROOT, "examples", example, kind)):
                    shutil.copytree(os.path.join(ROOT, "examples", example, kind), os.path.join(folder, kind), dirs_exist_ok=True)
        status, said = check(folder)
        tap.ok(status == 0 and said["ok"], "examples/workloads passes beside examples/policies", said)
    sets = os.path.join(ROOT, "examples", "sets")
    names = sorted(n for n in os.listdir(sets) if os.path.isdir(os.path.join(sets, n)))
    tap.ok(len(names) >= 5, "at least five sets to copy from", names)
    for folder in [os.path.join(ROOT, "examples", "policies")] + [os.path.join(sets, n) for n in names]:
        name = os.path.basename(folder)
        status, said = check(folder)
        # One is told, and meant: the page of the set says so.
        others = [p for p in said["problems"] if (name, p["id"]) != ("support", "order-matters")]
        tap.ok(status == 0 and said["ok"] and not others, f"{name}: passes without a warning", others)
        done = subprocess.run([os.path.join(BUILD, "ambit"), "policy", "test", folder, "--min-coverage", "100", "--json"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60 * SLOW)
        tap.ok(done.returncode == 0, f"{name}: its tests pass and reach every rule and hard stop", done.stdout + done.stderr)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
