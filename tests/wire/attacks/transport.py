# SPDX-License-Identifier: Apache-2.0
"""The connection itself: requests that two readers would split in two ways (the battery of f_framing.py)."""
from types import SimpleNamespace

import f_framing


def raw(address, data):
    again = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-ID: the-second-one\r\n\r\n"
    said, is_closed = f_framing.exchange(address, data + again)
    statuses, _ = f_framing.statuses(said)
    return SimpleNamespace(statuses=statuses + ([200] if b"the-second-one" in said else []), is_closed=is_closed, said=said[:300])


def rows(world):
    address = ("127.0.0.1", world.broker.port)
    for name, data, _ in f_framing.attacks("/healthz", "/token"):
        yield name, lambda _, d=data: raw(address, d), "closed"
