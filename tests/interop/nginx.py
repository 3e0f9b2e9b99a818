#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: nginx as it stands in examples/forward-auth puts every request before the broker: what is allowed goes
through, a stop takes effect on the next request, without the broker nothing passes, and no request is smuggled
past it in another."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))

import json  # noqa: E402

import f_framing  # noqa: E402
from broker import READ_SCOPE, RESTART_SCOPE, ROOT, SLOW, Broker, Tap, skip_all  # noqa: E402
from stock import LOOPBACK, Backend, Proxy, ask, program  # noqa: E402

EXAMPLE = os.path.join(ROOT, "examples", "forward-auth")
FRAME = """
daemon off;
{user}
worker_processes 1;
pid {work}/pid;
error_log {work}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    {paths}
{server}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def example(name):
    with open(os.path.join(EXAMPLE, name), encoding="utf-8") as f:
        return f.read()


class Nginx(Proxy):
    """The example's site, over plain HTTP on a free port; nothing else of it is changed but addresses."""

    def configure(self, broker, backend):
        credential = self.write("credential.conf", f'proxy_set_header X-Ambit-Authorization "{broker.basic("payments-api")}";\n')
        server = example("nginx.conf")
        for old, new in (("listen 443 ssl;", f"listen 127.0.0.1:{self.port};"), ("server_name services.example.gov;", "server_name _;"),
                         ("    ssl_certificate /etc/nginx/services.pem;\n", ""), ("    ssl_certificate_key /etc/nginx/services.key;\n", ""),
                         ("http://127.0.0.1:9000", backend), ("/etc/nginx/ambit-credential.conf", credential),
                         ("http://127.0.0.1:8420", f"{LOOPBACK}:{broker.port}")):
            if old not in server:
                raise RuntimeError(f"the example has no {old!r}")
            server = server.replace(old, new)
        paths = " ".join(f"{what}_temp_path {self.work}/{what};" for what in TEMPORARY)
        user = "user root;" if os.getuid() == 0 else ""
        name = self.write("nginx.conf", FRAME.format(work=self.work, server=server, paths=paths, user=user))
        return [program("nginx"), "-p", self.work, "-e", self.work + "/error.log", "-c", name]


def ways(tap, site, backend, client, token, other):
    bearer = "Bearer " + token
    one, restart = site + "/services/staging/web", site + "/services/staging/web/restart"
    tap.ok(ask(one) == 401 and not backend.seen, "nothing shown: 401, and the service sees nothing")
    tap.ok(ask(one, "Bearer nonsense") == 401 and not backend.seen, "a token that is none: 401")
    tap.ok(ask(restart, bearer, "POST") == 200, "an act that the token gives goes through", backend.seen)
    path, headers = backend.seen[-1]
    tap.ok(path == "/services/staging/web/restart" and headers.get("X-Ambit-Agent") == "remediator" and headers.get("X-Ambit-Id"),
           "with who acts and the decision's id", headers)
    tap.ok("Authorization" not in headers and "X-Ambit-Authorization" not in headers, "and without anybody's credential", headers)
    allowed = [e for e in client.events(type="action.allowed") if e["id"] == headers.get("X-Ambit-Id")]
    tap.ok(len(allowed) == 1 and allowed[0]["action"] == "service.restart" and allowed[0]["resource"] == "svc:staging/web",
           "which stands on record before", allowed)
    for name, path, method, authorization in (
            ("a service that it does not give", "/services/prod/web/restart", "POST", bearer), ("another method", "/services/staging/web/restart", "DELETE", bearer),
            ("a path that no row has", "/admin", "GET", bearer), ("another token's act", "/services/staging/web/restart", "POST", "Bearer " + other),
            ("an escaped slash", "/services/staging%2Fweb/restart", "POST", bearer), ("dots", "/services/staging/../prod/web/restart", "POST", bearer),
            ("escaped dots", "/services/staging/%2e%2e/web/restart", "POST", bearer), ("two slashes", "/services//staging/web/restart", "POST", bearer),
            ("another case", "/Services/staging/web/restart", "POST", bearer), ("a parameter of a segment", "/services/staging/web;a=b/restart", "POST", bearer),
            ("the broker's own door", "/_ambit", "GET", bearer)):
        seen = len(backend.seen)
        status = ask(site + path, authorization, method)
        tap.ok(status in (400, 403, 404) and len(backend.seen) == seen, f"{name}: {status}, and the service sees nothing", backend.seen[seen:])
    for name, headers in (("X-Original-URI", {"X-Original-URI": "/services/staging/web"}), ("X-Forwarded-Uri", {"X-Forwarded-Uri": "/services/staging/web"}),
                          ("X-Ambit-Agent", {"X-Ambit-Agent": "root"}), ("another method by header", {"X-HTTP-Method-Override": "GET"})):
        seen = len(backend.seen)
        status = ask(site + "/services/prod/web/restart", bearer, "POST", **headers)
        tap.ok(status in (401, 403) and len(backend.seen) == seen, f"{name} of the client's changes nothing: {status}")


def smuggled(tap, nginx, backend, token):
    """Each attack of the framing battery, with the agent's token and without, before a request it may not make."""
    hidden = b"GET /services/prod/hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    wrong, n, begun = [], 0, len(backend.seen)
    for name, raw, _ in f_framing.attacks("/services/staging/web", "/services/staging/web/restart"):
        if len(raw) > 30000:
            continue
        for shown in (b"", b"Authorization: Bearer " + token.encode() + b"\r\n"):
            first, _, rest = raw.partition(b"\r\n")
            seen, n = len(backend.seen), n + 1
            try:
                f_framing.exchange(("127.0.0.1", nginx.port), first + b"\r\n" + shown + rest + hidden, patience=0.5 * SLOW)
            except OSError:
                pass
            passed = [path for path, _ in backend.seen[seen:]]
            if any(not path.startswith("/services/staging/web") for path in passed) or (passed and not shown):
                wrong.append(f"{name}: {passed}")
    tap.ok(not wrong, f"{n} requests that two readers would split in two ways: nothing hidden reaches the service", "\n".join(wrong))
    tap.note(f"{len(backend.seen) - begun} of them nginx put right, and the broker allowed")


def main():
    if not program("nginx"):
        skip_all("no nginx")
    tap, members = Tap(), json.loads(example("ambit.json"))
    config = {"forward_auth": members["forward_auth"], "trusted_proxies": members["trusted_proxies"]}
    with Broker(config=config) as broker, Backend() as backend, Nginx(broker, backend.url) as nginx, broker.client() as client:
        site = f"{LOOPBACK}:{nginx.port}"
        token, other = client.token(RESTART_SCOPE).json["access_token"], client.token(READ_SCOPE).json["access_token"]
        ways(tap, site, backend, client, token, other)
        both = RESTART_SCOPE + " service.read[svc:staging/**]"
        smuggled(tap, nginx, backend, client.token(both).json["access_token"])
        client.close()
        fresh = "Bearer " + client.token(both).json["access_token"]
        tap.ok(client.stop("agent:remediator").status == 201, "on call, somebody stops the agent")
        seen = len(backend.seen)
        tap.ok(ask(site + "/services/staging/web/restart", fresh, "POST") in (401, 403) and len(backend.seen) == seen, "and the next request is refused")
        broker.stop()
        status = ask(site + "/services/staging/web/restart", fresh, "POST")
        tap.ok(status >= 500 and len(backend.seen) == seen, f"without the broker nothing passes: {status}")
        tap.ok(broker.verify()[0] == 0, "ambit verify passes")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
