#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the oracle's own evaluator says what the language says, in cases worked out by hand from its sentences."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from model import clock, judge, patterns  # noqa: E402
from model.documents import Documents  # noqa: E402

NOW = "2026-06-15T12:00:00.000Z"  # a Monday, 14:00 in Berlin
AUDIENCE = "https://one.example.gov"
QUIET = {"id": "quiet", "on": "signal", "signal": "s", "from": ["one"], "then": "suspend_agent"}


def ago(seconds, **entry):
    return {"at": clock.text(clock.instant(NOW) - round(seconds * 1000)), "agent": "bot", **entry}


def allowed(seconds, action="a.x", resource="svc:x", **more):
    return ago(seconds, kind="allowed", action=action, resource=resource, **more)


def granted(seconds, actions=("a.x",), resources=("svc:x",), **more):
    return ago(seconds, kind="granted", items=[{"actions": list(actions), "resources": list(resources)}], **{"audience": AUDIENCE, **more})


def world(rule=None, stops=None, never=None, agent=None, policy=None, more=()):
    """One policy `p` with one rule `r`, listed by `bot` of team red; `kid` is whom bot delegates to, `alien` of team blue."""
    people = [{"person": n, "team": t, "active": True} for n, t in (("dana", "red"), ("sam", "red"), ("kim", "blue"))]
    rules = [{"id": "r", "actions": ["a.**"], "resources": ["svc:**"], "ttl": {"max": "5m"}, **(rule or {})}, *more]
    policies = [{"policy": "p", "audiences": [AUDIENCE], "allow": rules, "hard_stops": stops or [QUIET],
                 **({"never": never} if never else {}), **(policy or {})}]
    agents = [{"agent": "bot", "owner": "dana", "backup": "sam", "policies": ["p"], "delegates_to": ["kid"], **(agent or {})},
              {"agent": "kid", "owner": "dana", "backup": "sam", "policies": ["p"]},
              {"agent": "alien", "owner": "kim", "backup": "sam", "policies": ["p"]}]
    services = [{"audiences": [AUDIENCE], "resources": ["svc:**"]}]
    return {"people": people, "agents": agents, "services": services, "policies": policies}


def grant(action="a.x", resource="svc:x", **more):
    return {"question": "grant", "agent": "bot", "items": [{"actions": [action], "resources": [resource]}], "audience": AUDIENCE, "now": NOW, **more}


def act(action="a.x", resource="svc:x", **more):
    return {"question": "action", "agent": "bot", "action": action, "resource": resource, "now": NOW, "context": {},
            "grant_items": [{"actions": ["a.**"], "resources": ["svc:**"], "policy": "p", "rule": "r"}], **more}


def stop(on="attempted", **more):
    return [{"id": "s", "on": on, "then": "suspend_agent", **more}]


def parent(**more):
    return {"agent": "bot", "items": [{"actions": ["a.**"], "resources": ["svc:**"], "policy": "p", "rule": "r"}], "depth": 0,
            "audience": AUDIENCE, "expires_at": "2026-06-15T12:01:00.500Z", **more}


def inactive(name):
    documents = world()
    next(p for p in documents["people"] if p["person"] == name)["active"] = False
    return documents


HOURS = {"when": {"hours": [{"from": "08:00", "to": "14:00", "zone": "Europe/Berlin"}]}}
DELEGABLE = {"delegation": {"depth": 1}}
KID = {"agent": "kid", "parent": parent()}

# name, documents, question, what the answer must have
CASES = [
    # ---- grants
    ("asked without a lifetime: ttl.default, else ttl.max", world(), grant(), {"reason": "allowed", "lifetime_s": 300, "rule": "r"}),
    ("ttl.default", world({"ttl": {"default": "1m", "max": "5m"}}), grant(), {"lifetime_s": 60}),
    ("more than allowed is shortened", world(), grant(lifetime_s=9000), {"lifetime_s": 300}),
    ("zero is malformed", world(), grant(lifetime_s=0), {"reason": "malformed"}),
    ("a grant ends on a whole second", world(), grant(now="2026-06-15T12:00:00.400Z", lifetime_s=10), {"lifetime_s": 9}),
    ("lifetime_s may be 0 and the end after now", world(), grant(now="2026-06-15T12:00:00.400Z", lifetime_s=1), {"reason": "allowed", "lifetime_s": 0}),
    ("nothing asked", world(), {**grant(), "items": []}, {"reason": "nothing_requested"}),
    ("33 pairs", world(), {**grant(), "items": [{"actions": [f"a.{i}" for i in range(11)], "resources": ["svc:x", "svc:y", "svc:z"]}]},
     {"reason": "malformed"}),
    ("32 pairs", world(), {**grant(), "items": [{"actions": [f"a.{i}" for i in range(16)], "resources": ["svc:x", "svc:y"]}]},
     {"reason": "allowed"}),
    ("a percent sign", world(), grant(resource="svc:x%2f"), {"reason": "malformed"}),
    ("wider than the rule", world(), grant(action="**"), {"reason": "out_of_scope"}),
    ("inside a never", world(never=[{"id": "n", "actions": ["a.x"], "resources": ["svc:**"]}]), grant(), {"reason": "forbidden", "rule": "n"}),
    ("a never that overlaps goes with the grant", world(never=[{"id": "n", "actions": ["a.x"], "resources": ["svc:y/**"]}]),
     grant(resource="svc:**"), {"reason": "allowed", "except": [{"policy": "p", "id": "n", "actions": ["a.x"], "resources": ["svc:y/**"]}]}),
    ("several never that cover together go into except",
     world(never=[{"id": "n", "actions": ["a.x"], "resources": ["svc:*"]}, {"id": "m", "actions": ["a.x"], "resources": ["svc:*/**"]}]),
     grant(resource="svc:**"), {"reason": "forbidden", "rule": "m"}),
    ("an audience of no policy", world(), grant(audience="https://two.example.gov"), {"reason": "wrong_audience", "rule": "r"}),
    ("no audience: the one common", world(), {k: v for k, v in grant().items() if k != "audience"}, {"reason": "allowed"}),
    ("no audience and two common", world(policy={"audiences": [AUDIENCE, "https://two.example.gov"]}),
     {k: v for k, v in grant().items() if k != "audience"}, {"reason": "wrong_audience"}),
    ("not_after itself is after", world(policy={"not_after": NOW}), grant(), {"reason": "policy_expired"}),
    ("not_before itself is inside", world(policy={"not_before": NOW}), grant(), {"reason": "allowed"}),
    ("a stop on the team", world(), grant(stops=[{"target": "team:red"}]), {"reason": "stopped"}),
    ("a stop on another team", world(), grant(stops=[{"target": "team:blue"}]), {"reason": "allowed"}),
    ("only rules of a stopped policy contain the item", world(), grant(stops=[{"target": "policy:p"}]), {"reason": "stopped"}),
    ("a stop on a resource overlaps", world(), grant(resource="svc:*", stops=[{"target": "resource:svc:y"}]), {"reason": "stopped"}),
    ("an inactive backup refuses grants", inactive("sam"), grant(), {"reason": "owner_required"}),
    ("the first rule that passes gives", world({"bind": ["dpop"]}, more=[{"id": "r2", "actions": ["**"], "resources": ["svc:**"], "ttl": {"max": "1s"}}]),
     grant(), {"rule": "r2", "lifetime_s": 1}),
    ("the one that got furthest names the reason",
     world({"bind": ["dpop"]}, more=[{"id": "r2", "actions": ["**"], "resources": ["svc:**"], "ttl": {"max": "1s"}, "when": {"purpose": "x"}}]),
     grant(), {"reason": "binding_required", "rule": "r"}),
    ("the item that failed earliest names the reason", world({"bind": ["dpop"]}),
     {**grant(), "items": [{"actions": ["a.x"], "resources": ["svc:x"]}, {"actions": ["b"], "resources": ["svc:x"]}]}, {"reason": "out_of_scope"}),
    ("approval at grant", world({"approval": {"at": "grant"}}), grant(), {"reason": "approval_required"}),
    ("approval given", world({"approval": {"at": "grant"}}), grant(approval="given"), {"reason": "allowed"}),
    ("${agent} in a resource", world({"resources": ["svc:${agent}/**"]}), grant(resource="svc:bot/x"), {"reason": "allowed"}),
    ("${purpose} that is no segment matches nothing", world({"resources": ["svc:${purpose}"]}), grant(purpose="a/b"), {"reason": "out_of_scope"}),
    ("after: an hour ago exactly is outside an hour", world({"when": {"after": [{"actions": ["b"], "within": "1h"}]}}),
     grant(history=[allowed(3600, "b")]), {"reason": "order_violated"}),
    ("after: a millisecond less is inside", world({"when": {"after": [{"actions": ["b"], "within": "1h"}]}}),
     grant(history=[allowed(3599.999, "b")]), {"reason": "allowed"}),
    ("after: not what the agent itself asked for", world({"when": {"after": [{"actions": ["b"], "within": "1h"}]}}),
     grant(history=[allowed(1, "b", asked_by="agent")]), {"reason": "order_violated"}),
    # ---- hours
    ("14:00 is outside until 14:00", world(HOURS), grant(), {"reason": "outside_hours"}),
    ("the end of the window bounds the life", world(HOURS), grant(now="2026-06-15T11:59:58.500Z"), {"lifetime_s": 1}),
    ("a window past midnight belongs to the day it begins on",
     world({"when": {"hours": [{"days": ["Sun"], "from": "22:00", "to": "15:00", "zone": "Europe/Berlin"}]}}), grant(), {"reason": "allowed"}),
    ("a repeated hour is closed", world({"when": {"hours": [{"from": "00:00", "to": "24:00", "zone": "Europe/Berlin"}]}}),
     grant(now="2026-10-25T00:30:00Z"), {"reason": "outside_hours"}),
    ("and bounds what was given before it", world({"ttl": {"max": "24h"}, "when": {"hours": [{"from": "00:00", "to": "24:00", "zone": "Europe/Berlin"}]}}),
     grant(now="2026-10-24T23:30:00Z"), {"lifetime_s": 1800}),
    ("a skipped hour ends a window", world({"ttl": {"max": "24h"}, "when": {"hours": [{"from": "00:00", "to": "12:00", "zone": "Europe/Berlin"}]}}),
     grant(now="2026-03-29T00:30:00Z"), {"lifetime_s": 1800}),
    # ---- limits
    ("count is the number that passes", world({"limits": [{"count": 2, "within": "1m"}]}), act(history=[allowed(1)]), {"reason": "allowed"}),
    ("what would pass it is refused", world({"limits": [{"count": 2, "within": "1m"}]}), act(history=[allowed(1), allowed(2)]), {"reason": "limit_exceeded"}),
    ("a minute ago exactly is out of a minute", world({"limits": [{"count": 2, "within": "1m"}]}), act(history=[allowed(1), allowed(60)]), {"reason": "allowed"}),
    ("by agent another agent's are not counted", world({"limits": [{"count": 1, "within": "1m"}]}), act(history=[allowed(1, agent="kid")]), {"reason": "allowed"}),
    ("by team they are", world({"limits": [{"count": 1, "within": "1m", "by": "team"}]}), act(history=[allowed(1, agent="kid")]), {"reason": "limit_exceeded"}),
    ("by policy the whole fleet's", world({"limits": [{"count": 1, "within": "1m", "by": "policy"}]}), act(history=[allowed(1, agent="alien")]),
     {"reason": "limit_exceeded"}),
    ("by resource each by itself", world({"limits": [{"count": 1, "within": "1m", "by": "resource"}]}), act(history=[allowed(1, resource="svc:y")]),
     {"reason": "allowed"}),
    ("uses has no window", world({"limits": [{"uses": 1}]}), act(history=[allowed(90000)]), {"reason": "limit_exceeded"}),
    ("uses is by grant", world({"limits": [{"uses": 1}]}), act(grant="g1", history=[allowed(1, grant="g2")]), {"reason": "allowed"}),
    ("a sum may reach its max", world({"limits": [{"sum": "n", "max": 5, "within": "1m"}]}), act(context={"n": 2}, history=[allowed(1, context={"n": 3})]),
     {"reason": "allowed"}),
    ("a sum field is required context", world({"limits": [{"sum": "n", "max": 5, "within": "1m"}]}), act(), {"reason": "missing_context"}),
    ("and an integer of at least 0", world({"limits": [{"sum": "n", "max": 5, "within": "1m"}]}), act(context={"n": -1}), {"reason": "context_violated"}),
    ("distinct counts the new one", world({"limits": [{"distinct": "resource", "max": 1, "within": "1m"}]}), act(history=[allowed(1, resource="svc:y")]),
     {"reason": "limit_exceeded"}),
    ("an entry may say its rule", world({"limits": [{"count": 1, "within": "1m"}]}), act(history=[allowed(1, policy="p", rule="other")]), {"reason": "allowed"}),
    ("grants", world({"limits": [{"grants": 1, "within": "1m"}]}), grant(history=[granted(1)]), {"reason": "limit_exceeded"}),
    ("live_grants: one that ended leaves its place", world({"limits": [{"live_grants": 1}]}), grant(history=[granted(10, ["a.y"], lifetime_s=10)]),
     {"reason": "allowed"}),
    ("live_grants: reached", world({"limits": [{"live_grants": 1}]}), grant(history=[granted(10, ["a.y"])]), {"reason": "limit_exceeded"}),
    ("live_grants: the same again replaces", world({"limits": [{"live_grants": 1}]}), grant(history=[granted(10)]), {"reason": "allowed"}),
    ("live_grants: another key does not", world({"limits": [{"live_grants": 1}]}), grant(history=[granted(10)], binding="dpop"), {"reason": "limit_exceeded"}),
    # ---- actions
    ("outside what was granted", world(), act(action="b"), {"reason": "out_of_scope", "trips": []}),
    ("inside the except", world(), act(**{"except": [{"policy": "q", "id": "n", "actions": ["a.x"], "resources": ["svc:**"]}]}), {"reason": "out_of_scope"}),
    ("a rule that is gone", world(), act(grant_items=[{"actions": ["**"], "resources": ["svc:**"], "policy": "p", "rule": "old"}]),
     {"reason": "policy_changed", "rule": "old"}),
    ("more than ttl.max since it was given", world(), act(issued_at="2026-06-15T11:54:59.999Z"), {"reason": "policy_changed"}),
    ("exactly ttl.max", world(), act(issued_at="2026-06-15T11:55:00Z"), {"reason": "allowed"}),
    ("an end at now is an end", world(), act(expires_at=NOW), {"reason": "inactive"}),
    ("an inactive backup lets actions be", inactive("sam"), act(), {"reason": "allowed"}),
    ("an inactive owner does not", inactive("dana"), act(), {"reason": "inactive"}),
    ("approval at grant asked now", world({"approval": {"at": "grant"}}), act(), {"reason": "policy_changed"}),
    ("missing before violated", world({"when": {"context": {"n": {"max": 1}, "m": {"min": 1}}}}), act(context={"n": 2}), {"reason": "missing_context"}),
    ("true is not 1", world({"when": {"context": {"n": {"equals": 1}}}}), act(context={"n": True}), {"reason": "context_violated"}),
    ("mapped IPv4 is IPv4", world({"when": {"source": ["10.0.0.0/8"]}}), act(source="::ffff:10.1.2.3"), {"reason": "allowed"}),
    ("an IPv6 block holds no IPv4 unless it is of the mapped ones", world({"when": {"source": ["::/0"]}}), act(source="10.1.2.3"), {"reason": "wrong_source"}),
    # ---- hard stops
    ("a tripwire fires at once", world(stops=stop(resources=["svc:x"])), act(), {"reason": "hard_stop", "rule": "s", "trips": ["p/s"]}),
    ("an attempted one fires beside an earlier refusal", world(stops=stop(resources=["svc:x"])), act(action="b", grant_items=[]),
     {"reason": "out_of_scope", "trips": ["p/s"]}),
    ("denied fires beside, at the count", world(stops=stop("denied", count=2, within="1m")),
     act(action="b", history=[ago(1, kind="refused", action="b", resource="svc:x", reason="forbidden")]), {"trips": ["p/s"], "reason": "out_of_scope"}),
    ("what limits refuse is not denied", world(stops=stop("denied", count=2, within="1m")),
     act(action="b", history=[ago(1, kind="refused", action="b", resource="svc:x", reason="limit_exceeded")]), {"trips": []}),
    ("wrong_audience of an action is nobody's", world(stops=stop("denied", count=1, within="1m")), act(resource="db:x", audience=AUDIENCE),
     {"reason": "wrong_audience", "trips": []}),
    ("of a token request it is denied", world(stops=stop("denied", count=1, within="1m")), grant(audience="https://two.example.gov"),
     {"reason": "wrong_audience", "trips": ["p/s"]}),
    ("a token request does not count by grant", world(stops=stop("denied", count=1, within="1m", by="grant")), grant(audience="https://two.example.gov"),
     {"trips": []}),
    ("what is malformed is heard by stops without patterns alone", world(stops=stop("denied", resources=["svc:**"])), act(resource="svc:"), {"trips": []}),
    ("a number reached already fires on the question", world(stops=stop("allowed", sum="n", max=3, within="1m")),
     act(context={"n": 0}, history=[allowed(1, context={"n": 4})]), {"reason": "hard_stop"}),
    ("a token request adds its distinct patterns", world(stops=stop("granted", distinct="resource", max=1, within="1m")),
     {**grant(), "items": [{"actions": ["a.x"], "resources": ["svc:x", "svc:y"]}]}, {"reason": "hard_stop"}),
    ("after in a stop, whoever asked", world(stops=stop("allowed", after={"actions": ["b"], "within": "1m"})),
     act(history=[allowed(1, "b", asked_by="agent")]), {"reason": "hard_stop"}),
    ("after not met", world(stops=stop("allowed", after={"actions": ["b"], "within": "1m"})), act(), {"reason": "allowed"}),
    ("a hard stop before the approval", world({"approval": {"at": "action"}}, stops=stop("allowed")), act(), {"reason": "hard_stop"}),
    ("an event of unaccounted", world(stops=stop("unaccounted", count=2, within="1m")),
     {"question": "event", "kind": "unaccounted", "agent": "bot", "action": "a.x", "resource": "svc:x", "now": NOW,
      "history": [ago(59.999, kind="unaccounted", action="a.x", resource="svc:x")]}, {"trips": ["p/s"]}),
    ("a signal of another sender", world(), {"question": "event", "kind": "signal", "agent": "bot", "signal": "s", "from": "two", "now": NOW}, {"trips": []}),
    ("a signal that is heard", world(), {"question": "event", "kind": "signal", "agent": "bot", "signal": "s", "from": "one", "now": NOW}, {"trips": ["p/quiet"]}),
    # ---- delegation
    ("a child inside its parent, ended with it", world(DELEGABLE), grant(**KID), {"reason": "allowed", "lifetime_s": 60}),
    ("a rule without delegation", world(), grant(**KID), {"reason": "not_delegable"}),
    ("too deep", world(DELEGABLE), grant(agent="kid", parent=parent(depth=1)), {"reason": "not_delegable"}),
    ("not in delegates_to", world(DELEGABLE), grant(agent="alien", parent=parent()), {"reason": "not_delegable"}),
    ("outside the parent", world(DELEGABLE), grant(agent="kid", parent=parent(items=[{"actions": ["a.y"], "resources": ["svc:**"], "policy": "p", "rule": "r"}])),
     {"reason": "out_of_scope"}),
    ("its except contains its parent's", world(DELEGABLE),
     grant(resource="svc:**", agent="kid", parent=parent(**{"except": [{"policy": "q", "id": "n", "actions": ["a.x"], "resources": ["svc:y"]}]})),
     {"except": [{"policy": "q", "id": "n", "actions": ["a.x"], "resources": ["svc:y"]}]}),
    ("the ancestor's history", world({"limits": [{"count": 1, "within": "1m"}], **DELEGABLE}), act(agent="kid", parent=parent(), history=[allowed(1)]),
     {"reason": "limit_exceeded"}),
    ("a stop on the ancestor", world(DELEGABLE), act(agent="kid", parent=parent(grant="g"), stops=[{"target": "grant:g"}]), {"reason": "stopped"}),
]

NAMES = [("service.**", "service", True), ("service.**", "service.restart.force", True), ("service.*", "service", False), ("**.a", "a", True),
         ("a*b", "ab", True), ("a*", "a.b", False), ("*", "x", True)]
CONTAINS = [("a.**", "a.*.b", True), ("a.*", "a.**", False), ("**", "*.*", True), ("*.**", "**", True), ("*a*", "*a", True), ("*a", "*a*", False),
            ("**.b", "a.**", False), ("a*b*", "ab*", True)]
OVERLAPS = [("a.*", "*.b", True), ("a*", "*b", True), ("a.b", "a", False), ("a*b", "ba*", False), ("**.x", "a.**", True)]


def main():
    points = []
    for name, documents, question, want in CASES:
        answer = judge.answer(Documents(documents), question)
        points.append((name, all(answer.get(k) == v for k, v in want.items()), answer))
    for relation, rows in ((patterns.matches, NAMES), (patterns.contains, CONTAINS), (patterns.overlaps, OVERLAPS)):
        for a, b, want in rows:
            got = relation(patterns.read_action(a, True), patterns.read_action(b, relation is not patterns.matches))
            points.append((f"{relation.__name__} {a} {b}", got == want, got))
    for number, (name, is_ok, answer) in enumerate(points, 1):
        print(f"{'ok' if is_ok else 'not ok'} {number} - {name}")
        if not is_ok:
            print(f"# {answer}")
    print(f"1..{len(points)}")
    return 0 if all(ok for _, ok, _ in points) else 1


if __name__ == "__main__":
    sys.exit(main())
