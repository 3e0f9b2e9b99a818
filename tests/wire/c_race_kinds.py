#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: every kind of limit and of hard stop is exact while 200 clients ask at once, some of it used before the
broker is killed under load: exactly as many pass as may, each stop fires once, nothing that was answered is lost."""
import hashlib
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import GONE, SLOW, UNLIMITED, Broker, Tap, Threads  # noqa: E402

CLIENTS, MAX, BEFORE, UNDER_KILL = 200, 20, 5, 4
MANY = {"count": 90000, "within": "1h"}
HOUR = {"within": "1h"}


def limit(**members):
    return {"limits": [members] if members.get("by") not in ("grant", "lineage", "resource") and "uses" not in members else [members, MANY]}


def stop(on, then="suspend_agent", **members):
    return {"stop": {"on": on, "then": then, **members}}


# name: the policy's parts, how the clients ask ("same" resource, "each" its own, "token": token requests, "signal"),
# and how many pass: MAX of a limit, one less of what a stop lets through (the token request is an attempt too).
KINDS = {
    "count-agent": (limit(count=MAX, **HOUR), "same", MAX),
    "count-grant": (limit(count=MAX, by="grant", **HOUR), "same", MAX),
    "count-lineage": (limit(count=MAX, by="lineage", **HOUR), "same", MAX),
    "count-team": (limit(count=MAX, by="team", **HOUR), "same", MAX),
    "count-owner": (limit(count=MAX, by="owner", **HOUR), "same", MAX),
    "count-resource": (limit(count=MAX, by="resource", **HOUR), "same", MAX),
    "count-policy": (limit(count=MAX, by="policy", **HOUR), "same", MAX),
    "sum": (limit(sum="rows", max=5 * MAX, **HOUR), "same", MAX),
    "distinct-resource": (limit(distinct="resource", max=MAX, **HOUR), "each", MAX),
    "distinct-action": (limit(distinct="action", max=MAX, by="policy", **HOUR), "action", MAX),
    "uses": (limit(uses=MAX), "same", MAX),
    "grants": (limit(grants=MAX, **HOUR), "token", MAX),
    "live-grants": (limit(live_grants=MAX), "token", MAX),
    "on-allowed": (stop("allowed", count=MAX, **HOUR), "same", MAX - 1),
    "on-allowed-sum": (stop("allowed", sum="rows", max=5 * MAX - 5, **HOUR), "same", MAX - 1),
    "on-allowed-distinct": (stop("allowed", distinct="resource", max=MAX - 1, **HOUR), "each", MAX - 1),
    "on-attempted": (stop("attempted", count=MAX, **HOUR), "same", MAX - 2),
    "on-attempted-fleet": (stop("attempted", "stop_policy", count=MAX, by="policy", **HOUR), "same", MAX - 2),
    "on-attempted-team": (stop("attempted", "stop_team", count=MAX, by="team", **HOUR), "same", MAX - 2),
    "on-granted": (stop("granted", count=MAX, **HOUR), "token", MAX - 1),
    "on-denied": (stop("denied", "revoke_grant", count=MAX, by="grant", **HOUR), "denied", MAX),
    "on-signal": (stop("signal", signal="odd.traffic", count=MAX, **{"from": ["payments-api"]}, **HOUR), "signal", MAX),
    "on-unaccounted": (stop("unaccounted", count=MAX, **HOUR), "owed", CLIENTS),
}
# What stops a team takes the other races with it: last.
LAST = {"on-unaccounted": 1, "on-attempted-team": 2}
ORDER = sorted(KINDS, key=lambda name: LAST.get(name, 0))


def prepare(broker, client):
    base = broker.document("policies/read-tickets")
    agent = broker.document("agents/reporter")
    for name, (parts, how, _) in KINDS.items():
        rule = {"id": "rule", "actions": ["race.**"], "resources": [f"svc:{name}/**"], "ttl": {"max": "1h"}}
        rule.update({k: v for k, v in parts.items() if k == "limits"})
        if how == "owed":
            rule["outcome"] = {"within": "6s"}
        stops = [{"id": "stop", **parts["stop"]}] if "stop" in parts else [
            {"id": "far", "on": "denied", "count": 90000, "within": "1h", "then": "suspend_agent"}]
        broker.propose("policies/race-" + name, {**{k: base[k] for k in ("owner", "tier", "audiences", "review")}, "policy": "race-" + name,
                                                 "description": name, "allow": [rule], "hard_stops": stops})
        secret = "s" * 40 + name
        path = os.path.join(broker.state, "credentials", "racer-" + name + ".secret")
        with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(secret)
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 86400))
        broker.propose("agents/racer-" + name, {**agent, "agent": "racer-" + name, "policies": ["race-" + name], "authenticate": [
            {"method": "client_secret_basic", "sha256": hashlib.sha256(secret.encode()).hexdigest(), "expires": expires}]})
    return client.person("lee", "POST", "/v1/documents/reload")


class Race:
    """One kind: how a client asks, and what the record says of it."""

    def __init__(self, broker, name):
        self.broker, self.name, self.how, self.token = broker, name, KINDS[name][1], None
        self.turn, self.lock = 0, threading.Lock()

    def begin(self, client):
        if self.how not in ("token", "signal"):
            self.token = self.grant(client, "race.**", "**").json["access_token"]

    def grant(self, client, action, rest):
        return client.form("/token", {"grant_type": "client_credentials", "scope": f"{action}[svc:{self.name}/{rest}]"},
                           self.broker.basic("racer-" + self.name))

    def ask(self, client):
        with self.lock:
            self.turn += 1
            n = self.turn
        if self.how == "token":
            return self.grant(client, "race.do", f"r{n}")
        if self.how == "signal":
            return client.post_json("/v1/signals", {"signal": "odd.traffic", "agent": "racer-" + self.name}, self.broker.basic("payments-api"))
        action = {"action": f"race.a{n}", "denied": "other.do"}.get(self.how, "race.do")
        resource = f"{self.name}/r{n}" if self.how == "each" else f"{self.name}/r"
        return client.evaluate(self.token, action, {"type": "svc", "id": resource}, {"rows": 5})

    def passed(self, answer):
        if answer.status == 400 and self.how == "token":
            return False
        if answer.status != 200:
            raise AssertionError(f"{self.name}: {answer}")
        if self.how == "token":
            return True
        if self.how == "signal":
            return answer.json["heard"] and not answer.json["trips"]
        if self.how == "denied":
            return answer.json["context"]["reason"] == "out_of_scope"
        return answer.json["decision"]

    def recorded(self, events):
        mine = [e for e in events if e.get("agent") == "racer-" + self.name]
        kind = {"token": "grant.issued", "signal": "signal.received"}.get(self.how, "action.allowed")
        if self.how == "denied":
            return sum(e["type"] == "action.denied" and e["reason"] == "out_of_scope" for e in mine)
        return sum(e["type"] == kind for e in mine)

    def fired(self, events):
        return sum(e["type"] == "stop.raised" and e.get("by") == f"hard_stop:race-{self.name}/stop" for e in events)


def killed(broker, races):
    """Every kind asked by a client of its own; the broker is killed in the middle. What was answered."""
    passed, begun = {name: 0 for name in races}, threading.Event()

    def one(name):
        def run():
            try:
                with broker.client() as client:
                    for _ in range(UNDER_KILL):
                        passed[name] += races[name].passed(races[name].ask(client))
                        begun.set()
            except GONE:
                pass
        return run

    threads = Threads([one(name) for name in races])
    begun.wait(20 * SLOW)
    broker.kill()
    threads.join()
    return passed


def race(broker, one, clients):
    gate = threading.Barrier(CLIENTS)

    def run(client):
        def go():
            gate.wait()
            return one.passed(one.ask(client))
        return go

    return Threads([run(client) for client in clients]).join()


def main():
    tap = Tap()
    with Broker(limits=UNLIMITED) as broker:
        races = {name: Race(broker, name) for name in ORDER}
        with broker.client() as client:
            got = prepare(broker, client)
            if not tap.ok(got.status == 200, f"{len(KINDS)} kinds of limits and stops", got):
                return tap.done()
            early = {}
            for name, one in races.items():
                one.begin(client)
                early[name] = sum(one.passed(one.ask(client)) for _ in range(BEFORE))
            tap.ok(set(early.values()) == {BEFORE}, f"{BEFORE} of each pass", early)
        under = killed(broker, races)
        broker.start()
        with broker.client() as client:
            kept = list(client.events())
            lost = {n: (early[n] + under[n], o.recorded(kept)) for n, o in races.items() if o.recorded(kept) < early[n] + under[n]}
            tap.ok(not lost, "what was answered before the kill is in the record", lost)
            clients = [broker.client(60 * SLOW) for _ in range(CLIENTS)]
            for one in clients:
                one.call("GET", "/healthz")
            late = {}
            for name in ORDER:
                late[name] = sum(race(broker, races[name], clients))
            for one in clients:
                one.close()
            until = time.monotonic() + 40 * SLOW
            while time.monotonic() < until and sum(e["type"] == "action.unaccounted" for e in client.events()) < late["on-unaccounted"]:
                time.sleep(0.5)
            events = list(client.events())
            for name, one in races.items():
                want = KINDS[name][2]
                before, now = one.recorded(kept), one.recorded(events)
                if one.how == "owed":
                    tap.ok(late[name] == CLIENTS and now == before + CLIENTS, f"{name}: all of {CLIENTS} pass", (late[name], before, now))
                elif one.how == "signal":
                    tap.ok(late[name] <= CLIENTS - 1 and one.fired(events) == 1, f"{name}: {CLIENTS} signals, the {MAX}th fires", (late[name], before, now))
                else:
                    tap.ok(before + late[name] == now == want, f"{name}: exactly {want} pass, {before} of them before the kill", (before, late[name], now))
                if "stop" in KINDS[name][0]:
                    tap.ok(one.fired(events) == 1, f"{name}: the stop fires once", one.fired(events))
            missed = [e for e in events if e["type"] == "action.unaccounted"]
            tap.ok(sum(bool(e.get("trips")) for e in missed) == 1, "silence is counted one by one", len(missed))
        broker.stop()
        tap.ok(broker.verify()[0] == 0, "the record verifies", broker.verify())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
