#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever is edited in a store that holds something of everything, `ambit verify` says which row; whatever is
edited in its file is found or has no effect; and a broker that starts on such a file ends in words or serves, and calls
no token active that is dead or whose rows were changed.

  edits.py [EDITS [SEED]]     through the tables: rows removed, changed, swapped, added, an older copy put back, events
                              forged with their hash; then as many of data.mdb: a byte, a sector, a page, an older page"""
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import BUILD, GONE, LONG, Broker, Tap  # noqa: E402
from filled import Filled, answers  # noqa: E402

TOOL = os.path.join(BUILD, "tests", "fault", "edit_store")
LIMITS = {"store_bytes": 32 << 20, "store_grow_bytes": 1 << 20, "store_reserve_bytes": 1 << 20}
PAGE, SECTOR, META_PAGES = 4096, 512, 2
OPS = ("removed", "changed", "swapped", "added", "older", "forged")
POSITION, FORMAT, CLOCK = (name.encode().hex() for name in ("position", "format", "clock"))
OLDER_RULES = {(POSITION, version) for version in "012"}  # by which an index was built
# In `once` more may stand than the events give: values of callers that changed nothing.
WITHOUT_WORD = {("once", "added"), ("once", "swapped")}


def rows_of(folder):
    """{table: {key: value}}, in hexadecimal."""
    said = subprocess.run([TOOL, folder, "rows"], capture_output=True, text=True, check=True, timeout=60).stdout
    tables = {}
    for line in said.splitlines():
        table, key, value = line.split()
        tables.setdefault(table, {})[key] = "" if value == "-" else value
    return tables


def apply(folder, lines):
    text = "".join(" ".join(part or "-" for part in line) + "\n" for line in lines)
    subprocess.run([TOOL, folder, "edit"], input=text, text=True, capture_output=True, check=True, timeout=60)


def flipped(dice, text):
    """The bytes with one bit other; one byte longer where there are none."""
    if not text:
        return "01"
    at, data = dice.randrange(len(text) // 2), bytearray.fromhex(text)
    data[at] ^= 1 << dice.randrange(8)
    return data.hex()


class Edit:
    def __init__(self, place, table, op):
        self.place, self.table, self.op, self.lines, self.keys = place, table, op, [], []

    def put(self, key, value):
        self.lines.append(("put", self.table, key, value))
        self.keys.append(key)

    def delete(self, key):
        self.lines.append(("del", self.table, key))
        self.keys.append(key)

    def __repr__(self):
        return f"{self.place}/{self.table} {self.op} {self.keys}"

    def is_named(self, problems):
        return all(any(self.names(p, key) for p in problems) for key in self.keys)

    def names(self, problem, key):
        if self.place == "search":
            said = problem.get("key", "")
            return problem["table"] == "search" and (said == key or self.table == "meta" and said == bytes.fromhex(key).decode()
                                                     or self.table == "facts")
        if self.table == "meta" or self.op == "forged":  # the next events do not know of it: the root does
            if problem["table"] in ("meta", "tree"):
                return True
        if self.table in ("events", "openings"):
            return problem["table"] == self.table and problem.get("key") == str(int(key, 16))
        return problem["table"] == self.table and problem.get("key") == key


def an_edit(dice, place, table, op, now, before):
    """One edit of this kind; None where the table has none."""
    rows, old = now[table], before.get(table, {})
    edit, keys = Edit(place, table, op), sorted(rows)
    if op == "removed":
        # A store of before has no row of the clock: the next start takes the head's time.
        edit.delete(dice.choice([k for k in keys if (table, k) != ("meta", CLOCK)]))
    elif op == "changed":
        # How often a caller came is counted of more than the events tell.
        key = dice.choice([k for k in keys if table != "once" or len(rows[k]) == 16])
        value = flipped(dice, rows[key])
        while place == "search" and (table, value[88 - 8:88]) == ("meta", "0000000" + value[87:88]) and (key, value[87:88]) in OLDER_RULES:
            value = flipped(dice, rows[key])  # no damage: the next start builds it again
        while (place, table, key) == ("search", "meta", FORMAT) and value[8:24] != rows[key][8:24]:
            value = flipped(dice, rows[key])  # its map is what the next start asks for
        edit.put(key, value)
    elif op == "swapped":
        one = dice.choice(keys)
        others = [k for k in keys if rows[k] != rows[one]]
        if not others:
            return None
        two = dice.choice(others)
        edit.put(one, rows[two])
        edit.put(two, rows[one])
    elif op == "added":
        key = dice.choice(keys)
        while key in rows:
            key = flipped(dice, key)
        edit.put(key, rows[dice.choice(keys)])
    elif op == "older":
        stale = [k for k in sorted(old) if rows.get(k) != old[k]]
        if not stale:
            return None
        key = dice.choice(stale)
        edit.put(key, old[key])
    elif op == "forged":
        key = dice.choice(keys)
        leaf = bytes.fromhex(rows[key])[32:]
        said = leaf.replace(b"allow", b"deny!", 1) if b"allow" in leaf else leaf[:-1] + b" }"
        edit.put(key, (hashlib.sha256(b"\0" + said).digest() + said).hex())
    return edit


def chosen(dice, count, now, before):
    """`count` edits, as evenly over tables and kinds as there are."""
    kinds = [("store", table, op) for table in now["store"] for op in OPS
             if not (op == "forged" and table != "events") and (table, op) not in WITHOUT_WORD]
    kinds += [("search", table, op) for table in ("index", "meta") for op in OPS[:4] if (table, op) != ("meta", "added")]
    dice.shuffle(kinds)
    edits, turn = [], 0
    while len(edits) < count:
        place, table, op = kinds[turn % len(kinds)]
        turn += 1
        if edit := an_edit(dice, place, table, op, now[place], before[place]):
            edits.append(edit)
    return edits


class Case:
    """A filled state, how it was half way, and a copy that is edited."""

    def __init__(self, folder):
        self.home = os.path.join(folder, "filled")
        self.older, self.away = os.path.join(folder, "older"), os.path.join(folder, "edited")
        self.work = os.path.join(self.away, "state")
        os.mkdir(self.home)
        with Broker(home=self.home, limits=LIMITS) as broker:
            filled = Filled(broker)
            filled.open()
            broker.stop()
            self.state = broker.state
            shutil.copytree(self.state, self.older)
            broker.start()
            filled.go_on()
            self.tokens = filled.tokens
            broker.stop()
            self.verdict = broker.verify()
        for path in (self.older, self.state):
            os.path.exists(os.path.join(path, "url")) and os.unlink(os.path.join(path, "url"))
        self.now = {place: rows_of(os.path.join(self.state, place)) for place in ("store", "search")}
        self.before = {place: rows_of(os.path.join(self.older, place)) for place in ("store", "search")}
        self.bytes, self.old_bytes = self.read(self.state), self.read(self.older)
        shutil.copytree(self.state, self.work)
        with Broker(home=self.away, limits=LIMITS) as broker:
            self.right = answers(broker, self.tokens)
            broker.stop()
        self.renew()

    @staticmethod
    def read(state):
        with open(os.path.join(state, "store", "data.mdb"), "rb") as file:
            return file.read()

    def renew(self, place=None):
        """The copy as it was before; of an edit, which no broker ran on, that place alone."""
        for name in [place] if place else ["store", "search"]:
            shutil.copy(os.path.join(self.state, name, "data.mdb"), os.path.join(self.work, name, "data.mdb"))
        if not place:
            shutil.rmtree(os.path.join(self.work, "log"))
            shutil.copytree(os.path.join(self.state, "log"), os.path.join(self.work, "log"))

    def write(self, data):
        with open(os.path.join(self.work, "store", "data.mdb"), "wb") as file:
            file.write(data)

    def verify(self):
        """(exit status, problems, what was said) of the copy."""
        done = subprocess.run([os.path.join(BUILD, "ambit"), "verify", self.work, "--json"], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120)
        try:
            return done.returncode, json.loads(done.stdout)["problems"], done.stdout
        except (ValueError, KeyError):
            return done.returncode, [], done.stdout + done.stderr


def through_tables(tap, case, dice, count):
    wrong, begun, tables, edits = [], time.monotonic(), set(), chosen(dice, count, case.now, case.before)
    for edit in edits:
        apply(os.path.join(case.work, edit.place), edit.lines)
        status, problems, said = case.verify()
        case.renew(edit.place)
        tables.add((edit.place, edit.table, edit.op))
        refused = edit.table == "meta" and status in (1, 2, 3) and said
        if status < 0 or not (refused or status == 1 and edit.is_named(problems)):
            wrong.append(f"{edit} -> {status} {said[:400]}")
    tap.note(f"{count} edits of {len(tables)} kinds in {time.monotonic() - begun:.0f} s")
    tap.ok(not wrong, f"{count} edits through the tables: each is found and named", "\n".join(wrong))
    start_on(tap, case, [(edit, lambda edit=edit: apply(os.path.join(case.work, edit.place), edit.lines)) for edit in (edits if LONG else one_of_each(edits))],
             "edited rows")


def one_of_each(edits):
    """An edit of each table."""
    return list({(edit.place, edit.table): edit for edit in edits}.values())


# ---- the file ----------------------------------------------------------------------------------

RAW = ("byte", "sector", "page", "older")


def a_raw_edit(dice, case, op):
    """(what was done, the file then). Not of the meta pages: a file whose last transaction is undone is whole, and a
    checkpoint kept elsewhere tells."""
    data, pages = bytearray(case.bytes), len(case.bytes) // PAGE
    used = [n for n in range(META_PAGES, pages) if any(case.bytes[n * PAGE:(n + 1) * PAGE])]
    page = dice.choice(used) if dice.random() < 0.8 else dice.randrange(META_PAGES, pages)
    at = page * PAGE
    if op == "byte":
        at += dice.randrange(PAGE)
        data[at] ^= 1 << dice.randrange(8)
    elif op == "sector":
        at += SECTOR * dice.randrange(PAGE // SECTOR)
        other = dice.choice(used) * PAGE + at % PAGE
        data[at:at + SECTOR] = dice.choice((bytes(SECTOR), dice.randbytes(SECTOR), case.bytes[other:other + SECTOR]))
    elif op == "page":
        other = dice.choice(used) * PAGE
        data[at:at + PAGE], data[other:other + PAGE] = data[other:other + PAGE], data[at:at + PAGE]
    else:
        stale = [n for n in used if (n + 1) * PAGE <= len(case.old_bytes) and
                 case.old_bytes[n * PAGE:(n + 1) * PAGE] != case.bytes[n * PAGE:(n + 1) * PAGE]]
        at = dice.choice(stale) * PAGE
        data[at:at + PAGE] = case.old_bytes[at:at + PAGE]
    return f"{op} at {at} (page {at // PAGE})", bytes(data)


def effect(case):
    """Which rows read otherwise. Of `once` the record does not know all, nor when the last batch was."""
    try:
        now = rows_of(os.path.join(case.work, "store"))
    except subprocess.CalledProcessError as err:
        return err.stderr

    def known(tables):
        head = b"head".hex()
        return {(table, key): value[:18] + value[34:-16] if (table, key) == ("meta", head) else value
                for table, rows in tables.items() for key, value in rows.items() if table != "once"}

    was, now = known(case.now["store"]), known(now)
    return [(row, was.get(row), now.get(row)) for row in {**was, **now} if was.get(row) != now.get(row)]


def through_file(tap, case, dice, count, starts):
    silent, crashed, found, begun = [], [], [], time.monotonic()
    for i in range(count):
        what, data = a_raw_edit(dice, case, RAW[i % len(RAW)])
        case.write(data)
        status, problems, said = case.verify()
        if status not in (0, 1, 2, 3) or not said:
            crashed.append(f"{what}: {status} {said[-400:]}")
        elif status != 0 or problems:
            found.append((what, data))
        elif rows := effect(case):
            silent.append(f"{what}: {rows}")
    case.renew()
    tap.note(f"{len(found)} of {count} were found in {time.monotonic() - begun:.0f} s, the others had no effect")
    tap.ok(not crashed, f"{count} edits of the file: verify ends in words", "\n".join(crashed))
    tap.ok(not silent and len(found) * 4 > count, "each is found, or every row reads as before", "\n".join(silent))
    start_on(tap, case, [(what, lambda data=data: case.write(data)) for what, data in dice.sample(found, min(starts, len(found)))], "an edited file")


# ---- a broker on it ----------------------------------------------------------------------------

def without_purpose(answer):
    """An opening that is gone is a purpose that is not told: as if it had been erased."""
    told = json.loads(json.dumps(answer))
    for details in told[1].get("authorization_details", []):
        details.pop("purpose", None)
    return told


def is_wrong(before, now):
    """Active, and it was not, or was another."""
    if now[0] != 200 or now[1].get("active") is False or now == before:
        return False
    return before[0] != 200 or "purpose" in json.dumps(now[1]) or without_purpose(before) != without_purpose(now)


def difference(before, now):
    return {name: (before.get(name), now.get(name)) for name in {**before, **now} if before.get(name) != now.get(name)}


def one_start(case, change, right):
    """Whether it served, and what it did wrong."""
    case.renew()
    change()
    with Broker(home=case.away, limits=LIMITS, start=False) as broker:
        begun = os.path.getsize(broker.log) if os.path.exists(broker.log) else 0
        served = broker.start(is_expected_to_serve=False)
        wrong = []
        try:
            if served:
                said = answers(broker, case.tokens)
                wrong = [f"{what}: {difference(right[what][1], said[what][1])}" for what in said if is_wrong(right[what], said[what])]
                broker.stop()
        except GONE as err:
            wrong = [f"gone: {err!r}"]
        if broker.process.poll() is None:
            broker.kill()
            wrong.append("neither serves nor ends")
        said = broker.said(begun).decode("utf-8", "replace")
        if broker.process.returncode < 0 or "this must hold" in said or not said:
            wrong.append(f"ended with {broker.process.returncode}: {said[-400:]}")
        return served, wrong


def start_on(tap, case, edits, where):
    """`edits`: what it is, and the function that makes it."""
    wrong, served, begun = [], 0, time.monotonic()
    for what, change in edits:
        has_served, remarks = one_start(case, change, case.right)
        served += has_served
        wrong += [f"{what}: {remark}" for remark in remarks]
    case.renew()
    tap.note(f"{len(edits)} starts on {where}, {served} of them served, in {time.monotonic() - begun:.0f} s")
    tap.ok(not wrong, f"a broker on {where} ends in words, or calls active only what is, as it is", "\n".join(wrong))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000 if LONG else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    tap, dice = Tap(), random.Random(seed)
    tap.note(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="ambit-edits-") as folder:
        case = Case(folder)
        tap.ok(case.verdict[0] == 0, "the filled store verifies", case.verdict)
        lively = [answer[1]["active"] for answer in case.right.values()]
        tap.ok(sum(lively) > 5 and len(lively) - sum(lively) > 5, "there are tokens that live, and that are dead", case.right)
        through_tables(tap, case, dice, count)
        through_file(tap, case, dice, count, count if LONG else count // 5)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
