#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a token is bound to the key that was proved when it was asked for, and is worth nothing without it: at the
token endpoint, where an agent asks about its own token, and through a service; a proof is good once, over kills and
among threads; agents of tier high need a nonce."""
import hashlib
import http.client
import json
import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dpop  # noqa: E402
import jose  # noqa: E402
import tls  # noqa: E402
from broker import READ_SCOPE, SANITIZER, Broker, Tap, Threads, claims  # noqa: E402
from broker import Client as WireClient  # noqa: E402

ISSUER = "https://ambit.example.gov/t1"
AUDIENCE = "https://payments.example.gov"
BOUND, ONE, VAULT, CERTIFIED = "work.do[svc:bound/x]", "work.one[svc:bound/x]", "vault.read[secret:canary/x]", "work.mtls[svc:bound/x]"
RACERS = 50 if not SANITIZER else 16


class Both(WireClient):
    """Agents and services at one listener, people at another."""

    def person(self, *words, **more):
        agents, self.http = self.http, http.client.HTTPConnection("127.0.0.1", self.broker.ports[2], timeout=60)
        try:
            return super().person(*words, **more)
        finally:
            self.http.close()
            self.http = agents


class Served(Broker):
    def client(self, timeout=None):
        return Both(self, timeout)


class Client(dpop.Client):
    def uri(self, path):
        return ISSUER + path


def prepare(broker, client):
    base = broker.document("policies/read-tickets")
    common = {k: base[k] for k in ("owner", "audiences", "review")}
    rule = lambda name, action, resource, **more: {"id": name, "actions": [action], "resources": [resource], "ttl": {"max": "5m"}, **more}
    probing = {"id": "probing", "on": "denied", "count": 1000, "within": "1m", "then": "revoke_grant"}
    broker.propose("policies/bound", {
        **common, "policy": "bound", "tier": "medium", "description": "keys", "hard_stops": [probing],
        "allow": [rule("bound", "work.do", "svc:bound/**", bind=["dpop"]), rule("certified", "work.mtls", "svc:bound/**", bind=["mtls"]),
                  rule("one", "work.one", "svc:bound/**", limits=[{"live_grants": 1}])]})
    broker.propose("policies/vault", {**common, "policy": "vault", "tier": "high", "description": "nonces", "hard_stops": [probing],
                                      "allow": [rule("vault", "vault.read", "secret:canary/**", bind=["dpop"])]})
    agent = broker.document("agents/remediator")
    broker.propose("agents/remediator", {**agent, "policies": agent["policies"] + ["bound"]})
    keyed = [way for way in agent["authenticate"] if way["method"] == "private_key_jwt"]
    broker.propose("agents/keeper", {**agent, "agent": "keeper", "policies": ["vault"], "authenticate": keyed})
    return client.person("lee", "POST", "/v1/documents/reload")


def keeper_of(broker, client, key=None):
    path = os.path.join(broker.state, "credentials", "remediator.jwk")
    return Client(broker, client, agent="keeper", key=key, signer=jose.Signer(path, "keeper", ISSUER))


def is_refused(got, error="invalid_dpop_proof"):
    """DPOP-3, TOK-6"""
    return got.status == 400 and got.json["error"] == error and "WWW-Authenticate" not in got.headers


def is_challenged(got, error):
    """DPOP-8"""
    challenge = got.headers.get_all("WWW-Authenticate") or []
    return got.status == 401 and len(challenge) == 1 and challenge[0].startswith("DPoP ") \
        and f'error="{error}"' in challenge[0] and 'algs="ES256 EdDSA' in challenge[0]


def binds(tap, client, me):
    got = me.token(READ_SCOPE)
    token = got.json["access_token"]
    tap.ok(got.status == 200 and got.json["token_type"] == "DPoP", "DPOP-1: a proof makes it a DPoP token", got)
    tap.ok(claims(token)["cnf"] == {"jkt": me.key.jkt}, "DPOP-1, MTL-8: cnf has the thumbprint and nothing else", claims(token))
    seen = client.introspect(token).json
    tap.ok(seen["active"] and seen["cnf"] == {"jkt": me.key.jkt} and seen["token_type"] == "DPoP", "INT-6: introspection says so", seen)
    got = me.token(READ_SCOPE, proof=False)
    tap.ok(got.json["token_type"] == "Bearer" and "cnf" not in claims(got.json["access_token"]), "DPOP-1: none makes it Bearer", got)
    got = me.token(BOUND, proof=False)
    tap.ok(is_refused(got) and got.json["ambit_reason"] == "binding_required", "DPOP-2: a rule with bind and no proof", got)
    tap.ok(got.json["ambit_remedy"]["change"] == "bind" and got.json["ambit_remedy"]["retry"], "and what would pass", got)
    got = me.token(CERTIFIED)
    tap.ok(is_refused(got, "invalid_request") and got.json["ambit_reason"] == "binding_required", "a certificate is wanted, not a proof", got)
    got = me.token(BOUND)
    tap.ok(got.status == 200 and claims(got.json["access_token"])["cnf"] == {"jkt": me.key.jkt}, "DPOP-2: with a proof it is given", got)
    issued = [e for e in client.events(type="grant.issued") if e.get("binding")]
    tap.ok(len(issued) == 2 and all(e["binding"] == "dpop" and e["binding_key"].startswith("sha256:") for e in issued),
           "the record has the key", issued)
    other = Client(me.broker, client)
    first, again = me.token(ONE), me.token(ONE)
    tap.ok(first.status == 200 and again.status == 200 and not client.introspect(first.json["access_token"]).json["active"],
           "the same request with the same key replaces the live grant", again)
    got = other.token(ONE)
    tap.ok(got.status == 400 and got.json["ambit_reason"] == "limit_exceeded", "with another key it does not", got)
    got = client.form("/revoke", {"token": again.json["access_token"]}, me.broker.basic("remediator"))
    tap.ok(got.status == 200 and not client.introspect(again.json["access_token"]).json["active"], "its client gives it back without a proof", got)


def wrong_proofs(tap, me):
    uri, key, other = me.uri("/token"), me.key, dpop.Key()
    proof = lambda *a, **k: key.proof(*a, **k)
    rows = [
        ("1: nothing in it", "x"), ("1: two in one", proof("POST", uri) + ", " + proof("POST", uri)), ("1: padded", proof("POST", uri) + "="),
        ("2: another typ", proof("POST", uri, header={"typ": "JWT"})), ("2: no typ", proof("POST", uri, header={"typ": None})),
        ("2: none", proof("POST", uri, header={"alg": "none"})), ("2: HS256", proof("POST", uri, header={"alg": "HS256"})),
        ("2: another alg", proof("POST", uri, header={"alg": "EdDSA"})), ("2: no key", proof("POST", uri, header={"jwk": None})),
        ("2: a private key", proof("POST", uri, header={"jwk": key.private_jwk()})),
        ("2: a critical extension", proof("POST", uri, header={"crit": ["x"], "x": 1})),
        ("3: another's signature", proof("POST", uri, signer=other)),
        ("4: no jti", proof("POST", uri, jti=None)), ("4: an empty jti", proof("POST", uri, jti="")), ("4: a long jti", proof("POST", uri, jti="x" * 257)),
        ("4: no htm", proof(None, uri)), ("4: no htu", proof("POST", None)), ("4: no iat", proof("POST", uri, iat=None)),
        ("5: another method", proof("GET", uri)), ("5: small letters", proof("post", uri)),
        ("6: another path", proof("POST", ISSUER + "/introspect")), ("6: without the issuer's path", proof("POST", "https://ambit.example.gov/token")),
        ("6: the address it listens at", proof("POST", f"http://127.0.0.1:{me.broker.port}/token")),
        ("6: another host", proof("POST", "https://evil.example/t1/token")), ("6: a slash behind", proof("POST", uri + "/")),
        ("8: a minute old", proof("POST", uri, iat=int(time.time()) - 62)), ("8: ahead", proof("POST", uri, iat=int(time.time()) + 8)),
    ]
    for name, bad in rows:
        got = me.token(READ_SCOPE, proof=bad)
        tap.ok(is_refused(got), f"DPOP-3: {name}", got)
    for name, form in (("in capitals", "HTTPS://Ambit.Example.GOV/t1/token"), ("its port", "https://ambit.example.gov:443/t1/token"),
                       ("a query", uri + "?a=b#c"), ("escapes and dots", "https://ambit.example.gov/x/../t1/%74oken")):
        got = me.token(READ_SCOPE, proof=proof("POST", form))
        tap.ok(got.status == 200 and got.json["token_type"] == "DPoP", f"DPOP-6: htu with {name}", got)
    sock = me.client.http
    sock.putrequest("POST", "/token")
    for header in (("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", me.broker.basic("remediator")),
                   ("DPoP", proof("POST", uri)), ("DPoP", proof("POST", uri)), ("Content-Length", "0")):
        sock.putheader(*header)
    sock.endheaders()
    got = sock.getresponse()
    tap.ok(got.status == 400 and got.read() and not sock.close(), "1: two headers are 400", got.status)


def replays(tap, broker, me):
    proof = me.proof("POST", "/token")

    def one():
        with broker.client() as client:
            return Client(broker, client, key=me.key).token(READ_SCOPE, proof=proof)

    got = Threads([one] * RACERS).join()
    tap.ok(sorted(g.status for g in got) == [200] + [400] * (RACERS - 1) and all(g.status == 200 or is_refused(g) for g in got),
           f"one proof, {RACERS} at once: exactly one passes", [g.status for g in got])
    fresh = me.proof("POST", "/token")
    tap.ok(me.token(READ_SCOPE, proof=fresh).status == 200, "a fresh one passes")
    refused = me.proof("POST", "/token")
    got = me.token("no.such[svc:x]", proof=refused)
    tap.ok(got.status == 400 and is_refused(me.token(READ_SCOPE, proof=refused)), "a proof is used up by a refusal too", got)
    bad = me.proof("POST", "/token")
    got = me.token(READ_SCOPE, proof=bad, grant_type="client_credentials", authorization="Basic eDp5")
    tap.ok(got.status == 401 and me.token(READ_SCOPE, proof=bad).status == 200, "and not by a client that is unknown", got)
    broker.kill()
    broker.start()
    with broker.client() as client:
        me = Client(broker, client, key=me.key)
        for used in (proof, fresh, refused):
            tap.ok(is_refused(me.token(READ_SCOPE, proof=used)), "DPOP-12: it stays used over a kill")
        tap.ok(me.token(READ_SCOPE).status == 200, "and the broker goes on")


def nonces(tap, broker, client):
    me = keeper_of(broker, client)
    first = me.proof("POST", "/token", jti="the-same")
    got = me.token(VAULT, proof=first)
    given = got.headers.get_all("DPoP-Nonce") or []
    tap.ok(is_refused(got, "use_dpop_nonce") and len(given) == 1, "DPOP-4: tier high is told to use a nonce, one", got.headers)
    tap.ok("no-store" in got.headers["Cache-Control"], "DPOP-4: which is not cached", got.headers)
    got = me.token(VAULT, proof=me.proof("POST", "/token", jti="the-same"))
    tap.ok(got.status == 200 and got.json["token_type"] == "DPoP", "the second try passes, with the jti of the first too", got)
    token = got.json["access_token"]
    tap.ok(me.token(VAULT).status == 200, "DPOP-11: the nonce is good again")
    for name, nonce in (("none (DPOP-5)", None), ("another's", "x" * 32), ("an empty one", ""), ("a changed one", me.nonces["token"][::-1])):
        got = me.token(VAULT, proof=me.proof("POST", "/token", nonce=nonce))
        tap.ok(is_refused(got, "use_dpop_nonce") and got.headers.get("DPoP-Nonce"), f"DPOP-4: {name}", got)
    got = me.evaluate(token, "vault.read", {"type": "secret", "id": "canary/x"}, retries=0)
    tap.ok(is_challenged(got, "use_dpop_nonce") and len(got.headers.get_all("DPoP-Nonce")) == 1, "DPOP-8: the resource side asks too", got.headers)
    got = me.evaluate(token, "vault.read", {"type": "secret", "id": "canary/x"})
    tap.ok(got.status == 200 and got.json["decision"], "DPOP-8: and takes its own", got)
    got = me.token(VAULT, proof=me.proof("POST", "/token", nonce=me.nonces["resource"]))
    tap.ok(is_refused(got, "use_dpop_nonce"), "DPOP-8: nonces of the two sides are separate", got)
    low = Client(broker, client)
    got = low.token(READ_SCOPE)
    tap.ok(got.status == 200 and "DPoP-Nonce" not in got.headers, "D-8: tier medium needs none", got.headers)
    return me, token


def own_token(tap, broker, client, me):
    token = me.token(READ_SCOPE).json["access_token"]
    other = me.token(READ_SCOPE).json["access_token"]
    plain = me.token(READ_SCOPE, proof=False).json["access_token"]
    path, stranger = "/access/v1/evaluation", Client(broker, client)
    got = me.evaluate(token)
    tap.ok(got.status == 200 and got.json["decision"], "DPOP-7: an agent asks about its own bound token", got)
    used = me.proof("POST", path, token)
    tap.ok(me.evaluate(token, proof=used).status == 200, "with another proof")
    tap.ok(is_challenged(me.evaluate(token, proof=used), "invalid_dpop_proof"), "AZN-15: which is good once")
    for name, how, error in (
            ("as Bearer", {"scheme": "Bearer"}, "invalid_token"), ("without a proof", {"proof": False}, "invalid_dpop_proof"),
            ("of another address", {"proof": me.proof("POST", "/token", token)}, "invalid_dpop_proof"),
            ("of another method", {"proof": me.proof("GET", path, token)}, "invalid_dpop_proof"),
            ("without ath", {"proof": me.proof("POST", path)}, "invalid_dpop_proof"),
            ("for another token", {"proof": me.proof("POST", path, other)}, "invalid_dpop_proof"),
            ("of another key", {"proof": stranger.proof("POST", path, token)}, "invalid_token")):
        got = me.evaluate(token, **how)
        tap.ok(is_challenged(got, error), f"DPOP-7: {name}: {error}", (got, got.headers))
    got = me.evaluate(plain)
    tap.ok(is_challenged(got, "invalid_token"), "DPOP-7: an unbound one as DPoP", got)
    got = me.evaluate(plain, scheme="Bearer", proof=False)
    tap.ok(got.status == 200 and got.json["decision"], "and as Bearer", got)
    got = me.evaluate("x.y.z")
    tap.ok(is_challenged(got, "invalid_token"), "BRR-2: one that is not ours", got)
    used = me.proof("GET", "/v1/whoami", token)
    got = me.call("GET", "/v1/whoami", token, proof=used)
    tap.ok(got.status == 200 and got.json["name"] == "remediator", "whoami by a bound token", got)
    tap.ok(is_challenged(me.call("GET", "/v1/whoami", token, proof=used), "invalid_dpop_proof"), "once a proof")
    tap.ok(is_challenged(me.call("GET", "/v1/whoami", token, scheme="Bearer"), "invalid_token"), "and not as Bearer")
    action = me.evaluate(token).json["context"]["id"]
    got = me.call("POST", f"/v1/actions/{action}/outcome", token, {"outcome": "succeeded"})
    tap.ok(got.status == 200 and got.json["reported_by"] == "agent", "an outcome by a bound token", got)
    got = me.call("POST", f"/v1/actions/{action}/outcome", token, {"outcome": "succeeded"}, scheme="Bearer")
    tap.ok(got.status == 401, "and not as Bearer", got)
    return token, other


def through_service(tap, broker, client, me, token, other):
    def ask(properties, of=token):
        question = {"subject": {"type": "access_token", "id": of, "properties": properties}, "action": {"name": "ticket.read"},
                    "resource": {"type": "ticket", "id": "INC-1"}}
        got = client.post_json("/access/v1/evaluation", question, broker.basic("payments-api"))
        return got.json["context"]["reason"] if got.status == 200 else got

    uri, key, stranger = AUDIENCE + "/tickets/1?x=y", me.key, dpop.Key()
    told = lambda proof, method="GET", where=uri: {"dpop": {"proof": proof, "method": method, "uri": where}}
    good = key.proof("GET", AUDIENCE + "/tickets/1", token)
    tap.ok(ask(told(good)) == "allowed", "AZN-15: a service asks with the proof it was shown")
    tap.ok(ask(told(good)) == "allowed", "AZN-15: and again: the replay is its to refuse")
    before = len(list(client.events(type="stop.raised")))
    for name, properties in (
            ("nothing shown", {}), ("another key", told(stranger.proof("GET", uri, token))), ("another token", told(key.proof("GET", uri, other))),
            ("no ath", told(key.proof("GET", uri))), ("another method", told(good, "POST")), ("another address", told(good, where=AUDIENCE + "/other")),
            ("an old one", told(key.proof("GET", uri, token, iat=int(time.time()) - 62))),
            ("an address that is not the service's", told(key.proof("GET", "https://evil.example/x", token), where="https://evil.example/x")),
            ("a prefix of its address", told(key.proof("GET", AUDIENCE + ".evil.example/x", token), where=AUDIENCE + ".evil.example/x")),
            ("another port", told(key.proof("GET", AUDIENCE + ":8443/x", token), where=AUDIENCE + ":8443/x")),
            ("a certificate", {"x5t#S256": key.jkt}), ("no form", {"dpop": "x", "x5t#S256": 1}), ("no proof", told("x"))):
        got = ask(properties)
        tap.ok(got == "binding_mismatch", f"AZN-15: {name}", got)
    tap.ok(len(list(client.events(type="stop.raised"))) == before, "counted against nobody")
    plain = me.token(READ_SCOPE, proof=False).json["access_token"]
    tap.ok(ask(told(key.proof("GET", uri, plain)), plain) == "allowed", "AZN-15: an unbound grant needs none")
    got = client.post_json("/access/v1/evaluations", {
        "subject": {"type": "access_token", "id": token, "properties": told(good)}, "action": {"name": "ticket.read"},
        "evaluations": [{"resource": {"type": "ticket", "id": "a"}}, {"resource": {"type": "ticket", "id": "b"}}]}, broker.basic("payments-api"))
    tap.ok([e["decision"] for e in got.json["evaluations"]] == [True, True], "AZN-15: one proof for a batch", got)


def service_token(tap, broker, client):
    """A service's own token may be bound as well."""
    me = Client(broker, client, agent="payments-api")
    got = me.token("ambit.decide")
    token = got.json["access_token"]
    tap.ok(got.json["token_type"] == "DPoP", "DPOP-1: a service's token is bound too", got)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    proof = me.proof("POST", "/introspect", token)
    call = lambda scheme, *more: client.call("POST", "/introspect", "token=x", {**form, "Authorization": f"{scheme} {token}", **dict(more)})
    tap.ok(call("DPoP", ("DPoP", proof)).status == 200, "it introspects with its proof")
    tap.ok(is_challenged(call("DPoP", ("DPoP", proof)), "invalid_dpop_proof"), "once a proof")
    tap.ok(is_challenged(call("Bearer"), "invalid_token"), "and not as Bearer")
    grant = client.token(READ_SCOPE).json["access_token"]
    about = {"subject": {"type": "access_token", "id": grant}, "action": {"name": "ticket.read"}, "resource": {"type": "ticket", "id": "INC-1"}}
    sought = {**about, "action": None}
    for path, body in {"/access/v1/evaluation": about, "/access/v1/evaluations": {"evaluations": [about, about]},
                       "/access/v1/search/action": {k: v for k, v in sought.items() if v},
                       "/v1/signals": {"signal": "odd", "agent": "remediator"}}.items():
        proof = me.proof("POST", path, token)
        found = [me.call("POST", path, token, body, proof=proof, retries=0) for _ in range(2)]
        tap.ok(found[0].status == 200 and found[1].status == 401, f"DPOP-5: once a proof, at {path}", found)


def certificates(tap, broker, client, pair, stranger, ca):
    """A grant of a rule that asks for a certificate is bound to that of the connection (RFC 8705)."""
    x5t = jose.b64u(hashlib.sha256(pair.der).digest())
    over = {name: Client(broker, tls_client(broker, ca, shown)) for name, shown in (("own", pair), ("other", stranger), ("none", None))}
    got = over["none"].token(CERTIFIED, proof=False)
    tap.ok(is_refused(got, "invalid_request") and got.json["ambit_reason"] == "binding_required", "a rule with bind mtls, and no certificate", got)
    got = over["own"].token(CERTIFIED, proof=False)
    tap.ok(got.status == 200 and got.json["token_type"] == "Bearer", "MTL-4: with one it is given, as Bearer", got)
    token = got.json["access_token"]
    tap.ok(claims(token)["cnf"] == {"x5t#S256": x5t} and len(x5t) == 43, "MTL-4: cnf has the hash of the certificate", claims(token))
    seen = client.introspect(token).json
    tap.ok(seen["active"] and seen["cnf"] == {"x5t#S256": x5t} and seen["token_type"] == "Bearer", "MTL-4: and introspection", seen)
    got = over["own"].token(BOUND, proof=False)
    tap.ok(is_refused(got) and got.json["ambit_reason"] == "binding_required", "a rule with bind dpop takes no certificate", got)
    plain = over["own"].token(READ_SCOPE, proof=False).json["access_token"]
    tap.ok("cnf" not in claims(plain), "where no rule asks, a certificate binds nothing", claims(plain))
    got = over["own"].token(BOUND)
    tap.ok(claims(got.json["access_token"])["cnf"] == {"jkt": over["own"].key.jkt}, "MTL-8: with both, the proof wins", got)
    issued = list(client.events(type="grant.issued"))[-1]
    tap.ok(issued["binding"] == "dpop" and issued["certificate"] == "sha256:" + hashlib.sha256(pair.der).hexdigest(), "D-9: and both are on record", issued)
    work, path = {"type": "svc", "id": "bound/x"}, "/access/v1/evaluation"
    for name, status in (("own", 200), ("other", 401), ("none", 401)):
        got = over[name].evaluate(token, "work.mtls", work, scheme="Bearer", proof=False)
        tap.ok(got.status == status and (status == 401 or got.json["decision"]), f"MTL-5: asked with the certificate: {name}", got)
    tap.ok(is_challenged(over["own"].evaluate(token, "work.mtls", work), "invalid_token"), f"MTL-5: not as DPoP at {path}")
    for name, properties, want in (("as it saw it", {"x5t#S256": x5t}, "allowed"), ("another", {"x5t#S256": me_hash(stranger)}, "binding_mismatch"),
                                   ("none", {}, "binding_mismatch")):
        question = {"subject": {"type": "access_token", "id": token, "properties": properties}, "action": {"name": "work.mtls"}, "resource": work}
        got = client.post_json(path, question, broker.basic("payments-api"))
        tap.ok(got.json["context"]["reason"] == want, f"AZN-15: a service asks with the certificate: {name}", got)
    for one in over.values():
        one.client.close()


def command_line(tap):
    """`ambit token --dpop`: bound to the agent's own key, and the nonce is asked for once more."""
    with Broker() as broker, broker.client() as client:
        tap.ok(prepare(broker, client).status == 200, "the documents hold there too")
        path = os.path.join(broker.state, "credentials", "remediator.jwk")
        with open(path, encoding="utf-8") as f:
            jkt = jose.thumbprint(json.load(f))
        for agent, scope in (("remediator", BOUND), ("keeper", VAULT)):
            done = broker.ambit("token", "--state", broker.state, "--agent", agent, "--key", path, "--scope", scope, "--dpop", text=True)
            cnf = claims(done.stdout.strip())["cnf"] if done.returncode == 0 else None
            tap.ok(cnf == {"jkt": jkt}, f"ambit token --dpop by {agent}", done)
        done = broker.ambit("token", "--state", broker.state, "--agent", "remediator", "--key", path, "--scope", BOUND, text=True)
        tap.ok(done.returncode == 1 and "binding_required" in done.stderr, "without it the broker says what is missing", done)


def me_hash(pair):
    return jose.b64u(hashlib.sha256(pair.der).digest())


def tls_client(broker, ca, shown):
    made = broker.client()
    made.http = tls.https(broker.ports[1], ca, shown)
    return made


def main():
    tap = Tap()
    folder = tempfile.mkdtemp(prefix="ambit-dpop-")
    try:
        run(tap, folder)
        command_line(tap)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tap.done()


def run(tap, folder):
    ca = tls.Authority(folder)
    config = {"issuer": ISSUER, "listen": [{"address": "127.0.0.1:0", "name": "agents"}, {"address": "127.0.0.1:0", "name": "local", "tls": ca.leaf("server").tls()},
                                           {"address": "127.0.0.1:0", "name": "operators"}]}
    with Served(config=config) as broker:
        with broker.client() as client:
            got = prepare(broker, client)
            tap.ok(got.status == 200, "the documents hold", got)
            found = client.call("GET", "/.well-known/oauth-authorization-server/t1").json
            tap.ok(found["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA", "Ed25519", "RS256", "PS256"], "metadata names the algorithms", found)
            me = Client(broker, client)
            binds(tap, client, me)
            wrong_proofs(tap, me)
            token, other = own_token(tap, broker, client, me)
            through_service(tap, broker, client, me, token, other)
            service_token(tap, broker, client)
            certificates(tap, broker, client, tls.self_signed(folder, "own"), tls.self_signed(folder, "other"), ca)
            keeper, vault = nonces(tap, broker, client)
            replays(tap, broker, me)
        with broker.client() as client:
            keeper = keeper_of(broker, client, keeper.key)
            keeper.nonces = {"token": "x" * 32}
            got = keeper.token(VAULT, retries=1)
            tap.ok(got.status == 200, "a restart costs one more round", got)
        tap.ok(broker.stop() == 0, "it stops")
        status, answer = broker.verify()
        tap.ok(status == 0 and answer["ok"], "and the record holds", answer)
        text = broker.said().decode("utf-8", "replace")
        tap.ok(not any(secret in text for secret in (token, vault, json.dumps(me.key.jwk["x"]))), "no token or key stands in the log")


if __name__ == "__main__":
    sys.exit(main())
