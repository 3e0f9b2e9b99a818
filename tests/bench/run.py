#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures ambit beside its anchors in interleaved rounds, as ratios against the bars.

  run.py [--short] [--large] [--rounds N] [--seconds S] [--only WORD...] [--results FILE]

Full: five rounds of two seconds a case, and a million live grants. --short: three rounds of one
second, without 16 connections, slow disks and the million. --large: ten million grants beside ten and
100,000. A ratio is taken round by round; of the rounds the table has the median
(least to most). Nothing here fails for being slow: the exit status is 1 when a case could not run or
was answered wrongly. Prints TAP, the table as notes."""
import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crowd  # noqa: E402
import growth  # noqa: E402
import million  # noqa: E402
import servers  # noqa: E402
import stops  # noqa: E402
from servers import Ambit, Wrong  # noqa: E402
from node import node_for  # noqa: E402 (servers knows the way to tests/support)

CONNECTIONS, CONNECTIONS_SHORT = (1, 16, 64), (1, 64)
VOID = 0.9
PEERS = os.path.join(servers.ROOT, "tests", "peers")
JWT_PER_S = 22000  # more than two cores verify


class Run:
    """Rows of figures by case, a list of one row a round (NaN where a round failed)."""

    def __init__(self, args, folder):
        self.args, self.folder, self.rows, self.wrong = args, folder, {}, []
        self.results = open(args.results, "a", encoding="utf-8") if args.results else None

    def case(self, name, measure):
        """Runs one case of this round; what goes wrong is kept and told at the end."""
        if self.args.only and not any(word in name for word in self.args.only):
            return
        try:
            row = measure()
        except (Wrong, OSError, RuntimeError, ValueError, KeyError, subprocess.SubprocessError) as err:
            self.wrong.append(f"{name}: {err}")
            row = None
        self.rows.setdefault(name, []).append(row)
        if self.results and row:
            print(json.dumps({"case": name, **row}), file=self.results, flush=True)

    def ratios(self, above, below, figure):
        pairs = zip(self.rows.get(above, []), self.rows.get(below, []))
        return [a[figure] / b[figure] for a, b in pairs if a and b and b[figure]]

    def figures(self, name, figure):
        return [row[figure] for row in self.rows.get(name, []) if row and figure in row]


# ---- one round -------------------------------------------------------------------------------------


def pairs_of(run, ambit, ideal, hello, shared):
    """(case, what to do) in the order that puts what is compared side by side."""
    seconds = run.args.seconds
    token = ideal.token()
    for c in CONNECTIONS_SHORT if run.args.short else CONNECTIONS:
        yield f"ambit token {c}", lambda c=c: ambit.issue(c, seconds)
        yield f"ideal token {c}", lambda c=c: ideal.load("/token", servers.ISSUE, c, seconds)
        if c == 64 and shared:
            yield "shared ideal token 64", lambda: shared.load("/token", servers.SHARED_ISSUE, 64, seconds)
        yield f"ambit decision {c}", lambda c=c: ambit.decide(c, seconds)
        yield f"ideal decision {c}", lambda c=c: ideal.load("/decision", servers.question(token), c, seconds, servers.JSON,
                                                            who="service")
        yield f"ambit introspect {c}", lambda c=c: ambit.introspect(c, seconds)
        yield f"ideal introspect {c}", lambda c=c: ideal.load("/introspect", "token=" + token, c, seconds, who="service")
        yield f"hello {c}", lambda c=c: hello.load("/", "token=" + ambit.token, c, seconds)


def by_assertion(run, ambit, ideal):
    pool = servers.assertions(run.folder, ambit, JWT_PER_S * run.args.seconds)
    run.case("ambit private_key_jwt 64", lambda: ambit.load("/token", "", 64, run.args.seconds, pool=pool))
    run.case("ideal-jwt 64", lambda: ideal.load("/token", "", 64, run.args.seconds, pool=pool))


def secured(run, name):
    """The same requests over TLS, and bound to a key (DPoP), beside the plain ones of the same broker."""
    seconds = run.args.seconds
    ambit = servers.TlsAmbit(run.folder, name)
    try:
        for what, path, body, kind, who in (("token", "/token", servers.ISSUE, servers.FORM, "agent"),
                                            ("introspect", "/introspect", "token=" + ambit.token, servers.FORM, "service"),
                                            ("decision", "/access/v1/evaluation", servers.question(ambit.token), servers.JSON, "service")):
            for way, base in (("plain", None), ("TLS", ambit.secured)):
                run.case(f"ambit {what} 64, {way}", lambda p=path, b=body, k=kind, w=who, u=base: ambit.load(p, b, 64, seconds, k, who=w, base=u))
        run.case("ambit token 64, DPoP", lambda: ambit.load("/token", "", 64, seconds, pool=ambit.proofs(run.folder, JWT_PER_S * seconds)))
        ambit.check()
    finally:
        ambit.close()
        servers.remove(ambit.broker.home)


def one_round(run, number):
    """Every server anew, all of them up at once and one at a time under load."""
    name = f"round-{number}"
    ambit = Ambit(run.folder, name)
    jwk = os.path.join(ambit.broker.state, "credentials", "remediator.jwk")
    ideal, hello, shared = servers.ideal(run.folder, jwk), servers.hello(), servers.shared_ideal(run.folder)
    nosync = Ambit(run.folder, name + "-nosync", build=servers.nosync_build()) if servers.nosync_build() else None
    try:
        cases = list(pairs_of(run, ambit, ideal, hello, shared))
        for case, measure in cases if number % 2 == 0 else reversed(cases):
            run.case(case, measure)
        if nosync:
            run.case("ambit token 64, not synced", lambda: nosync.issue(64, run.args.seconds))
            run.case("ambit token 64, synced", lambda: ambit.issue(64, run.args.seconds))
        by_assertion(run, ambit, ideal)
        secured(run, name + "-tls")
        crowd.measure(run, ambit)
        if not run.args.short or number == 0:
            stops.measure(run, ambit)
    finally:
        for anchor in (ideal, hello, shared):
            if anchor:
                anchor.close()
        for broker in (ambit, nosync):
            if broker:
                broker.close()
                servers.remove(broker.broker.home)


def engine(run):
    """bench_engine's own best of several rounds: nanoseconds of a decision as policies and rules grow."""
    said = subprocess.run([os.path.join(servers.PROGRAMS, "bench_engine")], check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^ *(\d+) (policies, \w+|rules)(?: agents? asks?| of one agent)([^:]*): +grant +(\d+) ns.* action +(\d+) ns.* allocations (\d+)", said, re.M)
    for n, what, layout, grant, action, allocations in found:
        run.case(f"engine {n} {what}{layout}", lambda g=grant, a=action: {"grant": float(g), "action": float(a)})
        if allocations != "0":
            run.wrong.append(f"engine {n} {what}{layout}: {allocations} allocations while deciding")
    if not found:
        run.wrong.append("engine: bench_engine said something else")


def peers(run):
    """The same rules and questions in Cedar and casbin."""
    if run.args.only and not any(word in "engine cedar casbin" for word in run.args.only):
        return
    node = node_for(PEERS)
    if not node:
        print("# skipped: no Node 20 with npm, or the packages cannot be installed: no other engine was measured")
        return
    said = subprocess.run([node, os.path.join(PEERS, "bench.mjs")], check=True, capture_output=True, text=True, timeout=600).stdout
    for name, n, what, took in re.findall(r"^(cedar|casbin) (\d+) (\w+) (\d+) ns$", said, re.M):
        run.case(f"{name} {n} {what}", lambda t=took: {"grant": float(t), "action": float(t)})


# ---- the table -------------------------------------------------------------------------------------

# The ways in which bench_engine lays out rules, beside the plain one.
LAYOUTS = ("", " that begin alike", " behind a star", " by their last segment", " by their action alone", " and as many never")
# (words, case above, case below, figure, bar first, bar goal, more is better). Without a case below,
# the figure itself.
BARS = [
    ("token 64 / ideal", "ambit token 64", "ideal token 64", "rps", 0.60, 0.80, True),
    ("token 64: p99 / ideal p99", "ambit token 64", "ideal token 64", "p99", 2, 1.3, False),
    ("token 64: cpu / ideal cpu", "ambit token 64", "ideal token 64", "cpu", None, None, False),
    ("token: 64 connections / 1", "ambit token 64", "ambit token 1", "rps", 5, 8, True),
    ("token 64: synced / not synced", "ambit token 64, synced", "ambit token 64, not synced", "rps", 0.80, 0.95, True),
    ("private_key_jwt 64 / ideal-jwt", "ambit private_key_jwt 64", "ideal-jwt 64", "rps", None, None, True),
    ("token 64: DPoP / ideal-jwt", "ambit token 64, DPoP", "ideal-jwt 64", "rps", None, None, True),
    ("token 64: DPoP / plain", "ambit token 64, DPoP", "ambit token 64, plain", "rps", None, None, True),
    *((f"{what} 64: TLS / plain", f"ambit {what} 64, TLS", f"ambit {what} 64, plain", "rps", None, None, True)
      for what in ("token", "introspect", "decision")),
    ("introspect 64 / hello", "ambit introspect 64", "hello 64", "rps", 0.50, 0.70, True),
    ("introspect 64 / ideal", "ambit introspect 64", "ideal introspect 64", "rps", None, None, True),
    ("decision 64 / ideal", "ambit decision 64", "ideal decision 64", "rps", 0.60, 0.80, True),
    ("decision 64: cpu / ideal cpu", "ambit decision 64", "ideal decision 64", "cpu", None, None, False),
    ("engine, ten agents: 10,000 / 10 policies", "engine 10000 policies, ten", "engine 10 policies, ten", "action", 2.0, 1.3, False),
    ("engine, every agent: 10,000 / 10 policies", "engine 10000 policies, every", "engine 10 policies, every", "action", 2.0, 1.3, False),
    ("engine: one decision, ns", "engine 10 policies, ten", None, "action", 5000, 1000, False),
    *((f"engine, rules of one agent{layout}: 8,192 / 10", f"engine 8192 rules{layout}", f"engine 10 rules{layout}", "grant", None, None, False) for layout in LAYOUTS),
    *((f"{peer} / engine, {n:,} policies", f"{peer} {n} policies", f"engine {n} policies, ten", "action", None, None, True)
      for peer in ("cedar", "casbin") for n in (10, 100, 1000, 10000)),
    *((f"{peer} / engine, {n:,} rules of one agent", f"{peer} {n} rules", f"engine {n} rules", "grant", None, None, True)
      for peer in ("cedar", "casbin") for n in (10, 100, 1000)),
    *((f"{peer}: 10,000 / 10 policies", f"{peer} 10000 policies", f"{peer} 10 policies", "action", None, None, False) for peer in ("cedar", "casbin")),
    *((f"{c} clients / 64", f"ambit token {c}", "ambit token 64", "rps", 0.8, 1.0, True) for c in crowd.CROWDS),
    ("16 busy: 1,500 idle / none", "ambit introspect 16, idle", "ambit introspect 16, alone", "rps", 0.7, 0.9, True),
    ("stop in force under load, p99 ms", "stop in force", None, "p99_ms", 100, 25, False),
    ("stop acknowledged / one commit", "stop acknowledged", None, "commits", 3, 2, False),
    ("stop in force, slow disk, p99 ms", "stop in force, slow disk", None, "p99_ms", 100, 25, False),
    ("stop acknowledged / one commit, slow disk", "stop acknowledged, slow disk", None, "commits", 3, 2, False),
    *million.BARS,
    *growth.BARS,
]


def spread(values):
    number = (lambda v: f"{v:.0f}") if max(values) >= 100 else (lambda v: f"{v:.2f}")
    return f"{number(statistics.median(values))} ({number(min(values))} to {number(max(values))})"


def print_cases(run):
    print("# note: | case | rps | p50 ms | p99 ms | cpu us |")
    for name, rows in run.rows.items():
        rows = [row for row in rows if row and "rps" in row]
        if rows:
            print(f"# note: | {name} | {spread([r['rps'] for r in rows])} | {spread([r['p50'] / 1000 for r in rows])} | "
                  f"{spread([r['p99'] / 1000 for r in rows])} | {spread([r['cpu'] for r in rows])} |")


def print_bars(run):
    print("# note: | ratio | median (least to most) | first | goal | |")
    for words, above, below, figure, first, goal, is_more in BARS:
        values = run.ratios(above, below, figure) if below else run.figures(above, figure)
        if not values:
            continue
        value = statistics.median(values)
        verdict = ""
        if first is not None:
            def reaches(bar, value=value, is_more=is_more):
                return value >= bar if is_more else value <= bar
            verdict = "ok, goal" if reaches(goal) else "ok" if reaches(first) else "below"
        print(f"# note: | {words} | {spread(values)} | {first or '-'} | {goal or '-'} | {verdict} |")


def print_validity(run):
    """Our ideal must be no weaker an anchor than the shared one."""
    against = run.ratios("ideal token 64", "shared ideal token 64", "rps")
    if not against:
        print("# note: no shared ideal beside the repository: whether ours is as fast was not looked at")
        return
    word = "" if statistics.median(against) >= VOID else f": below {VOID}, THE RUN IS VOID"
    print(f"# note: our ideal / shared ideal, token 64: {spread(against)}{word}")


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = re.search(r"model name\s*: (.*)", f.read())
    commit = subprocess.run(["git", "-C", servers.ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return (f"{os.cpu_count()} x {model[1] if model else platform.machine()}, Linux {platform.release()}, commit {commit or '-'}, "
            f"load {os.getloadavg()[0]:.1f} at the start")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--large", action="store_true", help="10,000,000 grants too: half an hour, and 35 GB of disk")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="cases whose name holds one of these")
    parser.add_argument("--results", metavar="FILE", help="append each row as a line of JSON")
    args = parser.parse_args()
    args.rounds = args.rounds or (3 if args.short else 5)
    args.seconds = args.seconds or (1 if args.short else 2)
    servers.raise_file_limit()
    about = machine()
    # On the disk of the build: /tmp may be memory.
    with tempfile.TemporaryDirectory(prefix="bench-", dir=servers.BUILD) as folder:
        run = Run(args, folder)
        for number in range(args.rounds):
            one_round(run, number)
        engine(run)
        peers(run)
        growth.measure(run)
        if not args.short:
            stops.measure_slow(run)
            million.measure(run)
    print(f"# note: {about}; {args.rounds} rounds of {args.seconds} s")
    if not servers.nosync_build():
        print("# skipped: no build without flushing (-Dunsafe_nosync=true in build-nosync): synced / not synced was not measured")
    print_cases(run)
    print_bars(run)
    growth.print_table(run)
    print_validity(run)
    wrong = [words.replace("\n", " ") for words in run.wrong]
    print(f"{'not ok' if wrong else 'ok'} 1 - every case ran and was answered as asked")
    for words in wrong:
        print(f"#   {words}")
    print("1..1")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
