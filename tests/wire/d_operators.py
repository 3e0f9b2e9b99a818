#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: people do with the operator API what their roles allow and nothing else; stops stop, lists are
pages, streams go on where they were left, and what was read is on record."""
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import SLOW, Broker, Tap, claims  # noqa: E402

REASON = {"reason": "a test asked"}
# who may (interfaces.md, "Who may call"): path, body, people that get through
RIGHTS = [
    ("GET", "/v1/grants", None, "dana sam lee"), ("GET", "/v1/events", None, "dana sam lee"), ("GET", "/v1/stops", None, "dana sam lee"),
    ("GET", "/v1/trace/agent:remediator", None, "dana lee"), ("GET", "/v1/whoami", None, "dana sam lee"),
    ("POST", "/v1/time/acknowledge", REASON, "lee"), ("POST", "/v1/documents/reload", None, "lee"),
    ("POST", "/v1/stops", {"target": "agent:reporter", "dry_run": True}, "dana lee"),
    ("POST", "/v1/stops", {"target": "policy:read-tickets", "dry_run": True}, "dana lee"),
    ("POST", "/v1/stops", {"target": "all", "dry_run": True}, "lee"), ("POST", "/v1/stops", {"target": "team:payments", "dry_run": True}, "lee"),
]


def problem(answer, status, reason):
    try:
        body = answer.json
    except ValueError:
        return False
    return (answer.status == status and body["status"] == status and body["reason"] == reason
            and answer.headers["Content-Type"] == "application/problem+json")


def rights(tap, broker, client):
    client.token()  # something to trace
    for method, path, body, allowed in RIGHTS:
        for who in ("dana", "sam", "lee"):
            answer = client.person(who, method, path, body)
            name = f"{who} {method} {path} {(body or {}).get('target', '')}"
            if who in allowed.split():
                tap.ok(answer.status == 200, f"{name}: 200", answer)
            else:
                tap.ok(problem(answer, 403, "role_required") or (path.startswith("/v1/trace") and answer.status == 404), f"{name}: refused", answer)
        answer = client.call(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"} if body else {})
        tap.ok(answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer"), f"nobody {method} {path}: 401", answer)
    tap.ok(problem(client.call("GET", "/v1/grants", None, {"Authorization": broker.basic("payments-api")}), 401, "credentials_required"), "a service is no person")
    tap.ok(problem(client.call("GET", "/v1/grants", None, {"Authorization": "Bearer wrong"}), 401, "credentials_required"), "an unknown token")


def whoami(tap, broker, client):
    token = client.token().json["access_token"]
    agent = client.call("GET", "/v1/whoami", None, {"Authorization": "Bearer " + token}).json
    tap.ok(agent == {"kind": "agent", "name": "remediator", "owner": "dana", "policies": ["restart-services", "read-tickets"]}, "an agent by its token", agent)
    service = client.call("GET", "/v1/whoami", None, {"Authorization": broker.basic("payments-api")}).json
    tap.ok(service == {"kind": "service", "name": "payments-api", "owner": "dana"}, "a service by its secret", service)
    lee = client.person("lee", "GET", "/v1/whoami").json
    tap.ok(lee == {"kind": "person", "name": "lee", "roles": ["oncall", "approver", "admin"]}, "a person by their token", lee)
    client.revoke(token)
    tap.ok(client.call("GET", "/v1/whoami", None, {"Authorization": "Bearer " + token}).status == 401, "a dead token is nobody")


def bodies(tap, client):
    bad = ['{}', '{"target":"agent:reporter"}', '{"target":"agent:reporter","reason":""}', '{"target":"agent:reporter","reason":"x","dry":1}', '[]', '',
           '{"target":"reporter","reason":"x"}', '{"target":"agent:reporter","reason":"x","reason":"y"}', json.dumps({"target": "all", "reason": "x" * 1025})]
    for body in bad:
        answer = client.call("POST", "/v1/stops", body, {"Content-Type": "application/json", "Authorization": f"Bearer {client.broker.secret('lee.token')}"})
        tap.ok(problem(answer, 400, "malformed"), f"malformed: {body[:50]}", answer)
    tap.ok("dry" in client.call("POST", "/v1/stops", bad[3], {"Content-Type": "application/json", "Authorization": f"Bearer {client.broker.secret('lee.token')}"}).json["detail"],
           "an unknown member is named")
    for target in ("agent:nobody", "policy:nobody", "grant:AAAAAAAAAAAAAAAAAAAAAA"):
        tap.ok(problem(client.stop(target), 404, "not_found"), f"{target}: 404")
    for path in ("/v1/grants?limit=0", "/v1/grants?limit=1001", "/v1/grants?stat=all", "/v1/grants?state=dead", "/v1/grants?cursor=x", "/v1/events?since=x", "/v1/stops?limit=1&limit=2"):
        tap.ok(problem(client.person("lee", "GET", path), 400, "malformed"), f"{path}: 400")
    for path in ("/v1/stops/x", "/v1/stops/AAAAAAAAAAAAAAAAAAAAAA", "/v1/trace/AAAAAAAAAAAAAAAAAAAAAA", "/v1/nothing"):
        tap.ok(problem(client.person("lee", "GET", path), 404, "not_found"), f"{path}: 404")


def stops(tap, client):
    token = client.token().json["access_token"]
    dry = client.stop("agent:remediator", dry_run=True)
    tap.ok(dry.status == 200 and dry.json["dry_run"] is True and dry.json["agents"] == ["remediator"] and dry.json["live_grants"] >= 1, "a dry run counts and does nothing", dry)
    tap.ok(client.introspect(token).json["active"], "the token lives")
    raised = client.stop("agent:remediator", "it runs wild", who="dana")
    body = raised.json
    tap.ok(raised.status == 201 and body["state"] == "in_force" and body["recorded"] == "yes" and body["by"] == "dana" and body["incident"], "an owner stops her agent", raised)
    tap.ok(client.introspect(token).json == {"active": False}, "its live token is dead")
    tap.ok(client.evaluate(token).json["context"]["reason"] == "stopped", "and stopped at decision")
    tap.ok(client.token().json["ambit_reason"] == "stopped", "and nothing new is given")
    tap.ok([s["stop"] for s in client.person("lee", "GET", "/v1/stops").json["stops"]] == [body["stop"]], "it is in the list")
    tap.ok(client.person("lee", "GET", f"/v1/stops/{body['stop']}").json["reason"] == "it runs wild", "and by itself, with its words")
    cleared = client.clear(body["stop"])
    tap.ok(cleared.status == 200 and cleared.json["state"] == "cleared" and cleared.json["cleared_by"] == "lee" and cleared.json["cleared_at"], "who is neither owner nor backup clears it", cleared)
    tap.ok(problem(client.clear(body["stop"]), 409, "conflict"), "once")
    tap.ok(client.token().status == 200 and client.introspect(token).json == {"active": False}, "clearing gives anew and revives nothing")
    everything = client.stop("all").json["stop"]
    asked = client.clear(everything)
    tap.ok(asked.status == 202 and asked.json["state"] == "in_force" and asked.json["clear_asked_by"] == "lee", "what takes two people to clear waits for the second", asked)
    tap.ok(problem(client.clear(everything), 409, "conflict"), "who is another one")
    tap.ok(client.token().json["ambit_reason"] == "stopped", "and holds")


def pages(tap, client):
    for _ in range(5):
        client.token()
    whole = client.person("lee", "GET", "/v1/grants?state=all&limit=1000").json["grants"]
    seen, cursor = [], None
    while True:
        page = client.person("lee", "GET", "/v1/grants?state=all&limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        seen += page["grants"]
        cursor = page["next"]
        if cursor is None:
            break
    tap.ok([g["grant"] for g in seen] == [g["grant"] for g in whole] and len(seen) >= 5, "pages of two are the whole list", (len(seen), len(whole)))
    all_events = list(client.events())
    two = client.person("lee", "GET", "/v1/events?limit=2&after=3").json
    tap.ok([e["seq"] for e in two["events"]] == [4, 5] and two["next"] == 5, "events behind a sequence", two)
    tap.ok(any(e["type"] == "person.read" and e["person"] == "lee" for e in all_events), "what was read is on record")
    issued = [e for e in all_events if e["type"] == "grant.issued"]
    found = client.person("lee", "GET", f"/v1/events?grant={issued[0]['grant']}&type=grant.issued").json["events"]
    tap.ok(len(found) == 1 and found[0]["id"] == issued[0]["id"] and found[0]["leaf"], "filters", found)
    leaf = client.person("lee", "GET", f"/v1/events?grant={issued[0]['grant']}&type=grant.issued&form=leaf").json["events"][0]
    tap.ok({"bytes", "leaf"} <= set(leaf), "form=leaf", leaf)


def budgets(tap):
    with Broker(limits={"person_per_s": 1, "person_burst": 2, "agent_per_s": 1, "agent_burst": 2}) as broker, broker.client() as client:
        answers = [client.person("lee", "GET", "/v1/grants") for _ in range(4)]
        tap.ok(answers[0].status == 200 and problem(answers[3], 429, "limited") and int(answers[3].headers["Retry-After"]) >= 1, "a spent budget is 429", answers[3])
        tap.ok(client.stop("agent:reporter").status == 201, "a stop goes through all the same")
        answers = [client.token() for _ in range(4)]
        tap.ok(answers[0].status == 200 and answers[3].status == 429 and answers[3].headers["Retry-After"], "an agent's too", answers[3])
        tap.ok(answers[3].json["error"] == "temporarily_unavailable" and "ambit_request" not in answers[3].json, "and nothing was decided", answers[3])


class Stream:
    """Server-sent events, raw."""

    def __init__(self, broker, path, last_id=None):
        self.socket = socket.create_connection(("127.0.0.1", broker.port), timeout=20 * SLOW)
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer {broker.secret('lee.token')}\r\n"
        self.socket.sendall((head + (f"Last-Event-ID: {last_id}\r\n" if last_id is not None else "") + "\r\n").encode())
        self.seen = b""

    def until(self, words):
        end = time.monotonic() + 20 * SLOW
        while words not in self.seen and time.monotonic() < end:
            self.seen += self.socket.recv(65536)
        return words in self.seen

    def ids(self):
        return [int(line[4:]) for line in self.seen.split(b"\n") if line.startswith(b"id: ")]


def streams(tap, broker, client):
    last = list(client.events())[-1]["seq"]
    stream = Stream(broker, f"/v1/events?after={last}")
    tap.ok(stream.until(b"text/event-stream"), "a stream opens", stream.seen)
    jti = claims(client.token().json["access_token"])["jti"]
    tap.ok(stream.until(jti.encode()), "what happens is in it at once", stream.seen[-2000:])
    ids = stream.ids()
    tap.ok(ids == list(range(last + 1, last + 1 + len(ids))), "in order, none left out", ids)
    again = Stream(broker, "/v1/events", last_id=ids[0])
    tap.ok(again.until(jti.encode()) and again.ids()[0] == ids[0] + 1, "Last-Event-ID goes on behind it", again.ids())
    only = Stream(broker, f"/v1/events?after={last}&type=grant.issued")
    tap.ok(only.until(jti.encode()) and len(only.ids()) == 1, "a filter filters streams", only.ids())


def main():
    tap = Tap()
    budgets(tap)
    with Broker() as broker, broker.client() as client:
        rights(tap, broker, client)
        whoami(tap, broker, client)
        bodies(tap, client)
        pages(tap, client)
        streams(tap, broker, client)
        stops(tap, client)
        broker.stop()
        status, answer = broker.verify()
        tap.ok(status == 0 and answer["ok"], "and the record holds", answer)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
