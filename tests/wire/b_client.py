#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a client proves itself in the ways that its document names and in no other: every rule of client
authentication (CLI-1 to CLI-14), and of the signed objects it uses (JWS-1 to JWS-10)."""
import base64
import json
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import READ_SCOPE, Broker, Tap  # noqa: E402
from jose import ASSERTION_TYPE, N, Signer, b64u, jws, with_signature  # noqa: E402

ASK = {"grant_type": "client_credentials", "scope": READ_SCOPE}


class Asker:
    def __init__(self, broker, client):
        self.broker, self.client = broker, client

    def form(self, fields, path="/token", authorization=None):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if authorization is not None:
            headers["Authorization"] = authorization
        return self.client.call("POST", path, urllib.parse.urlencode({k: v for k, v in fields.items() if v is not None}), headers)

    def assertion(self, text, **fields):
        path, authorization = fields.pop("path", "/token"), fields.pop("authorization", None)
        return self.form({**ASK, "client_assertion_type": ASSERTION_TYPE, "client_assertion": text, **fields}, path, authorization)

    def basic(self, user, password, raw=None, **fields):
        pair = raw if raw is not None else f"{user}:{password}".encode()
        return self.form({**ASK, **fields}, authorization="Basic " + base64.b64encode(pair).decode())


def is_invalid_client(answer, challenge=False):
    return (answer.status == 401 and answer.json["error"] == "invalid_client" and answer.headers["Content-Type"] == "application/json"
            and answer.headers["Cache-Control"] == "no-store" and answer.headers["Pragma"] == "no-cache"
            and (answer.headers["WWW-Authenticate"] == 'Basic realm="ambit"' if challenge else "WWW-Authenticate" not in answer.headers))


def accepted(tap, ask, signer):
    now = int(time.time())
    fine = {
        "as a stock client sends it": ({}, {}),
        "without a kid": ({"kid": None}, {}),
        "CLI-9 typ JWT": ({"typ": "JWT"}, {}),
        "CLI-9 typ client-authentication+jwt": ({"typ": "client-authentication+jwt"}, {}),
        "JWS-4 typ application/client-authentication+jwt": ({"typ": "application/Client-Authentication+jwt"}, {}),
        "CLI-7 aud a list of the issuer alone": ({}, {"aud": [signer.issuer]}),
        "CLI-10 a life of 300 s": ({}, {"exp": now + 300}),
        "CLI-10 without iat": ({}, {"iat": None}),
        "CLI-10 iat ahead within the leeway": ({}, {"iat": now + 20}),
        "CLI-6 nbf reached": ({}, {"nbf": now - 5}),
        "JWS-10 times may be decimals": ({}, {"exp": now + 60.5}),
        "JWS-9 jwk in the header is not looked at": ({"jwk": {"kty": "EC"}, "jku": "https://evil.example/"}, {}),
    }
    for name, (header, claims) in fine.items():
        tap.ok(ask.assertion(signer.assertion(header, **claims)).status == 200, f"{name}: taken")
    tap.ok(ask.assertion(signer.assertion(), client_id="reporter").status == 200, "CLI-5 client_id beside it: taken")


def once(tap, ask, signer):
    for first in ("/token", "/introspect", "/revoke"):
        for second in ("/token", "/introspect", "/revoke"):
            text = signer.assertion()
            one, two = ask.assertion(text, path=first, token="x"), ask.assertion(text, path=second, token="x")
            tap.ok(one.status == 200 and is_invalid_client(two), f"CLI-11 used at {first}, shown again at {second}: invalid_client", (one, two))
    text = signer.assertion()
    tap.ok(ask.assertion(text, scope="nothing.known").status == 400 and is_invalid_client(ask.assertion(text)),
           "CLI-11 a refused request has used it too")
    claims = signer.claims()
    one = ask.assertion(jws(signer.d, signer.header(), claims))
    two = ask.assertion(jws(signer.d, signer.header(), {**claims, "exp": claims["exp"] + 100}))
    tap.ok(one.status == 200 and is_invalid_client(two), "CLI-11 the same jti with another exp: invalid_client", two)
    text = signer.assertion()
    mirrored = with_signature(text, lambda s: s[:32] + (N - int.from_bytes(s[32:], "big")).to_bytes(32, "big"))
    tap.ok(ask.assertion(text).status == 200 and is_invalid_client(ask.assertion(mirrored)), "CLI-11 the other s of the same signature is no other assertion")


def methods(tap, broker, ask, signer):
    right = broker.basic("remediator")
    for name, fields in {"CLI-5 without its type": {"client_assertion_type": None}, "CLI-5 another type": {"client_assertion_type": "x"},
                         "CLI-5 the type alone": {"client_assertion": None}, "CLI-3 another client_id": {"client_id": "remediator"}}.items():
        answer = ask.assertion(signer.assertion(), **fields)
        tap.ok(is_invalid_client(answer), f"{name}: invalid_client", answer)
    answer = ask.assertion(signer.assertion(), authorization=right)
    tap.ok(is_invalid_client(answer, True), "CLI-1 Basic and an assertion: invalid_client", answer)
    answer = ask.form({**ASK, "client_secret": "x"}, authorization=right)
    tap.ok(answer.status == 400 and answer.json["error"] == "invalid_request", "CLI-1 Basic and client_secret: invalid_request", answer)
    answer = ask.form({**ASK, "client_id": "remediator", "client_secret": broker.secret("remediator.secret")})
    tap.ok(is_invalid_client(answer), "CLI-14 client_secret in the body is off", answer)
    answer = ask.form(ASK)
    tap.ok(is_invalid_client(answer), "D-2 nothing shown: 401 without a challenge", answer)
    answer = ask.form({**ASK, "client_id": "remediator"})
    tap.ok(is_invalid_client(answer), "CLI-15 a client_id alone proves nothing", answer)
    answer = ask.basic("reporter", "anything")
    tap.ok(is_invalid_client(answer, True), "CLI-2 a method that the document does not name", answer)


def basic(tap, broker, ask):
    secret = broker.secret("remediator.secret")
    odd = "".join(f"%{ord(c):02X}" for c in secret)
    for name, user, password in [("as it is", "remediator", secret), ("every byte escaped", "%72emediator", odd), ("small hex digits", "%72emediator", odd.lower())]:
        tap.ok(ask.basic(user, password).status == 200, f"CLI-4 {name}: taken")
    tap.ok(ask.basic("remediator", secret, client_id="remediator").status == 200, "CLI-3 the same client_id in the body: taken")
    answer = ask.form(ASK, authorization=broker.basic("remediator").replace("Basic", "bAsIc"))
    tap.ok(answer.status == 200, "the scheme in any case", answer)
    flipped = secret.swapcase()
    wrong = {"a wrong secret": ("remediator", "wrong"), "CLI-3 nobody": ("nobody", secret), "other case": ("remediator", flipped),
             "the name in capitals": ("REMEDIATOR", secret), "a blank behind": ("remediator", secret + " "), "a + behind": ("remediator", secret + "+"),
             "NUL behind": ("remediator", secret + "%00"), "a broken escape": ("remediator", secret + "%z"), "an empty secret": ("remediator", ""),
             "an empty name": ("", secret), "the secret's digest": ("remediator", "00" * 32), "a person's token": ("dana", broker.secret("dana.token")),
             "a service's secret": ("remediator", broker.secret("payments-api.secret")), "the name with a slash": ("remediator/", secret)}
    texts = set()
    for name, (user, password) in wrong.items():
        answer = ask.basic(user, password)
        texts.add(answer.body)
        tap.ok(is_invalid_client(answer, True), f"{name}: invalid_client with a Basic challenge", answer)
    tap.ok(len(texts) == 1, "CLI-3 the same text whatever was wrong", texts)
    for name, value in {"no colon": "Basic " + base64.b64encode(b"remediator").decode(), "not base64": "Basic %%%", "the scheme alone": "Basic",
                        "base64 with a byte too many": broker.basic("remediator") + "=", "two values": broker.basic("remediator") + " x",
                        "another scheme": "Digest x", "bytes that are no text": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()}.items():
        answer = ask.form(ASK, authorization=value)
        tap.ok(is_invalid_client(answer, True), f"CLI-13 {name}: invalid_client with a Basic challenge", answer)
    answer = ask.basic("remediator", secret, client_id="reporter")
    tap.ok(is_invalid_client(answer, True), "CLI-3 another client_id in the body: invalid_client", answer)


def records(tap, client, issued):
    """Nothing above gave authority but what was answered 200, and no failure made an event of its own."""
    events = list(client.events())
    tap.ok(sum(e["type"] == "grant.issued" for e in events) == issued(), "every grant on record was answered, and none else")
    tap.ok(sum(e["type"] == "identity.refused" for e in events) <= 3, "who does not prove himself makes no event of his own")


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        ask, given = Asker(broker, client), [0]
        form = ask.form

        def counted(fields, path="/token", authorization=None):
            answer = form(fields, path, authorization)
            given[0] += path == "/token" and answer.status == 200
            return answer
        ask.form = counted
        with open(os.path.join(broker.state, "url"), encoding="utf-8") as f:
            signer = Signer(os.path.join(broker.state, "credentials", "reporter.jwk"), "reporter", f.read().strip())
        tap.ok(signer.jwk["kid"] and b64u(b"") == "", "the development mode's key has a kid")
        accepted(tap, ask, signer)
        once(tap, ask, signer)
        methods(tap, broker, ask, signer)
        basic(tap, broker, ask)
        records(tap, client, lambda: given[0])
        tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "ambit verify passes")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
