# SPDX-License-Identifier: Apache-2.0
"""A reader of transparency logs, written from the standards alone (RFC 6962 section 2.1; C2SP signed-note,
tlog-checkpoint, tlog-tiles, tlog-proof) and sharing nothing with ambit: what it accepts, an outsider can check."""
import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves):
    """MTH of leaf hashes, by the definition (not by an edge or by tiles)."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:k]), root(leaves[k:]))


def checkpoint(note, vkey):
    """(origin, size, root) of a checkpoint that this key signed; ValueError when it did not."""
    name, key_hash, key = vkey.strip().split("+", 2)
    key = base64.b64decode(key, validate=True)
    if hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() != key_hash or key[0] != 1:
        raise ValueError("the verifier key is not an Ed25519 key of its own name")
    text, signatures = note.split("\n\n", 1)
    text += "\n"
    mine = [line.split(" ") for line in signatures.splitlines() if line.startswith(f"\u2014 {name} ")]
    mine = [s for s in (base64.b64decode(m[2], validate=True) for m in mine) if s[:4].hex() == key_hash]
    if not mine:
        raise ValueError("nobody with this key signed")
    for signature in mine:
        try:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], text.encode())
        except InvalidSignature:
            raise ValueError("the signature is not of this text") from None
    origin, size, digest = text.split("\n")[:3]
    return origin, int(size), base64.b64decode(digest, validate=True)


def path(n):
    """TIL-2: in groups of three digits, all but the last behind an x."""
    groups = [f"{n % 1000:03}"]
    while n >= 1000:
        n //= 1000
        groups.insert(0, f"x{n % 1000:03}")
    return "/".join(groups)


def entries(get, size):
    """Every entry, from the bundles; `get` gives the bytes of a path below the log's prefix."""
    for n in range((size + 255) // 256):
        width = min(256, size - n * 256)
        bundle, at = get(f"tile/entries/{path(n)}" + (f".p/{width}" if width < 256 else "")), 0
        for _ in range(width):
            length = int.from_bytes(bundle[at:at + 2], "big")
            yield bundle[at + 2:at + 2 + length]
            at += 2 + length
        if at != len(bundle):
            raise ValueError(f"bundle {n} has {len(bundle) - at} bytes too many")


def inclusion(leaf_hash, index, size, hashes):
    """The root that a path leads to (RFC 9162 section 2.1.3.2)."""
    fn, sn, r = index, size - 1, leaf_hash
    if index >= size:
        raise ValueError("the index lies outside the tree")
    for h in hashes:
        if sn == 0:
            raise ValueError("the path is too long")
        if fn & 1 or fn == sn:
            r = node(h, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, h)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ValueError("the path is too short")
    return r


def consistency(old, size, proof, old_root, root_):
    """RFC 9162 section 2.1.4.2: is the tree of `old` leaves a prefix of that of `size`?"""
    if old == size:
        return not proof and old_root == root_
    proof = list(proof)
    if old & (old - 1) == 0:
        proof.insert(0, old_root)
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    if not proof:
        return False
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == root_


def receipt(text, vkey, entry):
    """(index, size) of a .tlog-proof for this entry; ValueError when it proves nothing."""
    head, note = text.split("\n\n", 1)
    lines = head.split("\n")
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise ValueError("this is no tlog-proof")
    if lines[0].startswith("extra "):
        lines.pop(0)
    word, index = lines.pop(0).split(" ")
    if word != "index":
        raise ValueError("a proof without its index")
    _, size, signed = checkpoint(note, vkey)
    if inclusion(leaf(entry), int(index), size, [base64.b64decode(h, validate=True) for h in lines]) != signed:
        raise ValueError("the path does not lead to the root that was signed")
    return int(index), size
