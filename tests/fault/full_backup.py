#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a backup or a prune onto a full disk (a small tmpfs), or one of whose calls fails at any moment, fails in words; it
leaves no backup that a restore would take for whole and deletes no event; the broker goes on, and a stop is taken meanwhile.

  full_backup.py [FAULTS [SEED]]"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import GONE, LONG, Broker, Tap, skip_all  # noqa: E402
from failing import FOR_GOOD, KINDS, ONCE, Page  # noqa: E402

DISK = 12 << 20
LIMITS = {"store_bytes": 32 << 20, "store_grow_bytes": 1 << 20, "store_reserve_bytes": 1 << 20}
TRIED = ("open", "write", "flush", "make", "rename", "pwrite", "malloc")


class Case:
    def __init__(self, disk, page):
        self.disk, self.page, self.n = disk, page, 0
        self.backups, self.segments = os.path.join(disk, "backups"), os.path.join(disk, "segments")
        self.broker = Broker(config={"backup": {"folder": self.backups}, "record": {"least_age": "1s", "segments": self.segments}},
                             limits=LIMITS, env=page.env)

    def fill(self):
        path = os.path.join(self.disk, "ballast")
        with open(path, "wb") as f:
            try:
                while True:
                    f.write(bytes(65536))
                    f.flush()
            except OSError:
                pass
            try:
                f.close()
            except OSError:
                pass
        return path

    def wait(self, client, path, busy):
        """What is told once nothing is at work."""
        for _ in range(1000):
            told = client.person("lee", "GET", path)
            if told.status == 200 and busy not in told.json:
                return told.json
            if told.status != 200:
                return {"status": told.status}
            time.sleep(0.01)
        return {"failed": {"why": "it does not end"}, "stuck": True}

    def backup(self, client):
        self.n += 1
        name = f"b{self.n}"
        asked = client.person("lee", "POST", "/v1/backups", {"name": name, "reason": "a test"})
        return name, asked, self.wait(client, "/v1/backups", "copying") if asked.status == 202 else asked.json

    def prune(self, client):
        asked = client.person("lee", "POST", "/v1/prune", {"before": "2100-01-01T00:00:00Z", "reason": "a test"})
        return asked, self.wait(client, "/v1/segments", "writing") if asked.status == 202 else asked.json

    def restores(self, name):
        """What a restore does with what lies there: None is right, for it is refused or is whole."""
        folder, new = os.path.join(self.backups, name), os.path.join(self.broker.home, "restored")
        if not os.path.exists(folder):
            return None
        done = self.broker.ambit("restore", folder, "--state", new, "--json")
        said = json.loads(done.stdout or b"{}")
        status = self.broker.verify(new)[0] if done.returncode == 0 else None
        shutil.rmtree(new, ignore_errors=True)
        return None if status == 0 or done.returncode in (1, 2) and said.get("why") and name.endswith(".partial") else (name, done, status)

    def left(self):
        """Whatever lies in the folder of backups, as a restore takes it."""
        return [remark for name in sorted(os.listdir(self.backups)) if (remark := self.restores(name))] if os.path.exists(self.backups) else []


def can_stop(client):
    stop = client.stop("agent:reporter")
    return stop.status == 201 and stop.json["recorded"] == "yes" and client.clear(stop.json["stop"]).status == 200


def prepare(client):
    """Something to prune: nothing lives on."""
    for _ in range(300):
        client.token()
    for agent in ("remediator", "reporter"):
        client.clear(client.stop("agent:" + agent).json["stop"])
    for incident in client.person("lee", "GET", "/v1/incidents?state=open&limit=500").json["incidents"]:
        client.person("lee", "POST", f"/v1/incidents/{incident['incident']}/close", {"reason": "over"})
    time.sleep(1.1)


def full(tap, case, client):
    prepare(client)
    before = [e["seq"] for e in client.events()]
    ballast = case.fill()
    name, asked, told = case.backup(client)
    tap.ok("failed" in told and told["failed"]["why"] and not told.get("stuck"), "a backup onto a full disk fails in words", (asked, told))
    tap.ok(not os.path.exists(os.path.join(case.backups, name)) and not case.left(), "and leaves nothing that a restore would take", case.left())
    tap.ok(can_stop(client), "a stop is taken meanwhile")
    asked, told = case.prune(client)
    tap.ok(told.get("failed", {}).get("why") and told["deleted_to"] == told["pruned_to"] == 0 and not told.get("stuck"), "a prune onto a full disk fails in words", (asked, told))
    tap.ok(not [n for n in os.listdir(case.segments) if n.endswith(".tar")] if os.path.exists(case.segments) else True, "and leaves no segment")
    seqs = [e["seq"] for e in client.events()]
    tap.ok(seqs[:len(before)] == before, "every event is there", (len(before), len(seqs)))
    tap.ok(can_stop(client) and client.token().status == 200, "stops are taken, tokens are given")
    os.unlink(ballast)
    name, asked, told = case.backup(client)
    tap.ok(any(b["name"] == name and b["state"] == "whole" for b in told["backups"]) and not case.restores(name), "with room it is made, and is whole", told)
    for agent in ("remediator", "reporter"):
        client.clear(client.stop("agent:" + agent).json["stop"])
    prepare(client)
    asked, told = case.prune(client)
    tap.ok(asked.status == 202 and told["pruned_to"] == asked.json["next"], "and so is the segment", (asked, told))


def restarted(case, wrong, what):
    """Sealed or ended by a fault that the store was hit by: it goes on."""
    if case.broker.process.poll() is None and case.broker.stop() == "did not stop":
        wrong.append(f"{what}: does not stop")
    if case.broker.process.poll() < 0 and b"crypto/digest.c" not in case.broker.said()[-400:]:
        wrong.append(f"{what}: ended by signal: {case.broker.said()[-300:]}")
    status, said = case.broker.verify()
    if status != 0:
        wrong.append(f"{what}: {said}")
    case.broker.start()


def faults(tap, case, dice, count):
    """Calls of a backup or a prune fail, one at a time or all from there on."""
    wrong, failed, told = [], 0, {}
    spans = {}
    for what in ("backup", "prune"):
        with case.broker.client() as client:
            prepare(client)
            before = {kind: case.page.count(kind) for kind in TRIED}
            told = case.backup(client) if what == "backup" else case.prune(client)
            spans[what] = {kind: case.page.count(kind) - before[kind] for kind in TRIED}
    for i in range(count):
        what, how = ("backup", "prune")[i % 4 == 3], dice.choice((ONCE, FOR_GOOD))
        kind = dice.choice([kind for kind in TRIED if spans[what][kind] > 0])
        error, number = dice.choice(KINDS[kind]), 1 + dice.randrange(spans[what][kind])
        words = f"{what}: {kind} {number} {error} {'for good' if how else 'once'}"
        with case.broker.client() as client:
            if what == "prune":
                prepare(client)
            seqs = [e["seq"] for e in client.events()]
            case.page.arm(kind, number, how, error)
            try:
                told = case.backup(client) if what == "backup" else (None, *case.prune(client))
            except (*GONE, ValueError) as err:
                told = (None, None, {"gone": repr(err)})
            failed += case.page.failed > 0
            case.page.lift()
        if told[2].get("stuck"):
            wrong.append(f"{words}: {told}")
        if has_ended(case):
            restarted(case, wrong, words)
        if remarks := case.left():
            wrong.append(f"{words}: {remarks}")
        with case.broker.client() as client:
            until = time.monotonic() + 10
            while client.call("GET", "/readyz").status != 200 and time.monotonic() < until:
                time.sleep(0.05)
            now = {e["seq"] for e in client.events()}
            if gone := [seq for seq in seqs if seq not in now]:
                wrong.append(f"{words}: events are gone: {gone[:5]}")
            if not can_stop(client) or client.token().status != 200:
                wrong.append(f"{words}: does not go on")
        for name in os.listdir(case.backups):
            shutil.rmtree(os.path.join(case.backups, name))
    tap.note(f"{failed} of {count} failed: {spans}")
    tap.ok(failed * 2 > count, "calls of a backup and of a prune failed", failed)
    tap.ok(not wrong, "each is whole, or failed and left nothing that a restore would take; no event is gone", "\n".join(wrong))


def has_ended(case):
    """It sealed, or ended for want of memory to hash with (crypto/digest.h)."""
    for _ in range(100):
        if case.broker.process.poll() is not None:
            return True
        with case.broker.client() as client:
            try:
                answer = client.call("GET", "/readyz")
                return answer.status == 503 and answer.json["status"] == "sealed"
            except GONE:
                time.sleep(0.05)
    return True


def main():
    if os.geteuid() != 0:
        skip_all("a small tmpfs takes root")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200 if LONG else 16
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    disk = tempfile.mkdtemp(prefix="ambit-full-")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "ambit", disk]).returncode != 0:
        os.rmdir(disk)
        skip_all("no tmpfs can be mounted here")
    tap, dice = Tap(), random.Random(seed)
    tap.note(f"seed {seed}")
    try:
        with tempfile.TemporaryDirectory() as folder:
            case = Case(disk, Page(folder))
            with case.broker:
                with case.broker.client() as client:
                    full(tap, case, client)
                faults(tap, case, dice, count)
                tap.ok(case.broker.stop() == 0 and case.broker.verify()[0] == 0, "it stops in order and verifies", case.broker.verify())
    finally:
        subprocess.run(["umount", "-l", disk])
        os.rmdir(disk)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
