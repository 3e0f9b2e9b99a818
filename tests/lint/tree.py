# SPDX-License-Identifier: Apache-2.0
"""What the lint rules look at: the files of a tree, C with comments and texts blanked, functions.

A tree is the repository (what git knows or would add) or a fixture folder (everything in it, and
COMMITS in the place of the commit messages)."""
import os
import re
import subprocess

CODE = ("broker/", "policy/", "include/")
TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(match):
    """Keeps lines and columns, and the quotes of a text; takes what is inside."""
    text = match[0]
    if text[0] in "\"'":
        return text[0] + re.sub(r"[^\n]", " ", text[1:-1]) + text[-1]
    return re.sub(r"[^\n]", " ", text)


class Tree:
    def __init__(self, root, is_fixture=False):
        self.root, self.is_fixture = root, is_fixture
        self.paths = sorted(self._walk() if is_fixture else self._git())
        self._text, self._bare = {}, {}

    def _walk(self):
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), self.root)
                if path not in ("EXPECTED", "COMMITS"):
                    yield path

    def _git(self):
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=self.root,
                                check=True, capture_output=True, text=True).stdout
        for path in listed.split("\0"):
            if path and not path.startswith("tests/lint/fixtures/") and os.path.isfile(os.path.join(self.root, path)):
                yield path

    def commits(self):
        if self.is_fixture:
            path = os.path.join(self.root, "COMMITS")
            return open(path, encoding="utf-8").read() if os.path.exists(path) else ""
        return subprocess.run(["git", "log", "--format=%B"], cwd=self.root, check=True, capture_output=True,
                              text=True, errors="replace").stdout

    def text(self, path):
        if path not in self._text:
            with open(os.path.join(self.root, path), "rb") as f:
                raw = f.read()
            self._text[path] = "" if b"\0" in raw else raw.decode("utf-8", "replace")
        return self._text[path]

    def lines(self, path):
        return self.text(path).split("\n")

    def bare(self, path):
        """The file with comments and the insides of texts blanked."""
        if path not in self._bare:
            self._bare[path] = TOKENS.sub(blank, self.text(path))
        return self._bare[path]

    def c_files(self, *prefixes):
        return [p for p in self.paths if p.endswith((".c", ".h")) and p.startswith(prefixes or CODE)]


def room_of(path):
    """broker/store/x.c -> store; policy/x.c -> policy; include/... -> include; broker/main.c -> main."""
    parts = path.split("/")
    if parts[0] == "broker":
        return parts[1] if len(parts) > 2 else "main"
    return parts[0]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def functions(bare):
    """(name, first line, last line) of every function body of a file, by our brace style."""
    name, begun = None, None
    for number, line in enumerate(bare.split("\n"), 1):
        if begun is None:
            m = re.match(r"^[A-Za-z_][\w \t*]*?\b(\w+)\s*\((?!.*;\s*$)", line)
            if m and not line.startswith(("#", "typedef", "enum {", "return")):
                name = m[1]
            if line.startswith("{") and name:
                begun = number
            elif line.rstrip().endswith(";") and not line.startswith((" ", "\t")):
                name = None
        elif line.startswith("}"):
            yield name, begun, number
            name, begun = None, None


def block_end(bare, opening):
    """The offset behind the brace that closes the one at `opening`."""
    depth = 0
    for i in range(opening, len(bare)):
        if bare[i] == "{":
            depth += 1
        elif bare[i] == "}":
            depth -= 1
            if depth == 0:
                return i + 1
    return len(bare)
