#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a backup is made while tokens are given and stops raised, is recorded, has no private key and verifies; a kill in the
midst of one leaves none that half exists; a restore serves again; an older one is refused with both sizes, and says what is lost."""
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import GONE, Broker, Tap, Threads  # noqa: E402


def ask(client, name, who="lee", **members):
    return client.person(who, "POST", "/v1/backups", {"name": name, "reason": "a test", **members})


def wait(client, name):
    for _ in range(400):
        listed = client.person("lee", "GET", "/v1/backups").json
        found = [b for b in listed["backups"] if b["name"] == name]
        if found or ("copying" not in listed and listed.get("failed", {}).get("name") == name):
            return found[0] if found else listed
        time.sleep(0.02)
    return listed


def modes(folder):
    return {oct(os.stat(os.path.join(at, n)).st_mode & 0o777) for at, folders, files in os.walk(folder) for n in folders + files}


def who_may(tap, client):
    tap.ok(ask(client, "x", "dana").status == 403 and ask(client, "../x").status == 400 and ask(client, "a.partial").status == 400
           and ask(client, "x", reason="").status == 400 and ask(client, "x", path="/etc").status == 400, "admins alone, a name and a reason")
    tap.ok(client.person("sam", "GET", "/v1/backups").status == 403 and client.person("dana", "GET", "/v1/backups").json == {"backups": []},
           "auditors see the list")


def under_load(tap, broker, client):
    done = []

    def give():
        n = 0
        with broker.client() as other:
            while not done:
                n += other.token().status == 200
        return n
    giving = Threads([give, give])
    begun = ask(client, "one")
    tap.ok(begun.status == 202 and begun.json == {"name": "one", "state": "copying"}, "a backup is begun", begun)
    stop = client.stop("agent:remediator")
    one = wait(client, "one")
    client.clear(stop.json["stop"])
    done.append(True)
    tap.ok(sum(giving.join()) > 0 and stop.json["recorded"] == "yes", "stops and grants go on meanwhile", stop)
    folder = os.path.join(broker.state, "backups", "one")
    with open(os.path.join(folder, "backup.json"), encoding="utf-8") as f:
        manifest = json.load(f)
    tap.ok(one["state"] == "whole" and one["digest"] == manifest["digest"] and one["size"] == manifest["size"], "it is whole", one)
    tap.ok(not os.path.exists(os.path.join(folder, "keys")) and manifest["keys"] is False and modes(folder) <= {"0o700", "0o600"},
           "no private key is in it, and nobody else reads it", modes(folder))
    code, said = broker.verify(folder)
    tap.ok(code == 0 and said["events"] == one["size"] and "sha256:" + said["root"] == one["root"], "ambit verify reads it as it is", said)
    told = list(client.events(type="record.backed_up"))
    tap.ok(len(told) == 1 and told[0]["person"] == "lee" and told[0]["detail"] == {k: one[k] for k in ("bytes", "digest", "keys", "name", "root", "size")},
           "record.backed_up says who, why and what", told)
    tap.ok(ask(client, "one").status == 409, "none is written over")
    return one


def killed(tap, broker):
    """In the midst of a copy that is slowed down by its size alone: kill -9, then look."""
    for i in range(3):
        with broker.client() as client:
            ask(client, f"cut{i}")
            time.sleep(0.002 * i)
        broker.kill()
        broker.start()
    with broker.client() as client:
        listed = client.person("lee", "GET", "/v1/backups").json["backups"]
        told = {e["detail"]["name"] for e in client.events(type="record.backed_up")}
        tap.ok(all(b["state"] == "whole" and b["name"] in told for b in listed), "a kill leaves no backup that is not whole and recorded", listed)
        ask(client, "cut0" if "cut0" not in told else "again")
        tap.ok(wait(client, "cut0" if "cut0" not in told else "again").get("state") == "whole", "what was left lying is in nobody's way")


def by_hand(tap, broker):
    done = broker.ambit("backup", "--url", f"http://127.0.0.1:{broker.port}", "--token-file", os.path.join(broker.state, "credentials", "lee.token"),
                        "--name", "by-hand", "--reason", "CHG-1", "--json")
    tap.ok(done.returncode == 0 and json.loads(done.stdout)["name"] == "by-hand", "ambit backup waits until it is whole", done)
    out = os.path.join(broker.home, "offline")
    tap.ok(broker.ambit("backup", "--state", broker.state, "--out", out).returncode == 1, "offline: not while the broker runs")


def restore(broker, backup, state, *words):
    done = broker.ambit("restore", backup, "--state", state, "--json", *words)
    return done.returncode, json.loads(done.stdout or b"{}"), done.stderr.decode()


def restored(tap, broker, one):
    out, elsewhere = os.path.join(broker.home, "offline"), os.path.join(broker.home, "elsewhere")
    backup = os.path.join(broker.state, "backups", "one")
    done = broker.ambit("backup", "--state", broker.state, "--out", out, "--json")
    tap.ok(done.returncode == 0 and json.loads(done.stdout)["size"] > one["size"] and broker.verify(out)[0] == 0, "offline backup", done)
    tap.ok(broker.ambit("backup", "--state", broker.state, "--out", out).returncode == 1, "which is not written over either")
    code, said, _ = restore(broker, out, elsewhere)
    tap.ok(code == 0 and said["ok"] and broker.verify(elsewhere)[0] == 0, "restored where nothing was, it verifies", said)
    code, said, words = restore(broker, out, broker.state)
    tap.ok(code == 1 and "holds a store" in said["why"], "a store is not written over", said)
    code, said, words = restore(broker, backup, broker.state, "--replace")
    tap.ok(code == 1 and said["rollback"] and str(one["size"]) in said["why"] and said["lost"]["events"] > 0 and said["lost"]["stops_raised"] >= 1
           and any(s["target"] == "agent:reporter" and s["in_force"] for s in said["lost"]["stops"]), "an older one is refused with both sizes and what is lost", said)
    code, said, _ = restore(broker, out, broker.state, "--replace")
    tap.ok(code == 0 and said["replaced"].startswith("store.replaced-"), "one of the same size takes its place, the old one lies beside", said)
    broker.start()
    with broker.client() as client:
        held = client.person("lee", "GET", "/v1/stops").json["stops"]
        tap.ok(client.token().status == 200 and any(s["target"] == "agent:reporter" for s in held), "it serves, and its stops hold")
    tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "and verifies")


def len_of(broker):
    return broker.verify()[1]["events"]


def other_record(tap, broker):
    """A backup of some other broker, however long, takes no store's place, whatever reason is given."""
    with Broker() as other:
        with other.client() as client:
            for _ in range(len_of(broker) + 10):
                client.token()
        tap.ok(other.stop() == 0, "another broker with a longer record")
        long = os.path.join(broker.home, "of-another")
        made = other.ambit("backup", "--state", other.state, "--out", long, "--json")
        tap.ok(made.returncode == 0 and json.loads(made.stdout)["size"] > len_of(broker), "and a backup of it", made)
    for name, words in (("", []), (", with a reason too", ["--accept-rollback", "a test"])):
        code, said, _ = restore(broker, long, broker.state, "--replace", *words)
        tap.ok(code == 1 and not said["ok"] and "of another record" in said["why"] and not said["rollback"], f"a backup of another record is refused{name}", said)
    tap.ok(broker.verify()[0] == 0, "and nothing was touched", broker.verify())


def rolled_back(tap, broker, one):
    """The older one after all: said to the restore, and said again to the broker, which goes on as another log."""
    backup, state = os.path.join(broker.state, "backups", "one"), broker.state
    checkpoint, new = os.path.join(state, "log", "checkpoint"), os.path.join(broker.home, "new")
    with open(checkpoint, encoding="utf-8") as f:
        published = int(f.read().split("\n")[1])
    code, said, _ = restore(broker, backup, new, "--witness", checkpoint)
    tap.ok(code == 1 and said["rollback"] and "the witness file" in said["why"] and str(published) in said["why"] and str(one["size"]) in said["why"]
           and not os.path.exists(os.path.join(new, "store")), "a witness file that is ahead refuses it where nothing else would", said)
    code, said, _ = restore(broker, backup, new, "--witness", os.path.join(broker.home, "none"))
    tap.ok(code != 0 and not os.path.exists(os.path.join(new, "store")), "and so does one that is not there", said)
    code, said, _ = restore(broker, backup, state, "--replace", "--accept-rollback", "INC-9: the disk died")
    tap.ok(code == 0 and said["ok"] and said["rollback"] and said["lost"]["events"] > 0, "with --accept-rollback it is restored, and what is lost is told", said)
    served = broker.start(is_expected_to_serve=False)
    words = broker.said().decode()[-2000:]
    tap.ok(not served and broker.process.returncode == 1 and str(published) in words and str(one["size"]) in words, "the broker asks for the same again, and names both sizes", words)
    tap.ok(broker.start(is_expected_to_serve=False, extra=["--accept-rollback", "INC-9: the disk died"]), "with its own --accept-rollback it serves", broker.said()[-2000:])
    with broker.client() as client:
        events = list(client.events(type="log.continued"))
        tap.ok(len(events) == 1 and events[0]["words"] == "INC-9: the disk died" and events[0]["detail"]["published"]["size"] == published
               and events[0]["detail"]["store"]["size"] == one["size"],
               "log.continued says what was published, and why", events)
        tap.ok(client.call("GET", "/log/key").body.split(b"+")[0].endswith(b"/r2"), "as another log", client.call("GET", "/log/key"))
    tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "which verifies", broker.verify())
    again = broker.start(is_expected_to_serve=False, extra=["--accept-rollback", "once more"])
    tap.ok(not again and broker.process.returncode == 2, "once: with nothing wrong it is refused", broker.said()[-600:])
    tap.ok(broker.start() and broker.stop() == 0, "and starts as ever without it")


def waiting(tap, broker):
    """Stops that wait in journals, of the backup and of the store that is replaced, are in the one that is put in place."""
    out, state = os.path.join(broker.home, "offline"), os.path.join(broker.home, "elsewhere")

    def sector(letter):
        return (letter * 100).ljust(512, b"\0")

    def journal(folder, bytes_):
        with open(os.path.join(folder, "store", "stops.journal"), "wb") as f:
            f.write(bytes_.ljust(1 << 20, b"\0"))
    for what, old, backup, want in (("of the backup", b"", sector(b"b"), sector(b"b")), ("of the store that is replaced", sector(b"a"), b"", sector(b"a")),
                                    ("of both", sector(b"a"), sector(b"b"), sector(b"a") + sector(b"b"))):
        journal(state, old)
        journal(out, backup)
        code, said, _ = restore(broker, out, state, "--replace")
        with open(os.path.join(state, "store", "stops.journal"), "rb") as f:
            tap.ok(code == 0 and f.read().rstrip(b"\0") == want.rstrip(b"\0") and said["journal_taken_over"] == bool(old),
                   f"stops that wait are kept: {what}", said)
    for i in range(12):
        journal(state, sector(b"a"))
        with subprocess.Popen([os.path.join(broker.build, "ambit"), "restore", out, "--state", state, "--replace", "--json"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(0.004 * i)
            process.kill()
        with open(os.path.join(state, "store", "stops.journal"), "rb") as f:
            held = f.read()
        if sector(b"a") not in held or not os.path.exists(os.path.join(state, "store", "data.mdb")):
            break
    tap.ok(sector(b"a") in held, "a restore that is killed leaves a store, and in it the stops that wait", i)
    code, said, _ = restore(broker, out, state, "--replace")
    tap.ok(code == 0 and not os.path.exists(os.path.join(state, "store.restoring")), "and the next one is done", said)
    journal(out, b"")


def spoiled(tap, broker):
    """What is wrong with a backup is found before anything is touched."""
    out, bad = os.path.join(broker.home, "offline"), os.path.join(broker.home, "bad")

    def spoil(name, change):
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(out, bad)
        change()
        code, said, _ = restore(broker, bad, os.path.join(broker.home, "never"))
        tap.ok(code in (1, 2) and not said["ok"] and not os.path.exists(os.path.join(broker.home, "never", "store")), name, said)

    def edit(path, change):
        with open(os.path.join(bad, path), "r+b") as f:
            bytes_ = change(f.read())
            f.seek(0)
            f.truncate()
            f.write(bytes_)
    spoil("a byte of the store changed", lambda: edit("store/data.mdb", lambda b: b[:9000] + bytes([b[9000] ^ 1]) + b[9001:]))
    spoil("the store cut short", lambda: edit("store/data.mdb", lambda b: b[:-4096]))
    spoil("another size in the manifest", lambda: edit("backup.json", lambda b: b.replace(b'"size":', b'"size":1')))
    spoil("no manifest", lambda: os.unlink(os.path.join(bad, "backup.json")))


def main():
    tap = Tap()
    with Broker() as broker:
        with broker.client() as client:
            for _ in range(50):
                client.token()
            who_may(tap, client)
            one = under_load(tap, broker, client)
            client.stop("agent:reporter")
        by_hand(tap, broker)
        killed(tap, broker)
        tap.ok(broker.stop() == 0, "stopped")
        restored(tap, broker, one)
        waiting(tap, broker)
        spoiled(tap, broker)
        other_record(tap, broker)
        rolled_back(tap, broker, one)
    return tap.done()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GONE as err:
        print(f"Bail out! {err!r}")
        raise
