#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: what `ssh-keygen -Y sign` signs we take, and we take nothing that `ssh-keygen -Y verify`
refuses: every kind of key, every hash, bytes changed at random, other namespaces and messages."""
import base64
import hashlib
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

from broker import BUILD, LONG, Tap, skip_all  # noqa: E402

SPACE = "ambit-policy"
KINDS = {"ed25519": ["-t", "ed25519"], "p256": ["-t", "ecdsa", "-b", "256"], "p384": ["-t", "ecdsa", "-b", "384"],
         "p521": ["-t", "ecdsa", "-b", "521"], "rsa2048": ["-t", "rsa", "-b", "2048"], "rsa3072": ["-t", "rsa", "-b", "3072"]}


def framed(text):
    return struct.pack(">I", len(text)) + text


def armored(blob):
    text = base64.b64encode(blob).decode()
    lines = "\n".join(text[i:i + 70] for i in range(0, len(text), 70))
    return f"-----BEGIN SSH SIGNATURE-----\n{lines}\n-----END SSH SIGNATURE-----\n".encode()


def blob_of(text):
    return base64.b64decode(b"".join(text.split(b"\n")[1:-2]))


def run(*words, **more):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)


class Ours:
    """The verifier under test, in a process that answers one signature after another."""

    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BUILD, "tests/unit/crypto/sshsig_tool"), SPACE],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def verify(self, signer, signature, message):
        self.process.stdin.write(signer + b"\n%d\n" % len(signature) + signature + b"%d\n" % len(message) + message)
        self.process.stdin.flush()
        return self.process.stdout.readline().strip() == b"ok"

    def close(self):
        self.process.stdin.close()
        return self.process.wait(20)


class Theirs:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def verify(self, signer, signature, message):
        with open(self.path("allowed"), "wb") as file:
            file.write(b"dana " + signer + b"\n")
        with open(self.path("sig"), "wb") as file:
            file.write(signature)
        return run("ssh-keygen", "-Y", "verify", "-f", self.path("allowed"), "-I", "dana", "-n", SPACE, "-s",
                   self.path("sig"), input=message).returncode == 0

    def sign(self, key, message, hashed, space=SPACE):
        with open(self.path("m"), "wb") as file:
            file.write(message)
        if os.path.exists(self.path("m.sig")):
            os.unlink(self.path("m.sig"))
        done = run("ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", space, "-O", f"hashalg={hashed}", self.path("m"))
        if done.returncode:
            raise RuntimeError(done.stdout)
        with open(self.path("m.sig"), "rb") as file:
            return file.read()

    def key(self, name, how):
        path = self.path(name)
        done = run("ssh-keygen", "-q", *how, "-N", "", "-C", "a comment", "-f", path)
        if done.returncode:
            raise RuntimeError(done.stdout)
        with open(path + ".pub", "rb") as file:
            return path, file.read().strip()

    def security_key(self, kind, flags, message):
        """Signer line and signature of a key that lives on a token, made with OpenSSL."""
        pem, part = self.path("sk.pem"), self.path("part")
        how = ["ed25519"] if kind == "ed25519" else ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        run("openssl", "genpkey", "-algorithm", *how, "-out", pem)
        point = subprocess.run(["openssl", "pkey", "-in", pem, "-pubout", "-outform", "DER"],
                               stdout=subprocess.PIPE, check=True).stdout
        name = b"sk-ssh-ed25519@openssh.com" if kind == "ed25519" else b"sk-ecdsa-sha2-nistp256@openssh.com"
        key = framed(name) + (framed(point[-32:]) if kind == "ed25519" else framed(b"nistp256") + framed(point[-65:]))
        key += framed(b"ssh:")
        frame = (b"SSHSIG" + framed(SPACE.encode()) + framed(b"") + framed(b"sha512")
                 + framed(hashlib.sha512(message).digest()))
        rest = bytes([flags]) + struct.pack(">I", random.randrange(1 << 32))
        with open(part, "wb") as file:
            file.write(hashlib.sha256(b"ssh:").digest() + rest + hashlib.sha256(frame).digest())
        if kind == "ed25519":
            made = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", pem, "-in", part],
                                  stdout=subprocess.PIPE, check=True).stdout
        else:
            der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", pem, part], stdout=subprocess.PIPE,
                                 check=True).stdout
            cut = 4 + der[3]
            made = framed(der[4:cut]) + framed(der[cut + 2:])
        blob = (b"SSHSIG" + struct.pack(">I", 1) + framed(key) + framed(SPACE.encode()) + framed(b"")
                + framed(b"sha512") + framed(framed(name) + framed(made) + rest))
        return name + b" " + base64.b64encode(key), armored(blob)


def changed(blob):
    """The blob with one byte another one, one left out, or one too many."""
    at, how = random.randrange(len(blob)), random.randrange(3)
    middle = [bytes([blob[at] ^ (1 << random.randrange(8))]), b"", bytes([blob[at], random.randrange(256)])][how]
    return blob[:at] + middle + blob[at + 1:]


def main():
    if not shutil.which("ssh-keygen") or not shutil.which("openssl"):
        skip_all("no ssh-keygen or no openssl")
    tap, rounds = Tap(), 200 if LONG else 25
    seed = random.randrange(1 << 32)
    random.seed(seed)
    tap.note(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="ambit-test-") as folder:
        theirs, ours = Theirs(folder), Ours()
        message = b'{"policy":"restart-services"}\n'
        made = {}
        for name, how in KINDS.items():
            path, signer = theirs.key(name, how)
            for hashed in ("sha256", "sha512"):
                made[f"{name} {hashed}"] = (signer, theirs.sign(path, message, hashed))
            other = theirs.sign(path, message, "sha512", space="file")
            tap.ok(not ours.verify(signer, other, message), f"{name}: another namespace is refused")
        for kind in ("ed25519", "p256"):
            made[f"sk {kind}"] = theirs.security_key(kind, 1, message)
            signer, signature = theirs.security_key(kind, 0, message)
            tap.ok(not ours.verify(signer, signature, message), f"sk {kind}: untouched is refused")
        path, signer = theirs.key("rsa1024", ["-t", "rsa", "-b", "1024"])
        tap.ok(not ours.verify(signer, theirs.sign(path, message, "sha512"), message), "RSA of 1024 bits is refused")
        for name, (signer, signature) in made.items():
            tap.ok(theirs.verify(signer, signature, message) and ours.verify(signer, signature, message),
                   f"{name}: both take it")
            tap.ok(not ours.verify(signer, signature, message + b"\n"), f"{name}: another message is refused")
            stranger = made["ed25519 sha512" if "ed25519 sha" not in name else "p256 sha512"][0]
            tap.ok(not ours.verify(stranger, signature, message), f"{name}: another signer is refused")
            wrong = []
            for _ in range(rounds):
                altered = armored(changed(blob_of(signature)))
                if ours.verify(signer, altered, message) and not theirs.verify(signer, altered, message):
                    wrong.append(altered)
            tap.ok(not wrong, f"{name}: nothing altered is taken that ssh-keygen refuses", wrong)
        tap.ok(ours.close() == 0, "the verifier ends in order")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
