#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: 1,000 connections at once (10,000 in the long form) that are opened, used and kept: each is
answered, none is dropped, and tokens are given beside them as before."""
import os
import resource
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import LONG, Broker, Tap  # noqa: E402

CONNECTIONS = 10000 if LONG else 1000
SPARE = 500
SOURCES = 20  # addresses of the loopback network: one source has a bound of its own
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: broker\r\n\r\n"


def ask(connection):
    connection.sendall(REQUEST)
    got = b""
    while b'"ok"}' not in got:
        part = connection.recv(4096)
        if not part:
            return False
        got += part
    return got.startswith(b"HTTP/1.1 200")


def main():
    tap = Tap()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most != resource.RLIM_INFINITY and most < CONNECTIONS + SPARE:
        tap.skip("so many connections at once", f"a process may have {most} descriptors")
        return tap.done()
    resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS + SPARE, most))
    limits = {"connections": CONNECTIONS + SPARE, "connections_per_source": CONNECTIONS, "idle_s": 300}
    with Broker(limits=limits) as broker:
        address = ("127.0.0.1", broker.port)
        opened = []
        for i in range(CONNECTIONS):
            opened.append(socket.create_connection(address, timeout=60, source_address=(f"127.0.1.{i % SOURCES + 1}", 0)))
        tap.ok(all(ask(c) for c in opened), f"{CONNECTIONS} connections: each is answered")
        with broker.client() as client:
            tap.ok(client.token().status == 200, "a token is given beside them")
        tap.ok(all(ask(c) for c in opened), "each is answered again")
        for connection in opened:
            connection.close()
        with broker.client() as client:
            tap.ok(client.token().status == 200, "and after they have left")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
