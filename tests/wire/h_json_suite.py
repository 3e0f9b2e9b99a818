#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: HTP-14 JSONTestSuite (RFC 8259) against every endpoint that takes JSON. What is no JSON is 400 wherever
it stands, whole or as the value of a member; what is JSON and not what the endpoint takes is refused in order;
nothing is answered 5xx, and a good request goes through after each."""
import glob
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import ROOT, Broker, Tap, skip_all  # noqa: E402

VECTORS = os.path.join(os.environ.get("AMBIT_VECTORS") or os.path.join(ROOT, "../shared/vectors"), "jsontestsuite/test_parsing")
ID = "A" * 22
SUBJECT = {"subject": {"type": "access_token", "id": "none"}, "action": {"name": "ticket.read"}, "resource": {"type": "ticket", "id": "1"}}
# Each endpoint: who asks, a body that it reads, whether it passes over members that it does not know (AZN-3).
ENDPOINTS = {
    "/access/v1/evaluation": ("payments-api", SUBJECT, True),
    "/access/v1/evaluations": ("payments-api", {**SUBJECT, "evaluations": [{}]}, True),
    "/access/v1/search/subject": ("payments-api", {**SUBJECT, "subject": {"type": "agent"}}, True),
    "/access/v1/search/resource": ("payments-api", {**SUBJECT, "resource": {"type": "ticket"}}, True),
    "/access/v1/search/action": ("payments-api", {k: v for k, v in SUBJECT.items() if k != "action"}, True),
    "/v1/actions/{x}/outcome": ("payments-api", {"outcome": "succeeded"}, False),
    "/v1/signals": ("payments-api", {"signal": "x", "agent": "remediator"}, False),
    "/v1/stops": ("lee", {"target": "agent:reporter", "reason": "x", "dry_run": True}, False),
    "/v1/stops/{x}/clear": ("lee", {"reason": "x"}, False),
    "/v1/incidents/{x}/acknowledge": ("lee", {}, False),
    "/v1/incidents/{x}/close": ("lee", {"reason": "x"}, False),
    "/v1/approvals/{x}": ("lee", {"answer": "approve", "reason": "x"}, False),
    "/v1/time/acknowledge": ("lee", {"reason": "x"}, False),
    "/v1/keys/rotate": ("lee", {"reason": "x"}, False),
    "/v1/people/{x}/offboard": ("lee", {"reason": "x", "dry_run": True}, False),
    "/v1/documents/confirm": ("dana", {"kind": "agent", "name": "reporter"}, False),
    "/v1/backups": ("lee", {"name": "x", "reason": "x"}, False),
    "/v1/erasures": ("lee", {"target": "agent:reporter", "reason": "x", "dry_run": True}, False),
    "/v1/prune": ("lee", {"before": "2026-01-01T00:00:00Z", "reason": "x", "dry_run": True}, False),
    "/v1/explain": ("dana", {"question": "grant", "agent": "reporter", "items": [], "now": "2026-01-01T00:00:00Z"}, False),
}


def routes_in_source():
    """Every path that a route table of the wire names together with JSON."""
    found = set()
    for name in glob.glob(os.path.join(ROOT, "broker/*/*.c")):
        with open(name, encoding="utf-8") as f:
            text = f.read()
        found |= set(re.findall(r'ACT(?:_AND)?\("([^"]+)"', text))
        found |= set(re.findall(r'^    SEARCH\("([^"]+)"', text, re.M))
        for row in text.split("{.method = ")[1:]:
            path = re.search(r'\.path = "([^"]+)",', row)
            if path and "application/json" in row.split("};")[0]:
                found.add(path[1])
    return found


def texts():
    for name in sorted(glob.glob(VECTORS + "/*.json")):
        with open(name, "rb") as f:
            yield os.path.basename(name)[:-5], f.read()


def whole(name, body, text):
    """The text as the body itself, and what may come back. No body at all is taken where nothing must be said."""
    if not text and not body:
        return text, {404}
    return text, {400, 413} if name[0] == "n" else {200, 202, 400, 404, 409, 413, 422}


def inside(name, body, text, is_tolerant):
    """The text as the value of one more member."""
    head = json.dumps(body)[:-1].encode()
    sent = head + (b", " if body else b"") + b'"unknown": ' + text + b"}"
    if name[0] == "n":
        return sent, {400, 413}
    # Our own reader is stricter in two ways, both said in the README: numbers, and doubled members.
    return sent, {200, 400, 413} if name[0] == "i" or "number" in name or "duplicated" in name or "lonely_negative_real" in name \
        else {200} if is_tolerant else {400}


def battery(tap, broker, client, path, who, body, is_tolerant):
    authorization = broker.basic(who) if who == "payments-api" else f"Bearer {broker.secret(who + '.token')}"
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    url, wrong, sent = path.replace("{x}", "reporter" if "people" in path else ID), [], 0
    for name, text in texts():
        for way, (raw, right) in (("whole", whole(name, body, text)), ("inside", inside(name, body, text, is_tolerant))):
            answer, sent = client.call("POST", url, raw, headers), sent + 1
            if answer.status not in right:
                wrong.append(f"{name} {way}: {answer}")
            if answer.headers.get("Connection") == "close":
                client.close()
        if client.call("GET", "/v1/whoami", headers=headers).status != 200:
            wrong.append(f"{name}: nothing goes through afterwards")
    tap.ok(not wrong and sent > 500, f"HTP-14 {path}: {sent} texts", "\n".join(wrong[:20]) or sent)


def main():
    if not os.path.isdir(VECTORS):
        if os.environ.get("CI") == "true":
            raise RuntimeError(f"vectors absent: {VECTORS}")
        skip_all("vectors absent")
    tap, missing = Tap(), routes_in_source() ^ set(ENDPOINTS)
    tap.ok(not missing, "the endpoints are those of the route tables", sorted(missing))
    with Broker() as broker, broker.client() as client:
        for path in sorted(ENDPOINTS):
            battery(tap, broker, client, path, *ENDPOINTS[path])
        tap.ok(client.token().status == 200, "and a token is given at the end")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
