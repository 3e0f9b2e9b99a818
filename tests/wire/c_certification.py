#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the AuthZEN certification scenario (AZN-14): a service's word names the subjects, what it says of
them reaches the rules, batches and searches answer as the specification asks."""
import hashlib
import json
import os
import secrets
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap, skip_all  # noqa: E402

AUDIENCE = "https://records.example.gov"


def rule(name, action, resources, **when):
    return {"id": name, "actions": [action], "resources": [f"record:{r}" for r in resources], "ttl": {"max": "5m"},
            **({"when": {"context": when}} if when else {})}


def policy(name, rules):
    return {"policy": name, "description": "A part of the certification scenario", "owner": "dana", "tier": "medium", "audiences": [AUDIENCE],
            "review": {"authored_by": "dana", "accepted_by": "dana", "reviewed_by": ["sam"]}, "allow": rules,
            "hard_stops": [{"id": "told", "on": "signal", "signal": "compromised", "from": ["records-pep"], "then": "suspend_agent"}]}


def agent(name, policies):
    return {"agent": name, "description": "A subject that the enforcement point names", "owner": "dana", "backup": "sam",
            "authenticate": [{"method": "unix_peer", "uid": 65534}], "policies": policies}


def fixture(broker):
    """The scenario's subjects, resources and rules as documents; the service's secret."""
    secret = secrets.token_urlsafe(32)
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 86400))
    broker.propose("services/records-pep", {
        "service": "records-pep", "owner": "dana", "tier": "low", "audiences": [AUDIENCE], "resources": ["record:**"],
        "authenticate": [{"method": "client_secret_basic", "sha256": hashlib.sha256(secret.encode()).hexdigest(), "expires": expires}],
        "subjects": {"user": "", "robot": "robots/"}})
    both = ["record-1", "record-2"]
    broker.propose("policies/alice", policy("alice", [
        rule("read", "read", both), rule("write", "write", ["record-1"]),
        rule("delete", "delete", ["record-1"], **{"action.soft": {"equals": True}})]))
    broker.propose("policies/bob", policy("bob", [
        rule("read", "read", both), rule("archive", "write", ["record-2"], **{"resource.status": {"equals": "archived"}}),
        rule("admin", "write", ["record-2"], **{"subject.role": {"equals": "admin"}})]))
    broker.propose("agents/alice", agent("alice", ["alice"]))
    broker.propose("agents/bob", agent("bob", ["bob"]))
    with open(os.path.join(broker.state, "credentials", "records-pep.secret"), "w", encoding="utf-8") as f:
        f.write(secret)


def name_of(result, target):
    return result["name"] if target == "action" else result["id"]


def holds(case, answer):
    want = case["expect"]
    if answer.status != want["status"]:
        return False
    if want["status"] != 200:
        return answer.headers["Content-Type"].startswith("text/plain")
    said = answer.json
    if "decision" in want:
        return said["decision"] is want["decision"] and "evaluations" not in said
    if "evaluations" in want:
        items = said["evaluations"]
        return "decision" not in said and len(items) == len(want["evaluations"]) and all(
            isinstance(i["decision"], bool) and w in (None, i["decision"]) for i, w in zip(items, want["evaluations"]))
    target = case["endpoint"].rsplit("/", 1)[1]
    names = [name_of(r, target) for r in said["results"]]
    return set(want["results_include"]) <= set(names) and not (want.get("results_exactly_empty") and names)


def main():
    path = os.path.join(os.environ.get("AMBIT_VECTORS", ""), "authzen", "certification.json")
    if not os.path.exists(path):
        skip_all("no vectors")
    with open(path, encoding="utf-8") as f:
        cases = json.load(f)["cases"]
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        fixture(broker)
        loaded = client.person("lee", "POST", "/v1/documents/reload")
        tap.ok(loaded.status == 200, "AZN-14 a policy set says the scenario", loaded)
        basic = broker.basic("records-pep")
        for case in cases:
            body = case["request_raw"] if "request_raw" in case else json.dumps(case["request"])
            answer = client.call("POST", case["endpoint"], body, {"Content-Type": case.get("content_type", "application/json"), "Authorization": basic})
            tap.ok(holds(case, answer), f"AZN-14 {case['id']} {case['title']}", f"{body}\n{answer}")
        tap.ok(len(cases) == 54, "all of them", len(cases))
        broker.stop()
        status, answer = broker.verify()
        tap.ok(status == 0 and answer["ok"], "and the record holds", answer)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
