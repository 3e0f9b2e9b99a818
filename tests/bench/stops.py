# SPDX-License-Identifier: Apache-2.0
"""Stops under full load: how long from the request until introspection says inactive (in force), and
until it is acknowledged, beside one commit under the same load, and beside what anybody else who
needs one commit waits. Bytes prepared before and one socket: what is measured is the broker."""
import json
import os
import random
import shutil
import socket
import statistics
import threading
import time

from broker import claims
from servers import ISSUE, Ambit, Wrong

WATCHED, STOPS, LOAD_S = 30, 200, 6
SLOW_MS = 20


class Caller:
    """One connection; whole requests out, whole replies in."""

    def __init__(self, ambit, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", ambit.port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, request):
        """(seconds until the reply was here, status, body)"""
        begun = time.perf_counter()
        self.socket.sendall(request)
        got = self.socket.recv(65536)
        while b"\r\n\r\n" not in got:
            got += self.more()
        head, _, body = got.partition(b"\r\n\r\n")
        length = int(next(l for l in head.lower().split(b"\r\n") if l.startswith(b"content-length:"))[15:])
        while len(body) < length:
            body += self.more()
        return time.perf_counter() - begun, int(head[9:12]), body

    def more(self):
        got = self.socket.recv(65536)
        if not got:
            raise OSError("the connection was closed")
        return got


def request_of(path, body, authorization, content_type="application/x-www-form-urlencoded"):
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization}\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def stop_of(ambit, token, target=None):
    """Of the token's grant, or of what is named."""
    with open(os.path.join(ambit.broker.state, "credentials", "lee.token"), encoding="utf-8") as f:
        person = f.read().strip()
    return request_of("/v1/stops", f'{{"target":"{target or "grant:" + claims(token)["jti"]}","reason":"bench"}}', "Bearer " + person,
                      "application/json")


def watched_stop(ambit, token, target=None):
    """(milliseconds until a stop is in force, to somebody who looks all the time; until it is acknowledged, the stop's id)"""
    raised = []
    look = request_of("/introspect", "token=" + token, ambit.authorization["service"])
    stop = stop_of(ambit, token, target)
    with Caller(ambit) as person, Caller(ambit) as service:
        service.ask(look)  # connected
        begun = time.perf_counter()
        thread = threading.Thread(target=lambda: raised.append(person.ask(stop)))
        thread.start()
        while b'"active":true' in service.ask(look)[2]:
            pass
        in_force = time.perf_counter() - begun
        thread.join()
    if raised[0][1] != 201:
        raise Wrong(f"stop: {raised[0][1:]}")
    return in_force * 1000, raised[0][0] * 1000, json.loads(raised[0][2])["stop"]


def acknowledged_stops(ambit, tokens, until):
    """Milliseconds until each stop was acknowledged, and until a token was, asked in between."""
    times, tokens_took = [], []
    ordinary = request_of("/token", ISSUE, ambit.authorization["agent"])
    with Caller(ambit) as person, Caller(ambit) as agent:
        while tokens and time.monotonic() < until:
            stop = stop_of(ambit, tokens.pop())
            for caller, request, want, into in ((person, stop, 201, times), (agent, ordinary, 200, tokens_took)):
                time.sleep(random.random() * 0.005)  # anywhere in a batch
                took, status, body = caller.ask(request)
                if status != want:
                    raise Wrong(f"{status} {body[:200]}")
                into.append(took * 1000)
    return times, tokens_took


def under_load(ambit, what):
    """What `what(until)` gives while 64 connections ask for tokens as fast as they are answered, and
    milliseconds of a commit meanwhile."""
    failed = []

    def load():
        try:
            ambit.issue(64, LOAD_S)
        except Wrong as err:
            failed.append(err)

    thread = threading.Thread(target=load)
    thread.start()
    time.sleep(0.5)
    commits, took = ambit.commits()
    result = what(time.monotonic() + LOAD_S - 1)
    more_commits, took_more = ambit.commits()
    thread.join()
    if failed:
        raise failed[0]
    return result, (took_more - took) * 1000 / max(1, more_commits - commits)


def tokens_of(ambit, n):
    with ambit.broker.client() as client:
        return [client.token().json["access_token"] for _ in range(n)]


def p99(values):
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def in_force(ambit):
    tokens = tokens_of(ambit, WATCHED)

    def watch(until):
        times = []
        while tokens and time.monotonic() < until:
            times.append(watched_stop(ambit, tokens.pop())[0])
        return times

    times, _ = under_load(ambit, watch)
    if len(times) < 3:
        raise Wrong(f"only {len(times)} stops in {LOAD_S} s")
    return {"p99_ms": p99(times), "median_ms": statistics.median(times)}


def acknowledged(ambit):
    tokens = tokens_of(ambit, STOPS)
    (times, ordinary), commit_ms = under_load(ambit, lambda until: acknowledged_stops(ambit, tokens, until))
    if len(times) < 3:
        raise Wrong(f"only {len(times)} stops in {LOAD_S} s")
    median = statistics.median(times)
    print(f"# note: {len(times)} stops under load: acknowledged after p50 {median:.2f} p99 {p99(times):.2f} ms; a token asked in "
          f"between p50 {statistics.median(ordinary):.2f} p99 {p99(ordinary):.2f} ms; one commit {commit_ms:.2f} ms")
    return {"commits": median / commit_ms, "median_ms": median, "p99_ms": p99(times), "commit_ms": commit_ms,
            "tokens": median / statistics.median(ordinary)}


def both(run, ambit, suffix=""):
    run.case("stop in force" + suffix, lambda: in_force(ambit))
    run.case("stop acknowledged" + suffix, lambda: acknowledged(ambit))


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
