#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: under review "enforce" a name in a document is a claim until that person acts, from the very
first set on: signatures by ssh-keygen and words by `ambit confirm`, for documents and removals, by
tier; no old signed file comes back; who leaves confirms nothing."""
import hashlib
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Tap, claims  # noqa: E402
from signed import Signed  # noqa: E402


def reload(client, who="lee"):
    return client.person(who, "POST", "/v1/documents/reload")


def whats(answer):
    return [(os.path.basename(e["file"]), e["pointer"], e["what"]) for e in answer.json.get("errors", [])]


def confirm(tap, broker, document, *people):
    for person in people:
        said = broker.ambit("confirm", broker.path(document), "--reason", "I read it", "--url", f"http://127.0.0.1:{broker.port}",
                            "--token-file", os.path.join(broker.state, "credentials", person + ".token"))
        if said.returncode:
            tap.ok(False, f"{person} confirms {document}", said)


def traced(tap, broker, client, grant):
    """Who stands behind the policy and the agent of a grant, and that it was by signature."""
    body = client.person("lee", "GET", f"/v1/trace/{grant}").json
    told = {p["policy"]: p["confirmations"] for p in body["policies"]}
    with open(broker.path("policies/read-tickets"), "rb") as f:
        file = "sha256:" + hashlib.sha256(f.read()).hexdigest()
    tap.ok({(c["person"], c["how"], c["file"]) for c in told["read-tickets"]} == {(p, "signature", file) for p in ("dana", "lee")},
           "the trace of a grant tells the signatures under its policy, and over which bytes", told)
    agent = next(a for a in body["agents"] if a["agent"] == "remediator")
    tap.ok({(c["person"], c["how"]) for c in agent["confirmations"]} == {("dana", "signature"), ("sam", "signature")}, "and under its agent", agent)
    tree = broker.ambit("trace", grant, "--url", f"http://127.0.0.1:{broker.port}", "--token-file", os.path.join(broker.state, "credentials", "lee.token"), text=True)
    tap.ok(tree.returncode == 0 and tree.stdout.count("confirmed by SSH signature") == 3, "as a tree too", tree)


def first_set(tap, broker):
    status, said = broker.check()
    tap.ok(status == 2 and "policies/read-tickets.json" in said and "not confirmed by dana" in said, "--check lists what is missing", said)
    tap.ok(broker.serve() == 2, "nothing is served that nobody signed")
    broker.sign_all()
    os.unlink(broker.path("agents/reporter") + ".sam.sig")
    status, said = broker.check()
    tap.ok(status == 2 and said.count("error:") == 1 and "agents/reporter.json" in said and "sam, its backup" in said, "one that is missing is named", said)
    tap.ok(broker.serve() == 2, "and nothing is served")
    broker.sign("agents/reporter", "sam", space="file")
    tap.ok("is not theirs" in broker.check()[1], "a signature for another purpose is none")
    broker.sign("agents/reporter", "sam")
    status, said = broker.check()
    tap.ok(status == 0, "signed by all, it holds", said)
    tap.ok(broker.serve() is None, "and is served")
    with broker.client() as client:
        activated = [e for e in client.person("lee", "GET", "/v1/events?type=documents.activated").json["events"]]
        tap.ok(len(activated) == 1 and activated[0]["detail"]["bootstrap"] is True and activated[0]["detail"]["review"] == "enforce"
               and "missing" not in activated[0]["detail"], "the record says that it was the first", activated)
        signed = list(client.events(type="documents.confirmed"))
        tap.ok(len(signed) >= 20 and all(e["by"] == "signature" and e["detail"]["signature"].startswith("-----BEGIN SSH") for e in signed),
               "and who signed what", len(signed))
        given = client.token()
        tap.ok(given.status == 200, "an owner's signature attests her agent")
        traced(tap, broker, client, claims(given.json["access_token"])["jti"])


def policies(tap, broker, client):
    first = broker.document("policies/restart-services")
    digest = client.introspect(client.token("service.restart[svc:staging/**]").json["access_token"]).json["policy"][0]["digest"]
    old = broker.path("policies/restart-services")
    shutil.copy(old, old + ".old")
    broker.propose("policies/restart-services", {**first, "description": "Restart staging, with care"})
    answer = reload(client)
    tap.ok(answer.status == 422 and ("restart-services.json", "/review/replaces") in [w[:2] for w in whats(answer)], "a later version names what it replaces", whats(answer))
    tap.ok(any("is not theirs" in w[2] for w in whats(answer)), "old signatures are not over the new bytes", whats(answer))
    broker.propose("policies/restart-services", {**first, "description": "Restart staging, with care",
                                                 "review": {**first["review"], "replaces": digest}})
    tap.ok(reload(client).status == 422, "nobody confirmed it yet")
    confirm(tap, broker, "policies/restart-services", "dana", "kim")
    tap.ok(reload(client).status == 422, "kim did not review it")
    confirm(tap, broker, "policies/restart-services", "lee")
    answer = reload(client)
    tap.ok(answer.status == 200 and [a["name"] for a in answer.json["activated"]] == ["restart-services"], "by word of both it comes in force", answer)
    shutil.copy(old + ".old", old)
    os.unlink(old + ".old")
    broker.sign("policies/restart-services", "dana", "lee")
    tap.ok(("restart-services.json", "/review/replaces") in [w[:2] for w in whats(reload(client))], "the old signed file does not come back")
    broker.propose("policies/restart-services", {**first, "description": "Restart staging, with care",
                                                 "review": {**first["review"], "replaces": digest}})
    tap.ok(reload(client).status == 200, "what is in force stands as it stood")


def agents(tap, broker, client):
    path = broker.path("agents/reporter")
    kept = {name: open(path + name, "rb").read() for name in ("", ".dana.sig", ".sam.sig")}
    broker.propose("agents/reporter", {**broker.document("agents/reporter"), "description": "Reports what it finds"})
    broker.sign("agents/reporter", "dana")
    tap.ok([w[1] for w in whats(reload(client))] == ["/backup"], "an agent's backup is missing")
    broker.sign("agents/reporter", "sam")
    tap.ok(reload(client).status == 200, "signed by owner and backup")
    for name, content in kept.items():
        with open(path + name, "wb") as f:
            f.write(content)
    tap.ok([w[1] for w in whats(reload(client))] == ["/owner", "/backup"], "its first version does not come back on its first signatures")
    confirm(tap, broker, "agents/reporter", "dana", "sam")
    tap.ok(reload(client).status == 200, "but by their word of today")


def high(tap, broker, client):
    policy = {**broker.document("policies/read-tickets"), "policy": "purge-tickets", "tier": "high",
              "review": {"authored_by": "dana", "accepted_by": "dana", "reviewed_by": ["lee"]},
              "allow": [{"id": "purge", "actions": ["ticket.purge"], "resources": ["ticket:old/**"], "ttl": {"max": "5m"}}],
              "hard_stops": [{"id": "canary", "on": "attempted", "resources": ["ticket:canary/**"], "then": "suspend_agent"}]}
    agent = {"agent": "purger", "description": "d", "owner": "dana", "backup": "sam", "policies": ["purge-tickets"],
             "authenticate": [{"method": "unix_peer", "uid": 1000}]}
    broker.propose("policies/purge-tickets", policy)
    confirm(tap, broker, "policies/purge-tickets", "dana", "lee")
    tap.ok(len([w for w in whats(reload(client)) if "by signature" in w[2]]) >= 2, "at high a word is not enough")
    broker.sign("policies/purge-tickets", "dana", "lee")
    answer = reload(client)
    tap.ok([w[2] for w in whats(answer)] == ["its tests do not hold it: there are none"], "signed, but not tested", whats(answer))
    broker.propose("agents/purger", agent)
    broker.sign("agents/purger", "dana", "sam")
    tests = {"policy": "purge-tickets", "cases": [
        {"name": "purges what is old", "given": {"agent": "purger", "now": "2026-11-20T10:00:00Z"},
         "request": {"items": [{"actions": ["ticket.purge"], "resources": ["ticket:old/**"]}], "audience": "https://payments.example.gov"},
         "expect": {"decision": "allow", "rule": "purge"}}]}
    name = broker.path("policies/purge-tickets")[:-5] + ".test.json"

    def write(value):
        with open(name, "w", encoding="utf-8") as f:
            json.dump(value, f)
    write(tests)
    answer = reload(client)
    tap.ok([w[2] for w in whats(answer)] == ["its tests do not hold it: no case reaches the hard stop canary"], "tests must reach every hard stop", whats(answer))
    tests["cases"].append({"name": "the canary sings", "given": {"agent": "purger", "now": "2026-11-20T10:00:00Z"},
                           "action": {"action": "ticket.purge", "resource": "ticket:canary/1",
                                      "grant_items": [{"actions": ["ticket.purge"], "resources": ["ticket:**"], "policy": "purge-tickets", "rule": "purge"}]},
                           "expect": {"decision": "deny", "trips": ["purge-tickets/canary"]}})
    write(tests)
    answer = reload(client)
    tap.ok(answer.status == 200, "signed and tested it comes in force", whats(answer))
    return answer


def removals(tap, broker, client):
    digest = next(e["detail"]["agents"]["purger"] for e in reversed(list(client.events(type="documents.activated"))))
    os.unlink(broker.path("agents/purger"))
    tap.ok([w[1] for w in whats(reload(client))] == ["/owner", "/backup"], "a document does not go by itself")
    broker.sign("agents/purger", "dana", "sam", removal=digest.replace("a", "b", 1))
    tap.ok(reload(client).status == 422, "another version's removal is none of this one")
    broker.sign("agents/purger", "dana", "sam", removal=digest)
    answer = reload(client)
    tap.ok(answer.status == 200, "signed by both it goes", whats(answer))
    gone = [e for e in client.events(type="documents.confirmed") if e.get("removal")]
    tap.ok(sorted(e["person"] for e in gone) == ["dana", "sam"], "and the record tells who said so", gone)


def offboarding(tap, broker, client):
    at = ["--url", f"http://127.0.0.1:{broker.port}", "--token-file", os.path.join(broker.state, "credentials/ann.token")]
    token = client.token().json["access_token"]
    said = broker.ambit("owner", "offboard", "dana", "--reason", "left", "--dry-run", "--json", *at)
    dry = json.loads(said.stdout)
    tap.ok(said.returncode == 0 and dry["agents"] == ["remediator", "reporter"] and dry["live_grants"] >= 1
           and "restart-services" in dry["policies"] and dry["services"] == ["payments-api"] and dry["backup_of"] == [], "a dry run shows what it takes", dry)
    tap.ok(client.introspect(token).json["active"], "and takes nothing")
    tap.ok(client.person("sam", "POST", "/v1/people/dana/offboard", {"reason": "x"}).status == 403, "an owner offboards nobody")
    tap.ok(client.person("ann", "POST", "/v1/people/nobody/offboard", {"reason": "x"}).status == 404, "nobody is nobody")
    said = broker.ambit("owner", "offboard", "dana", "--reason", "left on Friday", *at)
    tap.ok(said.returncode == 0 and b"in_force" in said.stdout, "one command", said)
    tap.ok(client.person("dana", "GET", "/v1/whoami").status == 401 and client.person("dana", "GET", "/v1/grants").status == 401, "her token is dead")
    tap.ok(not client.introspect(token).json["active"] and client.token().json["ambit_reason"] == "stopped", "and so are her agents'")
    tap.ok(client.person("ann", "POST", "/v1/people/dana/offboard", {"reason": "x"}).status == 409, "once")
    broker.propose("agents/reporter", {**broker.document("agents/reporter"), "description": "Again"})
    broker.sign("agents/reporter", "dana", "sam")
    tap.ok([w[1] for w in whats(reload(client))] == ["/owner"], "and her key signs nothing any more")
    broker.kill()
    tap.ok(broker.serve() is None, "killed and started")
    with broker.client() as again:
        tap.ok(again.person("dana", "GET", "/v1/whoami").status == 401 and again.token().json["ambit_reason"] == "stopped", "it holds")


def attestation(tap):
    with Signed() as broker:
        broker.sign_all()
        broker.write_config(attestation="3s")
        tap.ok(broker.serve() is None, "served with an attestation of three seconds")
        with broker.client() as client:
            import time
            given = client.token().json["access_token"]
            time.sleep(3.2)
            answer = client.token()
            tap.ok(answer.json["ambit_reason"] == "owner_required", "then it has lapsed", answer)
            tap.ok(client.evaluate(given).json["decision"], "what was given goes on")
            confirm(tap, broker, "agents/remediator", "dana")
            tap.ok(client.token().status == 200, "and her word renews it")


def main():
    tap = Tap()
    with Signed() as broker:
        first_set(tap, broker)
        with broker.client() as client:
            policies(tap, broker, client)
            agents(tap, broker, client)
            high(tap, broker, client)
            removals(tap, broker, client)
            offboarding(tap, broker, client)
        broker.stop()
        status, answer = broker.verify()
        tap.ok(status == 0 and answer["ok"], "and the record holds", answer)
    attestation(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
