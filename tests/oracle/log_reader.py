#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: what a running broker publishes of its record verifies for a reader that shares nothing with it
(tlog.py), through load, kill -9 and restart; and that reader agrees with logs of others (vectors)."""
import base64
import json
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)
from broker import ROOT, Broker, Tap  # noqa: E402
import tlog  # noqa: E402

VECTORS = os.path.join(os.environ.get("AMBIT_VECTORS") or os.path.join(ROOT, "../shared/vectors"), "tlog")
NEWS_S = 20  # a checkpoint a second is promised; a hang guard


def vectors(tap):
    if not os.path.isdir(VECTORS):
        if os.environ.get("CI") == "true":
            tap.ok(False, "NOT-1 CKP-1: the vectors are there", VECTORS)
        else:
            tap.skip("NOT-1 CKP-1: a log from outside", "no vectors")
        return
    with open(os.path.join(VECTORS, "README.json"), encoding="utf-8") as f:
        vkey = json.load(f)["tessera_log"]["vkey"]
    for size in range(8):
        with open(os.path.join(VECTORS, "tessera-log", f"checkpoint.{size}"), encoding="utf-8") as f:
            _, said, root = tlog.checkpoint(f.read(), vkey)
        def get(_, size=size):
            with open(os.path.join(VECTORS, "tessera-log/entries", str(size)), "rb") as f:
                return f.read()
        leaves = [tlog.leaf(entry) for entry in tlog.entries(get, size)]
        tap.ok(said == size and root == tlog.root(leaves), f"NOT-3 CKP-1 TIL-3 MRK-1: the reader agrees with a log from outside at size {size}")


class Log:
    """The log of a broker, as an auditor fetches it."""

    def __init__(self, broker):
        self.broker = broker
        with broker.client() as client:
            self.vkey = client.call("GET", "/log/key").body.decode()

    def get(self, path):
        with self.broker.client() as client:
            answer = client.person("dana", "GET", "/log/" + path)
        if answer.status != 200:
            raise ValueError(f"/log/{path}: {answer}")
        return answer.body

    def checkpoint(self, least=0):
        """The first that covers so many entries."""
        until = time.monotonic() + NEWS_S
        while True:
            with self.broker.client() as client:
                note = client.call("GET", "/log/checkpoint").body.decode()
            origin, size, root = tlog.checkpoint(note, self.vkey)
            if size >= least or time.monotonic() > until:
                return origin, size, root
            time.sleep(0.05)

    def leaves(self, size):
        return [tlog.leaf(entry) for entry in tlog.entries(self.get, size)]


def work(broker, n):
    with broker.client() as client:
        token = client.token().json["access_token"]
        for _ in range(n):
            client.evaluate(token)


def size_of(broker):
    with broker.client() as client:
        return client.person("dana", "GET", "/v1/events?limit=1&form=leaf").json["events"] and sum(1 for _ in client.events())


def live(tap):
    with Broker() as broker:
        work(broker, 300)
        log = Log(broker)
        events = size_of(broker)
        seen = [log.checkpoint(events)]
        origin, size, root = seen[0]
        leaves = log.leaves(size)
        tap.ok(size >= events and tlog.root(leaves) == root, "CKP-1 TIL-1 TIL-3: the entries of a running broker have the root that it signed", (size, events))
        with broker.client() as client:
            rows = client.person("dana", "GET", "/v1/events?form=leaf&limit=300").json["events"]
        tap.ok([tlog.leaf(base64.b64decode(row["bytes"])) for row in rows] == leaves[:len(rows)], "TIL-3: an entry is what was hashed of the event")

        busy = [threading.Thread(target=work, args=(broker, 400)) for _ in range(4)]
        for thread in busy:
            thread.start()
        for _ in range(5):
            seen.append(log.checkpoint(seen[-1][1] + 1))
        for thread in busy:
            thread.join()
        broker.kill()
        broker.start()
        work(broker, 5)
        seen.append(log.checkpoint(seen[-1][1] + 1))
        leaves = log.leaves(seen[-1][1])
        sizes = [size for _, size, _ in seen]
        tap.ok(all(tlog.root(leaves[:size]) == root for _, size, root in seen) and sizes == sorted(sizes) and {o for o, _, _ in seen} == {origin},
               "CKP-2: every checkpoint seen, under load and past a kill, is a prefix of the last", sizes)


def main():
    tap = Tap()
    vectors(tap)
    live(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
