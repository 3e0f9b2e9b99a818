#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever of the unflushed writes reaches the disk, in whatever order and torn at any sector,
the store opens, verifies, and holds what was answered before; and what was published before (CKP-2).

The writes and flushes of a run under load are taken from a system-call trace. A crash image is what
was flushed up to a moment, with a random part of what was written since.

  images.py [IMAGES [SEED]]"""
import os
import random
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)
from broker import LONG, Broker, Tap, Threads, skip_all  # noqa: E402
from flush_trace import CALLS, STORE, bytes_of, joined, promised, work  # noqa: E402

SECTOR = 512
RENAMES = "rename,renameat,renameat2"
CHECKPOINT = "".join(f"\\x{c:02x}" for c in b"checkpoint.")  # of its temporary name, as strace -xx writes it
SENDS = ("sendto", "sendmsg", "sendmmsg", "writev", "write")


def fd_of(line):
    return re.search(r"\b\w+\((\d+)<", line)[1]


class Disk:
    """The store's file as a trace goes by: what is flushed, and what is only written."""

    def __init__(self):
        self.flushed, self.pending, self.synchronous, self.at = bytearray(), [], set(), {}

    def apply(self, data, at, to=None):
        to = self.flushed if to is None else to
        if len(to) < at + len(data):
            to.extend(bytes(at + len(data) - len(to)))
        to[at:at + len(data)] = data

    def see(self, begun, ended, name, line):
        if name == "openat" and re.search(r"O_D?SYNC", line):
            if m := re.search(r"= (\d+)", line):
                self.synchronous.add(m[1])
        elif name == "lseek":
            self.at[fd_of(line)] = int(re.search(r"= (\d+)", line)[1])
        elif name in ("pwrite64", "pwritev", "write", "writev"):
            self.write(ended, name, line)
        elif name in ("fdatasync", "fsync") and "= 0" in line:
            for _, data, at in (w for w in self.pending if w[0] < begun):
                self.apply(data, at)
            self.pending = [w for w in self.pending if w[0] >= begun]

    def write(self, ended, name, line):
        data, fd = bytes_of(line.split(">", 1)[1]), fd_of(line)
        if name.startswith("p"):
            at = int(re.search(r'["\]], \d+, (\d+)', line)[1])
        else:
            at = self.at.get(fd, 0)
            self.at[fd] = at + len(data)
        if fd in self.synchronous:
            self.apply(data, at)
        else:
            self.pending.append((ended, data, at))

    def image(self, dice):
        """One way it may look after a power cut now."""
        whole = bytearray(self.flushed)
        keep = dice.choice((0.0, 0.3, 0.7, 1.0))
        for _, data, at in dice.sample(self.pending, len(self.pending)):
            for sector in range(0, len(data), SECTOR):
                if dice.random() < keep:
                    self.apply(data[sector:sector + SECTOR], at + sector, whole)
        return whole


class Published:
    """CKP-2: the log's checkpoint as it stood in its file: what was written beside it and then given its name."""

    def __init__(self):
        self.written, self.now = b"", None

    def see(self, name, line):
        if CHECKPOINT not in line:
            return
        if name == "write":
            self.written = bytes_of(line.split(">", 1)[1])
        elif name.startswith("rename") and re.search(r"= 0\b", line):
            self.now = self.written


def answered_by(line, name):
    return [ident for _, ident in promised(bytes_of(line))] if name in SENDS and STORE not in line else []


def recorded(folder):
    """A run under load: its calls, and a copy of its state without the store."""
    trace = os.path.join(folder, "trace")
    home = os.path.join(folder, "home")
    os.mkdir(home)
    wrap = ["strace", "-D", "-f", "-y", "-ttt", "-xx", "-s", "1000000", "--seccomp-bpf", "-qq", "-o", trace, "-e", f"trace={CALLS},{RENAMES}"]
    limits = {"store_bytes": 32 << 20, "store_grow_bytes": 1 << 20, "store_reserve_bytes": 1 << 20}
    with Broker(wrap=wrap, home=home, limits=limits) as broker:
        Threads([lambda: work(broker, 6) for _ in range(4)]).join()
        size = os.path.getsize(os.path.join(broker.state, "store", "data.mdb"))
        broker.stop()
    return joined(trace), os.path.join(home, "state"), size


def filled(image, size):
    """As long as the file is made ahead of use."""
    return image + bytes(max(0, size - len(image)))


def judge(folder, state, image, published, promises, limits):
    """What is wrong with one image; None when nothing is."""
    home = os.path.join(folder, "image")
    shutil.copytree(state, os.path.join(home, "state"), ignore=shutil.ignore_patterns("data.mdb", "lock.mdb", "search", "url"))
    try:
        with open(os.path.join(home, "state", "store", "data.mdb"), "wb") as f:
            f.write(image)
        with open(os.path.join(home, "state", "log", "checkpoint"), "wb") as f:
            f.write(published)
        with Broker(home=home, start=False, limits=limits) as broker:
            status, said = broker.verify()
            if status != 0:
                return f"does not verify: {said}"
            if not broker.start(is_expected_to_serve=False):
                return f"does not start: {broker.said()[-300:]}"
            with broker.client() as client:
                held = {event.get(k) for event in client.events() for k in ("id", "grant", "stop")}
            broker.stop()
            lost = [p for p in promises if p.decode() not in held]
            return f"lost {lost[:5]}" if lost else None
    finally:
        shutil.rmtree(home)


def main():
    if not shutil.which("strace"):
        skip_all("no strace")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000 if LONG else 100
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    tap, dice, wrong = Tap(), random.Random(seed), []
    tap.note(f"seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        calls, state, size = recorded(folder)
        first = next((i for i, c in enumerate(calls) if answered_by(c[3], c[2])), None)
        if not tap.ok(first is not None, "the trace holds answers"):
            return tap.done()
        writes = [i for i, c in enumerate(calls) if i > first and c[2].startswith("pw") and STORE in c[3]]
        moments = sorted(dice.choice(writes) if n % 4 else dice.randrange(first, len(calls)) for n in range(count))
        published = Published()
        disk, promises, unflushed, limits = Disk(), [], 0, {"store_bytes": 32 << 20, "store_grow_bytes": 1 << 20, "store_reserve_bytes": 1 << 20}
        for i, (begun, ended, name, line) in enumerate(calls):
            promises += answered_by(line, name)
            published.see(name, line)
            if STORE in line:
                disk.see(begun, ended, name, line)
            while moments and moments[0] == i:
                moments.pop(0)
                unflushed += bool(disk.pending)
                if remark := judge(folder, state, filled(disk.image(dice), size), published.now, promises, limits):
                    wrong.append((i, remark))
    tap.note(f"{count} images, {unflushed} of them with writes that were not flushed, {len(promises)} answers")
    tap.ok(not wrong, f"{count} crash images open, verify and hold what was answered", wrong[:5])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
