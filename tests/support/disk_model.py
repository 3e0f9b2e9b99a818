# SPDX-License-Identifier: Apache-2.0
"""A folder as a system-call trace goes by (strace -y -xx): what of its files and names is on the disk, and what a power cut
may leave of the rest: of each file any part of what was written since its last flush, torn at any sector; of each folder the
names as its last flush left them, or with the first few of the changes since."""
import os
import re

SECTOR = 512
FILE_CALLS = "openat,lseek,pwrite64,pwritev,writev,write,fdatasync,fsync,ftruncate,fallocate,rename,renameat,renameat2,link,linkat,unlink,unlinkat"
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
NAMED = re.compile(r'(?:(?:AT_FDCWD|\d+)(?:<((?:\\x[0-9a-f]{2})*)>)?, )?"((?:\\x[0-9a-f]{2})*)"')
OF_FD = re.compile(r"\((\d+)<((?:\\x[0-9a-f]{2})*)>")


def plain(text):
    return bytes.fromhex(text.replace("\\x", ""))


class File:
    def __init__(self, data=b""):
        self.flushed, self.pending = bytearray(data), []

    @staticmethod
    def put(data, at, to):
        if len(to) < at + len(data):
            to.extend(bytes(at + len(data) - len(to)))
        to[at:at + len(data)] = data

    @staticmethod
    def cut(size, to):
        del to[size:]
        to.extend(bytes(size - len(to)))

    def do(self, change, to):
        _, data, at = change
        self.cut(at, to) if data is None else self.put(data, at, to)

    def flush(self, begun):
        """What had been written when the flush began."""
        for change in (c for c in self.pending if c[0] < begun):
            self.do(change, self.flushed)
        self.pending = [c for c in self.pending if c[0] >= begun]

    def torn(self, dice):
        whole, keep = bytearray(self.flushed), dice.choice((0.0, 0.3, 0.7, 1.0))
        for ended, data, at in dice.sample(self.pending, len(self.pending)):
            if data is None:
                if dice.random() < keep:
                    self.cut(at, whole)
                continue
            for sector in range(0, len(data), SECTOR):
                if dice.random() < keep:
                    self.put(data[sector:sector + SECTOR], at + sector, whole)
        return whole


class Folder:
    """`root`: its path; what is there now is on the disk."""

    def __init__(self, root):
        self.root = os.fsencode(root) + b"/"
        self.names, self.changes, self.synchronous, self.at = {}, {}, set(), {}
        for folder, _, files in os.walk(root):
            for name in files:
                path = os.fsencode(os.path.join(folder, name))
                with open(path, "rb") as f:
                    self.names[path[len(self.root):]] = File(f.read())
        self.durable = dict(self.names)

    def inside(self, path):
        return path[len(self.root):] if (path + b"/").startswith(self.root) else None

    def change(self, ended, *changes):
        """Names that come (with a file) and go (None), at once."""
        folder = os.path.dirname(changes[0][0])
        for name, file in changes:
            self.names.pop(name, None)
            if file:
                self.names[name] = file
        self.changes.setdefault(folder, []).append((ended, changes))

    @staticmethod
    def settle(changes, names):
        for name, file in changes:
            names.pop(name, None)
            if file:
                names[name] = file

    def see(self, begun, ended, name, line):
        """True: of this folder."""
        if re.search(r"= -1 ", line):
            return False
        if name == "openat":
            return self.open(ended, line)
        if name.startswith(("rename", "link", "unlink")):
            return self.rename(ended, name, line)
        if not (m := OF_FD.search(line)) or (path := self.inside(plain(m[2]))) is None:
            return False
        if name == "lseek":
            self.at[m[1]] = int(re.search(r"= (\d+)", line)[1])
        elif name in ("fdatasync", "fsync"):
            self.flush(begun, path)
        elif path in self.names:
            self.write(ended, name, m[1], self.names[path], line)
        return True

    def open(self, ended, line):
        if not (m := re.search(r"= (\d+)<((?:\\x[0-9a-f]{2})*)>", line)) or (path := self.inside(plain(m[2]))) is None:
            return False
        self.synchronous.discard(m[1])
        if re.search(r"O_D?SYNC", line):
            self.synchronous.add(m[1])
        self.at[m[1]] = 0
        if "O_CREAT" in line and path not in self.names:
            self.change(ended, (path, File()))
        elif "O_TRUNC" in line and path in self.names:
            self.names[path].pending.append((ended, None, 0))
        return True

    def rename(self, ended, name, line):
        paths = [self.inside(os.path.join(plain(folder or ""), plain(text))) for folder, text in NAMED.findall(line)]
        if not paths or None in paths or len(paths) < 1 + (not name.startswith("unlink")) or paths[0] not in self.names:
            return False
        if name.startswith("unlink"):
            self.change(ended, (paths[0], None))
        elif name.startswith("link"):
            self.change(ended, (paths[1], self.names[paths[0]]))
        else:
            self.change(ended, (paths[0], None), (paths[1], self.names[paths[0]]))
        return True

    def flush(self, begun, path):
        if path in self.names:
            return self.names[path].flush(begun)
        for _, changes in (c for c in self.changes.get(path, []) if c[0] < begun):
            self.settle(changes, self.durable)
        self.changes[path] = [c for c in self.changes.get(path, []) if c[0] >= begun]
        return None

    def write(self, ended, name, fd, file, line):
        if name == "ftruncate":
            file.pending.append((ended, None, int(re.search(r", (\d+)\)", line)[1])))
            return
        if name == "fallocate":  # made ahead of use, long before
            at, size = re.search(r", (\d+), (\d+)\)", line).groups()
            file.put(b"", int(at) + int(size), file.flushed)
            return
        data = b"".join(plain(text) for text in TEXT.findall(line.split(">", 1)[1]))
        done = re.search(r"= (\d+)", line)
        data = data[:int(done[1])] if done else data
        if name.startswith("p"):
            at = int(re.search(r'["\]], \d+, (\d+)', line)[1])
        else:
            at = self.at.get(fd, 0)
            self.at[fd] = at + len(data)
        if fd in self.synchronous:
            file.put(data, at, file.flushed)
        else:
            file.pending.append((ended, data, at))

    # ---- images

    @property
    def is_pending(self):
        return any(file.pending for file in self.names.values()) or any(self.changes.values())

    def image(self, dice, folder):
        """Writes one way it may look after a power cut now."""
        names = dict(self.durable)
        for changes in self.changes.values():
            for _, one in changes[:dice.choice((0, len(changes), dice.randint(0, len(changes))))]:
                self.settle(one, names)
        for name, file in names.items():
            path = os.path.join(os.fsencode(folder), name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
                f.write(file.torn(dice))
