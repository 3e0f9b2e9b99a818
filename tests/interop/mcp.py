#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the stock MCP SDK, client and server, works with a running broker between them (mcp.mjs)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from broker import Broker  # noqa: E402
from stock import LOOPBACK, free_port, node_suite, reload, with_service  # noqa: E402


def main():
    port = free_port()
    with Broker() as broker:
        audience = f"{LOOPBACK}:{port}/mcp"
        with_service(broker, "tools", audience, ["ticket:**"])
        policy = broker.document("policies/read-tickets")
        broker.propose("policies/read-tickets", {**policy, "audiences": [*policy["audiences"], audience]})
        reload(broker)
        return node_suite("mcp.mjs", broker, AMBIT_MCP_PORT=str(port))


if __name__ == "__main__":
    sys.exit(main())
