# SPDX-License-Identifier: Apache-2.0
"""What the bench measures: ambit with documents that let it run, and the anchors beside it. Each is
started, asked and ended here; a request that is not answered as it should be raises Wrong."""
import base64
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import tls  # noqa: E402
from broker import BUILD, ROOT, Broker  # noqa: E402

PROGRAMS = os.path.join(BUILD, "tests", "bench")
SHARED = os.path.dirname(os.environ.get("AMBIT_VECTORS") or os.path.join(ROOT, "..", "shared", "vectors"))
SHARED_IDEAL = os.path.join(SHARED, "bench", "src", "ideal.c")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
ISSUE = "grant_type=client_credentials&scope=ticket.read%5Bticket%3A42%5D"
HELD = "service.restart[svc:staging/**]"
QUIET_S, QUIET_SHARE = 0.1, 0.04


class Wrong(Exception):
    """A case that could not run, or that was answered with something else than it asks for."""


def basic(pair):
    return "Basic " + base64.b64encode(pair.encode()).decode()


def question(token):
    return json.dumps({"subject": {"type": "access_token", "id": token}, "action": {"name": "service.restart"},
                       "resource": {"type": "svc", "id": "staging/web"}}, separators=(",", ":"))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def private_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return int(re.search(r"RssAnon:\s+(\d+) kB", f.read())[1]) * 1024


class Target:
    """One server under load: where it listens, who asks, and its process."""

    def __init__(self, pid, port, authorization):
        self.pid, self.port, self.authorization = pid, port, authorization

    def rest(self):
        """Waits until it has caught up with itself, so that the next case is not charged for this one."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            begun = cpu_s(self.pid)
            time.sleep(QUIET_S)
            if cpu_s(self.pid) - begun <= QUIET_S * QUIET_SHARE:
                return

    def load(self, path, body, connections, seconds, content_type=FORM, pool=None, who="agent", base=None):
        """At `base`, or where it listens without TLS. wrk's figures: rps, p50 and p99 in microseconds, n; and cpu, microseconds of the server a request."""
        env = {**os.environ, "CTYPE": content_type, "BODY": body, "AUTHZ": self.authorization.get(who, "")}
        if pool:
            env.update(POOL=pool)
            del env["AUTHZ"]
        begun = cpu_s(self.pid)
        said = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", os.path.join(HERE, "post.lua"),
                               (base or f"http://127.0.0.1:{self.port}") + path], env=env, capture_output=True, text=True)
        line = next((l for l in said.stdout.splitlines() if l.startswith("JSON ")), None)
        if not line:
            raise Wrong(f"{path}: wrk said {said.stdout[-400:]}{said.stderr[-400:]}")
        row = json.loads(line[5:])
        if row["bad"] or not row["n"]:
            raise Wrong(f"{path} at {connections} connections: {row['bad']} of {row['n']} were not answered with 200")
        row["cpu"] = (cpu_s(self.pid) - begun) * 1e6 / row["n"]
        self.rest()
        return row


class Anchor(Target):
    """A program of this folder (or the shared ideal): says where it listens, ends at SIGTERM."""

    def __init__(self, argv, env=None, port=None):
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        if port is None:
            said = self.process.stdout.readline().split()
            if len(said) != 2:
                raise Wrong(f"{argv[0]} does not listen")
            port = int(said[1])
        secret = basic("bench:bench-secret-of-high-entropy-0123456789")
        super().__init__(self.process.pid, port, {"agent": secret, "service": secret})

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def token(self):
        said = subprocess.run(["curl", "-sf", "-H", f"Authorization: {self.authorization['agent']}", "-d", ISSUE,
                               f"http://127.0.0.1:{self.port}/token"], capture_output=True, text=True)
        return json.loads(said.stdout)["access_token"]


def ideal(folder, jwk):
    return Anchor([os.path.join(PROGRAMS, "bench_ideal"), os.path.join(folder, "ideal"), jwk])


def hello():
    return Anchor([os.path.join(PROGRAMS, "bench_hello")])


def shared_ideal(folder):
    """The anchor of the specification, built from its source; None when it is not here."""
    if not os.path.exists(SHARED_IDEAL):
        return None
    program = os.path.join(folder, "shared-ideal")
    if not os.path.exists(program):
        subprocess.run(["gcc", "-O2", "-w", "-o", program, SHARED_IDEAL, "-lmicrohttpd", "-llmdb", "-lcrypto",
                        "-lpthread"], check=True)
    port = 20000 + os.getpid() % 10000
    anchor = Anchor([program], {"PORT": str(port), "POOL": "2", "MODE": "ext", "ALG": "es256",
                                "DIR": os.path.join(folder, "shared")}, port)
    time.sleep(0.5)
    return anchor


SHARED_ISSUE = ("grant_type=client_credentials&client_id=agent-0017&client_secret=s3cr3t-of-high-entropy-0123456789"
                "&scope=repo%3Aread&resource=https%3A%2F%2Fapi.example.test%2Fv1%2Frepos")


class Ambit(Target):
    """`ambitd --dev` with budgets out of the way and a rule that counts every act and stops none."""

    LIMITS = {"connections_per_source": 4096}

    def __init__(self, folder, name, build=None, long_lived=False, wrap=(), config=None):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        self.broker = Broker(home=os.path.join(folder, name), build=build, limits=self.LIMITS, start=False, config=config)
        if not os.path.exists(self.broker.state):
            self.broker.start()
            self.broker.stop()
            self.edit(long_lived)
        self.broker.wrap = list(wrap)
        self.open()

    def edit(self, long_lived):
        def policy(name, change):
            path = os.path.join(self.broker.state, "documents", "policies", name + ".json")
            with open(path, encoding="utf-8") as f:
                value = json.load(f)
            change(value["allow"][0])
            with open(path, "w", encoding="utf-8") as f:
                json.dump(value, f)

        # Every act is counted over a sliding second, by agent: an event and a counter's row each.
        policy("restart-services", lambda rule: rule.update(limits=[{"count": 100000, "within": "1s"}]))
        if long_lived:
            policy("read-tickets", lambda rule: rule.update(ttl={"default": "24h", "max": "24h"}))

    def open(self):
        begun = time.monotonic()
        self.broker.start()
        self.start_s = time.monotonic() - begun
        self.attach()

    def attach(self):
        super().__init__(self.broker.process.pid, self.broker.port,
                         {"agent": self.broker.basic("remediator"), "service": self.broker.basic("payments-api")})
        with self.broker.client() as client:
            granted = client.token(HELD, requested_lifetime="900")
            if granted.status != 200:
                raise Wrong(f"no token: {granted}")
            self.token = granted.json["access_token"]
        self.check()

    def check(self):
        """The token that is asked about is alive, and its act allowed: before a case and after it."""
        with self.broker.client() as client:
            if not client.introspect(self.token).json.get("active"):
                raise Wrong("the token is not active")
            answer = client.call("POST", "/access/v1/evaluation", question(self.token),
                                 {"Content-Type": JSON, "Authorization": self.authorization["service"]})
            if answer.status != 200 or answer.json.get("decision") is not True:
                raise Wrong(f"the act is not allowed: {answer}")

    def close(self):
        if self.broker.process and self.broker.process.poll() is None:
            status = self.broker.stop()
            if status != 0:
                raise Wrong(f"ambitd ended with {status}")

    # ---- the cases

    def issue(self, connections, seconds):
        return self.load("/token", ISSUE, connections, seconds)

    def introspect(self, connections, seconds):
        row = self.load("/introspect", "token=" + self.token, connections, seconds, who="service")
        self.check()
        return row

    def decide(self, connections, seconds):
        row = self.load("/access/v1/evaluation", question(self.token), connections, seconds, JSON, who="service")
        self.check()
        return row

    def commits(self):
        """(commits, seconds in them) so far."""
        with self.broker.client() as client:
            text = client.call("GET", "/metrics").body.decode()
        return tuple(float(re.search(rf"^ambit_commit_seconds_{what} (\S+)$", text, re.M)[1]) for what in ("count", "sum"))


class TlsAmbit(Ambit):
    """The same with two doors for agents and services: plain on the loopback, and TLS. Agents `prover-N` besides, who
    have the secret of `remediator`: proofs of possession are bounded for each (DPOP-12)."""

    PROVERS = 4

    def __init__(self, folder, name):
        authority = tls.Authority(folder, name + "-ca")
        plain = {"name": "local", "address": "127.0.0.1:0"}
        secured = {"name": "agents", "address": "127.0.0.1:0", "tls": authority.leaf(name + "-server").tls()}
        super().__init__(folder, name, config={"issuer": "https://broker.example.gov", "listen": [plain, secured]})
        self.secured = f"https://127.0.0.1:{self.broker.ports[1]}"

    def edit(self, long_lived):
        super().edit(long_lived)
        agent = self.broker.document("agents/remediator")
        by_secret = [way for way in agent["authenticate"] if way["method"] == "client_secret_basic"]
        for i in range(self.PROVERS):
            self.broker.propose(f"agents/prover-{i}", {**agent, "agent": f"prover-{i}", "authenticate": by_secret})

    def proofs(self, folder, count):
        """Token requests by secret with a proof of possession each, one a line."""
        path = os.path.join(folder, "proofs")
        jwk = os.path.join(self.broker.state, "credentials", "remediator.jwk")
        made = subprocess.run([os.path.join(PROGRAMS, "bench_proofs"), jwk, "https://broker.example.gov/token", str(count)],
                              check=True, capture_output=True, text=True).stdout
        secret = self.broker.secret("remediator.secret")
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(f"{ISSUE}\tAuthorization: {basic(f'prover-{i % self.PROVERS}:{secret}')}\tDPoP: {line}\n"
                         for i, line in enumerate(made.splitlines()))
        return path


def assertions(folder, ambit, count):
    """Token requests by private_key_jwt, each with an assertion of its own, one a line."""
    path = os.path.join(folder, "assertions")
    jwk = os.path.join(ambit.broker.state, "credentials", "remediator.jwk")
    with open(os.path.join(ambit.broker.state, "url"), encoding="utf-8") as f:
        issuer = f.read().strip()
    made = subprocess.run([os.path.join(PROGRAMS, "bench_assertions"), jwk, "remediator", issuer, str(count)],
                          check=True, capture_output=True, text=True).stdout
    before = ISSUE + "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion="
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(before + line + "\n" for line in made.splitlines())
    return path


def table_rows(ambit, name="store", reads=True):
    """{table: (rows, bytes, pages)} of a folder of the state, and `file` for its pages as a whole; bytes 0 unless it reads."""
    said = subprocess.run([os.path.join(PROGRAMS, "bench_rows"), os.path.join(ambit.broker.state, name), *([] if reads else ["pages"])],
                          check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in said.splitlines())
    return {name: tuple(int(x) if x != "-" else 0 for x in figures) for name, *figures in rows}


def nosync_build():
    """A build without flushing, when there is one."""
    build = os.environ.get("AMBIT_BUILD_NOSYNC") or os.path.join(ROOT, "build-nosync")
    return build if os.path.exists(os.path.join(build, "ambitd")) else None


def raise_file_limit(wanted=8192):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)

