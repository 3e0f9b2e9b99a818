#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: after a commit that failed (one flush of the writer, failed by system-call injection) the broker is
sealed: nothing is given, revoked or called active (HTP-12, REV-4), stops are in force and go to stops.journal,
liveness goes on; the next start takes the journal into the record before it serves."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap, skip_all  # noqa: E402

FAILING = 30  # the flush of the writer that fails; flushes of other threads are counted apart


def unavailable(answer):
    return answer.status == 503 and answer.headers["Retry-After"] is not None


def sealed(tap, broker, client, kept):
    ready = client.call("GET", "/readyz")
    tap.ok(ready.status == 503 and ready.json == {"status": "sealed"}, "readiness says sealed", ready)
    tap.ok(client.call("GET", "/healthz").status == 200, "liveness goes on")
    tap.ok(b"\nambit_sealed 1\n" in client.call("GET", "/metrics").body, "and the metric says so")
    answer = client.token()
    tap.ok(unavailable(answer) and answer.json["error"] == "temporarily_unavailable", "HTP-12 a grant: 503, never a 4xx", answer)
    tap.ok(unavailable(client.evaluate(kept)), "a decision: 503")
    tap.ok(unavailable(client.introspect(kept)), "introspection: 503, neither active nor inactive")
    tap.ok(unavailable(client.revoke(kept)), "REV-4 a revocation that cannot be completed: 503")
    stop = client.stop("agent:remediator", "a stop while sealed")
    tap.ok(stop.status == 201 and stop.json["state"] == "in_force" and stop.json["recorded"] == "pending" and "seq" not in stop.json,
           "a stop is in force, its record pending", stop)
    tap.ok(unavailable(client.clear(stop.json["stop"])), "a clear: 503")
    tap.ok(unavailable(client.person("lee", "POST", "/v1/time/acknowledge", {"reason": "x"})), "acknowledging the time: 503")
    tap.ok(client.call("GET", "/jwks").status == 200, "what is public goes on")
    tap.ok(client.person("lee", "GET", "/v1/events?limit=1").status == 200, "and so does reading")
    return stop.json


def started_again(tap, broker, client, stop, kept):
    tap.ok(client.call("GET", "/readyz").status == 200, "the next start serves")
    found = client.person("lee", "GET", f"/v1/stops/{stop['stop']}")
    tap.ok(found.status == 200 and found.json["state"] == "in_force" and found.json["by"] == "lee" and found.json["reason"] == "a stop while sealed"
           and found.json["incident"] == stop["incident"], "the journalled stop is in the record, with its words and its person", found)
    tap.ok(client.introspect(kept).json == {"active": False}, "and in force")
    tap.ok(client.token().json["ambit_reason"] == "stopped", "for what is asked anew too")
    sealings = [e["detail"] for e in client.events(type="broker.sealed")]
    tap.ok(len(sealings) == 1 and set(sealings[0]) == {"at", "error"}, "that it sealed, when and why, is in the record", sealings)
    with open(os.path.join(broker.state, "store", "stops.journal"), "rb") as f:
        tap.ok(not any(f.read()), "the journal is empty")
    tap.ok(client.clear(stop["stop"]).status == 200 and client.token().status == 200, "cleared, grants are given again")


def can_inject():
    done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fdatasync:error=EIO:when=1", "true"],
                          stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode == 0


def main():
    if not shutil.which("strace") or not can_inject():
        skip_all("no strace that may trace")
    tap = Tap()
    wrap = ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", f"inject=fdatasync:error=EIO:when={FAILING}"]
    env = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}  # leaks cannot be looked for under a tracer
    with Broker(wrap=wrap, env=env) as broker, broker.client() as client:
        kept, last = client.token().json["access_token"], None
        for _ in range(2 * FAILING):
            last = client.token()
            if last.status != 200:
                break
        tap.ok(unavailable(last), "the grant whose flush failed is not given", last)
        stop = sealed(tap, broker, client, kept)
        tap.ok(broker.stop() == 0, "SIGTERM ends it with 0")
        broker.wrap = []
        broker.start()
        with broker.client() as again:
            started_again(tap, broker, again, stop, kept)
        tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "ambit verify passes")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
