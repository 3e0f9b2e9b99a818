# SPDX-License-Identifier: Apache-2.0
"""A running broker for tests: the real `ambitd --dev` in a folder of its own on a free port, clients
that speak to it, the offline verifier, and TAP. Everything it starts it also ends."""
import base64
import hashlib
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = os.environ.get("AMBIT_ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("AMBIT_BUILD") or os.path.join(ROOT, "build")
SANITIZER = os.environ.get("AMBIT_SANITIZER", "")
LONG = os.environ.get("AMBIT_LONG") == "1"
# How much slower than a release build the one under test may be.
SLOW = {"": 1, "address": 4, "thread": 10}[SANITIZER]

FINDING = re.compile(rb"ERROR: (?:Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:|assertion failed|Sanitizer:DEADLYSIGNAL")
READ_SCOPE = "ticket.read[ticket:**]"
RESTART_SCOPE = "service.restart[svc:staging/**]"
STAGING = {"type": "svc", "id": "staging/web"}
TICKET = {"type": "ticket", "id": "INC-1"}
# Budgets that no rig meets: what is tested is something else.
UNLIMITED = {"agent_per_s": 1000000, "agent_burst": 1000000, "service_per_s": 1000000, "service_burst": 1000000,
             "person_per_s": 1000000, "person_burst": 1000000, "failed_burst": 1000000, "failed_per_minute": 1000000}


class Tap:
    """Test points, in order; done() prints the plan and gives the exit status."""

    def __init__(self):
        self.points, self.bad, self.lock = 0, 0, threading.Lock()

    def ok(self, claim, name, detail=None):
        with self.lock:
            self.points += 1
            self.bad += not claim
            print(f"{'ok' if claim else 'not ok'} {self.points} - {name}")
            if not claim and detail is not None:
                print("\n".join(f"#   {line}" for line in str(detail).split("\n")[:40]))
            sys.stdout.flush()
        return bool(claim)

    def skip(self, name, why):
        with self.lock:
            self.points += 1
            print(f"ok {self.points} - {name} # SKIP {why}")

    def note(self, words):
        print(f"# note: {words}")

    def done(self):
        print(f"1..{self.points}")
        return 1 if self.bad else 0


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:600]!r}"


class Client:
    """One kept-alive connection, for one thread. Raises OSError or HTTPException when the broker goes."""

    def __init__(self, broker, timeout=None):
        self.broker = broker
        self.http = http.client.HTTPConnection("127.0.0.1", broker.port, timeout=timeout or 20 * SLOW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.http.close()

    def call(self, method, path, body=None, headers=None):
        try:
            if self.http.sock is None:
                self.http.connect()
                self.http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.http.request(method, path, body, headers or {})
            reply = self.http.getresponse()
            return Answer(reply.status, reply.headers, reply.read())
        except BaseException:
            self.http.close()
            raise

    def form(self, path, fields, authorization):
        return self.call("POST", path, urllib.parse.urlencode(fields),
                         {"Content-Type": "application/x-www-form-urlencoded", "Authorization": authorization})

    def post_json(self, path, value, authorization):
        return self.call("POST", path, json.dumps(value), {"Content-Type": "application/json", "Authorization": authorization})

    # ---- agents: `remediator`, by its secret

    def token(self, scope=READ_SCOPE, **fields):
        return self.form("/token", {"grant_type": "client_credentials", "scope": scope, **fields}, self.broker.basic("remediator"))

    def revoke(self, token):
        return self.form("/revoke", {"token": token}, self.broker.basic("remediator"))

    # ---- services: `payments-api`, by its secret

    def introspect(self, token):
        return self.form("/introspect", {"token": token}, self.broker.basic("payments-api"))

    def evaluate(self, token, action="ticket.read", resource=None, context=None):
        question = {"subject": {"type": "access_token", "id": token}, "action": {"name": action}, "resource": resource or TICKET}
        if context is not None:
            question["context"] = context
        return self.post_json("/access/v1/evaluation", question, self.broker.basic("payments-api"))

    # ---- people

    def person(self, who, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.broker.secret(who + '.token')}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        return self.call(method, path, body, headers)

    def stop(self, target, reason="a test asked for it", who="lee", **members):
        return self.person(who, "POST", "/v1/stops", {"target": target, "reason": reason, **members})

    def clear(self, stop, reason="the test is over", who="lee"):
        return self.person(who, "POST", f"/v1/stops/{stop}/clear", {"reason": reason})

    def events(self, after=0, **query):
        """Every event behind a sequence, page by page."""
        while after is not None:
            path = "/v1/events?" + urllib.parse.urlencode({"after": after, "limit": 1000, **query})
            page = self.person("dana", "GET", path)
            if page.status != 200:
                raise RuntimeError(f"{path}: {page}")
            yield from page.json["events"]
            after = page.json["next"]


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Broker:
    """ambitd in a folder of its own. `home` holds `state/` and the log; kept when given."""

    def __init__(self, home=None, build=None, env=None, wrap=(), limits=None, start=True, config=None):
        """`config`: members of the configuration file over those of --dev; then it runs by that file, and
        `ports` has the port of each listener (None of a Unix socket)."""
        self.owns_home = home is None
        self.home = home or tempfile.mkdtemp(prefix="ambit-test-")
        self.state = os.path.join(self.home, "state")
        self.log = os.path.join(self.home, "ambitd.log")
        self.build, self.wrap, self.process, self.port = build or BUILD, list(wrap), None, None
        self.env = {**os.environ, **(env or {})}
        for name, value in {**UNLIMITED, **(limits or {})}.items():
            self.env[f"AMBIT_LIMITS_{name.upper()}"] = str(value)
        self.secrets, self.config, self.ports = {}, config, []
        try:
            if start:
                self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        found = self.findings()
        if self.owns_home:
            shutil.rmtree(self.home, ignore_errors=True)
        if found and kind is None:
            raise AssertionError(f"a sanitizer spoke: {found}")

    # ---- life

    def configure(self):
        """The dev state, and a configuration file beside its own. Its path."""
        path = os.path.join(self.state, "test.json")
        if not os.path.exists(os.path.join(self.state, "ambit.json")):
            subprocess.run([os.path.join(self.build, "ambitd"), "--dev", "--state", self.state, "--check"], stdin=subprocess.DEVNULL,
                           capture_output=True, check=True, timeout=60 * SLOW, env=self.env)
        with open(os.path.join(self.state, "ambit.json"), encoding="utf-8") as f:
            members = {**json.load(f), "listen": [{"address": "127.0.0.1:0"}], **self.config}
        with open(path, "w", encoding="utf-8") as f:
            json.dump(members, f)
        return path

    def start(self, timeout=None, is_expected_to_serve=True, extra=()):
        """Starts and waits until it serves. True if it does."""
        words = ["--dev", "--state", self.state, "--listen", "127.0.0.1:0", *extra]
        wanted = 1
        if self.config:
            words = ["--config", self.configure(), *extra]
            wanted = len(self.config.get("listen", [0]))
        url = os.path.join(self.state, "url")
        if os.path.exists(url):
            os.unlink(url)
        self.secrets = {}
        begun = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrap, os.path.join(self.build, "ambitd"), *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, cwd=self.home, start_new_session=True,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
                if resource.getrlimit(resource.RLIMIT_CORE)[1] == resource.RLIM_INFINITY else None)
        until = time.monotonic() + (timeout or 30 * SLOW)
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            said = re.findall(rb"ambitd: listening on (?:https?://[^\n]*:(\d+)|unix:[^\n]*)\n", self.said(begun))
            if len(said) >= wanted and (self.config or os.path.exists(url)):
                self.ports = [int(port) if port else None for port in said]
                self.port = next((port for port in self.ports if port), None)
                return True
            time.sleep(0.005)
        if is_expected_to_serve:
            raise RuntimeError(f"ambitd does not serve (status {self.process.poll()}):\n"
                               + self.said(begun).decode("utf-8", "replace")[-4000:])
        return False

    def stop(self, timeout=None):
        """Ends it in order; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout or 30 * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "did not stop"

    def kill(self):
        self.process.kill()
        self.process.wait()

    # ---- what it left

    def said(self, begun=0):
        with open(self.log, "rb") as f:
            f.seek(begun)
            return f.read()

    def findings(self):
        if not os.path.exists(self.log):
            return ""
        text = self.said()
        m = FINDING.search(text)
        return text[m.start():m.start() + 6000].decode("utf-8", "replace") if m else ""

    def verify(self, folder=None):
        """(exit status, answer) of `ambit verify`, offline."""
        done = subprocess.run([os.path.join(self.build, "ambit"), "verify", folder or self.state, "--json"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120 * SLOW)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            return done.returncode, {"ok": False, "said": done.stdout + done.stderr}

    # ---- who calls

    def secret(self, name):
        if name not in self.secrets:
            with open(os.path.join(self.state, "credentials", name), encoding="utf-8") as f:
                self.secrets[name] = f.read().strip()
        return self.secrets[name]

    def basic(self, name):
        pair = f"{urllib.parse.quote(name, safe='')}:{urllib.parse.quote(self.secret(name + '.secret'), safe='')}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    def document(self, path):
        """A document of the proposal, `people/kim`, as a value."""
        with open(os.path.join(self.state, "documents", path + ".json"), encoding="utf-8") as f:
            return json.load(f)

    def propose(self, path, value):
        """Writes a document of the proposal; None takes it away. Its file name."""
        name = os.path.join(self.state, "documents", path + ".json")
        if value is None:
            os.unlink(name)
        else:
            with open(name, "w", encoding="utf-8") as f:
                json.dump(value, f)
        return name

    def give_token(self, person, **members):
        """Proposes a token for a person (and other members of the document): a reload makes it work."""
        token = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 86400))
        way = {"method": "token", "sha256": hashlib.sha256(token.encode()).hexdigest(), "expires": expires}
        with open(os.path.join(self.state, "credentials", person + ".token"), "w", encoding="utf-8",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as f:
            f.write(token + "\n")
        self.propose("people/" + person, {**self.document("people/" + person), "authenticate": [way], **members})

    def client(self, timeout=None):
        return Client(self, timeout)

    def ambit(self, *words, **options):
        return subprocess.run([os.path.join(self.build, "ambit"), *words], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60 * SLOW, cwd=self.home, env=self.env, **options)


class Threads:
    """Runs functions at once and gives back what they return; a failure of one is raised here."""

    def __init__(self, functions):
        self.results, self.errors = [None] * len(functions), []
        self.threads = [threading.Thread(target=self._run, args=(i, f), daemon=True) for i, f in enumerate(functions)]
        for thread in self.threads:
            thread.start()

    def _run(self, i, function):
        try:
            self.results[i] = function()
        except BaseException as err:  # handed on in join()
            self.errors.append(err)

    def join(self):
        for thread in self.threads:
            thread.join()
        if self.errors:
            raise self.errors[0]
        return self.results


GONE = (OSError, http.client.HTTPException)
