#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: no request begun after a stop was acknowledged is granted or allowed, over many stops raised
under load; and what was given before is dead the moment the stop is answered."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import LONG, SANITIZER, Broker, Tap, Threads  # noqa: E402

STOPS = {"": 100, "address": 100, "thread": 30}[SANITIZER] * (10 if LONG else 1)
ASKERS = 8


class Log:
    """(begun, ended, given) of every request, per thread; times of one monotonic clock."""

    def __init__(self):
        self.rows, self.wrong = [], []

    def add(self, begun, given, what):
        self.rows.append((begun, time.monotonic(), given, what))


def ask(broker, over, log):
    with broker.client() as client:
        token = None
        while not over.is_set():
            begun = time.monotonic()
            answer = client.token()
            if answer.status == 200:
                token = answer.json["access_token"]
            elif answer.status != 400 or answer.json.get("ambit_reason") != "stopped":
                log.wrong.append(("token", answer))
            log.add(begun, answer.status == 200, "token")
            if token is None:
                continue
            begun = time.monotonic()
            answer = client.evaluate(token)
            if answer.status != 200:
                log.wrong.append(("decision", answer))
                continue
            log.add(begun, answer.json["decision"], "decision")
            begun = time.monotonic()
            answer = client.introspect(token)
            log.add(begun, answer.json.get("active", False), "introspection")


def raise_stops(broker, windows, problems):
    """Stop, look, clear, again; the spans between answer of the stop and request of the clear."""
    with broker.client() as client, broker.client() as bearer:
        for n in range(STOPS):
            held = bearer.token()
            if held.status != 200:
                problems.append(("no token before stop", n, held))
                continue
            token = held.json["access_token"]
            answer = client.stop("agent:remediator", reason=f"stop {n}")
            acknowledged = time.monotonic()
            if answer.status != 201 or answer.json["state"] != "in_force" or answer.json["recorded"] != "yes":
                problems.append(("stop", n, answer))
                continue
            if bearer.introspect(token).json != {"active": False}:
                problems.append(("active after the stop", n))
            decided = bearer.evaluate(token)
            if decided.json["decision"] or decided.json["context"]["reason"] != "stopped":
                problems.append(("decided after the stop", n, decided))
            if bearer.token().status == 200:
                problems.append(("granted after the stop", n))
            time.sleep(0.01)
            cleared = time.monotonic()
            windows.append((acknowledged, cleared))
            answer = client.clear(answer.json["stop"])
            if answer.status != 200:
                problems.append(("clear", n, answer))
                return
            if bearer.introspect(token).json != {"active": False}:
                problems.append(("revived by the clear", n))
            time.sleep(0.005)


def main():
    tap, over, windows, problems = Tap(), threading.Event(), [], []
    with Broker() as broker:
        logs = [Log() for _ in range(ASKERS)]
        askers = Threads([lambda log=log: ask(broker, over, log) for log in logs])
        time.sleep(0.2)
        raise_stops(broker, windows, problems)
        over.set()
        askers.join()
        rows = [row for log in logs for row in log.rows]
        wrong = [w for log in logs for w in log.wrong]
        # What is answered only after the clear was asked for may have been decided after it.
        late = [(what, begun - acked) for begun, ended, given, what in rows if given
                for acked, cleared in windows if acked < begun and ended < cleared]
        given = sum(1 for row in rows if row[2])
        within = sum(1 for begun, *_ in rows for acked, cleared in windows if acked < begun < cleared)
        tap.note(f"{len(windows)} stops, {len(rows)} requests, {given} given, {within} begun while a stop held")
        tap.ok(len(windows) == STOPS and not problems, f"{STOPS} stops are raised and cleared as asked", problems[:5])
        tap.ok(not late, "nothing begun after a stop was answered was given", late[:10])
        tap.ok(not wrong, "every other answer is `stopped`", wrong[:5])
        tap.ok(given > STOPS and within > STOPS, "there was load, before and while a stop held", (given, within))
        with broker.client() as client:
            types = [e["type"] for e in client.events()]
        tap.ok(types.count("stop.raised") == STOPS and types.count("stop.cleared") == STOPS, "every stop and clear is in the record",
               (types.count("stop.raised"), types.count("stop.cleared")))
        tap.ok(broker.stop() == 0, "it stops in order")
        status, said = broker.verify()
        tap.ok(status == 0, "the record verifies", said)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
