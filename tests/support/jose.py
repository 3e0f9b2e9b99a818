# SPDX-License-Identifier: Apache-2.0
"""Signed objects made by hand, right ones and wrong ones: ES256 over P-256 in plain Python (slow, a few
milliseconds each), JWS parts, client assertions. For tests alone: nothing here is constant-time."""
import base64
import hashlib
import json
import os
import secrets
import subprocess
import tempfile
import time

P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        m = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P) % P
    else:
        m = (q[1] - p[1]) * pow(q[0] - p[0], -1, P) % P
    x = (m * m - p[0] - q[0]) % P
    return x, (m * (p[0] - x) - p[1]) % P


def _multiply(k, p):
    r = None
    while k:
        if k & 1:
            r = _add(r, p)
        p, k = _add(p, p), k >> 1
    return r


def sign(d, message):
    e = int.from_bytes(hashlib.sha256(message).digest(), "big")
    k = secrets.randbelow(N - 1) + 1
    r = _multiply(k, G)[0] % N
    s = pow(k, -1, N) * (e + r * d) % N
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(x, y, message, signature):
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != 64 or not (0 < r < N and 0 < s < N):
        return False
    e, w = int.from_bytes(hashlib.sha256(message).digest(), "big"), pow(s, -1, N)
    point = _add(_multiply(e * w % N, G), _multiply(r * w % N, (x, y)))
    return point is not None and point[0] % N == r


def number(text):
    return int.from_bytes(unb64u(text), "big")


def thumbprint(jwk):
    """RFC 7638, of an EC key."""
    text = json.dumps({m: jwk[m] for m in ("crv", "kty", "x", "y")}, separators=(",", ":"), sort_keys=True)
    return b64u(hashlib.sha256(text.encode()).digest())


def jws(d, header, payload):
    """header and payload: dicts, or bytes that are taken as they are."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    signed = ".".join(b64u(part) for part in parts)
    return signed + "." + b64u(sign(d, signed.encode()))


def with_signature(token, change):
    """The same with its signature, as bytes, changed."""
    head, tail = token.rsplit(".", 1)
    return head + "." + b64u(change(unb64u(tail)))


class Signer:
    """A client's private key. None as the value of a claim or header member leaves it out."""

    def __init__(self, path, client, issuer):
        with open(path, encoding="utf-8") as f:
            self.jwk = json.load(f)
        self.d, self.client, self.issuer = number(self.jwk["d"]), client, issuer

    def claims(self, **changed):
        now = int(time.time())
        fine = {"iss": self.client, "sub": self.client, "aud": self.issuer, "exp": now + 60, "iat": now, "jti": secrets.token_hex(12)}
        return {k: v for k, v in {**fine, **changed}.items() if v is not None}

    def header(self, **changed):
        return {k: v for k, v in {"alg": "ES256", "kid": self.jwk.get("kid"), **changed}.items() if v is not None}

    def assertion(self, header=None, **claims):
        return jws(self.d, self.header(**(header or {})), self.claims(**claims))


def _verify_rs256(key, message, signature):
    n, e = int.from_bytes(unb64u(key["n"]), "big"), int.from_bytes(unb64u(key["e"]), "big")
    size = (n.bit_length() + 7) // 8
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(message).digest()
    padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return len(signature) == size and pow(int.from_bytes(signature, "big"), e, n).to_bytes(size, "big") == padded


def _verify_eddsa(key, message, signature):
    parts = {"key": bytes.fromhex("302a300506032b6570032100") + unb64u(key["x"]), "in": message, "sig": signature}
    with tempfile.TemporaryDirectory(prefix="ambit-test-") as folder:
        for name, data in parts.items():
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", "-rawin", "-in", "in",
                               "-sigfile", "sig"], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    return done.returncode == 0


def verify_ed25519(x, message, signature):
    """RFC 8032, by a public key as base64url."""
    return _verify_eddsa({"x": x}, message, signature)


def verify_jws(token, key):
    """A compact JWS by one public JWK: ES256, RS256 or EdDSA, as the key's `alg` says."""
    message, _, signature = token.rpartition(".")
    message, signature = message.encode(), unb64u(signature)
    if key["alg"] == "ES256":
        x, y = (int.from_bytes(unb64u(key[name]), "big") for name in "xy")
        return verify(x, y, message, signature)
    return {"RS256": _verify_rs256, "EdDSA": _verify_eddsa}[key["alg"]](key, message, signature)
