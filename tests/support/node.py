# SPDX-License-Identifier: Apache-2.0
"""Node and the packages of a folder, pinned by its package-lock.json."""
import os
import subprocess
import sys

from broker import ROOT


def node_for(folder):
    """The Node to run with, the folder's packages installed; None with words on standard error."""
    found = subprocess.run([os.path.join(ROOT, "tests/support/node.sh"), "--npm"], stdout=subprocess.PIPE, check=False)
    if found.returncode:
        return None
    done = subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=folder, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    return found.stdout.decode().strip() if done.returncode == 0 else None
