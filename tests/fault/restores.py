#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a restore that is killed, or one of whose calls fails, at any moment, where the file system exchanges names and where it
does not, leaves a store that a broker starts on or refuses in words; doing it again ends it; and the stop that waited in the
journal of the replaced store is in force after all.

  restores.py [CUTS [SEED]]"""
import json
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import LONG, Broker, Tap  # noqa: E402
from failing import KILL, ONCE, SHIM, Page  # noqa: E402

LIMITS = {"store_bytes": 32 << 20, "store_grow_bytes": 1 << 20, "store_reserve_bytes": 1 << 20}
CUT = ("rename", "flush", "make", "open", "write")
WHY = ["--accept-rollback", "INC-9: a test"]


class Case:
    """A state whose broker sealed with a stop in its journal, and a backup from before."""

    def __init__(self, folder):
        self.folder, self.page = folder, Page(folder)
        self.home, self.backup = os.path.join(folder, "home"), os.path.join(folder, "backup")
        os.mkdir(self.home)
        with Broker(home=self.home, limits=LIMITS, env=self.page.env) as broker:
            with broker.client() as client:
                for _ in range(20):
                    client.token()
            broker.stop()
            self.made = broker.ambit("backup", "--state", broker.state, "--out", self.backup, "--json")
            broker.start()
            with broker.client() as client:
                self.page.arm("flush", 1)
                while client.token().status == 200:
                    pass
                self.stop = client.stop("agent:reporter").json
            self.page.lift()
            broker.kill()
        self.broker = Broker(home=self.home, limits=LIMITS, start=False)  # whose tools are run

    def copy(self, name, of="home"):
        to = os.path.join(self.folder, name)
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(os.path.join(self.folder, of), to, ignore=shutil.ignore_patterns("url", "ambitd.log"))
        return to

    def restore(self, home, env=None):
        """(exit status, what it said)."""
        self.broker.env = {**os.environ, **(env or {})}
        done = self.broker.ambit("restore", self.backup, "--state", os.path.join(home, "state"), "--replace", "--json", *WHY)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            return done.returncode, {"why": done.stderr.decode()}

    def starts(self, home, extra):
        """(whether it serves, whether it has the stop, words) of a broker on it."""
        with Broker(home=home, limits=LIMITS, start=False) as broker:
            if not broker.start(is_expected_to_serve=False, extra=extra):
                return False, False, f"{broker.process.poll()} {broker.said()[-400:]!r}"
            with broker.client() as client:
                has = any(e.get("stop") == self.stop["stop"] for e in client.events(type="stop.raised"))
            status = broker.stop()
            verified, said = broker.verify()
            return status == verified == 0, has, (status, said)

    def again(self, home):
        """Restored once more; a refusal is followed as it says."""
        status, said = self.restore(home)
        if status == 1 and "give it the name store" in said.get("why", ""):
            os.rename(os.path.join(home, "state", "store.restoring"), os.path.join(home, "state", "store"))
            status, said = self.restore(home)
        return status, said

    def judge(self, env, kind, number, how, looks):
        """What is wrong after one cut; None when nothing is."""
        home = self.copy("cut")
        self.page.clear()
        self.page.arm(kind, number, how, "EIO")
        status, said = self.restore(home, env)
        self.page.lift()
        is_mute = status and not said.get("why") and kind != "write"  # what fails may be the writing of the words
        if how == KILL and status not in (-9, 0) or how == ONCE and (status not in (0, 1, 2, 3) or is_mute):
            return f"ended with {status}: {said}"
        if looks:
            served, has, words = self.starts(self.copy("looked", "cut"), [])
            refused = words.startswith(("1 b'ambitd: ", '1 b"ambitd: ')) or "ambitd: " in words[:40] if isinstance(words, str) else False
            if not refused and not (served and has):
                return f"a broker on what is left: serves {served}, has the stop {has}: {words}"
        status, said = self.again(home)
        if status != 0:
            return f"the next one: {status} {said}"
        served, has, words = self.starts(home, WHY)
        return None if served and has else f"restored after it: serves {served}, has the stop {has}: {words}"


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200 if LONG else 24
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    tap, dice, wrong, failed = Tap(), random.Random(seed), [], 0
    tap.note(f"seed {seed}")
    if not tap.ok(os.path.exists(SHIM), "the failing calls are built", SHIM):
        return tap.done()
    with tempfile.TemporaryDirectory() as folder:
        case, ways, cuts = Case(folder), {}, []
        tap.ok(case.made.returncode == 0 and case.stop["recorded"] == "pending", "a backup, and a stop that waits in the journal", (case.made, case.stop))
        for way, env in (("exchanged", {}), ("one after the other", {"FAILCALL_NO_EXCHANGE": "1"})):
            ways[way] = {**case.page.env, **env}
            home = case.copy("whole")
            case.page.clear()
            status, said = case.restore(home, ways[way])
            spans = {kind: case.page.count(kind) for kind in CUT}
            tap.note(f"{way}: {spans}")
            tap.ok(status == 0 and said["replaced"] and said["journal_taken_over"], f"restored, names {way}", (status, said))
            served, has, words = case.starts(home, WHY)
            tap.ok(served and has, "it serves, and the stop that waited is in the record", words)
            cuts += [(way, "rename", n, how) for n in range(1, spans["rename"] + 1) for how in (KILL, ONCE)]
            cuts += [(way, kind, 1 + dice.randrange(spans[kind]), dice.choice((KILL, ONCE))) for _ in range(max(0, count // 2 - 6))
                     for kind in [dice.choice(CUT[1:])]]
        for n, (way, kind, number, how) in enumerate(cuts):
            remark = case.judge(ways[way], kind, number, how, kind == "rename" or n % 4 == 0)
            failed += case.page.failed > 0
            if remark:
                wrong.append(f"names {way}, {kind} {number} {'killed' if how == KILL else 'EIO'}: {remark}")
        tap.note(f"{failed} of {len(cuts)} were cut")
        tap.ok(failed * 2 > len(cuts), "restores were cut short", failed)
        tap.ok(not wrong, "each leaves what starts or is refused in words, and is done when asked again, stops and all", "\n".join(wrong))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
