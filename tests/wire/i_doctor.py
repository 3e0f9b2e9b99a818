#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: ambit doctor says of a broker that serves, of one that is down and of one that is ill what it saw and what to do, and what it
could not look at."""
import json
import os
import re
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import GONE, Broker, Tap  # noqa: E402


def doctor(broker, *words):
    done = broker.ambit("doctor", "--json", *words)
    try:
        rows = {row["check"]: row for row in json.loads(done.stdout)["checks"]}
    except ValueError:
        rows = {"said": done.stdout + done.stderr}
    return done.returncode, rows


def rows_of(broker, config):
    return doctor(broker, "--config", config)[1]


def main():
    tap = Tap()
    with Broker() as broker:
        config, url = os.path.join(broker.state, "ambit.json"), f"http://127.0.0.1:{broker.port}"
        with broker.client() as client:
            for _ in range(20):
                client.token()
            client.stop("agent:remediator")
        code, rows = doctor(broker, "--config", config, "--url", url)
        tap.ok(code == 0 and all(rows[c]["state"] == "ok" for c in ("configuration", "documents", "lock", "store", "keys", "broker", "readers")),
               "a broker that serves is well", (code, rows))
        tap.ok(rows["search index"]["state"] == rows["search"]["state"] == "ok" and "events behind" in rows["search index"]["saw"], "its search index follows", rows)
        tap.ok("running" in rows["lock"]["saw"] and rows["stops"]["state"] == "warn" and rows["backups"]["advice"] == "ambit backup",
               "what is to be watched is said, with what to do", rows)
        tap.ok(re.search(r"; an event takes [1-9]\d+, and \d+ of the search index", rows["room"]["saw"]), "how much an event takes", rows["room"])
        tap.ok(rows["unit"]["state"] == "not looked at", "and what was not looked at")
        tap.ok(rows["core dumps"]["state"] == "ok" and str(broker.process.pid) in rows["core dumps"]["saw"], "that its process leaves no core", rows["core dumps"])
        try:
            resource.prlimit(broker.process.pid, resource.RLIMIT_CORE, (1 << 20, 1 << 20))
            code, rows = doctor(broker, "--state", broker.state)
            tap.ok(rows["core dumps"]["state"] == "bad" and "Restart" in rows["core dumps"]["advice"], "and that somebody raised its limit", rows["core dumps"])
        except (PermissionError, ValueError):
            tap.note("the limit of a process is raised by root alone")
        tap.ok("nobody would have to" in rows_of(broker, config)["review"]["saw"], "that everybody has confirmed, where that is not enforced")
        broker.propose("agents/remediator", {**broker.document("agents/remediator"), "policies": []})
        row = rows_of(broker, config)["review"]
        tap.ok(row["state"] == "warn" and re.match(r"[1-9]\d* confirmations are missing", row["saw"]), "and whose confirmations are missing", row)
        tap.ok(broker.stop() == 0, "stopped")
        code, rows = doctor(broker, "--state", broker.state, "--url", url)
        tap.ok(code == 3 and rows["broker"]["state"] == "bad", "a broker that does not answer: exit 3", (code, rows))
        code, rows = doctor(broker, "--config", config)
        tap.ok(re.search(r"about \d+ events more at [1-9]\d+ bytes each, and [1-9]\d+ of the search index", rows["room"]["saw"]),
               "how much an event takes in the store and in the index, and how many there is room for", rows["room"])
        tap.ok(rows["store"]["state"] == "ok" and "no broker" in rows["lock"]["saw"], "its files are looked at all the same", (code, rows))
        with open(os.path.join(broker.state, "search", "data.mdb"), "r+b") as f:
            f.seek(2 * 4096)
            f.write(b"\xff" * 65536)
        code, rows = doctor(broker, "--state", broker.state)
        tap.ok(rows["search index"]["state"] == "warn" and "builds it again" in rows["search index"]["advice"], "a search index that is torn up is to be watched", rows)
        broker.start()
        url = f"http://127.0.0.1:{broker.port}"
        code, rows = doctor(broker, "--state", broker.state, "--url", url)
        tap.ok(rows["search"]["state"] == "warn" and "was damaged" in rows["search"]["saw"] and rows["search index"]["state"] == "ok", "and the broker tells that it was", rows)
        tap.ok(broker.stop() == 0, "stopped again")
        key = next(os.path.join(at, f) for at, _, files in os.walk(os.path.join(broker.state, "keys")) for f in files)
        os.chmod(key, 0o644)
        with open(os.path.join(broker.state, "store", "data.mdb"), "r+b") as f:
            f.truncate(8192)
        code, rows = doctor(broker, "--state", broker.state, "--url", url)
        tap.ok(code != 0 and rows["keys"]["state"] == "bad" and rows["store"]["state"] == "bad", "keys open to others and a store cut short are bad", rows)
        done = broker.ambit("doctor", "--state", broker.state, "--url", url)
        tap.ok(b"-> " in done.stdout and b" bad, " in done.stdout, "for people: one screen, with what to do", done.stdout)
    return tap.done()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GONE as err:
        print(f"Bail out! {err!r}")
        raise
