# SPDX-License-Identifier: Apache-2.0
"""What the tables of attacks share. A row is (name, send, want): `send(world)` makes one request and gives its
answer, `want` says what must come back, in words that `matches` reads:

  "401 invalid_client"   the status, and `error` of a body as OAuth has it (HTP-9, HTP-10)
  "400"                  the status alone; "400|413": one of them
  "inactive"             200 and {"active":false}, nothing else
  "denied REASON"        200, `decision` false, that reason; "no": whatever the reason
  "empty"                200 without a body
  "closed"               answered once at most, by a 4xx, and the connection closed (raw answers)"""
import os
import secrets
import urllib.parse

from broker import READ_SCOPE, STAGING
from jose import ASSERTION_TYPE, Signer

FORM = "application/x-www-form-urlencoded"
AUDIENCE = "https://payments.example.gov"


class World:
    """The broker under attack, and what an attacker may have: a client's own key, tokens of its own."""

    def __init__(self, broker, client):
        self.broker, self.client = broker, client
        with open(os.path.join(broker.state, "url"), encoding="utf-8") as f:
            self.issuer = f.read().strip()
        self.signer = Signer(os.path.join(broker.state, "credentials", "reporter.jwk"), "reporter", self.issuer)
        self.token = self.fresh()

    def fresh(self, scope=READ_SCOPE):
        return self.client.token(scope).json["access_token"]

    def form(self, fields, path="/token", who="remediator", **headers):
        """Fields: a dict, a list of pairs, or a raw body."""
        body = fields if isinstance(fields, (str, bytes)) else urllib.parse.urlencode(fields)
        given = {"Content-Type": FORM, "Authorization": self.broker.basic(who) if who else None,
                 **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.client.call("POST", path, body, {k: v for k, v in given.items() if v is not None})

    def assertion(self, text, path="/token", **fields):
        return self.form({"grant_type": "client_credentials", "scope": READ_SCOPE, "client_assertion_type": ASSERTION_TYPE,
                          "client_assertion": text, **fields}, path, None)

    def assertion_and_basic(self):
        return self.form({"grant_type": "client_credentials", "scope": READ_SCOPE, "client_assertion_type": ASSERTION_TYPE,
                          "client_assertion": self.signer.assertion()})

    def evaluate(self, question, authorization=None, **headers):
        return self.client.call("POST", "/access/v1/evaluation", question.encode(),
                                {"Content-Type": "application/json",
                                 "Authorization": authorization or self.broker.basic("payments-api"), **headers})

    def question(self, token=None, action="service.restart", resource=None, **more):
        return {"subject": {"type": "access_token", "id": token or self.fresh("service.restart[svc:staging/**]")},
                "action": {"name": action}, "resource": resource or STAGING, **more}

    def good(self):
        """Whatever was sent before: the next in order is served. What is wrong, or nothing."""
        key = self.assertion(self.signer.assertion(jti=secrets.token_hex(12)))
        if key.status != 200:
            return f"a token by key: {key}"
        token = key.json["access_token"]
        seen = self.client.introspect(token)
        if seen.status != 200 or seen.json["active"] is not True:
            return f"introspection: {seen}"
        decided = self.client.evaluate(token)
        return None if decided.status == 200 and decided.json["decision"] is True else f"a decision: {decided}"


def matches(answer, want):
    first, _, rest = want.partition(" ")
    if want == "inactive":
        return answer.status == 200 and answer.body == b'{"active":false}'
    if want == "empty":
        return answer.status == 200 and answer.body == b""
    if first == "denied":
        return answer.status == 200 and answer.json["decision"] is False and answer.json["context"]["reason"] == rest
    if want == "no":
        return answer.status == 200 and answer.json["decision"] is False
    if first == "closed":
        return answer.is_closed and len(answer.statuses) <= 1 and all(400 <= s < 500 or s == 505 for s in answer.statuses)
    if str(answer.status) not in first.split("|"):
        return False
    return not rest or (answer.json.get("error") == rest and answer.headers["Content-Type"] == "application/json"
                        and answer.headers["Cache-Control"] == "no-store" and answer.headers["Pragma"] == "no-cache")
