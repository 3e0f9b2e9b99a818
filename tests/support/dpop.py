# SPDX-License-Identifier: Apache-2.0
"""Proofs of possession (RFC 9449) for tests, right ones and wrong ones: a key, its thumbprint, proofs for
requests, and a client that sends them and tries again with a nonce where it is told to."""
import hashlib
import json
import secrets
import time
import urllib.parse

import jose


def ath(token):
    return jose.b64u(hashlib.sha256(token.encode()).digest())


class Key:
    """An ES256 key of its own. None as the value of a claim or header member leaves it out."""

    def __init__(self, d=None):
        self.d = d or secrets.randbelow(jose.N - 1) + 1
        x, y = jose._multiply(self.d, jose.G)
        self.jwk = {"kty": "EC", "crv": "P-256", "x": jose.b64u(x.to_bytes(32, "big")), "y": jose.b64u(y.to_bytes(32, "big"))}
        self.jkt = jose.thumbprint(self.jwk)

    def private_jwk(self):
        return {**self.jwk, "d": jose.b64u(self.d.to_bytes(32, "big"))}

    def proof(self, method, uri, token=None, nonce=None, header=None, signer=None, **claims):
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk, **(header or {})}
        said = {"jti": secrets.token_urlsafe(12), "htm": method, "htu": uri, "iat": int(time.time()),
                "ath": ath(token) if token else None, "nonce": nonce, **claims}
        keep = lambda members: {k: v for k, v in members.items() if v is not None}
        return jose.jws((signer or self).d, keep(head), keep(said))


class Client:
    """Speaks for one agent by its secret (or by `signer`, a jose.Signer), with one key, over a broker.Client. Remembers nonces as clients do:
    one for the token side, one for the resource side."""

    def __init__(self, broker, client, agent="remediator", key=None, signer=None):
        self.broker, self.client, self.agent, self.signer = broker, client, agent, signer
        self.key, self.nonces = key or Key(), {}

    def uri(self, path):
        return f"http://127.0.0.1:{self.broker.port}{path}"

    def proof(self, method, path, token=None, **claims):
        side = "token" if path == "/token" else "resource"
        return self.key.proof(method, self.uri(path), token, **{"nonce": self.nonces.get(side), **claims})

    def token(self, scope, proof=None, retries=1, authorization=None, **fields):
        """POST /token; `proof`: as it is, None: a fresh one, False: none."""
        asked, headers = {"grant_type": "client_credentials", "scope": scope, **fields}, {"Content-Type": "application/x-www-form-urlencoded"}
        if self.signer:
            asked.update(client_assertion_type=jose.ASSERTION_TYPE, client_assertion=self.signer.assertion())
        else:
            headers["Authorization"] = authorization or self.broker.basic(self.agent)
        body = urllib.parse.urlencode(asked)
        if proof is not False:
            headers["DPoP"] = proof or self.proof("POST", "/token")
        got = self.client.call("POST", "/token", body, headers)
        if got.headers.get("DPoP-Nonce"):
            self.nonces["token"] = got.headers["DPoP-Nonce"]
        if retries and proof is None and got.status == 400 and got.json["error"] == "use_dpop_nonce":
            return self.token(scope, retries=retries - 1, authorization=authorization, **fields)
        return got

    def call(self, method, path, token, body=None, proof=None, scheme="DPoP", retries=1):
        """A request with the bound token to the broker as the resource."""
        headers = {"Authorization": f"{scheme} {token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if proof is not False:
            headers["DPoP"] = proof or self.proof(method, path, token)
        got = self.client.call(method, path, json.dumps(body) if body is not None else None, headers)
        if got.headers.get("DPoP-Nonce"):
            self.nonces["resource"] = got.headers["DPoP-Nonce"]
        if retries and proof is None and got.status == 401 and "use_dpop_nonce" in (got.headers.get("WWW-Authenticate") or ""):
            return self.call(method, path, token, body, scheme=scheme, retries=retries - 1)
        return got

    def evaluate(self, token, action="ticket.read", resource=None, **how):
        question = {"subject": {"type": "access_token", "id": token}, "action": {"name": action},
                    "resource": resource or {"type": "ticket", "id": "INC-1"}}
        return self.call("POST", "/access/v1/evaluation", token, question, **how)
