#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: an allocation or a system call that fails once never makes the broker crash, lie or lose:
what was answered is in the record, and `ambit verify` passes afterwards.

  faults.py [ALLOCATIONS [CALLS]]"""
import mmap
import os
import random
import shutil
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import BUILD, GONE, LONG, RESTART_SCOPE, STAGING, Broker, Tap, claims  # noqa: E402
from load import Seen  # noqa: E402

# Each system call that fails once (strace counts by thread), and how. Left out: futex, munmap and
# epoll_ctl, on whose failure a library ends the process (the record holds: kill.py).
CALLS = [("fdatasync", "EIO"), ("fdatasync", "ENOSPC"), ("fsync", "EIO"), ("pwrite64", "EIO"), ("pwrite64", "ENOSPC"),
         ("pwritev", "EIO"), ("pwritev", "ENOSPC"), ("writev", "EIO"), ("write", "ENOSPC"), ("fallocate", "ENOSPC"),
         ("ftruncate", "EIO"), ("openat", "EMFILE"), ("openat", "EACCES"), ("read", "EIO"), ("pread64", "EIO"), ("mmap", "ENOMEM"),
         ("accept4", "EMFILE"), ("accept4", "ECONNABORTED"), ("epoll_wait", "EINTR"),
         ("recvfrom", "ECONNRESET"), ("sendmsg", "EPIPE"), ("sendto", "EPIPE"), ("getrandom", "EINTR"), ("renameat", "EIO"),
         ("mkdirat", "EIO"), ("eventfd2", "EMFILE"), ("socket", "EMFILE"), ("bind", "EADDRINUSE"), ("listen", "EIO"),
         ("clone3", "EAGAIN"), ("fcntl", "ENOLCK"), ("newfstatat", "EIO"), ("flock", "EWOULDBLOCK"), ("madvise", "EAGAIN"),
         ("poll", "EINTR")]
WHEN = [1, 2, 3, 5, 8, 13, 30, 80]


def act(broker, seen, clients):
    """One of everything, on connections that outlive a fault; remembers what was answered."""
    if clients.get("one") is None or clients["one"].http.port != broker.port:
        clients["one"] = broker.client(timeout=10)
    client = clients["one"]

    def ask(function, *words, **fields):
        try:
            return function(*words, **fields)
        except GONE:
            return None

    granted = ask(client.token)
    token = granted.json["access_token"] if granted and granted.status == 200 else None
    if token:
        seen.add("grant.issued", claims(token)["jti"])
        for action in ("ticket.read", "ticket.delete"):
            answer = ask(client.evaluate, token, action)
            if answer and answer.status == 200:
                seen.add("action.allowed" if answer.json["decision"] else "action.denied", answer.json["context"]["id"])
        ask(client.introspect, token)
        answer = ask(client.stop, f"grant:{claims(token)['jti']}")
        if answer and answer.status == 201 and answer.json["recorded"] == "yes":
            seen.add("stop.raised", answer.json["stop"])
    other = ask(client.token, RESTART_SCOPE)
    if other and other.status == 200:
        seen.add("grant.issued", claims(other.json["access_token"])["jti"])
        ask(client.evaluate, other.json["access_token"], "service.restart", STAGING)
        answer = ask(client.revoke, other.json["access_token"])
        if answer and answer.status == 200:
            seen.add("grant.revoked", claims(other.json["access_token"])["jti"])
    for path in ("/v1/grants?limit=5", "/v1/events?limit=5", "/v1/stops", "/v1/trace/agent:remediator"):
        ask(client.person, "dana", "GET", path)
    for path in ("/jwks", "/metrics", "/readyz", "/.well-known/oauth-authorization-server"):
        ask(client.call, "GET", path)


def held(broker, seen):
    """What the record lacks, asked of a broker started anew without faults."""
    broker.wrap = []
    broker.env = {k: v for k, v in broker.env.items() if k not in ("LD_PRELOAD", "MALLOCFAIL_PAGE")}
    broker.start()
    with broker.client() as client:
        missing = seen.missing(client.events())
    status = broker.stop()
    return missing if status == 0 else [*missing, f"status {status} at the end"]


class Page:
    """The page shared with mallocfail.c: count, fail_at, failed."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "page")
        with open(self.path, "wb") as f:
            f.write(b"\0" * 4096)
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 4096)

    def get(self, i):
        return struct.unpack_from("=Q", self.map, 8 * i)[0]

    def clear(self, spare_crypto):
        struct.pack_into("=QQQQ", self.map, 0, 0, 0, 0, spare_crypto)

    def fail_at(self, number):
        struct.pack_into("=Q", self.map, 8, number)


def died_badly(broker):
    """A signal, where only an exit in words is in order. A thread that cannot hash for want of memory
    ends the process in words, by contract (crypto/digest.h)."""
    status = broker.process.poll()
    return status is not None and status < 0 and b"crypto/digest.c" not in broker.said()[-400:]


def fail_while_serving(broker, page, dice, seen, count, crashes):
    """`count` allocations failing one by one, each somewhere within one round of everything."""
    clients = {}
    for _ in range(4):
        begun = page.get(0)
        act(broker, seen, clients)
        usual = span = max(page.get(0) - begun, 10)
    tries = 0
    # A round is not the same twice: an allocation that was not reached is no fault, and another is tried.
    while page.get(2) < count and tries < 3 * count:
        i, tries = tries % count, tries + 1
        begun = page.get(0)
        number = begun + 1 + i * span * 9 // 10 // count + dice.randrange(3)
        page.fail_at(number)
        act(broker, seen, clients)
        page.fail_at(0)
        span = min(max(page.get(0) - begun, 10), usual)  # what fails early leaves out the rest
        if broker.process.poll() is not None:
            if died_badly(broker):
                crashes.append((f"allocation {number - page.get(0)} of a round", broker.process.poll(), broker.said()[-300:]))
            broker.start()
    return usual


def allocations(tap, count, dice):
    shim = os.path.join(BUILD, "tests", "fault", "mallocfail.so")
    if not os.path.exists(shim):
        return tap.ok(False, "the failing allocator is built", shim)
    with tempfile.TemporaryDirectory() as folder:
        page, seen, crashes = Page(folder), Seen(), []
        with Broker(env={"LD_PRELOAD": shim, "MALLOCFAIL_PAGE": page.path}) as broker:
            span = fail_while_serving(broker, page, dice, seen, count, crashes)
            failed = page.get(2)
            tap.note(f"{failed} allocations failed, of about {span} in a round")
            broker.stop()
            tap.ok(failed >= count, f"allocations failed: {count} asked for", failed)
            tap.ok(not crashes, "none made the broker crash while it served", crashes[:5])
            status, said = broker.verify()
            tap.ok(status == 0, "the record verifies", said)
            missing = held(broker, seen)
            tap.ok(not missing, "nothing answered is missing", missing[:10])
    return starting(tap, shim, max(count // 8, 10), dice)


def starting(tap, shim, count, dice):
    """Allocations of ours that fail before the broker serves: it serves, or ends in words."""
    crashes, stuck, span = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        page = Page(folder)
        for i in range(count + 1):
            home = os.path.join(folder, f"home{i}")
            os.mkdir(home)
            page.clear(spare_crypto=1)
            page.fail_at(0 if i == 0 else i * span // count + dice.randrange(3))
            with Broker(home=home, env={"LD_PRELOAD": shim, "MALLOCFAIL_PAGE": page.path}, start=False) as broker:
                broker.start(timeout=20, is_expected_to_serve=False)
                span = span or page.get(0)
                if died_badly(broker):
                    crashes.append((page.get(1), broker.process.poll(), broker.said()[-300:]))
                elif broker.process.poll() is None:
                    broker.stop()
                page.fail_at(0)
                if not broker.start(is_expected_to_serve=False):
                    stuck.append((i, broker.said()[-300:]))
                broker.stop()
            shutil.rmtree(home)
    tap.note(f"{span} allocations before it serves, {count} of them failed")
    tap.ok(not crashes, f"none of {count} made it crash at start", crashes[:5])
    tap.ok(not stuck, "and each time it starts the next time", stuck[:5])


def one_call(call, error, when):
    """What went wrong when one system call failed; nothing if all is well."""
    seen = Seen()
    wrap = ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
            "-e", f"inject={call}:error={error}:when={when}"]
    with Broker(wrap=wrap, start=False) as broker:
        served = broker.start(timeout=20, is_expected_to_serve=False)
        if served:
            for _ in range(6):
                act(broker, seen, {})
            if broker.stop() == "did not stop":
                return "does not stop"
        if broker.process.poll() is None:
            broker.kill()
            return "neither serves nor ends"
        if broker.process.poll() < 0:
            return f"ended by signal {-broker.process.poll()}: {broker.said()[-300:]}"
        if not served and len(broker.said()) == 0:
            return "ended without a word"
        if served:
            status, said = broker.verify()
            if status != 0:
                return f"does not verify: {said}"
        try:
            missing = held(broker, seen)
        except RuntimeError as err:
            return f"does not start afterwards: {err}"
        return f"lost: {missing[:5]}" if missing else None


def calls(tap, count, dice):
    # The first mappings are the loader's, before any code of ours runs.
    cases = [(call, error, when) for call, error in CALLS for when in WHEN if (call, when) not in (("mmap", 1), ("mmap", 2))]
    if count < len(cases):
        cases = sorted(dice.sample(cases, count))
    # The last writes of the main thread wake the others to stop.
    cases += [("write", "ENOSPC", when) for when in (range(20, 40) if LONG else range(27, 32))]
    wrong, begun = {}, time.monotonic()
    for call, error, when in cases:
        if remark := one_call(call, error, when):
            wrong.setdefault(call, []).append(f"{error} at {when}: {remark}")
    tap.note(f"{len(cases)} system calls failed in {time.monotonic() - begun:.0f} s")
    for call in sorted({c for c, _, _ in cases}):
        tap.ok(call not in wrong, f"{call} failing once does no harm", "\n".join(wrong.get(call, [])))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000 if LONG else 200
    of_calls = int(sys.argv[2]) if len(sys.argv) > 2 else 1000 if LONG else 40
    tap, seed = Tap(), random.randrange(1 << 30)
    tap.note(f"seed {seed}")
    dice = random.Random(seed)
    allocations(tap, count, dice)
    if shutil.which("strace"):
        calls(tap, of_calls, dice)
    else:
        tap.skip("system calls failing once", "no strace")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
