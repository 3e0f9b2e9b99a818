#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a stop at 200,000 live grants writes at most 32 pages more than at 10. (That it reads no
grant's row: tests/unit/core/test_stop_cost.c.) Pages are counted as the system calls on the store's
file write them, between the request for the stop and its answer."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from broker import Broker, LONG, Tap, skip_all  # noqa: E402

PAGE, FEW, MANY, MORE_MAX = 4096, 10, 200000, 32
STOPS = 3  # of each kind and size
BODY = "grant_type=client_credentials&scope=ticket.read%5Bticket%3A**%5D&requested_lifetime=900"
WRITES = re.compile(r"\b(?:pwrite64|pwritev2?|writev?)\(\d+<[^>]*/state/store/data\.mdb>.* = (\d+)$")
TARGETS = ("agent:remediator", "owner:dana", "team:payments", "policy:read-tickets", "resource:ticket:**", "all")


class Trace:
    """strace on a running broker, for as long as it takes."""

    def __init__(self, pid, path):
        self.pid, self.path = pid, path
        self.process = subprocess.Popen(
            ["strace", "-f", "-y", "-qq", "-o", path, "-e", "trace=pwrite64,pwritev,pwritev2,writev,write", "-p", str(pid)],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        until = time.monotonic() + 10
        while not self.is_attached():
            if time.monotonic() > until:
                raise RuntimeError("strace did not attach")
            time.sleep(0.02)
        return self

    def is_attached(self):
        """To every thread."""
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{thread}/status", encoding="utf-8") as f:
                if f"TracerPid:\t{self.process.pid}\n" not in f.read():
                    return False
        return True

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def pages(self):
        with open(self.path, encoding="utf-8", errors="replace") as f:
            written = sum(int(m[1]) for line in f if (m := WRITES.search(line.rstrip())))
        return -(-written // PAGE)


def stop_pages(broker, folder, target):
    """Pages written by each of several stops of the same target."""
    counts = []
    for number in range(STOPS):
        path = os.path.join(folder, f"trace-{number}")
        with broker.client() as client, Trace(broker.process.pid, path) as trace:
            answer = client.stop(target)
            time.sleep(0.05)  # the trace's own writing
        if answer.status != 201:
            raise RuntimeError(f"{target}: {answer}")
        counts.append(trace.pages())
    return counts


def issue(broker, n):
    """At least n grants, each with 15 minutes to live."""
    if n < 1000:
        with broker.client() as client:
            for _ in range(n):
                if client.token(requested_lifetime="900").status != 200:
                    raise RuntimeError("no token")
        return n
    issued = 0
    env = {**os.environ, "BODY": BODY, "AUTHZ": broker.basic("remediator")}
    while issued < n:
        said = subprocess.run(["wrk", "-t1", "-c64", "-d3s", "-s", os.path.join(HERE, "..", "bench", "post.lua"),
                               f"http://127.0.0.1:{broker.port}/token"], env=env, capture_output=True, text=True).stdout
        figures = re.search(r'"n":(\d+),"bad":(\d+)', said)
        if not figures or figures[2] != "0" or figures[1] == "0":
            raise RuntimeError(said)
        issued += int(figures[1])
    return issued


def main():
    for program in ("strace", "wrk"):
        if not shutil.which(program):
            skip_all(f"no {program}")
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for size in (FEW, MANY):
            with Broker() as broker:
                begun = time.monotonic()
                grants = issue(broker, size)
                tap.note(f"{grants} grants in {time.monotonic() - begun:.0f} s")
                time.sleep(1.2)  # past the commit of the second
                for target in TARGETS:
                    found[size, target] = stop_pages(broker, folder, target)
                if size == FEW or LONG:
                    broker.stop()
                    tap.ok(broker.verify()[0] == 0, f"the record of {grants} grants verifies")
        for target in TARGETS:
            few, many = min(found[FEW, target]), max(found[MANY, target])
            tap.ok(0 < few and many <= few + MORE_MAX, f"{target}: at most {MORE_MAX} pages more",
                   f"{found[FEW, target]} at {FEW}, {found[MANY, target]} at {MANY}")
            tap.note(f"{target}: {few} pages at {FEW} live grants, {many} at {MANY}")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
