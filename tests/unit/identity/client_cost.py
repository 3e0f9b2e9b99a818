#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: CLI-3 a client that is not there is turned away at the same cost as one whose proof is wrong: the
instructions of identity_client() are counted (valgrind), so that no clock and no neighbour has a say."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support"))
from broker import BUILD, Tap, skip_all  # noqa: E402

# Each further way in of a client is one comparison more: `remediator` has three, `payments-api` one.
PAIRS = [("secret-of-one", "secret-nobody-else", 0.005), ("secret-wrong", "secret-nobody", 0.1),
         ("key-wrong", "key-nobody", 0.01), ("key-wrong", "key-none", 0.01)]


def cost(case):
    """Instructions within identity_client() over all calls of the case."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=identity_client", f"--callgrind-out-file={folder}/out",
             os.path.join(BUILD, "tests/unit/identity/client_cost"), case],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise RuntimeError(f"{case}: {done.returncode} {done.stderr[-2000:]}")
    return int(found[1])


def main():
    if not shutil.which("valgrind"):
        skip_all("no valgrind")
    tap = Tap()
    costs = {case: cost(case) for case in sorted({name for one, other, _ in PAIRS for name in (one, other)})}
    tap.note(", ".join(f"{case} {instructions}" for case, instructions in costs.items()))
    for one, other, bound in PAIRS:
        ratio = costs[other] / costs[one]
        tap.ok(abs(ratio - 1) <= bound, f"CLI-3 {other} / {one} = {ratio:.4f}, at most {bound:.1%} apart", costs)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
