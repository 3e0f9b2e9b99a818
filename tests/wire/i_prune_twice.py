#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a pruning asked for twice at once is done once; a kill at any moment of one leaves either all rows or a segment that has them;
by record.keep it comes by itself."""
import datetime
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import GONE, Broker, Tap, Threads  # noqa: E402
from pruning import end_all, fill, prune, segments, wait  # noqa: E402


def fill_at_once(broker, n):
    """By four: they share what is written."""
    def some():
        with broker.client() as client:
            return len(fill(client, n // 4))
    assert sum(Threads([some] * 4).join()) == n


def twice(tap, broker):
    """Asked by two at once, one is done; and of several files that have an event the one that the tree has is read."""
    with broker.client() as client, broker.client() as other:
        fill_at_once(broker, 520)
        end_all(client)
        time.sleep(1.1)
        before = list(client.events(after=0))
        said = Threads([lambda c=c: prune(c) for c in (client, other)]).join()
        ranges = [r.json["next"] for r in said if r.status == 202]
        tap.ok(len(ranges) >= 1, "the same prune asked twice at once", said)
        wait(client, lambda t: "writing" not in t and t["deleted_to"] == t["pruned_to"] >= max(ranges))
        told = [(e["detail"]["first"], e["detail"]["next"], e["detail"]["file"]) for e in client.events(type="record.pruned")]
        tap.ok(all(a[1] == b[0] for a, b in zip(told, told[1:])) and all(os.path.exists(os.path.join(broker.state, "segments", t[2])) for t in told),
               "each range is recorded once, and its file is there", told)
        tap.ok(list(client.events(after=0))[:len(before)] == before, "and every event is read")
    folder, (first, _, name) = os.path.join(broker.state, "segments"), told[-1]
    with open(os.path.join(folder, name), "rb") as f:
        bytes_ = f.read()
    at = bytes_.index(b'"seq":')
    stale = os.path.join(folder, f"{first}-{first + 256}.tar")
    tap.ok(not os.path.exists(stale), "a longer one", stale)
    with open(stale, "wb") as f:
        f.write(bytes_[:at] + b'"SEQ":' + bytes_[at + 6:])
    tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "a file of a try that was not recorded is in nobody's way")
    broker.start()
    with broker.client() as client:
        tap.ok(list(client.events(after=0))[:len(before)] == before, "and read past")
    os.unlink(stale)


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def killed(tap, broker):
    """Three ranges that are old at once, of which each is killed at another moment."""
    ends = []
    with broker.client() as client:
        for _ in range(3):
            fill_at_once(broker, 260)
            ends.append(now())
        end_all(client)
    time.sleep(1.1)
    for i, end in enumerate(ends):
        with broker.client() as client:
            begun = prune(client, before=end)
            tap.ok(begun.status == 202, "begun", begun)
            if i % 2:
                wait(client, lambda t, n=begun.json["next"]: t["pruned_to"] == n)
            time.sleep(0.01 * i)
        broker.kill()
        code, said = broker.verify()
        tap.ok(code == 0 and "unread" not in said, "killed in the midst: the record holds", said)
        broker.start()
    with broker.client() as client:
        told = wait(client, lambda t: t["deleted_to"] == t["pruned_to"])
        tap.ok(told["deleted_to"] == told["pruned_to"], "what was begun is finished by the next start", told)
        seqs = [e["seq"] for e in client.events(after=0)]
        tap.ok(seqs == list(range(seqs[0], seqs[0] + len(seqs))) and len(seqs) > 1000, "no event is missing", (seqs[:3], len(seqs)))


def by_itself(tap, broker):
    """What is older than record.keep goes soon after a start, and then once a day; nobody asked."""
    with broker.client() as client:
        fill_at_once(broker, 260)
        end_all(client)
        before = segments(client)["pruned_to"]
    tap.ok(broker.stop() == 0, "stopped")
    time.sleep(1.1)
    broker.config["record"]["keep"] = "1s"
    broker.start()
    with broker.client() as client:
        told = wait(client, lambda t: t["pruned_to"] > before and t["deleted_to"] == t["pruned_to"])
        tap.ok(told["deleted_to"] == told["pruned_to"] > before, "record.keep prunes by itself", (before, told))
        event = list(client.events(type="record.pruned"))[-1]
        tap.ok(event["words"] == "record.keep" and "person" not in event and event["detail"]["next"] == told["pruned_to"],
               "and the record says why, and that nobody asked", event)
        fill_at_once(broker, 260)
        end_all(client)
        time.sleep(1.2)
        tap.ok(segments(client)["pruned_to"] == told["pruned_to"], "and not again the same day")


def main():
    tap = Tap()
    with Broker(config={"record": {"least_age": "1s"}}) as broker:
        twice(tap, broker)
        killed(tap, broker)
        by_itself(tap, broker)
        tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "and verifies")
    return tap.done()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GONE as err:
        print(f"Bail out! {err!r}")
        raise
