# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made by openssl, and clients that use them. An Authority makes leafs for servers
and clients; `context` is what a client of ours needs; `connect` gives a socket whose handshake is done."""
import http.client
import os
import socket
import ssl
import subprocess

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *words], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(words)}: {done.stderr.decode()}")
    return done.stdout


class Pair:
    """Files of one certificate (with what it needs of the chain) and its key."""

    def __init__(self, certificate, key):
        self.certificate, self.key = certificate, key

    @property
    def der(self):
        """Of the leaf."""
        return openssl("x509", "-in", self.certificate, "-outform", "DER")

    def tls(self, **members):
        """A listener's `tls`."""
        return {"certificate": self.certificate, "key": self.key, **members}


class Authority(Pair):
    """A CA in a folder. `above`: the one that signs it, for a chain of two."""

    def __init__(self, folder, name="ca", above=None):
        super().__init__(os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key"))
        self.folder, self.above = folder, above
        extensions = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        if above is None:
            openssl("req", "-x509", *CURVE, "-nodes", "-keyout", self.key, "-out", self.certificate, "-days", "30",
                    "-subj", f"/CN={name}", *extensions)
        else:
            made = above.leaf(name, extensions=("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"), names=())
            self.certificate, self.key = made.certificate, made.key

    def leaf(self, name, names=("DNS:localhost", "IP:127.0.0.1"), subject=None, extensions=(), days=30, until=None, since=None, kind=CURVE):
        """A certificate for `name`, with `names` as its subjectAltName. `since`, `until`: YYYYMMDDHHMMSSZ."""
        certificate, key, request = (os.path.join(self.folder, name + end) for end in (".pem", ".key", ".csr"))
        openssl("req", *kind, "-nodes", "-keyout", key, "-out", request, "-subj", subject or f"/CN={name}")
        settings = os.path.join(self.folder, name + ".cnf")
        with open(settings, "w", encoding="utf-8") as f:
            f.write("[x]\n" + "".join(e + "\n" for e in extensions) + (f"subjectAltName={','.join(names)}\n" if names else "")
                    + "subjectKeyIdentifier=hash\n")
        if until or since:
            self._sign_dated(name, request, certificate, settings, since, until)
        else:
            openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-set_serial", str(int.from_bytes(os.urandom(8), "big")),
                    "-days", str(days), "-extfile", settings, "-extensions", "x", "-out", certificate)
        if self.above:
            with open(certificate, "ab") as f, open(self.certificate, "rb") as chain:
                f.write(chain.read())
        return Pair(certificate, key)

    def _sign_dated(self, name, request, certificate, settings, since, until):
        """`openssl x509` takes days alone; `openssl ca` takes dates, and wants files for it."""
        index = os.path.join(self.folder, name + ".index")
        with open(index, "w", encoding="utf-8"):
            pass
        with open(settings, "a", encoding="utf-8") as f:
            f.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={index}\nnew_certs_dir={self.folder}\ndefault_md=sha256\npolicy=p\nrand_serial=yes\n"
                    "unique_subject=no\n[p]\ncommonName=optional\n")
        openssl("ca", "-batch", "-config", settings, "-in", request, "-out", certificate, "-cert", self.certificate, "-keyfile", self.key,
                "-notext", "-extensions", "x", "-startdate", since or "20200101000000Z", "-enddate", until or "20400101000000Z")


def self_signed(folder, name, names=("DNS:localhost",)):
    pair = Pair(os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key"))
    openssl("req", "-x509", *CURVE, "-nodes", "-keyout", pair.key, "-out", pair.certificate, "-days", "30", "-subj", f"/CN={name}",
            "-addext", "subjectAltName=" + ",".join(names))
    return pair


def context(authority, shown=None, version=None):
    """Verifies the server against the authority (a Pair); shows the client certificate `shown`."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(authority.certificate)
    if shown:
        made.load_cert_chain(shown.certificate, shown.key)
    if version:
        made.minimum_version = made.maximum_version = version
    return made


def connect(port, authority, shown=None, version=None, name="localhost", timeout=30):
    plain = socket.create_connection(("127.0.0.1", port), timeout)
    try:
        return context(authority, shown, version).wrap_socket(plain, server_hostname=name)
    except BaseException:
        plain.close()
        raise


def https(port, authority, shown=None, version=None, timeout=30):
    """An http.client connection."""
    return http.client.HTTPSConnection("localhost", port, timeout=timeout, context=context(authority, shown, version))


class UnixConnection(http.client.HTTPConnection):
    """The same over a Unix socket."""

    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)
