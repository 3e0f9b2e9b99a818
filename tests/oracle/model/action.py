# SPDX-License-Identifier: Apache-2.0
"""May this grant do this now?"""
from . import clock, history, patterns
from .case import Case, Gone, No, earliest, quantity_of, try_rules
from .documents import Scope
from .history import Key, is_number

CHECKS = ("audience grant stop live proof form never scope policy hours source purpose reason context after "
          "composition limits hard_stop approval").split()


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
            passing, furthest = try_rules(rules, CHECKS)
            failed += [furthest] if not passing else []
            chains.append(passing)
        if failed:
            raise earliest(failed, CHECKS)
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
            approved, furthest = try_rules([(r, lambda r=r: self.check_approval(r, "action")) for r in passing], CHECKS)
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
