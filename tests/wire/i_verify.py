#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: what a running broker exports verifies elsewhere by the public key alone, as a URL, a folder and a tar, with `ambit
verify` and the small ambit-verify alike; any byte changed is found; a verdict that was changed, with the whole tree made to fit,
is refused by the key, and under the log's own key is found by the engine, which names the event and what it should have said."""
import base64
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap  # noqa: E402
from forger import Forger, files_of  # noqa: E402

PURPOSE = "the purpose that is somebody's own text"


def url_of(broker):
    return f"http://127.0.0.1:{broker.port}"


def activate(broker, client, text):
    """Another version of the reporter's document comes into force."""
    path = os.path.join(broker.state, "documents", "agents", "reporter.json")
    with open(path, encoding="utf-8") as f:
        agent = json.load(f)
    with open(path, "w", encoding="utf-8") as f:
        json.dump({**agent, "description": text}, f)
    taken = client.person("lee", "POST", "/v1/documents/reload")
    assert taken.status == 200, taken


def fill(broker):
    with broker.client() as client:
        for text in ("a version by which nothing is decided", "reads tickets"):
            activate(broker, client, text)
        for i in range(40):
            answer = client.token(purpose=PURPOSE if i % 3 else None) if i % 3 else client.token()
            client.evaluate(answer.json["access_token"], resource={"type": "ticket", "id": str(i)})
            client.evaluate(answer.json["access_token"], "service.restart", {"type": "svc", "id": "prod/x"})
        stop = client.stop("agent:reporter")
        client.clear(stop.json["stop"])


def wait_covered(client):
    size = len(list(client.events())) + 1  # `after` leaves out event 0
    for _ in range(200):
        if int(client.call("GET", "/log/checkpoint").body.split(b"\n")[1]) >= size:
            return size
        time.sleep(0.02)
    raise AssertionError("no checkpoint covers what was done")


class Judge:
    """Both programs on the same export: they must say the same."""

    def __init__(self, broker, tap):
        self.broker, self.tap, self.key = broker, tap, os.path.join(broker.state, "log", "log.vkey")

    def run(self, program, *words):
        done = subprocess.run([os.path.join(self.broker.build, program), *words, "--json"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, cwd=self.broker.home)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            return done.returncode, {"ok": False, "problems": [], "said": done.stdout + done.stderr}

    def __call__(self, path, *words, key=True):
        words = [*words, *(["--key", self.key] if key else [])]
        code, said = self.run("ambit-verify", path, *words)
        other = self.run("ambit", "verify", path, *words)
        if other != (code, said):
            self.tap.ok(False, "both programs say the same", (said, other))
        return code, said


def whole(tap, broker, client, judge):
    token = os.path.join(broker.state, "credentials", "dana.token")
    size = wait_covered(client)
    code, said = judge.run("ambit", "verify", url_of(broker), "--token-file", token, "--key", judge.key)
    tap.ok(code == 0 and said["ok"] and said["events"] >= size and said["signed"] and said["key_given"] and said["decided_again"] >= 120,
           "the log of a running broker verifies by its URL", said)
    sam = os.path.join(broker.state, "credentials", "sam.token")
    code, said = judge.run("ambit", "verify", url_of(broker), "--token-file", sam)
    tap.ok(code == 1 and "403" in said.get("said", ""), "not with the token of an owner", said)
    made = broker.ambit("export", "--url", url_of(broker), "--token-file", token, "--out", "x")
    tar = broker.ambit("export", "--url", url_of(broker), "--token-file", token, "--out", "x.tar", "--no-openings")
    tap.ok(made.returncode == 0 and tar.returncode == 0, "it is exported", (made, tar))
    none = [broker.ambit("export", "--url", url_of(broker), "--token-file", who, "--out", out, *words)
            for who, out, *words in ((sam, "y"), (sam, "y.tar"), (token, "y", "--from", "99999999"), (token, "y.tar", "--from", "99999999"))]
    tap.ok([d.returncode for d in none] == [1, 1, 2, 2] and not any(os.path.exists(os.path.join(broker.home, y)) for y in ("y", "y.tar")),
           "one that comes to nothing leaves nothing", none)
    code, said = judge("x")
    tap.ok(code == 0 and said["ok"] and said["decided_again"] >= 120 and said["other_files"] == 0, "the export verifies, decisions made again", said)
    again = judge("x.tar")[1]
    with open(os.path.join(broker.home, "x.tar"), "rb") as f:
        holds = PURPOSE.encode() in f.read()
    tap.ok(again["ok"] and again["decided_again"] >= 120 and not again["openings"] and said["openings"] and not holds, "a tar without personal texts verifies too", again)
    unsigned = judge("x", key=False)
    tap.ok(unsigned[0] == 0 and unsigned[1]["key_given"] is False, "without a key it says that nobody vouches for it", unsigned)
    reads = [e["person"] for e in client.events(type="person.read") if "log/" in str(e)]
    tap.ok(set(reads) == {"dana"}, "reading it is recorded", reads)
    private = {name: client.person("sam", "GET", f"/log/{name}").status for name in ("openings/000", "documents/" + "0" * 64, "sets/" + "0" * 64 + ".json")}
    none = {name: client.person("dana", "GET", f"/log/{name}").status
            for name in ("openings/999", "openings/0", "documents/" + "0" * 64, "sets/" + "0" * 64 + ".json", "zones/" + "0" * 64, "documents/x")}
    tap.ok(set(private.values()) == {403} and set(none.values()) == {404}, "openings and documents are for auditors; what is not there is 404", (private, none))


def any_byte(tap, broker, judge):
    """log.vkey counts for nothing where a key is given; made_at says nothing about the record."""
    rng, found, missed = random.Random(5), 0, []
    folder = os.path.join(broker.home, "x")
    paths = [p for p in files_of(folder) if not p.endswith(("log.vkey", "export.json"))]
    for path in paths + rng.choices(paths, k=12):
        with open(path, "rb") as f:
            before = f.read()
        at = rng.randrange(len(before))
        with open(path, "wb") as f:
            f.write(before[:at] + bytes([before[at] ^ (1 << rng.randrange(8))]) + before[at + 1:])
        code, said = judge.run("ambit-verify", "x", "--key", judge.key)
        found += code == 1
        if code != 1:
            missed.append((os.path.relpath(path, folder), at, said))
        with open(path, "wb") as f:
            f.write(before)
    tap.ok(not missed, f"one byte changed anywhere is found ({found} of {found})", missed)
    for path in paths[:: max(1, len(paths) // 8)]:
        os.rename(path, path + ".away")
        code, said = judge.run("ambit-verify", "x", "--key", judge.key)
        os.rename(path + ".away", path)
        if code == 0:
            missed.append(os.path.relpath(path, folder))
    tap.ok(not missed, "a file that is missing is found", missed)


def folders(tap, broker, judge):
    folder, missed = os.path.join(broker.home, "x"), []
    kinds = {os.path.dirname(p): p for p in files_of(folder)}
    for path in [*kinds.values(), os.path.join(folder, "checkpoint")]:
        os.rename(path, folder + ".away")
        os.mkdir(path)
        code = judge.run("ambit-verify", "x")[0]
        os.rmdir(path)
        os.rename(folder + ".away", path)
        if code == 0:
            missed.append(os.path.relpath(path, folder))
    tap.ok(not missed and len(kinds) >= 5, f"a folder in the place of a file is found ({len(kinds) + 1} of them)", missed)


def swapped(tap, broker, judge):
    """The kind of an export is whoever made it's word; documents are held against their digests whatever it says."""
    folder = os.path.join(broker.home, "r")
    for kind in ("log", "segment"):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(os.path.join(broker.home, "x"), folder)
        with open(os.path.join(folder, "export.json"), encoding="utf-8") as f:
            export = json.load(f)
        with open(os.path.join(folder, "export.json"), "w", encoding="utf-8") as f:
            json.dump({**export, "kind": kind, "first": 0, "next": export["size"]}, f)
        code, said = judge("r")
        tap.ok(code == 0, f"all of it called a {kind} holds", said)
        for path in files_of(os.path.join(folder, "documents")):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            with open(path, "w", encoding="utf-8") as f:
                f.write(text + " ")
            code, said = judge("r")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            if code != 1 or not any("do not have this digest" in p["what"] for p in said["problems"]):
                break
        tap.ok(code == 1, f"a document swapped in a {kind} is found", (path, said))


def allow(event):
    event.update(decision="allow", reason="allowed", type="action.allowed")
    event.pop("member", None)


def widen(event):
    event["items"][0]["resources"] = ["**"]


def prolong(event):
    event["lifetime_s"] += 1


FORGED = [
    ("a verdict", "action.denied", allow, "says allow, its inputs decide deny (out_of_scope)"),
    ("a reason", "action.denied", lambda e: e.update(reason="forbidden"), "says deny (forbidden), its inputs decide deny (out_of_scope)"),
    ("a rule", "action.allowed", lambda e: e.update(rule="other"), "says rule other, its inputs decide"),
    ("an item", "grant.issued", widen, "says other items than its inputs decide"),
    ("a lifetime", "grant.issued", prolong, "says other lifetime than its inputs decide"),
    ("an owner", "grant.issued", lambda e: e.update(owner="sam"), "says owner sam, its inputs decide dana"),
    ("a grant", "action.allowed", lambda e: e.update(grant="Q" * 22), "names a grant that was never given"),
    ("a time", "action.allowed", lambda e: e.update(time="2001-01-01T00:00:00.000Z"), "is earlier than the one before it"),
    ("a sequence", "action.allowed", lambda e: e.update(seq=3), "says that it is event 3"),
]


def forged(tap, broker, judge):
    other = os.path.join(broker.home, "other.key")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other], check=True, capture_output=True)
    own = os.path.join(broker.state, "keys", "log.key")
    for name, kind, edit, words in FORGED:
        shutil.rmtree(os.path.join(broker.home, "f"), ignore_errors=True)
        shutil.copytree(os.path.join(broker.home, "x"), os.path.join(broker.home, "f"))
        forger = Forger(os.path.join(broker.home, "f"))
        seq = forger.find(kind)
        forger.change(seq, edit)
        forger.write(own)
        code, said = judge("f")
        told = [p["what"] for p in said["problems"] if p.get("seq") == seq]
        tap.ok(code == 1 and said["signed"] and any(words in what for what in told), f"{name} changed, the tree made to fit and signed by the log's own key: found",
               said)
        if name == "a verdict":
            code, said = judge("f", "--no-redecide")
            tap.ok(code == 0, "which --no-redecide cannot see", said)
            forger.write(other)
            code, said = judge("f")
            tap.ok(code == 1 and not said["signed"], "under another key it is refused by the key that was given", said)


def ranges(tap, broker, judge):
    token = os.path.join(broker.state, "credentials", "dana.token")
    offline = broker.ambit("export", "--state", broker.state, "--out", "s.tar", "--to", "20")
    code, said = judge("s.tar")
    tap.ok(offline.returncode == 0 and code == 0, "an export of a state folder verifies", (offline, said))
    taken = broker.ambit("export", "--url", url_of(broker), "--token-file", token, "--out", "x")
    none = broker.ambit("export", "--url", url_of(broker), "--token-file", token, "--out", "y", "--from", "100000")
    tap.ok(taken.returncode == 2 and none.returncode == 2, "what is there is not written over, and no events are no export", (taken, none))
    with open(os.path.join(broker.home, "x.tar"), "rb") as f:
        whole_tar = f.read()
    for name, raw, want in (("cut.tar", whole_tar[: len(whole_tar) // 2], (1, 2)), ("no.tar", b"no tar at all" * 100, (2,)), ("empty.tar", b"", (2,))):
        with open(os.path.join(broker.home, name), "wb") as f:
            f.write(raw)
        code, said = judge.run("ambit-verify", name, "--key", judge.key)
        tap.ok(code in want, f"{name} is refused in words", said)
    needs = subprocess.run(["ldd", os.path.join(broker.build, "ambit-verify")], capture_output=True, text=True, check=False).stdout
    tap.ok("libcrypto" in needs and not any(name in needs for name in ("lmdb", "curl", "microhttpd", "gnutls", "jansson")),
           "ambit-verify needs libcrypto and none of the broker's libraries", needs)


def erased(tap, broker, client, judge):
    token = os.path.join(broker.state, "credentials", "dana.token")
    fill(broker)
    fill(broker)
    gone = client.person("lee", "POST", "/v1/erasures", {"target": "person:lee", "reason": "a test", "members": ["words"]}).json
    wait_covered(client)
    broker.ambit("export", "--url", url_of(broker), "--token-file", token, "--out", "e", check=True)
    code, said = judge("e")
    tap.ok(code == 0 and said["openings_erased"] == gone["openings"] > 0 and said["decided_again"] >= 120, "an erasure accounts for what is not there", said)
    broker.ambit("export", "--url", url_of(broker), "--token-file", token, "--out", "early", "--to", "255", check=True)
    code, early = judge("early")
    tap.ok(code == 0 and early["kind"] == "segment" and early["openings_unaccounted"] > 0 and said["openings_unaccounted"] == 0,
           "a part that ends before the erasure holds, and counts what it cannot account for", early)
    words = subprocess.run([os.path.join(broker.build, "ambit-verify"), "early", "--key", judge.key], capture_output=True, text=True,
                           check=False, cwd=broker.home).stdout
    tap.ok(f"events 0 to 255 of the {early['size']}: 256 events of " in words and "events lack texts" in words, "in words too", words)
    path = os.path.join(broker.home, "e", "openings", "000")
    with open(path, "rb") as f:
        lines = f.read().splitlines(keepends=True)
    with open(path, "wb") as f:
        f.write(b"".join(lines[1:]))
    code, said = judge("e")
    seq = json.loads(lines[0])["seq"]
    tap.ok(code == 1 and [(p["seq"], "no erasure says so" in p["what"]) for p in said["problems"]] == [(seq, True)], "an opening taken without one is named", said)


def the_key(tap, broker):
    """The store in its folder: by the log's key, by another log's, by what is none."""
    own = os.path.join(broker.state, "log", "log.vkey")
    with open(own, encoding="utf-8") as f:
        text = f.read().strip()
    origin = text.split("+")[0]
    other = subprocess.run(["openssl", "rand", "32"], check=True, capture_output=True).stdout
    ident = hashlib.sha256(origin.encode() + b"\n\x01" + other).hexdigest()[:8]
    same_name = f"{origin}+{ident}+{base64.b64encode(bytes([1]) + other).decode()}"
    stranger = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    for name, key in (("as a file", own), ("as text", text)):
        done = broker.ambit("verify", broker.state, "--key", key, text=True)
        said = json.loads(broker.ambit("verify", broker.state, "--key", key, "--json").stdout)
        tap.ok(done.returncode == 0 and "signed by the key that was given" in done.stdout and said["ok"] and said["signed"] and said["key_given"],
               f"the store, by its key {name}: it says that this key signed", done)
    done = broker.ambit("verify", broker.state, text=True)
    tap.ok(done.returncode == 0 and "no key was given" in done.stdout, "without one it says that nobody vouches for it", done)
    for name, key in (("of another log", stranger), ("of the same name", same_name)):
        done = broker.ambit("verify", broker.state, "--key", key, text=True)
        said = json.loads(broker.ambit("verify", broker.state, "--key", key, "--json").stdout)
        tap.ok(done.returncode == 1 and "DAMAGED" in done.stdout and "signed by the key that was given" not in done.stdout and not said["ok"]
               and not said.get("signed") and any("none that this key signed" in p["what"] for p in said["problems"]), f"by a key {name}: exit 1, and why", (done, said))
    done = broker.ambit("verify", broker.state, "--key", "x", text=True)
    tap.ok(done.returncode == 2 and "verifier key" in done.stderr, "by no key: wrong usage", done)


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        fill(broker)
        judge = Judge(broker, tap)
        whole(tap, broker, client, judge)
        any_byte(tap, broker, judge)
        folders(tap, broker, judge)
        swapped(tap, broker, judge)
        forged(tap, broker, judge)
        ranges(tap, broker, judge)
        erased(tap, broker, client, judge)
        code, said = broker.verify()
        tap.ok(code == 0 and said["ok"] and said["signed"] and said["decided_again"] >= 120, "and the store itself, with its checkpoint", said)
        broker.stop()
        the_key(tap, broker)
        shutil.copy(os.path.join(broker.home, "x", "export.json"), broker.state)
        done = broker.ambit("verify", broker.state)
        tap.ok(done.returncode == 2 and b"which is meant" in done.stderr, "an export.json put beside a store does not divert the verdict", done)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
