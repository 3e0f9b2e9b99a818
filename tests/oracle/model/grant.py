# SPDX-License-Identifier: Apache-2.0
"""May this agent be granted this?"""
import unicodedata

from . import clock, history, patterns
from .case import Case, No, earliest, try_rules
from .documents import Scope
from .history import Event

CHECKS = ("stop owner form never scope audience dates hours source purpose composition after binding lifetime "
          "limits hard_stop approval").split()


def is_free_text(text):
    return len(text.encode()) <= 1024 and not any(unicodedata.category(c) == "Cc" for c in text)


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
            options = [(r, p) for r in rules for p in r.resolved(self.self.who)]
            passing, furthest = try_rules([(o, lambda o=o, t=text: self.try_option(t, *o)) for o in options], CHECKS)
            if not passing:
                refusals.append(furthest or No("scope", "out_of_scope"))
            # The first rule that passes gives an item that several have.
            given += [(text, *o) for i, o in enumerate(passing) if o[1] not in [p for _, p in passing[:i]]]
        if refusals:
            raise earliest(refusals, CHECKS)
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
        if self.is_policy_stopped(rule.policy.name):
            one.pairs = one.event.pairs
            one.check_never()
            raise No("scope", "stopped")
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
            passing, furthest = try_rules(links, CHECKS)
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
                passing, furthest = try_rules(rules, CHECKS)
                failed += [furthest] if not passing else []
                chain.append(passing)
            refusals += [earliest(failed, CHECKS)] if failed else []
            chosen.append(chain)
        if refusals:
            raise earliest(refusals, CHECKS)
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
        if actor is not self.self:
            return  # `grants` and `live_grants` count what a rule gave, and an ancestor's rule does not give the child's grant
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
            approved, furthest = try_rules([(r, lambda r=r: self.check_approval(r, "grant")) for r in passing], CHECKS)
            if not approved:
                raise furthest
            if passing is chain[0]:
                giving = approved[0]
        return giving

    def lifetime(self, giving):
        return (min(map(self.end_under, giving)) - self.now) // 1000
