#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: where a rule asks a person, nothing is given before enough of the right people said yes to exactly that;
a yes is used once, or within its envelope; a no, a stop and a restart are not forgotten."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap, claims  # noqa: E402

PROD = "service.restart[svc:prod/web-1]"
ALLOW = [
    {"id": "production", "actions": ["service.restart"], "resources": ["svc:prod/**"], "ttl": {"default": "2m", "max": "5m"},
     "approval": {"at": "grant", "roles": ["oncall"], "count": 1, "timeout": "15m"}},
    {"id": "enveloped", "actions": ["service.drain"], "resources": ["svc:prod/**"], "ttl": {"max": "5m"},
     "approval": {"at": "grant", "roles": ["oncall"], "timeout": "15m", "envelope": {"uses": 2, "for": "30m"}}},
    {"id": "two", "actions": ["service.delete"], "resources": ["svc:prod/**"], "ttl": {"max": "5m"},
     "approval": {"at": "grant", "roles": ["oncall"], "count": 2, "timeout": "15m"}},
    {"id": "each", "actions": ["service.scale"], "resources": ["svc:prod/**"], "ttl": {"max": "5m"},
     "approval": {"at": "action", "roles": ["approver"], "timeout": "2s"}},
]


def set_up(broker):
    path = os.path.join(broker.state, "documents", "policies", "restart-services.json")
    with open(path, encoding="utf-8") as file:
        policy = json.load(file)
    policy["allow"] += ALLOW
    with open(path, "w", encoding="utf-8") as file:
        json.dump(policy, file)
    broker.give_token("kim")
    with broker.client() as client:
        return client.person("lee", "POST", "/v1/documents/reload").status == 200


def answer(client, approval, what="approve", who="lee", reason="looked at it"):
    return client.person(who, "POST", f"/v1/approvals/{approval}", {"answer": what, "reason": reason})


def at_grant(tap, client):
    refused = client.token(PROD, purpose="INC-7")
    body = refused.json
    tap.ok(refused.status == 400 and body["ambit_reason"] == "approval_required" and len(body.get("ambit_approval", "")) == 22,
           "a rule that asks refuses, and opens a question", refused)
    approval = body["ambit_approval"]
    tap.ok(client.token(PROD, purpose="INC-7").json["ambit_approval"] == approval, "the same request joins it")
    other = client.token(PROD, purpose="INC-8").json["ambit_approval"]
    tap.ok(other != approval, "another purpose is another question")
    listed = client.person("lee", "GET", "/v1/approvals").json["approvals"]
    tap.ok({a["approval"] for a in listed} == {approval, other} and listed[0]["items"] == [{"actions": ["service.restart"], "resources": ["svc:prod/web-1"]}]
           and listed[1]["purpose"] == "INC-7" and listed[0]["asks"][0]["roles"] == ["oncall"], "people see what they are asked", listed)
    tap.ok(answer(client, approval, who="dana").status == 403, "the owner is not on call: not theirs to answer")
    tap.ok(answer(client, approval, "maybe").status == 400 and answer(client, approval, reason="").status == 400 and
           answer(client, "A" * 22).status == 404 and answer(client, "x").status == 404, "answers in form, to questions that exist")
    said = answer(client, approval)
    tap.ok(said.status == 200 and said.json["state"] == "given" and said.json["answers"][0]["person"] == "lee" and said.json["usable_until"], "lee approves", said)
    tap.ok(answer(client, approval, who="kim").status == 409, "and nobody answers twice")
    tap.ok(client.token(PROD, purpose="INC-8", approval=approval).json["ambit_reason"] == "approval_required", "it is for what was shown alone")
    tap.ok(client.token(PROD + " service.restart[svc:prod/web-2]", purpose="INC-7", approval=approval).json["ambit_reason"] == "approval_required",
           "and for no more")
    got = client.token(PROD, purpose="INC-7", approval=approval)
    tap.ok(got.status == 200, "the same request uses it", got)
    token = got.json["access_token"]
    used = client.evaluate(token, "service.restart", {"type": "svc", "id": "prod/web-1"})
    tap.ok(used.json["decision"] is True, "and the token is good", used)
    tap.ok(client.token(PROD, purpose="INC-7", approval=approval).json["ambit_reason"] == "approval_required", "once")
    issued = [e for e in client.events(type="grant.issued") if e["grant"] == claims(token)["jti"]][0]
    tap.ok(issued["approval"] == approval and issued["approvers"] == ["lee"] and issued["approved"] == "given", "the record names who approved", issued)
    kinds = [e["type"] for e in client.events() if e.get("approval") == approval and e["type"].startswith("approval.")]
    tap.ok(kinds == ["approval.asked", "approval.given", "approval.used"], "asked, given, used", kinds)
    checks = [e for e in client.events(type="grant.issued", checks="true") if e["seq"] == issued["seq"]][0]["checks"]
    tap.ok(checks[-1]["check"] == "approval" and checks[-1]["result"] == "pass", "and replays to the same answer", checks[-1])
    tap.ok(answer(client, other, "reject", reason="not now").json["state"] == "refused", "a no")
    tap.ok(client.token(PROD, purpose="INC-8").json["ambit_reason"] == "approval_rejected", "is remembered")


def envelope(tap, client):
    asked = client.token("service.drain[svc:prod/web-*]", purpose="INC-9").json["ambit_approval"]
    answer(client, asked)
    got = client.token("service.drain[svc:prod/web-1]", purpose="INC-9", approval=asked)
    tap.ok(got.status == 200, "inside an envelope", got)
    tap.ok(client.token("service.drain[svc:prod/db-1]", purpose="INC-9", approval=asked).json["ambit_reason"] == "approval_required", "not outside")
    tap.ok(client.token("service.drain[svc:prod/web-2]", purpose="other", approval=asked).json["ambit_reason"] == "approval_required", "not for another purpose")
    tap.ok(client.token("service.drain[svc:prod/web-2]", purpose="INC-9", approval=asked).status == 200, "until its uses")
    tap.ok(client.token("service.drain[svc:prod/web-3]", purpose="INC-9", approval=asked).json["ambit_reason"] == "approval_required", "are spent")


def flood(tap, client):
    ask = lambda i: client.token("service.restart[svc:prod/many]", purpose=f"flood {i}").json  # noqa: E731
    ids = [ask(i).get("ambit_approval") for i in range(5)]
    tap.ok(all(ids[:3]) and not any(ids[3:]), "three questions are pending at most", ids)
    for i in range(3):
        answer(client, ids[i])
    asked = 3
    for i in range(5, 30):
        got = ask(i)
        tap.ok(got["ambit_reason"] == "approval_required", "refused either way") if i == 29 else None
        if got.get("ambit_approval"):
            asked += 1
            answer(client, got["ambit_approval"], "reject")
    tap.ok(asked == 10, "and ten an hour are asked", asked)


def at_action(tap, client):
    token = client.token("service.scale[svc:prod/**]").json["access_token"]
    resource = {"type": "svc", "id": "prod/web-1"}
    ask = lambda rows=1: client.evaluate(token, "service.scale", resource, {"to": rows}).json["context"]  # noqa: E731
    first = ask()
    tap.ok(first["reason"] == "approval_required" and len(first["ambit_approval"]) == 22, "at an action too", first)
    tap.ok(ask()["ambit_approval"] == first["ambit_approval"], "the same action joins")
    tap.ok(answer(client, first["ambit_approval"], who="kim").status == 403, "kim is on call, and no approver")
    tap.ok(answer(client, first["ambit_approval"]).json["state"] == "given", "lee is")
    tap.ok(ask(5)["reason"] == "approval_required", "another context is another question")
    tap.ok(ask()["reason"] == "allowed", "the one that was shown is allowed")
    second = ask()
    tap.ok(second["reason"] == "approval_required", "once")
    time.sleep(3.2)
    lapsed = client.person("lee", "GET", f"/v1/approvals/{second['ambit_approval']}").json
    tap.ok(lapsed["state"] == "lapsed" and answer(client, second["ambit_approval"]).status == 409, "what nobody answers lapses", lapsed)
    tap.ok(any(e["approval"] == second["ambit_approval"] for e in client.events(type="approval.lapsed")), "and that is on record")


def two_and_stops(tap, broker):
    with broker.client() as client:
        asked = client.token("service.delete[svc:prod/web-1]").json["ambit_approval"]
        said = answer(client, asked)
        tap.ok(said.json["state"] == "pending" and client.token("service.delete[svc:prod/web-1]").json["ambit_reason"] == "approval_required", "one of two", said)
        tap.ok(answer(client, asked).status == 409, "the same person is one person")
    broker.kill()
    broker.start()
    with broker.client() as client:
        tap.ok(answer(client, asked, who="kim").json["state"] == "given", "killed between the two: the second completes it")
        stop = client.stop("agent:remediator").json["stop"]
        client.clear(stop)
        tap.ok(client.person("lee", "GET", f"/v1/approvals/{asked}").json["state"] == "void" and
               client.token("service.delete[svc:prod/web-1]", approval=asked).json["ambit_reason"] == "approval_required", "a stop voids what was approved before it")


def main():
    tap = Tap()
    # An agent has ten questions an hour: each part has its own broker.
    for part in (lambda broker: with_client(broker, at_grant, tap), lambda broker: with_client(broker, envelope, tap),
                 lambda broker: with_client(broker, at_action, tap), lambda broker: two_and_stops(tap, broker), lambda broker: with_client(broker, flood, tap)):
        with Broker() as broker:
            tap.ok(set_up(broker), "documents")
            part(broker)
            tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "ambit verify passes")
    return tap.done()


def with_client(broker, function, tap):
    with broker.client() as client:
        function(tap, client)


if __name__ == "__main__":
    sys.exit(main())
