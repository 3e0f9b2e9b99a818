#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: POST /access/v1/evaluations decides each item as a question of its own and no more than it must; an
agent that a service only names is judged with nothing presented; a repeat under Idempotency-Key is not
counted again, and is no way around a stop."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import STAGING, TICKET, Broker, Tap  # noqa: E402
import dpop  # noqa: E402

PROD = {"type": "svc", "id": "prod/web"}
READ, RESTART = {"name": "ticket.read"}, {"name": "service.restart"}


def ask(client, body, path="/access/v1/evaluations", who=None, **headers):
    return client.call("POST", path, body if isinstance(body, str) else json.dumps(body),
                       {"Content-Type": "application/json", "Authorization": who or client.broker.basic("payments-api"),
                        **{k.replace("_", "-"): v for k, v in headers.items()}})


def subject(token):
    return {"type": "access_token", "id": token}


def decisions(answer):
    return [i["decision"] for i in answer.json["evaluations"]]


def recorded(client, **query):
    return list(client.events(**query))


def batches(tap, broker, client):
    token = client.token("service.restart[svc:staging/**] ticket.read[ticket:**]").json["access_token"]
    base = {"subject": subject(token), "action": RESTART, "resource": STAGING, "context": {"a": 1}}
    yes, no = {}, {"resource": PROD}
    answer = ask(client, {**base, "evaluations": [yes, {"action": READ, "resource": TICKET}, yes]})
    ids = {i["context"]["id"] for i in answer.json["evaluations"]}
    tap.ok(answer.status == 200 and decisions(answer) == [True] * 3 and len(ids) == 3 and "decision" not in answer.json, "AZN-8, AZN-9 defaults, items in order", answer)
    events = [e for e in recorded(client, type="action.allowed") if e["id"] in ids]
    tap.ok(len(events) == 3 and len({e["time"] for e in events}) == 1, "AZN-17 each is an action on record, in one commit", events)
    merged = ask(client, {**base, "resource": {**STAGING, "properties": {"x": 1}}, "evaluations": [{"resource": STAGING, "context": {"b": 2}}]})
    event = [e for e in recorded(client, type="action.allowed") if e["id"] == merged.json["evaluations"][0]["context"]["id"]]
    tap.ok(event and event[0]["context"] == {"b": 2}, "AZN-8 a member stands in place of the whole default", event)

    before = len(recorded(client, type="action.allowed"))
    for semantic, items, want in (("execute_all", [yes, no, yes], [True, False, True]), ("deny_on_first_deny", [yes, no, yes], [True, False]),
                                  ("permit_on_first_permit", [no, yes, yes], [False, True]), ("deny_on_first_deny", [{"resource": 1}, yes], [False])):
        fresh = client.token("service.restart[svc:staging/**]").json["access_token"]
        answer = ask(client, {**base, "subject": subject(fresh), "evaluations": items, "options": {"evaluations_semantic": semantic}})
        tap.ok(decisions(answer) == want, f"AZN-9 {semantic} of {len(items)}", answer)
    tap.ok(len(recorded(client, type="action.allowed")) == before + 2 + 1 + 1, "AZN-9 what stands behind the deciding one is not decided")

    answer = ask(client, {**base, "evaluations": [{"resource": {"type": "svc"}}, yes, 7, {"context": {"subject.role": "x"}}]})
    faults = [i["context"].get("error", {}).get("status") for i in answer.json["evaluations"]]
    tap.ok(answer.status == 200 and decisions(answer) == [False, True, False, False] and faults == [400, None, 400, 400], "AZN-10, AZN-16 a bad item in its place", answer)
    for name, change in {"an unknown semantic": {"options": {"evaluations_semantic": "all"}}, "a semantic that is no text": {"options": {"evaluations_semantic": 1}},
                         "options that are a list": {"options": []}, "items that are no array": {"evaluations": {}}, "257 items": {"evaluations": [yes] * 257}}.items():
        tap.ok(ask(client, {**base, "evaluations": [yes], **change}).status == 400, f"AZN-9, AZN-10 {name}: 400")
    for name, body in (("missing", base), ("empty", {**base, "evaluations": []})):
        single = ask(client, body)
        tap.ok(single.json["decision"] is True and "evaluations" not in single.json, f"AZN-8 an array that is {name}: as one question", single)
    many = ask(client, {**base, "action": READ, "resource": TICKET, "evaluations": [{}] * 256})
    tap.ok(decisions(many) == [True] * 256, "AZN-10 256 items, duplicates each for itself")
    tap.ok(ask(client, base, who="Bearer " + token).status == 403, "AZN-19 an agent asks no batches")
    limited = ask(client, {**base, "evaluations": [yes] * 30})
    tap.ok(0 < decisions(limited).count(True) < 20 and decisions(limited)[-1] is False, "a batch is no way around a limit", decisions(limited))


def named(tap, broker, client):
    service = broker.document("services/payments-api")
    broker.propose("services/payments-api", {**service, "subjects": {"user": "", "bot": "rem"}})
    tap.ok(client.person("lee", "POST", "/v1/documents/reload").status == 200, "a service that names subjects")

    def one(who, action=RESTART, resource=STAGING, **more):
        return ask(client, {"subject": {"type": "user", "id": who}, "action": action, "resource": resource, **more}, "/access/v1/evaluation").json
    yes = one("remediator", READ, TICKET)
    event = [e for e in recorded(client, type="action.allowed", agent="remediator") if e["id"] == yes["context"]["id"]]
    tap.ok(yes["decision"] is True and event and "grant" not in event[0] and event[0]["service"] == "payments-api" and event[0]["owner"] == "dana",
           "AZN-18 an agent on the service's word: recorded without a grant", event)
    shown = client.person("lee", "GET", f"/v1/events?limit=1000&checks=true&after={event[0]['seq'] - 1}").json["events"][0] if event else {}
    tap.ok(shown.get("checks") == yes["context"]["checks"], "its checks are derived from the record", shown)
    prefixed = ask(client, {"subject": {"type": "bot", "id": "ediator"}, "action": READ, "resource": TICKET}, "/access/v1/evaluation").json
    tap.ok(prefixed["decision"] is True, "AZN-18 a prefix makes an agent of the id", prefixed)
    tap.ok(one("nobody")["context"]["reason"] == "inactive" and one("x" * 200)["context"]["reason"] == "inactive", "one that is not there is inactive")
    out = one("remediator", resource=PROD)
    tap.ok(out["context"]["reason"] == "out_of_scope" and out["context"]["reason_admin"]["403"].startswith("remediator was refused"), "out of its policies", out)
    tap.ok(one("remediator", RESTART, {"type": "db", "id": "prod/customers/x"})["context"]["reason"] == "forbidden", "a never holds")
    other = ask(client, {"subject": {"type": "robot", "id": "remediator"}, "action": READ, "resource": TICKET}, "/access/v1/evaluation").json
    tap.ok(other["context"]["reason"] == "not_supported", "AZN-18 a type that it does not name", other)
    stop = client.stop("agent:remediator").json["stop"]
    tap.ok(one("remediator", READ, TICKET)["context"]["reason"] == "stopped", "a stop on the agent")
    client.clear(stop, who="lee")
    counted = [one("remediator")["decision"] for _ in range(25)]
    tap.ok(counted.count(True) <= 20 and counted[-1] is False, "its limits by agent count", counted)
    trip = one("remediator", {"name": "secret.read"}, {"type": "secret", "id": "canary/x"})
    tap.ok(trip["decision"] is False and one("remediator", READ, TICKET)["context"]["reason"] == "stopped", "a hard stop takes the agent that was named", trip)


def repeats(tap, broker, client):
    token = client.token("ticket.read[ticket:**]", purpose="again").json["access_token"]
    body = json.dumps({"subject": subject(token), "action": READ, "resource": TICKET})
    single = "/access/v1/evaluation"
    first, again = (ask(client, body, single, Idempotency_Key="k1") for _ in range(2))
    tap.ok(first.body == again.body, "AZN-20 a repeat is answered with the earlier decision", f"{first}\n{again}")
    others = [ask(client, body, single, Idempotency_Key=key) for key in ("k2", "k3")]
    events = [e for e in recorded(client, type="action.allowed") if e.get("grant") == recorded(client, type="grant.issued")[-1]["grant"]]
    tap.ok(len(events) == 3 and all(a.json["decision"] for a in others), "AZN-20 and not counted again; another key is another action", len(events))
    tap.ok(ask(client, body.replace("INC-1", "INC-2"), single, Idempotency_Key="k1").status == 400, "AZN-20 the key is bound to the body")
    for key in ("", "x" * 257, "a b"):
        tap.ok(ask(client, body, single, Idempotency_Key=key).status == 400, f"a key of {len(key)} bytes: 400")
    denied = json.dumps({"subject": subject(token), "action": RESTART, "resource": PROD})
    no, same = (ask(client, denied, single, Idempotency_Key="no").json for _ in range(2))
    tap.ok(no["context"]["id"] == same["context"]["id"] and no["context"]["checks"] == same["context"]["checks"], "AZN-20 a denial too", same)
    batch = json.dumps({"subject": subject(token), "action": READ, "evaluations": [{"resource": TICKET}, {"resource": PROD}, {"resource": {"type": "ticket", "id": "b"}}]})
    one, two = (ask(client, batch, Idempotency_Key="b1").json["evaluations"] for _ in range(2))
    tap.ok([i["context"]["id"] for i in one] == [i["context"]["id"] for i in two] and [i["decision"] for i in two] == [True, False, True], "AZN-20 a batch, item by item", two)
    client.revoke(token)
    dead = ask(client, body, single, Idempotency_Key="k1").json
    tap.ok(dead["decision"] is False and dead["context"]["reason"] == "inactive" and dead["context"]["id"] != first.json["context"]["id"],
           "AZN-20 not past what ended the grant", dead)
    gone = ask(client, batch, Idempotency_Key="b1").json["evaluations"]
    tap.ok([i["context"]["reason"] for i in gone] == ["inactive"] * 3, "AZN-20 nor in a batch", gone)


def bound(tap, broker, client):
    me, uri = dpop.Client(broker, client), "https://payments.example.gov/tickets/1"
    token = me.token("ticket.read[ticket:**]").json["access_token"]

    def shown(proof):
        return {**subject(token), "properties": {"dpop": {"proof": proof, "method": "GET", "uri": uri}}}
    fresh = [shown(me.key.proof("GET", uri, token)) for _ in range(18)]
    base = {"action": READ, "resource": TICKET}
    one = ask(client, {**base, "subject": fresh[0], "evaluations": [{}] * 20})
    tap.ok(decisions(one) == [True] * 20, "AZN-15 one proof for all items of a batch", one)
    many = ask(client, {**base, "evaluations": [{"subject": s} for s in fresh]})
    tap.ok(decisions(many) == [True] * 16 + [False] * 2, "and no more than sixteen different ones are looked at", decisions(many))
    found = ask(client, {"subject": fresh[0], "resource": TICKET}, "/access/v1/search/action").json["results"]
    none = ask(client, {"subject": subject(token), "resource": TICKET}, "/access/v1/search/action").json["results"]
    tap.ok(found == [{"name": "ticket.read"}] and none == [], "AZN-12 a search sees a bound token as evaluation does", (found, none))


def budget(tap):
    with Broker(limits={"service_per_s": 1, "service_burst": 50}) as broker, broker.client() as client:
        body = {"subject": subject("x"), "action": READ, "resource": TICKET, "evaluations": [{}] * 40}
        first, second = ask(client, body), ask(client, body)
        tap.ok(first.status == 200 and second.status == 429 and int(second.headers["Retry-After"]) >= 25, "each item is of the service's budget", second)


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        for part in (batches, repeats, bound, named):
            part(tap, broker, client)
        broker.stop()
        status, answer = broker.verify()
        tap.ok(status == 0 and answer["ok"], "and the record holds", answer)
    budget(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
