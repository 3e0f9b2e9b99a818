# SPDX-License-Identifier: Apache-2.0
"""A witness of transparency logs (C2SP tlog-witness, tlog-cosignature), written from the standards: what a broker
is cosigned by in tests. It remembers, for each log, the last checkpoint it signed, and can be made to misbehave."""
import base64
import hashlib
import http.server
import os
import sys
import threading
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import tlog  # noqa: E402


class Witness:
    """`logs`: verifier keys of the logs it knows, which may be added to later."""

    def __init__(self, name="witness.example/one"):
        self.name, self.key, self.logs, self.seen, self.asked, self.mood = name, Ed25519PrivateKey.generate(), [], {}, [], None
        public = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.id = hashlib.sha256(name.encode() + b"\n\x04" + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(bytes([4]) + public).decode()}"
        witness = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                status, type_, body = witness.answer(self.path, self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(status)
                self.send_header("Content-Type", type_)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/w"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def config(self):
        return {"name": self.name, "vkey": self.vkey, "url": self.url}

    def cosign(self, text, key=None):
        now = int(time.time())
        signature = (key or self.key).sign(f"cosignature/v1\ntime {now}\n{text}".encode())
        return f"\u2014 {self.name} {base64.b64encode(self.id + now.to_bytes(8, 'big') + signature).decode()}\n"

    def answer(self, path, body):
        """COS-2, in the order of the standard."""
        plain = "text/plain; charset=utf-8"
        self.asked.append(body)
        if self.mood == "error":
            return 503, plain, "not now\n"
        if self.mood == "slow":
            time.sleep(3)
        head, note = body.split("\n\n", 1)
        lines = head.split("\n")
        old, proof = int(lines[0].removeprefix("old ")), [base64.b64decode(line) for line in lines[1:]]
        origin = note.split("\n", 1)[0]
        known = [vkey for vkey in self.logs if vkey.startswith(origin + "+")]
        if path != "/w/add-checkpoint" or not known:
            return 404, plain, "unknown origin\n"
        try:
            _, size, root = tlog.checkpoint(note, known[0])
        except ValueError:
            return 403, plain, "no known key\n"
        if old > size or len(proof) > 63:
            return 400, plain, "old is larger\n"
        last, last_root = self.seen.get(origin, (0, None))
        if old != last or (last == size and last_root != root):
            return 409, "text/x.tlog.size", f"{last}\n"
        if last and not tlog.consistency(last, size, proof, last_root, root) or not last and proof:
            return 422, plain, "inconsistent\n"
        self.seen[origin] = (size, root)
        text = note.split("\n\n", 1)[0] + "\n"
        stranger = Ed25519PrivateKey.generate() if self.mood == "forged" else None
        return 200, plain, self.cosign(text, stranger)

    def signed(self, note):
        """Does this note carry a cosignature of ours that holds? Its size."""
        text, signatures = note.split("\n\n", 1)
        text += "\n"
        for line in signatures.splitlines():
            if line.startswith(f"\u2014 {self.name} "):
                raw = base64.b64decode(line.split(" ")[2])
                stamp = int.from_bytes(raw[4:12], "big")
                self.key.public_key().verify(raw[12:], f"cosignature/v1\ntime {stamp}\n{text}".encode())
                return int(text.split("\n")[1])
        return None
