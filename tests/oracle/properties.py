# SPDX-License-Identifier: Apache-2.0
"""What must hold of the engine whatever the model thinks: a bent world gives an answer that stands in a known relation
to the first one."""
import copy

from model import clock
from harness import normal

TIGHTER_NEVER = "adding a never rule opens nothing"
TIGHTER_STOP = "adding a stop opens nothing"
TIGHTER_RULE = "a shorter ttl, window or date or a lower limit opens nothing"
SAME_ORDER = "an order that the language does not name changes nothing"
NAMES = (TIGHTER_NEVER, TIGHTER_STOP, TIGHTER_RULE, SAME_ORDER)


def check(rng, world, question, harness, sets, number, tally):
    """Asks the question in the first world and in one bent one; events are left out."""
    if question["question"] == "event":
        return
    name = rng.choice(NAMES)
    if name == TIGHTER_RULE and question["question"] == "grant":
        # Without an audience the rules that give decide which it is, and a narrower rule may leave one where there
        # were two: so one is asked.
        question.setdefault("audience", "https://one.example.gov")
    harness.load(sets)
    before = normal(harness.ask(question))
    if "error" in before:
        return
    bent, asked = copy.deepcopy(sets), copy.deepcopy(question)
    {TIGHTER_NEVER: add_never, TIGHTER_STOP: add_stop, TIGHTER_RULE: tighten, SAME_ORDER: reorder}[name](rng, world, bent, asked)
    problems = harness.load(bent)
    if problems:
        tally.refused.append((number, problems, bent))
        harness.load(sets)
        return
    after = normal(harness.ask(asked))
    tally.counts[name] += 1
    if name == SAME_ORDER:
        # The digest of a document is over its lists as they stand, and a list's first is named.
        is_held = all(before.get(m) == after.get(m) for m in ("decision", "reason", "trips", "lifetime_s", "checks"))
    else:
        is_held = before.get("decision") == "allow" or after.get("decision") == "deny"
        if name == TIGHTER_RULE and is_held and (before.get("policy"), before.get("rule")) == (after.get("policy"), after.get("rule")) \
                and len(question.get("items", ())) == 1 and "lifetime_s" in after and "lifetime_s" in before:
            is_held = after["lifetime_s"] <= before["lifetime_s"]
    if not is_held:
        tally.broken.append((name, number, before, after, sets, bent, question, asked))
    harness.load(sets)


def add_never(_, world, sets, __):
    policy = world.rng.choice(sets["policies"])
    policy.setdefault("never", []).append({"id": "extra", "actions": world.actions(), "resources": world.resources()})


def add_stop(rng, world, sets, question):
    """A hard stop, or a stop in force. One on somebody else may end grants that `live_grants` counts, and so
    make room: only one that holds the asker back is added."""
    if rng.random() < 0.5:
        rng.choice(sets["policies"])["hard_stops"].append(world.hard_stop("extra"))
    else:
        target = rng.choice([f"agent:{question['agent']}", f"resource:{world.resource_pattern()}", "all"])
        question["stops"] = [*question.get("stops", []), {"target": target}]


def reorder(rng, _, sets, question):
    for kind in sets:
        rng.shuffle(sets[kind])
    for policy in sets["policies"]:
        for scope in [*policy["allow"], *policy.get("never", []), *policy["hard_stops"]]:
            for member in ("actions", "resources", "bind", "limits"):
                rng.shuffle(scope.get(member, []))
            for member in ("hours", "source", "after"):
                rng.shuffle(scope.get("when", {}).get(member, []))
        rng.shuffle(policy.get("never", []))
        rng.shuffle(policy["hard_stops"])
        rng.shuffle(policy["audiences"])
    rng.shuffle(question.get("stops", []))
    rng.shuffle(question.get("history", []))


def halved(duration):
    number, unit = int(duration[:-1]), duration[-1]
    return f"{max(1, number // 2)}{unit}"


def tighten(rng, _, sets, question):
    """One rule made narrower."""
    policy = rng.choice(sets["policies"])
    rule = rng.choice(policy["allow"])
    ways = [lambda: rule["ttl"].update({k: halved(v) for k, v in rule["ttl"].items()}),
            lambda: policy.update(not_after=clock.text(clock.instant(question["now"]) + rng.choice([1, 30_000])))
            if not {"not_after", "not_before"} & set(policy) else None]
    for limit in rule.get("limits", []):
        number = next(k for k in ("max", "count", "grants", "live_grants", "uses") if k in limit)
        if limit[number] > 1:
            ways.append(lambda l=limit, n=number: l.update({n: l[n] - 1}))
    for window in rule.get("when", {}).get("hours", []):
        if len(window.get("days", [])) > 1:
            ways.append(lambda w=window: w["days"].pop())
    for after in rule.get("when", {}).get("after", []):
        ways.append(lambda a=after: a.update(within=halved(a["within"])))
    if len(rule.get("when", {}).get("source", [])) > 1:
        ways.append(lambda: rule["when"]["source"].pop())
    rng.choice(ways)()
    limits = rule.get("limits", [])
    rule.update({"limits": [one for i, one in enumerate(limits) if one not in limits[:i]]} if limits else {})
