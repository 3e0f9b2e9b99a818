#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: on a full disk (a small tmpfs) grants and decisions are answered 503, stops, revocations
and clears are still taken, reading goes on, and all is well again when space returns."""
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import SLOW, Broker, Tap, claims, skip_all  # noqa: E402
from load import Seen  # noqa: E402

DISK = 92 << 20
BALLAST = 60 << 20
LIMITS = {"store_bytes": 1 << 30, "store_grow_bytes": 2 << 20, "store_reserve_bytes": 4 << 20}


def fill(broker, client, seen, until_s=120):
    """Tokens until the broker is full; the last two tokens given, and the answer that refused."""
    kept, begun = [], time.monotonic()
    while time.monotonic() - begun < until_s:
        answer = client.token()
        if answer.status != 200:
            return kept, answer
        token = answer.json["access_token"]
        seen.add("grant.issued", claims(token)["jti"])
        kept = [*kept[-199:], token]
    return kept, None


def full(tap, client, kept, refused, seen):
    """What holds while there is no space."""
    tap.ok(refused is not None and refused.status == 503, "a grant is answered 503", refused)
    tap.ok(refused is not None and refused.json.get("error") == "temporarily_unavailable", "in words a client knows", refused)
    tap.ok(refused is not None and refused.headers.get("Retry-After"), "with Retry-After", refused and refused.headers)
    ready = client.call("GET", "/readyz")
    tap.ok((ready.status, ready.json["status"]) == (503, "full"), "readiness says full", ready)
    tap.ok(client.call("GET", "/healthz").status == 200, "liveness goes on")
    answer = client.evaluate(kept[0])
    tap.ok(answer.status == 503 or not answer.json["decision"], "nothing is allowed", answer)
    answer = client.introspect(kept[0])
    tap.ok(answer.status == 200 and answer.json["active"], "introspection goes on", answer)
    tap.ok(client.person("dana", "GET", "/v1/events?limit=5").status == 200, "the record is read")
    answer = client.revoke(kept[0])
    if tap.ok(answer.status == 200, "a revocation is taken", answer):
        seen.add("grant.revoked", claims(kept[0])["jti"])
    tap.ok(client.introspect(kept[0]).json == {"active": False}, "and is in force")
    answer = client.stop("agent:remediator")
    tap.ok(answer.status == 201 and answer.json["recorded"] == "yes", "a stop is taken and recorded", answer)
    seen.add("stop.raised", answer.json.get("stop"))
    tap.ok(client.introspect(kept[1]).json == {"active": False}, "and is in force")
    answer = client.clear(answer.json.get("stop"))
    tap.ok(answer.status == 200, "a clear is taken", answer)


def figure(client, name):
    for line in client.call("GET", "/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return int(line.split()[1])
    return None


def index_waits(tap, folder, client, broker):
    """The search index shares the disk: it leaves the record four reserves, and says that it waits."""
    until = time.monotonic() + 30 * SLOW
    while figure(client, "ambit_search_held") != 1 and time.monotonic() < until:
        time.sleep(0.2)
    tap.ok(figure(client, "ambit_search_held") == 1 and figure(client, "ambit_search_behind_events") > 0, "the search index waits", figure(client, "ambit_search_behind_events"))
    used = sum(os.stat(os.path.join(folder, "home", "state", "search", name)).st_blocks * 512 for name in ("data.mdb", "lock.mdb"))
    tap.ok(used <= DISK - BALLAST - 4 * LIMITS["store_reserve_bytes"], "and took nothing of what is the record's", used)
    while b"the search index does not follow the record" not in broker.said() and time.monotonic() < until:
        time.sleep(0.2)
    tap.ok(b"the search index does not follow the record" in broker.said(), "and the log says that it waits")


def index_goes_on(tap, client, broker):
    until = time.monotonic() + 60 * SLOW
    while figure(client, "ambit_search_held") != 0 or figure(client, "ambit_search_behind_events") > 8:
        if time.monotonic() > until:
            break
        time.sleep(0.2)
    behind = figure(client, "ambit_search_behind_events")
    tap.ok(behind <= 8, "and the search index catches up", behind)


def last_reserve(tap, client, kept, seen):
    """Below the second mark revocations end and people's stops go on."""
    refused = None
    for _ in range(4000):
        answer = client.revoke(kept[-1])
        if answer.status == 503:
            refused = answer
            break
        answer = client.stop("agent:reporter")
        if answer.status != 201:
            break
        seen.add("stop.raised", answer.json["stop"])
        if client.clear(answer.json["stop"]).status == 503:
            refused = answer
            break
    tap.note(f"below the second mark: {'reached' if refused else 'not reached'}")
    answer = client.stop("agent:reporter", reason="at the very end of the disk")
    tap.ok(answer.status == 201, "a person's stop is taken at the very end", answer)
    if answer.status == 201:
        seen.add("stop.raised", answer.json["stop"])
        client.clear(answer.json["stop"])


def main():
    if os.geteuid() != 0:
        skip_all("a small tmpfs takes root")
    folder = tempfile.mkdtemp(prefix="ambit-full-")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "ambit", folder]).returncode != 0:
        os.rmdir(folder)
        skip_all("no tmpfs can be mounted here")
    tap, log = Tap(), folder + ".log"
    try:
        ballast = os.path.join(folder, "ballast")
        with open(ballast, "wb") as f:
            f.write(b"\0" * BALLAST)
        home = os.path.join(folder, "home")
        os.mkdir(home)
        broker = Broker(home=home, limits=LIMITS, start=False)
        broker.log = log  # what it says has room
        broker.start()
        with broker, broker.client() as client:
            seen = Seen()
            kept, refused = fill(broker, client, seen)
            tap.note(f"full after {len(seen.facts)} grants")
            full(tap, client, kept, refused, seen)
            index_waits(tap, folder, client, broker)
            last_reserve(tap, client, kept, seen)
            os.unlink(ballast)
            until, answer = time.monotonic() + 15, None
            while time.monotonic() < until and (answer is None or answer.status != 200):
                time.sleep(0.2)
                answer = client.token()
            tap.ok(answer.status == 200, "grants are given again once there is space", answer)
            ready = client.call("GET", "/readyz")
            tap.ok(ready.status == 200, "and readiness says so", ready)
            index_goes_on(tap, client, broker)
            stops = [s["stop"] for s in client.person("lee", "GET", "/v1/stops?state=in_force").json["stops"]]
            for stop in stops:
                client.clear(stop)
            answer = client.evaluate(client.token().json["access_token"])
            tap.ok(answer.status == 200 and answer.json["decision"], "actions are allowed again", answer)
            missing = seen.missing(client.events())
            tap.ok(not missing, "nothing answered is missing from the record", missing[:10])
            tap.ok(broker.stop() == 0, "it stops in order")
            status, said = broker.verify()
            tap.ok(status == 0, "the record verifies", said)
    finally:
        subprocess.run(["umount", "-l", folder])
        os.rmdir(folder)
        os.unlink(log)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
