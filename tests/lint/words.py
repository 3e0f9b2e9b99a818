# SPDX-License-Identifier: Apache-2.0
"""Rules about text: licence lines, unfinished work, paths of one machine, hosts; and the list that
says every reader of outside bytes is fuzzed."""
import os
import re

SOURCES = (".c", ".h", ".py", ".sh", ".mjs", ".js")
TEXTS = (*SOURCES, ".md", ".build", ".txt", ".json", ".service", ".socket", ".conf", ".css", ".html", ".scd")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE = re.compile(r"(?<![\w/.])/(w[o]rk|r[o]ot|f[a]rm|h[o]me/\w+|Us[e]rs/\w+)(/|\b)")
# By shape, so that this file need not name one either.
HOSTS = re.compile(r"\b(registry|mirrors?|packages?|artifacts?|deb|snapshot|security|files|proxy)"
                   r"(\.[a-z][a-z0-9-]*)*\.(org|net|com|io|dev|example)\b", re.I)
QUOTES = ("tests/lint/words.py",)  # this file must name what it forbids


def spdx(tree):
    """Each source says its licence first, and C then what the file owns."""
    for path in tree.paths:
        if not path.endswith(SOURCES):
            continue
        lines = tree.lines(path)
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:2]):
            yield path, 1, "no SPDX line"
        elif path.endswith((".c", ".h")) and not (len(lines) > 1 and lines[1].startswith(("/*", "//"))):
            yield path, 2, "no words on what the file owns"


def one_python(tree):
    """Python is Debian's: another on PATH lacks its packages."""
    for path in tree.paths:
        if path.endswith(".py") and tree.lines(path)[0].startswith("#!") and tree.lines(path)[0] != "#!/usr/bin/python3":
            yield path, 1, "is not run by /usr/bin/python3"
        if path.endswith("meson.build"):
            for number, line in enumerate(tree.lines(path), 1):
                if re.search(r"find_program\('python3?'", line):
                    yield path, number, "takes whatever python is on PATH"


def executable(tree):
    """A program that says by what it is run may be run: what is not executable is passed over by the run."""
    for path in tree.paths:
        if path.endswith((".py", ".sh")) and tree.lines(path) and tree.lines(path)[0].startswith("#!") \
                and not os.access(os.path.join(tree.root, path), os.X_OK):
            yield path, 1, "is not executable"


def unfinished(tree):
    """Nothing is left for later in the code."""
    for path in tree.paths:
        if path.endswith(TEXTS) and path not in QUOTES:
            for number, line in enumerate(tree.lines(path), 1):
                if m := UNFINISHED.search(line):
                    yield path, number, f"{m[1]} left in"


def machine_paths(tree):
    """No path of the machine it was written on."""
    for path in tree.paths:
        if (path.endswith(TEXTS) or "." not in path) and path not in QUOTES:
            for number, line in enumerate(tree.lines(path), 1):
                if m := MACHINE.search(line):
                    yield path, number, f"a path of one machine: {m[0]}"


def hosts(tree):
    """Neither files nor commit messages name a package host: mirrors differ."""
    for path in tree.paths:
        if path not in QUOTES and not path.startswith("examples/"):
            for number, line in enumerate(tree.lines(path), 1):
                if m := HOSTS.search(line):
                    yield path, number, f"names a package host: {m[0]}"
    for number, line in enumerate(tree.commits().split("\n"), 1):
        if m := HOSTS.search(line) or MACHINE.search(line):
            yield "COMMITS", number, f"a commit message names {m[0]}"


def rows(tree, path):
    if path not in tree.paths:
        return
    for number, line in enumerate(tree.lines(path), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.split()


def fuzz_targets(tree):
    """Every reader of outside bytes (parsers.txt) has a target, every target is there, with seeds."""
    listed = set()
    for number, words in rows(tree, "tests/fuzz/targets.txt"):
        if len(words) != 3:
            yield "tests/fuzz/targets.txt", number, "a row is: name source function"
            continue
        name, source, function = words
        listed.add((source, function))
        if f"tests/fuzz/fuzz_{name}.c" not in tree.paths:
            yield "tests/fuzz/targets.txt", number, f"there is no fuzz_{name}.c"
        elif not re.search(rf"\b{re.escape(function)}\s*\(", tree.bare(f"tests/fuzz/fuzz_{name}.c")):
            yield "tests/fuzz/targets.txt", number, f"fuzz_{name}.c does not call {function}"
        if not any(p.startswith(f"tests/fuzz/corpus/{name}/") for p in tree.paths):
            yield "tests/fuzz/targets.txt", number, f"no seeds in corpus/{name}"
        if source not in tree.paths or not re.search(rf"^\S.*\b{re.escape(function)}\s*\(", tree.bare(source), re.M):
            yield "tests/fuzz/targets.txt", number, f"{source} has no {function}"
    names = {words[0] for _, words in rows(tree, "tests/fuzz/targets.txt")}
    for path in tree.paths:
        m = re.fullmatch(r"tests/fuzz/fuzz_(\w+)\.c", path)
        if m and m[1] not in names:
            yield path, 1, "is not listed in targets.txt"
    for number, words in rows(tree, "tests/lint/parsers.txt"):
        if tuple(words[:2]) not in listed:
            yield "tests/lint/parsers.txt", number, f"{words[1] if len(words) > 1 else words[0]} has no fuzz target"


RULES = [spdx, one_python, executable, unfinished, machine_paths, hosts, fuzz_targets]
