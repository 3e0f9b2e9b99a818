#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: pages, cursors and filters of the operator API end, hold their bounds, and show each person what is
theirs and nothing else; dry runs and clears answer as they must."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap, claims  # noqa: E402


def pages(client, path, name, limit, place="cursor"):
    """Every row, page by page; gives up after far too many pages."""
    rows, then = [], ""
    for _ in range(300):
        answer = client.person("dana", "GET", f"{path}limit={limit}{then}").json
        rows += answer[name]
        if answer["next"] is None:
            return rows
        then = f"&{place}={answer['next']}"
    return None


def paging(tap, client):
    for limit in (1, 2, 7, 1000):
        got = pages(client, "/v1/grants?state=all&", "grants", limit)
        tap.ok(got is not None and len(got) == 9 and len({g["grant"] for g in got}) == 9, f"grants by {limit}: each once", got)
        for place in ("after", "cursor"):
            got = pages(client, "/v1/events?type=grant.issued&", "events", limit, place)
            tap.ok(got is not None and len(got) == 9, f"events by {limit}, {place}=next: each once", got and len(got))
    before = len(list(client.events(type="person.read")))
    pages(client, "/v1/events?agent=remediator&", "events", 1)
    tap.ok(len(list(client.events(type="person.read"))) <= before + 3, "the pages of one query are one reading on record")


def bounds(tap, client):
    for query in ("limit=0", "limit=-1", "limit=1001", "limit=1000000000", "limit=x", "after=-1", "after=x", "after=1e3", "after=9223372036854775808",
                  "after=18446744073709551615", "after=18446744073709551616", "cursor=x", "cursor=18446744073709551615", "since=x", "since=2026-01-01T00:00:00",
                  "grant=x", "checks=maybe", "form=x", "unknown=1", "limit=1&limit=2", "a=%00", "a=%zz"):
        answer = client.person("dana", "GET", "/v1/events?" + query)
        tap.ok(answer.status == 400 and answer.headers["Content-Type"] == "application/problem+json" and answer.json["reason"] == "malformed"
               and answer.json["status"] == 400, f"events?{query}: 400", answer)
    answer = client.person("dana", "GET", "/v1/events?after=9223372036854775807")
    tap.ok(answer.status == 200 and answer.json["events"] == [] and answer.json["next"] is None, "behind the last sequence there is: nothing", answer)
    answer = client.call("GET", "/v1/events", headers={"Authorization": f"Bearer {client.broker.secret('dana.token')}", "Accept": "text/event-stream",
                                                       "Last-Event-ID": "18446744073709551615"})
    tap.ok(answer.status == 400, "Last-Event-ID beyond all sequences: 400", answer)
    for path in ("grants?cursor=x", "grants?state=x", "stops?cursor=x", "stops?state=x", "grants?limit=0", "stops?limit=1001", "grants?unknown=1"):
        tap.ok(client.person("dana", "GET", "/v1/" + path).status == 400, f"{path}: 400")


def dry_runs(tap, client, grant):
    unknown = ["agent:nobody", "agent:payments-api", "agent:a b", "grant:x", "grant:AAAAAAAAAAAAAAAAAAAAAA", "lineage:x", "team:nope", "owner:nope", "policy:nope"]
    malformed = ["", "agent", "agent:", "ALL", "all ", "all:", "Agent:remediator", " agent:remediator", "service:payments-api", "resource:svc", "resource:svc:",
                 "resource:*:a", "resource:svc:a/../b", "resource:svc:a%41", "resource:svc:***", "resource:svc:*a*b*c*", "resource:svc:**/a/**/b/**"]
    for is_dry in (True, False):
        for target in unknown:
            tap.ok(client.stop(target, dry_run=is_dry).status == 404, f"{target}: 404{', dry' if is_dry else ''}", client.stop(target, dry_run=is_dry))
        for target in malformed:
            tap.ok(client.stop(target, dry_run=is_dry).status == 400, f"{target!r}: 400{', dry' if is_dry else ''}")
    for target, live in {"agent:remediator": 9, "grant:" + grant: 1, "policy:read-tickets": 9, "resource:ticket:**": 9, "all": 9, "agent:reporter": 0}.items():
        answer = client.stop(target, dry_run=True)
        tap.ok(answer.status == 200 and answer.json["dry_run"] is True and answer.json["live_grants"] == live, f"dry run of {target}: {live}", answer)
    tap.ok(client.person("dana", "GET", "/v1/stops?state=all").json["stops"] == [], "and nothing was stopped")


def whose(tap, client, grant):
    """sam owns nothing here: he sees nothing, and learns nothing from what is refused."""
    for path, name in {"grants?state=all": "grants", "stops?state=all": "stops", "events": "events"}.items():
        answer = client.person("sam", "GET", "/v1/" + path)
        tap.ok(answer.status == 200 and answer.json[name] == [] and answer.headers["Cache-Control"] == "no-store", f"sam sees no {name}", answer)
    there = {client.person("sam", "GET", f"/v1/trace/{x}").status for x in (grant, "agent:remediator", "event:3", "agent:nobody", "x")}
    tap.ok(there == {404}, "sam's traces of dana's things and of nothing look the same", there)
    for path in ("/v1/documents/reload", "/v1/time/acknowledge"):
        for who in ("dana", "sam"):
            answer = client.person(who, "POST", path, {"reason": "x"})
            tap.ok(answer.status == 403 and answer.json["reason"] == "role_required", f"{who} at {path}: 403", answer)


def clears(tap, client):
    stop = client.stop("agent:reporter").json["stop"]
    tap.ok(client.clear(stop, who="dana").status == 403, "an owner does not clear what another person raised")
    tap.ok(client.clear(stop, reason="").status == 400, "a clear has a written cause")
    answer = client.clear(stop)
    tap.ok(answer.status == 200 and answer.json["state"] == "cleared" and answer.json["cleared_by"] == "lee" and "cleared_at" in answer.json, "cleared", answer)
    tap.ok(client.clear(stop).status == 409, "twice is 409")
    tap.ok(client.clear("AAAAAAAAAAAAAAAAAAAAAA").status == 404 and client.clear("x").status == 404, "what is no stop is 404")


def unrecordable(tap, client):
    """What is longer than an event may be is an attempt of the agent's, refused as malformed."""
    token = client.token().json["access_token"]
    answer = client.evaluate(token, context={"a": "x" * 40000})
    tap.ok(answer.json["decision"] is False and answer.json["context"]["reason"] == "malformed", "40 kB of context: malformed", answer)
    answer = client.evaluate(token)
    tap.ok(answer.json["decision"] is True, "and the token is none the worse", answer)


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        grant = [claims(client.token().json["access_token"])["jti"] for _ in range(9)][0]
        paging(tap, client)
        bounds(tap, client)
        dry_runs(tap, client, grant)
        whose(tap, client, grant)
        clears(tap, client)
        unrecordable(tap, client)
        tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "ambit verify passes")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
