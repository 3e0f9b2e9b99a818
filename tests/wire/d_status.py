#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: TSL-1 to TSL-10, D-11: a service that checks signatures alone learns from a status list, within seconds, which grants
are dead: revoked, stopped by agent, by policy or all at once, delegated from what was; INT-8: introspection as a signed answer."""
import gzip
import json
import os
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import SLOW, Broker, Tap, Threads, claims  # noqa: E402
from jose import unb64u, verify_jws  # noqa: E402

LIST = "application/statuslist+jwt"
SIGNED = "application/token-introspection+jwt"
TTL = 10


def keys(client):
    return {k["kid"]: k for k in client.call("GET", "/jwks").json["keys"]}


def opened(client, text, typ):
    """The claims of a JWT of ours, its signature checked; None: it does not hold."""
    head = json.loads(unb64u(text.split(".")[0]))
    key = keys(client).get(head["kid"])
    return claims(text) if head["typ"] == typ and key and head["alg"] == key["alg"] and verify_jws(text, key) else None


def path_of(uri):
    return "/" + uri.split("/", 3)[3]


def fetch(client, uri, **headers):
    return client.call("GET", path_of(uri), headers=headers)


def status(client, token):
    """TSL-6, as a consumer does it: 0 or 1, or why not."""
    place = claims(token)["status"]["status_list"]
    answer = fetch(client, place["uri"], Accept=LIST)
    if answer.status != 200:
        return answer.status
    told = opened(client, answer.body.decode(), "statuslist+jwt")
    now = time.time()
    if told is None or told["sub"] != place["uri"] or told["exp"] <= now or told["iat"] > now + 30 or told["status_list"]["bits"] != 1:
        return told
    bits = zlib.decompress(unb64u(told["status_list"]["lst"]))
    return bits[place["idx"] // 8] >> (place["idx"] % 8) & 1 if place["idx"] < len(bits) * 8 else "out of range"


def becomes(client, token, wanted, seconds=6):
    until = time.monotonic() + seconds * SLOW
    while time.monotonic() < until:
        if status(client, token) == wanted:
            return True
        time.sleep(0.1)
    return False


def give(client, scope="ticket.read[ticket:**]", **fields):
    return client.token(scope, **fields).json["access_token"]


def forms(tap, client):
    token = give(client)
    place = claims(token)["status"]["status_list"]
    tap.ok(isinstance(place["idx"], int) and place["idx"] >= 0 and place["uri"].startswith(claims(token)["iss"] + "/status/"), "TSL-1: the token says where", place)
    tap.ok("status" not in claims(give(client, requested_lifetime="10")), "TSL-9: a token that lives no longer than the list's ttl says nothing")
    plain = fetch(client, place["uri"])
    told = opened(client, plain.body.decode(), "statuslist+jwt")
    tap.ok(plain.status == 200 and plain.headers["Content-Type"] == LIST and told and told["sub"] == place["uri"] and told["ttl"] == TTL
           and told["exp"] > told["iat"], "TSL-2, TSL-5, TSL-8: signed, typed, for ten seconds", told)
    packed = unb64u(told["status_list"]["lst"])
    tap.ok(packed[0] == 0x78 and len(zlib.decompress(packed)) == 1024 // 8, "TSL-3, TSL-7: zlib, of the size configured, however many there are")
    small = fetch(client, place["uri"], **{"Accept-Encoding": "gzip"})
    tap.ok(small.headers["Content-Encoding"] == "gzip" and gzip.decompress(small.body).count(b".") == 2 and small.headers["Vary"] == "Accept-Encoding", "TSL-5: gzip")
    rows = [("application/statuslist+cwt", 406), ("text/html", 406), ("*/*", 200), ("application/*;q=0.1", 200), (LIST + ";q=0", 406)]
    for accept, wanted in rows:
        tap.ok(fetch(client, place["uri"], Accept=accept).status == wanted, f"TSL-5: Accept: {accept} is {wanted}")
    other = place["uri"].rsplit("-", 1)[0] + "-00000000"
    tap.ok(fetch(client, other).status == 404 and client.call("GET", "/status/9999999").status == 404 and
           client.call("POST", path_of(place["uri"]), "").status == 405, "a list that is not there")
    all_lists = client.call("GET", "/status")
    endpoint = client.call("GET", "/.well-known/oauth-authorization-server").json["status_list_aggregation_endpoint"]
    tap.ok(place["uri"] in all_lists.json["status_lists"] and all_lists.headers["Content-Type"] == "application/json" and path_of(endpoint) == "/status",
           "TSL-10: all lists", all_lists)
    found = {claims(give(client))["status"]["status_list"]["idx"] for _ in range(40)}
    tap.ok(len(found) == 40 and max(found) - min(found) > 100, "TSL-7: places are spread, and none is used twice", sorted(found)[:5])


def dead(tap, broker, client):
    one, two, three = give(client), give(client), give(client)
    tap.ok(status(client, one) == 0 and status(client, two) == 0, "TSL-4: valid")
    client.revoke(one)
    tap.ok(becomes(client, one, 1) and status(client, two) == 0, "TSL-4: revoked is invalid, and it alone")
    restart = give(client, "service.restart[svc:staging/**]")
    stop = client.stop("policy:restart-services")
    tap.ok(becomes(client, restart, 1) and status(client, two) == 0, "a stop of a policy, on what it gave")
    client.clear(stop.json["stop"])
    stop = client.stop("agent:remediator")
    tap.ok(becomes(client, two, 1) and status(client, three) == 1, "D-11: a stop of the agent")
    client.clear(stop.json["stop"])
    late = give(client)
    tap.ok(becomes(client, late, 0) and status(client, two) == 1, "D-11: cleared, it revives nothing; what is new is valid")
    broker.kill()
    broker.start()
    with broker.client() as again:
        place = claims(late)["status"]["status_list"]
        tap.ok(fetch(again, place["uri"]).status == 200, "the lists are there after a kill")
        bits = zlib.decompress(unb64u(claims(fetch(again, place["uri"]).body.decode())["status_list"]["lst"]))
        said = [bits[p["idx"] // 8] >> (p["idx"] % 8) & 1 for p in (claims(t)["status"]["status_list"] for t in (one, two, late))]
        tap.ok(said == [1, 1, 0], "and say the same", said)
        again.stop("all")
        fresh = status(again, late)
        until = time.monotonic() + 6 * SLOW
        while fresh != 1 and time.monotonic() < until:
            time.sleep(0.1)
            bits = zlib.decompress(unb64u(claims(fetch(again, place["uri"]).body.decode())["status_list"]["lst"]))
            fresh = bits[place["idx"] // 8] >> (place["idx"] % 8) & 1
        tap.ok(fresh == 1, "a stop of all")


def grows(tap, broker):
    """Past the end of a list there is another, at once."""
    with broker.client() as client:
        for stop in client.person("lee", "GET", "/v1/stops?state=in_force").json["stops"]:
            if stop["target"] != "all":
                client.clear(stop["stop"])
        broker.give_token("kim")
        client.person("lee", "POST", "/v1/documents/reload")
    with broker.client() as client:
        for stop in client.person("lee", "GET", "/v1/stops?state=in_force").json["stops"]:
            for who in ("lee", "kim"):
                client.clear(stop["stop"], who=who)
        first = give(client)
        uri = claims(first)["status"]["status_list"]["uri"]

        def ask():
            token = first
            with broker.client() as own:
                for _ in range(150):
                    token = give(own)
                    if claims(token)["status"]["status_list"]["uri"] != uri:
                        break
            return token
        last = max(Threads([ask] * 8).join(), key=lambda t: claims(t)["status"]["status_list"]["uri"])
        tap.ok(claims(last)["status"]["status_list"]["uri"] != claims(first)["status"]["status_list"]["uri"] and status(client, last) == 0
               and status(client, first) == 0, "TSL-7: the next list stands before its first token", claims(last)["status"])
        client.revoke(first)
        client.revoke(last)
        tap.ok(becomes(client, first, 1) and becomes(client, last, 1), "and both are kept")


def signed_introspection(tap, client):
    token = give(client)

    def ask(accept, text=token):
        return client.call("POST", "/introspect", "token=" + text, {"Content-Type": "application/x-www-form-urlencoded", "Accept": accept,
                                                                    "Authorization": client.broker.basic("payments-api")})
    answer = ask(SIGNED)
    told = opened(client, answer.body.decode(), "token-introspection+jwt")
    plain = client.introspect(token).json
    tap.ok(answer.status == 200 and answer.headers["Content-Type"] == SIGNED and told and told["aud"] == "payments-api" and told["iss"] == plain["iss"]
           and told["token_introspection"] == plain and plain["active"] is True and not set(told) & {"sub", "exp"} and abs(told["iat"] - time.time()) < 30
           and "no-store" in answer.headers["Cache-Control"], "INT-8: the answer, signed for who asked", told)
    gone = opened(client, ask(SIGNED, "x.y.z").body.decode(), "token-introspection+jwt")
    tap.ok(gone["token_introspection"] == {"active": False}, "INT-8: inactive, and no more")
    tap.ok(ask("application/json").headers["Content-Type"] == "application/json" and ask("*/*").headers["Content-Type"] == "application/json",
           "INT-8: JSON unless it is asked for by name")
    algs = client.call("GET", "/.well-known/oauth-authorization-server").json["introspection_signing_alg_values_supported"]
    tap.ok(algs == ["ES256"], "INT-8: metadata", algs)


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        told = client.call("GET", "/.well-known/oauth-authorization-server").json
        tap.ok("status_list_aggregation_endpoint" not in told and "status" not in claims(give(client)) and client.call("GET", "/status").status == 404,
               "TSL-9: off, there is none")
        signed_introspection(tap, client)
    with Broker(env={"AMBIT_STATUS_LIST_TTL": f"{TTL}s", "AMBIT_STATUS_LIST_SIZE": "1024"}) as broker:
        with broker.client() as client:
            forms(tap, client)
            dead(tap, broker, client)
        grows(tap, broker)
        broker.stop()
        code, said = broker.verify()
        tap.ok(code == 0 and said["ok"], "the record holds", said)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
