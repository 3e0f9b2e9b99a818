#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: openid-client, unmodified and pinned, does its work against a running broker, over TLS
(openid_client.mjs)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from family import Family  # noqa: E402
from stock import TlsBroker, node_suite  # noqa: E402

if __name__ == "__main__":
    with TlsBroker() as started, started.client() as people:
        Family(started, people)
        sys.exit(node_suite("openid_client.mjs", started))
