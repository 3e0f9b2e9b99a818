# SPDX-License-Identifier: Apache-2.0
"""Rewrites an export of one bundle as the broker's own administrator could: events, tree, checkpoint."""
import base64
import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import tlog  # noqa: E402


def files_of(folder):
    return sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)


def encoded(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Forger:
    """Rewrites one event of an export and everything that follows from it, as an administrator could; the log's key last."""

    def __init__(self, folder):
        self.folder = folder
        self.entries_path = next(p for p in files_of(folder) if "/tile/entries/" in p)
        with open(self.entries_path, "rb") as f:
            raw, self.entries = f.read(), []
        while raw:
            n = int.from_bytes(raw[:2], "big")
            self.entries.append(raw[2:2 + n])
            raw = raw[2 + n:]

        self.openings_path = next((p for p in files_of(folder) if "/openings/" in p), None)
        self.openings = {}
        if self.openings_path:
            with open(self.openings_path, encoding="utf-8") as f:
                self.openings = {line["seq"]: line["open"] for line in map(json.loads, f)}

    def event(self, seq):
        return json.loads(self.entries[seq])

    def find(self, kind, **members):
        return next(i for i, e in enumerate(map(json.loads, self.entries)) if e["type"] == kind and all(e.get(k) == v for k, v in members.items()))

    def order(self, seqs):
        """The events of these sequences, in this order, under new ones; no time goes back."""
        entries, openings, time = [], {}, ""
        for seq in seqs:
            event = self.event(seq)
            time = event["time"] = max(time, event["time"])
            event["seq"] = len(entries)
            if seq in self.openings:
                openings[len(entries)] = self.openings[seq]
            entries.append(encoded(event))
        self.entries, self.openings = entries, openings

    def move(self, seq, to):
        """Before the event that stands at `to`, and at its time."""
        rest = [i for i in range(len(self.entries)) if i != seq]
        self.change(seq, lambda e: e.update(time=self.event(to)["time"]))
        self.order([*[i for i in rest if i < to], seq, *[i for i in rest if i >= to]])

    def remove(self, seq):
        self.order([i for i in range(len(self.entries)) if i != seq])

    def change(self, seq, edit):
        event = json.loads(self.entries[seq])
        edit(event)
        self.entries[seq] = encoded(event)

    def write(self, key):
        for path in (self.entries_path, next(p for p in files_of(self.folder) if "/tile/0/" in p)):
            wide = f"{path.rsplit('.p/', 1)[0]}.p/{len(self.entries)}"
            if path != wide:
                os.rename(path, wide)
        self.entries_path = next(p for p in files_of(self.folder) if "/tile/entries/" in p)
        with open(self.entries_path, "wb") as f:
            f.write(b"".join(len(e).to_bytes(2, "big") + e for e in self.entries))
        if self.openings_path:
            with open(self.openings_path, "wb") as f:
                f.write(b"".join(encoded({"open": self.openings[seq], "seq": seq}) + b"\n" for seq in sorted(self.openings)))
        with open(os.path.join(self.folder, "export.json"), encoding="utf-8") as f:
            export = json.load(f)
        with open(os.path.join(self.folder, "export.json"), "w", encoding="utf-8") as f:
            json.dump({**export, "size": len(self.entries), "next": len(self.entries)}, f)
        leaves = [tlog.leaf(e) for e in self.entries]
        with open(next(p for p in files_of(self.folder) if "/tile/0/" in p), "wb") as f:
            f.write(b"".join(leaves))
        with open(os.path.join(self.folder, "log.vkey"), encoding="utf-8") as f:
            vkey = f.read().strip()
        origin = vkey.split("+")[0]
        text = f"{origin}\n{len(leaves)}\n{base64.b64encode(tlog.root(leaves)).decode()}\n"
        words = os.path.join(self.folder, "..", "text")
        with open(words, "w", encoding="utf-8") as f:
            f.write(text)
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", words], check=True, capture_output=True).stdout
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout[-32:]
        ident = hashlib.sha256(origin.encode() + b"\n\x01" + public).digest()[:4]
        with open(os.path.join(self.folder, "checkpoint"), "w", encoding="utf-8") as f:
            f.write(f"{text}\n\u2014 {origin} {base64.b64encode(ident + signature).decode()}\n")
        with open(os.path.join(self.folder, "log.vkey"), "w", encoding="utf-8") as f:
            f.write(f"{origin}+{ident.hex()}+{base64.b64encode(bytes([1]) + public).decode()}\n")
