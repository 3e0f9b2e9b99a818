#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: what Cedar can express of the policy language (allow, never, actions, resources, context compares) is
decided the same by `@cedar-policy/cedar-wasm` and by the engine, on 20,000 random requests; also which rule decided.

A name becomes its segments, counted from both ends, so that a pattern is a conjunction over them (a disjunction
over places, for what stands between two `**`). `--sets N --requests N --seed S`; a difference prints both sides."""
import argparse
import json
import os
import random
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from broker import LONG, Tap, skip_all  # noqa: E402
from node import node_for  # noqa: E402

PEERS = os.path.join(HERE, "..", "peers")
AUDIENCE, NOW = "https://api.example.gov", "2026-11-20T10:00:00Z"
SEGMENTS_MAX = 7  # of a name asked about
WORDS = ["a", "b", "ab", "ba", "aba", "abab", "web-1", "web-12"]
GLOBS = ["*", "a*", "*b", "a*b", "*a*", "*b*a", "a*a", "web-*", "*-*"]
MEMBERS = ["batch", "mode", "live", "subject.team"]
SCALARS = [0, 1, 3, 5, -2, True, False, "", "rolling", "blue", "3", "a*b", "true"]


# ---- random policies and requests, in the words of the language ---------------------------------------

def pattern(rng, separator, least):
    """Segments; at most two of them `**`."""
    n = rng.randint(least, 4)
    segments = [rng.choice(WORDS) if rng.random() < 0.6 else rng.choice(GLOBS) for _ in range(n)]
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        segments.insert(rng.randint(0, len(segments)), "**")
    return separator.join(segments or ["**"])


def action_pattern(rng):
    return pattern(rng, ".", 1)


def resource_pattern(rng):
    return rng.choice(("svc", "svc", "svc", "db")) + ":" + pattern(rng, "/", 0)


def context_test(rng):
    test = {}
    while not test:
        if rng.random() < 0.3:
            test["equals"] = rng.choice(SCALARS)
        if rng.random() < 0.3:
            test["in"] = unequal(rng.sample(SCALARS, rng.randint(1, 3)))
        if rng.random() < 0.3:
            test["min"] = rng.randint(-3, 3)
        if rng.random() < 0.3:
            test["max"] = rng.randint(test.get("min", -3), 5)
        if rng.random() < 0.15:
            test["matches"] = rng.choice(("r*", "*ing", "b*e", "*", "roll*g", "blue"))
    return test


def unequal(values):
    """Without doubles as JSON has them: 1 and true are two."""
    return list({json.dumps(v): v for v in values}.values())


def allow_rule(rng, i):
    rule = {"id": f"r{i}", "ttl": {"max": "1h"},
            "actions": sorted({action_pattern(rng) for _ in range(rng.randint(1, 3))}),
            "resources": sorted({resource_pattern(rng) for _ in range(rng.randint(1, 3))})}
    if rng.random() < 0.5:
        rule["when"] = {"context": {m: context_test(rng) for m in rng.sample(MEMBERS, rng.randint(1, 2))}}
    return rule


def random_policy(rng):
    policy = {"policy": "p", "description": "one of many", "owner": "dana", "tier": "low", "audiences": [AUDIENCE],
              "review": {"authored_by": "dana", "accepted_by": "dana"},
              "allow": [allow_rule(rng, i) for i in range(rng.choice((1, 3, 8, 20)))],
              "hard_stops": [{"id": "quiet", "on": "denied", "actions": ["no.such.thing"], "count": 9, "within": "1m", "then": "suspend_agent"}]}
    n = rng.choice((0, 1, 3))
    if n:
        policy["never"] = [{"id": f"n{i}", "actions": [action_pattern(rng)], "resources": [resource_pattern(rng)]} for i in range(n)]
    return policy


def documents(policy):
    def person(name, roles):
        return {"person": name, "name": name, "email": f"{name}@example.gov", "team": "t", "active": True, "roles": roles}
    secret = [{"method": "client_secret_basic", "sha256": "ab" * 32, "expires": "2027-01-31T00:00:00Z"}]
    return {"people": [person("dana", ["owner"]), person("sam", ["owner"])],
            "agents": [{"agent": "a", "description": "asks", "owner": "dana", "backup": "sam", "policies": ["p"], "authenticate": secret}],
            "services": [{"service": "api", "owner": "dana", "tier": "low", "audiences": [AUDIENCE], "resources": ["svc:**", "db:**"],
                          "authenticate": [{**secret[0], "sha256": "cd" * 32}]}],
            "policies": [policy]}


def name_like(rng, text, separator):
    """A name that the pattern may match: each star a short run, each `**` some segments; now and then one goes wrong."""
    segments = []
    for segment in text.split(separator):
        if segment == "**":
            segments += [rng.choice(WORDS) for _ in range(rng.choice((0, 0, 1, 2)))]
        else:
            segments.append("".join(rng.choice(("", "a", "b", "-", "ab")) if c == "*" else c for c in segment))
    if rng.random() < 0.2 and segments:
        segments[rng.randrange(len(segments))] = rng.choice(WORDS)
    segments = [s for s in segments if s][:SEGMENTS_MAX]
    return separator.join(segments or [rng.choice(WORDS)])


def request(rng, policy):
    rule = rng.choice(policy["allow"] + policy.get("never", []))
    kind, rest = rng.choice(rule["resources"]).split(":")
    context = {}
    for member, test in rule.get("when", {}).get("context", {}).items():
        if rng.random() < 0.9:
            fitting = [test["equals"]] if "equals" in test else test.get("in", [])
            context[member] = rng.choice(fitting) if fitting and rng.random() < 0.8 else rng.choice(SCALARS)
    if rng.random() < 0.3:
        context[rng.choice(MEMBERS)] = rng.choice([*SCALARS, ["rolling"], {"a": 1}])
    return {"action": name_like(rng, rng.choice(rule["actions"]), "."), "resource": kind + ":" + name_like(rng, rest, "/"), "context": context}


# ---- the same for Cedar ------------------------------------------------------------------------------

def quoted(text):
    return json.dumps(text)


def segment_test(at, segment):
    if segment == "*":
        return "true"
    return f"{at} {'like' if '*' in segment else '=='} {quoted(segment)}"


def run_test(where, places):
    return " && ".join(segment_test(f"{where}.{place}", segment) for place, segment in places) or "true"


def pattern_test(where, text, separator):
    """`where` has n, s0 s1 ... from the front and e0 e1 ... from the back."""
    parts = [[]]
    for segment in text.split(separator):
        if segment == "**":
            parts.append([])
        else:
            parts[-1].append(segment)
    head, middles, tail = parts[0], parts[1:-1], parts[-1] if len(parts) > 1 else []
    least = sum(map(len, parts))
    tests = [f"{where}.n {'>=' if len(parts) > 1 else '=='} {least}",
             run_test(where, [(f"s{i}", s) for i, s in enumerate(head)]),
             run_test(where, [(f"e{i}", s) for i, s in enumerate(reversed(tail))])]
    for middle in middles:
        places = [f"({where}.n >= {at + len(middle) + len(tail)} && " + run_test(where, [(f"s{at + i}", s) for i, s in enumerate(middle)]) + ")"
                  for at in range(len(head), SEGMENTS_MAX + 1)]
        tests.append("(" + " || ".join(places) + ")")
    return "(" + " && ".join(tests) + ")"


def resource_test(text):
    kind, rest = text.split(":")
    return f"(resource.type == {quoted(kind)} && {pattern_test('resource', rest, '/')})"


def scalar(value):
    return json.dumps(value)


def member_test(member, test):
    value = f"context.given[{quoted(member)}]"
    tests = [f"context.given has {quoted(member)}"]
    if "equals" in test:
        tests.append(f"{value} == {scalar(test['equals'])}")
    if "in" in test:
        tests.append(f"[{', '.join(map(scalar, test['in']))}].contains({value})")
    if "min" in test:
        tests.append(f"{value} >= {test['min']}")
    if "max" in test:
        tests.append(f"{value} <= {test['max']}")
    if "matches" in test:
        tests.append(f"{value} like {quoted(test['matches'])}")
    return "(" + " && ".join(tests) + ")"


def cedar_policy(effect, rule):
    tests = ["(" + " || ".join(pattern_test("context.action", a, ".") for a in rule["actions"]) + ")",
             "(" + " || ".join(map(resource_test, rule["resources"])) + ")"]
    tests += [member_test(m, t) for m, t in rule.get("when", {}).get("context", {}).items()]
    return f"{effect}(principal, action, resource) when {{ {' && '.join(tests)} }};"


def cedar_set(policy):
    return {rule["id"]: cedar_policy(effect, rule) for effect, key in (("permit", "allow"), ("forbid", "never")) for rule in policy.get(key, [])}


def segments(text, separator):
    parts = text.split(separator)
    return {"n": len(parts), **{f"s{i}": s for i, s in enumerate(parts)}, **{f"e{i}": s for i, s in enumerate(reversed(parts))}}


def cedar_request(asked):
    kind, rest = asked["resource"].split(":")
    return {"resource": {"type": kind, **segments(rest, "/")}, "context": {"action": segments(asked["action"], "."), "given": asked["context"]}}


# ---- both sides --------------------------------------------------------------------------------------

class Peer:
    """A program that answers each line with one."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def done(self):
        self.process.stdin.close()
        return self.process.wait(timeout=60)


def ambit_request(policy, asked):
    """Under a grant of everything that the rules give: which rule decides is the rules' own order."""
    items = [{"actions": [asked["action"]], "resources": [asked["resource"]], "policy": "p", "rule": rule["id"]} for rule in policy["allow"]]
    return {"question": "action", "agent": "a", "now": NOW, "audience": AUDIENCE, "grant_items": items, **asked}


def difference(policy, ours, theirs):
    decision, decided, failed = theirs
    if decision == "failure" or any(p.startswith("n") for p in failed):
        return "Cedar could not judge it"
    if decision != ours.get("decision"):
        return "another decision"
    order = [rule["id"] for rule in policy["allow"]]
    if decision == "allow" and ours["rule"] != min(decided, key=order.index):
        return "another rule"
    if decided and decision == "deny" and (ours["reason"] != "forbidden" or ours["rule"] not in decided):
        return "another never rule"
    return None


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--sets", type=int, default=2000 if LONG else 200)
    arguments.add_argument("--requests", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=1)
    arguments = arguments.parse_args()
    node = node_for(PEERS)
    if not node:
        skip_all("no Node 20 with npm, or Cedar cannot be installed")
    tap, rng, told, counts = Tap(), random.Random(arguments.seed), [], {"allow": 0, "deny": 0, "forbidden": 0}
    cedar = Peer(node, os.path.join(PEERS, "cedar.mjs"))
    engine = Peer(os.path.join(os.environ.get("AMBIT_BUILD", "build"), "tests", "oracle", "oracle_harness"))
    for _ in range(arguments.sets):
        policy = random_policy(rng)
        taken = engine.ask({"documents": documents(policy)}), cedar.ask({"policies": cedar_set(policy)})
        if not all(t["ok"] for t in taken):
            told.append(f"{taken}: {json.dumps(policy)}")
            continue
        asked = [request(rng, policy) for _ in range(arguments.requests)]
        for one, theirs in zip(asked, cedar.ask({"ask": [cedar_request(a) for a in asked]})):
            ours = engine.ask(ambit_request(policy, one))
            what = difference(policy, ours, theirs)
            if what:
                told.append(f"{what}: {json.dumps(one)}\n  engine {ours.get('decision')} {ours.get('reason')} {ours.get('rule')} {ours.get('what', '')}, "
                            f"Cedar {theirs}\n  {json.dumps(policy)}")
            counts[theirs[0]] = counts.get(theirs[0], 0) + 1
            counts["forbidden"] += ours.get("reason") == "forbidden"
    n = arguments.sets * arguments.requests
    tap.ok(not told, f"{n} requests under {arguments.sets} policies: {len(told)} disagreements", "\n".join(told))
    tap.ok(min(counts["allow"], counts["forbidden"]) > n // 50, "they are of every kind", counts)
    tap.note(f"{counts}")
    tap.ok(cedar.done() == 0 and engine.done() == 0, "both ended well")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
