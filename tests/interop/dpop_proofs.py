#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: proofs of the stock `dpop` package, right ones taken and bent ones refused (dpop.mjs)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from stock import TlsBroker, node_suite  # noqa: E402

if __name__ == "__main__":
    with TlsBroker() as started:
        sys.exit(node_suite("dpop.mjs", started))
