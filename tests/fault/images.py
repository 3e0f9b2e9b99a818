#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever of the unflushed writes of any file under STATE reaches the disk, in whatever order and torn at any sector,
with names that only a flushed folder keeps: the broker starts and serves, or refuses in words; the record verifies and holds
what was answered, stops that waited in stops.journal too, and what was published before (CKP-2).

The calls are taken from traces of runs: under load with keys that rotate; sealed, stops in the journal, and the start after;
a rollback that is accepted; a prune. A crash image is what was flushed up to a moment, with a random part of the rest.

  images.py [IMAGES [SEED]]"""
import os
import random
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)
from broker import LONG, ROOT, Broker, Tap, Threads, skip_all  # noqa: E402
from disk_model import FILE_CALLS, Folder  # noqa: E402
from failing import ONCE, Page  # noqa: E402
from flush_trace import bytes_of, joined, promised, work  # noqa: E402

LIMITS = {"store_bytes": 32 << 20, "store_grow_bytes": 1 << 20, "store_reserve_bytes": 1 << 20}
SENDS = ("sendto", "sendmsg", "sendmmsg", "writev", "write")
WHY = "INC-9: a test"
YOUNG = {"record": {"least_age": "1s"}}


class Run:
    """One run under strace, from how the folder was before it."""

    def __init__(self, name, share, home, config=None, extra=(), env=None, build=None):
        self.name, self.share, self.home, self.config, self.extra = name, share, home, config, list(extra)
        self.trace, self.state = os.path.join(home, "trace"), os.path.join(home, "state")
        os.makedirs(self.state, exist_ok=True)
        self.folder = Folder(self.state)
        wrap = ["strace", "-D", "-f", "-y", "-ttt", "-xx", "-s", "1000000", "--seccomp-bpf", "-qq", "-A", "-o", self.trace,
                "-e", f"trace={FILE_CALLS},sendto,sendmsg,sendmmsg"]
        self.broker = Broker(wrap=wrap, home=home, limits=LIMITS, config=config, env=env, build=build, start=False)

    def start(self):
        self.broker.start(extra=self.extra, timeout=120)
        return self.broker


def load(folder, build=None):
    """Everything as it comes; keys rotate meanwhile."""
    run = Run("load", 0.5, os.path.join(folder, "unsafe" if build else "load"), build=build)
    with run.start() as broker:
        Threads([lambda: work(broker, 6) for _ in range(4)]).join()
        with broker.client(timeout=120) as client:
            for _ in range(2):
                client.person("lee", "POST", "/v1/keys/rotate", {"reason": "a test", "now": True})
                client.token()
        time.sleep(1.1)
        broker.stop()
    return run


def copy_of(folder, name, run):
    """The state that a run left, elsewhere."""
    home = os.path.join(folder, name)
    os.mkdir(home)
    shutil.copytree(run.state, os.path.join(home, "state"), ignore=shutil.ignore_patterns("url"))
    return home


def sealed(folder, before):
    """A flush fails; stops wait in the journal; the next start takes them into the record."""
    page = Page(folder)
    run = Run("sealed", 0.2, copy_of(folder, "sealed", before), env=page.env)
    with run.start() as broker:
        with broker.client(timeout=120) as client:
            client.token()
            page.arm("flush", 1, ONCE, "EIO")
            for _ in range(200):
                if client.token().status != 200 and client.call("GET", "/readyz").json["status"] == "sealed":
                    break
            for target in ("agent:reporter", "agent:remediator", "policy:read-tickets"):
                client.stop(target)
        broker.kill()
        run.start()
        with broker.client(timeout=120) as client:
            client.stop("agent:reporter")
        broker.stop()
    return run


def rollback(folder, before):
    """The store as it was long ago, and --accept-rollback."""
    home = copy_of(folder, "rollback", before)
    with Broker(home=home, limits=LIMITS) as broker:
        broker.stop()
        old = os.path.join(home, "old.mdb")
        shutil.copy(os.path.join(broker.state, "store", "data.mdb"), old)
        broker.start()
        Threads([lambda: work(broker, 2) for _ in range(2)]).join()
        time.sleep(1.2)
        broker.stop()
        shutil.copy(old, os.path.join(broker.state, "store", "data.mdb"))
    run = Run("rollback", 0.15, home, extra=["--accept-rollback", WHY])
    with run.start() as broker:
        work(broker, 2)
        time.sleep(1.1)
        broker.stop()
    return run


def prune(folder, before):
    """Events leave the store for a segment."""
    run = Run("prune", 0.15, copy_of(folder, "prune", before), config=YOUNG)
    with run.start() as broker, broker.client(timeout=120) as client:
        for _ in range(300):
            client.token()
        for stop in client.person("lee", "GET", "/v1/stops").json["stops"]:
            client.clear(stop["stop"])
        for agent in ("remediator", "reporter"):
            client.clear(client.stop("agent:" + agent).json["stop"])
        for incident in client.person("lee", "GET", "/v1/incidents?state=open&limit=500").json["incidents"]:
            client.person("lee", "POST", f"/v1/incidents/{incident['incident']}/close", {"reason": "over"})
        time.sleep(1.2)
        asked = client.person("lee", "POST", "/v1/prune", {"before": "2100-01-01T00:00:00Z", "reason": "a test"})
        for _ in range(200):
            told = client.person("lee", "GET", "/v1/segments").json
            if told["deleted_to"] >= asked.json.get("next", 1):
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"nothing was pruned: {asked} {told}")
        work(broker, 2)
        time.sleep(1.1)
        broker.stop()
    return run


# ---- the judge ---------------------------------------------------------------------------------

def answered_by(name, line):
    """The ids that it promises to have recorded, or to have in the journal."""
    if name not in SENDS:
        return []
    text = bytes_of(line)
    return [] if b'"recorded":"no"' in text else [ident.decode() for _, ident in promised(text)]


def refused(broker):
    """It ended by itself, and said why."""
    return broker.process.poll() in (1, 2) and b"ambitd: " in broker.said()


def judge(home, run, promises):
    """What is wrong with one image; None when nothing is."""
    with Broker(home=home, start=False, limits=LIMITS, config=run.config) as broker:
        status, said = broker.verify()
        if status not in (0, 1) or not said or status and not run.extra:
            return f"does not verify: {said}"
        served = broker.start(is_expected_to_serve=False)
        if not served and run.extra and refused(broker):
            served = broker.start(is_expected_to_serve=False, extra=run.extra)
        if not served:
            return f"does not start: {broker.process.poll()} {broker.said()[-600:]}"
        with broker.client() as client:
            held = {event.get(k) for event in client.events() for k in ("id", "grant", "stop")}
            client.token()
        status = broker.stop()
        if lost := [p for p in promises if p not in held]:
            return f"lost {lost[:5]}"
        verified, said = broker.verify()
        return None if status == verified == 0 else f"afterwards: {status}, {said}"


def moments_of(run, calls, dice, count):
    """Mostly where a file was changed; of the first run not while the state is made, which is not what is tested."""
    text = "".join(f"\\x{c:02x}" for c in os.fsencode(run.state + "/"))
    first = next(i for i, c in enumerate(calls) if answered_by(c[2], c[3])) if run.name == "load" else 0
    files = [i for i, c in enumerate(calls) if i > first and text in c[3] and c[2] not in ("openat", "lseek")]
    return sorted(dice.choice(files) if n % 4 else dice.randrange(first, len(calls)) for n in range(count))


def torn(folder, run, dice, count, wrong):
    """`count` images of a run: how many had something that was not flushed, and the answers in its trace."""
    calls, promises, unflushed = joined(run.trace), [], 0
    moments, home = moments_of(run, calls, dice, count), os.path.join(folder, "image")
    for i, (begun, ended, name, line) in enumerate(calls):
        if not (name in FILE_CALLS.split(",") and run.folder.see(begun, ended, name, line)):
            promises += answered_by(name, line)
        while moments and moments[0] == i:
            moments.pop(0)
            unflushed += run.folder.is_pending
            run.folder.image(dice, os.path.join(home, "state"))
            if remark := judge(home, run, promises):
                wrong.append(f"{run.name}, call {i}: {remark}")
                if keep := os.environ.get("AMBIT_KEEP"):
                    shutil.copytree(home, os.path.join(keep, f"{run.name}-{i}"))
            shutil.rmtree(home)
    return unflushed, len(promises)


def main():
    if not shutil.which("strace"):
        skip_all("no strace")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000 if LONG else 100
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    tap, dice, unflushed, answers = Tap(), random.Random(seed), 0, 0
    tap.note(f"seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        first = load(folder)
        for run in (first, sealed(folder, first), rollback(folder, first), prune(folder, first)):
            wrong, images = [], round(count * run.share)
            some = torn(folder, run, dice, images, wrong)
            unflushed, answers = unflushed + some[0], answers + some[1]
            tap.ok(some[1] > 3, f"{run.name}: the trace holds answers", some)
            tap.ok(not wrong, f"{run.name}: {images} crash images open, verify and hold what was answered", "\n".join(wrong))
    tap.note(f"{count} images, {unflushed} of them with writes or names that were not flushed, {answers} answers")
    tap.ok(unflushed * 3 > count, "there was something to lose", unflushed)
    unsafe = os.environ.get("AMBIT_BUILD_NOSYNC") or os.path.join(ROOT, "build-nosync")
    if not tap.ok(os.path.exists(os.path.join(unsafe, "ambitd")), "there is a build with syncing switched off to prove the rig", unsafe):
        return tap.done()
    with tempfile.TemporaryDirectory() as folder:
        lossy = []
        torn(folder, load(folder, unsafe), dice, 8, lossy)
        tap.ok(lossy, "the same with syncing switched off loses what was answered: the rig can see it")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
