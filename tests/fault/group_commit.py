#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: with every flush made 5 ms long, 64 connections asking 2,000 tokens share flushes (200 at
most), and one connection asking 200 gets one each: replies wait for their flush, and share it."""
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap, skip_all  # noqa: E402
from load import blast, token_request  # noqa: E402

FLUSHES = "fdatasync,fsync,msync"


def store_flushes(path):
    """Completed flushes of the store's file so far."""
    with open(path, encoding="utf-8", errors="replace") as f:
        return len(re.findall(r"\b(?:fdatasync|fsync|msync)\([^)]*/state/store/data\.mdb>", f.read()))


def main():
    if not shutil.which("strace"):
        skip_all("no strace")
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        wrap = ["strace", "-D", "-f", "-y", "--seccomp-bpf", "-qq", "-o", trace, "-e", f"trace={FLUSHES}",
                "-e", f"inject={FLUSHES}:delay_exit=5000"]
        with Broker(wrap=wrap) as broker:
            blast(broker, token_request(broker), 1, 5)
            before = store_flushes(trace)
            statuses = blast(broker, token_request(broker), 64, 2000)
            shared = store_flushes(trace) - before
            tap.note(f"64 connections, 2,000 tokens: {shared} flushes of the store")
            tap.ok(statuses == {200: 2000}, "64 connections get 2,000 tokens", statuses)
            tap.ok(0 < shared <= 200, "with 200 flushes of the store at most", shared)
            before = store_flushes(trace)
            statuses = blast(broker, token_request(broker), 1, 200)
            alone = store_flushes(trace) - before
            tap.note(f"one connection, 200 tokens: {alone} flushes of the store")
            tap.ok(statuses == {200: 200}, "one connection gets 200 tokens", statuses)
            tap.ok(alone >= 200, "with 200 flushes at least", alone)
            broker.stop()
            tap.ok(broker.verify()[0] == 0, "the record verifies", broker.verify())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
