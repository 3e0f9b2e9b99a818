#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: KEY-1, KEY-2, KEY-3, KEY-4, D-4: an admin has another key sign while tokens are asked for; every token that was
given verifies by the published set; a kill between any two steps leaves one key that signs."""
import base64
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import GONE, Broker, Tap, Threads  # noqa: E402
from jose import verify_jws  # noqa: E402


def jwks(client):
    return client.call("GET", "/jwks").json["keys"]


def header(token):
    part = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def fits(token, keys):
    """KEY-2: exactly one published key fits the header, and the signature is its own."""
    head = header(token)
    found = [k for k in keys if k["kid"] == head["kid"] and k["alg"] == head["alg"] and k["use"] == "sig"]
    return len(found) == 1 and verify_jws(token, found[0])


def rotate(client, who="lee", **members):
    return client.person(who, "POST", "/v1/keys/rotate", {"reason": "a test", **members})


def published_ahead(tap, broker, client):
    before = jwks(client)
    tap.ok(len(before) == 1 and before[0]["alg"] == "ES256" and not set(before[0]) & {"d", "p", "q"}, "KEY-1: one key, its public half", before)
    tap.ok(rotate(client, "dana").status == 403 and rotate(client, reason="").status == 400 and
           client.person("lee", "POST", "/v1/keys/rotate", {"reason": "x", "soon": True}).status == 400, "admins rotate, and say why")
    told = rotate(client)
    tap.ok(told.status == 200 and told.json["state"] == "next" and told.json["withdrawn"] == 0, "KEY-3: the next key is made", told)
    both = jwks(client)
    token = client.token().json["access_token"]
    tap.ok(len({k["kid"] for k in both}) == 2 and header(token)["kid"] == before[0]["kid"] and fits(token, both),
           "KEY-2, KEY-3: it is published and does not sign", both)
    tap.ok(rotate(client).status == 409, "one waits at a time")
    listed = {k["state"]: k for k in client.person("lee", "GET", "/v1/keys").json["keys"]}
    lead = listed["next"]["signs_from"] > listed["next"]["published_at"]
    tap.ok(set(listed) == {"next", "current"} and lead and client.person("sam", "GET", "/v1/keys").status == 403, "GET /v1/keys", listed)
    broker.kill()
    broker.start()
    with broker.client() as again:
        tap.ok({k["kid"] for k in jwks(again)} == {k["kid"] for k in both}, "a kill changes nothing")


def under_load(tap, broker):
    """Tokens are asked for all the time; keys change; each token fits the set published after it."""
    done = []

    def ask():
        tokens = []
        with broker.client() as client:
            while not done:
                answer = client.token()
                tokens.append(answer.json["access_token"] if answer.status == 200 else None)
        return tokens

    asking = Threads([ask, ask, ask])
    with broker.client() as client:
        for _ in range(5):
            told = rotate(client, now=True)
            tap.ok(told.status == 200 and told.json["state"] == "current", "a key signs at once", told)
            time.sleep(0.1)
        done.append(True)
        tokens = sum(asking.join(), [])
        keys = jwks(client)
        used = {header(t)["kid"]: t for t in tokens if t}
        tap.ok(None not in tokens and len(used) >= 4 and all(fits(t, keys) for t in used.values()),
               f"KEY-3: {len(tokens)} tokens of {len(used)} keys all verify", sorted(used))
        live = client.introspect(tokens[0])
        tap.ok(live.json["active"] is True, "a token of an old key is as good as before")
        told = rotate(client, withdraw=True)
        keys = jwks(client)
        tap.ok(told.json["withdrawn"] >= 5 and len(keys) == 1 and not fits(tokens[0], keys), "what was withdrawn is published no more", told)
        tap.ok(client.introspect(tokens[0]).json["active"] is True, "and whoever asks is told of the grant, not of the signature")


def killed(tap, broker):
    """Between any two steps: there is one key that signs, and the record verifies."""
    for i in range(3):
        with broker.client() as client:
            token = client.token().json["access_token"]

            def turn():
                with broker.client() as other:
                    try:
                        while True:
                            rotate(other, now=True)
                    except GONE:
                        return None
            turning = Threads([turn])
            time.sleep(0.03 * (i + 1))
            broker.kill()
            turning.join()
        broker.start()
        with broker.client() as client:
            keys = jwks(client)
            fresh = client.token().json["access_token"]
            files = [f for f in os.listdir(os.path.join(broker.state, "keys")) if f.endswith(".jwk")]
            tap.ok(fits(token, keys) and fits(fresh, keys) and len(files) >= 1, f"KEY-3: kill {i + 1}: old and new tokens verify", files)


def algorithms(tap):
    """KEY-4, D-4: RS256 of 2048 bits, and EdDSA."""
    for alg, kty in (("RS256", "RSA"), ("EdDSA", "OKP")):
        with Broker(env={"AMBIT_KEYS_ALGORITHM": alg}) as broker, broker.client() as client:
            key = jwks(client)[0]
            token = client.token().json["access_token"]
            size = len(key.get("n", "")) * 6 >= 2048 if kty == "RSA" else True
            tap.ok(key["alg"] == alg and key["kty"] == kty and size and header(token)["alg"] == alg and fits(token, [key]), f"KEY-4, D-4: {alg}", key)


def verbs(tap, broker):
    lee = os.path.join(broker.state, "credentials", "lee.token")
    words = ["--state", broker.state, "--token-file", lee]
    done = broker.ambit("key", "rotate", "--reason", "by hand", *words)
    tap.ok(done.returncode == 0 and b"next" in done.stdout, "ambit key rotate", done)
    tap.ok(broker.ambit("key", "rotate", "--reason", "again", *words).returncode == 1, "twice is no")
    done = broker.ambit("keys", *words)
    tap.ok(done.returncode == 0 and b"current" in done.stdout and b"next" in done.stdout, "ambit keys", done)


def main():
    tap = Tap()
    with Broker() as broker:
        with broker.client() as client:
            published_ahead(tap, broker, client)
        under_load(tap, broker)
        verbs(tap, broker)
        killed(tap, broker)
        with broker.client() as client:
            types = [e["type"] for e in client.events(0) if e["type"].startswith("key.")]
            tap.ok(types[0] == "key.created" and "key.retired" in types and
                   all(e.get("person") == "lee" for e in client.events(0, type="key.created") if e.get("words")), "each change is recorded, with who and why", types[:8])
        broker.stop()
        code, said = broker.verify()
        tap.ok(code == 0 and said["ok"], "the record holds, keys and all", said)
    algorithms(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
