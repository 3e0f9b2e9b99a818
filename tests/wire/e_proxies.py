#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: what stands in X-Forwarded-For, Forwarded, Client-Cert and Client-Cert-Chain is believed from a
listed proxy alone, read strictly, and seen by no handler (MTL-7); the record holds the caller's address."""
import base64
import http.client
import json
import os
import shutil
import socket
import sys
import tempfile
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from broker import READ_SCOPE, Broker, Tap  # noqa: E402
from f_framing import Demo  # noqa: E402
import tls  # noqa: E402

PROXY, STRANGER = "127.0.1.1", "127.0.0.1"


def raw(address, source, *fields, wrap=None):
    """(status, answer, closed) of GET /caller with these fields from that address."""
    with socket.create_connection(address, 20, source_address=(source, 0)) as plain:
        s = wrap.wrap_socket(plain, server_hostname="localhost") if wrap else plain
        s.sendall(b"GET /caller HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + b"".join(f.encode() + b"\r\n" for f in fields) + b"\r\n")
        data = b""
        while piece := s.recv(65536):
            data += piece
        if wrap:
            s.close()
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(body)


def addresses(tap, demo):
    rows = [(PROXY, ("X-Forwarded-For: 192.0.2.7",), "192.0.2.7"),
            (PROXY, ("X-Forwarded-For: 198.51.100.1, 192.0.2.7",), "192.0.2.7"),
            (PROXY, ("X-Forwarded-For: 198.51.100.1, 192.0.2.7, 127.0.1.9",), "192.0.2.7"),
            (PROXY, ("X-Forwarded-For: 198.51.100.1, 192.0.2.7", "X-Forwarded-For: 127.0.1.9"), "192.0.2.7"),
            (PROXY, ("X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 198.51.100.1"), "198.51.100.1"),
            (PROXY, ("X-Forwarded-For: [2001:db8::1]:80",), "2001:db8::1"),
            (PROXY, ("X-Forwarded-For: unknown",), ""),
            (PROXY, ("X-Forwarded-For: 127.0.1.9",), "127.0.1.9"),
            (PROXY, ('Forwarded: for=198.51.100.1, for=192.0.2.7;proto=https, for="127.0.1.9:1"',), "192.0.2.7"),
            (PROXY, ("Forwarded: for=_obfuscated",), ""),
            (PROXY, ("Forwarded: for=192.0.2.7", "X-Forwarded-For: 192.0.2.7"), "192.0.2.7"),
            (PROXY, (), PROXY),
            (STRANGER, ("X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.7"), STRANGER),
            (STRANGER, ("X-Forwarded-For: <junk>", "Forwarded: <junk>", "Client-Cert: <junk>"), STRANGER),
            (PROXY, ("X-Real-IP: 192.0.2.7",), PROXY)]
    for source, fields, want in rows:
        status, answer = raw(demo.address, source, *fields, "X-Other: y")
        tap.ok(status == 200 and answer["source"] == want and answer["fields"] == ["x-other"],
               f"MTL-7 {'proxy' if source == PROXY else 'stranger'}: {', '.join(fields) or 'nothing'}: {want or 'not told'}", answer)
    for fields in (("X-Forwarded-For: <junk>",), ("X-Forwarded-For:",), ("X-Forwarded-For: 192.0.2.7,",), ("X-Forwarded-For: host.example",),
                   ("Forwarded: for=",), ('Forwarded: for="192.0.2.7',), ("Forwarded: 192.0.2.7",),
                   ("Forwarded: for=192.0.2.7", "X-Forwarded-For: 198.51.100.1"), ("Forwarded: for=unknown", "X-Forwarded-For: 198.51.100.1")):
        status, answer = raw(demo.address, PROXY, *fields)
        tap.ok(status == 400, f"MTL-7 proxy: {', '.join(fields)}: 400", answer)


def certificates(tap, demo, ca, folder):
    client, other = ca.leaf("agent"), tls.self_signed(folder, "proxy-own")
    der, above = client.der, ca.der
    one, chain = f":{base64.b64encode(der).decode()}:", f":{base64.b64encode(above).decode()}:"
    context, with_client = tls.context(ca), tls.context(ca, client)
    rows = [("proxy, Client-Cert", PROXY, None, (f"Client-Cert: {one}",), [der]),
            ("proxy, with its chain", PROXY, None, (f"Client-Cert: {one}", f"Client-Cert-Chain: {chain}, {chain}"), [der, above, above]),
            ("proxy, none", PROXY, None, (), []),
            ("stranger's field", STRANGER, None, (f"Client-Cert: {one}",), []),
            ("MTL-6 a handshake's, with its chain", STRANGER, with_client, (), [der, above]),
            ("a handshake without one", STRANGER, context, (), []),
            ("a handshake's beside a stranger's field", STRANGER, tls.context(ca, other), (f"Client-Cert: {one}",), [other.der]),
            ("the proxy's own is not the caller's", PROXY, tls.context(ca, other), (), []),
            ("the caller's through a proxy with its own", PROXY, tls.context(ca, other), (f"Client-Cert: {one}",), [der])]
    for name, source, wrap, fields, want in rows:
        status, answer = raw(demo.tls if wrap else demo.address, source, *fields, wrap=wrap)
        tap.ok(status == 200 and answer["certificates"] == [c.hex() for c in want] and answer["is_tls"] == bool(wrap) and not answer["fields"],
               f"MTL-7 certificate: {name}", (status, str(answer)[:300]))
    nine = ", ".join([":AA==:"] * 8)
    for fields in (("Client-Cert: junk",), ("Client-Cert: ::",), (f"Client-Cert: {one}", f"Client-Cert: {one}"), (f"Client-Cert: {one}, {one}",),
                   (f"Client-Cert-Chain: {chain}",), (f"Client-Cert: {one}", f"Client-Cert-Chain: {nine}"), (f"Client-Cert: {one[:-3]}",)):
        status, answer = raw(demo.address, PROXY, *fields)
        tap.ok(status == 400, f"MTL-7 certificate: {', '.join(f[:40] for f in fields)}: 400", (status, str(answer)[:300]))


def record(tap):
    with Broker(config={"trusted_proxies": ["127.0.1.0/24"], "listen": [{"address": "127.0.0.1:0"}]}) as broker:
        body = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": READ_SCOPE})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": broker.basic("remediator")}
        for source, told in ((PROXY, "192.0.2.7"), (STRANGER, "192.0.2.8")):
            connection = http.client.HTTPConnection("127.0.0.1", broker.port, timeout=20, source_address=(source, 0))
            connection.request("POST", "/token", body, {**headers, "X-Forwarded-For": told})
            tap.ok(connection.getresponse().status == 200, f"a token from {source}")
            connection.close()
        with broker.client() as client:
            found = [e.get("source") for e in client.events(type="grant.issued")]
        tap.ok(found == ["192.0.2.7", STRANGER], "MTL-7 the record holds the source that counts", found)


def main():
    tap = Tap()
    folder = tempfile.mkdtemp(prefix="ambit-proxies-")
    try:
        ca = tls.Authority(folder)
        server = ca.leaf("server")
        demo = Demo(2, 30, 30, 100, 5, os.path.join(folder, "demo.sock"), "127.0.1.0/24", server.certificate, server.key)
        addresses(tap, demo)
        certificates(tap, demo, ca, folder)
        held = [socket.create_connection(demo.address, 20, source_address=(PROXY, 0)) for _ in range(12)]
        tap.ok(raw(demo.address, PROXY, "X-Forwarded-For: 192.0.2.7")[0] == 200, "a listed proxy is not bounded as one source")
        for s in held:
            s.close()
        tap.ok(demo.stop() == 0, "nothing left behind")
        record(tap)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
