# SPDX-License-Identifier: Apache-2.0
"""What both questions share: who is judged, stops in force, what `when` asks alike of both, hard stops, the answer.

Both questions have the same form: a list of checks; some are of the request as a whole, the others are made for each
item and each rule that may give it; and all of them again for each ancestor of a delegated grant."""
import ipaddress

from . import clock, history, patterns
from .history import Event, Key


class No(Exception):
    """A check that fails: its name, the reason, and the rule, `never` rule or stop that decided."""

    def __init__(self, check, reason, by=None):
        super().__init__(check, reason)
        self.check, self.reason, self.by = check, reason, by


class Actor:
    """Who is judged: the agent that asks, or an ancestor as its grant was recorded."""

    def __init__(self, documents, given, agent):
        self.agent, self.given = agent, given
        self.grant, self.lineage = given.get("grant"), given.get("lineage")
        self.purpose, self.composition = given.get("purpose"), given.get("composition")
        self.binding, self.audience = given.get("binding"), given.get("audience")
        self.ends = clock.instant(given["expires_at"]) if "expires_at" in given else None
        self.who = (agent.id, agent.team, self.purpose)
        self.key = Key(agent, self.grant, self.lineage)
        objects = given.get("grant_items", given.get("items", []))
        self.items = [(patterns.read_action(a, True), patterns.read_resource(r, True), o.get("policy"), o.get("rule"))
                      for o in objects for a, r in history.pairs_of([o])]
        self.except_rows = given.get("except", [])

    def giving_rule(self, item):
        """The rule that gave the item, found by name in the documents in force; None: it is gone."""
        action, resource, policy, rule = item
        for p in self.agent.policies:
            for r in p.rules if policy in (None, p.name) else ():
                if r.id == rule or (rule is None and r.contains(action, resource, self.who)):
                    return r
        return None


class Gone:
    """A rule that a grant names and no document in force has."""

    def __init__(self, policy, rule, digest):
        self.policy, self.id = self, rule
        self.name, self.digest = policy, digest


class Case:
    """What both questions share."""

    def __init__(self, documents, question):
        self.documents, self.question = documents, question
        self.now = clock.instant(question["now"])
        self.stops = [s["target"].partition(":")[::2] for s in question.get("stops", [])]
        self.history = [Event(documents, e) for e in question.get("history", [])]
        self.context = question.get("context", {})
        self.approval = question.get("approval")
        self.agent = documents.agents[question["agent"]]
        self.self = Actor(documents, question, self.agent)
        self.ancestors, parent = [], question.get("parent")
        while parent:
            self.ancestors.append(Actor(documents, parent, documents.agents[parent["agent"]]))
            parent = parent.get("parent")
        self.actors = [self.self, *self.ancestors]
        self.notes = []  # what decided, for those who count what their cases reached

    # ---- stops

    def is_agent_stopped(self, agent):
        covering = (("agent", agent.id), ("team", agent.team), ("owner", agent.owner), ("all", ""))
        return any(s in self.stops for s in covering)

    def is_policy_stopped(self, name):
        return ("policy", name) in self.stops

    def is_grant_stopped(self, actor):
        return (self.is_agent_stopped(actor.agent) or (actor.grant and ("grant", actor.grant) in self.stops)
                or (actor.lineage and ("lineage", actor.lineage) in self.stops)
                or any(self.is_policy_stopped(policy) for _, _, policy, _ in actor.items))

    def is_dead(self, event):
        """A cut-off in force covers the grant that an entry of history tells of."""
        return (self.is_agent_stopped(event.agent) or ("grant", event.grant) in self.stops
                or ("lineage", event.lineage) in self.stops or any(self.is_policy_stopped(p) for p, _ in event.rules))

    def stopped_resources(self):
        return [patterns.read_resource(text, True) for kind, text in self.stops if kind == "resource"]

    # ---- what `when` asks alike of both

    def check_hours(self, rule):
        if "hours" in rule.when and clock.open_until(rule.when["hours"], self.now) is None:
            raise No("hours", "outside_hours", rule)

    def check_source(self, rule):
        if "source" in rule.when and not is_from(rule.when["source"], self.question.get("source")):
            raise No("source", "wrong_source", rule)

    def check_purpose(self, rule, actor):
        wanted = rule.when.get("purpose")
        if wanted is not None and (actor.purpose is None or not patterns.text_matches(wanted, actor.purpose)):
            raise No("purpose", "purpose_required", rule)

    def check_composition(self, rule, actor):
        stated = actor.composition
        if rule.when.get("composition") and (stated is None or stated != actor.agent.composition):
            raise No("composition", "composition_mismatch", rule)

    def check_after(self, rule, actor):
        for scope, within in rule.after:
            if not any(self._is_done(e) and e.agent is actor.agent and scope.has(*e.pairs[0])
                       and history.is_inside(e, within, self.now) for e in self.history):
                raise No("after", "order_violated", rule)

    def _is_done(self, event):
        """An allowed action that a service asked for and, where its rule has `outcome`, was reported done."""
        if event.kind != "allowed" or event.entry.get("asked_by") == "agent":
            return False
        return event.entry.get("outcome") != "missing" or not any(
            r.has_outcome for p in self.documents.policies.values() for r in p.rules if r.key in event.rules)

    def check_approval(self, rule, at):
        if rule.approval == at and self.approval != "given":
            raise No("approval", "approval_rejected" if self.approval == "rejected" else "approval_required", rule)

    # ---- hard stops

    def crossed(self, event, *kinds):
        """The stops whose line the event crosses, with the actor whose count it is; by actors, policies and documents."""
        found, charged = [], set()
        for actor in self.actors:
            # A key that several share (team, policy, lineage) is charged once.
            shared = {"team": actor.agent.team, "policy": "", "lineage": str(actor.lineage)}
            for policy in actor.agent.policies:
                for stop in policy.hard_stops:
                    key = (stop.name, shared.get(stop.by, actor))
                    if stop.on in kinds and key not in charged and history.is_heard(stop, event):
                        charged.add(key)
                        if history.would_fire(stop, actor.key, event, self.history, self.now):
                            found.append((stop, actor))
        return found

    def trips(self, event, *kinds):
        """The stops that fire, each once."""
        found = {stop.name: stop for stop, actor in self.crossed(event, *kinds) if not self.is_held(stop, actor)}
        self.notes += [("stop", s.on, s.by, quantity_of(s.document), s.document["then"]) for s in found.values()]
        return found

    def is_held(self, stop, actor):
        """While its hold lasts a stop does not fire again. A choice: a hold on what it would stop is its hold, whoever
        raised it. On a single event it takes the agent that acted, on a count the agent whose count it is."""
        agent = self.agent if quantity_of(stop.document) == "once" else actor.agent
        target = {"suspend_agent": ("agent", agent.id), "stop_team": ("team", agent.team), "stop_policy": ("policy", stop.policy.name)}
        return target.get(stop.document["then"]) in self.stops

    def judge(self, checks, event):
        """Runs the question's own checks and then says which stops fire and how the checks came out."""
        refusal, trips, given = None, {}, {}
        try:
            given = self.run(event)
        except No as no:
            refusal = no
        if refusal and refusal.reason == "hard_stop":
            trips = refusal.trips
        elif refusal and checks.index(refusal.check) < checks.index("hard_stop"):
            told = Event(self.documents, {**event.entry, "kind": "refused", "reason": refusal.reason}, is_asked=True)
            trips = self.trips(told, *["denied"] * told.is_denied(), *["attempted"] * told.is_attempt())
        return answer_of(checks, refusal, trips, given)

    def check_hard_stops(self, event, passing):
        """Judged as if the request passed. While a stop's hold lasts what crosses it is refused, and it does not fire again."""
        crossed = self.crossed(event, passing, "attempted")
        if crossed:
            no = No("hard_stop", "hard_stop", crossed[0][0])
            no.trips = self.trips(event, passing, "attempted")
            raise no


def quantity_of(document):
    return next((k for k in ("uses", "sum", "distinct", "count") if k in document), "once")


def is_from(blocks, source):
    """One block is enough. An IPv4-mapped address is IPv4, and so is a block within the mapped ones."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    wide = ipaddress.IPv6Address(f"::ffff:{mapped or address}") if mapped or address.version == 4 else address
    for block in map(ipaddress.ip_network, blocks):
        if block.version == 4:
            if (mapped or address) in block:
                return True
        elif wide in block and (wide.ipv4_mapped is None or block.prefixlen >= 96):
            return True
    return False


def answer_of(checks, refusal, trips, given):
    answer = {"decision": "deny" if refusal else "allow", "reason": refusal.reason if refusal else "allowed", "trips": sorted(trips)}
    by = refusal.by if refusal else given.pop("by")
    if by:
        named = {"policy": by.policy.name, "rule": by.id, "digest": by.policy.digest}
        answer.update({k: v for k, v in named.items() if v is not None})
    if not refusal:
        answer.update(given)
    at = checks.index(refusal.check) if refusal else len(checks)
    answer["checks"] = [[c, "pass" if i < at else "fail" if i == at else "not_reached"] for i, c in enumerate(checks)]
    return answer


def try_rules(candidates, checks):
    """The candidates that pass `checks`; if none does, the refusal of the one that got furthest (ties: first)."""
    passing, furthest = [], None
    for candidate, check in candidates:
        try:
            check()
        except No as no:
            if furthest is None or checks.index(no.check) > checks.index(furthest.check):
                furthest = no
        else:
            passing.append(candidate)
    return passing, furthest


def earliest(refusals, checks):
    """Of several, the one at the earliest check (ties: first)."""
    return min(refusals, key=lambda no: checks.index(no.check))
