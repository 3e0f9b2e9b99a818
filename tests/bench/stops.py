# SPDX-License-Identifier: Apache-2.0
"""Stops under full load: how long from the request until introspection says inactive (in force), and
until it is acknowledged, beside one commit under the same load."""
import os
import shutil
import statistics
import threading
import time

from broker import claims
from servers import Ambit, Wrong

STOPS, LOAD_S = 30, 6
SLOW_MS = 20


def one_stop(ambit, token):
    """(milliseconds until in force, until acknowledged)"""
    acknowledged = []
    with ambit.broker.client() as person, ambit.broker.client() as service:
        service.introspect(token)  # connected
        begun = time.monotonic()

        def raise_stop():
            answer = person.stop("grant:" + claims(token)["jti"], reason="bench")
            acknowledged.append((time.monotonic() - begun, answer))

        thread = threading.Thread(target=raise_stop)
        thread.start()
        while service.introspect(token).json["active"]:
            pass
        in_force = time.monotonic() - begun
        thread.join()
    seconds, answer = acknowledged[0]
    if answer.status != 201:
        raise Wrong(f"stop: {answer}")
    return in_force * 1000, seconds * 1000


def under_load(ambit, n):
    """The stops while 64 connections ask for tokens as fast as they are answered."""
    with ambit.broker.client() as client:
        tokens = [client.token().json["access_token"] for _ in range(n)]
    seconds = LOAD_S
    failed = []

    def load():
        try:
            ambit.issue(64, seconds)
        except Wrong as err:
            failed.append(err)

    thread = threading.Thread(target=load)
    thread.start()
    time.sleep(0.5)
    commits, took = ambit.commits()
    until = time.monotonic() + seconds - 1
    pairs = []
    while tokens and time.monotonic() < until:
        pairs.append(one_stop(ambit, tokens.pop()))
    more_commits, took_more = ambit.commits()
    thread.join()
    if failed:
        raise failed[0]
    commit_ms = (took_more - took) * 1000 / max(1, more_commits - commits)
    return [p[0] for p in pairs], [p[1] for p in pairs], commit_ms


def p99(values):
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def both(run, ambit, suffix=""):
    held = {}

    def first():
        in_force, acknowledged, commit_ms = under_load(ambit, STOPS)
        if len(in_force) < 3:
            raise Wrong(f"only {len(in_force)} stops in {LOAD_S} s")
        held.update(acknowledged=acknowledged, commit_ms=commit_ms)
        return {"p99_ms": p99(in_force), "median_ms": statistics.median(in_force)}

    def second():
        times, commit_ms = held["acknowledged"], held["commit_ms"]
        return {"commits": statistics.median(times) / commit_ms, "median_ms": statistics.median(times), "p99_ms": p99(times)}

    run.case("stop in force" + suffix, first)
    if held:
        run.case("stop acknowledged" + suffix, second)


def measure(run, ambit):
    both(run, ambit)


def measure_slow(run):
    """Every flush of the store 20 ms longer."""
    if not shutil.which("strace"):
        print("# skipped: no strace: stops with a slow disk were not measured")
        return
    wrap = ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", os.devnull, "-e", "trace=fdatasync,fsync,msync",
            "-e", f"inject=fdatasync,fsync,msync:delay_exit={SLOW_MS * 1000}"]
    for number in range(run.args.rounds):
        ambit = Ambit(run.folder, f"slow-{number}", wrap=wrap)
        try:
            both(run, ambit, ", slow disk")
        finally:
            ambit.close()
