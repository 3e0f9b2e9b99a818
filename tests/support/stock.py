# SPDX-License-Identifier: Apache-2.0
"""Stock software against a running broker: its documents, and its programs, which print TAP."""
import http.server
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import tls
from broker import ROOT, SLOW, Broker, Client, skip_all
from node import node_for

INTEROP = os.path.join(ROOT, "tests", "interop")
LOOPBACK = "http://127.0.0.1"


class TlsBroker(Broker):
    """A broker as it stands in earnest: agents and services come over https (`url`, trusted by `ca`), operators by a
    listener of their own on the loopback. `client()` is an operator's."""

    def __init__(self, **options):
        self.folder = tempfile.mkdtemp(prefix="ambit-tls-")
        os.chmod(self.folder, 0o755)  # for programs that give up being root
        self.ca = tls.Authority(self.folder)
        server, port = self.ca.leaf("server"), free_port()
        self.url = f"https://localhost:{port}"
        listen = [{"name": "agents", "address": f"127.0.0.1:{port}", "tls": server.tls(client_ca=self.ca.certificate)},
                  {"name": "operators", "address": "127.0.0.1:0"}]
        super().__init__(config={"issuer": self.url, "listen": listen, **options})

    def __exit__(self, *words):
        try:
            super().__exit__(*words)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def operators(self):
        return self.ports[1]

    def client(self, timeout=None):
        made = Client(self, timeout)
        made.http.port = self.operators
        return made

    def agents(self, shown=None):
        """One connection of an agent or a service."""
        made = Client(self)
        made.http = tls.https(self.port, self.ca, shown)
        return made


def url_of(broker):
    return broker.url if isinstance(broker, TlsBroker) else f"{LOOPBACK}:{broker.port}"


def node_suite(script, broker, **env):
    """Runs a suite of tests/interop in Node; its exit status. The credentials are the development state's."""
    node = node_for(INTEROP)
    if not node:
        skip_all("no Node 20 with npm, or the clients cannot be installed")
    words = {"AMBIT_URL": url_of(broker), "AMBIT_CREDENTIALS": os.path.join(broker.state, "credentials")}
    if isinstance(broker, TlsBroker):
        words |= {"NODE_EXTRA_CA_CERTS": broker.ca.certificate, "AMBIT_OPERATORS": f"{LOOPBACK}:{broker.operators}"}
    return subprocess.run([node, os.path.join(INTEROP, script)], env={**os.environ, **words, **env}, timeout=240,
                          check=False).returncode


def with_service(broker, name, audience, resources):
    """Proposes one more service, with the secret of `payments-api` and an audience of its own, and takes up the
    documents. Policies name it by the audience."""
    document = broker.document("services/payments-api")
    broker.propose(f"services/{name}", {**document, "service": name, "audiences": [audience], "resources": resources})


def reload(broker):
    with broker.client() as client:
        answer = client.person("lee", "POST", "/v1/documents/reload")
    if answer.status != 200:
        raise RuntimeError(f"the documents do not hold: {answer}")


def program(name):
    """A program that the set-up keeps to itself (build-tools), or that is installed."""
    kept = os.path.join(ROOT, "build-tools", "usr", "sbin", name)
    return kept if os.access(kept, os.X_OK) else shutil.which(name) or shutil.which(f"/usr/sbin/{name}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(url, authorization=None, method="GET", **headers):
    """The status of one request, as whoever stands before the proxy sees it."""
    request = urllib.request.Request(url, method=method, headers=headers)
    if authorization:
        request.add_header("Authorization", authorization)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as err:
        return err.code


class Backend:
    """What stands behind a proxy: answers 200 to everything and remembers (path, headers) in `seen`."""

    def __enter__(self):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append((self.path, dict(self.headers)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_PUT = do_DELETE = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"{LOOPBACK}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Proxy:
    """A stock proxy in the foreground, on a free port, in a folder of its own. `configure` writes its files into
    `work`, whose secrets root alone reads, and gives its command."""

    def __init__(self, broker, backend):
        self.work, self.port = tempfile.mkdtemp(prefix="ambit-proxy-"), free_port()
        self.process = subprocess.Popen(self.configure(broker, backend), stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr)

    def configure(self, broker, backend):
        raise NotImplementedError

    def write(self, name, text):
        path = os.path.join(self.work, name)
        with open(path, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as f:
            f.write(text)
        return path

    def __enter__(self):
        until = time.monotonic() + 20 * SLOW
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        self.__exit__()
        raise RuntimeError(f"{type(self).__name__} does not serve")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.work, ignore_errors=True)
