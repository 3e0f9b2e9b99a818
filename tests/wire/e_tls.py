#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: over TLS the broker answers as over plain HTTP, asks for a client certificate without insisting
(MTL-6), takes new certificates without dropping a connection, and no silent handshake keeps it busy."""
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from broker import BUILD, READ_SCOPE, SLOW, UNLIMITED, Broker, Tap  # noqa: E402
from f_framing import attacks, statuses  # noqa: E402
import tls  # noqa: E402

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
METADATA = "/.well-known/oauth-authorization-server"
REQUEST = HEALTH.replace(b"/healthz", METADATA.encode())


def until(condition, seconds=20):
    end = time.monotonic() + seconds * SLOW
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def versions(tap, port, ca):
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        with tls.connect(port, ca, version=version) as s:
            tap.ok(s.version() == name, f"HTP-1 {name} is spoken", s.version())
    for words, name in ((("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), "TLS 1.1"), (("-tls1_2", "-cipher", "AES128-SHA256"), "static RSA and CBC"),
                        (("-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA256"), "CBC"), (("-alpn", "h2"), "another protocol (ALPN)")):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", ca.certificate, *words], input=b"",
                              capture_output=True, timeout=20 * SLOW, check=False)
        tap.ok(b"Cipher is (NONE)" in done.stdout and b"BEGIN CERTIFICATE" not in done.stdout, f"{name} is refused", done.stdout[-300:])
    with subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", ca.certificate, "-tls1_2"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as again:
        said, _ = again.communicate(b"R\n", timeout=20 * SLOW)
    tap.ok(b"RENEGOTIATING" in said and b"Verify return code: 0" in said and said.count(b"BEGIN CERTIFICATE") == 1 and b"HTTP/" not in said,
           "a renegotiation is not answered", said[-400:])
    context = tls.context(ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(("127.0.0.1", port), 20) as plain, context.wrap_socket(plain, server_hostname="localhost") as s:
        tap.ok(s.selected_alpn_protocol() == "http/1.1", "ALPN http/1.1 is chosen", s.selected_alpn_protocol())


def ask(connection, path=METADATA):
    connection.request("GET", path)
    reply = connection.getresponse()
    return reply.status, reply.read()


def client_certificates(tap, port, ca, folder):
    other = tls.Authority(folder, "other-ca")
    shown = [("none", None), ("MTL-6 of an unknown authority", other.leaf("stranger")), ("MTL-6 self-signed", tls.self_signed(folder, "alone")),
             ("MTL-6 expired", other.leaf("late", since="20200101000000Z", until="20210101000000Z"))]
    for name, pair in shown:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            connection = tls.https(port, ca, pair, version)
            try:
                found = ask(connection)[0]
            except (OSError, ssl.SSLError) as e:
                found = str(e)
            connection.close()
            tap.ok(found == 200, f"client certificate: {name}, {version.name}: the handshake takes it", found)
    many = other.leaf("many")
    with open(many.certificate, "ab") as f:
        for _ in range(8):
            with open(other.certificate, "rb") as one:
                f.write(one.read())
    try:
        connection = tls.https(port, ca, many)
        found = ask(connection)[0]
        connection.close()
    except (OSError, ssl.SSLError) as e:
        found = str(e)
    tap.ok(found != 200, "a chain of nine is not taken", found)


def token_form(broker):
    body = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": READ_SCOPE})
    return body, {"Content-Type": "application/x-www-form-urlencoded", "Authorization": broker.basic("remediator")}


def waiting(tap, broker, port, ca):
    """Suspended and resumed over TLS, many on one connection, pipelined ones too."""
    connection = tls.https(port, ca)
    body, headers = token_form(broker)
    found = []
    for _ in range(30):
        connection.request("POST", "/token", body, headers)
        reply = connection.getresponse()
        found.append(reply.status)
        reply.read()
    connection.close()
    tap.ok(found == [200] * 30, "30 tokens on one TLS connection", found)
    head = f"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {headers['Content-Type']}\r\nAuthorization: {headers['Authorization']}\r\nContent-Length: {len(body)}\r\n"
    with tls.connect(port, ca) as s:
        last = (head + "Connection: close\r\n\r\n" + body).encode()
        s.sendall((head + "\r\n" + body).encode() * 9 + last)
        data = b""
        while piece := s.recv(65536):
            data += piece
    tap.ok(statuses(data)[0] == [200] * 10, "ten pipelined ones in one write: what is buffered within TLS is not forgotten", statuses(data)[0])
    with tls.connect(port, ca) as s:
        whole = (head + "Connection: close\r\n\r\n" + body).encode()
        for i in range(0, len(whole), 7):
            s.sendall(whole[i:i + 7])
        data = b""
        while piece := s.recv(65536):
            data += piece
    tap.ok(statuses(data)[0] == [200], "a request in records of seven bytes", data[:200])


def framing(tap, port, ca):
    """The gate stands behind TLS too: the battery, each attack followed by a request that may not be answered."""
    context = tls.context(ca)
    wrong = []
    count = 0
    for name, raw, right in attacks(METADATA, "/token"):
        count += 1
        data = b""
        with socket.create_connection(("127.0.0.1", port), 20 * SLOW) as plain:
            try:
                with context.wrap_socket(plain, server_hostname="localhost") as s:
                    s.sendall(raw + b"GET " + METADATA.encode() + b" HTTP/1.1\r\nHost: x\r\nX-Request-ID: the-second-one\r\n\r\n")
                    while piece := s.recv(65536):
                        data += piece
            except (ConnectionError, ssl.SSLError):
                pass
        found = statuses(data)[0]
        if len(found) > 1 or (found[0] if found else 0) not in right | {0} or b"the-second-one" in data:
            wrong.append((name, found))
    tap.ok(not wrong, f"smuggling: {count} attacks through TLS, none answered twice", wrong)


def expect_serial(port, ca, certificate):
    with tls.connect(port, ca) as s:
        return s.getpeercert(binary_form=True) == certificate


def reloads(tap, broker, port, ca, server, folder):
    old, body_headers = server.der, token_form(broker)
    kept = tls.https(port, ca)
    tap.ok(ask(kept)[0] == 200, "a connection before the reload")
    fresh = ca.leaf("fresh")
    shutil.copyfile(fresh.certificate, server.certificate)
    broker.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    tap.ok(expect_serial(port, ca, old), "a certificate without its key is not taken up: the old one is shown")
    tap.ok(b"is not the one of the certificate" in broker.said() and b"those in force stay" in broker.said(), "and it is said", broker.said()[-600:])
    done = broker.ambit("reload", "--url", f"http://127.0.0.1:{broker.ports[1]}", "--token-file", os.path.join(broker.state, "credentials", "lee.token"))
    tap.ok(done.returncode == 2 and b"expected a pair" in done.stdout + done.stderr, "ambit reload says so too, and exits 2", done)
    shutil.copyfile(fresh.key, server.key)
    broker.process.send_signal(signal.SIGHUP)
    tap.ok(until(lambda: expect_serial(port, ca, fresh.der)), "SIGHUP: new handshakes get the new certificate")
    tap.ok(ask(kept)[0] == 200, "the old connection lives on")
    again = ca.leaf("again")
    shutil.copyfile(again.certificate, server.certificate)
    shutil.copyfile(again.key, server.key)
    done = broker.ambit("reload", "--url", f"http://127.0.0.1:{broker.ports[1]}", "--token-file", os.path.join(broker.state, "credentials", "lee.token"))
    tap.ok(done.returncode == 0 and expect_serial(port, ca, again.der), "ambit reload: the same", done)
    kept.request("POST", "/token", *body_headers)
    tap.ok(kept.getresponse().status == 200, "and the first connection still lives")
    kept.close()


def reloads_under_load(tap, broker, port, ca, server):
    """Two clients that shake hands all the time and two that keep their connection, across ten reloads."""
    pairs = [ca.leaf("turn-a"), ca.leaf("turn-b")]
    ders = [pair.der for pair in pairs]
    seen, wrong, asked, over = set(), [], [0, 0], threading.Event()

    def shake():
        while not over.is_set():
            try:
                with tls.connect(port, ca) as s:
                    seen.add(s.getpeercert(binary_form=True))
                    s.sendall(REQUEST)
                    asked[0] += s.recv(100).startswith(b"HTTP/1.1 200")
            except OSError as e:
                wrong.append(repr(e))

    def keep():
        connection = tls.https(port, ca)
        while not over.is_set():
            try:
                asked[1] += ask(connection)[0] == 200
            except (OSError, http.client.HTTPException) as e:
                wrong.append(repr(e))
                return
        connection.close()

    threads = [threading.Thread(target=f, daemon=True) for f in (shake, shake, keep, keep)]
    for thread in threads:
        thread.start()
    for i in range(10):
        pair = pairs[i % 2]
        shutil.copyfile(pair.certificate, server.certificate)
        shutil.copyfile(pair.key, server.key)
        broker.process.send_signal(signal.SIGHUP)
        until(lambda der=ders[i % 2]: expect_serial(port, ca, der))
        time.sleep(0.05)
    over.set()
    for thread in threads:
        thread.join()
    tap.ok(not wrong and set(ders) <= seen and min(asked) > 10, f"ten reloads under load: {asked[0]} handshakes and {asked[1]} requests on old connections, none failed",
           f"{wrong[:5]} {asked} {len(seen)}")


def cpu_ticks(broker):
    with open(f"/proc/{broker.process.pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def silent(tap, broker, port, ca):
    """Handshakes that stand still: at nothing, in the middle, at the end. None may cost time, all are reaped."""
    hello = bytes.fromhex("160301")
    plain = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(60)]
    for i, s in enumerate(plain):
        s.sendall(b"" if i % 3 == 0 else hello if i % 3 == 1 else hello + b"\x02\x00\x01")
    time.sleep(0.2)
    before = cpu_ticks(broker)
    time.sleep(1)
    used = cpu_ticks(broker) - before
    tap.ok(used < 30, "60 handshakes that wait cost no time: under a third of a core", f"{used} ticks of 100")
    with tls.connect(port, ca) as s:
        s.sendall(REQUEST)
        tap.ok(s.recv(100).startswith(b"HTTP/1.1 200"), "others are answered meanwhile")
    for s in plain:
        s.settimeout(30 * SLOW)
    ended = 0
    for s in plain:
        try:
            while s.recv(100):
                pass
            ended += 1
        except ConnectionError:
            ended += 1
        except TimeoutError:
            pass
        s.close()
    tap.ok(ended == 60, "request_s ends them", ended)
    garbage = socket.create_connection(("127.0.0.1", port), 20)
    garbage.sendall(HEALTH)
    try:
        got = garbage.recv(100)
    except ConnectionError:
        got = b""
    tap.ok(not got.startswith(b"HTTP/"), "plain HTTP at a TLS port gets no answer", got)
    garbage.close()


def command_line(tap, broker, port, ca, folder):
    url = f"https://localhost:{port}"
    words = ("token", "--scope", READ_SCOPE, "--agent", "remediator", "--key", os.path.join(broker.state, "credentials", "remediator.jwk"), "--json")
    done = broker.ambit(*words, "--url", url, "--ca", ca.certificate)
    tap.ok(done.returncode == 0 and b"access_token" in done.stdout, "ambit over https with --ca", done)
    done = broker.ambit(*words, "--url", url)
    tap.ok(done.returncode == 3 and b"certificate" in done.stderr, "without it: an unknown authority is refused, in words", done)
    done = broker.ambit(*words, "--url", f"https://127.0.0.2:{port}", "--ca", ca.certificate)
    tap.ok(done.returncode == 3, "a certificate for another name is refused", done)
    done = broker.ambit(*words, "--url", url, "--ca", os.path.join(folder, "none.pem"))
    tap.ok(done.returncode in (2, 3) and b"none.pem" in done.stderr, "a CA file that is not there is named", done)
    config = os.path.join(folder, "ambit")
    os.makedirs(config, exist_ok=True)
    with open(os.path.join(config, "config.json"), "w", encoding="utf-8") as f:
        json.dump({"url": url, "ca": ca.certificate}, f)
    broker.env["XDG_CONFIG_HOME"] = folder
    done = broker.ambit(*words)
    tap.ok(done.returncode == 0, "url and ca from the settings file", done)
    done = broker.ambit(*words, "--url", f"unix:{broker.state}/agent.sock")
    tap.ok(done.returncode == 0 and b"access_token" in done.stdout, "ambit over the Unix socket", done)
    done = broker.ambit(*words, "--url", f"unix:{broker.state}/nobody.sock")
    tap.ok(done.returncode == 3 and b"nobody.sock" in done.stderr, "a socket that is not there is named, exit 3", done)


def unix_socket(tap, broker):
    path = os.path.join(broker.state, "agent.sock")
    mode = os.stat(path).st_mode & 0o777
    tap.ok(mode == 0o660, "the socket's mode is as configured", oct(mode))
    connection = tls.UnixConnection(path)
    tap.ok(ask(connection)[0] == 200 and ask(connection, "/v1/stops")[0] == 404, "agents' routes over the Unix socket, no others")
    connection.close()
    done = subprocess.run([os.path.join(BUILD, "ambitd"), "--config", os.path.join(broker.state, "test.json")], capture_output=True,
                          timeout=60 * SLOW, check=False, env=broker.env)
    tap.ok(done.returncode == 1 and b"agent.sock" in done.stderr + done.stdout, "the socket of a live broker is not taken over", done)


def refusals(tap, folder, ca):
    """What does not hold does not start: --check names file, finding, expectation."""
    good = ca.leaf("good")
    late = ca.leaf("late-server", since="20200101000000Z", until="20210101000000Z")
    early = ca.leaf("early-server", since="20390101000000Z", until="20400101000000Z")
    other = ca.leaf("other-server")
    weak = ca.leaf("weak-server", kind=("-newkey", "rsa:1024"))
    locked = os.path.join(folder, "locked.key")
    tls.openssl("pkcs8", "-topk8", "-in", good.key, "-out", locked, "-passout", "pass:secret")
    open_key = os.path.join(folder, "open.key")
    shutil.copyfile(good.key, open_key)
    os.chmod(open_key, 0o644)
    turned = os.path.join(folder, "turned.pem")
    with open(turned, "wb") as f:
        for part in (ca.certificate, good.certificate):
            with open(part, "rb") as one:
                f.write(one.read())
    none = os.path.join(folder, "none.pem")
    rows = [("no such certificate", {"certificate": none, "key": good.key}, b"none.pem cannot be read"),
            ("no such key", {"certificate": good.certificate, "key": none}, b"none.pem cannot be read"),
            ("a certificate that is none", {"certificate": good.key, "key": good.key}, b"holds no certificate"),
            ("a key that is none", {"certificate": good.certificate, "key": good.certificate}, b""),
            ("not a pair", {"certificate": good.certificate, "key": other.key}, b"is not the one of the certificate"),
            ("expired", late.tls(), b"expired at 2021-01-01T00:00:00"),
            ("not yet valid", early.tls(), b"is not valid before 2039-01-01T00:00:00"),
            ("a weak key", weak.tls(), b"the RSA key has 1024 bits"),
            ("a key with a password", {"certificate": good.certificate, "key": locked}, b"is encrypted"),
            ("a key that others may read", {"certificate": good.certificate, "key": open_key}, b"others may read"),
            ("certificates out of order", {"certificate": turned, "key": good.key}, b""),
            ("a client_ca that is none", good.tls(client_ca=good.key), b"holds no certificate")]
    state = tempfile.mkdtemp(prefix="ambit-check-")
    try:
        subprocess.run([os.path.join(BUILD, "ambitd"), "--dev", "--state", state, "--check"], capture_output=True, check=True, timeout=60 * SLOW)
        with open(os.path.join(state, "ambit.json"), encoding="utf-8") as f:
            config = json.load(f)
        for name, members, said in rows:
            config["listen"] = [{"address": "127.0.0.1:0", "tls": members}]
            with open(os.path.join(state, "test.json"), "w", encoding="utf-8") as f:
                json.dump(config, f)
            for words in (("--check",), ()) if name == "expired" else (("--check",),):
                done = subprocess.run([os.path.join(BUILD, "ambitd"), "--config", os.path.join(state, "test.json"), *words], capture_output=True,
                                      timeout=60 * SLOW, check=False)
                tap.ok(done.returncode == 2 and said in done.stderr and b"/listen/0/tls" in done.stderr and b"expected" in done.stderr,
                       f"{name}{' at --check' if words else ''}: refused in words", done)
    finally:
        shutil.rmtree(state)


def main():
    tap = Tap()
    folder = tempfile.mkdtemp(prefix="ambit-tls-")
    try:
        ca = tls.Authority(folder)
        server = ca.leaf("server")
        config = {"issuer": "https://localhost", "listen": [{"name": "agents", "address": "127.0.0.1:0", "tls": server.tls(client_ca=ca.certificate)},
                                                            {"name": "operators", "address": "127.0.0.1:0"}, {"name": "ops", "address": "127.0.0.1:0"},
                                                            {"name": "local", "unix": "agent.sock", "mode": "0660"}]}
        with Broker(config=config, limits={**UNLIMITED, "request_s": 4, "idle_s": 3}) as broker:
            port = broker.ports[0]
            versions(tap, port, ca)
            client_certificates(tap, port, ca, folder)
            waiting(tap, broker, port, ca)
            framing(tap, port, ca)
            command_line(tap, broker, port, ca, folder)
            unix_socket(tap, broker)
            reloads(tap, broker, port, ca, server, folder)
            reloads_under_load(tap, broker, port, ca, server)
            silent(tap, broker, port, ca)
            with tls.connect(port, ca), socket.create_connection(("127.0.0.1", port), 20), socket.create_connection(("127.0.0.1", port), 20) as half:
                half.sendall(b"\x16\x03\x01")
                tap.ok(broker.stop() == 0, "stopped in order with a TLS connection open, and handshakes not done")
            tap.ok(not os.path.exists(os.path.join(broker.state, "agent.sock")), "the socket file goes with it")
        refusals(tap, folder, ca)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
