#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: in a system-call trace every reply that grants, allows, stops or revokes follows a completed
flush of the store that covers its record: the page with the record was written, then flushed, then
the meta page was written through a synchronous descriptor (or flushed too), and only then the reply."""
import base64
import json
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import ROOT, Broker, Tap, Threads, claims, skip_all  # noqa: E402

CALLS = "openat,lseek,pwrite64,pwritev,writev,write,sendto,sendmsg,sendmmsg,fdatasync,fsync,msync"
CALL = re.compile(r"^(\d+)\s+([0-9.]+) (?:<\.\.\. )?(\w+)")
ID = re.compile(rb"[A-Za-z0-9_-]{22}")
TOKEN = re.compile(rb'"access_token":"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.')
# What is owned ahead is written with zeros: little of it, so that the trace is of use.
SMALL = {"store_bytes": 32 << 20, "store_grow_bytes": 1 << 20, "store_reserve_bytes": 1 << 20}
STORE = "".join(f"\\x{c:02x}" for c in b"/state/store/data.mdb")  # as strace -xx writes it


def bytes_of(line):
    """All the text of a call, strace's -xx undone."""
    return b"".join(bytes.fromhex(t.replace("\\x", "")) for t in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', line))


def joined(path):
    """(begin, end, name, line) of each call, interrupted ones put together, by their end."""
    pending, calls = {}, []
    with open(path, encoding="utf-8", errors="replace") as f:
        for number, line in enumerate(f):
            if not (m := CALL.match(line)):
                continue
            thread = m[1]
            if line.rstrip().endswith("<unfinished ...>"):
                pending[thread] = (number, line)
            elif "resumed>" in line:
                begun, first = pending.pop(thread, (number, ""))
                calls.append((begun, number, m[3], first + line))
            else:
                calls.append((number, number, m[3], line))
    return calls


class Store:
    """What of the store's file is on the disk, as the trace goes by. A call counts as flushed only if
    its write ended before the flush began; a commit as done when its meta page is down as well."""

    def __init__(self):
        self.written, self.flushed, self.durable = [], [], {}  # durable: id -> since when
        self.synchronous = set()

    def settle(self, ended):
        for _, ids in self.flushed:
            for ident in ids:
                self.durable.setdefault(ident, ended)
        self.flushed = []

    def see(self, begun, ended, name, line):
        if name == "openat" and STORE in line and re.search(r"O_D?SYNC", line):
            if m := re.search(r"= (\d+)", line):
                self.synchronous.add(m[1])
        elif name in ("pwrite64", "pwritev", "writev", "write") and STORE in line:
            fd = re.search(name + r"\((\d+)<", line)
            if fd and fd[1] in self.synchronous:
                self.settle(ended)
            self.written.append((ended, set(ID.findall(bytes_of(line)))))
        elif name in ("fdatasync", "fsync", "msync") and STORE in line and re.search(r"= 0", line):
            # A meta page written without O_DSYNC is down with the next flush.
            if not self.synchronous:
                self.settle(ended)
            self.flushed += [w for w in self.written if w[0] < begun]
            self.written = [w for w in self.written if w[0] >= begun]


def promised(text):
    """The ids that a reply promises to have recorded."""
    if not text.startswith(b"HTTP/1.1 2"):
        return
    if m := TOKEN.search(text):
        payload = m[2] + b"=" * (-len(m[2]) % 4)
        yield "grant", json.loads(base64.urlsafe_b64decode(payload))["jti"].encode()
    elif m := re.search(rb'"decision":(?:true|false).*?"id":"([A-Za-z0-9_-]{22})"', text, re.S):
        yield "decision", m[1]
    elif m := re.search(rb'"stop":"([A-Za-z0-9_-]{22})"', text):
        yield "stop", m[1]


def judge(path):
    """How many replies of each kind the trace holds, and those that came too early."""
    store, seen, early = Store(), {}, []
    for begun, ended, name, line in joined(path):
        if name in ("sendto", "sendmsg", "sendmmsg", "writev", "write") and STORE not in line:
            for kind, ident in promised(bytes_of(line)):
                seen[kind] = seen.get(kind, 0) + 1
                if store.durable.get(ident, begun) >= begun:
                    early.append((kind, ident.decode(), begun))
        store.see(begun, ended, name, line)
    return seen, early, store


def work(broker, rounds):
    with broker.client(timeout=120) as client:
        for _ in range(rounds):
            token = client.token().json["access_token"]
            client.evaluate(token)
            client.evaluate(token, action="ticket.delete")
            client.stop(f"grant:{claims(token)['jti']}")
            client.revoke(client.token().json["access_token"])


def revocations(tap, path, broker):
    """A revocation's reply is empty: one at a time, its flush must lie between question and answer."""
    with broker.client(timeout=120) as client:
        for _ in range(5):
            token = client.token().json["access_token"]
            before = flush_count(path)
            answer = client.revoke(token)
            after = flush_count(path)
            if answer.status != 200 or after <= before:
                return tap.ok(False, "a revocation is answered after a flush", (answer, before, after))
    return tap.ok(True, "a revocation is answered after a flush")


def flush_count(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return len(re.findall(r"\b(?:fdatasync|fsync|msync)\([^)]*" + re.escape(STORE), f.read()))


def traced(tap, build=None):
    """Replies of each kind in the trace of a run under load, and those that came too early."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        wrap = ["strace", "-D", "-f", "-y", "-ttt", "-xx", "-s", "1000000", "--seccomp-bpf", "-qq", "-o", trace, "-e", f"trace={CALLS}"]
        with Broker(wrap=wrap, build=build, limits=SMALL) as broker:
            Threads([lambda: work(broker, 10) for _ in range(8)]).join()
            if tap:
                revocations(tap, trace, broker)
            broker.stop()
        return judge(trace)


def main():
    if not shutil.which("strace"):
        skip_all("no strace")
    tap = Tap()
    seen, early, store = traced(tap)
    tap.note(f"replies in the trace: {seen}")
    for kind, least in (("grant", 100), ("decision", 100), ("stop", 60)):
        tap.ok(seen.get(kind, 0) >= least, f"the trace holds {least} replies to look at: {kind}", seen)
        mine = [e for e in early if e[0] == kind]
        tap.ok(not mine, f"TOK-10 no {kind} was answered before its record was on the disk", mine[:10])
    tap.ok(store.durable, "records were found in what was written")
    unsafe = os.environ.get("AMBIT_BUILD_NOSYNC") or os.path.join(ROOT, "build-nosync")
    if os.path.exists(os.path.join(unsafe, "ambitd")):
        _, early, _ = traced(None, unsafe)
        tap.ok(len(early) > 100, "the same with syncing switched off answers too early: the trace shows it", len(early))
    else:
        tap.ok(False, "there is a build with syncing switched off to prove the rig", unsafe)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
