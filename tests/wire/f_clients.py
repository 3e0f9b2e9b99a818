#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: 128, 256 and 512 clients at once, waiting ones among them, are all answered; limits, streams and a stop under load hold.

Many clients against the edge alone. `f_clients.py --target HOST:PORT --get PATH` asks a running
broker for PATH instead, and runs only the part about many at once. Nothing here is timed: a hang is a
round that takes ten times as long as it could."""
import argparse
import json
import os
import select
import selectors
import socket
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)
from broker import SLOW, Tap  # noqa: E402
from f_framing import Demo, exchange, statuses  # noqa: E402

EACH = 20
GUARD = 30 * SLOW


class Asker:
    """One client in the crowd: sends a request, waits for the whole answer, sends the next."""

    def __init__(self, address, requests):
        self.requests, self.at, self.data, self.answers, self.error = requests, 0, b"", [], None
        self.s = socket.create_connection(address, GUARD)
        self.s.setblocking(False)

    def send(self):
        self.s.send(self.requests[self.at])
        self.at += 1

    def ready(self):
        """True when nothing more is to come."""
        piece = self.s.recv(65536)
        if not piece:
            self.error = "closed early"
            return True
        self.data += piece
        head, mark, rest = self.data.partition(b"\r\n\r\n")
        if not mark:
            return False
        length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")][0]
        if len(rest) < length:
            return False
        self.answers.append(int(head.split(b" ")[1]))
        self.data = rest[length:]
        if self.at == len(self.requests):
            return True
        self.send()
        return False


def crowd(address, n, requests):
    """n clients at once; all first requests go out together. (answers, errors, those without an end)"""
    askers = [Asker(address, requests) for _ in range(n)]
    waiting = set(askers)
    with selectors.DefaultSelector() as selector:
        for asker in askers:
            selector.register(asker.s, selectors.EVENT_READ, asker)
        for asker in askers:
            asker.send()
        end = time.monotonic() + GUARD
        while waiting and time.monotonic() < end:
            for key, _ in selector.select(1):
                asker = key.data
                try:
                    is_done = asker.ready()
                except OSError as e:
                    asker.error, is_done = str(e), True
                if is_done:
                    selector.unregister(asker.s)
                    waiting.discard(asker)
    for asker in askers:
        asker.s.close()
    return [s for a in askers for s in a.answers], [a.error for a in askers if a.error], len(waiting)


def plain(method, path, body=b""):
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\n"
    if method == "POST":
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def many(tap, address, kinds):
    for name, requests in kinds.items():
        for n in (128, 256, 512):
            answers, errors, stuck = crowd(address, n, requests)
            wrong = [s for s in answers if s != 200]
            tap.ok(not stuck and not errors and not wrong and len(answers) == n * len(requests),
                   f"{n} clients, {name}: {n * len(requests)} answers", f"stuck {stuck}, errors {errors[:5]}, other statuses {wrong[:5]}, answers {len(answers)}")


def figures(address):
    data, _ = exchange(address, plain("GET", "/figures").replace(b"Host: x", b"Host: x\r\nConnection: close"))
    return json.loads(data.partition(b"\r\n\r\n")[2])


def settle(address, wanted):
    end = time.monotonic() + GUARD
    while time.monotonic() < end:
        now = figures(address)
        if all(now[k] == v for k, v in wanted.items()):
            return True
        time.sleep(0.05)
    return False


class Follower(threading.Thread):
    """Reads a stream to its end or until told to leave."""

    def __init__(self, address, path="/events"):
        super().__init__(daemon=True)
        self.s = socket.create_connection(address, GUARD)
        self.s.sendall(plain("GET", path))
        self.data, self.is_over = b"", False
        self.start()

    def run(self):
        try:
            while piece := self.s.recv(65536):
                self.data += piece
        except OSError:
            pass
        self.is_over = True

    def wait_for(self, what):
        end = time.monotonic() + GUARD
        while what not in self.data and time.monotonic() < end and not self.is_over:
            time.sleep(0.01)
        return what in self.data


def streams(tap, demo):
    followers = [Follower(demo.address) for _ in range(8)]
    tap.ok(all(f.wait_for(b"event-stream") for f in followers), "eight streams are open")
    found, _ = statuses(exchange(demo.address, plain("GET", "/events").replace(b"Host: x", b"Host: x\r\nConnection: close"))[0])
    tap.ok(found == [503], "the ninth is refused, 503", found)
    for _ in range(5):
        exchange(demo.address, plain("POST", "/tick"), 0.05)
    tap.ok(all(f.wait_for(b'{"tick":4}') for f in followers), "each of them hears every tick")
    in_order = all(f.data.count(b"data:") == 5 for f in followers)
    tap.ok(in_order, "once", [f.data.count(b"data:") for f in followers])
    closing = (b"Host: x", b"Host: x\r\nConnection: close")
    exchange(demo.address, plain("POST", "/hold").replace(*closing))
    exchange(demo.address, plain("POST", "/tick").replace(*closing))
    tap.ok(settle(demo.address, {"held": 1}), "a pull that takes long", figures(demo.address))
    found, _ = statuses(exchange(demo.address, plain("GET", "/let-go").replace(*closing))[0])
    tap.ok(found == [200] and all(f.wait_for(b'{"tick":5}') for f in followers), "eight streams that are pulled for long leave a query thread to queries", found)
    for f in followers[:4]:
        f.s.shutdown(socket.SHUT_RDWR)
        f.s.close()
    tap.ok(settle(demo.address, {"streams_open": 4}), "who leaves without a word is noticed by the heartbeat", figures(demo.address))
    late = Follower(demo.address, "/events?2")
    late.wait_for(b"event-stream")
    for _ in range(3):
        exchange(demo.address, plain("POST", "/tick"), 0.05)
    late.join(GUARD)
    tap.ok(late.is_over and late.data.count(b"data:") == 2 and late.data.endswith(b"0\r\n\r\n"), "a stream that ends by itself ends well", late.data[-200:])
    return followers[4:]


def limits(tap):
    demo = Demo(2, 30, 30, 40, 20)
    held = [socket.create_connection(demo.address, GUARD) for _ in range(20)]
    settle_end = time.monotonic() + GUARD
    refused = b""
    while not refused.startswith(b"HTTP/1.1 503") and time.monotonic() < settle_end:
        refused, _ = exchange(demo.address, b"", 2)
    tap.ok(refused.startswith(b"HTTP/1.1 503"), "the 21st connection of one source is turned away", refused)
    for s in held:
        s.close()
    end, found = time.monotonic() + GUARD, []
    while found != [200] and time.monotonic() < end:
        found, _ = statuses(exchange(demo.address, plain("GET", "/healthz").replace(b"Host: x", b"Host: x\r\nConnection: close"))[0])
    tap.ok(found == [200], "places are given back")
    now = figures(demo.address)
    while now["connections_open"] > 2 and time.monotonic() < end:  # the closed ones are seen one by one
        now = figures(demo.address)
    tap.ok(now["connections_refused"] >= 1 and now["connections_open"] <= 2, "and counted", now)
    tap.ok(demo.stop() == 0, "nothing left behind")


def listeners(tap):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "agent.sock")
        demo = Demo(2, 30, 30, 4096, 2048, path)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(GUARD)
            s.connect(path)
            s.sendall(plain("GET", "/operators-only"))
            tap.ok(statuses(s.recv(65536))[0] == [404], "operators' paths are closed on an agents' socket")
            s.sendall(plain("GET", "/healthz"))
            tap.ok(b'"uid":%d' % os.getuid() in s.recv(65536), "UNX-1: the user at the other end is known")
            s.sendall(plain("POST", "/token", b"").replace(b"application/json", b"application/x-www-form-urlencoded"))
            tap.ok(statuses(s.recv(65536))[0] == [200], "HTTP_AGENTS paths are open on it")
        ask = plain("GET", "/operators-only").replace(b"Host: x", b"Host: x\r\nConnection: close")
        tap.ok(statuses(exchange(demo.address, ask)[0])[0] == [404], "an operators' path is not found elsewhere")
        tap.ok(statuses(exchange(demo.operators, ask)[0])[0] == [200], "and is found there")
        second_set(tap, demo)
        tap.ok(demo.stop() == 0 and not os.path.exists(path), "the socket file goes with the server")


def second_set(tap, demo):
    """Queries of agents fill their threads for two seconds: an operator's is not behind them."""
    held = [socket.create_connection(demo.address, GUARD) for _ in range(200)]
    for s in held:
        s.sendall(plain("GET", "/query"))
    with socket.create_connection(demo.operators, GUARD) as s:
        s.sendall(plain("GET", "/operators-query"))
        found = statuses(s.recv(65536))[0]
    answered = len(select.select(held, [], [], 0)[0])
    tap.ok(found == [200] and answered < 150, "operators' queries have threads of their own", f"{found}, after {answered} of 200")
    for s in held:
        s.close()


def stop_under_load(tap):
    demo = Demo(2)
    followers = [Follower(demo.address) for _ in range(3)]
    idle = [socket.create_connection(demo.address, GUARD) for _ in range(20)]
    half = socket.create_connection(demo.address, GUARD)
    half.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    over = threading.Event()
    wrong = []

    def load():
        while not over.is_set():
            try:
                answers, _, _ = crowd(demo.address, 8, [plain("POST", "/wait", b"{}"), plain("GET", "/query"), plain("POST", "/query-wait", b"{}")])
                wrong.extend(s for s in answers if s != 200)
            except OSError:
                return

    workers = [threading.Thread(target=load, daemon=True) for _ in range(4)]
    for w in workers:
        w.start()
    time.sleep(0.5)
    status = demo.stop()
    over.set()
    for f in followers:
        f.join(GUARD)
    tap.ok(status == 0, "stopped under load: every request begun was done", status)
    tap.ok(not wrong, "what was answered was answered well", wrong[:5])
    tap.ok(all(f.is_over for f in followers), "streams end")
    for s in (*idle, half):
        s.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--target")
    parser.add_argument("--get", default="/healthz")
    args = parser.parse_args()
    tap = Tap()
    if args.target:
        host, _, port = args.target.rpartition(":")
        many(tap, (host, int(port)), {args.get: [plain("GET", args.get)] * EACH})
        return tap.done()
    demo = Demo(2)
    body = b'{"k":"' + b"x" * 300 + b'"}'
    mixed = [plain("POST", "/wait", body), plain("POST", "/echo", body), plain("GET", "/healthz")] * (EACH // 3)
    many(tap, demo.address, {"echo": [plain("POST", "/echo", body)] * EACH, "suspended": [plain("POST", "/wait", body)] * EACH,
                             "mixed": mixed, "query then wait": [plain("POST", "/query-wait", body)] * 5})
    tap.ok(settle(demo.address, {"open_requests": 0, "waiting": 0}), "nothing is left waiting", figures(demo.address))
    followers = streams(tap, demo)
    tap.ok(demo.stop() == 0, "stopped with streams open, nothing left behind")
    for f in followers:
        f.join(GUARD)
    limits(tap)
    listeners(tap)
    stop_under_load(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
