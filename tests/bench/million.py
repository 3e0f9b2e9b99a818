# SPDX-License-Identifier: Apache-2.0
"""A million live grants beside none: issuing, introspection, starting, raising a stop; what one grant
costs in memory and on disk."""
import statistics
import time

import servers
from broker import claims
from servers import Ambit, Wrong

GRANTS = 1000000
STARTS, STOPS = 5, 10

BARS = [
    ("issue at 1,000,000 live grants / none", "million token 64", "none token 64", "rps", 0.70, 0.85, True),
    ("introspect at 1,000,000 / none", "million introspect 64", "none introspect 64", "rps", 0.70, 0.85, True),
    ("start at 1,000,000 / none", "million start", "none start", "seconds", 2, 1.1, False),
    ("raising a stop at 1,000,000 / none", "million stop", "none stop", "seconds", 2, 1.1, False),
    ("private memory per live grant, bytes", "million cost", None, "memory", 64, 8, False),
    ("disk per grant / its rows", "million cost", None, "disk", 2.0, 1.4, False),
]


def fill(ambit):
    issued = 0
    while issued < GRANTS:
        issued += ambit.load("/token", servers.ISSUE, 64, 10)["n"]
    return issued


def starts(ambit):
    """Starts it again; seconds until it listens."""
    ambit.close()
    ambit.open()
    return {"seconds": ambit.start_s}


def stop(ambit):
    with ambit.broker.client() as client:
        token = client.token().json["access_token"]
        begun = time.monotonic()
        answer = client.stop("grant:" + claims(token)["jti"], reason="bench")
        seconds = time.monotonic() - begun
    if answer.status != 201:
        raise Wrong(f"stop: {answer}")
    return {"seconds": seconds}


def cost(million, none, grants):
    """Right after a start: what the live grants themselves hold."""
    rows = servers.table_rows(million)
    used = rows.pop("file")[2] * 4096
    payload = sum(row[1] for row in rows.values())
    memory = servers.private_bytes(million.pid) - servers.private_bytes(none.pid)
    return {"memory": max(0, memory) / grants, "disk": used / payload, "grants": grants}


def measure(run):
    if run.args.only and not any("million" in word for word in run.args.only):
        return
    million, none = Ambit(run.folder, "million", long_lived=True), Ambit(run.folder, "none", long_lived=True)
    try:
        grants = fill(million)
        for _ in range(STARTS):
            for name, ambit in (("none", none), ("million", million)):
                run.case(f"{name} start", lambda a=ambit: starts(a))
        run.case("million cost", lambda: cost(million, none, grants))
        for number in range(run.args.rounds):
            order = (("none", none), ("million", million))
            for name, ambit in order if number % 2 == 0 else reversed(order):
                run.case(f"{name} introspect 64", lambda a=ambit: a.introspect(64, run.args.seconds))
                run.case(f"{name} token 64", lambda a=ambit: a.issue(64, run.args.seconds))
                run.case(f"{name} stop", lambda a=ambit: {"seconds": statistics.median(stop(a)["seconds"] for _ in range(STOPS))})
    finally:
        million.close()
        none.close()
        servers.remove(million.broker.home)
        servers.remove(none.broker.home)
