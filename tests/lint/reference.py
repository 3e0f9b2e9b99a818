# SPDX-License-Identifier: Apache-2.0
"""The rule that holds broker/README.md to the tests: what it says is met names a test that cites the id,
and no test cites an id that the reference does not know.

Rows of the reference: `| ID | what | `source`, ... | `test`, ... |` is met; `| ID to ID, ID | why |` is
not met; `| D-n | choice |` is a choice. Sources stand below broker/ (policy/ and include/ as they are),
tests below tests/."""
import re

REFERENCE = "broker/README.md"
PREFIXES = ("HTP JWS MET KEY PRM TOK CLI MTL COD ASG TEX RES RAR ATJ BRR INT REV TSL CIB DTR DEV DPOP WIF SPF UNX MCP CIM "
            "AZN ARP OBL COZ SET SUB SSF PSH POL CAE MRK NOT CKP TIL COS TLP SSH SIG SVD PRB PRO TRC LOG D").split()
ID = re.compile(rf"(?<![\w-])(?:{'|'.join(PREFIXES)})-[1-9][0-9]*\b")
RANGE = re.compile(r"([A-Z]+)-(\d+) to \1-(\d+)")
DATA = ("tests/lint/", "tests/fuzz/corpus/", "tests/unit/policy/corpus/")
SOURCES = (".c", ".h", ".py", ".sh", ".mjs", ".txt")


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def ids_of(cell):
    """The ids a first cell names, ranges counted out; none when it says anything else."""
    whole = RANGE.sub(lambda m: ", ".join(f"{m[1]}-{n}" for n in range(int(m[2]), int(m[3]) + 1)), cell)
    names = [name.strip() for name in whole.split(",")]
    return names if all(ID.fullmatch(name) for name in names) else []


def spans(cell):
    return re.findall(r"`([^`]+)`", cell)


def source_path(name):
    return name if name.startswith(("policy/", "include/", "systemd/")) else "broker/" + name


def check_met(tree, number, ident, cells):
    for name in spans(cells[2]):
        if source_path(name) not in tree.paths:
            yield REFERENCE, number, f"{ident}: there is no {source_path(name)}"
    if not spans(cells[3]):
        yield REFERENCE, number, f"{ident} names no test"
    for name in spans(cells[3]):
        path = "tests/" + name
        if path not in tree.paths:
            yield REFERENCE, number, f"{ident}: there is no {path}"
        elif ident not in ID.findall(tree.text(path)):
            yield REFERENCE, number, f"{path} does not cite {ident}"


def wire_reference(tree):
    """What broker/README.md calls met is held by a test that says so; every id in tests is known there."""
    if REFERENCE not in tree.paths:
        yield REFERENCE, 0, "is missing"
        return
    known = set()
    for number, line in enumerate(tree.lines(REFERENCE), 1):
        cells = cells_of(line) if line.startswith("| ") else [""]
        for ident in ids_of(cells[0]):
            if ident in known:
                yield REFERENCE, number, f"{ident} has two rows"
            known.add(ident)
            if len(cells) == 4:
                yield from check_met(tree, number, ident, cells)
    for path in tree.paths:
        if not path.startswith("tests/") or path.startswith(DATA) or not path.endswith(SOURCES):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            for ident in ID.findall(line):
                if ident not in known:
                    yield path, number, f"{ident} is not in {REFERENCE}"


# What the reference lists in full: where it stands in the code, and what is looked for there.
LISTS = [
    ("route", re.compile(r"broker/(oauth|authzen|operator|console)/\1\.c"), re.compile(r'"(/[^"]*)"')),
    ("event type", re.compile(r"broker/ledger/event\.h"), re.compile(r'X\(\w+, "([a-z.]+)"\)')),
    ("metric", re.compile(r"broker/core/\w+\.c"), re.compile(r'(?:head\(out, "|# TYPE )(\w+)')),
    ("table", re.compile(r"broker/store/env\.c"), re.compile(r'\[STORE_\w+\] = "(\w+)"')),
    ("configuration key", re.compile(r"broker/config/config\.c"), re.compile(r'^ *\{"\w*", "(\w+)", CONFIG_', re.M)),
    ("member of events", re.compile(r"broker/ledger/event_members\.c"), re.compile(r'^    (?:STR|ID|DIGEST|OWN|PLAIN)\("?(\w+)', re.M)),
]


def reference_lists(tree):
    """Every route, event type and member, metric, table and configuration key stands in the reference."""
    reference = tree.lines(REFERENCE) if REFERENCE in tree.paths else []
    words = {word.rstrip("/") for line in reference for span in spans(line) for word in re.findall(r"[\w./-]+", span)}
    words |= {part for word in words for part in word.split(".")}  # `limits.queue` is the key queue of limits
    for what, where, pattern in LISTS:
        for path in tree.paths:
            if not where.fullmatch(path):
                continue
            text = tree.text(path)
            for m in pattern.finditer(text):
                if m[1].split("{")[0].rstrip("/") not in words:
                    yield path, text.count("\n", 0, m.start()) + 1, f"the {what} {m[1]} is not in {REFERENCE}"


RULES = [wire_reference, reference_lists]
