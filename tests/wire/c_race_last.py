#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: 64 clients race for the last of 20 allowed actions: exactly one gets it, 20 are allowed in
the record; and the same when the broker is killed in the middle of the window."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import GONE, RESTART_SCOPE, STAGING, Broker, Tap, Threads  # noqa: E402

CLIENTS, ALLOWED = 64, 20


def restart(client, token):
    return client.evaluate(token, "service.restart", STAGING)


def race(broker, token):
    """64 connections, opened and warm, ask at once; the answers."""
    gate = threading.Barrier(CLIENTS)

    def one():
        with broker.client() as client:
            client.call("GET", "/healthz")
            gate.wait()
            return restart(client, token)

    return Threads([one] * CLIENTS).join()


def allowed_in_record(broker):
    with broker.client() as client:
        return sum(1 for e in client.events() if e["type"] == "action.allowed")


def judge(tap, broker, answers, left, name):
    wrong = [a for a in answers if a.status != 200]
    given = [a for a in answers if a.status == 200 and a.json["decision"]]
    reasons = {a.json["context"]["reason"] for a in answers if a.status == 200 and not a.json["decision"]}
    tap.ok(not wrong, f"{name}: every client is answered", wrong[:3])
    tap.ok(len(given) == left, f"{name}: exactly {left} of {CLIENTS} allowed", len(given))
    tap.ok("limit_exceeded" in reasons and reasons <= {"limit_exceeded", "inactive", "stopped", "hard_stop"},
           f"{name}: the others are told why", reasons)
    tap.ok(allowed_in_record(broker) == ALLOWED, f"{name}: {ALLOWED} allowed in the record", allowed_in_record(broker))


def plain(tap):
    with Broker() as broker, broker.client() as client:
        token = client.token(RESTART_SCOPE).json["access_token"]
        first = [restart(client, token) for _ in range(ALLOWED - 1)]
        tap.ok(all(a.status == 200 and a.json["decision"] for a in first), f"{ALLOWED - 1} actions are allowed",
               [a for a in first if a.status != 200 or not a.json["decision"]][:3])
        judge(tap, broker, race(broker, token), 1, "the last")
        broker.stop()
        tap.ok(broker.verify()[0] == 0, "the record verifies", broker.verify())


def after_a_kill(tap):
    """Half the window is used, the broker dies under load; the counter is what the record says."""
    with Broker() as broker:
        with broker.client() as client:
            token = client.token(RESTART_SCOPE).json["access_token"]
            for _ in range(5):
                restart(client, token)
        answered, gone = [], threading.Event()

        def until_gone():
            try:
                with broker.client() as client:
                    for _ in range(3):
                        answered.append(restart(client, token))
                        gone.set()
            except GONE:
                pass

        threads = Threads([until_gone] * 3)
        gone.wait(10)
        broker.kill()
        threads.join()
        tap.ok(broker.verify()[0] == 0, "after kill -9 the record verifies", broker.verify())
        broker.start()
        used = allowed_in_record(broker)
        seen = 5 + sum(1 for a in answered if a.status == 200 and a.json["decision"])
        tap.ok(seen <= used <= ALLOWED, "what was answered before the kill is in the record", (seen, used))
        judge(tap, broker, race(broker, token), ALLOWED - used, "after kill -9")
        broker.stop()
        tap.ok(broker.verify()[0] == 0, "and the record verifies", broker.verify())


def main():
    tap = Tap()
    plain(tap)
    after_a_kill(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
