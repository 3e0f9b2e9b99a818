#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: 1,000 connections at once (10,000 in the long form) that are opened, used and kept: each is
answered, none is dropped; as many requests suspended at once: none starves; and under idle, dripping and
flooding clients a stop is answered at once (bar 100 ms, printed; bounded here at ten times that)."""
import os
import resource
import selectors
import socket
import statistics
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from broker import GONE, LONG, READ_SCOPE, SLOW, Broker, Client, Tap  # noqa: E402
from f_clients import crowd  # noqa: E402

CONNECTIONS = 10000 if LONG else 1000
SPARE = 600
SOURCES = 20  # addresses of the loopback network: one source has a bound of its own
REQUEST = b"GET /jwks HTTP/1.1\r\nHost: broker\r\n\r\n"
FLOODERS, DRIPPING, STOPS = 8, 100, 12
BOUND_S = 1.0 * SLOW


def ask(connection):
    connection.sendall(REQUEST)
    got = b""
    while b'"keys"' not in got or not got.rstrip().endswith(b"}"):
        part = connection.recv(4096)
        if not part:
            return False
        got += part
    return got.startswith(b"HTTP/1.1 200")


def token_request(broker, close=False):
    body = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": READ_SCOPE})
    return (f"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nAuthorization: {broker.basic('remediator')}\r\n"
            f"{'Connection: close' + chr(13) + chr(10) if close else ''}Content-Length: {len(body)}\r\n\r\n{body}").encode()


class Drips(threading.Thread):
    """Slowloris: connections that send one byte now and then; one that is cut is opened anew."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.is_over, self.cut = address, threading.Event(), 0
        self.open = [self.begin(i) for i in range(DRIPPING)]
        self.start()

    def begin(self, i):
        s = socket.create_connection(self.address, 30, source_address=(f"127.0.2.{i % SOURCES + 1}", 0))
        s.sendall((b"GET /jwks HTTP/1.1\r\nHost: x\r\nA: ", b"GET /jw", b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
                   b"Content-Type: application/x-www-form-urlencoded\r\n\r\n")[i % 3])
        return s

    def run(self):
        while not self.is_over.wait(0.25):
            for i, s in enumerate(self.open):
                try:
                    s.send(b"a")
                except OSError:
                    self.cut += 1
                    s.close()
                    try:
                        self.open[i] = self.begin(i)
                    except OSError:
                        pass

    def end(self):
        self.is_over.set()
        self.join()
        for s in self.open:
            s.close()


class Flood(threading.Thread):
    """Tokens as fast as they come, 16 at a time on as many connections; slow readers among them: they
    ask much and read nothing."""

    def __init__(self, broker, address):
        super().__init__(daemon=True)
        self.address, self.request, self.is_over, self.answers = address, token_request(broker), threading.Event(), 0
        self.start()

    def run(self):
        with selectors.DefaultSelector() as selector:
            for i in range(16):
                s = socket.create_connection(self.address, 30, source_address=(f"127.0.3.{i + 1}", 0))
                s.setblocking(False)
                selector.register(s, selectors.EVENT_READ)
                s.send(self.request)
            while not self.is_over.is_set():
                for key, _ in selector.select(0.2):
                    try:
                        if not key.fileobj.recv(65536):
                            raise ConnectionError
                        self.answers += 1
                        key.fileobj.send(self.request)
                    except OSError:
                        selector.unregister(key.fileobj)
                        key.fileobj.close()
            for key in list(selector.get_map().values()):
                key.fileobj.close()


def never_read(broker, address, n=20):
    """Clients that ask for many answers and read none."""
    held = []
    for i in range(n):
        s = socket.create_connection(address, 30, source_address=(f"127.0.4.{i + 1}", 0))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.setblocking(False)
        try:
            while True:
                s.send(REQUEST * 50)
        except BlockingIOError:
            pass
        held.append(s)
    return held


def kept(tap, broker, address):
    opened = []
    for i in range(CONNECTIONS):
        opened.append(socket.create_connection(address, timeout=60, source_address=(f"127.0.1.{i % SOURCES + 1}", 0)))
    tap.ok(all(ask(c) for c in opened), f"{CONNECTIONS} connections: each is answered")
    with broker.client() as client:
        tap.ok(client.token().status == 200, "a token is given beside them")
    tap.ok(all(ask(c) for c in opened), "each is answered again")
    return opened


def suspended(tap, broker, address):
    answers, errors, stuck = crowd(address, CONNECTIONS, [token_request(broker)] * 2)
    wrong = [s for s in answers if s != 200]
    tap.ok(not stuck and not errors and not wrong and len(answers) == 2 * CONNECTIONS,
           f"{CONNECTIONS} requests suspended at once, twice: all resumed and answered, none starved",
           f"stuck {stuck}, errors {errors[:5]}, other statuses {wrong[:5]}, answers {len(answers)}")


def stops(tap, broker, address):
    drips = Drips(address)
    floods = [Flood(broker, address) for _ in range(FLOODERS)]
    held = never_read(broker, address)
    operators = Client(broker)
    operators.http.port = broker.ports[1]
    time.sleep(0.5)
    before, took, statuses = sum(f.answers for f in floods), [], []
    for i in range(STOPS):
        begun = time.monotonic()
        statuses.append(operators.stop("agent:reporter", f"drill {i}").status)
        took.append(time.monotonic() - begun)
        time.sleep(0.05)
    given = sum(f.answers for f in floods) - before
    operators.close()
    # Raising, with nobody connected before: the accept, too, is not behind the flood.
    begun = time.monotonic()
    with Client(broker) as late:
        late.http.port = broker.ports[1]
        statuses.append(late.stop("agent:reporter", "a new connection").status)
    took.append(time.monotonic() - begun)
    for f in floods:
        f.is_over.set()
    for f in floods:
        f.join()
    drips.end()
    for s in held:
        s.close()
    tap.note(f"a stop beside {CONNECTIONS} idle, {DRIPPING} dripping, {len(held)} that do not read, {given} answers to a flood meanwhile: "
             f"median {statistics.median(took) * 1000:.1f} ms, slowest {max(took) * 1000:.1f} ms (bar 100 ms)")
    tap.ok(set(statuses) == {201} and max(took) < BOUND_S, "a stop is answered at once, whatever the agents' listener suffers",
           f"{statuses} {[round(t * 1000) for t in took]} ms")
    tap.ok(given > 0, "the flood was one", given)


def main():
    tap = Tap()
    wanted = CONNECTIONS + 2 * SPARE
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most != resource.RLIM_INFINITY and most < wanted:
        tap.skip("so many connections at once", f"a process may have {most} descriptors")
        return tap.done()
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    # Twice as many: those that have just left may still be counted when the next ones come.
    limits = {"connections": 2 * CONNECTIONS + SPARE, "connections_per_source": 2 * CONNECTIONS + SPARE, "idle_s": 300, "request_s": 20, "queue": 4 * CONNECTIONS}
    listen = [{"name": "agents", "address": "127.0.0.1:0"}, {"name": "operators", "address": "127.0.0.1:0"}]
    with Broker(limits=limits, config={"issuer": "https://localhost", "listen": listen}) as broker:
        address = ("127.0.0.1", broker.port)
        suspended(tap, broker, address)
        opened = kept(tap, broker, address)
        stops(tap, broker, address)
        tap.ok(all(ask(c) for c in opened), "the idle ones are all still there")
        for connection in opened:
            connection.close()
        try:
            with broker.client() as client:
                tap.ok(client.token().status == 200, "and after they have left a token is given")
        except GONE as e:
            tap.ok(False, "and after they have left a token is given", e)
        tap.ok(broker.stop() == 0, "stopped in order")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
