#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: what a stranger may read before they know anybody: metadata (MET, AZN-13), keys (KEY), the refusing
authorization endpoint (D-1), and that nothing here is a redirect or open to another origin (HTP-2, HTP-15)."""
import base64
import hashlib
import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap  # noqa: E402

OAUTH, OPENID, AUTHZEN = (f"/.well-known/{name}" for name in ("oauth-authorization-server", "openid-configuration", "authzen-configuration"))
ISSUER = "https://broker.example.gov/tenants/one"
GRANT_TYPES = [
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:openid:params:grant-type:ciba",
]
NOT_THERE = ("userinfo_endpoint", "registration_endpoint", "end_session_endpoint", "device_authorization_endpoint", "pushed_authorization_request_endpoint",
             "tls_client_certificate_bound_access_tokens", "deferred_token_response_supported",
             "status_list_aggregation_endpoint", "client_id_metadata_document_supported")


def url_of(broker):
    with open(os.path.join(broker.state, "url"), encoding="utf-8") as f:
        return f.read().strip()


def is_public(answer):
    kind, _, age = answer.headers["Cache-Control"].partition("max-age=")
    return kind == "public, " and 0 < int(age) <= 300


def metadata(tap, broker, client):
    issuer = url_of(broker)
    answer = client.call("GET", OAUTH)
    said = answer.json
    tap.ok(answer.status == 200 and answer.headers["Content-Type"] == "application/json" and said["issuer"] == issuer,
           "MET-3 200, JSON, the issuer byte for byte", answer)
    tap.ok(client.call("GET", OPENID).body == answer.body, "MET-2 the same at the OpenID name")
    tap.ok(is_public(answer), "MET-7 cached for five minutes at most", answer.headers)
    tap.ok(all(v not in ([], None, "") for v in said.values()), "MET-4 nothing empty is listed", said)
    for twin in ("token", "introspection", "revocation"):
        algorithms = said[f"{twin}_endpoint_auth_signing_alg_values_supported"]
        methods = said[f"{twin}_endpoint_auth_methods_supported"]
        tap.ok("private_key_jwt" in methods and "RS256" in algorithms and "none" not in algorithms and not [a for a in algorithms if a.startswith("HS")],
               f"MET-5 {twin}: how assertions may be signed", (methods, algorithms))
    tap.ok(said["authorization_endpoint"] == issuer + "/authorize" and "code" in said["response_types_supported"]
           and "S256" in said["code_challenge_methods_supported"], "MET-6 what stock clients insist on", said)
    tap.ok(said["grant_types_supported"] == GRANT_TYPES and not [m for m in NOT_THERE if m in said],
           "MET-4 nothing is listed that does not work", said)
    tap.ok(said["authorization_details_types_supported"] == ["ambit"], "RAR-9 the type that can be asked for")
    for member in ("token_endpoint", "introspection_endpoint", "revocation_endpoint", "backchannel_authentication_endpoint"):
        path = urllib.parse.urlsplit(said[member]).path
        tap.ok(client.call("POST", path, "", {"Content-Type": "application/x-www-form-urlencoded"}).status == 401, f"MET-3 {member} is there")
    for path in (OAUTH + "/x", OPENID + "/x", OAUTH + "/", "/x" + OPENID):
        tap.ok(client.call("GET", path).status == 404, f"MET-1 {path} is of no issuer here")
    tap.ok(client.call("POST", OAUTH, "").status == 405, "metadata is read, not posted to")


def authzen(tap, broker, client):
    answer, issuer = client.call("GET", AUTHZEN), url_of(broker)
    said = answer.json
    tap.ok(answer.status == 200 and answer.headers["Content-Type"] == "application/json" and is_public(answer)
           and said.pop("policy_decision_point") == issuer, "AZN-13 the decision point is who was asked", answer)
    tap.ok(said == {**{f"access_{what}_endpoint": f"{issuer}/access/v1/{what}" for what in ("evaluation", "evaluations")},
                    **{f"search_{what}_endpoint": f"{issuer}/access/v1/search/{what}" for what in ("subject", "resource", "action")}}, "AZN-13 its endpoints", said)
    for url in said.values():
        path = url[len(issuer):]
        tap.ok(client.call("POST", path, "{}", {"Content-Type": "application/json"}).status == 401, f"AZN-13 {path} is there")
    tap.ok(client.call("GET", AUTHZEN + "/x").status == 404, "AZN-13 another decision point is not")


def thumbprint(jwk):
    text = json.dumps({k: jwk[k] for k in ("crv", "kty", "x", "y")}, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def keys(tap, client):
    answer = client.call("GET", "/jwks")
    given = answer.json["keys"]
    tap.ok(answer.status == 200 and answer.headers["Content-Type"] == "application/json" and len(given) == 1, "KEY-1 the key set", answer)
    tap.ok(all(set(k) == {"kty", "crv", "x", "y", "kid", "alg", "use"} for k in given), "KEY-1 public members alone", given)
    tap.ok(all(k["use"] == "sig" and k["alg"] == "ES256" and k["kid"] == thumbprint(k) for k in given), "KEY-2 kid is the thumbprint of RFC 7638", given)
    tap.ok(is_public(answer), "KEY-5 cached for five minutes at most", answer.headers)
    token = client.token().json["access_token"]
    head = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    tap.ok([k["kid"] for k in given if k["alg"] == head["alg"]] == [head["kid"]], "KEY-2 one key fits the header of a token", head)


def nowhere_else(tap, client):
    """Every path there is, and near misses of them."""
    paths = [OAUTH, OPENID, AUTHZEN, "/jwks", "/authorize", "/token", "/introspect", "/revoke", "/access/v1/evaluation", "/v1/whoami", "/v1/stops",
             "/v1/grants", "/v1/events", "/healthz", "/readyz", "/metrics", "/", "/console", "/console/"]
    strays, open_ones = [], []
    for path in [*paths, *[p + "/" for p in paths if p[-1] != "/"], "/Token", "/index.html"]:
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            body = "" if method == "POST" else None
            answer = client.call(method, path, body, {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
            if 300 <= answer.status < 400 or "Location" in answer.headers:
                strays.append((method, path, answer))
            open_ones += [(method, path, h) for h in answer.headers if h.lower().startswith("access-control-")]
    tap.ok(not strays, "HTP-2 nothing is answered by a redirect", strays[:5])
    tap.ok(not open_ones, "HTP-15 nothing is open to another origin", open_ones[:5])
    for method, body in (("GET", None), ("POST", "response_type=code")):
        answer = client.call(method, "/authorize?response_type=code&client_id=remediator&redirect_uri=https%3A%2F%2Fevil.example", body)
        tap.ok(answer.status == 400 and b"unauthorized_client" in answer.body and answer.headers["Content-Type"].startswith("text/plain")
               and answer.headers["Cache-Control"] == "no-store", f"D-1 {method} /authorize is a plain page that refuses", answer)


def with_path(tap):
    """An issuer that has a path stands behind something that takes the path off."""
    with Broker(env={"AMBIT_ISSUER": ISSUER}) as broker, broker.client() as client:
        for path in (OAUTH, OPENID, OAUTH + "/tenants/one", OPENID + "/tenants/one"):
            answer = client.call("GET", path)
            tap.ok(answer.status == 200 and answer.json["issuer"] == ISSUER and answer.json["token_endpoint"] == ISSUER + "/token",
                   f"MET-1 {path}, for an issuer with a path", answer)
        for path in (OAUTH + "/tenants", OAUTH + "/tenants/one/", OAUTH + "/tenants/two", OPENID + "/one"):
            tap.ok(client.call("GET", path).status == 404, f"MET-1 {path} is another issuer's")
        for path in (AUTHZEN, AUTHZEN + "/tenants/one"):
            said = client.call("GET", path).json
            tap.ok(said["policy_decision_point"] == ISSUER and said["search_action_endpoint"] == ISSUER + "/access/v1/search/action", f"AZN-13 {path} names the issuer", said)
        for path in (AUTHZEN + "/tenants", AUTHZEN + "/tenants/one/", AUTHZEN + "/one"):
            tap.ok(client.call("GET", path).status == 404, f"AZN-13 {path} is another's")


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        metadata(tap, broker, client)
        authzen(tap, broker, client)
        keys(tap, client)
        nowhere_else(tap, client)
        tap.ok(broker.stop() == 0, "it ends in order")
    with_path(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
