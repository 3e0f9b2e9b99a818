# SPDX-License-Identifier: Apache-2.0
"""A broker's store with something of everything in it: each table has rows, each kind of event is recorded."""
import json
import time

from broker import READ_SCOPE, claims
from dpop import Key
from family import AUDIENCE, NEVER_FIRES, POLICIES, Family, rule

PRODUCTION = {"id": "production", "actions": ["p.do"], "resources": ["svc:p/**"], "ttl": {"default": "2m", "max": "5m"},
              "approval": {"at": "grant", "roles": ["oncall"], "count": 1, "timeout": "15m"}}
TWICE = {"id": "twice", "actions": ["q.do"], "resources": ["svc:q/**"], "ttl": {"max": "5m"},
         "approval": {"at": "grant", "roles": ["oncall"], "count": 2, "timeout": "15m", "envelope": {"uses": 2, "for": "30m"}}}
BRIEF = {"id": "brief", "actions": ["r.do"], "resources": ["svc:r/**"], "ttl": {"default": "1s", "max": "5m"},
         "approval": {"at": "action", "roles": ["oncall"], "timeout": "1s"}}
WORK = [{**rule("w", 0), "outcome": {"within": "1s"}},
        {**rule("v", 0), "outcome": {"within": "1h"},
         "limits": [{"count": 5000, "within": "1h"}, {"sum": "amount", "max": 500000, "within": "1h", "by": "team"},
                    {"distinct": "resource", "max": 40, "within": "1h", "by": "agent"}, {"grants": 40, "within": "1h"},
                    {"live_grants": 30}, {"uses": 3000}]},
        {**rule("u", 0), "when": {"after": [{"actions": ["v.do"], "within": "1h"}]}},
        {**rule("t", 0), "ttl": {"default": "1s", "max": "1m"}}]
STOPS = [{"id": "edr", "on": "signal", "signal": "odd.traffic", "from": ["payments-api"], "then": "revoke_grant"},
         {"id": "wide", "on": "attempted", "distinct": "resource", "max": 400, "within": "1h", "then": "suspend_agent"},
         {"id": "silent", "on": "unaccounted", "count": 90, "within": "1h", "then": "suspend_agent"}, NEVER_FIRES]
POLL = "urn:openid:params:grant-type:ciba"


class Filled:
    """Drives a broker through the wire; `tokens`: every token that was given, by what became of it."""

    def __init__(self, broker):
        self.broker, self.tokens = broker, {}

    def keep(self, what, answer):
        if answer.status != 200:
            raise RuntimeError(f"{what}: {answer}")
        self.tokens[what] = answer.json["access_token"]
        return self.tokens[what]

    def open(self):
        """The documents; half of what happens. May be stopped and gone on with."""
        with self.broker.client() as client:
            family = Family(self.broker, client, {**POLICIES, "asking": {"allow": [PRODUCTION, TWICE, BRIEF]},
                                                  "working": {"allow": WORK, "hard_stops": STOPS}},
                            {"chief": ("dana", ["top"], ["hand"]), "hand": ("sam", ["helper"], ["finger"]), "finger": ("sam", ["helper"], []),
                             "asker": ("dana", ["asking"], []), "worker": ("dana", ["working"], []), "stopped": ("dana", ["working"], [])})
            self.broker.propose("policies/broken", {"policy": "broken"})
            client.person("lee", "POST", "/v1/documents/reload")
            self.broker.propose("policies/broken", None)
            self.grants(client, family, "first")
            self.work(client, family, "first")

    def go_on(self):
        with self.broker.client() as client:
            family = Family.__new__(Family)
            family.broker, family.client = self.broker, client
            self.grants(client, family, "second")
            self.work(client, family, "second")
            self.people(client, family)
            self.approvals(client, family)
            self.stops(client, family)
            self.refusals(client, family)
            self.keys(client)
            time.sleep(2.5)  # what is owed is missed, what was asked lapses, what is short ends
            client.token()

    def ask(self, family, agent, scope, **fields):
        return family.form({"grant_type": "client_credentials", "scope": scope, "resource": AUDIENCE, **fields}, agent)

    def grants(self, client, family, when):
        for i in range(4):
            self.keep(f"{when} read {i}", client.token(READ_SCOPE, purpose=f"INC-{i}"))
        self.keep(f"{when} short", self.ask(family, "worker", "t.do[svc:t/**]"))
        self.keep(f"{when} revoked", client.token())
        client.revoke(self.tokens[f"{when} revoked"])
        root = self.tokens[f"{when} root"] = family.root()
        one = self.keep(f"{when} child", family.exchange("hand", root, scope="d.do[svc:d/eu/**]"))
        self.keep(f"{when} grandchild", family.exchange("finger", one, scope="d.do[svc:d/eu/x]"))
        dead = self.tokens[f"{when} revoked root"] = family.root()
        self.keep(f"{when} below a revoked one", family.exchange("hand", dead, scope="d.do[svc:d/eu/**]"))
        family.revoke("chief", dead)
        key = Key()
        bound = family.form({"grant_type": "client_credentials", "scope": READ_SCOPE, "resource": AUDIENCE}, "remediator", key=key)
        if bound.status == 200:
            self.tokens[f"{when} bound"] = bound.json["access_token"]

    def work(self, client, family, when):
        token = self.keep(f"{when} working", self.ask(family, "worker", "v.do[svc:v/**] w.do[svc:w/**]"))
        for i in range(6):
            done = client.evaluate(token, "v.do", {"type": "svc", "id": f"v/{i % 4}"}, {"amount": 10 + i}).json["context"]["id"]
            if i % 2:
                self.report(client, done, {"outcome": ("succeeded", "failed", "not_attempted")[i // 2], "detail": "as asked"})
                client.post_json(f"/v1/actions/{done}/outcome", {"outcome": "succeeded"}, f"Bearer {token}")
        for i in range(70): # more than one chunk of a window, more than one tile of leaves
            client.evaluate(token, "v.do", {"type": "svc", "id": f"v/{i % 4}"}, {"amount": 1})
        for i in range(2):
            client.evaluate(token, "w.do", {"type": "svc", "id": f"w/{i}"})
        behind = self.keep(f"{when} behind", self.ask(family, "worker", "u.do[svc:u/**]"))
        client.evaluate(behind, "u.do", {"type": "svc", "id": "u/x"})
        client.evaluate(token, "z.do", {"type": "svc", "id": "z/x"})
        for i in range(6):
            client.evaluate(self.tokens[f"{when} read 0"], "ticket.read", {"type": "ticket", "id": f"INC-{i}"})

    def report(self, client, action, body):
        client.post_json(f"/v1/actions/{action}/outcome", body, self.broker.basic("payments-api"))

    def people(self, client, family):
        policy = self.broker.document("policies/read-tickets")
        digest = client.introspect(self.tokens["second read 0"]).json["policy"][0]["digest"]
        for who, members in (("dana", {"digest": digest}), ("sam", {"removal": True}), ("lee", {"digest": digest, "reason": "read it"})):
            client.person(who, "POST", "/v1/documents/confirm", {"kind": "policy", "name": policy["policy"], **members})
        person = {**self.broker.document("people/sam"), "person": "gone", "email": "gone@example.gov", "authenticate": []}
        person.pop("authenticate")
        self.broker.propose("people/gone", person)
        family.reload()
        client.person("lee", "POST", "/v1/people/gone/offboard", {"reason": "left on Friday"})
        self.broker.propose("policies/read-tickets", {**policy, "description": "Read tickets, all of them"})
        family.reload()
        client.person("dana", "GET", "/v1/events?agent=remediator")
        client.person("lee", "GET", "/v1/trace/" + claims(self.tokens["second read 0"])["jti"])

    def approvals(self, client, family):
        def answer(who, approval, what="approve"):
            return client.person(who, "POST", f"/v1/approvals/{approval}", {"answer": what, "reason": "looked at it"})

        def asked(scope, purpose):
            return self.ask(family, "asker", scope, purpose=purpose).json.get("ambit_approval")

        first = asked("p.do[svc:p/one]", "INC-1")
        answer("lee", first)
        self.keep("approved", self.ask(family, "asker", "p.do[svc:p/one]", purpose="INC-1", approval=first))
        answer("kim", asked("p.do[svc:p/two]", "INC-2"), "reject")
        both = asked("q.do[svc:q/one]", "INC-3")
        answer("lee", both)
        answer("kim", both)
        self.keep("in an envelope", self.ask(family, "asker", "q.do[svc:q/one]", purpose="INC-3", approval=both))
        answer("lee", asked("p.do[svc:p/three]", "INC-4"))
        half = asked("q.do[svc:q/two]", "INC-5")
        answer("lee", half)
        for scope in ("p.do[svc:p/four]", "p.do[svc:p/five]"):
            told = client.form("/bc-authorize", {"scope": scope, "login_hint": "oncall"}, self.broker.basic("asker")).json
            if "five" in scope and "auth_req_id" in told:
                listed = client.person("lee", "GET", "/v1/approvals").json["approvals"]
                mine = [a["approval"] for a in listed if "five" in json.dumps(a)]
                answer("lee", mine[0])
                client.form("/token", {"grant_type": POLL, "auth_req_id": told["auth_req_id"]}, self.broker.basic("asker"))
        token = self.keep("asks at each action", self.ask(family, "asker", "r.do[svc:r/**]"))
        client.evaluate(token, "r.do", {"type": "svc", "id": "r/x"})

    def stops(self, client, family):
        self.keep("stopped by agent", self.ask(family, "stopped", "v.do[svc:v/**]"))
        one = client.stop("agent:stopped").json["stop"]
        client.clear(one)
        self.keep("after a clear", self.ask(family, "stopped", "v.do[svc:v/**]"))
        self.keep("stopped by grant", client.token())
        client.stop("grant:" + claims(self.tokens["stopped by grant"])["jti"])
        team = client.stop("policy:shallow").json["stop"]
        client.stop("resource:svc:q/**")
        client.person("kim", "POST", f"/v1/stops/{team}/clear", {"reason": "looks fine"})
        for detail in ("beacons", "again"):
            self.keep(f"signalled {detail}", self.ask(family, "worker", "v.do[svc:v/**]"))
            client.post_json("/v1/signals", {"signal": "odd.traffic", "agent": "worker", "detail": detail}, self.broker.basic("payments-api"))
        client.stop("agent:finger", "it looks odd", "dana")
        incidents = client.person("lee", "GET", "/v1/incidents?state=open").json["incidents"]
        for i, incident in enumerate(incidents[:3]):
            path = "/v1/incidents/" + incident["incident"]
            client.person("dana", "POST", path + "/acknowledge", {})
            if i:
                client.person("dana", "POST", path + "/close", {"reason": "found and mended"})

    def refusals(self, client, family):
        for scope in ("service.delete[svc:prod/web-1]", "nothing.here[svc:x]", "ticket.read[ticket:**] nothing[svc:y]"):
            client.token(scope)
        client.form("/token", {"grant_type": "client_credentials", "scope": READ_SCOPE}, "Basic cmVtZWRpYXRvcjp3cm9uZw==")
        family.exchange("hand", self.tokens["second revoked root"], scope="d.do[svc:d/eu/**]")
        for path in ("/v1/events", "/v1/grants?state=all", "/v1/stops?state=all"):
            client.person("dana", "GET", path)

    def keys(self, client):
        client.person("lee", "POST", "/v1/keys/rotate", {"reason": "a test", "now": True})
        self.keep("of the second key", client.token())
        client.person("lee", "POST", "/v1/keys/rotate", {"reason": "a test", "now": True, "withdraw": True})
        client.person("lee", "POST", "/v1/keys/rotate", {"reason": "the next"})


def told(value):
    """Without the name of the issuer, which has a port in it that is another at each start."""
    if isinstance(value, dict):
        return {name: told(member) for name, member in value.items() if name != "iss"}
    return value


def answers(broker, tokens):
    """What introspection says of each token: the status, and the answer."""
    said = {}
    with broker.client() as client:
        for what, token in tokens.items():
            answer = client.introspect(token)
            said[what] = (answer.status, told(answer.json) if answer.status == 200 else None)
    return said
