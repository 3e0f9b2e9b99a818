# SPDX-License-Identifier: Apache-2.0
"""What grows with the number of live grants, and should not: starting (the pages in memory, and not), introspection, traces,
stops, memory; beside it what must grow, the disk. A record of each size is filled by the broker itself without its wire
(bench_fill); then all run at once, and are asked in turns."""
import base64
import json
import os
import random
import re
import resource
import statistics
import subprocess
import time

import servers
from servers import Ambit, Wrong
from stops import Caller, request_of, watched_stop

SIZES, LARGE = (10, 100000), 10000000
AGENTS = 99
FOLDERS = ("store", "search")
TRACES, STOPS = 15, 15
CONNECTIONS, ASKED_PER_S = 16, 150000  # more than is answered

# What is printed of each size, with its ratio to the smallest: (words, case, figure, digits, bar, goal); a bar of the ratio.
ROWS = [
    ("start, its pages in memory, s", "start", "seconds", 3, 2, 1.1),
    ("the same, cpu s", "start", "cpu_s", 3, 2, 1.1),
    ("start, no page in memory, s", "cold start", "seconds", 3, None, None),
    ("introspection of one, /s", "introspect one", "rps", 0, None, None),
    ("introspection of any, /s", "introspect any", "rps", 0, None, None),
    ("the same, p50 us", "introspect any", "p50", 0, 2, 1.1),
    ("the same, p99 us", "introspect any", "p99", 0, None, None),
    ("the same, cpu us", "introspect any", "cpu", 1, 2, 1.1),
    ("the first introspection of a grant, p50 ms", "introspect first", "ms", 3, 2, 1.1),
    ("stop of a grant in force, ms", "stop grant", "force_ms", 2, 2, 1.1),
    ("stop of a grant acknowledged, ms", "stop grant", "ms", 2, 2, 1.1),
    ("stop of an agent with half of all grants in force, ms", "stop agent", "force_ms", 2, 2, 1.1),
    ("stop of an agent with half of all grants acknowledged, ms", "stop agent", "ms", 2, 2, 1.1),
    ("trace of a grant, ms", "trace a grant", "ms", 1, None, None),
    ("the slowest, ms", "trace a grant", "most_ms", 1, None, None),
    ("trace of an agent with half of all grants, ms", "trace an agent", "ms", 1, None, None),
    ("the slowest, ms", "trace an agent", "most_ms", 1, None, None),
    ("private memory after a start, MiB", "memory started", "anon", 1, 2, 1.1),
    ("of the mapped files in memory, MiB", "memory started", "file", 0, None, None),
    ("private memory after load, MiB", "memory loaded", "anon", 1, 2, 1.1),
    ("of the mapped files in memory, MiB", "memory loaded", "file", 0, None, None),
    ("store, bytes an event", "disk", "store", 0, None, None),
    ("search index, bytes an event", "disk", "search", 0, None, None),
    ("search index built again, s", "index", "s", 1, None, None),
]
BARS = [
    *((f"{words}: {n:,} / 10 grants", f"{case}, {n}", f"{case}, 10", figure, bar, goal, False)
      for n in (*SIZES[1:], LARGE) for words, case, figure, _, bar, goal in ROWS if bar),
    *((f"trace of {what} at {n:,} grants, ms", f"trace {what}, {n}", None, "ms", 50, 20, False)
      for n in (*SIZES, LARGE) for what in ("a grant", "an agent")),
    *((f"private memory after {what}, bytes a grant at {n:,}", f"memory {case}, {n}", None, "each", 64, 8, False)
      for n in (LARGE,) for what, case in (("a start", "started"), ("load", "loaded"))),
    ("verify in memory, decisions apart, events/s", "verify in memory", None, "rate", 200000, 200000, True),
    ("verify of a URL, decisions apart, events/s of one core", "verify URL, decisions apart", None, "rate", None, None, True),
    ("verify of a URL, events/s of one core", "verify URL", None, "rate", None, None, True),
    ("verify of a store, decisions apart, events/s of one core", "verify store, decisions apart", None, "rate", None, None, True),
    ("verify of a store, events/s of one core", "verify store", None, "rate", None, None, True),
]


def token_of(jti, rnd):
    """What the broker reads of a token: the row is what answers, whoever signed."""
    said = base64.urlsafe_b64encode(f'{{"jti":"{jti}","rnd":"{rnd}","iss":"bench"}}'.encode()).decode().rstrip("=")
    return f"e30.{said}.AA"


def cpu_of(pid):
    """Seconds of all threads that there are, to the nanosecond."""
    tasks = f"/proc/{pid}/task"
    return sum(int(open(os.path.join(tasks, task, "schedstat"), encoding="utf-8").read().split()[0]) for task in os.listdir(tasks)) / 1e9


class Grown(Ambit):
    """A broker whose record was filled while it was down."""

    LIMITS = {**Ambit.LIMITS, "store_bytes": 40 << 30}

    def __init__(self, folder, grants):
        self.grants = grants
        super().__init__(folder, f"grown-{grants}", long_lived=True)
        self.close()
        lines = [line.split() for line in self.fill().splitlines()]
        self.middle = next(x for word, x in lines if word == "middle")
        self.tokens = [token_of(jti, rnd) for jti, rnd in lines if jti != "middle"]
        self.open()

    def edit(self, long_lived):
        super().edit(long_lived)
        agent = self.broker.document("agents/remediator")
        by_secret = [way for way in agent["authenticate"] if way["method"] == "client_secret_basic"]
        for i in range(AGENTS):
            self.broker.propose(f"agents/filler-{i}", {**agent, "agent": f"filler-{i}", "authenticate": by_secret})

    def fill(self):
        state = self.broker.state
        argv = [os.path.join(servers.PROGRAMS, "bench_fill"), state, os.path.join(state, "documents"), str(self.grants), str(AGENTS)]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    # ---- starting

    def start(self, is_cold):
        """Starts it again: from the exec until it is ready, wall and processor."""
        self.close()
        if is_cold:
            for name in FOLDERS:
                with open(os.path.join(self.broker.state, name, "data.mdb"), "rb") as f:
                    os.fsync(f.fileno())
                    os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        begun = time.monotonic()
        self.broker.start()
        with self.broker.client() as client:
            while client.call("GET", "/readyz").status != 200:
                time.sleep(0.001)
        row = {"seconds": time.monotonic() - begun, "cpu_s": cpu_of(self.broker.process.pid)}
        self.attach()
        return row

    def memory(self, run, case):
        """MiB, once it rests."""
        self.rest()
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as f:
            kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in f) if name.startswith("Rss")}
        row = {"anon": kib["RssAnon"] / 1024, "file": kib["RssFile"] / 1024}
        base = run.figures(f"{case}, {SIZES[0]}", "anon")
        if base and self.grants != SIZES[0]:
            row["each"] = max(0, row["anon"] - base[-1]) * (1 << 20) / self.grants
        return row

    def index_anew(self):
        self.close()
        servers.remove(os.path.join(self.broker.state, "search"))
        self.open()
        return self.indexed()

    def indexed(self):
        """Waits until the index has come to the end of the record, where the filling left it behind; seconds."""
        begun = time.monotonic()
        with self.broker.client() as client:
            while time.monotonic() < begun + 60 + self.grants / 5000:
                if "complete_to" not in self.trace(client, self.middle)[1]:
                    return {"s": time.monotonic() - begun}
        raise Wrong("the index does not come to the end")

    # ---- asking

    def ask_any(self, folder, seconds):
        """Introspection of tokens from all over, in no order."""
        path, drawn = os.path.join(folder, "tokens"), random.Random(1)
        asked = [f"token={token}\tAuthorization: {self.authorization['service']}\n" for token in self.tokens]
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(drawn.choices(asked, k=ASKED_PER_S * seconds))
        return self.load("/introspect", "", CONNECTIONS, seconds, pool=path)

    def ask_first(self):
        """Milliseconds for a grant that nobody asked about since the start, one after the other."""
        times = []
        with Caller(self) as service:
            for token in self.tokens:
                took, status, body = service.ask(request_of("/introspect", "token=" + token, self.authorization["service"]))
                if status != 200 or b'"active":true' not in body:
                    raise Wrong(f"{status} {body[:200]}")
                times.append(took * 1000)
        return {"ms": statistics.median(times), "most_ms": max(times)}

    def trace(self, client, x):
        """Milliseconds of one, reading recorded and all; what it said."""
        begun = time.monotonic()
        answer = client.person("dana", "GET", f"/v1/trace/{x}")
        took = (time.monotonic() - begun) * 1000
        if answer.status != 200:
            raise Wrong(f"trace {x}: {answer}")
        return took, answer.json

    def traces(self, x):
        with self.broker.client() as client:
            said = self.trace(client, x)[1]
            times = [self.trace(client, x)[0] for _ in range(TRACES)]
        return {"ms": statistics.median(times), "most_ms": max(times), "events": len(said["events"])}

    # ---- stops

    def stops(self, target=None):
        """Of grants given just now; or of an agent, which is let go on: what it was given before stays dead."""
        times = []
        with self.broker.client() as client:
            for _ in range(STOPS):
                times.append(watched_stop(self, client.token().json["access_token"], target))
                if target and client.clear(times[-1][2]).status != 200:
                    raise Wrong("a stop that is not cleared")
        return {"force_ms": statistics.median(t[0] for t in times), "ms": statistics.median(t[1] for t in times)}

    # ---- the record itself

    def disk(self):
        """Bytes an event, of pages that something stands in; by table where it is worth the word."""
        rows = {name: servers.table_rows(self, name, reads=False) for name in FOLDERS}
        events = rows["store"]["events"][0]
        each = {f"{table}": pages * 4096 / events for name in rows for table, (_, _, pages) in rows[name].items() if table != "file"}
        print(f"# note: {self.grants:,} grants, {events:,} events; bytes an event: "
              + ", ".join(f"{table} {figure:.0f}" for table, figure in sorted(each.items(), key=lambda x: -x[1]) if figure >= 1))
        return {name: rows[name]["file"][2] * 4096 / events for name in rows}

    def verified(self, *words):
        """Events a second of one core."""
        begun = children_s()
        done = self.broker.ambit("verify", *words, "--json")
        took = children_s() - begun
        if done.returncode != 0:
            raise Wrong(f"verify {words}: {done.stdout[-400:]}{done.stderr[-400:]}")
        return {"rate": json.loads(done.stdout)["events"] / took, "cpu_s": took}


def children_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# ---- in turns


def one_round(run, ambits):
    for case, measure in (
        ("start", lambda a: a.start(False)),
        ("memory started", lambda a: a.memory(run, "memory started")),
        ("introspect first", lambda a: a.ask_first()),
        ("introspect one", lambda a: a.introspect(CONNECTIONS, 1)),
        ("introspect any", lambda a: a.ask_any(run.folder, 1)),
        ("trace a grant", lambda a: a.traces("grant:" + a.middle)),
        ("trace an agent", lambda a: a.traces("agent:remediator")),
        ("stop grant", lambda a: a.stops()),
    ):
        for ambit in ambits:
            run.case(f"{case}, {ambit.grants}", lambda a=ambit, m=measure: m(a))


def verify(run, ambit):
    url, token = f"http://127.0.0.1:{ambit.port}", os.path.join(ambit.broker.state, "credentials", "dana.token")
    for what, words in (("URL", (url, "--token-file", token)), ("store", (ambit.broker.state,))):
        run.case(f"verify {what}, decisions apart", lambda w=words: ambit.verified(*w, "--no-redecide"))
        if not run.args.short:
            run.case(f"verify {what}", lambda w=words: ambit.verified(*w))


def in_memory():
    """bench_verify's best of several rounds: the reader of a log in memory, decisions apart."""
    said = subprocess.run([os.path.join(servers.PROGRAMS, "bench_verify")], check=True, capture_output=True, text=True).stdout
    found = re.search(r": (\d+) events/s, ([0-9.]+) of SHA-256", said)
    return {"rate": float(found[1]), "hashes": float(found[2])}


def measure(run):
    if run.args.only and not any(word in " ".join(case for _, case, *_ in ROWS) + " verify" for word in run.args.only):
        return
    run.case("verify in memory", in_memory)
    ambits = []
    try:
        for n in (*SIZES, LARGE) if run.args.large else SIZES:
            ambits.append(Grown(run.folder, n))
            ambits[-1].indexed()
        in_turns(run, ambits)
    except (Wrong, OSError, RuntimeError, subprocess.CalledProcessError) as err:
        run.wrong.append(f"grown records: {err}")
    finally:
        for ambit in ambits:
            ambit.broker.stop()
            servers.remove(ambit.broker.home)


def in_turns(run, ambits):
    for number in range(2 if run.args.short else run.args.rounds):
        one_round(run, ambits if number % 2 == 0 else ambits[::-1])
    for ambit in ambits:
        run.case(f"memory loaded, {ambit.grants}", lambda a=ambit: a.memory(run, "memory loaded"))
        run.case(f"disk, {ambit.grants}", ambit.disk)
    verify(run, ambits[1])
    for ambit in ambits:
        run.case(f"stop agent, {ambit.grants}", lambda a=ambit: a.stops("agent:remediator"))
        run.case(f"cold start, {ambit.grants}", lambda a=ambit: a.start(True))
        if not run.args.short:
            run.case(f"index, {ambit.grants}", ambit.index_anew)


def print_table(run):
    """What a row of ROWS is at each size, and how it stands to the smallest."""
    sizes = [n for n in (*SIZES, LARGE) if run.figures(f"start, {n}", "seconds")]
    if not sizes:
        return
    print("# note: | grants | " + " | ".join(f"{n:,}" for n in sizes) + " |")
    for words, case, figure, digits, _, _ in ROWS:
        cells = []
        for n in sizes:
            values, ratios = run.figures(f"{case}, {n}", figure), run.ratios(f"{case}, {n}", f"{case}, {sizes[0]}", figure)
            cell = f"{statistics.median(values):,.{digits}f}" if values else "-"
            cells.append(cell if n == sizes[0] or not ratios else f"{cell} ({statistics.median(ratios):.2f})")
        print(f"# note: | {words} | " + " | ".join(cells) + " |")
