#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: an allocation or a call of the system that fails, once or from then on for good, never makes the broker crash, lie
or lose: no allow and no answer without its record, what was stopped is active nowhere, and once the fault is over it goes on,
or is sealed and goes on after a restart; `ambit verify` holds.

  faults.py [SAMPLES [SEED]]"""
import os
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import GONE, LONG, RESTART_SCOPE, STAGING, Broker, Tap, claims  # noqa: E402
from failing import FOR_GOOD, KINDS, ONCE, SHIM, Page  # noqa: E402
from load import Seen  # noqa: E402

# Calls that a preloaded library does not see fail once (strace counts by thread), and how. Left out: futex and munmap,
# on whose failure a library ends the process (the record holds: kill.py).
CALLS = [("fdatasync", "EIO"), ("pwrite64", "ENOSPC"), ("pwritev", "EIO"), ("writev", "EIO"), ("write", "ENOSPC"), ("openat", "EMFILE"),
         ("read", "EIO"), ("pread64", "EIO"), ("mmap", "ENOMEM"), ("recvfrom", "ECONNRESET"), ("sendmsg", "EPIPE"), ("sendto", "EPIPE"),
         ("getrandom", "EINTR"), ("eventfd2", "EMFILE"), ("socket", "EMFILE"), ("bind", "EADDRINUSE"), ("listen", "EIO"),
         ("clone3", "EAGAIN"), ("fcntl", "ENOLCK"), ("newfstatat", "EIO"), ("flock", "EWOULDBLOCK"), ("madvise", "EAGAIN"), ("poll", "EINTR")]
WHEN = [1, 2, 3, 5, 8, 13, 30, 80]
# Without these no commit ends, so that from the first failure on nothing may be given.
COMMITS = ("pwrite", "flush")
AT_START = ("malloc", "pwrite", "flush", "open", "mmap", "truncate", "wake", "watch", "write", "rename", "make")
GIVE_UP, TIMEOUT = 2, 0.5


class Over(Exception):
    """Nothing is answered any more."""


class Acts:
    """One of everything, and what was answered; `is_dead` says whether from now on nothing can be recorded."""

    def __init__(self, broker, is_dead=lambda: False, timeout=10, patience=None):
        """`patience`: of a fault that stays: it ends after so many requests without an answer, and asks for no trace, which
        waits for an index that cannot be written."""
        self.broker, self.is_dead, self.timeout, self.patience = broker, is_dead, timeout, patience
        self.seen, self.ended, self.wrong, self.gone = Seen(), [], [], 0

    def ask(self, function, *words, **fields):
        try:
            return function(*words, **fields)
        except GONE:
            self.gone += 1
            if self.patience and self.gone >= self.patience:
                raise Over() from None
            return None

    def given(self, is_dead, what):
        if is_dead:
            self.wrong.append(f"{what} although nothing could be recorded any more")

    def token(self, client, *words):
        is_dead, answer = self.is_dead(), self.ask(client.token, *words)
        if not answer or answer.status != 200:
            return None
        self.given(is_dead, "a token")
        token = answer.json["access_token"]
        self.seen.add("grant.issued", claims(token)["jti"])
        return token

    def evaluate(self, client, token, *words):
        is_dead, answer = self.is_dead(), self.ask(client.evaluate, token, *words)
        if not answer or answer.status != 200:
            return
        if answer.json["decision"]:
            self.given(is_dead, "an allow")
        self.seen.add("action.allowed" if answer.json["decision"] else "action.denied", answer.json["context"]["id"])

    def ends(self, client, token, is_kept):
        """Is dead from here on; after a restart too if it is `is_kept`."""
        self.ended.append((token, is_kept))
        answer = self.ask(client.introspect, token)
        if answer and answer.status == 200 and answer.json["active"]:
            self.wrong.append("active after its stop")

    def stop(self, client, token):
        is_dead, answer = self.is_dead(), self.ask(client.stop, f"grant:{claims(token)['jti']}")
        if not answer or answer.status != 201:
            return
        if answer.json["recorded"] == "yes":
            self.given(is_dead, "a recorded stop")
            self.seen.add("stop.raised", answer.json["stop"])
        self.ends(client, token, answer.json["recorded"] != "no")

    def revoke(self, client, token):
        is_dead, answer = self.is_dead(), self.ask(client.revoke, token)
        if answer and answer.status == 200:
            self.given(is_dead, "a revocation")
            self.seen.add("grant.revoked", claims(token)["jti"])
            self.ends(client, token, True)

    def round(self, client):
        if token := self.token(client):
            for action in ("ticket.read", "ticket.delete"):
                self.evaluate(client, token, action)
            self.ask(client.introspect, token)
            self.stop(client, token)
        if other := self.token(client, RESTART_SCOPE):
            self.evaluate(client, other, "service.restart", STAGING)
            self.revoke(client, other)
        for path in ("/v1/grants?limit=5", "/v1/events?limit=5", "/v1/stops", "/v1/trace/agent:remediator")[:3 if self.patience else 4]:
            self.ask(client.person, "dana", "GET", path)
        self.ask(client.person, "lee", "POST", "/v1/documents/reload")
        for path in ("/jwks", "/metrics", "/readyz", "/.well-known/oauth-authorization-server"):
            self.ask(client.call, "GET", path)

    def rounds(self, n):
        """Each on a connection of its own."""
        for _ in range(n):
            with self.broker.client(timeout=self.timeout) as client:
                try:
                    self.round(client)
                except Over:
                    return


def died_badly(broker):
    """A signal, where only an exit in words is in order. A thread that cannot hash for want of memory
    ends the process in words, by contract (crypto/digest.h)."""
    status = broker.process.poll()
    return status is not None and status < 0 and b"crypto/digest.c" not in broker.said()[-400:]


class Rig:
    """A broker whose calls fail; it is started anew where one has sealed or ended it."""

    def __init__(self, folder, dice):
        self.page, self.dice, self.wrong = Page(folder), dice, []
        self.broker = Broker(env=self.page.env)
        self.after, self.begun, self.usual = 0, 0, {}
        self.samples, self.failed, self.seals, self.ends, self.what = {}, 0, 0, 0, ""
        self.learn()

    def learn(self):
        """How many calls of each kind there are in a round."""
        Acts(self.broker).rounds(2)
        before = {kind: self.page.count(kind) for kind in KINDS}
        Acts(self.broker).rounds(2)
        time.sleep(0.3)  # what follows behind: index, checkpoint
        self.usual = {kind: (self.page.count(kind) - before[kind]) / 2 for kind in KINDS}

    def complain(self, words):
        self.wrong.append(f"{self.what}: {words}")

    # ---- one sample

    def sample(self, kind, how):
        error, span = self.dice.choice(KINDS[kind]), self.usual[kind]
        number = 1 + int(self.dice.random() * max(span, 1))
        self.what = f"{kind} {number} {error} {'for good' if how else 'once'}"
        # An interruption that never ends is none that there is.
        until_end = how == FOR_GOOD and error != "EINTR" and self.dice.random() < 0.3
        self.page.arm(kind, number, how, error)
        acts = Acts(self.broker, lambda: how == FOR_GOOD and kind in COMMITS and self.page.failed > 0, *((TIMEOUT, GIVE_UP) if how else (10, None)))
        for _ in range(3):
            acts.rounds(1)
            if self.page.failed:
                break
        if how == FOR_GOOD:
            acts.rounds(1)
        failed = self.page.failed
        if not until_end:
            self.page.lift()
        if failed:
            self.failed += 1
            self.samples[(kind, how)] = self.samples.get((kind, how), 0) + 1
        self.settle(acts, until_end)
        self.page.lift()
        return failed

    def settle(self, acts, until_end):
        """It goes on, or is sealed and goes on after a restart; what was answered is there."""
        is_new = until_end or not self.recovers()
        if is_new:
            self.restart()
        for remark in acts.wrong:
            self.complain(remark)
        with self.broker.client() as client:
            events = list(client.events(after=self.after))
            self.after = events[-1]["seq"] if events else self.after
            if missing := acts.seen.missing(events):
                self.complain(f"answered, and not in the record: {missing[:5]}")
            for token, is_kept in acts.ended:
                if (is_kept or not is_new) and client.introspect(token).json != {"active": False}:
                    self.complain("active although it was stopped or revoked")

    def recovers(self):
        """True: it goes on. False: it has sealed or ended."""
        until = time.monotonic() + 10
        answer = None
        while time.monotonic() < until:
            if self.broker.process.poll() is not None:
                return False
            with self.broker.client(timeout=5) as client:
                try:
                    answer = client.call("GET", "/readyz")
                    if answer.status == 503 and answer.json["status"] == "sealed":
                        return False
                    granted = client.token() if answer.status == 200 else answer
                    if granted.status == 200 and (answer := client.evaluate(granted.json["access_token"])).status == 200 and answer.json["decision"]:
                        return True
                except GONE as err:
                    answer = err
            time.sleep(0.02)
        self.complain(f"neither goes on nor is sealed: {answer!r}")
        return False

    def restart(self):
        status = self.broker.process.poll()
        if status is None:
            self.seals += 1
            if (status := self.broker.stop()) == "did not stop":
                self.complain("does not stop")
        elif died_badly(self.broker):
            self.complain(f"ended by signal {-status}: {self.broker.said()[-300:]}")
        else:
            self.ends += 1
            if self.broker.said(self.begun)[-1:] != b"\n":
                self.complain(f"ended without a word: {status}")
        self.page.lift()
        status, said = self.broker.verify()
        if status != 0:
            self.complain(f"does not verify: {said}")
        self.begun = os.path.getsize(self.broker.log)
        self.broker.start()

    def end(self):
        self.page.lift()
        status = self.broker.stop()
        return status, *self.broker.verify()


def serving(tap, count, dice):
    """Half of the samples are allocations, the others of every kind that a round has; half of each once, half for good."""
    with tempfile.TemporaryDirectory() as folder:
        rig, begun = Rig(folder, dice), time.monotonic()
        with rig.broker:
            others = [kind for kind in KINDS if kind != "malloc" and rig.usual[kind] >= 0.5]
            plan = [("malloc", ONCE if i % 2 else FOR_GOOD) for i in range(count * 2 // 5)]
            plan += [(others[i % len(others)], FOR_GOOD if i // len(others) % 2 else ONCE) for i in range(count - len(plan))]
            dice.shuffle(plan)
            tries = 0
            for kind, how in plan:
                while not rig.sample(kind, how) and tries < count:  # a round is not the same twice
                    tries += 1
            status, verified, said = rig.end()
    tap.note(f"in a round: {', '.join(f'{kind} {n:g}' for kind, n in rig.usual.items())}")
    tap.note(f"{rig.failed} failed while it served, in {time.monotonic() - begun:.0f} s: "
             + ", ".join(f"{kind} {rig.samples.get((kind, ONCE), 0)}+{rig.samples.get((kind, FOR_GOOD), 0)}" for kind in ["malloc", *others])
             + f"; {rig.seals} restarts, {rig.ends} ends in words")
    tap.ok(rig.failed >= count, f"{count} allocations and calls failed, once and for good", rig.failed)
    tap.ok(not rig.wrong, "no allow, no answer without a record; it goes on, or is sealed and goes on after a restart", "\n".join(rig.wrong))
    tap.ok(status == 0 and verified == 0, "and the record verifies", (status, said))
    return rig.failed


class Starts:
    """Calls that fail before the broker serves: it serves, or ends in words; and the next time it starts."""

    def __init__(self, folder, dice):
        self.folder, self.dice, self.page, self.wrong, self.span, self.failed, self.n = folder, dice, Page(folder), [], {}, 0, 0
        self.kept = os.path.join(folder, "kept")
        os.mkdir(self.kept)
        with Broker(home=self.kept, env=self.page.env) as broker:
            Acts(broker).rounds(3)
            broker.stop()
        for home in (True, False):
            self.one(home, None, ONCE)

    def home(self, is_new):
        """A folder of its own, or a copy of one that was used."""
        home = os.path.join(self.folder, f"home{self.n}")
        self.n += 1
        if is_new:
            os.mkdir(home)
        else:
            shutil.copytree(self.kept, home)
        return home

    def one(self, is_new, kind, how):
        home, what = self.home(is_new), "counted"
        self.page.clear(spare_crypto=1)
        if kind:
            error, number = self.dice.choice(KINDS[kind]), 1 + self.dice.randrange(max(1, self.span[(is_new, kind)]))
            what = f"{kind} {number} {error} {'for good' if how else 'once'}, {'new' if is_new else 'used'} folder"
            self.page.arm(kind, number, how, error)
        with Broker(home=home, env=self.page.env, start=False) as broker:
            served = broker.start(timeout=20, is_expected_to_serve=False)
            if not kind:
                self.span.update({(is_new, k): self.page.count(k) for k in KINDS})
            self.failed += self.page.failed > 0
            if remark := self.judge(broker, served):
                self.wrong.append(f"{what}: {remark}")
        shutil.rmtree(home)

    def judge(self, broker, served):
        acts = Acts(broker, timeout=TIMEOUT, patience=GIVE_UP)
        if served:
            acts.rounds(1)
            self.page.lift()
            if broker.stop() == "did not stop":
                return "does not stop"
        elif broker.process.poll() is None:
            broker.kill()
            return f"neither serves nor ends: {broker.said()[-300:]}"
        self.page.lift()
        if died_badly(broker):
            return f"ended by signal {-broker.process.poll()}: {broker.said()[-300:]}"
        if not broker.said():
            return "ended without a word"
        if not broker.start(is_expected_to_serve=False):
            return f"does not start afterwards: {broker.said()[-500:]}"
        with broker.client() as client:
            missing = acts.seen.missing(client.events())
        status, (verified, said) = broker.stop(), broker.verify()
        if missing or acts.wrong or status != 0 or verified != 0:
            return f"missing {missing[:5]}, {acts.wrong}, status {status}, {said if verified else ''}"
        return None


def starting(tap, count, dice):
    with tempfile.TemporaryDirectory() as folder:
        starts, begun = Starts(folder, dice), time.monotonic()
        for i in range(count):
            starts.one(i // len(AT_START) % 2 == 0, AT_START[i % len(AT_START)], FOR_GOOD if dice.random() < 0.5 else ONCE)
        tap.note(f"{starts.failed} of {count} failed before it served, in {time.monotonic() - begun:.0f} s; at a start: "
                 + ", ".join(f"{kind} {starts.span[(True, kind)]}" for kind in AT_START))
        tap.ok(starts.failed * 2 > count, "calls failed at the start", starts.failed)
        tap.ok(not starts.wrong, "at the start: it serves or ends in words, and starts the next time", "\n".join(starts.wrong))
        return starts.failed


def one_call(call, error, when):
    """What went wrong when one system call failed; nothing if all is well."""
    wrap = ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
            "-e", f"inject={call}:error={error}:when={when}"]
    with Broker(wrap=wrap, start=False) as broker:
        served, acts = broker.start(timeout=20, is_expected_to_serve=False), Acts(broker)
        if served:
            acts.rounds(6)
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
        broker.wrap = []
        if not broker.start(is_expected_to_serve=False):
            return f"does not start afterwards: {broker.said()[-500:]}"
        with broker.client() as client:
            missing = acts.seen.missing(client.events())
        status = broker.stop()
        return f"lost: {missing[:5]}, {acts.wrong}, status {status}" if missing or acts.wrong or status != 0 else None


def calls(tap, count, dice):
    # The first mappings are the loader's, before any code of ours runs.
    cases = [(call, error, when) for call, error in CALLS for when in WHEN if (call, when) not in (("mmap", 1), ("mmap", 2))]
    cases = sorted(dice.sample(cases, min(count, len(cases))))
    # The last writes of the main thread wake the others to stop.
    cases += [("write", "ENOSPC", when) for when in (range(20, 40) if LONG else range(29, 31))]
    wrong, begun = [], time.monotonic()
    for call, error, when in cases:
        if remark := one_call(call, error, when):
            wrong.append(f"{call} {error} at {when}: {remark}")
    tap.note(f"{len(cases)} system calls failed by strace in {time.monotonic() - begun:.0f} s")
    tap.ok(not wrong, "a call that fails once does no harm", "\n".join(wrong))
    return len(cases)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000 if LONG else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    tap, dice = Tap(), random.Random(seed)
    tap.note(f"seed {seed}")
    if not tap.ok(os.path.exists(SHIM), "the failing calls are built", SHIM):
        return tap.done()
    failed = serving(tap, count * 4 // 5, dice)
    failed += starting(tap, max(count // 5, len(AT_START)) + 4, dice)
    if shutil.which("strace"):
        failed += calls(tap, max(count // 12, 2), dice)
    else:
        tap.skip("system calls that fail by strace", "no strace")
    tap.ok(failed >= count, f"{count} samples in all", failed)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
