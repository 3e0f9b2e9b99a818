#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a person confirms a version of a document, or its removal, in their own words; what nobody
can read nobody confirms; the record holds who confirmed what."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap  # noqa: E402

NONE = "sha256:" + "0" * 64


def confirm(client, who="dana", **members):
    return client.person(who, "POST", "/v1/documents/confirm", members)


def by_command(tap, broker, client):
    policy = os.path.join(broker.state, "documents/policies/restart-services.json")
    token = os.path.join(broker.state, "credentials/dana.token")
    at = ["--url", f"http://127.0.0.1:{broker.port}", "--token-file", token]
    said = broker.ambit("confirm", policy, "--reason", "read it twice", "--json", *at)
    answer = json.loads(said.stdout)
    issued = client.token("service.restart[svc:staging/**]").json
    digest = client.introspect(issued["access_token"]).json["policy"][0]["digest"]
    tap.ok(said.returncode == 0 and answer["digest"] == digest and answer["person"] == "dana" and answer["kind"] == "policy"
           and answer["name"] == "restart-services", "ambit confirm computes the version that is in force", (said, digest))
    said = broker.ambit("confirm", "policy:read-tickets", "--remove", "--json", *at)
    tap.ok(said.returncode == 0 and json.loads(said.stdout)["removal"] is True, "and the removal of what is in force, by name", said)
    tap.ok(broker.ambit("confirm", "policy:nothing", "--remove", *at).returncode == 1, "but not of nothing")
    tap.ok(broker.ambit("confirm", token, *at).returncode == 2, "and no file that is no document")
    tap.ok(broker.ambit("confirm", policy + ".not", *at).returncode == 2, "nor one that is not there")
    # A version that is only proposed; the bytes need not be canonical.
    changed = {**broker.document("policies/restart-services"), "description": "Restart staging, slowly"}
    path = broker.propose("policies/restart-services", changed)
    said = broker.ambit("confirm", path, "--json", *at)
    tap.ok(said.returncode == 0 and json.loads(said.stdout)["digest"] != digest, "what is proposed is confirmed before it is in force", said)
    events = list(client.events(type="documents.confirmed"))
    tap.ok([(e["person"], e["target"], e.get("removal"), e.get("words")) for e in events]
           == [("dana", "policy:restart-services", None, "read it twice"), ("dana", "policy:read-tickets", True, None),
               ("dana", "policy:restart-services", None, None)], "the record tells each", events)
    mine = client.person("lee", "GET", "/v1/events?policy=restart-services&type=documents.confirmed").json["events"]
    tap.ok(len(mine) == 2, "and is searched by policy", mine)


def refusals(tap, broker, client):
    good = {"kind": "policy", "name": "read-tickets"}
    rows = [
        ("another version", {**good, "digest": NONE}, 409), ("a name that is nobody's", {**good, "name": "nobody", "digest": NONE}, 404),
        ("no version", good, 400), ("no kind", {"name": "read-tickets", "digest": NONE}, 400),
        ("an unknown kind", {**good, "kind": "team", "digest": NONE}, 400), ("no digest", {**good, "digest": "sha256:xyz"}, 400),
        ("no name", {"kind": "policy", "digest": NONE}, 400), ("an empty reason", {**good, "removal": True, "reason": ""}, 400),
        ("a member too many", {**good, "removal": True, "tier": "low"}, 400), ("a truth that is none", {**good, "removal": "yes"}, 400),
        ("a way out of the folder", {"kind": "agent", "name": "../policies/read-tickets", "digest": NONE}, 404),
        ("a removal of what is only proposed", {"kind": "policy", "name": "proposed", "removal": True}, 404),
    ]
    broker.propose("policies/proposed", {**broker.document("policies/read-tickets"), "policy": "proposed"})
    for name, body, status in rows:
        answer = confirm(client, **body)
        tap.ok(answer.status == status, f"{name}: {status}", answer)
    for who in ("dana", "sam", "lee"):
        tap.ok(confirm(client, who, removal=True, **good).status == 200, f"{who} may confirm")
    tap.ok(client.post_json("/v1/documents/confirm", {**good, "removal": True}, broker.basic("payments-api")).status == 401, "a service is no person")
    broker.propose("agents/worker", {**broker.document("agents/reporter"), "agent": "worker"})
    said = broker.ambit("confirm", os.path.join(broker.state, "documents/agents/worker.json"), "--url", f"http://127.0.0.1:{broker.port}",
                        "--token-file", os.path.join(broker.state, "credentials/sam.token"))
    tap.ok(said.returncode == 0, "what never comes in force is confirmed all the same", said)
    broker.propose("agents/worker", None)
    os.symlink("read-tickets.json", os.path.join(broker.state, "documents/policies/linked.json"))
    tap.ok(confirm(client, kind="policy", name="linked", digest=NONE).status == 404, "a link proposes nothing")


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        by_command(tap, broker, client)
        refusals(tap, broker, client)
        broker.kill()
        os.unlink(os.path.join(broker.state, "documents/policies/linked.json"))
        broker.start()
        with broker.client() as again:
            tap.ok(len(list(again.events(type="documents.confirmed"))) == 7, "killed and started: nothing is forgotten")
        broker.stop()
        status, answer = broker.verify()
        tap.ok(status == 0 and answer["ok"], "and the record holds", answer)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
