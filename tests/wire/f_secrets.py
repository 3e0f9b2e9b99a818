#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: CIB-5: no token, key or secret that was used is found, in any encoding, in a log, the store, a core
or an output, but in what `ambit token` prints; and a leak planted in a test build is found."""
import base64
import glob
import json
import os
import signal
import sys
import tempfile
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import ROOT, Broker, Tap, claims  # noqa: E402

PEOPLE = ("dana", "sam", "lee")
NEEDLE_MIN = 12


def encodings(secret):
    """A secret as it may have been written: raw, base64 in three alignments, base64url, percent, JSON."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    yield "raw", raw
    for shift in range(3):
        padded = b"\0" * shift + raw
        text = base64.b64encode(padded)
        inner = text[4 if shift else 0:len(text) // 4 * 4 - 4]
        if len(inner) >= NEEDLE_MIN:
            yield f"base64+{shift}", inner
            yield f"base64url+{shift}", inner.replace(b"+", b"-").replace(b"/", b"_")
    yield "hex", raw.hex().encode()
    yield "percent", urllib.parse.quote_from_bytes(raw, safe="").encode()
    yield "percent, all", b"".join(b"%%%02X" % c for c in raw)
    if not isinstance(secret, bytes):
        yield "JSON", json.dumps(secret)[1:-1].replace("/", "\\/").encode()


class Secrets:
    def __init__(self):
        self.named = {}

    def add(self, name, secret):
        self.named[name] = secret

    def add_token(self, name, token):
        """A whole token, its signature, and the random part that proves it."""
        self.add(name, token)
        self.add(f"{name} signature", token.split(".")[2])
        self.add(f"{name} rnd", claims(token)["rnd"])

    def add_files(self, broker):
        folder = os.path.join(broker.state, "credentials")
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                text = f.read().strip()
            if name.endswith(".jwk"):
                self.add_key(name, json.loads(text)["d"])
            elif name.endswith((".token", ".secret")):
                self.add(name, text)
        for path in glob.glob(os.path.join(broker.state, "keys", "**"), recursive=True):
            if os.path.isfile(path):
                self.add_key_file(os.path.basename(path), path)

    def add_key(self, name, d):
        self.add(f"{name} d", d)
        self.add(f"{name} d bytes", base64.urlsafe_b64decode(d + "=" * (-len(d) % 4)))

    def add_key_file(self, name, path):
        with open(path, "rb") as f:
            raw = f.read()
        if b"PRIVATE KEY-----" in raw:
            body = b"".join(line for line in raw.split(b"\n") if line and not line.startswith(b"-----"))
            self.add(f"{name} PEM", body[len(body) // 4:len(body) // 2].decode())
            der = base64.b64decode(body)
            at = der.find(b"\x04\x20", 20)  # the private scalar of an EC key
            if at > 0:
                self.add(f"{name} scalar", der[at + 2:at + 34])
        elif raw.lstrip().startswith(b"{") and "d" in (key := json.loads(raw)):
            self.add_key(name, key["d"])

    def found_in(self, places):
        """(where, which secret, how written) for every find."""
        finds = []
        for where, content in places:
            for name, secret in self.named.items():
                for how, needle in encodings(secret):
                    if len(needle) >= NEEDLE_MIN and needle in content:
                        finds.append((where, name, how))
        return finds


def work(broker, secrets, outputs):
    """Everything a day has, good and bad; replies to people are outputs too."""
    with broker.client() as client:
        for n in range(3):
            token = client.token().json["access_token"]
            secrets.add_token(f"token {n}", token)
            for answer in (client.evaluate(token), client.evaluate(token, "ticket.delete"), client.introspect(token),
                           client.evaluate(token[:-6] + "AAAAAA"), client.introspect("x" + token)):
                outputs.append(("reply to a service", answer.body))
            if n == 1:
                client.revoke(token)
        # What a client holds to come back with: an auth_req_id, and a deferral code that people are asked about.
        put = client.form("/bc-authorize", {"scope": "ticket.read", "login_hint": "oncall"}, broker.basic("remediator")).json["auth_req_id"]
        secrets.add("auth_req_id", put)
        polled = client.form("/token", {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": put}, broker.basic("remediator"))
        secrets.add_token("a token by CIBA", polled.json["access_token"])
        code = client.token("ticket.export[ticket:**]", completion_mode="deferred").json["deferral_code"]
        secrets.add("deferral code", code)
        for grant_type, field in (("urn:openid:params:grant-type:ciba", "auth_req_id"), ("urn:ietf:params:oauth:grant-type:deferred", "deferral_code")):
            for handle in (put, code):
                outputs.append(("poll", client.form("/token", {"grant_type": grant_type, field: handle}, broker.basic("remediator")).body))
        outputs.append(("approvals", client.person("lee", "GET", "/v1/approvals?state=all").body))
        client.form("/revoke", {"token": code}, broker.basic("remediator"))
        wrong = "wrong-secret-0123456789abcdef"
        secrets.add("a wrong secret", wrong)
        broker.secrets["remediator.secret"], right = wrong, broker.secret("remediator.secret")
        outputs.append(("refusal", client.token().body))
        broker.secrets["remediator.secret"] = right
        secrets.add("a wrong person's token", "wrong-person-0123456789abcdef")
        outputs.append(("refusal", client.call("GET", "/v1/events", headers={"Authorization": "Bearer wrong-person-0123456789abcdef"}).body))
        # Secrets where none belongs: a query, a path, a body that is not what it must be.
        outputs.append(("refusal", client.call("GET", f"/healthz?token={token}").body))
        outputs.append(("refusal", client.call("GET", f"/v1/trace/{claims(token)['rnd']}").body))
        outputs.append(("refusal", client.form("/token", {"grant_type": token, "scope": right}, broker.basic("remediator")).body))
        outputs.append(("refusal", client.post_json("/access/v1/evaluation", {"subject": {"type": token, "id": right}}, broker.basic("payments-api")).body))
        outputs.append(("reply", client.stop("agent:remediator").body))
        for path in ("/v1/events?limit=1000", "/v1/grants?state=all", "/v1/stops?state=all", "/v1/trace/agent:remediator",
                     f"/v1/trace/{claims(token)['jti']}", "/v1/whoami"):
            outputs.append((f"GET {path}", client.person("dana", "GET", path).body))
        outputs.append(("/metrics", client.call("GET", "/metrics").body))
        outputs.append(("/jwks", client.call("GET", "/jwks").body))


def commands(broker, secrets, outputs):
    """The command line: `ambit token` alone prints a token, and nothing else prints one."""
    credentials = os.path.join(broker.state, "credentials")
    agent = ("--state", broker.state, "--agent", "reporter", "--key", os.path.join(credentials, "reporter.jwk"))
    person = ("--state", broker.state, "--token-file", os.path.join(credentials, "dana.token"))
    done = broker.ambit("token", *agent, "--scope", "ticket.read")
    token = done.stdout.decode().strip()
    if done.returncode != 0 or token.count(".") != 2:
        return f"ambit token: {done}"
    secrets.add_token("ambit token", token)
    outputs.append(("ambit token, standard error", done.stderr))
    kept = os.path.join(broker.home, "kept")
    done = broker.ambit("token", *agent, "--scope", "ticket.read", "--out", kept)
    with open(kept, encoding="utf-8") as f:
        secrets.add_token("ambit token --out", f.read().strip())
    os.unlink(kept)
    outputs.append(("ambit token --out", done.stdout + done.stderr))
    with open(kept, "w", encoding="utf-8") as f:
        f.write(token)
    for words in (("whoami", *person), ("grants", *person, "--all"), ("events", *person), ("trace", *person, "--of-token", kept),
                  ("trace", *person, "agent:reporter", "--json"),
                  ("whoami", "--state", broker.state, "--token-file", kept)):
        done = broker.ambit(*words)
        outputs.append((f"ambit {words[0]}", done.stdout + done.stderr))
    os.unlink(kept)
    return None


def left_behind(broker):
    """Log, store, and everything else in the folder but the files that are there to hold secrets."""
    for path in glob.glob(os.path.join(broker.home, "**"), recursive=True):
        inside = os.path.relpath(path, broker.state)
        if os.path.isfile(path) and not inside.startswith(("credentials/", "keys/")):
            with open(path, "rb") as f:
                yield os.path.relpath(path, broker.home), f.read()


def scenario(build=None):
    """(secrets, finds, cores, problem) of one run that ends with an abort."""
    secrets, outputs = Secrets(), []
    with tempfile.TemporaryDirectory() as home, Broker(home=home, build=build, env={"AMBIT_DEFERRED": "true"}) as broker:
        policy = broker.document("policies/read-tickets")
        policy["allow"].append({"id": "export", "actions": ["ticket.export"], "resources": ["ticket:**"], "ttl": {"max": "5m"},
                                "approval": {"at": "grant", "roles": ["oncall"], "timeout": "15m"}})
        broker.propose("policies/read-tickets", policy)
        with broker.client() as client:
            client.person("lee", "POST", "/v1/documents/reload")
        secrets.add_files(broker)
        work(broker, secrets, outputs)
        problem = commands(broker, secrets, outputs)
        broker.process.send_signal(signal.SIGABRT)
        broker.process.wait()
        cores = [p for p in glob.glob(os.path.join(home, "**", "core*"), recursive=True) if os.path.isfile(p)]
        finds = secrets.found_in([*outputs, *left_behind(broker)])
        places = len(outputs) + len(list(left_behind(broker)))
    return secrets, finds, cores, problem, places


def main():
    tap = Tap()
    planted = Secrets()
    planted.add("p", "pa/ss+word?01234567890")
    for how, text in encodings("pa/ss+word?01234567890"):
        tap.ok(planted.found_in([("x", b"abc" + text + b"xyz")]), f"the search finds {how}")
    secrets, finds, cores, problem, places = scenario()
    tap.note(f"{len(secrets.named)} secrets, {places} places")
    tap.ok(problem is None, "the command line did its part", problem)
    tap.ok(len(secrets.named) >= 15, "there were secrets to look for", list(secrets.named))
    tap.ok(not finds, "no secret is found in a log, the store or an output", "\n".join(map(str, finds[:20])))
    tap.ok(not cores, "an abort leaves no core", cores)
    leaky = os.environ.get("AMBIT_BUILD_LEAK") or os.path.join(ROOT, "build-leak")
    if os.path.exists(os.path.join(leaky, "ambitd")):
        _, finds, _, _, _ = scenario(leaky)
        tap.ok(any("log" in where for where, _, _ in finds), "a leak planted in a test build is found", finds[:5])
    else:
        tap.ok(False, "there is a build with a planted leak to prove the search", leaky)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
