#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a power cut (ext4 on a loop mount, shut down by ioctl without flushing, under load) loses
nothing that was answered; the same rig with a broker that does not flush loses something, or the
rig is wrong. Needs root and loop devices.

  power.py [CUTS]"""
import fcntl
import os
import random
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, LONG, ROOT, Tap, skip_all  # noqa: E402
from load import Load  # noqa: E402

EXT4_IOC_SHUTDOWN = 0x8004587D
NOLOGFLUSH = 2  # what neither data nor journal has on the disk is gone
IMAGE_BYTES = 256 * 1024 * 1024
SMALL = {"store_bytes": 64 << 20, "store_grow_bytes": 4 << 20, "store_reserve_bytes": 4 << 20}


def run(*argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)


class Disk:
    """A small ext4 of our own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ambit-disk-")
        self.image = os.path.join(self.folder, "image")
        self.at = os.path.join(self.folder, "at")
        os.mkdir(self.at)
        with open(self.image, "wb") as f:
            f.truncate(IMAGE_BYTES)
        made = run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", self.image)
        self.is_good = made.returncode == 0 and self.mount()

    def mount(self):
        return run("mount", "-o", "loop", self.image, self.at).returncode == 0

    def umount(self):
        for _ in range(100):
            if run("umount", self.at).returncode == 0:
                return True
            time.sleep(0.05)
        return False

    def cut(self):
        fd = os.open(self.at, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
        finally:
            os.close(fd)

    def remove(self):
        if os.path.ismount(self.at):
            self.umount()
        os.unlink(self.image)
        os.rmdir(self.at)
        os.rmdir(self.folder)


def one_cut(dice, build, home):
    """(answers, what is missing, whether it verifies, words) of one power cut."""
    disk = Disk()
    if not disk.is_good:
        disk.remove()
        return None
    try:
        state = os.path.join(disk.at, "home")
        os.mkdir(state)
        with Broker(home=state, build=build, limits=SMALL) as broker:
            broker.stop()  # the making of the state is not what is tested: let it reach the disk
            os.sync()
            broker.log = os.path.join(home, "log")
            broker.start()
            load = Load(broker, seed=dice.randrange(1 << 30))
            time.sleep(dice.uniform(0.3, 1.5))
            disk.cut()
            time.sleep(dice.uniform(0.0, 0.2))
            broker.kill()
            seen = load.stop()
            if not disk.umount() or not disk.mount():
                return len(seen.facts), seen.facts, False, "the disk could not be mounted again"
            status, answer = broker.verify()
            if not broker.start(is_expected_to_serve=False):
                return len(seen.facts), seen.facts, False, f"does not start again: {broker.said()[-800:]}"
            with broker.client() as client:
                missing = seen.missing(client.events())
            broker.stop()
            return len(seen.facts), missing, status == 0, answer
    finally:
        disk.remove()


def series(tap, cuts, build, dice):
    """What each cut gave; None where the machine cannot do it."""
    rows = []
    for _ in range(cuts):
        with tempfile.TemporaryDirectory() as home:
            row = one_cut(dice, build, home)
        if row is None:
            return None
        rows.append(row)
    tap.note(f"{os.path.basename(build or 'build')}: {len(rows)} cuts, {sum(r[0] for r in rows)} answers, "
             f"{sum(len(r[1]) for r in rows)} lost in {sum(bool(r[1]) for r in rows)} cuts")
    return rows


def main():
    if os.geteuid() != 0:
        skip_all("a loop mount takes root")
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else 30 if LONG else 10
    tap, dice = Tap(), random.Random()
    rows = series(tap, cuts, None, dice)
    if rows is None:
        skip_all("no ext4 on a loop mount can be had here")
    tap.ok(not any(r[1] for r in rows), f"{cuts} power cuts lose nothing answered", [r[1][:5] for r in rows if r[1]][:5])
    tap.ok(all(r[2] for r in rows), "and the record verifies after each", [r[3] for r in rows if not r[2]][:5])
    tap.ok(sum(r[0] for r in rows) > 20 * cuts, "there was work in flight", [r[0] for r in rows])
    unsafe = os.environ.get("AMBIT_BUILD_NOSYNC") or os.path.join(ROOT, "build-nosync")
    if os.path.exists(os.path.join(unsafe, "ambitd")):
        lossy = series(tap, 3, unsafe, dice)
        tap.ok(lossy and any(r[1] for r in lossy), "the same with syncing switched off loses records: the rig can see it")
    else:
        tap.ok(False, "there is a build with syncing switched off to prove the rig", unsafe)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
