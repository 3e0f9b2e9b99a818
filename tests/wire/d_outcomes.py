#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: an outcome that is owed is taken from the service or the agent of the decision and from nobody else, kept
over a kill, and missed when nobody reports; a signal is heard by the stops that name it; an incident is one a stop
and key, read, taken up and closed by those who may, by the API and by `ambit incidents`."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import READ_SCOPE, Broker, Tap  # noqa: E402

SCOPE = "work.do[svc:work/**]"
ANY = "AAAAAAAAAAAAAAAAAAAAAA"


def prepare(broker, client):
    """A policy whose rule owes an outcome, and stops on silence and on a signal."""
    base = broker.document("policies/read-tickets")
    broker.propose("policies/work", {
        **{k: base[k] for k in ("owner", "tier", "audiences", "review")}, "policy": "work", "description": "owes an outcome",
        "allow": [{"id": "work", "actions": ["work.do"], "resources": ["svc:work/**"], "ttl": {"max": "15m"}, "outcome": {"within": "4s"}},
                  {"id": "slow", "actions": ["work.slow"], "resources": ["svc:work/**"], "ttl": {"max": "15m"}, "outcome": {"within": "1h"}}],
        "hard_stops": [{"id": "silent", "on": "unaccounted", "count": 2, "within": "1h", "then": "suspend_agent"},
                       {"id": "edr", "on": "signal", "signal": "odd.traffic", "from": ["payments-api"], "then": "revoke_grant"}]})
    agent = broker.document("agents/remediator")
    broker.propose("agents/remediator", {**agent, "policies": agent["policies"] + ["work"]})
    return client.person("lee", "POST", "/v1/documents/reload")


def work(client, token, action="work.do"):
    return client.evaluate(token, action, {"type": "svc", "id": "work/x"}).json["context"]["id"]


def report(broker, client, action, body, bearer=None):
    return client.post_json(f"/v1/actions/{action}/outcome", body, f"Bearer {bearer}" if bearer else broker.basic("payments-api"))


def outcomes(tap, broker, client):
    token = client.token("work.slow[svc:work/**]").json["access_token"]
    first = work(client, token, "work.slow")
    done = {"outcome": "succeeded", "detail": "restarted twice", "evidence_digest": "sha256:" + "ab" * 32}
    got = report(broker, client, first, done)
    want = {"action": first, "reported_by": "service", "agreement": "pending", "late": False}
    tap.ok(got.status == 200 and got.json == want, "the service reports", got)
    got = report(broker, client, first, done)
    tap.ok(got.status == 200 and got.json == want, "the same again is 200", got)
    for other in ({"outcome": "failed"}, {**done, "detail": "once"}, {**done, "evidence_digest": "sha256:" + "ac" * 32}):
        got = report(broker, client, first, other)
        tap.ok(got.status == 409 and got.json["reason"] == "conflict", "another from the same side is 409", got)
    got = report(broker, client, first, {"outcome": "succeeded"}, token)
    tap.ok(got.status == 200 and got.json == {**want, "reported_by": "agent", "agreement": "matched"}, "the agent's side agrees", got)
    second = work(client, token, "work.slow")
    broker.kill()
    broker.start()
    with broker.client() as client:
        got = report(broker, client, second, {"outcome": "not_attempted"}, token)
        tap.ok(got.json["agreement"] == "pending", "owed over a kill", got)
        got = report(broker, client, second, {"outcome": "succeeded"})
        tap.ok(got.json["agreement"] == "mismatched", "reports that disagree", got)
        for what, action, body, bearer, status in (
                ("no such action", ANY, {"outcome": "failed"}, None, 404), ("no id", "x", {"outcome": "failed"}, None, 404),
                ("another agent's", second, {"outcome": "failed"}, other_token(broker, client), 404),
                ("unknown outcome", second, {"outcome": "done"}, None, 400), ("unknown member", second, {"outcome": "failed", "x": "y"}, None, 400),
                ("no outcome", second, {}, None, 400), ("a number", second, {"outcome": 1}, None, 400),
                ("a long detail", second, {"outcome": "failed", "detail": "x" * 1025}, None, 400),
                ("no digest", second, {"outcome": "failed", "evidence_digest": "md5:00"}, None, 400), ("a bad token", second, {"outcome": "failed"}, "x.y.z", 401)):
            got = report(broker, client, action, body, bearer)
            tap.ok(got.status == status and got.headers["Content-Type"] == "application/problem+json", f"{what}: {status}", got)
        events = [e for e in client.events() if e["type"] == "action.outcome"]
        tap.ok([(e["reported_by"], e["agreement"]) for e in events] ==
               [("service", "pending"), ("agent", "matched"), ("agent", "pending"), ("service", "mismatched")]
               and events[0]["cause"] == first and events[0]["words"] == "restarted twice", "each report is an event of its own", events)
        mine = [i for i in client.person("dana", "GET", "/v1/incidents").json["incidents"] if i.get("key") == "outcome:remediator"]
        tap.ok(len(mine) == 1 and mine[0]["with"] == {"level": "owner", "person": "dana"}, "an incident for the owner", mine)


def other_token(broker, client):
    done = broker.ambit("token", "--state", broker.state, "--agent", "reporter", "--key",
                        os.path.join(broker.state, "credentials", "reporter.jwk"), "--scope", READ_SCOPE)
    return done.stdout.decode().strip()


def silence(tap, broker, client):
    token = client.token(SCOPE).json["access_token"]
    kept, lost, late = work(client, token), work(client, token), work(client, token)
    report(broker, client, kept, {"outcome": "succeeded"})
    until = time.monotonic() + 15
    while time.monotonic() < until and sum(e["type"] == "action.unaccounted" for e in client.events()) < 2:
        time.sleep(0.2)
    missed = [e for e in client.events() if e["type"] == "action.unaccounted"]
    tap.ok({e["cause"] for e in missed} == {lost, late} and missed[-1]["trips"] == ["work/silent"], "an idle broker misses what is due", missed)
    got = client.token(SCOPE)
    tap.ok(got.status == 400 and got.json["ambit_reason"] == "stopped", "and the stop on silence fires", got)
    got = report(broker, client, late, {"outcome": "succeeded"})
    tap.ok(got.status == 200 and got.json["late"] is True and got.json["agreement"] == "missing", "a late report is recorded as late", got)
    got = client.token(SCOPE)
    tap.ok(got.status == 400 and got.json["ambit_reason"] == "stopped", "and undoes nothing", got)
    stop = next(s for s in client.person("lee", "GET", "/v1/stops").json["stops"] if s["by"] == "hard_stop:work/silent")
    client.clear(stop["stop"])


def signal(broker, client, body, who="payments-api"):
    return client.post_json("/v1/signals", body, broker.basic(who))


def signals(tap, broker, client):
    got = client.token("work.slow[svc:work/**]").json["access_token"]
    got = signal(broker, client, {"signal": "odd.traffic", "agent": "remediator", "detail": "beacons"})
    tap.ok(got.status == 200 and got.json["heard"] is True and got.json["trips"] == ["work/edr"] and len(got.json["id"]) == 22, "heard, and the stop fires", got)
    got = signal(broker, client, {"signal": "nothing.here", "agent": "remediator"})
    tap.ok(got.status == 200 and got.json["heard"] is False and got.json["trips"] == [], "one that no stop names does nothing", got)
    before = sum(e["type"] == "signal.received" for e in client.events())
    for _ in range(20):
        signal(broker, client, {"signal": "nothing.here", "agent": "remediator"})
    tap.ok(sum(e["type"] == "signal.received" for e in client.events()) == before, "and is no flood of records", before)
    for what, body, status in (("neither", {"signal": "x"}, 400), ("both", {"signal": "x", "agent": "remediator", "grant": ANY[:-1] + "Q"}, 400),
                               ("no signal", {"agent": "remediator"}, 400), ("unknown agent", {"signal": "x", "agent": "nobody"}, 404),
                               ("unknown grant", {"signal": "x", "grant": "AaH-iXGtAAXfYp0okAsttQ"}, 404), ("no grant", {"signal": "x", "grant": "y"}, 400)):
        got = signal(broker, client, body)
        tap.ok(got.status == status, f"{what}: {status}", got)
    got = client.post_json("/v1/signals", {"signal": "x", "agent": "remediator"}, broker.basic("remediator"))
    tap.ok(got.status == 401, "an agent's secret opens nothing here", got)


def incidents(tap, broker, client):
    listed = client.person("lee", "GET", "/v1/incidents?state=open").json
    edr = [i for i in listed["incidents"] if i.get("rule") == "edr"]
    tap.ok(len(edr) == 1 and edr[0]["service"] == "payments-api" and edr[0]["key"] == "agent:remediator" and edr[0]["stops"] == 1
           and listed["next"] is None, "one incident, naming the service on whose word it rests", listed)
    signal(broker, client, {"signal": "odd.traffic", "agent": "remediator"})
    path = "/v1/incidents/" + edr[0]["incident"]
    got = client.person("dana", "GET", path)
    tap.ok(got.status == 200 and got.json["stops"] == 2 and got.json["state"] == "open", "a further stop joins it", got)
    got = client.person("dana", "POST", path + "/acknowledge", {})
    tap.ok(got.status == 200 and got.json["acknowledged_by"] == "dana" and "escalates_at" not in got.json, "taken up", got)
    tap.ok(client.person("sam", "POST", path + "/acknowledge", {}).status == 409, "once")
    tap.ok(client.person("dana", "POST", path + "/close", {}).status == 400, "closing needs a written cause")
    done = broker.ambit("incidents", "close", edr[0]["incident"], "--reason", "looked at it", "--state", broker.state,
                        "--token-file", os.path.join(broker.state, "credentials", "lee.token"), "--json")
    tap.ok(done.returncode == 0 and json.loads(done.stdout)["closed_by"] == "lee", "closed by the command line", done)
    tap.ok(client.person("dana", "POST", path + "/close", {"reason": "again"}).status == 409, "once")
    got = client.person("dana", "GET", path)
    tap.ok(got.json["state"] == "closed" and got.json["closed_reason"] == "looked at it" and "with" not in got.json, "as it stands", got)
    done = broker.ambit("incidents", "--state", broker.state, "--token-file", os.path.join(broker.state, "credentials", "dana.token"))
    tap.ok(done.returncode == 0 and b"silent" in done.stdout and b"edr" not in done.stdout, "the list of those open", done)
    done = broker.ambit("incidents", "show", edr[0]["incident"], "--state", broker.state, "--token-file",
                        os.path.join(broker.state, "credentials", "dana.token"))
    tap.ok(done.returncode == 0 and b"looked at it" in done.stdout, "one of them", done)
    text = client.person("dana", "GET", "/v1/trace/incident:" + edr[0]["incident"]).json["text"]
    tap.ok("lee closed the incident" in text and "dana took up the incident" in text, "and its story", text)
    signal(broker, client, {"signal": "odd.traffic", "agent": "remediator"})
    again = [i for i in client.person("lee", "GET", "/v1/incidents").json["incidents"] if i.get("rule") == "edr"]
    tap.ok(len(again) == 1 and again[0]["incident"] != edr[0]["incident"], "the next stop opens another", again)
    number = next(line for line in client.call("GET", "/metrics").body.decode().split("\n") if line.startswith("ambit_stops_in_force "))
    stops = client.person("lee", "GET", "/v1/stops?limit=1000").json["stops"]
    tap.ok(int(number.split()[1]) == len(stops), "the metric counts what the list shows", (number, len(stops)))


def main():
    tap = Tap()
    with Broker() as broker:
        with broker.client() as client:
            got = prepare(broker, client)
            tap.ok(got.status == 200, "a policy that owes outcomes is taken up", got)
            outcomes(tap, broker, client)
        with broker.client() as client:
            silence(tap, broker, client)
            signals(tap, broker, client)
            incidents(tap, broker, client)
        broker.stop()
        tap.ok(broker.verify()[0] == 0, "the record verifies", broker.verify())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
