#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: openid-client, unmodified and pinned, does its work against a running broker, over TLS
(openid_client.mjs)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from family import Family  # noqa: E402
from stock import TlsBroker, node_suite  # noqa: E402


def closing(broker):
    """A policy of tier high, whose tokens are bound, for `reporter`, who has a key."""
    policy = broker.document("policies/read-tickets")
    rule = {**policy["allow"][0], "actions": ["ticket.close"], "bind": ["dpop"]}
    broker.propose("policies/close-tickets", {**policy, "policy": "close-tickets", "tier": "high", "allow": [rule]})
    agent = broker.document("agents/reporter")
    broker.propose("agents/reporter", {**agent, "policies": [*agent["policies"], "close-tickets"]})


if __name__ == "__main__":
    with TlsBroker() as started, started.client() as people:
        closing(started)
        Family(started, people)
        sys.exit(node_suite("openid_client.mjs", started))
