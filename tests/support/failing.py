# SPDX-License-Identifier: Apache-2.0
"""The page shared with failcall.c, through which a rig lets a call of a running program fail."""
import errno
import mmap
import os
import struct

from broker import BUILD

SHIM = os.path.join(BUILD, "tests", "fault", "failcall.so")
# In the order of `enum kind` in failcall.c, and how each fails.
KINDS = {"malloc": ("ENOMEM",), "pwrite": ("EIO", "ENOSPC"), "flush": ("EIO", "ENOSPC"), "open": ("EMFILE", "EACCES", "EIO"),
         "accept": ("EMFILE", "ECONNABORTED", "ENOBUFS"), "mmap": ("ENOMEM",), "truncate": ("ENOSPC", "EIO"), "wake": ("ENOSPC", "EINTR"),
         "watch": ("ENOSPC", "ENOMEM"), "wait": ("EINTR",), "write": ("ENOSPC", "EIO"), "rename": ("EIO", "ENOSPC"), "make": ("EIO", "ENOSPC")}
ONCE, FOR_GOOD, KILL = range(3)
CONTROL = 6  # words before the counts


class Page:
    def __init__(self, folder):
        self.path = os.path.join(folder, "page")
        with open(self.path, "wb") as f:
            f.write(b"\0" * 4096)
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 4096)

    @property
    def env(self):
        return {"LD_PRELOAD": SHIM, "FAILCALL_PAGE": self.path}

    def word(self, i, value=None):
        if value is not None:
            struct.pack_into("=Q", self.map, 8 * i, value)
        return struct.unpack_from("=Q", self.map, 8 * i)[0]

    def count(self, kind):
        return self.word(CONTROL + list(KINDS).index(kind))

    @property
    def failed(self):
        return self.word(4)

    def arm(self, kind, number, how=ONCE, error="EIO"):
        """The `number`th call of this kind from now on fails."""
        for i, value in ((1, 0), (0, list(KINDS).index(kind)), (2, how), (3, getattr(errno, error)), (4, 0)):
            self.word(i, value)
        self.word(1, self.count(kind) + number)

    def lift(self):
        self.word(1, 0)

    def clear(self, spare_crypto=0):
        """As for a program that has not begun."""
        self.map[:] = b"\0" * 4096
        self.word(5, spare_crypto)
