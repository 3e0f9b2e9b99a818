#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: kill -9 at random moments under 8 writers loses nothing that a client saw answered, and the
record verifies each time. (kill -9 proves atomicity; power.py and flush_trace.py durability.)

  kill.py [KILLS [SEED]]"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap  # noqa: E402
from load import Load  # noqa: E402

ROUNDS_A_STATE = 20


def last_sequence(broker):
    return broker.verify()[1].get("events", 0)


def one_round(broker, dice, after, missing):
    """Load, kill, verify, start, compare. What was answered and the last event then."""
    load = Load(broker, seed=dice.randrange(1 << 30))
    time.sleep(dice.uniform(0.02, 0.5))
    broker.kill()
    seen = load.stop()
    status, answer = broker.verify()
    broker.start()
    with broker.client() as client:
        events = list(client.events(after=after))
    missing += seen.missing(events)
    return seen, status, answer, events[-1]["seq"] if events else after


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    tap, dice = Tap(), random.Random(seed)
    tap.note(f"seed {seed}")
    answered, missing, unverified, empty, done = 0, [], [], 0, 0
    while done < kills:
        with Broker() as broker:
            after = 0
            for _ in range(min(ROUNDS_A_STATE, kills - done)):
                seen, status, answer, after = one_round(broker, dice, after, missing)
                answered += len(seen.facts)
                empty += not seen.facts
                done += 1
                if status != 0:
                    unverified.append((done, answer))
            broker.stop()
            status, answer = broker.verify()
            if status != 0:
                unverified.append((f"in order after {done}", answer))
    tap.note(f"{kills} kills, {answered} answers, {empty} rounds too short for one")
    tap.ok(not missing, f"TOK-10 after {kills} kills every answer is in the record", missing[:20])
    tap.ok(not unverified, f"after each of {kills} kills the record verifies", unverified[:5])
    tap.ok(empty * 5 < kills and answered > kills * 8, "the kills met work in flight", (empty, answered))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
