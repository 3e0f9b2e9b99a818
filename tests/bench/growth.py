# SPDX-License-Identifier: Apache-2.0
"""What a trace costs as the record grows: of a grant from its middle, and of an agent who did half of it all."""
import os
import statistics
import subprocess
import time

import servers
from servers import Ambit, Wrong

SIZES, LARGE = (10, 100000), 10000000
TRACES = 15

BARS = [
    *((f"trace of {what}: {n:,} / 10 events", f"trace {n} {what}", f"trace 10 {what}", "ms", None, None, False)
      for what in ("a grant", "an agent") for n in (*SIZES[1:], LARGE)),
    *((f"trace of {what} at {n:,} events, ms", f"trace {n} {what}", None, "ms", 50, 20, False)
      for what in ("a grant", "an agent") for n in (*SIZES, LARGE)),
    *((f"index behind {n:,} events, built again, s", f"index {n}", None, "s", None, None, False) for n in (*SIZES[1:], LARGE)),
]


class Grown(Ambit):
    """A broker whose record was filled while it was down."""

    LIMITS = {**Ambit.LIMITS, "store_bytes": 24 << 30}

    def __init__(self, folder, events):
        super().__init__(folder, f"record-{events}")
        self.close()
        said = subprocess.run([os.path.join(servers.PROGRAMS, "bench_fill"), os.path.join(self.broker.state, "store"), str(events)],
                              check=True, capture_output=True, text=True).stdout
        self.grant = dict(line.split() for line in said.splitlines())["grant"]
        self.open()

    def trace(self, client, x):
        """Milliseconds of one, reading recorded and all; what it said."""
        begun = time.monotonic()
        answer = client.person("dana", "GET", f"/v1/trace/{x}")
        took = (time.monotonic() - begun) * 1000
        if answer.status != 200:
            raise Wrong(f"trace {x}: {answer}")
        return took, answer.json

    def indexed(self, client, events):
        """Waits until the index has come to the end of what was filled in, for which a trace waits two seconds; seconds."""
        begun = time.monotonic()
        while time.monotonic() < begun + 60 + events / 5000:
            if self.trace(client, self.grant)[0] < 1500:
                return time.monotonic() - begun
        raise Wrong(f"the index does not come to {events} events")


def one(run, events):
    ambit = Grown(run.folder, events)
    try:
        with ambit.broker.client() as client:
            run.case(f"index {events}", lambda: {"s": ambit.indexed(client, events)})
            for what, x in (("a grant", ambit.grant), ("an agent", "agent:remediator")):
                ambit.trace(client, x)
                times = [ambit.trace(client, x)[0] for _ in range(TRACES)]
                run.case(f"trace {events} {what}", lambda t=times: {"ms": statistics.median(t)})
            body = ambit.trace(client, "agent:remediator")[1]
            if events > 1000 and not (body["next"] and len(body["events"]) >= 200):
                raise Wrong("of an agent with a long history the newest are told, and where to go on")
    finally:
        ambit.close()
        servers.remove(ambit.broker.home)


def measure(run):
    if run.args.only and not any("trace" in word for word in run.args.only):
        return
    for events in (*SIZES, LARGE) if run.args.large else SIZES:
        try:
            one(run, events)
        except (Wrong, OSError, subprocess.CalledProcessError) as e:
            run.wrong.append(f"a record of {events:,} events: {e}")
