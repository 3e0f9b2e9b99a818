#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the OAuth endpoints answer with the statuses, members and headers of standards.md, sections 1
to 6, each line named by its requirement."""
import base64
import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap, claims  # noqa: E402

FORM = "application/x-www-form-urlencoded"
AUDIENCE = "https://payments.example.gov"
CC = {"grant_type": "client_credentials"}


def post(client, path, body, authorization=None, **headers):
    head = {"Content-Type": FORM, **{k.replace("_", "-"): v for k, v in headers.items()}}
    if authorization:
        head["Authorization"] = authorization
    return client.call("POST", path, body if isinstance(body, str) else urllib.parse.urlencode(body), head)


def error(answer):
    try:
        return answer.status, answer.json.get("error")
    except ValueError:
        return answer.status, answer.body[:80]


def never_cached(answer):
    return answer.headers["Cache-Control"] == "no-store" and answer.headers["Pragma"] == "no-cache"


def discovery(tap, broker, client):
    issuer = f"http://127.0.0.1:{broker.port}"
    first = client.call("GET", "/.well-known/oauth-authorization-server")
    second = client.call("GET", "/.well-known/openid-configuration")
    tap.ok(first.status == 200 and first.json["issuer"] == issuer, "MET-3 the issuer is the URL", first)
    tap.ok(first.body == second.body, "MET-2 both discovery documents are one")
    tap.ok(first.headers["Content-Type"] == "application/json" and "max-age=300" in first.headers["Cache-Control"], "MET-7 headers")
    tap.ok(all(v != [] for v in first.json.values()), "MET-4 no empty list")
    tap.ok("code" in first.json["response_types_supported"] and first.json["authorization_endpoint"], "MET-6 what SDKs ask for")
    tap.ok(client.call("GET", "/.well-known/oauth-authorization-server/other").status == 404, "MET-1 another issuer's path is 404")
    keys = client.call("GET", "/jwks").json["keys"]
    tap.ok(all({"kid", "kty", "alg", "use"} <= set(k) and "d" not in k for k in keys), "KEY-1, KEY-2 public members, kid, alg, use", keys)
    for verb in ("GET", "POST"):
        answer = client.call(verb, "/authorize?response_type=code", "" if verb == "POST" else None)
        tap.ok(answer.status == 400 and "Location" not in answer.headers, f"D-1 {verb} /authorize refuses and never redirects", answer)


def forms(tap, broker, client):
    basic = broker.basic("remediator")
    for path in ("/token", "/introspect", "/revoke"):
        answer = client.call("GET", path)
        tap.ok(answer.status == 405 and answer.headers["Allow"] == "POST", f"HTP-3 GET {path} is 405", answer)
        answer = post(client, path, "{}", basic, Content_Type="application/json")
        tap.ok(error(answer) == (400, "invalid_request") and answer.headers["Content-Type"] == "application/json",
               f"HTP-4 {path} takes forms alone", answer)
        tap.ok(error(post(client, path + "?scope=a", CC, basic)) == (400, "invalid_request"), f"HTP-5 {path} has no query string")
    upper = post(client, "/token", {**CC, "scope": "ticket.read"}, basic, Content_Type="Application/X-WWW-Form-Urlencoded;charset=UTF-8")
    tap.ok(upper.status == 200, "HTP-4 media type in any case, with parameters", upper)
    tap.ok(error(post(client, "/token", "grant_type=client_credentials&scope=a&scope=b", basic)) == (400, "invalid_request"), "HTP-6 a parameter twice")
    for name, body in (("a bad escape", "scope=%zz"), ("a NUL", "scope=a%00b"), ("bytes that are no UTF-8", "scope=%ff")):
        tap.ok(error(post(client, "/token", "grant_type=client_credentials&" + body, basic)) == (400, "invalid_request"), f"HTP-8 {name}")
    tap.ok(post(client, "/token", {**CC, "scope": "x" * 70000}, basic).status == 413, "HTP-13 a form of 70,000 bytes is 413")


def clients(tap, broker, client):
    ask = {**CC, "scope": "ticket.read"}
    secret = broker.secret("remediator.secret")
    plain = base64.b64encode(f"remediator:{secret}".encode()).decode()
    tap.ok(post(client, "/token", ask, "bAsIc " + plain).status == 200, "CLI-4 the scheme in any case")
    for name, authorization in (("a wrong secret", "Basic " + base64.b64encode(b"remediator:wrong").decode()),
                                ("nobody", "Basic " + base64.b64encode(b"nobody:" + secret.encode()).decode()),
                                ("a bearer token", "Bearer abc"), ("no base64", "Basic !")):
        answer = post(client, "/token", ask, authorization)
        tap.ok(error(answer) == (401, "invalid_client") and answer.headers["WWW-Authenticate"] == 'Basic realm="ambit"',
               f"CLI-13 {name}: 401 and a challenge", answer)
        tap.ok(never_cached(answer), "HTP-9 and never cached")
    wrong = [post(client, "/token", ask, "Basic " + base64.b64encode(pair.encode()).decode()).body for pair in ("remediator:x", "nobody:x")]
    tap.ok(wrong[0] == wrong[1], "CLI-3 unknown and wrong look the same", wrong)
    answer = post(client, "/token", ask)
    tap.ok(error(answer) == (401, "invalid_client") and "WWW-Authenticate" not in answer.headers, "D-2 without a header: 401, no challenge", answer)
    answer = post(client, "/token", {**ask, "client_id": "remediator", "client_secret": secret})
    tap.ok(error(answer) == (401, "invalid_client"), "CLI-14 client_secret_post is off", answer)
    both = post(client, "/token", {**ask, "client_secret": secret}, broker.basic("remediator"))
    tap.ok(error(both) == (400, "invalid_request"), "CLI-1 two ways", both)
    both = post(client, "/token", {**ask, "client_assertion": "a.b.c"}, broker.basic("remediator"))
    tap.ok(error(both) == (401, "invalid_client"), "CLI-1 two ways with an assertion", both)
    other = post(client, "/token", {**ask, "client_id": "reporter"}, broker.basic("remediator"))
    tap.ok(error(other) == (401, "invalid_client"), "CLI-3 another client_id", other)


def tokens(tap, broker, client):
    basic = broker.basic("remediator")
    answer = client.token("service.restart[svc:staging/web-1] ticket.read", resource=AUDIENCE, purpose="INC-1", requested_lifetime="60")
    body = answer.json
    tap.ok(answer.status == 200 and answer.headers["Content-Type"] == "application/json" and never_cached(answer), "TOK-1, HTP-9 200, JSON, never cached")
    tap.ok(body["token_type"] == "Bearer" and 0 < body["expires_in"] <= 60 and "refresh_token" not in body, "TOK-2 members", body)
    tap.ok(body["scope"] == "service.restart[svc:staging/web-1] ticket.read[ticket:**]", "TOK-12 an action alone is given in full", body["scope"])
    tap.ok(all(d["type"] == "ambit" and d["purpose"] == "INC-1" for d in body["authorization_details"]), "RAR-7 details of all items", body)
    got = claims(body["access_token"])
    tap.ok({"iss", "sub", "client_id", "aud", "exp", "iat", "jti", "txn", "owner", "rnd", "policy"} <= set(got), "ATJ-1 claims", got)
    tap.ok(got["sub"] == got["client_id"] == "remediator" and got["aud"] == AUDIENCE, "TOK-8, RES-2 sub and one aud", got)
    tap.ok(got["scope"] == "ticket.read[ticket:**]" and [d["type"] for d in got["authorization_details"]] == ["ambit-ask", "ambit"],
           "ATJ-3 what needs the broker stands under ambit-ask, not in the scope", got)
    head = json.loads(base64.urlsafe_b64decode(body["access_token"].split(".")[0] + "=="))
    tap.ok(head["typ"] == "at+jwt" and head["alg"] == "ES256" and head["kid"], "ATJ-1 header", head)
    tap.ok(len(got["jti"]) == len(got["rnd"]) == 22 and got["txn"] and len(got["txn"]) == 32, "ATJ-5 jti, rnd, txn")
    trace = "0af7651916cd43dd8448eb211c80319c"
    with_trace = client.call("POST", "/token", urllib.parse.urlencode({**CC, "scope": "ticket.read"}),
                             {"Content-Type": FORM, "Authorization": basic, "traceparent": f"00-{trace}-b7ad6b7169203331-01", "X-Request-ID": "my-id"})
    tap.ok(claims(with_trace.json["access_token"])["txn"] == trace and with_trace.headers["X-Request-ID"] == "my-id", "TRC-1, AZN-5 txn and X-Request-ID")

    refused = {
        "TOK-7 no grant_type": ({"scope": "a"}, "invalid_request"),
        "TOK-7 an unknown one": ({"grant_type": "password"}, "unsupported_grant_type"),
        "TOK-4 nothing asked": (CC, "invalid_scope"),
        "TOK-3 two spaces": ({**CC, "scope": "a  b"}, "invalid_scope"),
        "section 18 out of scope": ({**CC, "scope": "service.restart[svc:prod/web-1]"}, "invalid_scope"),
        "section 18 forbidden": ({**CC, "scope": "service.read[db:prod/customers/x]"}, "invalid_scope"),
        "section 18 malformed": ({**CC, "scope": "a..b[svc:x]"}, "invalid_scope"),
        "TOK-11 a lifetime of nothing": ({**CC, "scope": "ticket.read", "requested_lifetime": "0"}, "invalid_request"),
        "TOK-11 a lifetime that is no number": ({**CC, "scope": "ticket.read", "requested_lifetime": "1m"}, "invalid_request"),
        "RES-1 a relative resource": ({**CC, "scope": "ticket.read", "resource": "/x"}, "invalid_target"),
        "RES-1 nobody's resource": ({**CC, "scope": "ticket.read", "resource": "https://x"}, "invalid_target"),
        "RAR-2 an unknown type": ({**CC, "authorization_details": '[{"type":"x"}]'}, "invalid_authorization_details"),
        "RAR-2 not JSON": ({**CC, "authorization_details": "x"}, "invalid_authorization_details"),
        "RAR-3 not allowed": ({**CC, "authorization_details": '[{"type":"ambit","actions":["service.restart"],"resources":["svc:prod/x"]}]'},
                              "invalid_authorization_details"),
    }
    for name, (fields, want) in refused.items():
        answer = post(client, "/token", fields, basic)
        tap.ok(error(answer) == (400, want) and "WWW-Authenticate" not in answer.headers and never_cached(answer), name, answer)
        text = answer.json.get("error_description", "")
        tap.ok(all(0x20 <= ord(c) <= 0x7e and c not in '"\\' for c in text), "HTP-11 its words", text)
    many = post(client, "/token", "grant_type=client_credentials&scope=ticket.read&resource=https://a&resource=https://b", basic)
    tap.ok(error(many) == (400, "invalid_target"), "TOK-14 several resources", many)
    taught = post(client, "/token", {**CC, "scope": "service.restart[svc:prod/web-1]"}, basic).json
    tap.ok(taught["ambit_reason"] == "out_of_scope" and len(taught["ambit_request"]) == 22 and "change" in taught["ambit_remedy"], "TOK-9 it teaches", taught)


def introspection(tap, broker, client):
    token = client.token("ticket.read service.read[svc:staging/web-1]").json["access_token"]
    seen, said = client.introspect(token), claims(token)
    tap.ok(seen.status == 200 and seen.json["active"] is True and seen.json["token_type"] == "Bearer" and never_cached(seen), "INT-4 active", seen)
    tap.ok("rnd" not in seen.json and all(seen.json[k] == said[k] for k in said if k != "rnd"), "INT-4 the members of the token but rnd", seen)
    hinted = post(client, "/introspect", {"token": token, "token_type_hint": "refresh_token"}, broker.basic("payments-api"))
    tap.ok(hinted.json == seen.json, "INT-1 a wrong hint changes nothing")
    tap.ok(error(post(client, "/introspect", {"x": "y"}, broker.basic("payments-api"))) == (400, "invalid_request"), "INT-1 no token")
    tap.ok(error(post(client, "/introspect", {"token": token}))[0] == 401, "INT-2 nobody is 401")
    secret = token.index(".") + 62  # inside `rnd`, the secret that the row holds the digest of
    altered = token[:secret] + ("A" if token[secret] != "A" else "B") + token[secret + 1 :]
    for name, text in (("unknown", "x.y.z"), ("malformed", "x"), ("altered", altered)):
        tap.ok(client.introspect(text).json == {"active": False}, f"INT-3 {name}")
    own = post(client, "/introspect", {"token": token}, broker.basic("remediator"))
    tap.ok(own.json == {"active": False}, "INT-7 a caller that is not in aud", own)

    decide = post(client, "/token", {**CC, "scope": "ambit.decide"}, broker.basic("payments-api"))
    bearer = "Bearer " + decide.json["access_token"]
    tap.ok(decide.status == 200 and decide.json["scope"] == "ambit.decide" and decide.json["expires_in"] <= 600, "a service's own token of ten minutes", decide)
    tap.ok(post(client, "/introspect", {"token": token}, bearer).json["active"] is True, "INT-2 and it introspects by it")
    tap.ok(error(post(client, "/introspect", {"token": token}, "Bearer " + token)) == (401, "invalid_client"), "INT-2 an agent's token does not")
    tap.ok(client.introspect(decide.json["access_token"]).json == {"active": False}, "INT-7 and it is nobody's token to accept")
    other = post(client, "/token", {**CC, "scope": "ticket.read"}, broker.basic("payments-api"))
    tap.ok(error(other) == (400, "unauthorized_client"), "TOK-7 a service asks for nothing else", other)

    foreign = post(client, "/revoke", {"token": token}, broker.basic("payments-api"))
    tap.ok(error(foreign) == (400, "invalid_request") and client.introspect(token).json["active"], "REV-2 another client's token stays", foreign)
    for name in ("revoked", "again"):
        answer = client.revoke(token)
        tap.ok(answer.status == 200 and answer.body == b"", f"REV-2 {name}: 200 and nothing", answer)
    tap.ok(client.revoke("x.y.z").status == 200, "REV-2 an unknown one: 200")
    tap.ok(error(post(client, "/revoke", {"x": "y"}, broker.basic("remediator"))) == (400, "invalid_request"), "REV-1 no token")
    tap.ok(client.introspect(token).json == {"active": False}, "REV-5 dead before the 200")


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        for part in (discovery, forms, clients, tokens, introspection):
            part(tap, broker, client)
        broker.stop()
        status, answer = broker.verify()
        tap.ok(status == 0 and answer["ok"], "and the record holds", answer)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
