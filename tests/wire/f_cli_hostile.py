#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever a thing that answers in a broker's place says, the command line writes no control
byte to the terminal, follows nothing, sends no secret elsewhere, ends in time, and says 3."""
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import BUILD, SLOW, Tap  # noqa: E402

ESCAPES = "\x1b[2J\x1b]0;owned\x07\u009b31m\u202egnp.exe\r\nforged: line"
EVIL = {"kind": ESCAPES, "name": ESCAPES, "owner": {"person": ESCAPES, "name": ESCAPES}, "roles": [ESCAPES], "reason": ESCAPES,
        "error": ESCAPES, "error_description": ESCAPES, "title": ESCAPES, "detail": ESCAPES, "ambit_reason": ESCAPES,
        "ambit_remedy": {"text": ESCAPES}, "ambit_rule": ESCAPES, "stop": ESCAPES, "target": ESCAPES, "by": ESCAPES,
        "grants": [{"grant": ESCAPES, "agent": ESCAPES}], "text": "two\nlines " + ESCAPES, "access_token": ESCAPES,
        "events": [{"seq": 1, "type": ESCAPES, "agent": ESCAPES, "words": ESCAPES, "items": [{"actions": [ESCAPES], "resources": [ESCAPES]}]}],
        "errors": [{"file": ESCAPES, "what": ESCAPES}], "activated": [ESCAPES], "policies": [{"policy": ESCAPES}], "next": None}
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]")


class Fake(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.server.seen.append((self.path, dict(self.headers)))
        status, headers, body = self.server.behaviour(self)
        if status is None:
            self.close_connection = True
            self.wfile.write(body)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that hangs up early is what some of these tests are about."""


class Server:
    def __init__(self, behaviour):
        self.http = Quiet(("127.0.0.1", 0), Fake)
        self.http.behaviour, self.http.seen, self.http.daemon_threads = behaviour, [], True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def says(status, value, **headers):
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return lambda _: (status, {"Content-Type": "application/json", **headers}, body)


def ambit(home, url, *words, env=None, timeout=None):
    return subprocess.run([os.path.join(BUILD, "ambit"), "--url", url, *words], stdin=subprocess.DEVNULL, capture_output=True, cwd=home,
                          timeout=timeout or 60 * SLOW, env={"PATH": "/usr/bin:/bin", "HOME": home, **(env or {})})


VERBS = [["whoami"], ["grants"], ["trace", "agent:x"], ["events"], ["events", "--follow"], ["reload"], ["stop", "all", "--reason", "x"],
         ["clear", "AAAA", "--reason", "x"], ["time", "acknowledge", "--reason", "x"]]


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="ambit-cli-") as home:
        token = os.path.join(home, "token")
        with open(token, "w", encoding="ascii") as f:
            f.write("a-secret-token-0123456789")
        made = subprocess.run([os.path.join(BUILD, "ambit"), "agent", "new", "x", "--documents", home, "--description", "d", "--owner", "a",
                               "--backup", "b", "--key-out", os.path.join(home, "x.jwk")], capture_output=True, timeout=60 * SLOW)
        tap.ok(made.returncode == 0, "an agent's key is made", made.stderr)
        asking = ["token", "--agent", "x", "--key", os.path.join(home, "x.jwk"), "--scope", "a[b:c]"]

        for verb in [*VERBS, asking]:
            for status, code in ((200, 0), (403, 1), (422, 2), (503, 3)):
                with Server(says(status, EVIL)) as server:
                    done = ambit(home, server.url, "--token-file", token, *verb)
                with Server(says(status, EVIL)) as server:
                    as_json = ambit(home, server.url, "--token-file", token, *verb, "--json")
                tap.ok(not CONTROL.search(as_json.stdout + as_json.stderr), f"{verb[0]} --json, {status}: nor here", as_json.stdout[:400])
                found = CONTROL.search(done.stdout + done.stderr)
                tap.ok(not found, f"{verb[0]}, {status}: no control byte comes out", (done.stdout + done.stderr)[:400])
                # A stream that is no stream of events is dead; /token's 422 does not exist.
                want = 3 if status == 200 and "--follow" in verb else code
                tap.ok(done.returncode == want, f"{verb[0]}, {status}: {want}", f"{done.returncode} {done.stderr}")
                tap.ok(b"a-secret-token" not in done.stdout + done.stderr, f"{verb[0]}, {status}: the token is not shown")

        with Server(says(200, {})) as elsewhere:
            with Server(says(302, {}, Location=elsewhere.url + "/v1/whoami")) as server:
                done = ambit(home, server.url, "--token-file", token, "whoami")
            tap.ok(not elsewhere.http.seen and done.returncode == 1, "a redirect is not followed", done)
            with Server(says(200, {"kind": "person"})) as server:
                done = ambit(home, server.url, "--token-file", token, "whoami", env={"http_proxy": elsewhere.url, "ALL_PROXY": elsewhere.url})
                tap.ok(not elsewhere.http.seen and done.returncode == 0, "no proxy stands before this machine", done)
                tap.ok(server.http.seen[0][1]["Authorization"] == "Bearer a-secret-token-0123456789", "the token travels in the header")
                tap.ok("a-secret" not in server.http.seen[0][0], "and not in the URL")

        odd = [("not JSON", says(200, b"<html>")), ("empty", says(200, b"")), ("twice the same member", says(200, b'{"a":1,"a":2}')),
               ("too deep", says(200, b"[" * 100000)), ("not HTTP", lambda _: (None, {}, b"220 mail\r\n\r\n")),
               ("cut short", lambda _: (None, {}, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"))]
        for name, behaviour in odd:
            with Server(behaviour) as server:
                done = ambit(home, server.url, "--token-file", token, "whoami")
            tap.ok(done.returncode == 3 and done.stdout == b"", f"{name}: 3", done)

        stream = b"data: " + b"x" * (2 << 20)
        with Server(lambda _: (200, {"Content-Type": "text/event-stream"}, stream)) as server:
            done = ambit(home, server.url, "--token-file", token, "events", "--follow")
        tap.ok(done.returncode == 3 and len(done.stdout) == 0, "an endless message ends the stream", done.returncode)
        with Server(lambda _: (200, {"Content-Type": "text/event-stream"}, ("data: " + json.dumps(EVIL["events"][0]) + "\n\n").encode())) as server:
            done = ambit(home, server.url, "--token-file", token, "events", "--follow")
        tap.ok(done.returncode == 3 and not CONTROL.search(done.stdout), "events of a stream are escaped", done.stdout)

        with Server(says(200, {"issuer": "https://broker.example.gov"})) as server:
            ambit(home, server.url, *asking)
            paths = [path for path, _ in server.http.seen]
        tap.ok(paths == ["/.well-known/oauth-authorization-server", "/token"], "the assertion goes to the broker that was named", paths)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
