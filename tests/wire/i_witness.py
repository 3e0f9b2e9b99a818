#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: COS-1, COS-2: witnesses cosign what the broker publishes, through restarts and their own failures, one that
saw more than there is says so, and none of them keeps anybody waiting."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap  # noqa: E402
from witness import Witness  # noqa: E402

LISTEN = [{"address": "127.0.0.1:0"}]
WAIT_S = 40  # a hang guard: a second or two is usual


def until(what):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    return None


class Rig:
    def __init__(self, broker, tap):
        self.broker, self.tap = broker, tap

    def get(self, path):
        with self.broker.client() as client:
            return client.call("GET", path)

    def news(self):
        """Something more in the record; its size."""
        with self.broker.client() as client:
            client.token()
            return sum(1 for _ in client.events())

    def witnessed(self, witness, least):
        def look():
            answer = self.get("/log/witnessed")
            size = witness.signed(answer.body.decode()) if answer.status == 200 else None
            return size if size and size >= least else None
        return until(look)

    def doctor(self):
        """What `ambit doctor` says of each witness."""
        done = self.broker.ambit("doctor", "--json", "--url", f"http://127.0.0.1:{self.broker.port}")
        return {row["saw"].split(" ")[0]: row for row in json.loads(done.stdout)["checks"] if row["check"] == "witness"}

    def said(self, words):
        return until(lambda: words.encode() in self.broker.said())


def cosigned(rig, good, other):
    tap = rig.tap
    good.logs.append(rig.get("/log/key").body.decode().strip())
    least = rig.news()
    size = rig.witnessed(good, least)
    tap.ok(size, "COS-1: a checkpoint with the cosignature of a witness is served, and the signature holds", rig.get("/log/witnessed"))
    tap.ok(good.asked[0].startswith("old 0\n\n"), "COS-2: a witness that saw nothing is asked from size 0", good.asked[0])
    tap.ok(rig.said("does not know the log") and not rig.witnessed_by(other), "COS-2: one that does not know the log does not cosign, and the log says so", other.asked[-1:])
    rows = rig.doctor()
    tap.ok(rows[good.name]["state"] == "ok" and rows[other.name]["state"] == "warn" and "nothing since the start" in rows[other.name]["saw"], "ambit doctor names the one that is silent", rows)
    other.logs.append(good.logs[0])
    rig.news()
    proved = until(lambda: [body for body in good.asked if not body.startswith("old 0\n") and body.split("\n")[1]])
    tap.ok(proved and rig.witnessed(good, size + 1), "COS-2: the next with a consistency proof", good.asked[-1])
    metrics = rig.get("/metrics").body.decode()
    tap.ok(f'ambit_log_witnessed_size{{witness="{good.name}"}} {good.seen[list(good.seen)[0]][0]}' in metrics
           and f'ambit_log_witness_failures_total{{witness="{other.name}"}}' in metrics, "and /metrics says how far", metrics[-900:])

    def both():
        rig.news()
        text = rig.get("/log/witnessed").body.decode()
        return good.signed(text) and other.signed(text)

    tap.ok(until(both), "COS-1: two witnesses under one checkpoint", rig.get("/log/witnessed"))
    tap.ok(all(row["state"] == "ok" and "cosigned" in row["saw"] for row in rig.doctor().values()), "and ambit doctor is content", rig.doctor())


def moods(rig, good, other):
    tap = rig.tap
    wanted = ((good, "error", "it answers with an error"), (other, "forged", "no cosignature of this checkpoint"))
    seen = [rig.broker.said().count(words.encode()) for _, _, words in wanted]
    for witness, mood, _ in wanted:
        witness.mood = mood
    least = rig.news()
    for (witness, mood, words), before in zip(wanted, seen):
        tap.ok(until(lambda words=words, before=before: rig.broker.said().count(words.encode()) > before),
               f"COS-2: a witness that is {mood}: not believed, and said", witness.asked[-1])
        witness.mood = None
    for witness, mood, _ in wanted:
        tap.ok(rig.witnessed(witness, least), f"and after {mood} it cosigns again", witness.asked[-1])
    good.mood = "slow"
    least = rig.news()
    begun = time.monotonic()
    answer = rig.get("/log/checkpoint")
    with rig.broker.client() as client:
        token = client.token()
    tap.ok(answer.status == 200 and token.status == 200 and time.monotonic() - begun < 30, "a slow witness keeps nobody waiting", answer)
    tap.ok(rig.witnessed(good, least), "and its word comes later", good.asked[-1])
    good.mood = None


def restarts(rig, good):
    tap, broker = rig.tap, rig.broker
    broker.kill()
    broker.start()
    least = rig.news()
    tap.ok(rig.witnessed(good, least), "COS-2: after a kill the broker learns from 409 what the witness has seen", good.asked[-2:])
    origin = list(good.seen)[0]
    good.seen[origin] = (10 ** 6, b"x" * 32)
    rig.news()
    tap.ok(rig.said("it has seen more of this log than there is"), "COS-2: a witness that saw more than there is: said for what it may be", good.asked[-1])
    tap.ok(broker.stop() == 0, "and the broker stops in order")


def main():
    tap = Tap()
    good, other = Witness(), Witness("witness.example/two")
    try:
        with Broker(config={"listen": LISTEN, "log": {"witnesses": [good.config(), other.config()]}}) as broker:
            rig = Rig(broker, tap)
            rig.witnessed_by = lambda witness: (lambda a: a.status == 200 and witness.signed(a.body.decode()))(rig.get("/log/witnessed"))
            cosigned(rig, good, other)
            moods(rig, good, other)
            restarts(rig, good)
        plain = good.vkey.replace(good.id.hex(), "00000000")
        with Broker(config={"listen": LISTEN, "log": {"witnesses": [{**good.config(), "vkey": plain}]}}, start=False) as broker:
            served = broker.start(is_expected_to_serve=False)
            tap.ok(not served and b"no verifier key of a cosigner" in broker.said(), "COS-1: a key that is none: refused at the start, in words", broker.said()[-600:])
    finally:
        good.close()
        other.close()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
