#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: oauth4webapi, unmodified and pinned, does its work against a running broker (client.mjs)."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

from broker import Broker, skip_all  # noqa: E402
from node import node_for  # noqa: E402


def main():
    node = node_for(HERE)
    if not node:
        skip_all("no Node 20 with npm, or the client cannot be installed")
    with Broker() as broker:
        env = {**os.environ, "AMBIT_URL": f"http://127.0.0.1:{broker.port}",
               "AMBIT_CREDENTIALS": os.path.join(broker.state, "credentials")}
        return subprocess.run([node, os.path.join(HERE, "client.mjs")], env=env, timeout=120, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
