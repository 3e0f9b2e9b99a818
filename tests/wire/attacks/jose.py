# SPDX-License-Identifier: Apache-2.0
"""Signed objects and tokens: assertions that are not quite right, and access tokens that were touched."""
import base64
import hashlib
import hmac
import json
import time

from jose import N, b64u, jws, thumbprint, unb64u, with_signature

REFUSED = "401 invalid_client"


def der(raw):
    return b"\x30\x44\x02\x20" + raw[:32] + b"\x02\x20" + raw[32:]


def other_trailing_bits(token):
    """64 bytes leave four bits of the last character unused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def hs256(secret, header, claims):
    """Algorithm confusion: the public key's bytes taken for a shared secret."""
    signed = ".".join(b64u(json.dumps(part).encode()) for part in (header, claims))
    return signed + "." + b64u(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


def headers_and_claims(issuer):
    now = int(time.time())
    return {
        "CLI-9 typ at+jwt": ({"typ": "at+jwt"}, {}), "CLI-9 typ dpop+jwt": ({"typ": "dpop+jwt"}, {}),
        "JWS-4 typ secevent+jwt": ({"typ": "secevent+jwt"}, {}), "JWS-4 typ a number": ({"typ": 1}, {}),
        "JWS-4 typ empty": ({"typ": ""}, {}),
        "JWS-2 alg none": ({"alg": "none"}, {}), "JWS-2 alg None": ({"alg": "None"}, {}), "JWS-2 alg nOnE": ({"alg": "nOnE"}, {}),
        "JWS-2 alg HS256": ({"alg": "HS256"}, {}), "JWS-2 alg HS512": ({"alg": "HS512"}, {}), "JWS-2 alg ES384": ({"alg": "ES384"}, {}),
        "JWS-2 alg ES256K": ({"alg": "ES256K"}, {}), "JWS-2 alg EdDSA with an EC key": ({"alg": "EdDSA"}, {}),
        "JWS-2 alg RS256 with an EC key": ({"alg": "RS256"}, {}), "JWS-2 alg es256": ({"alg": "es256"}, {}),
        "JWS-2 alg empty": ({"alg": ""}, {}), "JWS-2 alg missing": ({"alg": None}, {}), "JWS-2 alg a list": ({"alg": ["ES256"]}, {}),
        "JWS-3 crit": ({"crit": ["exp"]}, {}), "JWS-3 b64 false": ({"b64": False, "crit": ["b64"]}, {}),
        "JWS-3 crit empty": ({"crit": []}, {}), "JWS-3 crit with alg": ({"crit": ["alg"]}, {}), "JWS-3 crit a text": ({"crit": "exp"}, {}),
        "JWS-9 a kid that is not there": ({"kid": "nobody"}, {}), "JWS-9 a kid that is a path": ({"kid": "../../../etc/passwd"}, {}),
        "JWS-9 a kid that is a query": ({"kid": "' OR '1'='1"}, {}), "JWS-9 a kid that is a URL": ({"kid": "https://evil.example/k"}, {}),
        "JWS-9 a kid that is a number": ({"kid": 1}, {}),
        "RFC 7516 enc beside it": ({"alg": "dir", "enc": "A128GCM"}, {}), "RFC 7516 zip": ({"zip": "DEF", "alg": "RSA-OAEP"}, {}),
        "CLI-7 aud the token endpoint": ({}, {"aud": issuer + "/token"}), "CLI-7 aud the revocation endpoint": ({}, {"aud": issuer + "/revoke"}),
        "CLI-7 aud with a slash": ({}, {"aud": issuer + "/"}), "CLI-7 aud with a fragment": ({}, {"aud": issuer + "#"}),
        "CLI-7 aud with a query": ({}, {"aud": issuer + "?"}), "CLI-7 aud with a default port": ({}, {"aud": "http://127.0.0.1:80"}),
        "CLI-7 aud by another name": ({}, {"aud": issuer.replace("127.0.0.1", "localhost")}),
        "CLI-7 aud two values": ({}, {"aud": [issuer, "https://other.example"]}), "CLI-7 aud two, ours last": ({}, {"aud": ["https://o.example", issuer]}),
        "CLI-7 aud twice": ({}, {"aud": [issuer, issuer]}), "CLI-7 aud a list in a list": ({}, {"aud": [[issuer]]}),
        "CLI-7 aud missing": ({}, {"aud": None}), "CLI-7 aud empty": ({}, {"aud": []}), "CLI-7 aud an empty text": ({}, {"aud": ""}),
        "CLI-7 aud a number": ({}, {"aud": 1}), "CLI-7 aud an object": ({}, {"aud": {issuer: True}}), "CLI-7 aud in capitals": ({}, {"aud": issuer.upper()}),
        "CLI-7 aud with a blank": ({}, {"aud": issuer + " "}), "CLI-7 aud with NUL": ({}, {"aud": issuer + "\0"}),
        "CLI-6 iss another": ({}, {"iss": "remediator"}), "CLI-6 sub another": ({}, {"sub": "remediator"}),
        "CLI-6 iss and sub another's": ({}, {"iss": "remediator", "sub": "remediator"}),
        "CLI-6 iss the issuer": ({}, {"iss": issuer}), "CLI-6 sub with a blank": ({}, {"sub": "reporter "}), "CLI-6 sub in capitals": ({}, {"sub": "REPORTER"}),
        "CLI-3 iss and sub nobody's": ({}, {"iss": "nobody", "sub": "nobody"}), "CLI-6 iss and sub a person's": ({}, {"iss": "dana", "sub": "dana"}),
        "CLI-6 iss and sub a service's": ({}, {"iss": "payments-api", "sub": "payments-api"}),
        "CLI-6 iss missing": ({}, {"iss": None}), "CLI-6 sub missing": ({}, {"sub": None}), "CLI-6 sub a list": ({}, {"sub": ["reporter"]}),
        "CLI-6 exp past": ({}, {"exp": now - 60}), "CLI-6 exp missing": ({}, {"exp": None}), "CLI-6 exp a text": ({}, {"exp": str(now + 60)}),
        "CLI-6 exp true": ({}, {"exp": True}), "CLI-6 exp 0": ({}, {"exp": 0}),
        "CLI-10 exp 700 s ahead": ({}, {"exp": now + 700}), "CLI-10 exp in milliseconds": ({}, {"exp": (now + 60) * 1000}),
        "JWS-10 exp negative": ({}, {"exp": -1}), "JWS-10 exp beyond 2^53": ({}, {"exp": 2 ** 60}),
        "CLI-10 iat 100 s ahead": ({}, {"iat": now + 100}), "CLI-10 iat 700 s old": ({}, {"iat": now - 700}), "CLI-10 iat a text": ({}, {"iat": "x"}),
        "CLI-6 nbf not reached": ({}, {"nbf": now + 100}), "CLI-6 nbf a text": ({}, {"nbf": "0"}),
        "CLI-11 jti missing": ({}, {"jti": None}), "CLI-11 jti empty": ({}, {"jti": ""}), "CLI-11 jti a number": ({}, {"jti": 5}),
        "HTP-13 jti of 257 bytes": ({}, {"jti": "a" * 257}),
    }


def bent(world):
    """Objects whose form is wrong, or whose signature is not the client's."""
    signer = world.signer
    head, claims = json.dumps(signer.header()).encode(), json.dumps(signer.claims()).encode()
    fine = signer.assertion
    public = {m: signer.jwk[m] for m in ("kty", "crv", "x", "y")}
    own = {**public, "x": b64u(b"\x01" * 32), "y": b64u(b"\x02" * 32)}
    raw_key = unb64u(public["x"]) + unb64u(public["y"])
    return {
        "JWS-1 padding": fine() + "=", "JWS-1 a blank": fine() + " ", "JWS-1 a line feed": fine() + "\n", "JWS-1 four parts": fine() + ".x",
        "JWS-1 five parts (JWE)": "a.b.c.d.e", "JWS-1 two parts": fine().rsplit(".", 1)[0], "JWS-1 two objects": fine() + fine(),
        "JWS-1 standard base64": fine().replace("-", "+").replace("_", "/") + "+",
        "JWS-1 the JSON form": json.dumps({"payload": b64u(claims), "protected": b64u(head), "signature": fine().rsplit(".", 1)[1]}),
        "JWS-1 no signature": fine().rsplit(".", 1)[0] + ".", "JWS-1 other trailing bits": other_trailing_bits(fine()),
        "JWS-1 alg none, unsigned": ".".join([b64u(b'{"alg":"none"}'), b64u(claims), ""]),
        "JWS-2 HMAC by the public key": hs256(raw_key, {"alg": "HS256", "kid": signer.jwk["kid"]}, signer.claims()),
        "JWS-2 HMAC by the published JWK": hs256(json.dumps(public).encode(), {"alg": "HS256"}, signer.claims()),
        "JWS-2 HMAC by nothing": hs256(b"", {"alg": "HS256"}, signer.claims()),
        "JWS-5 a short signature": with_signature(fine(), lambda s: s[:63]), "JWS-5 a long signature": with_signature(fine(), lambda s: s + b"\0"),
        "JWS-5 a DER signature": with_signature(fine(), der), "JWS-5 zeroes (CVE-2022-21449)": with_signature(fine(), lambda s: bytes(64)),
        "JWS-5 r is 0": with_signature(fine(), lambda s: bytes(32) + s[32:]), "JWS-5 s is 0": with_signature(fine(), lambda s: s[:32] + bytes(32)),
        "JWS-5 r is n": with_signature(fine(), lambda s: N.to_bytes(32, "big") + s[32:]),
        "JWS-5 s is n": with_signature(fine(), lambda s: s[:32] + N.to_bytes(32, "big")),
        "JWS-5 r and s changed about": with_signature(fine(), lambda s: s[32:] + s[:32]),
        "JWS-5 one bit": with_signature(fine(), lambda s: s[:-1] + bytes([s[-1] ^ 1])),
        "JWS-8 another's key": jws(12345, signer.header(), signer.claims()),
        "JWS-9 a key of its own in the header": jws(12345, signer.header(jwk=own, kid=None), signer.claims()),
        "JWS-9 and its thumbprint as kid": jws(12345, signer.header(jwk=own, kid=thumbprint(own)), signer.claims()),
        "JWS-9 a jku": jws(12345, signer.header(jku="https://evil.example/jwks"), signer.claims()),
        "JWS-9 an x5u": jws(12345, signer.header(x5u="https://evil.example/c.pem"), signer.claims()),
        "JWS-9 an x5c": jws(12345, signer.header(x5c=[base64.b64encode(b"0").decode()]), signer.claims()),
        "HTP-14 a claim twice": jws(signer.d, head, claims[:-1] + b',"aud":"' + world.issuer.encode() + b'"}'),
        "HTP-14 a claim twice, escaped": jws(signer.d, head, claims[:-1] + b',"su\\u0062":"remediator"}'),
        "HTP-14 a header member twice": jws(signer.d, b'{"alg":"ES256","alg":"ES256"}', claims),
        "HTP-14 bytes behind": jws(signer.d, head, claims + b" x"), "HTP-14 a byte order mark": jws(signer.d, head, b"\xef\xbb\xbf" + claims),
        "HTP-14 not UTF-8": jws(signer.d, head, claims[:-1] + b',"x":"\xff"}'), "HTP-13 17 deep": jws(signer.d, head, claims[:-1] + b',"x":' + b"[" * 17 + b"]" * 17 + b"}"),
        "HTP-13 2,000 deep": jws(signer.d, head, b"[" * 2000), "JWS-1 claims are a list": jws(signer.d, head, b"[]"),
        "JWS-1 the header is a list": jws(signer.d, b"[]", claims), "JWS-1 claims are empty": jws(signer.d, head, b""),
        "JWS-10 exp of 1e999": jws(signer.d, head, claims.replace(b'"exp": 1', b'"exp": 1e999, "x": 1')),
        "JWS-10 exp NaN": jws(signer.d, head, claims.replace(b'"exp": 1', b'"exp": NaN, "x": 1')),
        "HTP-13 17 kB": "a" * 17000 + ".b.c", "HTP-13 17 kB of one claim": jws(signer.d, head, claims[:-1] + b',"x":"' + b"a" * 13000 + b'"}'),
        "JWS-1 nothing like it": "x", "JWS-1 dots alone": "..", "JWS-1 an access token": world.token,
    }


def touched(world):
    """Access tokens that are not as they were given: where the row is found by them, none may be taken."""
    token = world.fresh()
    head, payload, signature = token.split(".")
    given = json.loads(unb64u(payload))

    def with_claims(**changed):
        members = {k: v for k, v in {**given, **changed}.items() if v is not None}
        return f"{head}.{b64u(json.dumps(members, separators=(',', ':')).encode())}.{signature}"
    return {
        "ATJ-5 another rnd": with_claims(rnd=b64u(bytes(16))), "ATJ-5 another jti": with_claims(jti=b64u(b"\x01" * 16)), "ATJ-5 no rnd": with_claims(rnd=None),
        "ATJ-5 rnd a number": with_claims(rnd=5), "ATJ-5 rnd padded": with_claims(rnd=given["rnd"] + "=="), "ATJ-5 rnd cut": with_claims(rnd=given["rnd"][:-1]),
        "ATJ-5 rnd empty": with_claims(rnd=""), "ATJ-5 jti and rnd changed about": with_claims(jti=given["rnd"], rnd=given["jti"]),
        "JWS-1 no signature part": f"{head}.{payload}", "JWS-1 empty signature": f"{head}.{payload}.", "JWS-1 four parts": token + ".x", "JWS-1 empty head": f".{payload}.{signature}",
        "JWS-1 the payload alone": payload, "JWS-1 a blank before": " " + token, "JWS-1 a blank behind": token + " ", "JWS-1 padding": token + "=",
        "ATJ-5 rnd alone": given["rnd"], "ATJ-5 jti alone": given["jti"], "HTP-14 jti twice": f"{head}.{b64u(json.dumps(given)[:-1].encode() + b', ' + json.dumps({'jti': given['jti']}).encode()[1:])}.{signature}",
        "HTP-13 17 kB": "a" * 17000, "HTP-13 deep": f"{head}.{b64u(b'[' * 4000)}.{signature}", "JWS-4 an assertion": world.signer.assertion(),
        "ATJ-5 of another broker": jws(12345, {"alg": "ES256", "typ": "at+jwt"}, {**given, "rnd": b64u(b"\x07" * 16)}),
    }


def rows(world):
    for name, (header, claims) in headers_and_claims(world.issuer).items():
        text = world.signer.assertion(header, **claims)
        yield name, lambda w, text=text: w.assertion(text), REFUSED
    for name, text in bent(world).items():
        yield name, lambda w, text=text: w.assertion(text), REFUSED
    used = world.signer.assertion()
    world.assertion(used)
    mirrored = with_signature(used, lambda s: s[:32] + (N - int.from_bytes(s[32:], "big")).to_bytes(32, "big"))
    for path in ("/token", "/introspect", "/revoke"):
        yield f"CLI-11 an assertion again, at {path}", lambda w, path=path: w.assertion(used, path, token="x"), REFUSED
    yield "CLI-11 the other s of a used signature", lambda w: w.assertion(mirrored), REFUSED
    for name, text in touched(world).items():
        yield f"INT-3 {name}: introspected", lambda w, text=text: w.client.introspect(text), "inactive"
        yield f"AZN-18 {name}: evaluated", lambda w, text=text: w.evaluate(json.dumps(w.question(text))), "denied inactive"
        yield f"REV-2 {name}: revoked", lambda w, text=text: w.client.revoke(text), "empty"
