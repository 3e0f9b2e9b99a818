#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever the wall clock does - back one hour, forward ten years, standing still, while the broker runs or over
a restart - no token lives longer than by the time that went by, none that was dead lives again, nothing is given before
a person believes the clock again, and people stop what they will."""
import mmap
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import BUILD, Broker, Tap, claims  # noqa: E402

HOUR, MONTH, TEN_YEARS = 3600 * 1000, 30 * 86400 * 1000, 10 * 365 * 86400 * 1000
LIFE = 3  # of the short token, in seconds
SHORT, LONG_LIFE, ENDED = "short.do[svc:x/**]", "long.do[svc:x/**]", "ended.do[svc:x/**]"


class Clock:
    """The page shared with clockshift.c."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "page")
        with open(self.path, "wb") as f:
            f.write(b"\0" * 4096)
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 4096)

    def shift(self, ms):
        struct.pack_into("=qq", self.map, 0, ms, 0)

    def offset(self):
        return struct.unpack_from("=q", self.map, 0)[0]

    def freeze(self):
        struct.pack_into("=q", self.map, 8, int(time.time() * 1000) + self.offset())


def set_up(broker):
    def rule(word, life):
        return {"id": word, "actions": [word + ".do"], "resources": ["svc:x/**"], "ttl": {"default": life, "max": "1h"}}

    policy = broker.document("policies/restart-services")
    policy["allow"] += [rule("short", f"{LIFE}s"), rule("long", "30m"), rule("ended", "1s")]
    broker.propose("policies/restart-services", policy)
    with broker.client() as client:
        return client.person("lee", "POST", "/v1/documents/reload").status == 200


class Tokens:
    """Tokens and what must be said of them at any later time, by the clock that nothing moves."""

    def __init__(self, client):
        self.given = {}
        for scope, life in ((SHORT, LIFE), (LONG_LIFE, 1800), (ENDED, 1)):
            answer = client.token(scope)
            self.given[scope] = (answer.json.get("access_token", ""), time.monotonic() + life + 1)  # times are whole seconds
        self.stopped = client.token(LONG_LIFE).json["access_token"]
        client.stop("grant:" + claims(self.stopped)["jti"])

    def wrong(self, client):
        """Who is called active, or allowed, after the end."""
        found = []
        for scope, (token, ends) in [*self.given.items(), ("stopped", (self.stopped, 0))]:
            said = client.introspect(token)
            done = client.evaluate(token, (LONG_LIFE if scope == "stopped" else scope).split("[")[0], {"type": "svc", "id": "x/y"})
            if time.monotonic() < ends:
                continue
            if said.status == 200 and said.json["active"] or done.status == 200 and done.json["decision"]:
                found.append((scope, said, done))
        return found

    def forever_dead(self):
        """From here on none of them may live."""
        self.given = {scope: (token, 0) for scope, (token, _) in self.given.items()}


def is_distrusted(client, seconds):
    """The broker does not believe its clock, within so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if client.call("GET", "/readyz").status == 503:
            return True
        client.token(LONG_LIFE)
        time.sleep(0.05)
    return False


def refuses(tap, client, tokens, name):
    """What holds as long as nobody said that the clock is right."""
    ready = client.call("GET", "/readyz")
    tap.ok(ready.status == 503 and b"clock" in ready.body, f"{name}: readyz says why", ready)
    given = client.token(LONG_LIFE)
    live = tokens.given[LONG_LIFE][0]
    done = client.evaluate(live, "long.do", {"type": "svc", "id": "x/y"})
    seen = client.introspect(live)
    tap.ok((given.status, done.status, seen.status) == (503, 503, 503), f"{name}: nothing is given, allowed or called active", (given, done, seen))
    stopped = client.stop("agent:reporter", f"stopped while {name}")
    tap.ok(stopped.status == 201 and client.clear(stopped.json["stop"]).status == 200, f"{name}: people stop", stopped)
    tap.ok(not tokens.wrong(client), f"{name}: what is dead is dead", tokens.wrong(client))


def believed_again(tap, broker, clock, client, tokens, name):
    def says(*more):
        """By the true time: the shim is the broker's alone."""
        words = ["--reason", f"looked at it: {name}", "--url", f"http://127.0.0.1:{broker.port}",
                 "--token-file", os.path.join(broker.state, "credentials", "lee.token")]
        return subprocess.run([os.path.join(BUILD, "ambit"), "time", "acknowledge", *words, *more], capture_output=True, timeout=60, check=False)

    if abs(clock.offset()) >= HOUR:
        said = says()
        tap.ok(said.returncode == 1 and b"set it right first" in said.stderr and client.call("GET", "/readyz").status == 503,
               f"{name}: not on a machine where it is another time", said)
    said = says("--wall", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + clock.offset() / 1000)))
    given = client.token(LONG_LIFE)
    tap.ok(said.returncode == 0 and given.status == 200 and client.call("GET", "/readyz").status == 200, f"{name}: a person believes it again",
           (said, given, client.call("GET", "/readyz")))
    time.sleep(max(0.0, tokens.given[SHORT][1] - time.monotonic()))
    tap.ok(not tokens.wrong(client), f"{name}: nothing lives longer for it", tokens.wrong(client))


def while_running(tap, broker, clock):
    for name, before, after in (("back one hour", 0, -HOUR), ("forward one hour", -HOUR, 0), ("forward ten years", 0, TEN_YEARS),
                                ("back ten years", None, 0)):
        with broker.client() as client:
            if before is not None:
                tokens = Tokens(client)
            clock.shift(after)
            tap.ok(is_distrusted(client, 5), f"{name}: it is not believed")
            refuses(tap, client, tokens, name)
            if name != "forward ten years":
                believed_again(tap, broker, clock, client, tokens, name)


def standing_still(tap, broker, clock):
    with broker.client() as client:
        tokens = Tokens(client)
        clock.freeze()
        wrong, until = [], time.monotonic() + LIFE + 2
        while time.monotonic() < until:
            wrong += tokens.wrong(client)
            time.sleep(0.2)
        tap.ok(not wrong, "standing still: a token ends by the time that goes by", wrong[:3])
        tap.ok(is_distrusted(client, 5), "standing still: it is not believed for long")
        refuses(tap, client, tokens, "standing still")
        clock.shift(0)
        believed_again(tap, broker, clock, client, tokens, "standing still")


class Machine:
    """Which start of it this is, as clockshift.c has it read."""

    def __init__(self, folder):
        self.path, self.n = os.path.join(folder, "boot_id"), 0

    def starts_again(self):
        self.n += 1
        with open(self.path, "w", encoding="ascii") as f:
            f.write(f"01234567-89ab-4cde-8f01-{self.n:012x}\n")


def starts(broker, clock, ms, machine=None, **options):
    """The broker, on another clock, perhaps on a machine that was started again."""
    if machine:
        machine.starts_again()
    clock.shift(ms)
    broker.start(**options)


def live(client, tokens):
    return client.introspect(tokens.given[LONG_LIFE][0]).json["active"]


def over_a_restart(tap, broker, clock, machine):
    with broker.client() as client:
        tokens = Tokens(client)
    broker.stop()
    starts(broker, clock, -HOUR)
    with broker.client() as client:
        refuses(tap, client, tokens, "an hour behind the record at start")
        believed_again(tap, broker, clock, client, tokens, "an hour behind the record at start")
    broker.stop()
    starts(broker, clock, -HOUR, machine)
    with broker.client() as client:
        tap.ok(client.call("GET", "/readyz").status == 200 and live(client, tokens) and not tokens.wrong(client),
               "what was acknowledged is not asked about at each start")
    broker.stop()
    starts(broker, clock, 0)
    with broker.client() as client:
        refuses(tap, client, tokens, "an hour ahead at start")
        believed_again(tap, broker, clock, client, tokens, "an hour ahead at start")


def far_ahead(tap, broker, clock, machine):
    """Nothing is ended by a clock that nobody believed, and nothing given by it."""
    with broker.client() as client:
        tokens = Tokens(client)
        held = client.stop("agent:reporter", "holds over the jump").json["stop"]
    broker.stop()
    for name, shift, of in (("ten years ahead at start", TEN_YEARS, None), ("and of the machine too", TEN_YEARS, machine), ("and right again", 0, None)):
        starts(broker, clock, shift, of)
        with broker.client() as client:
            said = [client.call("GET", "/readyz").status, client.introspect(tokens.given[LONG_LIFE][0]).status, client.token(LONG_LIFE).status]
            tap.ok(said == [503, 503, 503], f"{name}: nothing is given or called active", said)
        if shift:
            broker.stop()
    with broker.client() as client:
        said = client.clear(held).status
        believed_again(tap, broker, clock, client, tokens, "right after ten years ahead")
        tap.ok(said == 200 and live(client, tokens), "what lived lives on, and the stop held until it was cleared", said)


def idle(tap, broker, clock, machine):
    """The record knows of time in which nothing happened."""
    with broker.client() as client:
        tokens = Tokens(client)
        begun = time.time()
    time.sleep(LIFE + 11)
    broker.kill()
    starts(broker, clock, int((begun - time.time()) * 1000), machine)
    with broker.client() as client:
        refuses(tap, client, tokens, "set back to the last event")
        believed_again(tap, broker, clock, client, tokens, "set back to the last event")
    broker.stop()
    starts(broker, clock, 0)
    with broker.client() as client:
        believed_again(tap, broker, clock, client, tokens, "and right again")
    broker.stop()


def down_for_long(tap, broker, clock, machine):
    """A clock that was right: one word, by a person or at the start, and the time has passed."""
    broker.start()
    with broker.client() as client:
        tokens = Tokens(client)
    broker.stop()
    backup = broker.state + ".backup"
    shutil.copytree(broker.state, backup)
    tokens.forever_dead()
    starts(broker, clock, MONTH, machine)
    with broker.client() as client:
        refuses(tap, client, tokens, "down for a month")
        believed_again(tap, broker, clock, client, tokens, "down for a month")
    broker.stop()
    starts(broker, clock, 2 * MONTH, machine, extra=["--accept-time", "nobody is there"])
    with broker.client() as client:
        tap.ok(client.call("GET", "/readyz").status == 200 and client.token(LONG_LIFE).status == 200 and not tokens.wrong(client),
               "whoever starts it may say so")
    broker.stop()
    status, said = broker.verify()
    tap.ok(status == 0, "the record verifies", said)
    shutil.rmtree(broker.state)
    shutil.copytree(backup, broker.state)
    starts(broker, clock, 2 * MONTH, machine)
    with broker.client() as client:
        refuses(tap, client, tokens, "a backup of two months ago")
        believed_again(tap, broker, clock, client, tokens, "a backup of two months ago")
    broker.stop()


def main():
    tap = Tap()
    shim = os.path.join(BUILD, "tests", "fault", "clockshift.so")
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(folder)
        machine = Machine(folder)
        with Broker(env={"LD_PRELOAD": shim, "CLOCKSHIFT_PAGE": clock.path, "CLOCKSHIFT_BOOT": machine.path}) as broker:
            tap.ok(set_up(broker), "the documents are in force")
            while_running(tap, broker, clock)
            standing_still(tap, broker, clock)
            over_a_restart(tap, broker, clock, machine)
            far_ahead(tap, broker, clock, machine)
            idle(tap, broker, clock, machine)
            down_for_long(tap, broker, clock, machine)
            status, said = broker.verify()
            tap.ok(status == 0, "the record verifies", said)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
