# SPDX-License-Identifier: Apache-2.0
"""A log read from outside, in as few lines as the C2SP documents allow: signed notes, checkpoints, tiles,
entry bundles, roots. It shares nothing with the broker."""
import base64
import hashlib
import os
import subprocess
import tempfile

from jose import b64u, verify_ed25519


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes):
    """RFC 6962 section 2.1, of leaf hashes."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(root_of(hashes[:k]), root_of(hashes[k:]))


def verify_note(note, vkey):
    """The signed text, or None: NOT-1 to NOT-3 with one known key of type 1."""
    name, key_id, key = vkey.strip().split("+", 2)
    typed = base64.b64decode(key, validate=True)
    assert typed[0] == 1 and hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex() == key_id, vkey
    text, signatures = note.decode().rsplit("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        mark, signer, blob = line.split(" ")
        blob = base64.b64decode(blob, validate=True)
        if mark == "\u2014" and signer == name and blob[:4].hex() == key_id:
            return text if verify_ed25519(b64u(typed[1:]), text.encode(), blob[4:]) else None
    return None


def sign_note(text, vkey, key_file):
    """The text signed by a private key in PEM."""
    name, key_id, _ = vkey.strip().split("+", 2)
    with tempfile.TemporaryDirectory(prefix="ambit-test-") as folder:
        with open(os.path.join(folder, "in"), "w", encoding="utf-8") as f:
            f.write(text)
        done = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", key_file, "-rawin", "-in", os.path.join(folder, "in")],
                              stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=20)
    blob = base64.b64encode(bytes.fromhex(key_id) + done.stdout).decode()
    return f"{text}\n\u2014 {name} {blob}\n".encode()


class Checkpoint:
    def __init__(self, note, vkey):
        text = verify_note(note, vkey)
        assert text, f"not signed by {vkey}: {note}"
        self.origin, size, root = text.splitlines()[:3]
        assert str(int(size)) == size
        self.note, self.size, self.root = note, int(size), base64.b64decode(root, validate=True)

    def holds(self, hashes):
        return len(hashes) >= self.size and root_of(hashes[:self.size]) == self.root


def tile_name(kind, index, width=256):
    """TIL-2: `kind` is "entries" or a level."""
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
    name = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{kind}/{name}" + (f".p/{width}" if width < 256 else "")


def split_bundle(data):
    """TIL-3."""
    entries = []
    while data:
        length = int.from_bytes(data[:2], "big")
        assert len(data) >= 2 + length
        entries.append(data[2:2 + length])
        data = data[2 + length:]
    return entries


def names_of(size):
    """Every bundle of a log of that size: its index and width."""
    return [(i, min(256, size - 256 * i)) for i in range(-(-size // 256))]
