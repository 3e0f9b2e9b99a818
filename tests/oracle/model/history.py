# SPDX-License-Identifier: Apache-2.0
"""History as a question gives it: what each entry was, whom and which rule it is charged to, and
what limits, `after` and hard stops read of it."""
from . import clock, patterns

DENIED = {"forbidden", "out_of_scope", "not_delegable", "malformed", "context_violated", "wrong_source",
          "order_violated", "composition_mismatch"}
NO_ATTEMPT = {"wrong_audience", "binding_mismatch"}  # of an action question


def is_number(value):
    return isinstance(value, int) and not isinstance(value, bool)


def pairs_of(objects):
    """A wire object stands for every pair of its actions and resources, in that order."""
    return [(a, r) for o in objects for a in o.get("actions", ()) for r in o.get("resources", ())]


class Event:
    """One event, recorded or about to be: an action, a token request, or one that stands alone."""

    def __init__(self, documents, entry, is_asked=False):
        self.kind, self.reason, self.entry = entry["kind"], entry.get("reason"), entry
        self.at = clock.instant(entry["at"]) if "at" in entry else None
        self.agent = documents.agents[entry["agent"]]
        self.grant, self.lineage = entry.get("grant"), entry.get("lineage")
        self.context = entry.get("context", {})
        self.is_token = "items" in entry
        self.texts = pairs_of(entry["items"]) if self.is_token else [(entry.get("action"), entry.get("resource"))]
        if is_asked and len(self.texts) > 32:  # malformed as a whole: it lies inside no pattern
            self.texts = []
        self.pairs = [(patterns.read_action(a, self.is_token), patterns.read_resource(r, self.is_token)) for a, r in self.texts]
        self.who = (self.agent.id, self.agent.team, entry.get("purpose"))
        self._rules = None

    @property
    def rules(self):
        """The rules that the event is charged to, as (policy, rule id)."""
        if self._rules is None:
            if "rule" in self.entry:
                self._rules = {(self.entry["policy"], self.entry["rule"])}
            else:
                found = [self._first_rule(a, r) for a, r in self.pairs if a and r]
                self._rules = {r.key for r in found if r}
        return self._rules

    def _first_rule(self, action, resource):
        wanted = self.entry.get("policy")
        return next((r for p in self.agent.policies if wanted in (None, p.name) for r in p.rules
                     if r.contains(action, resource, self.who)), None)

    def is_denied(self):
        return self.kind == "refused" and (self.reason in DENIED or (self.is_token and self.reason == "wrong_audience"))

    def is_attempt(self):
        return (self.kind in ("allowed", "granted")
                or (self.kind == "refused" and (self.is_token or self.reason not in NO_ATTEMPT)))

    def is_on(self, on):
        if on in ("denied", "attempted"):
            return self.is_denied() if on == "denied" else self.is_attempt()
        return self.kind == on

    def amount(self, field):
        value = self.context.get(field)
        return value if not self.is_token and is_number(value) and value >= 0 else 0

    def is_alive(self, now, is_dead):
        """Of an entry that granted: its grant still lives. It ends on the whole second of which lifetime_s is what was left."""
        if self.kind != "granted" or is_dead(self):
            return False
        lifetime = self.entry.get("lifetime_s")
        return lifetime is None or now < (self.at + 999) // 1000 * 1000 + lifetime * 1000


class Key:
    """Whose count it is: an agent with the grant and lineage under which it asks."""

    def __init__(self, agent, grant=None, lineage=None, resource=None):
        self.agent, self.grant, self.lineage, self.resource = agent, grant, lineage, resource

    def has(self, by, event):
        if by == "agent":
            return event.agent is self.agent
        if by == "team":
            return event.agent.team == self.agent.team
        if by == "owner":
            return event.agent.owner == self.agent.owner
        if by == "resource":
            return event.entry.get("resource") == self.resource
        if by == "grant":
            return event.grant == self.grant
        if by == "lineage":
            return event.lineage == self.lineage
        return by == "policy"


def is_inside(event, within, now):
    return within is None or now - event.at < within


# ---- limits

def limit_holds(limit, rule, key, event, history, now):
    """A limit on actions: what would pass the number is refused. `event` is the one asked for."""
    kind = next(k for k in ("uses", "sum", "distinct", "count") if k in limit)
    by = "grant" if kind == "uses" else limit.get("by", "agent")
    within = clock.duration(limit["within"]) if "within" in limit else None
    past = [e for e in history if e.kind == "allowed" and rule.key in e.rules and key.has(by, e) and is_inside(e, within, now)]
    if kind == "sum":
        return sum(e.amount(limit["sum"]) for e in [*past, event]) <= limit["max"]
    if kind == "distinct":
        return len({e.entry[limit["distinct"]] for e in [*past, event]}) <= limit["max"]
    return len(past) + 1 <= limit[kind]


def grants_hold(limit, rule, key, request, history, now, is_dead):
    """A limit on grants. `request` is the grant asked for, as an event."""
    by = limit.get("by", "agent")
    past = [e for e in history if e.kind == "granted" and rule.key in e.rules and key.has(by, e)]
    if "grants" in limit:
        return sum(is_inside(e, clock.duration(limit["within"]), now) for e in past) + 1 <= limit["grants"]
    alive = [e for e in past if e.is_alive(now, is_dead)]
    # A live grant of the same agent for the same items, audience and key is replaced by this one.
    audience = request.entry.get("audience") or (rule.policy.audiences[0] if len(rule.policy.audiences) == 1 else None)
    same = [e for e in alive if e.agent is request.agent and sorted(e.texts) == sorted(request.texts)
            and e.entry.get("audience") == audience and e.entry.get("binding") == request.entry.get("binding")]
    return len(alive) + 1 <= limit["live_grants"] or bool(same)


# ---- hard stops

def is_heard(stop, event):
    """Does the stop watch such an event? A token request counts under every `by` but these two."""
    if event.is_token and stop.by in ("grant", "lineage"):
        return False
    if stop.on == "signal":
        document = stop.document
        return event.entry["signal"] == document["signal"] and event.entry["from"] in document["from"]
    return stop.scope.is_everything or any(stop.scope.has(a, r) for a, r in event.pairs if a and r)


def _distinct(stop, event):
    """The texts that the event adds: of a token request, those of the items inside the stop."""
    place = 0 if stop.document["distinct"] == "action" else 1
    return {texts[place] for texts, (a, r) in zip(event.texts, event.pairs)
            if stop.scope.is_everything or (a and r and stop.scope.has(a, r))}


def would_fire(stop, key, event, history, now):
    document = stop.document
    if stop.after:
        scope, within = stop.after
        if not any(e.kind == "allowed" and key.has(stop.by, e) and is_inside(e, within, now) and scope.has(*e.pairs[0])
                   and stop.policy.name in e.agent.names for e in history):
            return False
    past = [e for e in history if e.is_on(stop.on) and stop.policy.name in e.agent.names and key.has(stop.by, e)
            and is_inside(e, stop.within, now) and is_heard(stop, e)]
    if "sum" in document:
        return sum(e.amount(document["sum"]) for e in [*past, event]) > document["max"]
    if "distinct" in document:
        return len(set().union(*(_distinct(stop, e) for e in [*past, event]))) > document["max"]
    return "count" not in document or len(past) + 1 >= document["count"]
