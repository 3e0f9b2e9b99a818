#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: any question may be asked in thought: answered as a real one would be, refused in words when it is no
question, shown to whom it belongs, and with no effect but its own event."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap  # noqa: E402

GRANT = {"question": "grant", "agent": "remediator", "items": [{"actions": ["service.restart"], "resources": ["svc:staging/web-1"]}]}
ACTION = {"question": "action", "agent": "remediator", "grant_items": [{"actions": ["service.restart"], "resources": ["svc:staging/**"]}],
          "action": "service.restart", "resource": "svc:staging/web-1"}


def ask(client, question, who="lee"):
    return client.person(who, "POST", "/v1/explain", question)


def answers(tap, client):
    got = ask(client, dict(GRANT, lifetime_s=3600))
    body = got.json
    tap.ok(got.status == 200 and body["decision"] == "allow" and body["reason"] == "allowed" and body["rule"] == "staging"
           and 895 <= body["lifetime_s"] <= 900, "a grant in thought", got)
    tap.ok([c["check"] for c in body["checks"]] == "stop owner form never scope audience dates hours source purpose composition after binding "
           "lifetime limits hard_stop approval".split(), "every check, in order", body)
    tap.ok(body["trips"] == [] and "staging" in body["text"] and "remedy" not in body, "no stop, a text, and no remedy of an allow", body)
    got = ask(client, dict(GRANT, items=[{"actions": ["record.read"], "resources": ["db:prod/customers/1"]}])).json
    tap.ok(got["decision"] == "deny" and got["reason"] == "forbidden" and got["rule"] == "customer-data" and got["remedy"]["change"] == "none",
           "a denial names its rule", got)
    results = [c["result"] for c in got["checks"]]
    tap.ok(results[:4] == ["pass"] * 3 + ["fail"] and set(results[4:]) == {"not_reached"}, "what is behind the failing check is not reached", got)
    full = [{"at": f"2026-11-20T09:59:{i:02}Z", "kind": "allowed", "action": "service.restart", "resource": "svc:staging/web-1"} for i in range(20)]
    got = ask(client, dict(ACTION, now="2026-11-20T10:00:00Z", history=full)).json
    tap.ok(got["reason"] == "limit_exceeded" and got["remedy"]["change"] == "wait", "a history that is told fills the window", got)
    got = ask(client, dict(ACTION, now="2026-11-20T10:00:00Z", history=full[1:])).json
    tap.ok(got["decision"] == "allow", "one less, and there is room", got)
    got = ask(client, dict(ACTION, resource="secret:canary/x")).json
    tap.ok(got["decision"] == "deny" and got["trips"] == ["restart-services/tripwire"], "the stop that would fire", got)


def refusals(tap, client):
    for what, question, status in (
            ("no agent", {k: v for k, v in GRANT.items() if k != "agent"}, 400), ("unknown agent", dict(GRANT, agent="nobody"), 404),
            ("unknown member", dict(GRANT, itms=[]), 400), ("wrong type", dict(GRANT, items="svc:**"), 400), ("no question", {"agent": "remediator"}, 400),
            ("no such question", dict(GRANT, question="why"), 400), ("stops are not for the asker to say", dict(GRANT, stops=["agent:remediator"]), 400),
            ("an entry after now", dict(ACTION, now="2026-11-20T10:00:00Z", history=[{"at": "2026-11-20T10:00:01Z", "kind": "allowed", "action": "a",
                                                                                  "resource": "b:c"}]), 400),
            ("the past without its history", dict(ACTION, now="2026-01-01T00:00:00Z"), 400), ("unknown policy", dict(
                ACTION, grant_items=[{"actions": ["a"], "resources": ["b:c"], "policy": "none"}]), 404)):
        got = ask(client, question)
        tap.ok(got.status == status and got.headers["Content-Type"] == "application/problem+json" and got.json.get("detail"), f"{what}: {status}", got)
    got = ask(client, GRANT, "sam")
    tap.ok(got.status == 403 and got.json["reason"] == "role_required", "another owner's agent is not theirs to ask about", got)
    got = ask(client, GRANT, "dana")
    tap.ok(got.status == 200 and got.json["checks"], "one's own is", got)


def of_others(tap, broker, client):
    broker.propose("agents/handed-on", {**broker.document("agents/remediator"), "agent": "handed-on", "owner": "sam", "backup": "dana"})
    taken = client.person("lee", "POST", "/v1/documents/reload")
    tap.ok(taken.status == 200, "an agent of another owner", taken)
    items = [{"actions": ["service.restart"], "resources": ["svc:staging/**"], "policy": "restart-services", "rule": "staging"}]
    below = dict(GRANT, agent="handed-on", parent={"agent": "remediator", "items": items})
    done = dict(ACTION, agent="handed-on", parent={"agent": "remediator", "items": items})
    for question in (below, done):
        got = ask(client, question, "sam")
        tap.ok(got.status == 403 and got.json["reason"] == "role_required", "an owner is not told the checks of another's agent above their own", got)
        got = ask(client, question, "lee")
        tap.ok(got.status == 200 and got.json["checks"], "who is on call is", got)
    got = ask(client, dict(below, parent={"agent": "handed-on", "items": items}), "sam")
    tap.ok(got.status == 200 and got.json["checks"], "and an owner, where all of them are theirs", got)


def effects(tap, client):
    before = {e["seq"] for e in client.events()}
    for _ in range(4):
        ask(client, dict(ACTION, resource="secret:canary/x"))
    new = [e for e in client.events() if e["seq"] not in before and e["type"] != "person.read"]
    tap.ok([e["type"] for e in new] == ["question.answered"] * 4 and all(e["person"] == "lee" and e["agent"] == "remediator" for e in new),
           "asking leaves its own event and nothing else: no stop fires", new)
    client.person("lee", "POST", "/v1/stops", {"target": "agent:remediator", "reason": "a drill"})
    got = ask(client, ACTION).json
    tap.ok(got["reason"] == "stopped" and ask(client, GRANT).json["reason"] == "stopped", "the stops in force are applied", got)
    got = ask(client, dict(GRANT, now="2026-11-20T10:00:00Z", history=[])).json
    tap.ok(got["reason"] == "stopped", "also to a history that is told", got)


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        answers(tap, client)
        refusals(tap, client)
        of_others(tap, broker, client)
        effects(tap, client)
        tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "ambit verify passes")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
