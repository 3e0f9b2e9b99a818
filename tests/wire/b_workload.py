#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: workloads prove themselves by what their platform gave them: a token of an issuer whose keys are fetched
(ASG-1 to ASG-5, WIF-1, WIF-4), a certificate (MTL-1 to MTL-3), the uid of a Unix socket (UNX-1, UNX-4). Keys
behind URLs are fetched under guard (CIM-4), rotated, and an issuer that fails slows nobody."""
import base64
import hashlib
import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import BUILD, READ_SCOPE, SLOW, Broker, Tap  # noqa: E402
import jose  # noqa: E402
import tls  # noqa: E402

PEER = os.getuid() or 12345  # root is nobody's agent (UNX-1)
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
METADATA = "/.well-known/oauth-authorization-server"


class Key:
    """A P-256 key of the test's own, as a signer and as a public JWK."""

    def __init__(self, kid):
        self.d = int.from_bytes(os.urandom(31), "big") + 1
        x, y = jose._multiply(self.d, jose.G)
        self.kid = kid
        self.jwk = {"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": jose.b64u(x.to_bytes(32, "big")), "y": jose.b64u(y.to_bytes(32, "big"))}

    def sign(self, claims):
        return jose.jws(self.d, {"alg": "ES256", "typ": "JWT", "kid": self.kid}, {k: v for k, v in claims.items() if v is not None})


class Issuer:
    """Keys behind https on loopback. `jwks` is what it says now; paths ask for trouble."""

    def __init__(self, pair):
        self.jwks, self.asked = {"keys": []}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.asked.append((self.path, dict(self.headers)))
                if self.path == "/moved":
                    self.send_response(302)
                    self.send_header("Location", "/jwks")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if self.path == "/huge":
                    body = b"{" + b" " * 400000 + b"}"
                elif self.path.endswith("/.well-known/openid-configuration"):
                    body = json.dumps({"issuer": outer.url, "jwks_uri": outer.url + "/jwks"}).encode()
                else:
                    body = json.dumps(outer.jwks).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Cache-Control", "max-age=600")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.handle_error = lambda *_: None
        self.url = f"https://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def post(connection, path, fields, headers=None):
    connection.request("POST", path, urllib.parse.urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})
    reply = connection.getresponse()
    body = reply.read()
    return reply.status, json.loads(body) if body.startswith(b"{") else body, reply.headers


def until_told(ask, seconds=15):
    """Asks until the answer is not 503: keys are on their way."""
    end = time.monotonic() + seconds * SLOW
    while True:
        answer = ask()
        if answer[0] != 503 or time.monotonic() > end:
            return answer
        time.sleep(0.05)


class World:
    def __init__(self, folder):
        self.folder = folder
        self.ca = tls.Authority(folder)
        self.server = self.ca.leaf("server")
        self.clients = tls.Authority(folder, "clients")
        self.issuer = Issuer(self.ca.leaf("issuer"))
        self.key, self.second = Key("one"), Key("two")
        self.issuer.jwks = {"keys": [self.key.jwk]}
        self.silent = socket.create_server(("127.0.0.1", 0))  # takes connections and says nothing
        self.silent_url = f"https://localhost:{self.silent.getsockname()[1]}"
        leaf = ("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", "extendedKeyUsage=clientAuth", "authorityKeyIdentifier=keyid:always")
        self.named = self.clients.leaf("named", names=("DNS:agent.example.gov",), extensions=leaf)
        self.other = self.clients.leaf("other", names=("DNS:other.example.gov",), extensions=leaf)
        self.pinned = tls.self_signed(folder, "pinned")
        self.service = tls.self_signed(folder, "service")

    def config(self):
        return {"issuer": "https://broker.example.gov", "review": "record",
                "listen": [{"name": "agents", "address": "127.0.0.1:0", "tls": self.server.tls(client_ca=self.clients.certificate)},
                           {"name": "local", "unix": os.path.join(self.folder, "agent.sock")},
                           {"name": "operators", "address": "127.0.0.1:0"}],
                "fetch": {"ca": self.ca.certificate, "allow": ["127.0.0.0/8", "::1/128"]},
                "trusted_issuers": [
                    {"issuer": self.issuer.url, "algorithms": ["ES256"], "client_assertion": True},
                    {"issuer": "https://moved.example", "jwks": self.issuer.url + "/moved", "algorithms": ["ES256"]},
                    {"issuer": "https://huge.example", "jwks": self.issuer.url + "/huge", "algorithms": ["ES256"]},
                    {"issuer": "https://silent.example", "jwks": self.silent_url + "/jwks", "algorithms": ["ES256"]}]}

    def pin(self, pair):
        return {"method": "self_signed_tls_client_auth", "x5t#S256": jose.b64u(hashlib.sha256(pair.der).digest())}

    def ways(self):
        return [{"method": "federated_jwt", "issuer": self.issuer.url, "subject": "batch"},
                {"method": "federated_jwt", "issuer": "https://moved.example", "subject": "batch"},
                {"method": "federated_jwt", "issuer": "https://huge.example", "subject": "batch"},
                {"method": "federated_jwt", "issuer": "https://silent.example", "subject": "batch"},
                {"method": "tls_client_auth", "san_dns": "agent.example.gov"},
                self.pin(self.pinned),
                {"method": "unix_peer", "uid": PEER}]

    def claims(self, **changed):
        now = int(time.time())
        return {"iss": self.issuer.url, "sub": "batch", "aud": "https://broker.example.gov", "iat": now, "exp": now + 300, **changed}

    def close(self):
        self.issuer.close()
        self.silent.close()


def grants(tap, world, agents):
    def ask(key=None, **changed):
        extra = changed.pop("form", {})
        return post(agents, "/token", {"grant_type": JWT_BEARER, "assertion": (key or world.key).sign(world.claims(**changed)), "scope": READ_SCOPE, **extra})

    status, body, _ = until_told(ask)
    tap.ok(status == 200 and body.get("access_token"), "ASG-1 WIF-1 a token of an issuer found by discovery gets a grant", (status, body))
    tap.ok(ask(aud="https://broker.example.gov/token")[0] == 200, "ASG-2 the token endpoint is an audience")
    status, body, headers = ask(aud="https://elsewhere.example")
    tap.ok(status == 400 and body["error"] == "invalid_grant" and "WWW-Authenticate" not in headers, "ASG-2 another audience: invalid_grant", (status, body))
    tap.ok(ask(sub="other")[1]["error"] == "invalid_grant", "ASG-5 another subject: invalid_grant")
    tap.ok(ask(exp=None)[1]["error"] == "invalid_grant", "K8S-2 without an end: invalid_grant")
    first = ask(jti="once")
    again = post(agents, "/token", {"grant_type": JWT_BEARER, "assertion": world.key.sign(world.claims(jti="once")), "scope": READ_SCOPE})
    tap.ok(first[0] == 200 and again[0] in (400, 401), "ASG-4 a jti is taken once", again)
    late = world.key.sign(world.claims(jti="late", exp=int(time.time()) + 3000))
    shown = [post(agents, "/token", {"grant_type": JWT_BEARER, "assertion": late, "scope": READ_SCOPE})[0] for _ in range(2)]
    tap.ok(shown[0] == 200 and shown[1] in (400, 401), "ASG-4 a token of an hour too", shown)
    tap.ok(ask(form={"client_id": "reporter"})[1]["error"] == "invalid_client", "CLI-3 client_id of another: invalid_client")
    status, body, _ = post(agents, "/token", {"grant_type": JWT_BEARER, "scope": READ_SCOPE, "client_id": "nobody"})
    tap.ok(status in (400, 401), "no assertion", (status, body))
    assertion = {"grant_type": "client_credentials", "scope": READ_SCOPE, "client_assertion_type": jose.ASSERTION_TYPE,
                 "client_assertion": world.key.sign(world.claims())}
    tap.ok(post(agents, "/token", {**assertion, "client_id": "reporter"})[1]["error"] == "invalid_client", "WIF-4 b another client_id: invalid_client")
    tap.ok(post(agents, "/token", {**assertion, "client_id": "remediator"})[0] == 200, "WIF-4 b as client_assertion, with client_id")


def troubles(tap, world, agents):
    for name in ("moved", "huge", "silent"):
        begun = time.monotonic()
        status, body, headers = post(agents, "/token", {"grant_type": JWT_BEARER, "assertion": world.key.sign(world.claims(iss=f"https://{name}.example")),
                                                        "scope": READ_SCOPE})
        tap.ok(status == 503 and body["error"] == "temporarily_unavailable" and headers["Retry-After"] and time.monotonic() - begun < 2 * SLOW,
               f"CIM-4 an issuer whose keys are {name}: 503 at once", (status, body))
    tap.ok(any(path == "/moved" for path, _ in world.issuer.asked) and not any(path == "/jwks" and "moved" in str(h) for path, h in world.issuer.asked),
           "CIM-4 no redirect is followed")
    sent = {name.lower() for _, headers in world.issuer.asked for name in headers}
    tap.ok(sent and not sent & {"authorization", "cookie", "referer"}, "CIM-4 nothing of ours is sent", sent)
    stranger = Key("three")
    asked = len(world.issuer.asked)
    status, body, _ = post(agents, "/token", {"grant_type": JWT_BEARER, "assertion": stranger.sign(world.claims()), "scope": READ_SCOPE})
    tap.ok(status == 400 and body["error"] == "invalid_grant" and len(world.issuer.asked) == asked, "an unknown key while the keys are young: refused, nothing fetched",
           (status, body))


def certificates(tap, world, port):
    for name, shown, client, want in (("MTL-2 by its name", world.named, "remediator", 200), ("MTL-1 without client_id", world.named, None, 401),
                                      ("MTL-1 another client's", world.named, "reporter", 401), ("MTL-2 another name", world.other, "remediator", 401),
                                      ("MTL-3 pinned", world.pinned, "remediator", 200), ("MTL-1 none shown", None, "remediator", 401)):
        connection = tls.https(port, world.ca, shown)
        form = {"grant_type": "client_credentials", "scope": READ_SCOPE, **({"client_id": client} if client else {})}
        status, body, _ = post(connection, "/token", form)
        tap.ok(status == want and (want == 200 or body["error"] == "invalid_client"), name, (status, body))
        connection.close()


def services(tap, world, port, broker):
    """A service by its certificate, with its name where there is a form and without it where there is none."""
    connection = tls.https(port, world.ca, world.service)
    status, body, _ = post(connection, "/introspect", {"token": "x", "client_id": "payments-api"})
    tap.ok(status == 200 and body == {"active": False}, "MTL-3 a service introspects by its certificate", (status, body))
    question = {"subject": {"type": "access_token", "id": "x"}, "action": {"name": "ticket.read"}, "resource": {"type": "ticket", "id": "INC-1"}}
    for pair, want in ((world.service, 200), (world.named, 401), (None, 401)):
        with_pair = tls.https(port, world.ca, pair)
        with_pair.request("POST", "/access/v1/evaluation", json.dumps(question), {"Content-Type": "application/json"})
        reply = with_pair.getresponse()
        reply.read()
        tap.ok(reply.status == want, f"MTL-3 evaluation with the certificate of {'nobody' if pair is None else 'a service' if want == 200 else 'an agent'}: {want}",
               reply.status)
        with_pair.close()
    connection.close()


def own_keys(tap, world, agents):
    """CLI-12: keys of an agent behind its jwks_uri; rotated at its issuer they are taken up by a reload."""
    def ask(key):
        now = int(time.time())
        claims = {"iss": "reporter", "sub": "reporter", "aud": "https://broker.example.gov", "iat": now, "exp": now + 60, "jti": os.urandom(8).hex()}
        return post(agents, "/token", {"grant_type": "client_credentials", "scope": READ_SCOPE, "client_assertion_type": jose.ASSERTION_TYPE,
                                       "client_assertion": key.sign(claims)})

    status, body, _ = until_told(lambda: ask(world.key))
    tap.ok(status == 200, "CLI-12 private_key_jwt by a key of jwks_uri", (status, body))
    tap.ok(ask(world.second)[0] == 401, "CLI-12 another key: invalid_client")
    world.issuer.jwks = {"keys": [world.second.jwk]}
    return ask


def rotated(tap, world, broker, agents, ask):
    broker.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 15 * SLOW
    while ask(world.second)[0] != 200 and time.monotonic() < end:
        time.sleep(0.05)
    tap.ok(ask(world.second)[0] == 200 and ask(world.key)[0] == 401, "CLI-12 after a reload the new key is in force, and the old one is not")
    end = time.monotonic() + 15 * SLOW
    while True:
        status, body, _ = post(agents, "/token", {"grant_type": JWT_BEARER, "assertion": world.second.sign(world.claims()), "scope": READ_SCOPE})
        if status == 200 or time.monotonic() > end:
            break
        time.sleep(0.05)
    tap.ok(status == 200, "WIF-1 so are the issuer's", (status, body))


def peers(tap, world, broker):
    path = os.path.join(world.folder, "agent.sock")
    form = {"grant_type": "client_credentials", "scope": READ_SCOPE, "client_id": "remediator"}
    connection = tls.UnixConnection(path)
    status, body, _ = post(connection, "/token", form)
    want = 200 if os.getuid() else 401  # UNX-1: root is nobody's agent
    tap.ok(status == want, "UNX-4 client_id over the Unix socket, and nothing else", (status, body))
    status, body, _ = post(connection, "/token", {**form, "client_id": "reporter"})
    tap.ok(status == 401 and body["error"] == "invalid_client", "UNX-1 an agent whose document names no uid: invalid_client", (status, body))
    status, body, _ = post(connection, "/token", form, {"Authorization": broker.basic("remediator")})
    tap.ok(status in (200, 401), "UNX-4 another credential stands for itself", (status, body))
    connection.request("GET", METADATA)
    methods = json.loads(connection.getresponse().read())["token_endpoint_auth_methods_supported"]
    tap.ok("unix_peer" not in methods and {"tls_client_auth", "self_signed_tls_client_auth", "none"} <= set(methods), "MET-4 UNX-4 methods are told truthfully", methods)
    connection.close()
    shutil.copy(os.path.join(BUILD, "ambit"), world.folder)
    done = subprocess.run([os.path.join(world.folder, "ambit"), "--url", "unix:" + path, "--agent", "remediator", "token", "--scope", READ_SCOPE],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30 * SLOW, cwd="/", env={},
                          **({} if os.getuid() else {"user": PEER, "group": PEER, "extra_groups": []}))
    tap.ok(done.returncode == 0 and done.stdout.startswith("ey"), "UNX-4 ambit token --agent alone, through the Unix socket", done.stdout[:20] + done.stderr)


def command_line(tap, world, broker):
    url = ["--url", f"https://localhost:{broker.ports[0]}", "--ca", world.ca.certificate]
    asks = ["token", "--scope", READ_SCOPE]
    path = os.path.join(world.folder, "workload.jwt")
    with open(path, "w", encoding="utf-8") as f:
        f.write(world.key.sign(world.claims()) + "\n")
    for name, words in {"MTL-2 ambit token by a certificate": ["--cert", world.named.certificate, "--key", world.named.key, "--agent", "remediator"],
                        "ASG-1 ambit token by the token of a platform": ["--assertion", path]}.items():
        done = broker.ambit(*asks, *url, *words)
        tap.ok(done.returncode == 0 and done.stdout[:2] in ("ey", b"ey"), name, done.stderr)


def failures(tap, broker, agents):
    """CLI-14: a name that fails too often from here is not listened to from here; others are."""
    def ask(name, secret):
        pair = base64.b64encode(f"{name}:{secret}".encode()).decode()
        return post(agents, "/token", {"grant_type": "client_credentials", "scope": READ_SCOPE}, {"Authorization": "Basic " + pair})

    found = [ask("guessed", f"wrong{i}") for i in range(40)]
    limited = [answer for answer in found if answer[0] == 429]
    tap.ok(found[0][0] == 401 and found[20][0] == 401 and limited and limited[0][2]["Retry-After"], "CLI-14 failures of a name are limited: 429 with Retry-After",
           [answer[0] for answer in found])
    tap.ok(ask("another", "wrong")[0] == 401, "CLI-14 another name is listened to")
    status, _, _ = post(agents, "/token", {"grant_type": "client_credentials", "scope": "ambit.decide", "resource": "https://broker.example.gov"},
                        {"Authorization": broker.basic("payments-api")})
    tap.ok(status == 200, "CLI-14 and whoever proves itself gets its token", status)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="ambit-test-") as folder:
        os.chmod(folder, 0o711)
        world = World(folder)
        with Broker(config=world.config(), start=False, limits={"failed_burst": 25, "failed_per_minute": 60}) as broker:
            broker.configure()
            broker.propose("agents/remediator", {**broker.document("agents/remediator"), "authenticate": world.ways()})
            broker.propose("agents/reporter", {**broker.document("agents/reporter"), "authenticate": [
                {"method": "private_key_jwt", "jwks_uri": world.issuer.url + "/jwks"}]})
            service = broker.document("services/payments-api")
            broker.propose("services/payments-api", {**service, "authenticate": service["authenticate"] + [world.pin(world.service)]})
            broker.start()
            agents = tls.https(broker.ports[0], world.ca)
            grants(tap, world, agents)
            troubles(tap, world, agents)
            certificates(tap, world, broker.ports[0])
            peers(tap, world, broker)
            command_line(tap, world, broker)
            services(tap, world, broker.ports[0], broker)
            rotated(tap, world, broker, agents, own_keys(tap, world, agents))
            failures(tap, broker, agents)
            agents.close()
            tap.ok(broker.stop() == 0, "stops in order, with a fetch under way")
            tap.ok(broker.verify()[0] == 0, "and the record verifies")
        world.close()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
