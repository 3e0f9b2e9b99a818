# SPDX-License-Identifier: Apache-2.0
"""The two questions and the event: documents, stops, history, request and now give an answer.

Both questions have the same form: a list of checks; some are of the request as a whole, the others are made
for each item and each rule that may give it; and all of them again for each ancestor of a delegated grant."""
import ipaddress
import unicodedata

from . import clock, history, patterns, shape
from .documents import Scope
from .history import Event, Key, is_number

GRANT = ("stop owner form never scope audience dates hours source purpose composition after binding lifetime "
         "limits hard_stop approval").split()
ACTION = ("audience grant stop live proof form never scope policy hours source purpose reason context after "
          "composition limits hard_stop approval").split()


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


def is_free_text(text):
    return len(text.encode()) <= 1024 and not any(unicodedata.category(c) == "Cc" for c in text)


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

    def trips(self, event, *kinds):
        """The stops that would fire, in the order of actors, policies and documents, each once."""
        found = {}
        for actor in self.actors:
            for policy in actor.agent.policies:
                for stop in policy.hard_stops:
                    if (stop.on in kinds and history.is_heard(stop, event) and not self.is_held(stop, actor)
                            and history.would_fire(stop, actor.key, event, self.history, self.now)):
                        found.setdefault(stop.name, stop)
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
        """Judged as if the request passed."""
        trips = self.trips(event, passing, "attempted")
        if trips:
            no = No("hard_stop", "hard_stop", next(iter(trips.values())))
            no.trips = trips
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


# ---- May this agent be granted this?

class Grant(Case):
    pin = None  # the one rule that may give, where an item was asked for without resources

    def run(self, event):
        if any("resources" not in o for o in self.question.get("items", [])):
            return self.run_open(event)
        self.pairs = event.pairs
        for check in (self.check_stop, self.check_owner, self.check_form, self.check_never, self.check_scope):
            check()
        rules = self.choose()
        event.entry["audience"] = self.audience
        self.check_hard_stops(event, "granted")
        given = [self.check_approvals(chain) for chain in rules]
        return {"by": given[0], "lifetime_s": self.lifetime(given), "except": self.exceptions}

    def run_open(self, event):
        """Items without resources ask for the action on the resource patterns of every rule that contains it and passes
        (TOK-12): each such pattern is asked for alone, of that rule alone, and what passes is asked for together."""
        actions = [a for o in self.question["items"] for a in o["actions"]]
        self.pairs = [(patterns.read_action(a, True), ()) for a in actions]
        self.check_stop()
        self.check_owner()
        self.check_form()
        refusals, given = [], []
        for text, (action, _) in zip(actions, self.pairs):
            rules = [r for p in self.agent.policies for r in p.rules if any(patterns.contains(a, action) for a in r.actions)]
            options = [(r, p) for r in rules if not self.is_policy_stopped(r.policy.name) for p in r.resolved(self.self.who)]
            passing, furthest = try_rules([(o, lambda o=o, t=text: self.try_option(t, *o)) for o in options], GRANT)
            if not passing:
                refusals.append(furthest or No("scope", "stopped" if rules and all(self.is_policy_stopped(r.policy.name) for r in rules) else "out_of_scope"))
            # The first rule that passes gives an item that several have.
            given += [(text, *o) for i, o in enumerate(passing) if o[1] not in [p for _, p in passing[:i]]]
        if refusals:
            raise earliest(refusals, GRANT)
        tries = [self.option(*g) for g in given]
        answers = [t.run(t.event) for t in tries]
        self.carry([row for a in answers for row in a["except"]])
        return {**answers[0], "lifetime_s": min(a["lifetime_s"] for a in answers), "except": self.exceptions}

    def option(self, action, rule, resource):
        """The question for one action on one resource pattern of one rule."""
        item = {"actions": [action], "resources": [resource[0][1:] + ":" + "/".join(resource[1])]}
        one = Grant(self.documents, {**self.question, "items": [item]})
        one.pin = rule
        one.event = Event(self.documents, {**self.event.entry, "items": [item]}, is_asked=True)
        return one

    def try_option(self, action, rule, resource):
        one = self.option(action, rule, resource)
        one.run(one.event)

    def check_stop(self):
        if self.is_agent_stopped(self.agent) or any(self.is_grant_stopped(a) for a in self.ancestors):
            raise No("stop", "stopped")

    def check_owner(self):
        if not all(a.agent.has_owners for a in self.actors):
            raise No("owner", "owner_required")

    def check_form(self):
        asked = [(a, r) for o in self.question.get("items", []) for a in o["actions"] for r in o.get("resources", ("every",))]
        if len(asked) > 32 or any(a is None or r is None for a, r in self.pairs):
            raise No("form", "malformed")
        if not asked:
            raise No("form", "nothing_requested")
        if self.question.get("lifetime_s", 1) <= 0 or not is_free_text(self.question.get("purpose", "")):
            raise No("form", "malformed")

    def check_never(self):
        """A single rule forbids an item whole; what overlaps goes with the grant as `except`."""
        rules = [n for actor in self.actors for p in actor.agent.policies for n in p.never]
        rows = list(self.ancestors[0].except_rows) if self.ancestors else []
        for action, resource in self.pairs:
            for never in rules:
                if never.scope.has(action, resource):
                    raise No("never", "forbidden", never)
            rows += [n.row for n in rules if n.scope.touches(action, resource)]
            self.carry(rows)

    def carry(self, rows):
        self.exceptions = [row for i, row in enumerate(rows) if row not in rows[:i]]
        if len(self.exceptions) > 64 and self.pin is None:
            raise No("never", "malformed")

    def check_scope(self):
        for action, resource in self.pairs:
            rules = [r for p in self.agent.policies for r in p.rules if r.contains(action, resource, self.self.who)]
            if not rules:
                raise No("scope", "out_of_scope")
            if all(self.is_policy_stopped(r.policy.name) for r in rules):
                raise No("scope", "stopped")
            self.check_parent(action, resource)
            if any(patterns.overlaps(stop, resource) for stop in self.stopped_resources()):
                raise No("scope", "stopped")

    def inside(self, ancestor, action, resource):
        return [i for i in ancestor.items if patterns.contains(i[0], action) and patterns.contains(i[1], resource)]

    def covering(self, ancestor, action, resource):
        """The ancestor's giving rules, as they stand now, of those of its items that contain this one."""
        rules = [ancestor.giving_rule(i) for i in self.inside(ancestor, action, resource)]
        return [r for r in rules if r and r.contains(action, resource, ancestor.who)]

    def check_parent(self, action, resource):
        depth = self.ancestors[0].given.get("depth", 0) + 1 if self.ancestors else 0
        for child, ancestor in zip(self.actors, self.ancestors):
            links = [(None, lambda i=i, c=child, a=ancestor: self.check_link(c, a, depth, i, action, resource))
                     for i in self.inside(ancestor, action, resource)]
            passing, furthest = try_rules(links, GRANT)
            if not passing:
                raise furthest or No("scope", "out_of_scope")
            if any(Scope(row).has(action, resource) for row in ancestor.except_rows):
                raise No("scope", "out_of_scope")  # not in what the parent has, whatever its items are

    def check_link(self, child, ancestor, depth, item, action, resource):
        """One item of an ancestor that contains the one asked for: its rule still gives it, and may be delegated."""
        rule = ancestor.giving_rule(item)
        if rule is None or not rule.contains(action, resource, ancestor.who):
            raise No("scope", "out_of_scope", rule)
        if child.agent.id not in ancestor.agent.delegates_to:
            raise No("scope", "not_delegable")
        if depth > rule.depth:
            raise No("scope", "not_delegable", rule)

    def candidates(self, actor, action, resource):
        if actor is self.self:
            return [r for p in actor.agent.policies if not self.is_policy_stopped(p.name) for r in p.rules
                    if self.pin in (None, r) and r.contains(action, resource, actor.who)]
        depth = self.ancestors[0].given.get("depth", 0) + 1
        return [r for r in self.covering(actor, action, resource) if depth <= r.depth]

    def choose(self):
        """For each item, the rules that pass all but the approval, of each actor."""
        # A child grant lies inside its parent's audience: without one of its own it has that.
        self.audience = self.question.get("audience", next((a.audience for a in self.ancestors if a.audience), None))
        refusals, chosen = [], []
        for action, resource in self.pairs:
            failed, chain = [], []
            for actor in self.actors:
                rules = [(r, lambda r=r, a=actor: self.check_rule(r, a)) for r in self.candidates(actor, action, resource)]
                passing, furthest = try_rules(rules, GRANT)
                failed += [furthest] if not passing else []
                chain.append(passing)
            refusals += [earliest(failed, GRANT)] if failed else []
            chosen.append(chain)
        if refusals:
            raise earliest(refusals, GRANT)
        if self.audience is None:
            self.settle_audience([next((r for r in chain[0] if self.is_approved(r)), chain[0][0]) for chain in chosen])
        return chosen

    def is_approved(self, rule):
        return rule.approval != "grant" or self.approval == "given"

    def settle_audience(self, giving):
        """Without an audience: the one common to the giving policies, never several by accident (TOK-14, RES-4)."""
        common = set.intersection(*(set(r.policy.audiences) for r in giving))
        if len(common) != 1:
            raise No("audience", "wrong_audience", giving[0])
        self.audience = common.pop()

    def check_rule(self, rule, actor):
        policy = rule.policy
        if self.audience is not None and actor.audience not in (None, self.audience):
            raise No("audience", "wrong_audience")  # a child grant lies inside its parent's audience; no rule decided
        recorded = self.audience if self.audience is not None else actor.audience
        if recorded is not None and recorded not in policy.audiences:
            raise No("audience", "wrong_audience", rule)
        if not policy.is_inside_dates(self.now):
            raise No("dates", "policy_expired", rule)
        self.check_hours(rule)
        self.check_source(rule)
        self.check_purpose(rule, actor)
        self.check_composition(rule, actor)
        self.check_after(rule, actor)
        if rule.bind and actor.binding not in rule.bind:
            raise No("binding", "binding_required", rule)
        if self.end_under(rule) <= self.now:
            raise No("lifetime", "expired", rule)
        request = self.event
        for limit in rule.limits:
            if ("grants" in limit or "live_grants" in limit) and not history.grants_hold(
                    limit, rule, actor.key, request, self.history, self.now, self.is_dead):
                self.notes.append(("limit", "grants" if "grants" in limit else "live_grants", limit.get("by", "agent")))
                raise No("limits", "limit_exceeded", rule)

    def end_under(self, rule):
        """When a grant given by this rule alone would end: on a whole second."""
        asked = self.question.get("lifetime_s")
        ends = [self.now + (rule.ttl_default if asked is None else asked * 1000), self.now + rule.ttl_max]
        if "hours" in rule.when:
            ends.append(clock.open_until(rule.when["hours"], self.now))
        ends += [rule.policy.not_after] if rule.policy.not_after is not None else []
        ends += [a.ends for a in self.ancestors if a.ends is not None]
        return min(ends) // 1000 * 1000

    def check_approvals(self, chain):
        """The first rule that passes gives the item; each ancestor's must pass as well."""
        for passing in chain:
            approved, furthest = try_rules([(r, lambda r=r: self.check_approval(r, "grant")) for r in passing], GRANT)
            if not approved:
                raise furthest
            if passing is chain[0]:
                giving = approved[0]
        return giving

    def lifetime(self, giving):
        return (min(map(self.end_under, giving)) - self.now) // 1000


# ---- May this grant do this now?

class Action(Case):
    def run(self, event):
        self.action, self.resource = event.pairs[0]
        for check in (self.check_audience, self.check_stop, self.check_live, self.check_form, self.check_never, self.check_scope):
            check()
        chains = self.choose()
        self.check_hard_stops(event, "allowed")
        return {"by": self.check_approvals(chains)}

    def check_audience(self):
        """The service addressed speaks for the resource."""
        audience = self.question.get("audience")
        if audience is not None:
            service = self.documents.audiences.get(audience)
            if service is None or not (self.is_spoken_for(service) if self.resource else self.has_type_of(service)):
                raise No("audience", "wrong_audience")

    def is_spoken_for(self, service):
        return any(patterns.matches(p, self.resource) for p in service.resources)

    def has_type_of(self, service):
        """A choice where the language is silent: a malformed name is the service's to speak for when its type is. By the
        letter it lies inside no pattern, so that no attempt with such a name would ever be the agent's."""
        kind, colon, _ = self.question["resource"].partition(":")
        return bool(colon) and any(p[0] == ":" + kind for p in service.resources)

    def check_stop(self):
        if any(self.is_grant_stopped(a) for a in self.actors):
            raise No("stop", "stopped")
        if self.resource and any(patterns.matches(p, self.resource) for p in self.stopped_resources()):
            raise No("stop", "stopped")

    def check_live(self):
        for actor in self.actors:
            if (actor.ends is not None and actor.ends <= self.now) or not actor.agent.has_active_owner:
                raise No("live", "inactive")

    def check_form(self):
        if self.action is None or self.resource is None:
            raise No("form", "malformed")

    def check_never(self):
        for actor in self.actors:
            for policy in actor.agent.policies:
                for never in policy.never:
                    if never.scope.has(self.action, self.resource):
                        raise No("never", "forbidden", never)

    def covering(self, actor):
        return [i for i in actor.items if i[0] and i[1] and patterns.matches(i[0], self.action) and patterns.matches(i[1], self.resource)]

    def check_scope(self):
        for actor in self.actors:
            if not self.covering(actor) or any(Scope(row).has(self.action, self.resource) for row in actor.except_rows):
                raise No("scope", "out_of_scope")

    def choose(self):
        chains, failed = [], []
        for actor in self.actors:
            rules = []
            for item in self.covering(actor):
                rule = actor.giving_rule(item)
                if rule:
                    rules.append((rule, lambda r=rule, a=actor: self.check_rule(r, a)))
                else:
                    rules.append((None, lambda i=item, a=actor: self.refuse_gone(i, a)))
            passing, furthest = try_rules(rules, ACTION)
            failed += [furthest] if not passing else []
            chains.append(passing)
        if failed:
            raise earliest(failed, ACTION)
        return chains

    def check_rule(self, rule, actor):
        if not self.still_gives(rule, actor):
            raise No("policy", "policy_changed", rule)
        self.check_hours(rule)
        self.check_source(rule)
        self.check_purpose(rule, actor)
        if rule.when.get("reason") and not self.context.get("stated_reason"):
            raise No("reason", "reason_required", rule)
        self.check_context(rule, actor)
        self.check_after(rule, actor)
        self.check_composition(rule, actor)
        key = Key(actor.agent, actor.grant, actor.lineage, self.question["resource"])
        for limit in rule.limits:
            if "grants" not in limit and "live_grants" not in limit:
                if not history.limit_holds(limit, rule, key, self.event, self.history, self.now):
                    self.notes.append(("limit", quantity_of(limit), limit.get("by", "grant" if "uses" in limit else "agent")))
                    raise No("limits", "limit_exceeded", rule)

    def refuse_gone(self, item, actor):
        """The rule that gave it is no more, or its agent does not list it: named as the grant recorded it."""
        policy = next((p for p in actor.agent.policies if p.name == item[2]), None)
        raise No("policy", "policy_changed", Gone(item[2], item[3], policy and policy.digest))

    def still_gives(self, rule, actor):
        policy, given = rule.policy, actor.given
        issued = clock.instant(given["issued_at"]) if "issued_at" in given else None
        return (policy.is_inside_dates(self.now)
                and actor.audience in (None, *policy.audiences)
                and rule.contains(self.action, self.resource, actor.who)
                and (not rule.bind or actor.binding is None or actor.binding in rule.bind)
                and (issued is None or self.now - issued <= rule.ttl_max)
                and (rule.approval != "grant" or self.approval == "given"))

    def check_context(self, rule, actor):
        tests = dict(rule.when.get("context", {}))
        sums = [limit["sum"] for limit in rule.limits if "sum" in limit]
        sums += [s.document["sum"] for p in actor.agent.policies for s in p.hard_stops
                 if "sum" in s.document and s.on in ("allowed", "attempted") and s.scope.has(self.action, self.resource)]
        if any(member not in self.context for member in [*tests, *sums]):
            raise No("context", "missing_context", rule)
        if not (all(context_holds(self.context[m], t) for m, t in tests.items())
                and all(is_number(self.context[f]) and self.context[f] >= 0 for f in sums)):
            raise No("context", "context_violated", rule)

    def check_approvals(self, chains):
        for passing in chains:
            approved, furthest = try_rules([(r, lambda r=r: self.check_approval(r, "action")) for r in passing], ACTION)
            if not approved:
                raise furthest
            if passing is chains[0]:
                charged = approved[0]
        return charged


def context_holds(value, test):
    """All parts of the test hold, and types are equal: true is no number."""
    def same(a, b):
        return type(a) is type(b) and a == b
    return (("equals" not in test or same(value, test["equals"]))
            and ("in" not in test or any(same(value, v) for v in test["in"]))
            and ("min" not in test or (is_number(value) and value >= test["min"]))
            and ("max" not in test or (is_number(value) and value <= test["max"]))
            and ("matches" not in test or (isinstance(value, str) and patterns.text_matches(test["matches"], value))))


# ---- the door

def answer(documents, question, notes=None):
    """The answer to one question, in the shape of /v1/explain (checks as pairs, no remedy, no text)."""
    kind, fault = question["question"], shape.fault(documents, question)
    if fault:
        return {"error": fault}
    members = ("agent", "items", "action", "resource", "context", "grant", "lineage", "audience", "binding", "purpose")
    asked = {k: question[k] for k in members if k in question}
    if kind == "event":
        case = Case(documents, question)
        event = Event(documents, {k: v for k, v in question.items() if k != "at"})
        answered = {"trips": sorted(case.trips(event, question["kind"]))}
    elif kind == "grant":
        case = Grant(documents, question)
        case.event = Event(documents, {"items": [], **asked, "kind": "granted"}, is_asked=True)
        answered = case.judge(GRANT, case.event)
    else:
        case = Action(documents, question)
        case.event = Event(documents, {**asked, "kind": "allowed"})
        answered = case.judge(ACTION, case.event)
    if notes is not None:
        notes += case.notes
    return answered
