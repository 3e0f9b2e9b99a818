#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: oauth4webapi, unmodified and pinned, does its work against a running broker (client.mjs)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from broker import Broker  # noqa: E402
from stock import node_suite  # noqa: E402

if __name__ == "__main__":
    with Broker() as started:
        sys.exit(node_suite("client.mjs", started))
