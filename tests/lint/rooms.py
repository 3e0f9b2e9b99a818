# SPDX-License-Identifier: Apache-2.0
"""Rules about rooms: who may include whom, which library lives where, what stands at the top."""
import os
import re

from tree import room_of

# room: the rooms it may use (the arrows of README.md, "The house"); "include" is open to all.
BELOW_CORE = ["identity", "ledger", "store", "config", "policy", "crypto", "base"]
WIRE = ["http", "core", *BELOW_CORE]
MAY_USE = {
    "include": [],
    "base": [],
    "policy": ["base"],
    "crypto": ["base"],
    "store": ["base"],
    "http": ["base"],
    "config": ["policy", "crypto", "base"],
    "identity": ["config", "policy", "crypto", "base"],
    "ledger": ["store", "config", "policy", "crypto", "base"],
    "core": BELOW_CORE,
    "oauth": WIRE,
    "authzen": WIRE,
    "operator": WIRE,
    "console": ["http", "base"],
    "cli": WIRE,
    "main": ["oauth", "authzen", "operator", "console", *WIRE],
}
# What of base does I/O or reads the world: not for the engine.
IMPURE = {"base/clock.h", "base/random.h", "base/log.h", "base/file.h"}
IMPURE_SYSTEM = re.compile(r"(time|unistd|fcntl|errno|pthread|signal|dirent|syslog)\.h|sys/.*|netinet/.*|arpa/.*")
IMPURE_CALLS = re.compile(r"(?<![.>\w])(fopen|open|openat|read|write|printf|fprintf|puts|perror|fputs|clock_gettime|getrandom|time)\s*\(")

# library header: the rooms that may include it; tests may include any.
LIBRARIES = [
    (re.compile(r"openssl/"), {"crypto"}),
    (re.compile(r"lmdb\.h$"), {"store"}),
    (re.compile(r"microhttpd\.h$"), {"http"}),
    (re.compile(r"gnutls/"), {"http"}),
    (re.compile(r"zlib\.h$"), {"base"}),
    (re.compile(r"jansson\.h$"), set()),  # base/json_* reads and writes all JSON
    (re.compile(r"curl/"), {"cli", "identity"}),  # the client's own; keys behind URLs
    (re.compile(r"systemd/"), {"main"}),
    (re.compile(r"(libsmartcols|libsmartcols/libsmartcols)\.h$"), {"cli"}),
    (re.compile(r"cmocka\.h$"), set()),
]
TOP = {"broker", "policy", "include", "examples", "tests", "systemd",
       "meson.build", "meson_options.txt", "README.md", "LICENSE"}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')


def includes(tree, path):
    for number, line in enumerate(tree.lines(path), 1):
        if m := INCLUDE.match(line):
            yield number, m[1], m[2]


def arrows(tree):
    """A room includes itself, the rooms its arrow reaches, and include/; nothing else."""
    for path in tree.c_files():
        room = room_of(path)
        for number, ours, _ in includes(tree, path):
            if ours is None:
                continue
            if "/" not in ours and room == "main":
                continue  # the few files of ambitd itself stand beside the rooms
            if "/" not in ours:
                yield path, number, f'"{ours}" is not written as room/file.h'
                continue
            target = ours.split("/")[0]
            if target not in ("ambit", room, *MAY_USE.get(room, [])):
                yield path, number, f"{room} may not use {target}"


def pure_policy(tree):
    """The engine takes from base nothing that does I/O, and does none itself."""
    for path in tree.c_files("policy/"):
        for number, ours, system in includes(tree, path):
            if ours in IMPURE or (system and IMPURE_SYSTEM.fullmatch(system)):
                yield path, number, f"the engine may not include {ours or system}"
        for number, line in enumerate(tree.bare(path).split("\n"), 1):
            if m := IMPURE_CALLS.search(line):
                yield path, number, f"the engine may not call {m[1]}"


def libraries(tree):
    """One library, one room."""
    for path in tree.c_files():
        for number, _, system in includes(tree, path):
            for header, rooms in LIBRARIES:
                if system and header.match(system) and room_of(path) not in rooms:
                    yield path, number, f"<{system}> may be included only in: {', '.join(sorted(rooms)) or 'tests'}"


def meson_rooms(tree):
    """The build of a room names the include folders of the rooms it may use and no others."""
    for path in tree.paths:
        m = re.fullmatch(r"(?:broker/(\w+)|(policy))/meson\.build", path)
        if not m:
            continue
        room = m[1] or m[2]
        for number, line in enumerate(tree.lines(path), 1):
            for target in re.findall(r"build_inc\['(\w+)'\]", line):
                if target not in (room, *MAY_USE.get(room, [])):
                    yield path, number, f"{room} may not be built with {target}"


def top_level(tree):
    """The top level is fixed: new things go inside."""
    seen = set()
    for path in tree.paths:
        first = path.split("/")[0]
        if first not in TOP and not first.startswith(".") and first not in seen:
            seen.add(first)
            yield first, 0, "does not belong at the top level"
    if not tree.is_fixture:
        for name in sorted(TOP):
            if not os.path.exists(os.path.join(tree.root, name)):
                yield name, 0, "is missing at the top level"


RULES = [arrows, pure_policy, libraries, meson_rooms, top_level]
