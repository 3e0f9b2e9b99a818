#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: CKP-1, CKP-2, NOT-1, NOT-2, NOT-3, TIL-1, TIL-2, TIL-3: the log of a running broker is read from outside and its
root computed again; it only grows, also over a kill; a store that is not what was published is refused in words, and the
way on is another log, on record."""
import base64
import os
import re
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import SLOW, Broker, Tap, Threads  # noqa: E402
from tlog import Checkpoint, leaf_hash, names_of, node_hash, root_of, sign_note, split_bundle, tile_name  # noqa: E402

PURPOSE = "words that no entry may hold"
BAD_NAMES = ["tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/0", "tile/0/0000", "tile/0/x000/000", "tile/00/000",
             "tile/0/000.p", "tile/0/000.p/1/", "tile/64/000", "tile/63/000", "tile/8/000", "tile/entries/000.q/1", "tile/entries/1",
             "tile/entries/999", "tile/-1/000", "tile/0/x001/x000/000", "tile/data/000", "tile/1/001", "tile/0/000.p/1?x=1"]


def key_of(client):
    return client.call("GET", "/log/key").body.decode()


def checkpoint_of(client):
    return Checkpoint(client.call("GET", "/log/checkpoint").body, key_of(client))


def covered(client, size):
    """The first checkpoint that covers so much."""
    until = time.monotonic() + 10 * SLOW
    while time.monotonic() < until:
        checkpoint = checkpoint_of(client)
        if checkpoint.size >= size:
            return checkpoint
        time.sleep(0.05)
    raise RuntimeError(f"no checkpoint covers {size}")


def get(client, name, who="dana"):
    return client.person(who, "GET", "/log/" + name)


def entries_of(client, size):
    entries = []
    for index, width in names_of(size):
        answer = get(client, tile_name("entries", index, width))
        assert answer.status == 200, answer
        found = split_bundle(answer.body)
        assert len(found) == width
        entries += found
    return entries


def hashes_of(client, size):
    return [leaf_hash(entry) for entry in entries_of(client, size)]


def give(broker, n):
    with broker.client() as client:
        for _ in range(n):
            assert client.token(purpose=PURPOSE).status == 200


def reads_and_proves(tap, broker, client):
    seen = [checkpoint_of(client)]
    workers = Threads([lambda: give(broker, 70) for _ in range(4)])
    while any(thread.is_alive() for thread in workers.threads):
        seen.append(checkpoint_of(client))
        time.sleep(0.1)
    workers.join()
    last = covered(client, 280)
    size = last.size
    entries = entries_of(client, size)
    hashes = [leaf_hash(entry) for entry in entries]
    tap.ok(last.holds(hashes), "CKP-1, TIL-3, MRK-1: the root is that of the entries", size)
    tap.ok(all(a.size <= b.size for a, b in zip(seen, [*seen[1:], last])) and all(one.holds(hashes) for one in seen),
           "CKP-2: sizes only grow, and every checkpoint seen is of this log", [one.size for one in seen])
    tap.ok(last.origin == f"127.0.0.1:{broker.port}/log" and key_of(client).startswith(last.origin + "+"),
           "CKP-1, NOT-2: the origin is the issuer without its scheme, and the key's name", last.origin)
    full = get(client, tile_name(0, 0))
    part = get(client, tile_name(0, 1, size - 256))
    tap.ok(full.body == b"".join(hashes[:256]) and part.body == b"".join(hashes[256:]), "TIL-2: tiles of level 0, full and partial", part)
    above = get(client, tile_name(1, 0, 1))
    tap.ok(above.body == root_of(hashes[:256]) and node_hash(above.body, root_of(hashes[256:])) == last.root,
           "TIL-2: the tile above has the root of a full one", above)
    tap.ok(get(client, tile_name(0, 0, 7)).body == full.body[:7 * 32], "TIL-3: a part of a full tile is served still")
    tap.ok(not any(PURPOSE.encode() in entry for entry in entries) and any(b'"purpose":{"commitment"' in entry for entry in entries),
           "entries hold commitments and nothing that opens them")
    return hashes


def says_it_rightly(tap, broker, client):
    answer = client.call("GET", "/log/checkpoint")
    tap.ok(answer.headers["Content-Type"] == "text/plain; charset=utf-8" and "max-age=1" in answer.headers["Cache-Control"],
           "TIL-1: the checkpoint is text, cached shortly, for everybody", answer.headers)
    tile = get(client, tile_name(0, 0))
    tap.ok(tile.headers["Content-Type"] == "application/octet-stream" and "immutable" in tile.headers["Cache-Control"]
           and "no-store" not in tile.headers["Cache-Control"], "TIL-1: tiles are bytes and never change", tile.headers)
    bad = {name: get(client, name).status for name in BAD_NAMES}
    tap.ok(set(bad.values()) == {404}, "TIL-1, TIL-2: other names, and what is not covered, are 404", bad)
    beyond = checkpoint_of(client).size % 256 + 3
    tap.ok(get(client, tile_name("entries", 1, beyond)).status == 404, "no more than the checkpoint covers")
    roles = {who: get(client, tile_name(0, 0), who).status for who in ("dana", "lee", "sam")}
    tap.ok(roles == {"dana": 200, "lee": 200, "sam": 403} and client.call("GET", "/log/" + tile_name(0, 0)).status == 401,
           "tiles are for auditors and those on call", roles)
    reads = [e["person"] for e in client.events(type="person.read") if "log/" in str(e)]
    tap.ok(sorted(reads) == ["dana", "lee"], "reading the log is recorded, once a minute and person", reads)
    metrics = client.call("GET", "/metrics").body.decode()
    size = int(re.search(r"(?m)^ambit_log_size (\d+)$", metrics)[1])
    tap.ok(size >= 280 and 'ambit_log_failures_total{step="witness_file"} 0' in metrics, "ambit_log_size", size)


def survives_a_kill(tap, broker, hashes):
    name = os.path.join(broker.state, "log", "checkpoint")
    for _ in range(3):
        with broker.client() as client:
            give(broker, 5)
            before = checkpoint_of(client)
            give(broker, 5)
        broker.kill()
        with open(name, "rb") as f, open(os.path.join(broker.state, "log", "log.vkey"), encoding="utf-8") as key:
            on_disk = Checkpoint(f.read(), key.read())
        broker.start()
        with broker.client() as client:
            after = checkpoint_of(client)
            again = hashes_of(client, after.size)
        if not (before.size <= on_disk.size <= after.size and again[:len(hashes)] == hashes
                and all(one.holds(again) for one in (before, on_disk, after))):
            return tap.ok(False, "CKP-2: a kill", (before.size, on_disk.size, after.size))
    return tap.ok(True, "CKP-2: three kills: what was told is on the disk, what comes after begins with it")


def refusal(broker, extra=()):
    begun = os.path.getsize(broker.log)
    serves = broker.start(is_expected_to_serve=False, extra=extra)
    return "it serves" if serves else f"{broker.process.returncode}: {broker.said(begun).decode()}"


def size_on_disk(broker):
    with open(os.path.join(broker.state, "log", "checkpoint"), encoding="utf-8") as f:
        return int(f.read().splitlines()[1])


def put_back(broker, name, copy):
    shutil.rmtree(os.path.join(broker.state, name))
    shutil.copytree(copy, os.path.join(broker.state, name))


def rolls_back(tap, broker):
    """An older store beside a newer checkpoint: refused; accepted with a reason: another log."""
    broker.stop()
    old_size = size_on_disk(broker)
    tap.ok(refusal(broker, ["--accept-rollback", "why not"]).startswith("2: ") and "nothing to accept" in broker.said().decode(),
           "with nothing wrong there is nothing to accept")
    old = os.path.join(broker.home, "old")
    shutil.copytree(os.path.join(broker.state, "store"), old)
    broker.start()
    give(broker, 3)
    with broker.client() as client:
        old_key = key_of(client)
    broker.stop()
    new_size = size_on_disk(broker)
    put_back(broker, "store", old)
    said = refusal(broker)
    tap.ok(said.startswith("1: ") and f"has {old_size} events" in said and f"covers {new_size}" in said and "--accept-rollback" in said,
           "CKP-2: a store that was rolled back is refused, both sizes and the way on named", said)
    broker.start(extra=["--accept-rollback", "the disk died, INC-9"])
    with broker.client() as client:
        first = checkpoint_of(client)
        told = next(client.events(after=old_size - 1, type="log.continued"))
        detail = told.get("detail", told)
        tap.ok(first.origin.endswith("/log/r2") and key_of(client) != old_key and first.holds(hashes_of(client, first.size)),
               "CKP-2: it goes on under another key and origin", first.origin)
        tap.ok(told["words"] == "the disk died, INC-9" and detail["published"]["size"] == new_size
               and detail["store"]["size"] == old_size and detail["found"] == "smaller" and detail["before"]["vkey"] == old_key.strip(),
               "log.continued says what was published, what is there, and why", told)
    aside = os.path.join(broker.state, "log", "checkpoint.1")
    tap.ok(os.path.exists(aside), "the old checkpoint is kept beside")
    broker.stop()
    return broker.verify()


def loses_files(tap, broker):
    """Each of the files gone or changed: refused in words; with it back all is as it was."""
    log, keys = os.path.join(broker.state, "log", "checkpoint"), os.path.join(broker.state, "keys", "log.key")
    with open(log, "rb") as f:
        note = f.read()
    for name, path, change, want in [
            ("gone", log, None, "STATE/log/checkpoint is gone"), ("cut", log, note[:20], "no checkpoint that this log's key signed"),
            ("another size", log, note.replace(b"\n", b"\n1", 1), "the signature is not its"),
            ("no key", keys, None, "key is gone"), ("no key's text", keys, b"-----BEGIN", "no private Ed25519 key")]:
        shutil.copy(path, path + ".kept")
        os.unlink(path)
        if change is not None:
            with open(path, "wb") as f:
                f.write(change)
        said = refusal(broker)
        tap.ok(said.startswith("1: ") and want in said, f"{name}: refused in words", said)
        os.replace(path + ".kept", path)


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def write(data, *path):
    with open(os.path.join(*path), "wb") as f:
        f.write(data)


def forget_record(broker):
    for name in ("store", "search"):
        shutil.rmtree(os.path.join(broker.state, name), ignore_errors=True)


def ended_between_steps(tap):
    """CKP-2: the start's steps are told from a loss wherever it was cut: the states that lie between them are made by hand."""
    with Broker() as broker:
        log, keys, state = (os.path.join(broker.state, name) for name in ("log", "keys", "."))
        broker.stop()
        vkey, key = read(log, "log.vkey").decode(), read(keys, "log.key")
        forget_record(broker)
        shutil.rmtree(log)
        tap.ok(broker.start() and broker.stop() == 0 and read(keys, "log.key") == key, "a key that was made is the key of the log that is begun")
        vkey = read(log, "log.vkey").decode()
        forget_record(broker)
        nothing = f"{vkey.split('+')[0]}\n0\n{base64.b64encode(root_of([])).decode()}\n"
        write(sign_note(nothing, vkey, os.path.join(keys, "log.key")), log, "checkpoint")
        tap.ok(broker.start() and broker.stop() == 0 and read(log, "log.vkey").decode() == vkey,
               "a log with a checkpoint of size 0 is the log that is begun, under its name")
        # The way on, cut after log.continued: the new key waits, the old one and its checkpoint are in place.
        published = read(log, "checkpoint")
        forget_record(broker)
        said = refusal(broker)
        tap.ok("has 0 events" in said and broker.start(extra=["--accept-rollback", "all is gone"]) and broker.stop() == 0,
               "a store that is gone altogether is smaller too", said)
        new_key, new_vkey = read(keys, "log.key"), read(log, "log.vkey")
        write(new_key, keys, "log.key.next")
        write(key, keys, "log.key")
        write(published, log, "checkpoint")
        os.unlink(os.path.join(log, "checkpoint.1"))
        tap.ok(broker.start() and broker.stop() == 0 and read(keys, "log.key") == new_key and read(log, "log.vkey") == new_vkey
               and read(log, "checkpoint.1") == published and Checkpoint(read(log, "checkpoint"), new_vkey.decode()).size > 0,
               "what was begun and recorded is completed by the next start")
        write(published, log, "checkpoint")
        tap.ok(broker.start() and broker.stop() == 0 and os.path.exists(os.path.join(log, "checkpoint.2")), "the checkpoint of a log that was left is set aside")
        write(b"half of one", log, "checkpoint.0123456789abcdef.tmp")
        tap.ok(broker.start() and broker.stop() == 0 and not [name for name in os.listdir(log) if name.endswith(".tmp")],
               "what a write that was cut left is taken away")
        code, verdict = broker.verify(state)
        tap.ok(code == 0, "the record holds", verdict)


def seen_late(tap, broker, witness, copy):
    """The disk with the witness file was not mounted at the start of an older state: it is not written over."""
    os.rename(witness, witness + ".away")
    broker.start()
    os.unlink(witness) if os.path.exists(witness) else None
    os.rename(witness + ".away", witness)
    with open(witness, "rb") as f:
        before = f.read()
    give(broker, 1)
    words = b"the log signs nothing more: the witness file holds"
    for _ in range(200):
        if words in broker.said():
            break
        time.sleep(0.05)
    with open(witness, "rb") as f, open(os.path.join(broker.state, "log", "checkpoint"), "rb") as g:
        after, own = f.read(), g.read()
    ahead, ours = (int(note.split(b"\n")[1]) for note in (before, own))
    tap.ok(words in broker.said() and after == before and ours < ahead, "CKP-2: one that is seen late is held against too, and nothing more is signed", (before, after, own))
    broker.kill()
    shutil.rmtree(broker.state)
    shutil.copytree(copy, broker.state)


def witnessed(tap):
    """A witness file knows what a whole state folder that was restored does not."""
    with Broker(start=False, env={"AMBIT_LOG_PUBLIC": "true"}) as broker:
        witness = os.path.join(broker.home, "witness")
        broker.env["AMBIT_LOG_WITNESS_FILE"] = witness
        broker.start()
        with broker.client() as client:
            tap.ok(client.call("GET", "/log/" + tile_name(0, 0, 2)).status == 200, "log.public: tiles are for everybody")
        broker.stop()
        with open(witness, "rb") as f, open(os.path.join(broker.state, "log", "checkpoint"), "rb") as g:
            tap.ok(f.read() == g.read(), "the witness file has the last checkpoint")
        copy = os.path.join(broker.home, "copy")
        shutil.copytree(broker.state, copy)
        broker.start()
        give(broker, 2)
        broker.stop()
        shutil.rmtree(broker.state)
        shutil.copytree(copy, broker.state)
        said = refusal(broker)
        tap.ok(said.startswith("1: ") and "the witness file covers" in said, "CKP-2: a state that was restored whole is found by it", said)
        seen_late(tap, broker, witness, copy)
        broker.start(extra=["--accept-rollback", "restored"])
        broker.stop()
        tap.ok(broker.start() and broker.stop() == 0, "the way on is gone once")
        os.unlink(witness)
        os.mkdir(witness)
        said = refusal(broker)
        tap.ok("the witness file cannot be read" in said, "a witness file that cannot be read is refused", said)
        os.rmdir(witness)
        broker.start()
        os.unlink(witness)
        os.mkdir(witness)
        give(broker, 1)
        with broker.client() as client:
            covered(client, size_on_disk(broker))
            time.sleep(1.3)
            metrics = client.call("GET", "/metrics").body.decode()
        found = int(re.search(r'ambit_log_failures_total\{step="witness_file"\} (\d+)', metrics)[1])
        tap.ok(found > 0 and b"the witness file cannot be written" in broker.said(), "one that cannot be written is logged and counted", found)


def main():
    tap = Tap()
    with Broker() as broker:
        with broker.client() as client:
            hashes = reads_and_proves(tap, broker, client)
            says_it_rightly(tap, broker, client)
        survives_a_kill(tap, broker, hashes)
        code, verdict = rolls_back(tap, broker)
        tap.ok(code == 0, "the record holds over all of it", verdict)
        loses_files(tap, broker)
        tap.ok(broker.start() and broker.stop() == 0, "with everything back it serves")
    ended_between_steps(tap)
    witnessed(tap)
    return tap.done()


sys.exit(main())
