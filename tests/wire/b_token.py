#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: /token, /introspect and /revoke keep every rule of the form (HTP), of asking (TOK, RES, RAR), of the
token (ATJ) and of what is said and taken back of it (INT, REV)."""
import json
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import READ_SCOPE, Broker, Tap, claims  # noqa: E402
from jose import b64u, number, unb64u, verify  # noqa: E402

AUDIENCE = "https://payments.example.gov"
FORM = "application/x-www-form-urlencoded"
NARROW = re.compile(r"^[\x20-\x21\x23-\x5b\x5d-\x7e]*$")
CODES = {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "invalid_target",
         "invalid_authorization_details", "access_denied"}


class Asker:
    """Raw bodies to the OAuth endpoints."""

    def __init__(self, broker, client):
        self.broker, self.client = broker, client

    def raw(self, body, path="/token", who="remediator", content_type=FORM, method="POST", **headers):
        given = {"Content-Type": content_type, "Authorization": self.broker.basic(who) if who else None, **headers}
        return self.client.call(method, path, body, {k: v for k, v in given.items() if v is not None})

    def token(self, **fields):
        return self.raw(urllib.parse.urlencode({"grant_type": "client_credentials", **fields}))

    def details(self, value, **fields):
        return self.token(authorization_details=value if isinstance(value, str) else json.dumps(value), **fields)


def is_oauth_error(answer, code, status=400):
    """The shape of every refusal (HTP-9, HTP-10, HTP-11, TOK-6), with this code."""
    try:
        body = answer.json
    except ValueError:
        return False
    return (answer.status == status and answer.headers["Content-Type"] == "application/json" and body.get("error") == code and code in CODES
            and answer.headers["Cache-Control"] == "no-store" and answer.headers["Pragma"] == "no-cache"
            and NARROW.match(body["error"]) and NARROW.match(body.get("error_description", ""))
            and (status != 400 or answer.headers["WWW-Authenticate"] is None))


def forms(tap, ask):
    good = "grant_type=client_credentials&scope=ticket.read"
    for path in ("/token", "/introspect", "/revoke"):
        for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD"):
            answer = ask.raw(None, path, method=method)
            tap.ok(answer.status == 405 and answer.headers["Allow"] == "POST", f"HTP-3 {method} {path}: 405, Allow: POST", answer)
            tap.ok(answer.headers["Cache-Control"] == "no-store" and answer.headers["Pragma"] == "no-cache"
                   and (method == "HEAD" or answer.headers["Content-Type"] == "application/json"),
                   f"HTP-9 HTP-10 {method} {path}: JSON, not cached", answer.headers)
        for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", None):
            tap.ok(is_oauth_error(ask.raw(good, path, content_type=kind), "invalid_request"), f"HTP-4 {path} as {kind}: invalid_request")
        answer = ask.raw(good, path + "?client_id=remediator")
        tap.ok(is_oauth_error(answer, "invalid_request"), f"HTP-5 {path} with a query string: invalid_request", answer)
        for name, body in {"HTP-6 a parameter twice": good + "&scope=ticket.read", "HTP-6 an unknown one twice": good + "&x=1&x=2", "HTP-8 a broken escape": good + "&x=%zz",
                           "HTP-8 an escape cut short": good + "&x=%4", "HTP-8 NUL": good + "&x=%00", "HTP-8 not UTF-8": good + "&x=%ff",
                           "HTP-8 an overlong form": good + "&x=%c0%ae", "HTP-8 a surrogate": good + "&x=%ed%a0%80"}.items():
            answer = ask.raw(body + "&token=x", path)
            tap.ok(is_oauth_error(answer, "invalid_request"), f"{name} at {path}: invalid_request", answer)
        answer = ask.raw(good + "&token=x" + "".join(f"&p{i}=1" for i in range(10000)), path)
        tap.ok(answer.status in (400, 413) and answer.headers["Cache-Control"] == "no-store", f"HTP-13 {path} with 10,000 parameters: refused", answer)
        answer = ask.raw("token=x&x=" + "y" * 70000, path)
        tap.ok(answer.status == 413 and answer.headers["Content-Type"] == "application/json", f"HTP-13 {path} with 70 kB: 413", answer)
    for kind in ("Application/X-WWW-Form-URLencoded", FORM + ";charset=UTF-8", FORM + " ; charset=utf-8"):
        tap.ok(ask.raw(good, content_type=kind).status == 200, f"HTP-4 as {kind}: taken")
    for name, body in {"HTP-7 unknown parameters": good + "&audience=x&audience=y&foo=bar", "HTP-7 an empty one": good + "&resource=&purpose=",
                       "HTP-8 + and %20": "grant_type=client_credentials&scope=ticket.read+%73ervice.restart", "an empty piece": "&" + good + "&&",
                       "an escaped name": "%67rant_type=client_credentials&scope=ticket.read"}.items():
        tap.ok(ask.raw(body).status == 200, f"{name}: taken", ask.raw(body))


def asking(tap, ask):
    def is_(answer, code, reason=None):
        return is_oauth_error(answer, code) and answer.json.get("ambit_reason") == reason
    tap.ok(is_(ask.raw("scope=ticket.read"), "invalid_request"), "TOK-7 without grant_type")
    tap.ok(is_(ask.raw("grant_type=password&scope=ticket.read"), "unsupported_grant_type"), "TOK-7 an unknown grant_type")
    answer = ask.raw("grant_type=client_credentials&scope=ticket.read", who="payments-api")
    tap.ok(is_oauth_error(answer, "unauthorized_client") or is_oauth_error(answer, "invalid_scope"), "TOK-7 a service is granted no agent's authority", answer)
    tap.ok(is_(ask.token(), "invalid_scope", "nothing_requested"), "TOK-4 nothing asked")
    for name, scope in {"two blanks": "ticket.read  ticket.read", "a blank before": " ticket.read", "a blank behind": "ticket.read ", "a quote": 'a"b',
                        "a backslash": "a\\b", "a tab": "a\tb", "not ASCII": "ticket.read[ticket:\u00e9]"}.items():
        tap.ok(is_(ask.token(scope=scope), "invalid_scope"), f"TOK-3 {name}: invalid_scope, undecided", ask.token(scope=scope))
    malformed = ["ticket.read[ticket:a[b]", "ticket.read[ticket:a]]", "ticket.read[ticket:a]x", "ticket.read[", "[ticket:a]", "ticket.read[]", "ticket..read[ticket:a]",
                 "ticket.read[ticket:../a]", "ticket.read[ticket:a/./b]", "ticket.read[ticket:a//b]", "ticket.read[ticket:%61]", "ticket.read[ticket:a/]",
                 "ticket.read[ticket:/a]", "ticket.read[ticket:]", "ticket.read[ticket]", "ticket.read[:a]", "ticket.read[*:a]", "ticket.read[ticket:a***b]",
                 "ticket.read[ticket:**/a/**/b/**]", "ticket.read[ticket:*a*b*c*]", "ticket.read[ticket:{x}]", "ticket.read[ticket:a?]", "ticket.read[ticket:" + "a" * 506 + "]",
                 "ticket.read[ticket:${agent}]"]
    for scope in malformed:
        answer = ask.token(scope=scope)
        tap.ok(is_(answer, "invalid_scope", "malformed"), f"TOK-13 {scope[:40]}: the engine's malformed", answer)
        answer = ask.details([{"type": "ambit", "actions": [scope.split("[")[0] or "."], "resources": [scope.partition("[")[2][:-1] or "."]}])
        tap.ok(is_(answer, "invalid_authorization_details", "malformed"), f"TOK-13 {scope[:40]} in details: malformed", answer)
    answer = ask.token(scope="ticket.read[ticket:1] ticket.read[ticket:1]")
    tap.ok(answer.status == 200 and answer.json["scope"] == "ticket.read[ticket:1]", "TOK-3 equal tokens collapse", answer)
    answer = ask.token(scope="ticket.read")
    tap.ok(answer.json["scope"] == READ_SCOPE, "TOK-12 without brackets: the rules' own patterns", answer)
    answer = ask.token(scope=" ".join(f"ticket.read[ticket:{i}]" for i in range(32)))
    tap.ok(answer.status == 200 and len(answer.json["scope"].split()) == 32, "32 items are given", answer)
    answer = ask.token(scope=" ".join(f"ticket.read[ticket:{i}]" for i in range(33)))
    tap.ok(is_(answer, "invalid_scope", "malformed"), "33 items are too many", answer)
    for value, code in {"0": "malformed", "-1": "malformed", "1.5": None, "x": None, "9" * 20: None, "1e3": None, " 5": None}.items():
        answer = ask.token(scope=READ_SCOPE, requested_lifetime=value)
        tap.ok(is_(answer, "invalid_request", code), f"TOK-11 requested_lifetime {value!r}: invalid_request", answer)
    for value, seconds in {"10": 10, "600": 600, "86400": 900}.items():
        answer = ask.token(scope=READ_SCOPE, requested_lifetime=value)
        given = claims(answer.json["access_token"])
        tap.ok(seconds - 1 <= answer.json["expires_in"] <= seconds and given["exp"] - given["iat"] <= seconds, f"TOK-11 {value} s asked, {seconds} given", answer)
    for name, value in {"a line break": "a\nb", "1,025 bytes": "a" * 1025, "C1 control": "a\u0085b"}.items():
        tap.ok(is_(ask.token(scope=READ_SCOPE, purpose=value), "invalid_request"), f"purpose with {name}: invalid_request")
    tap.ok(ask.token(scope=READ_SCOPE, purpose="\u00e9" * 512).status == 200, "purpose of 1,024 bytes is taken")


def targets(tap, ask):
    for name, value in {"relative": "foo", "a path": "/x", "with a fragment": AUDIENCE + "#a", "with blanks": "https://a b", "not ASCII": "https://\u00e9"}.items():
        answer = ask.token(scope=READ_SCOPE, resource=value)
        tap.ok(is_oauth_error(answer, "invalid_target") and "ambit_reason" not in answer.json, f"RES-1 resource {name}: invalid_target", answer)
    for value in (AUDIENCE + "/", AUDIENCE.upper(), "https://other.example"):
        answer = ask.token(scope=READ_SCOPE, resource=value)
        tap.ok(is_oauth_error(answer, "invalid_target") and answer.json["ambit_reason"] == "wrong_audience", f"RES-3 {value} is another one", answer)
    answer = ask.raw(f"grant_type=client_credentials&scope=ticket.read&resource={AUDIENCE}&resource={AUDIENCE}")
    tap.ok(is_oauth_error(answer, "invalid_target"), "TOK-14 two resources: invalid_target", answer)
    given = claims(ask.token(scope=READ_SCOPE, resource=AUDIENCE).json["access_token"])
    tap.ok(given["aud"] == AUDIENCE, "RES-2 one resource is one aud, a string")
    tap.ok(claims(ask.token(scope=READ_SCOPE).json["access_token"])["aud"] == AUDIENCE, "RES-4 without resource: the one audience there is")


def details(tap, ask):
    item = {"type": "ambit", "actions": ["ticket.read"], "resources": ["ticket:1", "ticket:2"]}
    answer = ask.details([item])
    tap.ok(answer.status == 200 and answer.json["authorization_details"] == [item], "RAR-7 what was granted comes back", answer)
    wrong = {"no array": item, "a text": "x", "not JSON": "[", "a number in it": [1], "no type": [{"actions": ["a"], "resources": ["b:c"]}], "type a number": [{**item, "type": 1}],
             "an unknown type": [{**item, "type": "payment"}], "RAR-10 ambit-ask": [{**item, "type": "ambit-ask"}], "an unknown member": [{**item, "locations": [AUDIENCE]}],
             "except asked for": [{**item, "except": []}], "actions a text": [{**item, "actions": "ticket.read"}], "no actions": [{"type": "ambit", "resources": ["ticket:1"]}],
             "no resources": [{"type": "ambit", "actions": ["ticket.read"]}], "empty actions": [{**item, "actions": []}], "an action a number": [{**item, "actions": [1]}],
             "purpose a number": [{**item, "purpose": 1}], "null": "null", "a member twice": json.dumps([item])[:-2] + ',"type":"ambit"}]',
             "a member twice, escaped": json.dumps([item])[:-2] + ',"\\u0074ype":"ambit"}]', "bytes behind": json.dumps([item]) + "x", "17 deep": "[" * 17 + "]" * 17,
             "a lone surrogate": '[{"type":"ambit","actions":["\\ud800"],"resources":["ticket:1"]}]', "5,000 deep": "[" * 5000, "NUL": '[{"type":"ambit","actions":["a\\u0000"],"resources":["t:1"]}]'}
    for name, value in wrong.items():
        answer = ask.details(value)
        tap.ok(is_oauth_error(answer, "invalid_authorization_details"), f"RAR-2 {name}: invalid_authorization_details", answer)
    answer = ask.details([{**item, "actions": ["ticket.close"]}])
    tap.ok(is_oauth_error(answer, "invalid_authorization_details") and answer.json["ambit_reason"] == "out_of_scope", "RAR-3 what policy does not give", answer)
    answer = ask.details([item], scope="ticket.read[ticket:9]")
    tap.ok(answer.status == 200 and set(answer.json["scope"].split()) == {f"ticket.read[ticket:{n}]" for n in (9, 1, 2)}, "RAR-6 scope and details are both honoured", answer)
    answer = ask.details([item], scope="ticket.close[ticket:9]")
    tap.ok(is_oauth_error(answer, "invalid_scope"), "RAR-6 the one that fails names the error: scope", answer)
    answer = ask.details([{**item, "resources": ["svc:staging/a"]}], scope="ticket.read[ticket:9]")
    tap.ok(is_oauth_error(answer, "invalid_authorization_details"), "RAR-6 the one that fails names the error: details", answer)
    answer = ask.details([{**item, "actions": ["Ticket.read"]}])
    tap.ok(answer.status == 400, "RAR-5 no normalisation", answer)
    answer = ask.details([])
    tap.ok(answer.status == 400, "an empty array asks for nothing", answer)
    answer = ask.details([{**item, "resources": [f"ticket:{i}" for i in range(17)], "actions": ["ticket.read", "ticket.close"]}])
    tap.ok(is_oauth_error(answer, "invalid_authorization_details") and answer.json["ambit_reason"] == "malformed", "34 pairs are too many", answer)
    token = ask.details([{**item, "purpose": "INC-9"}]).json["access_token"]
    tap.ok(claims(token)["authorization_details"][0].get("purpose") == "INC-9", "RAR-10 the purpose stands in the details", claims(token))


def tokens(tap, broker, ask):
    answer = ask.token(scope="ticket.read service.restart[svc:staging/a]")
    body, token = answer.json, answer.json["access_token"]
    tap.ok(answer.status == 200 and answer.headers["Content-Type"] == "application/json" and answer.headers["Cache-Control"] == "no-store"
           and answer.headers["Pragma"] == "no-cache", "TOK-1 200, JSON, not cached", answer.headers)
    tap.ok(body["token_type"] == "Bearer" and isinstance(body["expires_in"], int) and 298 <= body["expires_in"] <= 300 and "refresh_token" not in body
           and body["scope"] == READ_SCOPE + " service.restart[svc:staging/a]", "TOK-2 its members", body)
    header, given = json.loads(unb64u(token.split(".")[0])), claims(token)
    tap.ok(header["typ"] == "at+jwt" and header["alg"] == "ES256" and "crit" not in header and set(header) == {"typ", "alg", "kid"}, "ATJ-1 the header", header)
    key = {k["kid"]: k for k in ask.client.call("GET", "/jwks").json["keys"]}[header["kid"]]
    tap.ok(verify(number(key["x"]), number(key["y"]), token.rsplit(".", 1)[0].encode(), unb64u(token.rsplit(".", 1)[1])), "ATJ-4 the signature, by the published key")
    with open(os.path.join(broker.state, "url"), encoding="utf-8") as f:
        tap.ok(given["iss"] == f.read().strip(), "ATJ-1 iss is the issuer, byte for byte", given)
    tap.ok(given["sub"] == given["client_id"] == "remediator" and given["aud"] == AUDIENCE and given["exp"] - given["iat"] <= 300, "TOK-8 sub is the client", given)
    tap.ok(given["owner"] == "dana" and re.fullmatch("[0-9a-f]{32}", given["txn"]), "the owner's name and the transaction", given)
    tap.ok(re.fullmatch("[A-Za-z0-9_-]{22}", given["jti"]) and re.fullmatch("[A-Za-z0-9_-]{22}", given["rnd"]), "ATJ-5 jti and rnd of 128 bits", given)
    ids = [claims(ask.token(scope=READ_SCOPE).json["access_token"])["jti"] for _ in range(5)]
    tap.ok(sorted(unb64u(i) for i in ids) == [unb64u(i) for i in ids] and len(set(ids)) == 5, "ATJ-5 jti in order of time", ids)
    tap.ok(given["scope"] == READ_SCOPE and [(d["type"], d["actions"], d["resources"]) for d in given["authorization_details"]]
           == [("ambit", ["ticket.read"], ["ticket:**"]), ("ambit-ask", ["service.restart"], ["svc:staging/a"])], "ATJ-3 what must be asked stands apart", given)
    tap.ok([(p["policy"], p["rule"]) for p in given["policy"]] == [("read-tickets", "tickets"), ("restart-services", "staging")]
           and all(re.fullmatch("sha256:[0-9a-f]{64}", p["digest"]) for p in given["policy"]), "the rules that gave it, by digest", given)
    told = ask.client.introspect(token)
    want = {**{k: v for k, v in given.items() if k != "rnd"}, "active": True, "token_type": "Bearer"}
    tap.ok(told.json == want, "INT-4, RAR-8 introspection says the same but rnd", told)
    only_ask = claims(ask.token(scope="service.restart[svc:staging/a]").json["access_token"])
    tap.ok("scope" not in only_ask, "ATJ-3 no scope when all must be asked", only_ask)


def edited(token):
    """What a forger may try; only the row counts, found by jti and rnd."""
    head, payload, signature = token.split(".")
    given = json.loads(unb64u(payload))

    def with_claims(**changed):
        # laid out as ours are, so that it is the row that judges and not the form
        return f"{head}.{b64u(json.dumps({**given, **changed}, separators=(',', ':')).encode())}.{signature}"
    return {
        "another rnd": with_claims(rnd=b64u(bytes(16))), "another jti": with_claims(jti=b64u(b"\x01" * 16)), "no rnd": with_claims(rnd=None), "rnd a number": with_claims(rnd=5),
        "rnd padded": with_claims(rnd=given["rnd"] + "=="), "rnd cut": with_claims(rnd=given["rnd"][:-1]), "jti and rnd changed about": with_claims(jti=given["rnd"], rnd=given["jti"]),
        "no signature": f"{head}.{payload}.", "two parts": f"{head}.{payload}", "four parts": token + ".x", "empty head": f".{payload}.{signature}", "the payload alone": payload,
        "a blank before": " " + token, "a blank behind": token + " ", "padding": token + "=", "rnd alone": given["rnd"], "jti alone": given["jti"],
        "not JSON": f"{head}.{b64u(b'hello')}.{signature}", "jti twice": f"{head}.{b64u(json.dumps(given)[:-1].encode() + b',' + json.dumps({'jti': given['jti']}).encode()[1:])}.{signature}",
        "17 kB": "a" * 17000, "deep": f"{head}.{b64u(b'[' * 4000)}.{signature}", "nothing like it": "x",
    }, {"a wider scope": with_claims(scope="**", exp=9999999999, aud="https://evil.example", authorization_details=[])}


def introspection(tap, broker, ask):
    client = ask.client
    token = ask.token(scope=READ_SCOPE).json["access_token"]
    forged, harmless = edited(token)
    for name, text in forged.items():
        answer = client.introspect(text)
        tap.ok(answer.status == 200 and answer.body == b'{"active":false}', f"INT-3 {name}: inactive and nothing else", answer)
    for name, text in harmless.items():
        tap.ok(client.introspect(text).json == client.introspect(token).json, f"{name}: answered from the record, never from the token")
    for hint in ("access_token", "refresh_token", "nonsense"):
        answer = ask.raw(urllib.parse.urlencode({"token": token, "token_type_hint": hint}), "/introspect", "payments-api")
        tap.ok(answer.json["active"] is True and answer.headers["Cache-Control"] == "no-store", f"INT-1 the hint {hint} changes nothing", answer)
    tap.ok(is_oauth_error(ask.raw("x=y", "/introspect", "payments-api"), "invalid_request"), "INT-1 without token: invalid_request")
    tap.ok(is_oauth_error(ask.raw("token=", "/introspect", "payments-api"), "invalid_request"), "INT-1 an empty token: invalid_request")
    tap.ok(is_oauth_error(ask.raw("token=x", "/introspect", None), "invalid_client", 401), "INT-2 nobody: invalid_client")
    answer = ask.raw("token=" + token, "/introspect")
    tap.ok(answer.status == 200 and answer.json == {"active": False}, "INT-7 an agent is not addressed, not even by its own token", answer)
    for name, bearer in {"a person's token": broker.secret("dana.token"), "the token itself": token}.items():
        answer = ask.raw("token=" + token, "/introspect", Authorization="Bearer " + bearer)
        tap.ok(answer.status == 401 and answer.json["error"] == "invalid_client", f"INT-2 {name} is no way in", answer)


def revocation(tap, ask):
    client = ask.client
    token, other = ask.token(scope=READ_SCOPE).json["access_token"], ask.token(scope=READ_SCOPE).json["access_token"]
    tap.ok(is_oauth_error(ask.raw("x=y", "/revoke"), "invalid_request"), "REV-1 without token: invalid_request")
    tap.ok(is_oauth_error(ask.raw("token=" + token, "/revoke", None), "invalid_client", 401), "REV-1 nobody: invalid_client")
    answer = ask.raw("token=" + token, "/revoke", "payments-api")
    tap.ok(is_oauth_error(answer, "invalid_request") and client.introspect(token).json["active"], "REV-2 another's token: refused, and alive", answer)
    tap.ok([e for e in client.events(type="grant.revoked") if e["decision"] == "deny"], "REV-2 and on record")
    for name, text in edited(token)[0].items():
        answer = client.revoke(text)
        tap.ok(answer.status == 200 and answer.body == b"", f"REV-2 {name}: 200", answer)
    tap.ok(client.introspect(token).json["active"], "REV-2 and nothing was revoked")
    answer = ask.raw(urllib.parse.urlencode({"token": token, "token_type_hint": "refresh_token"}), "/revoke")
    tap.ok(answer.status == 200 and answer.body == b"" and answer.headers["Cache-Control"] == "no-store", "REV-3 a wrong hint is ignored", answer)
    tap.ok(client.introspect(token).json == {"active": False} and client.introspect(other).json["active"], "REV-5 in force before the 200, and of this grant alone")
    answer = client.evaluate(token)
    tap.ok(answer.json["decision"] is False and answer.json["context"]["reason"] == "inactive", "and at decision", answer)
    n = len(list(client.events(type="grant.revoked")))
    tap.ok(client.revoke(token).status == 200 and len(list(client.events(type="grant.revoked"))) == n, "REV-2 revoked already: 200, no second event")


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        ask = Asker(broker, client)
        forms(tap, ask)
        asking(tap, ask)
        targets(tap, ask)
        details(tap, ask)
        tokens(tap, broker, ask)
        introspection(tap, broker, ask)
        revocation(tap, ask)
        tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "ambit verify passes")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
