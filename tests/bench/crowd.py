# SPDX-License-Identifier: Apache-2.0
"""Many at once: 128, 256 and 512 clients beside 64, and 16 busy ones with 1,500 that say nothing."""
import socket

CROWDS = (128, 256, 512)
IDLE, BUSY = 1500, 16


def with_idle(ambit, seconds):
    idle = []
    try:
        for _ in range(IDLE):
            idle.append(socket.create_connection(("127.0.0.1", ambit.port), 10))
        return ambit.introspect(BUSY, seconds)
    finally:
        for connection in idle:
            connection.close()


def measure(run, ambit):
    for clients in CROWDS:
        run.case(f"ambit token {clients}", lambda c=clients: ambit.issue(c, run.args.seconds))
    run.case(f"ambit introspect {BUSY}, alone", lambda: ambit.introspect(BUSY, run.args.seconds))
    run.case(f"ambit introspect {BUSY}, idle", lambda: with_idle(ambit, run.args.seconds))
