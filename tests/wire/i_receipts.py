#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: TLP-1: with every grant and decision, on request, its caller gets a receipt that verifies with the log's
public key alone (by a reader that shares nothing with the broker), and nobody gets one of somebody else's."""
import base64
import json
import os
import sys
import tempfile
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("support", "oracle"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
from broker import READ_SCOPE, Broker, Tap, claims  # noqa: E402
from family import ACCESS, AGENTS, EXCHANGE, POLICIES, Family  # noqa: E402
import jose  # noqa: E402
import tlog  # noqa: E402

JWT_BEARER, POLL = "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:openid:params:grant-type:ciba"
ISSUER, PLATFORM = "https://issuer.example", int.from_bytes(os.urandom(31), "big") + 1
PROD = "service.restart[svc:prod/web-1]"
ASKS = {"id": "production", "actions": ["service.restart"], "resources": ["svc:prod/**"], "ttl": {"default": "2m", "max": "5m"},
        "approval": {"at": "grant", "roles": ["oncall"], "count": 1, "timeout": "15m"}}

PREFER = {"Prefer": "ambit-receipt, wait=5"}


class Rig:
    def __init__(self, broker, tap):
        self.broker, self.tap, self.client = broker, tap, broker.client()
        self.vkey = self.client.call("GET", "/log/key").body.decode()

    def event(self, seq):
        return self.client.person("dana", "GET", f"/v1/events?form=leaf&limit=1&after={seq - 1}").json["events"][0]

    def holds(self, text, name, type_, id_):
        """The receipt is of an event of this type and id."""
        detail = text
        try:
            extra = [line for line in text.split("\n") if line.startswith("extra ")][0][6:]
            index = int([line for line in text.split("\n") if line.startswith("index ")][0][6:])
            row = self.event(index)
            entry = base64.b64decode(row["bytes"])
            _, size = tlog.receipt(text, self.vkey, entry)
            spoken = self.client.person("dana", "GET", f"/v1/events?limit=1&after={index - 1}").json["events"][0]
            claim = (base64.b64decode(extra) == tlog.leaf(entry) and index < size and spoken["type"] == type_
                     and id_ in (spoken["id"], spoken.get("grant")))
            detail = (spoken, extra)
        except (ValueError, LookupError) as err:
            claim, detail = False, f"{err}: {text!r}"
        self.tap.ok(claim, name, detail)

    def entries(self, size):
        return tlog.entries(lambda path: self.client.person("dana", "GET", "/log/" + path).body, size)

    def token(self, scope=READ_SCOPE, headers=None):
        fields = {"grant_type": "client_credentials", "scope": scope}
        return self.client.call("POST", "/token", urllib.parse.urlencode(fields),
                                {"Content-Type": "application/x-www-form-urlencoded",
                                 "Authorization": self.broker.basic("remediator"), **(headers or {})})

    def evaluate(self, token, resource="1", headers=None, authorization=None):
        body = ('{"subject":{"type":"access_token","id":"%s"},"action":{"name":"ticket.read"},'
                '"resource":{"type":"ticket","id":"%s"}}' % (token, resource))
        return self.client.call("POST", "/access/v1/evaluation", body,
                                {"Content-Type": "application/json",
                                 "Authorization": authorization or self.broker.basic("payments-api"), **(headers or {})})

    def receipt(self, id_, authorization):
        return self.client.call("GET", f"/v1/receipts/{id_}", headers={"Authorization": authorization})


def with_answers(rig):
    tap = rig.tap
    granted = rig.token(headers=PREFER)
    token = granted.json.get("access_token", "")
    tap.ok(granted.status == 200 and granted.headers["Preference-Applied"] == "ambit-receipt", "a preference is said to be applied (RFC 7240)", granted)
    rig.holds(granted.json.get("ambit_receipt", ""), "TLP-1: a grant, with its receipt", "grant.issued", claims(token)["jti"])
    refused = rig.token("ticket.read[db:x]", PREFER)
    rig.holds(refused.json.get("ambit_receipt", ""), "TLP-1: a refusal, with its receipt", "grant.refused", refused.json.get("ambit_request"))
    allowed = rig.evaluate(token, headers=PREFER)
    context = allowed.json.get("context", {})
    rig.holds(context.get("receipt", ""), "TLP-1: an allowed action, with its receipt", "action.allowed", context.get("id"))
    denied = rig.evaluate(token, "x/y z", headers=PREFER)
    context = denied.json.get("context", {})
    rig.holds(context.get("receipt", ""), "TLP-1: a denied action, with its receipt", "action.denied", context.get("id"))
    own = rig.evaluate(token, headers=PREFER, authorization=f"Bearer {token}")
    context = own.json.get("context", {})
    rig.holds(context.get("receipt", ""), "TLP-1 AZN-19: an agent's own question, with its receipt", "action.allowed", context.get("id"))
    plain = rig.token()
    tap.ok(plain.status == 200 and "ambit_receipt" not in plain.json and not plain.headers["Preference-Applied"], "nobody asked: no receipt", plain)
    other = rig.evaluate(token, headers={"Prefer": "respond-async, ambit-receipts"})
    tap.ok(other.status == 200 and "receipt" not in other.json["context"], "another preference is passed over", other)
    return token


def ways(broker, client):
    """Documents for grants of every kind: agents that hand on, a platform that vouches, a rule that asks people."""
    policy, agent = broker.document("policies/restart-services"), broker.document("agents/remediator")
    broker.propose("policies/restart-services", {**policy, "allow": [*policy["allow"], ASKS]})
    broker.propose("agents/remediator", {**agent, "authenticate": [*agent["authenticate"], {"method": "federated_jwt", "issuer": ISSUER, "subject": "batch"}]})
    return Family(broker, client, {k: POLICIES[k] for k in ("top", "helper")}, {k: AGENTS[k] for k in ("chief", "hand", "finger", "nail")})


def other_grants(rig, family, issuer):
    """By token exchange, by an assertion of the platform, by CIBA: what was decided, whether given or not."""
    def form(fields, who=None, path="/token"):
        headers = {"Content-Type": "application/x-www-form-urlencoded", **PREFER, **({"Authorization": rig.broker.basic(who)} if who else {})}
        return rig.client.call("POST", path, urllib.parse.urlencode(fields), headers)

    def both(name, given, refused):
        token = given.json.get("access_token", "")
        rig.holds(given.json.get("ambit_receipt", ""), f"TLP-1 {name}: given, with its receipt", "grant.issued", claims(token)["jti"] if token else str(given))
        rig.holds(refused.json.get("ambit_receipt", ""), f"TLP-1 {name}: refused, with its receipt", "grant.refused", refused.json.get("ambit_request"))
        return token

    def exchange(scope):
        return form({"grant_type": EXCHANGE, "subject_token": root, "subject_token_type": ACCESS, "scope": scope}, "hand")

    def vouched(scope):
        now = int(time.time())
        assertion = jose.jws(PLATFORM, {"alg": "ES256", "typ": "JWT", "kid": "one"},
                             {"iss": ISSUER, "sub": "batch", "aud": issuer, "iat": now, "exp": now + 300, "jti": os.urandom(8).hex()})
        return form({"grant_type": JWT_BEARER, "assertion": assertion, "scope": scope})

    def polled(answer):
        asked = form({"scope": PROD, "login_hint": "oncall", "purpose": answer}, "remediator", "/bc-authorize").json
        rig.client.person("lee", "POST", f"/v1/approvals/{asked['ambit_approval']}", {"answer": answer, "reason": "looked at it"})
        return form({"grant_type": POLL, "auth_req_id": asked["auth_req_id"]}, "remediator")

    root = family.root()
    child = both("TEX-1, a token exchange", exchange("d.do[svc:d/eu]"), exchange("d.do[svc:x/eu]"))
    rig.holds(rig.receipt(claims(child)["jti"], f"Bearer {child}").body.decode(), "TLP-1: of what was handed on, to whom it was", "grant.issued", claims(child)["jti"])
    both("ASG-1, an assertion of the platform", vouched(READ_SCOPE), vouched("ticket.read[db:x]"))
    both("CIB-10, a poll", polled("approve"), polled("reject"))


def afterwards(rig, token):
    tap, broker = rig.tap, rig.broker
    decided = rig.evaluate(token).json["context"]["id"]
    service, agent = broker.basic("payments-api"), f"Bearer {token}"
    answer = rig.receipt(decided, service)
    tap.ok(answer.status == 200 and answer.headers["Content-Type"] == "text/plain; charset=utf-8", "a receipt later, to the service that asked", answer)
    rig.holds(answer.body.decode(), "TLP-1: it verifies", "action.allowed", decided)
    rig.holds(rig.receipt(claims(token)["jti"], agent).body.decode(), "TLP-1: of its grant, to the agent", "grant.issued", claims(token)["jti"])
    rig.holds(rig.receipt(decided, agent).body.decode(), "TLP-1: of what a service asked about it, to the agent", "action.allowed", decided)
    rows = [("of a grant, to a service that did not ask for it", claims(token)["jti"], service, 404),
            ("of nothing", "AAAAAAAAAAAAAAAAAAAAAA", service, 404), ("of no id", "x", service, 404),
            ("to a stranger", decided, "Basic eDp5", 401), ("to a person, who has /log/proof", decided, f"Bearer {broker.secret('dana.token')}", 401)]
    for name, id_, who, status in rows:
        answer = rig.receipt(id_, who)
        tap.ok(answer.status == status and b"tlog-proof" not in answer.body, f"TLP-1: none {name}: {status}", answer)


def proofs(rig, token):
    """GET /log/proof: whoever may read the log, by sequence, by id, and between two sizes."""
    tap, client = rig.tap, rig.client
    decided = rig.evaluate(token).json["context"]["id"]

    def ask(query, who="dana"):
        return client.person(who, "GET", "/log/proof" + query)

    for name, query in (("by its id", f"?id={decided}"), ("of a grant, by its jti", f"?id={claims(token)['jti']}"), ("by its sequence", "?event=2")):
        answer = ask(query)
        try:
            entry = base64.b64decode(answer.json["entry"])
            index, size = tlog.receipt(answer.json["proof"], rig.vkey, entry)
            claim = index == answer.json["seq"] and answer.json["leaf"] == tlog.leaf(entry).hex()
        except (ValueError, LookupError):
            claim, size = False, 0
        tap.ok(claim, f"TLP-1: an entry and its proof, {name}", answer)
    roots = [tlog.root([tlog.leaf(entry) for entry in rig.entries(n)]) for n in (3, size)]
    answer = ask(f"?from=3&to={size}")
    path = [base64.b64decode(node) for node in answer.json.get("proof", [])]
    tap.ok(answer.status == 200 and tlog.consistency(3, size, path, *roots), "MRK-1: one size of the log is a prefix of another", answer)
    tap.ok(not tlog.consistency(3, size, path, roots[1], roots[0]), "the reader refuses a proof of something else")
    for query, status in (("", 400), ("?event=1&id=x", 400), ("?from=1", 400), ("?event=x", 400), ("?size=1", 400), ("?event=99999", 404),
                          ("?id=AAAAAAAAAAAAAAAAAAAAAA", 404), ("?from=0&to=3", 404), ("?from=3&to=99999", 404), ("?from=5&to=4", 404)):
        answer = ask(query)
        tap.ok(answer.status == status, f"/log/proof{query}: {status}", answer)
    tap.ok(ask("?event=2", "sam").status == 403, "an owner does not read the log: 403", ask("?event=2", "sam"))


def commands(rig, token):
    """`ambit prove`, and `ambit verify` of what it wrote, without the broker."""
    tap, broker = rig.tap, rig.broker

    def ambit(*words):
        return broker.ambit(*words, text=True)

    decided = rig.evaluate(token).json["context"]["id"]
    out, vkey = os.path.join(broker.home, "one.tlog-proof"), os.path.join(broker.home, "log.vkey")
    with open(vkey, "w", encoding="utf-8") as f:
        f.write(rig.vkey)
    who = ["--token-file", os.path.join(broker.state, "credentials/dana.token"), "--url", f"http://127.0.0.1:{broker.port}"]
    done = ambit("prove", decided, "--out", out, "--log-key", vkey, *who)
    tap.ok(done.returncode == 0 and "the receipt holds" in done.stdout, "ambit prove writes a receipt and its entry", done)
    again = ambit("prove", decided, "--out", out, *who)
    tap.ok(again.returncode == 2 and "one.tlog-proof" in again.stderr, "and overwrites nothing", again)
    printed = ambit("prove", "event:2", *who)
    tap.ok(printed.returncode == 0 and printed.stdout.startswith("c2sp.org/tlog-proof@v1\n"), "or prints it", printed)
    for words, code, said in ((["event:x"], 2, "cannot be proved"), (["event:99999"], 1, "not_found"), ([], 2, "")):
        done = ambit("prove", *words, *who)
        tap.ok(done.returncode == code and said in done.stderr + done.stdout, f"ambit prove {' '.join(words)}: exit {code}", done)

    with open(out + ".entry", "rb") as f:
        entry = f.read()
    other = os.path.join(broker.home, "other.entry")
    with open(other, "wb") as f:
        f.write(entry.replace(b"allow", b"permit"))
    stranger = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    for name, words, code, said in (("with its entry", ["--key", vkey], 0, "the receipt holds"), ("with a key as text", ["--key", rig.vkey.strip()], 0, "the receipt holds"),
                                    ("with another entry", ["--key", vkey, "--entry", other], 1, "does not hold"),
                                    ("with another log's key", ["--key", stranger], 1, "does not hold"), ("without a key", [], 2, "give --key"),
                                    ("with an entry that is not there", ["--key", vkey, "--entry", other + "x"], 2, "other.entryx")):
        done = ambit("verify", out, *words)
        tap.ok(done.returncode == code and said in done.stdout + done.stderr, f"TLP-1: ambit verify of a receipt {name}: exit {code}", done)
    os.unlink(out + ".entry")
    done = ambit("verify", out, "--key", vkey)
    tap.ok(done.returncode == 0 and "the hash that it names" in done.stdout, "TLP-1: without its entry: what it proves is said", done)


def main():
    tap = Tap()
    x, y = jose._multiply(PLATFORM, jose.G)
    with tempfile.NamedTemporaryFile("w", suffix=".jwks") as jwks:
        json.dump({"keys": [{"kty": "EC", "crv": "P-256", "kid": "one", "use": "sig", "x": jose.b64u(x.to_bytes(32, "big")),
                             "y": jose.b64u(y.to_bytes(32, "big"))}]}, jwks)
        jwks.flush()
        return told(tap, {"trusted_issuers": [{"issuer": ISSUER, "jwks": jwks.name, "algorithms": ["ES256"]}]})


def told(tap, config):
    with Broker(config=config) as broker:
        rig = Rig(broker, tap)
        token = with_answers(rig)
        afterwards(rig, token)
        proofs(rig, token)
        commands(rig, token)
        other_grants(rig, ways(broker, rig.client), claims(token)["iss"])
        token = rig.token().json["access_token"]
        answer = rig.evaluate(token, headers=PREFER)
        broker.stop()
        code, said = broker.verify()
        tap.ok(answer.status == 200 and code == 0, "and the record holds", said)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
