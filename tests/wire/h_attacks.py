#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: hostile requests get nothing, and cost the next caller nothing. Every row of the tables in attacks/ names
the requirement or the attack, what is sent and what must come back; after each a good request of every kind is
served: a token by key, its introspection, a decision. At the end the record holds, and gives nothing that was
not answered."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from attacks import World, decisions, endpoint, exchange, jose, matches, transport  # noqa: E402
from broker import Broker, Tap  # noqa: E402

GROUPS = {"jose": jose, "endpoint": endpoint, "exchange": exchange, "decisions": decisions, "transport": transport}


def battery(tap, world, group, rows):
    n = 0
    for name, send, want in rows:
        n += 1
        answer = send(world)
        if getattr(answer, "headers", {}).get("Connection") == "close":
            world.client.close()
        trouble = world.good()
        tap.ok(matches(answer, want) and trouble is None, f"{group}: {name}: {want}", f"{answer}\nafterwards {trouble or 'fine'}")
    return n


def main():
    tap, n = Tap(), 0
    with Broker() as broker, broker.client() as client:
        world = World(broker, client)
        for group, module in GROUPS.items():
            n += battery(tap, world, group, module.rows(world))
        tap.ok(n >= 250, f"{n} attacks, at least 250")
        refused = sum(e["type"] == "identity.refused" for e in client.events(type="identity.refused"))
        tap.ok(refused <= 5, "who does not prove himself makes no event of his own", refused)
        tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "ambit verify passes")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
