#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a request that two readers could split in two ways is answered once, with 400 (411, 413, 414, 431), and closed.

The framing battery over raw sockets. Each attack is followed on the same connection by a request
that would be answered if the connection lived on: never more than one answer may come.

  f_framing.py                                          against http_demo, the edge alone
  f_framing.py --target HOST:PORT --get PATH --post PATH  against a running broker; PATHs that exist"""
import argparse
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import BUILD, SLOW, Tap  # noqa: E402

BAD = {400}
PATIENCE = 10 * SLOW


def attacks(get, post):
    """(name, bytes, the statuses that are right; 0: closed without a word)."""
    g, p = get.encode(), post.encode()
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"

    def head(line, *fields, host=True):
        return b"\r\n".join([line, *([b"Host: x"] if host else []), *fields, b"", b""])

    def got(*fields, host=True):
        return head(b"GET " + g + b" HTTP/1.1", *fields, host=host)

    def posted(*fields, body=b"a=b"):
        return head(b"POST " + p + b" HTTP/1.1", form.strip(), *fields) + body

    def target(raw):
        return head(b"GET " + raw + b" HTTP/1.1")

    yield "two Content-Length, equal", posted(b"Content-Length: 3", b"Content-Length: 3"), BAD
    yield "two Content-Length, different", posted(b"Content-Length: 3", b"Content-Length: 40"), BAD
    yield "Content-Length as a list", posted(b"Content-Length: 3, 3"), BAD
    yield "Content-Length with a sign", posted(b"Content-Length: +3"), BAD
    yield "Content-Length negative", posted(b"Content-Length: -3"), BAD
    yield "Content-Length in hex", posted(b"Content-Length: 0x3"), BAD
    yield "Content-Length with a blank inside", posted(b"Content-Length: 3 3"), BAD
    yield "Content-Length empty", posted(b"Content-Length:"), BAD
    yield "Content-Length past 64 bits", posted(b"Content-Length: 99999999999999999999999"), {400, 413}
    yield "Content-Length larger than any route", posted(b"Content-Length: 100000000"), {413}
    chunked = b"3\r\na=b\r\n0\r\n\r\n"
    yield "Transfer-Encoding: chunked", posted(b"Transfer-Encoding: chunked", body=chunked), {411}
    yield "Transfer-Encoding: identity", posted(b"Transfer-Encoding: identity"), {411}
    yield "Content-Length, then Transfer-Encoding", posted(b"Content-Length: 3", b"Transfer-Encoding: chunked", body=chunked), {400, 411}
    yield "Transfer-Encoding, then Content-Length", posted(b"Transfer-Encoding: chunked", b"Content-Length: 3", body=chunked), {400, 411}
    yield "two Transfer-Encoding", posted(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x", body=chunked), {400, 411}
    yield "'Transfer-Encoding :'", posted(b"Transfer-Encoding : chunked", b"Content-Length: 3", body=chunked), BAD
    yield "'Transfer-Encoding<TAB>:'", posted(b"Transfer-Encoding\t: chunked", b"Content-Length: 3", body=chunked), BAD
    yield "' Transfer-Encoding:' as the first field", head(b"POST " + p + b" HTTP/1.1", b" Transfer-Encoding: chunked", b"Host: x", host=False) + chunked, BAD
    yield "Transfer-Encoding in a folded line", posted(b"X: y", b" Transfer-Encoding: chunked", b"Content-Length: 3"), BAD
    yield "'Content-Length :'", posted(b"Content-Length : 3"), BAD

    yield "two Host", got(b"Host: y"), BAD
    yield "no Host", got(host=False), BAD
    yield "empty Host", got(b"Host:", host=False), BAD
    yield "Host with a path", got(b"Host: x/y", host=False), BAD
    yield "Host with a user", got(b"Host: a@x", host=False), BAD
    yield "two Authorization", got(b"Authorization: Bearer a", b"Authorization: Bearer b"), BAD
    yield "two Authorization, other case", got(b"authorization: Bearer a", b"AUTHORIZATION: Bearer a"), BAD
    yield "two DPoP", got(b"DPoP: a", b"DPoP: b"), BAD
    yield "two Content-Type", posted(b"Content-Type: application/json", b"Content-Length: 3"), BAD
    yield "two X-Request-ID", got(b"X-Request-ID: a", b"X-Request-ID: b"), BAD
    yield "two traceparent", got(b"traceparent: a", b"traceparent: a"), BAD
    yield "X-Request-ID of 129 characters", got(b"X-Request-ID: " + b"a" * 129), BAD
    yield "X-Request-ID empty", got(b"X-Request-ID:"), BAD
    yield "X-Request-ID not ASCII", got(b"X-Request-ID: \xc3\xa9"), BAD
    yield "an expectation nobody knows", posted(b"Content-Length: 3", b"Expect: gold"), BAD

    yield "bare LF after the request line", b"GET " + g + b" HTTP/1.1\nHost: x\r\n\r\n", BAD
    yield "bare LF after a field", b"GET " + g + b" HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", BAD
    yield "bare LF after the last field", b"GET " + g + b" HTTP/1.1\r\nHost: x\n\r\n", BAD
    yield "bare LF for the blank line", b"GET " + g + b" HTTP/1.1\r\nHost: x\r\n\n", BAD
    yield "bare LF everywhere", b"GET " + g + b" HTTP/1.1\nHost: x\n\n", BAD
    yield "bare CR in a value", got(b"A: b\rC: d"), BAD
    yield "CR CR LF", b"GET " + g + b" HTTP/1.1\r\nHost: x\r\r\n\r\n", BAD
    yield "a folded value", got(b"A: b", b" c"), BAD
    yield "a folded value, by a tab", got(b"A: b", b"\tc"), BAD
    yield "a fold glued to the name", got(b"Authorizatio: Bearer x", b" n"), BAD
    yield "a fold glued to the name of a length", posted(b"Content-Lengt: 3", b" h"), BAD
    yield "an empty folded line", got(b"A: b", b" "), BAD
    yield "a blank before the first field", b"GET " + g + b" HTTP/1.1\r\n A: b\r\nHost: x\r\n\r\n", BAD
    yield "NUL in a value", got(b"A: b\0c"), BAD
    yield "NUL in a name", got(b"A\0b: c"), BAD
    yield "NUL in the target", target(g + b"\0x"), BAD | {0}
    yield "NUL in the method", head(b"GE\0T " + g + b" HTTP/1.1"), BAD | {0}
    yield "NUL in the version", head(b"GET " + g + b" HTTP/1.\0"), BAD | {0}
    yield "a control byte in a value", got(b"A: b\x01c"), BAD
    yield "a DEL in a value", got(b"A: b\x7f"), BAD
    yield "a blank in a name", got(b"A b: c"), BAD
    yield "a blank before the colon", got(b"Authorization : Bearer x"), BAD
    yield "a name with a bracket", got(b"A(b: c"), BAD
    yield "a name not ASCII", got(b"\xc3\xa9: c"), BAD
    yield "an empty name", got(b": c"), BAD
    yield "a field without a colon", got(b"what is this"), BAD

    yield "%00 in the path", target(g + b"%00"), BAD
    yield "%00 cutting the path", target(g + b"%00/../admin"), BAD
    yield "%2e%2e in the path", target(b"/%2e%2e" + g), BAD
    yield "%2F in the path", target(b"/a%2Fb"), BAD
    yield "an escaped letter in the path", target(b"/%68ealthz"), BAD
    yield "// at the start", target(b"/" + g), BAD
    yield "// inside", target(b"/a//b"), BAD
    yield "/./", target(b"/." + g), BAD
    yield "/../", target(b"/a/.." + g), BAD
    yield "/.. at the end", target(b"/a/.."), BAD
    yield "/. at the end", target(b"/a/."), BAD
    yield "absolute-form", target(b"http://x" + g), BAD
    yield "absolute-form, another host", target(b"http://evil" + g), BAD
    yield "authority-form", head(b"CONNECT x:443 HTTP/1.1"), BAD
    yield "asterisk-form", head(b"OPTIONS * HTTP/1.1"), BAD
    yield "a fragment", target(g + b"#x"), BAD
    yield "a blank in the target", target(g + b" x"), BAD
    yield "a tab in the target", target(g + b"\tx"), BAD
    yield "a backslash in the target", target(b"/a\\..\\b"), BAD
    yield "a target not ASCII", target(b"/\xc3\xa9"), BAD
    yield "a broken escape in the query", target(g + b"?a=%zz"), BAD
    yield "a control byte in the query", target(g + b"?a=\x01"), BAD
    yield "two blanks before the target", target(b" " + g), BAD
    yield "two blanks before the version", head(b"GET " + g + b"  HTTP/1.1"), BAD
    yield "a blank after the version", head(b"GET " + g + b" HTTP/1.1 "), BAD
    yield "a blank before the method", head(b" GET " + g + b" HTTP/1.1"), BAD | {0}
    yield "a method in lower case", head(b"get " + g + b" HTTP/1.1"), BAD
    yield "a method nobody knows", head(b"FROB " + g + b" HTTP/1.1"), BAD
    yield "TRACE", head(b"TRACE " + g + b" HTTP/1.1"), BAD
    yield "HTTP/0.9", b"GET " + g + b"\r\n", BAD | {0}
    yield "HTTP/0.9 in words", head(b"GET " + g + b" HTTP/0.9"), {400, 505}
    yield "HTTP/1.2", head(b"GET " + g + b" HTTP/1.2"), BAD
    yield "HTTP/2.0", head(b"GET " + g + b" HTTP/2.0"), {400, 505}
    yield "the HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}
    yield "a version in lower case", head(b"GET " + g + b" http/1.1"), BAD
    yield "no request line at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", BAD | {0}

    arguments = b"&".join(b"a%d=1" % i for i in range(600))
    yield "600 arguments", target(g + b"?" + arguments), BAD
    yield "a target of 9,000 bytes", target(g + b"?" + b"a" * 9000), {414}
    yield "a target of 40,000 bytes", target(g + b"?" + b"a" * 40000), {414}
    yield "a field of 20,000 bytes", got(b"A: " + b"a" * 20000), {431}
    yield "a field of 200,000 bytes", got(b"A: " + b"a" * 200000), {431}
    yield "101 fields", got(*[b"A%d: b" % i for i in range(101)]), {431}
    yield "5,000 fields", got(*[b"A%d: b" % i for i in range(5000)]), {431}
    yield "many small fields of the same name", got(*[b"a:"] * 3000), {431}


def exchange(address, raw, patience=PATIENCE):
    """Sends, reads to the end. (bytes, closed by the other side in time)"""
    with socket.create_connection(address, patience) as s:
        s.settimeout(patience)
        data = b""
        try:
            s.sendall(raw)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            while piece := s.recv(65536):
                data += piece
        except ConnectionResetError:
            return data, True
        except TimeoutError:
            return data, False
    return data, True


def statuses(data):
    """Of every answer in a run of bytes, bodies counted by Content-Length."""
    found = []
    while data.startswith(b"HTTP/1."):
        head, _, rest = data.partition(b"\r\n\r\n")
        status = int(head.split(b" ")[1])
        length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        data = rest[length[0]:] if length else rest
        if status >= 200:
            found.append(status)
    return found, data


def battery(tap, address, get, post):
    again = b"GET " + get.encode() + b" HTTP/1.1\r\nHost: x\r\nX-Request-ID: the-second-one\r\n\r\n"
    for name, raw, right in attacks(get, post):
        data, is_closed = exchange(address, raw + again)
        # The parser writes the head of a refusal of its own for a bad Content-Length twice: the same
        # answer, closed; what may not come is an answer to the second request.
        found, _ = statuses(data)
        status = found[0] if found else 0
        claim = is_closed and len(found) <= 1 and status in right and b"the-second-one" not in data
        tap.ok(claim, f"{name}: {status or 'closed'}, once, closed", f"wanted {sorted(right)}, got {found}, closed {is_closed}\n{data[:400]!r}")


def controls(tap, address, get, post):
    g, p = get.encode(), post.encode()
    good = b"GET " + g + b" HTTP/1.1\r\nHost: x\r\n"
    last = good + b"Connection: close\r\n\r\n"
    found, _ = statuses(exchange(address, (good + b"\r\n") * 3 + last)[0])
    tap.ok(len(found) == 4 and found[0] < 400, "four plain requests on one connection are answered four times", found)
    wide = good + b"".join(b"X-%d:  %s\t\r\n" % (i, b"v" * 190) for i in range(60)) + b"Empty:\r\nConnection: close\r\n\r\n"
    data, _ = exchange(address, wide)
    tap.ok(statuses(data)[0][:1] and statuses(data)[0][0] < 400, "a plain head of 12,000 bytes in 62 fields passes", data[:300])
    slices = [wide[i:i + 700] for i in range(0, len(wide), 700)]
    with socket.create_connection(address, PATIENCE) as s:
        s.settimeout(PATIENCE)
        for piece in slices:
            s.sendall(piece)
            time.sleep(0.002)
        tap.ok(s.recv(65536).split(b" ")[1] < b"400", "the same head in slices passes")
    old, is_closed = exchange(address, b"GET " + g + b" HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n" + last)
    tap.ok(len(statuses(old)[0]) == 1 and statuses(old)[0][0] < 400 and is_closed, "HTTP/1.0 is answered once and closed", old[:300])
    data, _ = exchange(address, good + b"X-Request-ID: " + b"r" * 128 + b"\r\nConnection: close\r\n\r\n")
    tap.ok(b"X-Request-ID: " + b"r" * 128 + b"\r\n" in data, "X-Request-ID of 128 characters comes back (AZN-5)", data[:300])
    data, _ = exchange(address, last)
    tap.ok(b"\r\nX-Request-ID: " in data, "without one there is a fresh one (AZN-5)", data[:300])
    body = b"a=" + b"b" * 5000
    data, _ = exchange(address, b"POST " + p + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
                       b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    tap.ok(data.startswith(b"HTTP/1.1 100") and len(statuses(data)[0]) == 1, "100-continue is given (HTP-4: parameters of the type are fine)", data[:300])
    data, _ = exchange(address, b"POST " + p + b"?client_secret=x HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                       b"Connection: close\r\nContent-Length: 3\r\n\r\na=b")
    tap.ok(statuses(data)[0] == [400], "HTP-5: a query string on a route of credentials is 400", data[:300])
    data, _ = exchange(address, b"POST " + p + b" HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 3\r\n\r\na=b")
    tap.ok(statuses(data)[0] == [400], "HTP-4: another media type is 400", data[:300])
    data, _ = exchange(address, b"GET " + p + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    tap.ok(statuses(data)[0] == [405] and b"\r\nAllow: POST\r\n" in data, "HTP-3: another method is 405 with Allow", data[:300])
    data, _ = exchange(address, b"POST /no/such/path HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + last)
    tap.ok([s for s in statuses(data)[0]][:1] == [404] and len(statuses(data)[0]) == 2, "an unknown path is 404 and costs no connection", data[:300])
    data, is_closed = exchange(address, b"HEAD " + g + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    tap.ok(data.startswith(b"HTTP/1.1 2") and data.endswith(b"\r\n\r\n") and is_closed, "HEAD is answered without a body", data[:300])


class Demo:
    def __init__(self, *arguments):
        self.p = subprocess.Popen([os.path.join(BUILD, "tests/wire/http_demo"), *map(str, arguments)],
                                  stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        words = self.p.stdout.readline().split()
        self.address, self.operators, self.tls = (("127.0.0.1", int(words[i])) for i in (2, 4, 6))

    def stop(self):
        self.p.terminate()
        try:
            return self.p.wait(30 * SLOW)
        except subprocess.TimeoutExpired:
            self.p.kill()
            return "hung"


def deaf(address):
    """Asks until nothing more goes out, and reads nothing. (socket, how many were asked for)"""
    request, asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 0
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(address)
    s.setblocking(False)
    quiet = 0
    while quiet < 20:
        try:
            asked += s.send(request * 100) / len(request)
            quiet = 0
        except BlockingIOError:
            quiet += 1
            time.sleep(0.01)
    return s, asked


def slow_ones(tap):
    """Clients that never finish, against a server that waits 1 s for silence and 2 s for a request."""
    demo = Demo(2, 1, 2)
    begun = time.monotonic()
    kinds = {"the request line": b"GET /healthz HT", "the head": b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: ",
             "the body": b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", "nothing": b""}
    open_ones = {}
    for name, first in kinds.items():
        s = socket.create_connection(demo.address)
        s.sendall(first)
        s.setblocking(False)
        open_ones[name] = s
    reader, asked = deaf(demo.address)
    ended = {}
    while len(ended) < len(kinds) and time.monotonic() - begun < 10 * SLOW:
        time.sleep(0.3)
        for name, s in open_ones.items():
            if name in ended:
                continue
            try:
                if name != "nothing":
                    s.send(b"x")
                if s.recv(100) == b"":
                    ended[name] = time.monotonic() - begun
            except BlockingIOError:
                pass
            except OSError:
                ended[name] = time.monotonic() - begun
    left = begun + 5 - time.monotonic()
    time.sleep(max(0, left))
    reader.settimeout(PATIENCE)
    data, is_cut = b"", False
    try:
        while piece := reader.recv(65536):
            data += piece
        is_cut = True
    except ConnectionResetError:
        is_cut = True
    except TimeoutError:
        pass
    reader.close()
    answered = data.count(b"HTTP/1.1 200")
    tap.ok(is_cut and 0 < answered < asked, "a client that reads nothing is cut off", f"cut {is_cut}, {answered} of {asked}")
    for name in kinds:
        tap.ok(name in ended and ended[name] < 6 * SLOW, f"a client that drips {name} is cut off", ended.get(name))
    found, _ = statuses(exchange(demo.address, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0])
    tap.ok(found == [200], "and the next one is served")
    tap.ok(demo.stop() == 0, "stopping leaves nothing behind")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--target")
    parser.add_argument("--get", default="/healthz")
    parser.add_argument("--post", default="/token")
    args = parser.parse_args()
    tap = Tap()
    if args.target:
        host, _, port = args.target.rpartition(":")
        controls(tap, (host, int(port)), args.get, args.post)
        battery(tap, (host, int(port)), args.get, args.post)
        return tap.done()
    demo = Demo(2)
    try:
        controls(tap, demo.address, args.get, args.post)
        battery(tap, demo.address, args.get, args.post)
        found, _ = statuses(exchange(demo.address, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0])
        tap.ok(found == [200], "after all of it the server serves")
    finally:
        tap.ok(demo.stop() == 0, "and stops in order, nothing left open")
    slow_ones(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
