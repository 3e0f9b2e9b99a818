#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: oauth4webapi, unmodified and pinned, does its work against a running broker (client.mjs)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from broker import Broker  # noqa: E402
from stock import node_suite  # noqa: E402



def let_delegate(broker):
    """remediator may hand what it reads of tickets on to reporter."""
    policy = broker.document("policies/read-tickets")
    policy["allow"][0]["delegation"] = {"depth": 1}
    broker.propose("policies/read-tickets", policy)
    broker.propose("agents/remediator", {**broker.document("agents/remediator"), "delegates_to": ["reporter"]})
    with broker.client() as client:
        answer = client.person("lee", "POST", "/v1/documents/reload")
        if answer.status != 200:
            raise RuntimeError(f"not taken up: {answer}")


if __name__ == "__main__":
    with Broker() as started:
        let_delegate(started)
        sys.exit(node_suite("client.mjs", started))
