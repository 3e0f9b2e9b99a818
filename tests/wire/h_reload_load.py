#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: documents are taken up under load as a whole. While two sets take turns, no token is refused that both give,
and no decision is made on a mixture: what each event was decided by belongs to the set that the event names.

In one set `restart-services` gives its rule for a batch of at most 10, in the other by another rule for one of at
least 20; the agent's description changes with it, so that a mixture would be seen in either."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import SLOW, STAGING, Broker, Tap, Threads  # noqa: E402

TURNS, WORKERS = 24, 6
SCOPE = "service.restart[svc:staging/**]"
WHEN = {"small": {"batch": {"max": 10}}, "large": {"batch": {"min": 20}}}
BATCH = {"small": 5, "large": 25}


def take_up(broker, client, version):
    """One of the two sets comes in force."""
    policy = broker.document("policies/restart-services")
    rule = {k: v for k, v in policy["allow"][0].items() if k != "limits"}
    tripwire = [stop for stop in policy["hard_stops"] if stop["id"] == "tripwire"]
    broker.propose("policies/restart-services", {**policy, "hard_stops": tripwire, "allow": [
        {**rule, "id": "both", "actions": ["service.read"]},
        {**rule, "id": version, "actions": ["service.restart"], "when": {"context": WHEN[version]}}]})
    broker.propose("agents/remediator", {**broker.document("agents/remediator"), "description": version})
    return client.person("lee", "POST", "/v1/documents/reload")


class Load:
    def __init__(self, broker):
        self.broker, self.is_over, self.lock = broker, threading.Event(), threading.Lock()
        self.wrong, self.seen = [], {"small": 0, "large": 0, "refused": 0, "both": 0}
        with broker.client() as client:
            self.kept = client.token("service.read[svc:staging/**] ticket.read[ticket:**]").json["access_token"]

    def note(self, name, trouble=None):
        with self.lock:
            self.seen[name] += 1
            if trouble:
                self.wrong.append(trouble)

    def both(self, client):
        """What both sets give is never refused."""
        seen = client.introspect(self.kept)
        read = client.evaluate(self.kept, "service.read", STAGING)
        given = client.token()
        fine = seen.status == read.status == given.status == 200 and seen.json["active"] and read.json["decision"]
        self.note("both", None if fine else f"{seen} {read} {given}")

    def one(self, client, version):
        """What one of them gives is decided by that one, or not at all."""
        given = client.token(SCOPE)
        if given.status != 200:
            return self.note("refused", None if given.status == 400 else str(given))
        answer = client.evaluate(given.json["access_token"], "service.restart", STAGING, {"batch": BATCH[version]})
        if answer.status != 200:
            return self.note("refused", str(answer))
        if not answer.json["decision"]:
            return self.note("refused")
        rule = answer.json["context"]["rule"]
        return self.note(version, None if rule == version else f"{version} allowed by {rule}: {answer}")

    def run(self):
        with self.broker.client() as client:
            turn = 0
            while not self.is_over.is_set():
                self.both(client)
                self.one(client, ("small", "large")[turn % 2])
                turn += 1


def mixtures(client):
    """Decisions whose rule is not one of the set that the event names."""
    of_set, wrong = {}, []
    for event in client.events():
        if event.get("rule") in WHEN and event["type"] in ("grant.issued", "action.allowed"):
            of_set.setdefault(event["documents"], set()).add((event["rule"], event["digest"]))
    for documents, rules in of_set.items():
        if len(rules) != 1:
            wrong.append((documents, sorted(rules)))
    return len(of_set), wrong


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        first = take_up(broker, client, "small")
        tap.ok(first.status == 200, "the first set is taken up", first)
        load = Load(broker)
        workers = Threads([load.run] * WORKERS)
        reloads = [take_up(broker, client, ("large", "small")[turn % 2]) for turn in range(TURNS // (2 if SLOW > 4 else 1))]
        # However fast the reloads are: until both sets were met, or it is plain that they are not.
        while len(reloads) < 20 * TURNS and not (load.seen["small"] and load.seen["large"] and load.seen["both"] > 20):
            reloads.append(take_up(broker, client, ("large", "small")[len(reloads) % 2]))
        load.is_over.set()
        workers.join()
        tap.note(", ".join(f"{name} {n}" for name, n in load.seen.items()))
        bad = [answer for answer in reloads if answer.status != 200]
        tap.ok(not bad, f"{len(reloads)} reloads under load", bad)
        tap.ok(not load.wrong, "no token refused that both sets give, no answer by the other set's rule", "\n".join(load.wrong[:10]))
        tap.ok(load.seen["small"] and load.seen["large"] and load.seen["both"] > 20, "and both sets were met", load.seen)
        n, wrong = mixtures(client)
        tap.ok(n >= 2 and not wrong, f"on record: {n} sets decided, none by a rule of another", wrong)
        tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "ambit verify passes")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
