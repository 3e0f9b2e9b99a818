#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: GET /forward-auth answers a reverse proxy 200, 401 or 403 for the request it holds, by a map from
method and path to action and resource: nothing for free, nothing that no row matches, nothing that could be
read in two ways, a stop at the next request, and each answer an action on record."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import ROOT, SLOW, Broker, Tap  # noqa: E402
import dpop  # noqa: E402

MAP = [
    {"service": "payments-api", "methods": ["GET", "HEAD"], "path": "/admin/{_}", "action": "service.admin", "resource": "svc:admin"},
    {"service": "payments-api", "methods": ["GET", "HEAD"], "path": "/svc/{env}/{name}", "action": "service.read", "resource": "svc:{env}/{name}"},
    {"service": "payments-api", "methods": ["POST"], "path": "/svc/{env}/{name}/{verb}", "action": "service.{verb}", "resource": "svc:{env}/{name}"},
    {"service": "payments-api", "host": "tickets.example.gov", "methods": ["GET"], "path": "/t/{path...}", "action": "ticket.read", "resource": "ticket:{path...}"},
    {"service": "payments-api", "methods": ["GET"], "path": "/", "action": "service.read", "resource": "svc:staging/root"},
    {"service": "payments-api", "methods": ["GET"], "path": "/mail/{id}", "action": "mail.read", "resource": "mail:{id}"},
    {"service": "other", "methods": ["GET"], "path": "/other/{id}", "action": "service.read", "resource": "svc:staging/{id}"},
]


def configure(broker, rows=None):
    path = os.path.join(broker.state, "ambit.json")
    with open(path, encoding="utf-8") as f:
        value = json.load(f)
    with open(path, "w", encoding="utf-8") as f:
        json.dump({**value, "forward_auth": MAP if rows is None else rows}, f)


class Proxy:
    """What one of the proxies sends."""

    def __init__(self, client, token):
        self.client, self.token = client, token
        self.basic = client.broker.basic("payments-api")

    def send(self, headers, method="GET", path="/forward-auth", token=True, proves=True):
        own = {**({"Authorization": "Bearer " + self.token} if token else {}), **({"X-Ambit-Authorization": self.basic} if proves else {})}
        return self.client.call(method, path, None, {**own, **headers})

    def nginx(self, method, uri, host="h", **more):
        return self.send({"X-Original-Method": method, "X-Original-URI": uri, "X-Original-Host": host}, **more)

    def traefik(self, method, uri, host="h", **more):
        return self.send({"X-Forwarded-Method": method, "X-Forwarded-Uri": uri, "X-Forwarded-Host": host, "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}, **more)

    def envoy(self, method, uri, host="h", **more):
        return self.send({"Host": host}, method=method, path="/forward-auth" + uri, **more)


def passes(tap, broker, client, token):
    proxy = Proxy(client, token)
    for name, way in (("nginx", proxy.nginx), ("Traefik and Caddy", proxy.traefik), ("Envoy", proxy.envoy)):
        yes = way("GET", "/svc/staging/web?x=%2e%2e&y")
        tap.ok(yes.status == 200 and yes.headers["X-Ambit-Decision"] == "allow" and yes.headers["X-Ambit-Agent"] == "remediator" and
               yes.headers["X-Ambit-Owner"] == "dana" and len(yes.headers["X-Ambit-Id"]) == 22 and yes.headers["Cache-Control"] == "no-store", f"{name}: allowed", dict(yes.headers))
        no = way("GET", "/svc/prod/web")
        tap.ok(no.status == 403 and no.headers["X-Ambit-Reason"] == "out_of_scope" and 'error="insufficient_scope"' in no.headers["WWW-Authenticate"] and
               no.headers["X-Ambit-Agent"] is None, f"{name}: refused", dict(no.headers))
    event = [e for e in client.events(type="action.allowed") if e["id"] == yes.headers["X-Ambit-Id"]]
    tap.ok(event and event[0]["action"] == "service.read" and event[0]["resource"] == "svc:staging/web" and event[0]["service"] == "payments-api" and
           event[0]["context"] == {"method": "GET", "host": "h"}, "AZN-17 each is an action on record before the answer", event)
    rows = (("HEAD", "/svc/staging/web", "h", 200), ("POST", "/svc/staging/web/restart", "h", 200), ("POST", "/svc/staging/web/drop", "h", 200), ("GET", "/", "h", 200),
            ("GET", "/t/INC-1", "tickets.example.gov", 200), ("GET", "/t/a/b/c", "TICKETS.example.gov:443", 200), ("GET", "/t/INC-1", "h", 403),
            ("DELETE", "/svc/staging/web", "h", 403), ("POST", "/svc/staging/web", "h", 403), ("GET", "/svc/staging", "h", 403), ("get", "/svc/staging/web", "h", 403),
            ("GET", "/mail/1", "h", 403), ("GET", "/other/x", "h", 403), ("GET", "/nothing", "h", 403))
    for method, uri, host, status in rows:
        fresh = client.token("service.read[svc:staging/**] service.restart[svc:staging/**] ticket.read[ticket:**]").json["access_token"]
        answer = Proxy(client, fresh).nginx(method, uri, host)
        want = 403 if uri.endswith("/drop") else status
        tap.ok(answer.status == want, f"{method} {uri} of {host}: {want}", answer)
    fresh = client.token("service.read[svc:staging/**] service.restart[svc:staging/**]").json["access_token"]
    tap.ok(Proxy(client, fresh).envoy("POST", "/svc/staging/web/restart").status == 200, "Envoy asks with the method of the request")
    tap.ok(Proxy(client, fresh).nginx("GET", "/mail/1").headers["WWW-Authenticate"] is None, "a resource that is not the service's is no fault of the token")


def hostile(tap, client, token):
    proxy = Proxy(client, token)
    for uri in ("/svc/staging/..%2fprod", "/svc/staging/%77eb", "/svc//staging/web", "/svc/staging/web/", "//svc/staging/web", "/svc/../svc/staging/web", "/svc/./staging/web",
                "/svc/staging/web;a=b", "/svc\\staging/web", "/SVC/staging/web", "/svc/staging/web#x", "svc/staging/web", "http://h/svc/staging/web", "", "/ADMIN/x", "/Admin/x",
                "/svc/staging/..", "/svc/staging/w*b", "/svc/staging/w b", "/" + "a/" * 40, "/svc/staging/" + "a" * 5000, "/svc/staging/w\u00e9b".encode().decode("latin-1")):
        answer = proxy.nginx("GET", uri)
        tap.ok(answer.status in (400, 403), f"a path of another reading: {uri[:40]!r}", answer)
    for uri in ("/svc/staging/..%2fprod", "/svc//staging/web", "/svc/../x"):
        answer = proxy.envoy("GET", uri)
        tap.ok(answer.status in (400, 403), f"behind our own path: {uri!r}", answer)
    good = {"X-Original-Method": "GET", "X-Original-URI": "/svc/staging/web"}
    for name, headers in {"an injected X-Forwarded-Uri": {**good, "X-Forwarded-Uri": "/svc/staging/web"}, "an injected X-Forwarded-Method": {**good, "X-Forwarded-Method": "GET"},
                          "X-HTTP-Method-Override": {**good, "X-HTTP-Method-Override": "DELETE"}, "X-Original-URL": {**good, "X-Original-URL": "/admin/x"},
                          "X-Rewrite-URL": {**good, "X-Rewrite-URL": "/admin/x"}, "no method": {"X-Original-URI": "/svc/staging/web"}, "no URI": {"X-Original-Method": "GET"}, "nothing": {},
                          "a method that is none": {**good, "X-Original-Method": "GET, POST"}}.items():
        answer = proxy.send(headers)
        tap.ok(answer.status == 403, f"{name}: 403", answer)
    tap.ok(proxy.send(good, path="/forward-auth/svc/staging/web").status == 403, "a path and headers: 403")
    twice = client.call("GET", "/forward-auth", None, {**good, "Authorization": "Bearer " + token, "X-Ambit-Authorization": proxy.basic})
    tap.ok(twice.status == 200, "and a good request still passes", twice)
    for reason in ("\xff\xfe", "r" * 2000, "\xc2\x85"):
        other = Proxy(client, client.token("service.read[svc:staging/**]").json["access_token"])
        answer = other.send({**good, "X-Ambit-Stated-Reason": reason})
        tap.ok(answer.status in (400, 403), f"a stated reason that is no text of ours: {reason[:4]!r}", answer)


def bound(tap, broker, client):
    agent = dpop.Client(broker, client)
    token = agent.token("service.read[svc:staging/**]").json["access_token"]
    good = {"X-Original-Method": "GET", "X-Original-URI": "/svc/staging/web?x=1", "X-Original-Host": "payments.example.gov"}
    uri = "https://payments.example.gov/svc/staging/web"

    def send(proof, scheme="DPoP", **more):
        headers = {**good, **more, "Authorization": f"{scheme} {token}", "X-Ambit-Authorization": broker.basic("payments-api"), **({"DPoP": proof} if proof else {})}
        return client.call("GET", "/forward-auth", None, headers)
    proof = agent.key.proof("GET", uri, token)
    yes, again = send(proof), send(proof)
    tap.ok(yes.status == 200 and yes.headers["X-Ambit-Agent"] == "remediator", "AZN-15 a bound token with its proof, for the address the agent asked", dict(yes.headers))
    tap.ok(again.status == 401 and "invalid_dpop_proof" in again.headers["WWW-Authenticate"], "and the proof counts once", dict(again.headers))
    for name, answer in {"no proof": send(None), "as Bearer": send(agent.key.proof("GET", uri, token), "Bearer"), "another method": send(agent.key.proof("POST", uri, token)),
                         "another path": send(agent.key.proof("GET", uri + "x", token)), "another key": send(dpop.Key().proof("GET", uri, token)),
                         "another host": send(agent.key.proof("GET", "https://evil.example/svc/staging/web", token), **{"X-Original-Host": "evil.example"})}.items():
        tap.ok(answer.status == 401 and answer.headers["X-Ambit-Reason"] == "binding_mismatch", f"AZN-15 {name}: 401", dict(answer.headers))


    strange = dpop.Key()
    for name, shown in {"a token that is none": token.split(".")[0] + "." + "A" * 120 + ".AAAA", "a bound token, by another key": token}.items():
        proof = strange.proof("GET", uri, shown)
        headers = {**good, "Authorization": "DPoP " + shown, "X-Ambit-Authorization": broker.basic("payments-api"), "DPoP": proof}
        found = [client.call("GET", "/forward-auth", None, headers) for _ in range(2)]
        tap.ok(all(a.status == 401 and a.headers["X-Ambit-Reason"] in ("inactive", "binding_mismatch") for a in found),
               f"DPOP-12 {name}: its proof takes no room of the service", [dict(a.headers) for a in found])


def askers(tap, broker, client, token):
    proxy = Proxy(client, token)
    good = {"X-Original-Method": "GET", "X-Original-URI": "/svc/staging/web"}
    for name, headers in {"nobody": {}, "an agent": {"X-Ambit-Authorization": "Bearer " + token}, "a wrong secret": {"X-Ambit-Authorization": "Basic cGF5bWVudHMtYXBpOng="},
                          "an agent's secret": {"X-Ambit-Authorization": broker.basic("remediator")}}.items():
        answer = proxy.send({**good, **headers}, proves=False)
        tap.ok(answer.status == 403 and answer.headers["WWW-Authenticate"] is None and answer.headers["X-Ambit-Decision"] == "deny", f"{name} asks nothing, and the client is not challenged", answer)
    bare = proxy.send(good, token=False)
    tap.ok(bare.status == 401 and bare.headers["WWW-Authenticate"] == 'Bearer realm="ambit"', "BRR-2 a request without a token: 401 and a plain challenge", dict(bare.headers))
    tap.ok(proxy.send({**good, "Authorization": proxy.basic}, token=False).status == 401, "another scheme is no token")
    bad = proxy.send({**good, "Authorization": "Bearer x.y.z"}, token=False)
    tap.ok(bad.status == 401 and 'error="invalid_token"' in bad.headers["WWW-Authenticate"], "BRR-2 a token that is none: invalid_token", dict(bad.headers))
    decide = client.form("/token", {"grant_type": "client_credentials", "scope": "ambit.decide"}, broker.basic("payments-api")).json["access_token"]
    tap.ok(proxy.send({**good, "X-Ambit-Authorization": "Bearer " + decide}, proves=False).status == 200, "the proxy by its ambit.decide token")
    tap.ok(proxy.send({**good, "X-Ambit-Stated-Reason": "because"}).status == 200, "the agent's reason goes with it")
    told = [e for e in client.events(type="action.allowed") if e.get("stated_reason") == "because"]
    tap.ok(len(told) == 1, "into the record", told)
    client.stop("agent:remediator")
    stopped = proxy.send(good)
    tap.ok(stopped.status == 403 and stopped.headers["X-Ambit-Reason"] == "stopped", "a stop takes effect on the next request", dict(stopped.headers))


def check(broker, rows):
    configure(broker, rows)
    return rows, subprocess.run([os.path.join(broker.build, "ambitd"), "--check", "--config", os.path.join(broker.state, "ambit.json")],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60 * SLOW, check=False)


def examples(tap, broker):
    """The example's map holds, and its nginx asks as this page says."""
    folder = os.path.join(ROOT, "examples", "forward-auth")
    with open(os.path.join(folder, "ambit.json"), encoding="utf-8") as f:
        _, done = check(broker, json.load(f)["forward_auth"])
    tap.ok(done.returncode == 0, "the example's map holds", done)
    with open(os.path.join(folder, "nginx.conf"), encoding="utf-8") as f:
        text = f.read()
    for part in ("auth_request /_ambit;", "internal;", "X-Original-Method $request_method;", "X-Original-URI $request_uri;", "X-Original-Host $host;",
                 'X-Forwarded-Method "";', 'X-Forwarded-Uri "";', "merge_slashes off;", "$request_uri;", "proxy_pass_request_body off;"):
        tap.ok(part in text, f"the example for nginx has {part}")


def configuration(tap, broker):
    row = MAP[1]
    for name, change, said in (
            ("a member that is none", {"paht": "/x"}, "unknown key"), ("no methods", {"methods": []}, "/methods"), ("a method in lower case", {"methods": ["get"]}, "/methods"),
            ("a piece that is not in the path", {"resource": "svc:{env}/{nmae}"}, "/resource"), ("a piece nobody asks for", {"resource": "svc:{env}"}, "/path"),
            ("a piece within a segment", {"path": "/svc/{env}-x/{name}"}, "/path"), ("an escape in a path", {"path": "/svc/%2f/{env}/{name}"}, "/path"),
            ("a dot segment", {"path": "/svc/../{env}/{name}"}, "/path"), ("a rest that is not last", {"path": "/svc/{env...}/{name}"}, "/path"),
            ("an action that is none", {"action": "service..read"}, "/action"), ("a resource without a type", {"resource": "{env}/{name}"}, "/resource"),
            ("a host in upper case", {"host": "H"}, "/host")):
        _, done = check(broker, [row, {**row, **change}])
        tap.ok(done.returncode == 2 and "/forward_auth/1" in done.stderr and said in done.stderr, f"the map: {name}", done)
    for name, rows in (("a map that is no list", {}), ("a row that is a text", ["x"])):
        _, done = check(broker, rows)
        tap.ok(done.returncode == 2 and "/forward_auth" in done.stderr, f"the map: {name}", done)


def main():
    tap = Tap()
    with Broker() as broker:
        with broker.client() as client:
            tap.ok(client.call("GET", "/forward-auth").status == 403, "without a map nothing passes")
        broker.stop()
        configure(broker)
        broker.start()
        with broker.client() as client:
            token = client.token("service.read[svc:staging/**] service.restart[svc:staging/**] ticket.read[ticket:**]").json["access_token"]
            passes(tap, broker, client, token)
            token = client.token("service.read[svc:staging/**] ticket.read[ticket:**]").json["access_token"]
            hostile(tap, client, token)
            bound(tap, broker, client)
            askers(tap, broker, client, token)
        broker.stop()
        status, answer = broker.verify()
        tap.ok(status == 0 and answer["ok"], "and the record holds", answer)
        configuration(tap, broker)
        examples(tap, broker)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
