#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the searches list exactly the names for which evaluation says yes (AZN-12), page by page (AZN-11),
and leave nothing behind: over random small sets of documents, every result evaluates true and every literal
name that evaluates true is listed."""
import hashlib
import os
import random
import secrets
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import SLOW, Broker, Tap  # noqa: E402

AUDIENCE = "https://things.example.gov"
AGENTS = [f"fleet/a{i}" for i in range(5)]
ACTIONS = [f"thing.{verb}" for verb in ("read", "write", "move", "drop")]
THINGS = [f"t/{i}" for i in range(5)] + ["u"]
QUIET = {"id": "told", "on": "signal", "signal": "compromised", "from": ["things"], "then": "suspend_agent"}
MORE = [{}, {}, {}, {"bind": ["dpop"]}, {"when": {"purpose": "x"}}, {"when": {"context": {"subject.role": {"equals": "admin"}}}},
        {"when": {"context": {"size": {"max": 3}}}}, {"approval": {"at": "action", "roles": ["oncall"], "timeout": "5m"}}]


def search(client, what, basic, **body):
    return client.post_json(f"/access/v1/search/{what}", body, basic)


def documents(broker, rng):
    """A random set: five agents under four policies; what is literal in it."""
    for i in range(4):
        rules = [{"id": f"r{r}", "actions": rng.sample(ACTIONS + ["thing.*"], rng.randint(1, 3)), "ttl": {"max": "5m"},
                  "resources": [f"thing:{t}" for t in rng.sample(THINGS + ["t/*", "${agent}"], rng.randint(1, 3))], **rng.choice(MORE)} for r in range(3)]
        never = [{"id": "n", "actions": [rng.choice(ACTIONS)], "resources": [f"thing:{rng.choice(THINGS)}"]}]
        broker.propose(f"policies/p{i}", {
            "policy": f"p{i}", "description": "random", "owner": "dana", "tier": "medium", "audiences": [AUDIENCE if i else "https://payments.example.gov"],
            "review": {"authored_by": "dana", "accepted_by": "dana", "reviewed_by": ["sam"]}, "allow": rules, "never": never, "hard_stops": [QUIET]})
    for name in AGENTS:
        broker.propose("agents/" + name.replace("/", "__"), {
            "agent": name, "description": "d", "owner": "dana", "backup": "sam", "authenticate": [{"method": "unix_peer", "uid": 65534}],
            "policies": rng.sample([f"p{i}" for i in range(4)], rng.randint(0, 3))})


def service(broker):
    secret = secrets.token_urlsafe(32)
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 86400))
    broker.propose("services/things", {
        "service": "things", "owner": "dana", "tier": "low", "audiences": [AUDIENCE], "resources": ["thing:**"], "subjects": {"member": "fleet/"},
        "authenticate": [{"method": "client_secret_basic", "sha256": hashlib.sha256(secret.encode()).hexdigest(), "expires": expires}]})
    with open(os.path.join(broker.state, "credentials", "things.secret"), "w", encoding="utf-8") as f:
        f.write(secret)


def literal(broker, agent):
    """Actions and things that stand literally in the rules of an agent."""
    actions, things = set(), set()
    for name in broker.document("agents/" + agent.replace("/", "__"))["policies"]:
        for rule in broker.document(f"policies/{name}")["allow"]:
            actions |= {a for a in rule["actions"] if "*" not in a}
            things |= {r.split(":", 1)[1] for r in rule["resources"] if "*" not in r and "$" not in r}
    return actions, things


def says(client, basic, questions):
    """Evaluation of each, one after another."""
    answer = client.post_json("/access/v1/evaluations", {"evaluations": questions}, basic)
    return [i["decision"] for i in answer.json["evaluations"]]


def subject_of(agent, properties):
    return {"type": "member", "id": agent[len("fleet/"):], **({"properties": properties} if properties else {})}


def pages(client, basic, what, limit, **body):
    """Every result, by pages of so many."""
    results, page = [], {"limit": limit}
    while True:
        answer = search(client, what, basic, **body, page=page).json
        results += answer["results"]
        assert answer["page"]["count"] == len(answer["results"]) <= limit
        if not answer["page"]["next_token"]:
            return results
        page = {"limit": limit, "token": answer["page"]["next_token"]}


def agreement(tap, broker, client, rounds):
    rng = random.Random(7)
    asked = differ = listed = 0
    for _ in range(rounds):
        documents(broker, rng)
        loaded = client.person("lee", "POST", "/v1/documents/reload")
        if not tap.ok(loaded.status == 200, "a random set", loaded):
            return
        basic = broker.basic("things")
        context, properties = rng.choice([{}, {"size": 2}, {"size": 9}]), rng.choice([{}, {"role": "admin"}])
        for agent in AGENTS:
            actions, things = literal(broker, agent)
            who = subject_of(agent, properties)
            for action in sorted(actions)[:2]:
                found = {r["id"] for r in pages(client, basic, "resource", rng.randint(1, 4), subject=who, action={"name": action}, resource={"type": "thing"}, context=context)}
                true = says(client, basic, [{"subject": who, "action": {"name": action}, "resource": {"type": "thing", "id": t}, "context": context} for t in sorted(things)])
                want = {t for t, yes in zip(sorted(things), true) if yes}
                asked, differ, listed = asked + 1, differ + (found != want), listed + len(found)
            for thing in sorted(things)[:2]:
                found = {r["name"] for r in pages(client, basic, "action", rng.randint(1, 4), subject=who, resource={"type": "thing", "id": thing}, context=context)}
                true = says(client, basic, [{"subject": who, "action": {"name": a}, "resource": {"type": "thing", "id": thing}, "context": context} for a in sorted(actions)])
                want = {a for a, yes in zip(sorted(actions), true) if yes}
                asked, differ, listed = asked + 1, differ + (found != want), listed + len(found)
        for thing in THINGS[:3]:
            who = {"type": "member", **({"properties": properties} if properties else {})}
            found = {r["id"] for r in pages(client, basic, "subject", 2, subject=who, action={"name": ACTIONS[0]}, resource={"type": "thing", "id": thing}, context=context)}
            true = says(client, basic, [{"subject": subject_of(a, properties), "action": {"name": ACTIONS[0]}, "resource": {"type": "thing", "id": thing}, "context": context} for a in AGENTS])
            want = {a[len("fleet/"):] for a, yes in zip(AGENTS, true) if yes}
            asked, differ, listed = asked + 1, differ + (found != want), listed + len(found)
    tap.ok(differ == 0 and listed > rounds, f"AZN-12 {asked} searches over {rounds} random sets agree with evaluation ({listed} results)", differ)


def shapes(tap, broker, client):
    basic = broker.basic("payments-api")
    token = client.token("service.read[svc:staging/**] ticket.read[ticket:**]").json["access_token"]
    mine = {"type": "access_token", "id": token}
    actions = search(client, "action", basic, subject=mine, resource={"type": "svc", "id": "staging/x"})
    tap.ok(actions.json == {"results": [{"name": "service.read"}], "page": {"next_token": "", "count": 1}}, "AZN-11 what a token may do", actions)
    before = client.person("dana", "GET", "/v1/events?limit=1000").json["events"][-1]["seq"]
    search(client, "action", basic, subject=mine, resource={"type": "svc", "id": "staging/x"})
    after = [e["type"] for e in client.events(after=before) if e["type"] not in ("person.read",)]
    tap.ok(after == [], "AZN-12 a search leaves nothing in the record", after)
    tap.ok(search(client, "subject", basic, subject={"type": "user"}, action={"name": "a"}, resource={"type": "svc", "id": "x"}).json["results"] == [], "AZN-12 an unknown type: nothing")
    tap.ok(search(client, "action", basic, subject={"type": "access_token", "id": "x"}, resource={"type": "svc", "id": "x"}).json["results"] == [], "an unknown token: nothing")
    tap.ok(search(client, "action", "Bearer " + token, subject=mine, resource={"type": "svc", "id": "x"}).status == 403, "AZN-19 an agent does not search")
    first = search(client, "action", basic, subject=mine, resource={"type": "svc", "id": "staging/x"}, page={"limit": 1}).json
    for name, page in {"a token of another search": {"token": "AAAA" * 10}, "a token that is none": {"token": "!"}, "a token that is a number": {"token": 1},
                       "no limit at all": {"limit": 0}, "a limit that is a text": {"limit": "1"}, "a page that is a list": []}.items():
        tap.ok(search(client, "action", basic, subject=mine, resource={"type": "svc", "id": "staging/x"}, page=page).status == 400, f"AZN-11 {name}: 400", first)
    client.stop("agent:remediator")
    stopped = search(client, "action", basic, subject=mine, resource={"type": "svc", "id": "staging/x"})
    tap.ok(stopped.json["results"] == [], "a stop empties it", stopped)


def paging(tap, broker, client):
    basic = broker.basic("things")
    broker.propose("policies/p1", {**broker.document("policies/p1"), "never": [{"id": "n", "actions": ["never.this"], "resources": ["thing:none"]}],
                                   "allow": [{"id": "all", "actions": ACTIONS, "resources": [f"thing:{t}" for t in THINGS], "ttl": {"max": "5m"}}]})
    broker.propose("agents/fleet__a0", {**broker.document("agents/fleet__a0"), "policies": ["p1"]})
    tap.ok(client.person("lee", "POST", "/v1/documents/reload").status == 200, "a set to page through")
    body = {"subject": {"type": "member", "id": "a0"}, "action": {"name": ACTIONS[0]}, "resource": {"type": "thing"}, "context": {"ratio": 1.5}}
    whole = search(client, "resource", basic, **body).json
    tap.ok([r["id"] for r in whole["results"]] == sorted(THINGS) and whole["page"]["next_token"] == "", "AZN-11 one page of all", whole)
    tap.ok(pages(client, basic, "resource", 2, **body) == whole["results"], "AZN-11 the same by twos")
    token = search(client, "resource", basic, **body, page={"limit": 2}).json["page"]["next_token"]
    reordered = search(client, "resource", basic, page={"token": token}, **dict(reversed(body.items())))
    tap.ok(reordered.status == 200 and len(reordered.json["results"]) == 4, "the order of members is nothing", reordered)
    for name, change in {"action": {"action": {"name": ACTIONS[1]}}, "context": {"context": {"ratio": 2.5}}, "a member more": {"x": 1}}.items():
        tap.ok(search(client, "resource", basic, **{**body, **change}, page={"token": token}).status == 400, f"AZN-11 {name} changed between pages: 400")
    tap.ok(search(client, "subject", basic, **{**body, "resource": {"type": "thing", "id": "u"}}, page={"token": token}).status == 400, "another search: 400")


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        shapes(tap, broker, client)
        service(broker)
        agreement(tap, broker, client, 4 if SLOW > 1 else 12)
        paging(tap, broker, client)
        broker.stop()
        status, answer = broker.verify()
        tap.ok(status == 0 and answer["ok"], "and the record holds", answer)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
