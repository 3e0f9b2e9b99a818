#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a search index that is torn up, while the broker is down or up, costs nothing but its building: the broker starts, says so,
builds it again and answers as before; where damage ends the process it ends in words, and the next start is well."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import GONE, SLOW, Broker, Tap, claims  # noqa: E402

PAGE = 4096
QUERIES = ("/v1/trace/agent:remediator", "/v1/events?agent=remediator&type=grant.issued&limit=1000", "/v1/events?agent=reporter&limit=1000")


def path_of(broker):
    return os.path.join(broker.state, "search", "data.mdb")


def figure(client, name):
    for line in client.call("GET", "/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    return None


def answers(client):
    """What was asked in a record that grows by the asking: but for the readings, the same each time."""
    return [[e["seq"] for e in client.person("dana", "GET", query).json["events"] if e["type"] != "person.read"] for query in QUERIES]


def caught_up(client):
    end = time.monotonic() + 60 * SLOW
    while figure(client, "ambit_search_behind_events") > 8 and time.monotonic() < end:
        time.sleep(0.1)
    return figure(client, "ambit_search_behind_events") <= 8


def tear(broker, first=2):
    with open(path_of(broker), "r+b") as f:
        end = f.seek(0, os.SEEK_END)
        f.seek(first * PAGE)
        f.write(b"\xff" * (end - first * PAGE))


def until(is_so):
    end = time.monotonic() + 60 * SLOW
    while not is_so() and time.monotonic() < end:
        time.sleep(0.1)
    return is_so()


def begin(broker, want, tap, what):
    """After a damage that was met in whatever way: the next start, or this one, is well."""
    if broker.process.poll() is not None:
        tap.ok(broker.process.returncode == 1 and b"the search index is damaged" in broker.said(), f"{what}: the broker ends in words", (broker.process.returncode, broker.said()[-300:]))
        broker.process = None
        broker.start()
    with broker.client() as client:
        tap.ok(caught_up(client) and answers(client) == want, f"{what}: it answers as before", figure(client, "ambit_search_behind_events"))
        tap.ok(client.token().status == 200, f"{what}: and grants")


def down(tap, broker, want):
    for name, first in (("all but the roots", 2), ("all of it", 0)):
        tap.ok(broker.stop() == 0, "stopped")
        tear(broker, first)
        begun = len(broker.said())
        broker.start()
        with broker.client() as client:
            tap.ok(caught_up(client) and answers(client) == want, f"torn up while down, {name}: built again, and the answers are the same")
            tap.ok(figure(client, "ambit_search_rebuilt_total") == 1 and b"the search index was damaged" in broker.said(begun), "the broker says so", broker.said(begun)[-300:])


def up(tap, broker, want):
    with broker.client() as client:
        tear(broker)
        try:
            client.person("dana", "GET", QUERIES[0])
            until(lambda: broker.process.poll() is not None or figure(client, "ambit_search_rebuilt_total") > 0)
        except (OSError, *GONE):
            until(lambda: broker.process.poll() is not None)
    begin(broker, want, tap, "torn up while up")


def cut(tap, broker, want):
    with broker.client() as client:
        os.truncate(path_of(broker), 2 * PAGE)
        try:
            client.person("dana", "GET", QUERIES[0])
        except (OSError, *GONE):
            pass
        until(lambda: broker.process.poll() is not None)
    tap.ok(broker.process.poll() == 1 and not os.path.exists(path_of(broker)), "cut short while up: the file is taken away", broker.process.poll())
    begin(broker, want, tap, "cut short while up")


def main():
    tap = Tap()
    with Broker() as broker:
        with broker.client() as client:
            for _ in range(40):
                client.token()
            client.clear(client.stop("agent:reporter").json["stop"])
            tap.ok(claims(client.token().json["access_token"])["jti"] and caught_up(client), "a record, and its index")
            want = answers(client)
            tap.ok(all(want), "every query finds something", [len(w) for w in want])
            tap.ok(figure(client, "ambit_search_held") == 0 and figure(client, "ambit_search_bytes") > 0, "and the metrics say that all is well")
        down(tap, broker, want)
        with broker.client() as client:
            want = answers(client)
        up(tap, broker, want)
        with broker.client() as client:
            want = answers(client)
        cut(tap, broker, want)
        tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "the record verifies, and the index with it")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
