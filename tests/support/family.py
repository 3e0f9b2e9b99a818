# SPDX-License-Identifier: Apache-2.0
"""Agents that hand authority on to each other, in the documents of a running broker: who may delegate to whom, how deep,
and what counts. chief delegates to hand, hand to finger, finger to nail; `self` to itself."""
import base64
import hashlib
import json
import os
import time
import urllib.parse

from broker import claims

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
AUDIENCE, OTHER = "https://payments.example.gov", "https://other.example.gov"

NEVER_FIRES = {"id": "far", "on": "denied", "count": 90000, "within": "1h", "then": "suspend_agent"}


def rule(letter, depth, **more):
    return {"id": letter, "actions": [f"{letter}.**"], "resources": [f"svc:{letter}/**"], "ttl": {"default": "30m", "max": "1h"},
            **({"delegation": {"depth": depth}} if depth else {}), **more}


POLICIES = {
    "top": {"allow": [rule("d", 5)]},
    "counted": {"allow": [rule("c", 2, limits=[{"count": 3, "within": "1h"}])],
                "hard_stops": [{"id": "probing", "on": "denied", "count": 3, "within": "1h", "then": "revoke_grant"}]},
    "shallow": {"allow": [rule("s", 1)]},
    "bounded": {"allow": [rule("g", 0, limits=[{"grants": 20, "within": "1h"}])]},
    "asked": {"allow": [rule("a", 0, approval={"at": "grant", "roles": ["oncall"], "timeout": "15m"})]},
    "asker": {"allow": [rule("a", 1)]},
    "helper": {"allow": [rule("d", 5), rule("c", 5), rule("s", 5)]},
    "source": {"allow": [rule("g", 1)]},
    "other": {"allow": [rule("o", 0)]},
}
# agent: (owner, policies, delegates_to)
AGENTS = {
    "chief": ("dana", ["top"], ["hand"]),
    "hand": ("sam", ["helper"], ["finger"]),
    "finger": ("sam", ["helper"], ["nail"]),
    "nail": ("sam", ["helper"], []),
    "self": ("sam", ["helper"], ["self"]),
    "shallow": ("dana", ["shallow"], ["hand"]),
    "counted": ("dana", ["counted"], ["hand"]),
    "spring": ("dana", ["source"], ["bucket"]),
    "boss": ("dana", ["asker"], ["clerk"]),
    "clerk": ("sam", ["asked"], []),
    "bucket": ("sam", ["bounded"], []),
}


class Family:
    def __init__(self, broker, client, policies=None, agents=None):
        policies, agents = policies or POLICIES, agents or AGENTS
        self.broker, self.client = broker, client
        base = broker.document("policies/read-tickets")
        agent = broker.document("agents/reporter")
        service = broker.document("services/payments-api")
        # dana and sam are of different teams, so that a stop on one is not one on the other.
        broker.propose("people/sam", {**broker.document("people/sam"), "team": "helpers"})
        broker.propose("services/other", {**service, "service": "other", "audiences": [OTHER], "authenticate": [self.way("other")]})
        for name, parts in policies.items():
            broker.propose("policies/" + name, {**{k: base[k] for k in ("owner", "tier", "review")}, "policy": name, "description": name,
                                                "audiences": [AUDIENCE, OTHER] if name == "helper" else [AUDIENCE],
                                                "hard_stops": [NEVER_FIRES], **parts})
        for name, (owner, listed, to) in agents.items():
            document = {**agent, "agent": name, "owner": owner, "backup": "sam" if owner == "dana" else "dana", "policies": listed,
                        "authenticate": [self.way(name)]}
            broker.propose("agents/" + name, {**document, **({"delegates_to": to} if to else {})})
        broker.give_token("kim")
        self.reload()

    def way(self, name):
        """A secret of its own, where Broker.basic() finds it."""
        secret = "s" * 40 + name
        path = os.path.join(self.broker.state, "credentials", name + ".secret")
        with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(secret)
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 86400))
        return {"method": "client_secret_basic", "sha256": hashlib.sha256(secret.encode()).hexdigest(), "expires": expires}

    def reload(self):
        answer = self.client.person("lee", "POST", "/v1/documents/reload")
        if answer.status != 200:
            raise RuntimeError(f"the family is not taken up: {answer}")

    def basic(self, agent):
        return self.broker.basic(agent)

    def form(self, fields, agent, client=None, key=None):
        """POST /token; `key`: a dpop.Key, of which a fresh proof goes with it."""
        body = urllib.parse.urlencode({k: v for k, v in fields.items() if v is not None}, doseq=True)
        proof = {"DPoP": key.proof("POST", f"http://127.0.0.1:{self.broker.port}/token")} if key else {}
        return (client or self.client).call("POST", "/token", body, {"Content-Type": "application/x-www-form-urlencoded",
                                                                     "Authorization": self.basic(agent), **proof})

    def token(self, agent, scope, key=None, **fields):
        answer = self.form({"grant_type": "client_credentials", "scope": scope, "resource": AUDIENCE, **fields}, agent, key=key)
        if answer.status != 200:
            raise RuntimeError(f"{agent} {scope}: {answer}")
        return answer.json["access_token"]

    def root(self, **fields):
        return self.token("chief", "d.do[svc:d/**]", **fields)

    def exchange(self, agent, subject, client=None, key=None, **fields):
        return self.form({"grant_type": EXCHANGE, "subject_token": subject, "subject_token_type": ACCESS, **fields}, agent, client, key)

    def revoke(self, agent, token, client=None):
        answer = (client or self.client).form("/revoke", {"token": token}, self.basic(agent))
        if answer.status != 200:
            raise RuntimeError(f"revoke: {answer}")

    @staticmethod
    def forge(token, keep_secret=False, **changes):
        """The token with other claims and somebody's signature; with the secret of its grant, or with another."""
        head, _, signature = token.split(".")
        said = claims(token)
        if not keep_secret:
            said["rnd"] = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        body = json.dumps({**said, **changes}, separators=(",", ":")).encode()
        return f"{head}.{base64.urlsafe_b64encode(body).decode().rstrip('=')}.{signature}"
