# SPDX-License-Identifier: Apache-2.0
"""A second broker in miniature, written from the pages of the policy language alone: documents as plain
dicts, containment by looking at every name of a small universe, history as lists. It answers what the real
one must answer, with reason and rule. Nothing here is fast, and nothing is shared with the engine."""
import itertools
import re

SEGMENTS = ("a", "b", "ab", "aab", "c", "ba")
ACTION_SEGMENTS = ("x", "y", "xy", "z")
NAME = re.compile(r'^[!#-)+-Z^-z|~]+$')  # printable ASCII but the excluded ones

# Checks in the order of the language; a reason's place says how far an item got.
GRANT = ["stop", "owner", "form", "never", "scope", "audience", "dates", "hours", "source", "purpose", "composition", "after", "binding", "lifetime",
         "limits", "hard_stop", "approval"]
ACTION = ["audience", "grant", "stop", "live", "proof", "form", "never", "scope", "policy", "hours", "source", "purpose", "reason", "context", "after",
          "composition", "limits", "hard_stop", "approval"]
DENIED = {"forbidden", "out_of_scope", "not_delegable", "malformed", "context_violated", "wrong_source", "order_violated", "composition_mismatch"}


# ---- names and patterns --------------------------------------------------------------------------

def _universe(segments, separator, depth):
    return [separator.join(n) for d in range(1, depth + 1) for n in itertools.product(segments, repeat=d)]


RESOURCES = [f"{kind}:{name}" for kind in ("svc", "db") for name in _universe(SEGMENTS, "/", 4)]
ACTIONS = _universe(ACTION_SEGMENTS, ".", 4)


def well_formed(name, is_action):
    if len(name) > 512:
        return False
    separator = "." if is_action else "/"
    if not is_action:
        kind, colon, name = name.partition(":")
        if not colon or not segment_fine(kind, ":/"):
            return False
    return all(segment_fine(s, separator) for s in name.split(separator))


def segment_fine(segment, separators):
    return segment not in ("", ".", "..") and all("!" <= c <= "~" and c not in '*?"\\{}[]%' and c not in separators for c in segment)


def regex(pattern):
    kind, colon, rest = pattern.partition(":") if ":" in pattern else ("", "", pattern)
    separator = re.escape("/" if colon else ".")
    text = re.escape(kind + colon)
    parts = rest.split("/" if colon else ".")
    # A run of segments, each with its separator behind, then the last separator is given back.
    for part in parts:
        if part == "**":
            text += f"(?:[^{separator}]+{separator})*"
        else:
            text += "".join(f"[^{separator}]*" if c == "*" else re.escape(c) for c in part) + separator
    return re.compile(text)


_bits = {}


def bits(pattern):
    """The names of the universe that it matches, as the bits of one number."""
    if pattern not in _bits:
        of_resource = ":" in pattern
        compiled, end = regex(pattern), "/" if of_resource else "."
        names = RESOURCES if of_resource else ACTIONS
        _bits[pattern] = sum(1 << i for i, name in enumerate(names) if compiled.fullmatch(name + end))
    return _bits[pattern]


def matches(pattern, name):
    return bool(regex(pattern).fullmatch(name + ("/" if ":" in name else ".")))


def contains(outer, inner):
    if "*" not in inner:  # a name, maybe a longer one than the universe holds
        return matches(outer, inner)
    return bits(inner) & ~bits(outer) == 0


def overlaps(one, other):
    for name, pattern in ((one, other), (other, one)):
        if "*" not in name:
            return matches(pattern, name)
    return bits(one) & bits(other) != 0


def rule_contains(rule, action, resource):
    return any(contains(a, action) for a in rule["actions"]) and any(contains(r, resource) for r in rule["resources"])


def rule_overlaps(rule, action, resource):
    return any(overlaps(a, action) for a in rule["actions"]) and any(overlaps(r, resource) for r in rule["resources"])


# ---- the broker ----------------------------------------------------------------------------------

class Answer:
    def __init__(self, reason, policy=None, rule=None, **more):
        self.reason, self.policy, self.rule = reason, policy, rule
        self.trips, self.items, self.except_, self.lifetime = [], [], [], None
        self.__dict__.update(more)

    @property
    def allowed(self):
        return self.reason == "allowed"


class Twin:
    """people, agents, services, policies: {name: document}. `now` is given by whoever asks, in seconds."""

    def __init__(self, documents):
        self.documents = documents
        self.grants, self.cuts, self.stops, self.history, self.seq = {}, [], {}, {}, 0

    def policies(self, agent):
        return [self.documents["policies"][p] for p in self.documents["agents"][agent]["policies"]]

    def team(self, person):
        return self.documents["people"][person]["team"]

    # ---- stops

    def held(self, target):
        return any(s["target"] == target and s["holds"] and s["state"] == "in_force" for s in self.stops.values())

    def raise_stop(self, stop, target, holds=True):
        self.seq += 1
        self.stops[stop] = {"target": target, "holds": holds, "state": "in_force"}
        if not target.startswith("resource:"):
            self.cuts.append((target, self.seq, stop))

    def clear(self, stop):
        self.stops[stop]["state"] = "cleared"

    def resource_held(self, test):
        return any(s["state"] == "in_force" and s["target"].startswith("resource:") and test(s["target"][9:]) for s in self.stops.values())

    def agent_held(self, agent):
        owner = self.documents["agents"][agent]["owner"]
        return any(self.held(t) for t in ("all", f"agent:{agent}", f"owner:{owner}", f"team:{self.team(owner)}"))

    def liveness(self, grant):
        mine = {"all", f"agent:{grant['agent']}", f"owner:{grant['owner']}", f"team:{grant['team']}", f"grant:{grant['id']}", f"lineage:{grant['id']}"}
        mine |= {f"policy:{i[2]}" for i in grant["items"]} | {f"agent:{grant['agent']} policy:{i[2]}" for i in grant["items"]}
        state = "live"
        for target, seq, stop in self.cuts:
            if target in mine and seq > grant["seq"]:
                if stop in self.stops and self.stops[stop]["holds"] and self.stops[stop]["state"] == "in_force":
                    return "stopped"
                state = "revoked"
        return state

    def revoke(self, grant):
        self.seq += 1
        self.cuts.append((f"lineage:{grant}", self.seq, None))

    # ---- history

    def key(self, by, agent, policy, grant, resource):
        owner = self.documents["agents"][agent]["owner"]
        return {"agent": agent, "owner": owner, "team": self.team(owner), "policy": policy, "grant": grant, "lineage": grant, "resource": resource}[by]

    def total(self, what):
        return sum(self.history.get(what, []))

    def charge(self, what, amount):
        self.history.setdefault(what, []).append(amount)

    # ---- hard stops

    def inside(self, stop, items):
        """One of the items, (action, resource, malformed), lies inside the stop's patterns."""
        actions, resources = stop.get("actions"), stop.get("resources")
        if not actions and not resources:
            return True
        return any(not bad and (not actions or any(contains(p, a) for p in actions)) and (not resources or any(contains(p, r) for p in resources))
                   for a, r, bad in items)

    def listens(self, stop, reason, is_grant):
        if is_grant and stop.get("by", "agent") in ("grant", "lineage"):
            return False
        if stop["on"] == "attempted":
            return True
        if stop["on"] == "denied":
            return reason in DENIED or (is_grant and reason == "wrong_audience")
        return reason == "allowed" and is_grant == (stop["on"] == "granted")

    def own_hold(self, stop, policy, agent):
        owner = self.documents["agents"][agent]["owner"]
        target = {"suspend_agent": f"agent:{agent}", "stop_team": f"team:{self.team(owner)}", "stop_policy": f"policy:{policy}"}.get(stop["then"])
        return target is not None and self.held(target)

    def count(self, stop, policy, agent, grant, amount):
        """(would it cross its line, may it fire, what is counted)"""
        what = ("stop", policy, stop["id"], self.key(stop.get("by", "agent"), agent, policy, grant, None))
        may = not self.own_hold(stop, policy, agent)
        if "count" in stop:
            return self.total(what) + 1 >= stop["count"], may, what, 1
        if "sum" in stop:
            return (amount is not None and self.total(what) + amount > stop["max"]), may, what, amount
        return True, may, None, None

    def hear(self, reason, agent, items, grant, context, is_grant):
        """Charges and fires the hard stops. Gives (trips, (policy, rule) of the first that refuses what would pass)."""
        heard, refuser = [], None
        for policy in self.policies(agent):
            for stop in policy["hard_stops"]:
                if not self.listens(stop, reason, is_grant) or not self.inside(stop, items):
                    continue
                if reason in ("stopped", "inactive") and self.own_hold(stop, policy["policy"], agent):
                    continue
                amount = context.get(stop["sum"]) if "sum" in stop and not is_grant else None
                amount = amount if isinstance(amount, int) and not isinstance(amount, bool) and amount >= 0 else None
                crosses, may, what, add = self.count(stop, policy["policy"], agent, grant, amount)
                heard.append((stop, policy["policy"], crosses, may, what, add))
                if crosses and reason == "allowed" and refuser is None:
                    refuser = (policy["policy"], stop["id"])
        trips = []
        for stop, policy, crosses, may, what, add in heard:
            if refuser and not crosses and stop["on"] in ("allowed", "granted"):
                continue  # it did not happen
            if what and add is not None:
                self.charge(what, add)
            if crosses and may:
                trips.append((policy, stop["id"]))
                if what:
                    self.history[what] = []
        return trips, refuser

    def fire(self, trips, agent, grant, ids):
        """What the stops that fired take; `ids` names their rows as the broker did."""
        for (policy, name), stop_id in zip(trips, ids):
            stop = next(s for s in self.documents["policies"][policy]["hard_stops"] if s["id"] == name)
            owner = self.documents["agents"][agent]["owner"]
            if stop["then"] == "revoke_grant":
                self.raise_stop(stop_id, f"lineage:{grant}" if grant else f"agent:{agent} policy:{policy}", holds=False)
                continue
            self.raise_stop(stop_id, {"suspend_agent": f"agent:{agent}", "stop_team": f"team:{self.team(owner)}", "stop_policy": f"policy:{policy}"}[stop["then"]])
            if grant:
                self.revoke(grant)

    # ---- may this agent be granted this?

    def grant_rule(self, policy, rule, ask):
        """None, or (check, reason) of the first that fails, from the audience on."""
        if ask["audience"] not in policy["audiences"]:
            return "audience", "wrong_audience"
        if policy.get("dates") == "over":
            return "dates", "policy_expired"
        when = rule.get("when", {})
        if "source" in when and "127.0.0.0/8" not in when["source"]:
            return "source", "wrong_source"
        if "purpose" in when and not (ask.get("purpose") or "").startswith("INC-"):
            return "purpose", "purpose_required"
        if "bind" in rule:
            return "binding", "binding_required"
        for limit in rule.get("limits", []):
            if "live_grants" in limit:
                alive = [g for g in self.grants.values() if g["agent"] == ask["agent"] and g["expires"] > ask["now"] and self.liveness(g) == "live"
                         and any(i[2:] == (policy["policy"], rule["id"]) for i in g["items"]) and not g.get("replaced")]
                same = [g for g in alive if sorted(i[:2] for i in g["items"]) == sorted(ask["items"]) and g["audience"] == ask["audience"]]
                if len(alive) >= limit["live_grants"] and not same:
                    return "limits", "limit_exceeded"
        return None

    def grant_item(self, action, resource, ask):
        """(check, reason, policy, rule): check None when it is given."""
        fitting, stopped = [], False
        for policy in self.policies(ask["agent"]):
            for rule in policy["allow"]:
                if not rule_contains(rule, action, resource):
                    continue
                if self.held("policy:" + policy["policy"]):
                    stopped = True
                else:
                    fitting.append((policy, rule))
        if not fitting:
            return "scope", "stopped" if stopped else "out_of_scope", None, None
        if self.resource_held(lambda p: overlaps(p, resource)):
            return "scope", "stopped", None, None
        worst = None
        for policy, rule in fitting:
            failed = self.grant_rule(policy, rule, ask)
            if failed is None:
                return None, "allowed", policy, rule
            if worst is None or GRANT.index(failed[0]) > GRANT.index(worst[0]):
                worst = (*failed, policy, rule)
        return worst

    def judge_grant(self, ask):
        agent = self.documents["agents"][ask["agent"]]
        if self.agent_held(ask["agent"]):
            return Answer("stopped")
        if not all(self.documents["people"][p]["active"] for p in (agent["owner"], agent["backup"])):
            return Answer("owner_required")
        if not ask["items"]:
            return Answer("nothing_requested")
        if any(ask["malformed"]) or (ask.get("lifetime") is not None and ask["lifetime"] <= 0):
            return Answer("malformed")
        for action, resource in ask["items"]:
            for policy in self.policies(ask["agent"]):
                for never in policy.get("never", []):
                    if rule_contains(never, action, resource):
                        return Answer("forbidden", policy["policy"], never["id"])
        found = [self.grant_item(a, r, ask) for a, r in ask["items"]]
        failed = [f for f in found if f[0] is not None]
        if failed:
            check, reason, policy, rule = min(failed, key=lambda f: GRANT.index(f[0]))
            return Answer(reason, policy and policy["policy"], rule and rule["id"])
        answer = Answer("allowed", found[0][2]["policy"], found[0][3]["id"])
        answer.items = [(a, r, f[2]["policy"], f[3]["id"]) for (a, r), f in zip(ask["items"], found)]
        answer.except_ = {(p["policy"], n["id"]) for a, r in ask["items"] for p in self.policies(ask["agent"]) for n in p.get("never", []) if rule_overlaps(n, a, r)}
        ttls = [f[3]["ttl"] for f in found]
        answer.lifetime = min([min(ask["lifetime"] or 10 ** 9, t["max"]) if ask.get("lifetime") else t.get("default", t["max"]) for t in ttls])
        return answer

    def ask_grant(self, ask):
        answer = self.judge_grant(ask)
        items = [(a, r, bad) for (a, r), bad in zip(ask["items"], ask["malformed"])]
        if not items:
            items = []
        answer.trips, refuser = self.hear(answer.reason, ask["agent"], items, None, {}, True)
        if refuser:
            answer = Answer("hard_stop", *refuser, trips=answer.trips)
        return answer

    def given(self, grant_id, ask, answer, expires):
        self.seq += 1
        agent = self.documents["agents"][ask["agent"]]
        for limit_policy, limit_rule in {i[2:] for i in answer.items}:
            rule = next(r for r in self.documents["policies"][limit_policy]["allow"] if r["id"] == limit_rule)
            for limit in rule.get("limits", []):
                alive = [g for g in self.grants.values() if g["agent"] == ask["agent"] and g["expires"] > ask["now"] and self.liveness(g) == "live"
                         and any(i[2:] == (limit_policy, limit_rule) for i in g["items"]) and not g.get("replaced")]
                if "live_grants" in limit and len(alive) >= limit["live_grants"]:
                    same = [g for g in alive if sorted(i[:2] for i in g["items"]) == sorted(ask["items"]) and g["audience"] == ask["audience"]]
                    for g in same[-1:]:  # the newest: the one whose reply may have been lost
                        g["replaced"] = True
                        self.cuts.append((f"grant:{g['id']}", self.seq, None))
        self.grants[grant_id] = {"id": grant_id, "agent": ask["agent"], "owner": agent["owner"], "team": self.team(agent["owner"]), "items": answer.items,
                                 "except": answer.except_, "nevers": {e: self.never(e) for e in answer.except_}, "audience": ask["audience"],
                                 "purpose": ask.get("purpose"), "issued": ask["now"], "expires": expires, "seq": self.seq}

    def never(self, name):
        return next(n for n in self.documents["policies"][name[0]]["never"] if n["id"] == name[1])

    # ---- may this grant do this now?

    def limit_amount(self, limit, context):
        return context[limit["sum"]] if "sum" in limit else 1

    def action_rule(self, policy, rule, ask, grant, given):
        """None or (check, reason) of the first that fails, for one item that covers the action."""
        action, resource, context = ask["action"], ask["resource"], ask["context"]
        if (policy is None or rule is None or policy.get("dates") == "over" or grant["audience"] not in policy["audiences"] or "bind" in rule
                or ask["now"] - grant["issued"] > rule["ttl"]["max"]
                or not any(matches(p, action) for p in rule["actions"]) or not any(matches(p, resource) for p in rule["resources"])):
            return "policy", "policy_changed"
        when = rule.get("when", {})
        if "source" in when and not any(in_network(context.get("source"), n) for n in when["source"]):
            return "source", "wrong_source"
        if "purpose" in when and not (grant["purpose"] or "").startswith("INC-"):
            return "purpose", "purpose_required"
        if when.get("reason") and not context.get("stated_reason"):
            return "reason", "reason_required"
        failed = self.context_fails(policy, rule, when, ask, grant)
        if failed:
            return "context", failed
        for limit in rule.get("limits", []):
            if "live_grants" in limit:
                continue
            what = self.limit_key(limit, policy, rule, ask, grant)
            if self.total(what) + self.limit_amount(limit, context) > limit.get("max", limit.get("count", limit.get("uses"))):
                return "limits", "limit_exceeded"
        return None

    def limit_key(self, limit, policy, rule, ask, grant):
        by = limit.get("by", "grant" if "uses" in limit else "agent")
        kind = next(k for k in ("count", "sum", "uses") if k in limit)
        return ("limit", policy["policy"], rule["id"], kind, limit.get("sum"), by, self.key(by, grant["agent"], policy["policy"], grant["id"], ask["resource"]))

    def context_fails(self, policy, rule, when, ask, grant):
        context, absent, bad = ask["context"], False, False
        for name, test in when.get("context", {}).items():
            if name not in context:
                absent = True
            else:
                bad |= not test_holds(test, context[name])
        sums = [limit["sum"] for limit in rule.get("limits", []) if "sum" in limit]
        for p in self.policies(grant["agent"]):
            sums += [s["sum"] for s in p["hard_stops"] if "sum" in s and s["on"] in ("allowed", "attempted") and self.inside(s, [(ask["action"], ask["resource"], False)])]
        for name in sums:
            if name not in context:
                absent = True
            else:
                bad |= not (is_int(context[name]) and context[name] >= 0)
        return "missing_context" if absent else "context_violated" if bad else None

    def judge_action(self, ask):
        """(answer, the item charged)"""
        grant = self.grants.get(ask["grant"])
        service = self.documents["services"][ask["service"]]
        speaks = not well_formed(ask["resource"], False) or any(matches(p, ask["resource"]) for p in service["resources"])
        if grant and grant["audience"] not in service["audiences"] or not speaks:
            return Answer("wrong_audience"), None
        if not grant:
            return Answer("inactive"), None
        alive = self.liveness(grant)
        if alive == "stopped" or self.resource_held(lambda p: well_formed(ask["resource"], False) and matches(p, ask["resource"])):
            return Answer("stopped"), None
        agent = self.documents["agents"][grant["agent"]]
        if alive == "revoked" or grant["expires"] <= ask["now"] or not self.documents["people"][agent["owner"]]["active"]:
            return Answer("inactive"), None
        if not well_formed(ask["action"], True) or not well_formed(ask["resource"], False):
            return Answer("malformed"), None
        action, resource = ask["action"], ask["resource"]
        for policy in self.policies(grant["agent"]):
            for never in policy.get("never", []):
                if any(matches(p, action) for p in never["actions"]) and any(matches(p, resource) for p in never["resources"]):
                    return Answer("forbidden", policy["policy"], never["id"]), None
        covering = [i for i in grant["items"] if matches(i[0], action) and matches(i[1], resource)]
        excepted = any(any(matches(p, action) for p in n["actions"]) and any(matches(p, resource) for p in n["resources"]) for n in grant["nevers"].values())
        if not covering or excepted:
            return Answer("out_of_scope"), None
        worst = None
        for item in covering:
            policy = next((p for p in self.policies(grant["agent"]) if p["policy"] == item[2]), None)
            rule = policy and next((r for r in policy["allow"] if r["id"] == item[3]), None)
            failed = self.action_rule(policy, rule, ask, grant, item)
            if failed is None:
                return Answer("allowed", item[2], item[3]), (policy, rule)
            if worst is None or ACTION.index(failed[0]) > ACTION.index(worst[0]):
                worst = (*failed, item)
        return Answer(worst[1], worst[2][2], worst[2][3]), None

    def ask_action(self, ask):
        answer, charged = self.judge_action(ask)
        grant = self.grants.get(ask["grant"])
        if grant is None or answer.reason == "wrong_audience":
            return answer
        bad = not well_formed(ask["action"], True) or not well_formed(ask["resource"], False)
        trips, refuser = self.hear(answer.reason, grant["agent"], [(ask["action"], ask["resource"], bad)], grant["id"], ask["context"], False)
        if refuser:
            return Answer("hard_stop", *refuser, trips=trips)
        if answer.allowed:
            policy, rule = charged
            for limit in rule.get("limits", []):
                if "live_grants" not in limit:
                    self.charge(self.limit_key(limit, policy, rule, ask, grant), self.limit_amount(limit, ask["context"]))
        answer.trips = trips
        return answer

    # ---- what is left of it

    def introspect(self, grant_id, service, now):
        """None when inactive, else {(action, resource): must the broker be asked}."""
        grant = self.grants[grant_id]
        agent = self.documents["agents"][grant["agent"]]
        if (grant["audience"] not in self.documents["services"][service]["audiences"] or self.liveness(grant) != "live" or grant["expires"] <= now
                or not self.documents["people"][agent["owner"]]["active"]):
            return None
        left = {}
        for action, resource, policy_name, rule_id in grant["items"]:
            policy = next((p for p in self.policies(grant["agent"]) if p["policy"] == policy_name), None)
            rule = policy and next((r for r in policy["allow"] if r["id"] == rule_id), None)
            if (rule is None or policy.get("dates") == "over" or grant["audience"] not in policy["audiences"] or "bind" in rule or not rule_contains(rule, action, resource)
                    or now - grant["issued"] > rule["ttl"]["max"] or ("purpose" in rule.get("when", {}) and not (grant["purpose"] or "").startswith("INC-"))
                    or self.resource_held(lambda p: overlaps(p, resource))):
                continue
            nevers = [n for p in self.policies(grant["agent"]) for n in p.get("never", [])]
            if any(rule_contains(n, action, resource) for n in nevers):
                continue
            when = rule.get("when", {})
            left[(action, resource)] = bool(
                any(rule_overlaps(n, action, resource) for n in [*nevers, *grant["nevers"].values()])
                or any("live_grants" not in limit for limit in rule.get("limits", [])) or "context" in when or "source" in when or when.get("reason")
                or any(s["on"] in ("allowed", "attempted") and (not s.get("actions") or any(overlaps(p, action) for p in s["actions"]))
                       and (not s.get("resources") or any(overlaps(p, resource) for p in s["resources"])) for p in self.policies(grant["agent"]) for s in p["hard_stops"])
                or policy["tier"] in ("high", "critical"))
        return left or None


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def in_network(source, network):
    if source is None:
        return False
    address, _, length = network.partition("/")
    keep = 32 - int(length)

    def number(text):
        return sum(int(p) << (24 - 8 * i) for i, p in enumerate(text.split(".")))
    return number(source) >> keep == number(address) >> keep


def test_holds(test, value):
    for kind, want in test.items():
        if kind == "equals" and (type(value) is not type(want) or value != want):
            return False
        if kind == "in" and not any(type(value) is type(w) and value == w for w in want):
            return False
        if kind in ("min", "max") and (not is_int(value) or (value < want if kind == "min" else value > want)):
            return False
        if kind == "matches" and (not isinstance(value, str) or not re.fullmatch(re.escape(want).replace(r"\*", ".*"), value)):
            return False
    return True
