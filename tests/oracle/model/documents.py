# SPDX-License-Identifier: Apache-2.0
"""Documents in force as the evaluator reads them: patterns read once, durations in milliseconds."""
import hashlib
import json

from . import clock, patterns


def digest(document):
    """RFC 8785 of what the generator writes: ASCII keys, integers, no escapes that differ."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def span(value):
    return None if value is None else clock.duration(value)


class Scope:
    """Lists of action and resource patterns; an absent list is all."""

    def __init__(self, document):
        self.actions = self._read(document.get("actions"), patterns.read_action)
        self.resources = self._read(document.get("resources"), patterns.read_resource)
        self.is_everything = self.actions is None and self.resources is None

    @staticmethod
    def _read(texts, read):
        return None if texts is None else [read(t, True) for t in texts]

    def has(self, action, resource):
        """An item or a name lies inside; what is malformed (None) lies inside no pattern."""
        if action is None or resource is None:
            return self.is_everything
        return ((self.actions is None or any(patterns.contains(p, action) for p in self.actions))
                and (self.resources is None or any(patterns.contains(p, resource) for p in self.resources)))

    def touches(self, action, resource):
        return (any(patterns.overlaps(p, action) for p in self.actions)
                and any(patterns.overlaps(p, resource) for p in self.resources))


class Rule:
    """An allow rule."""

    def __init__(self, policy, document):
        self.policy, self.id, self.document = policy, document["id"], document
        self.key = (policy.name, self.id)
        self.actions = [patterns.read_action(t, True) for t in document["actions"]]
        self.ttl_max = clock.duration(document["ttl"]["max"])
        self.ttl_default = clock.duration(document["ttl"].get("default", document["ttl"]["max"]))
        self.bind = document.get("bind")
        self.depth = document.get("delegation", {}).get("depth", 0)
        self.when = document.get("when", {})
        self.after = [(Scope(a), clock.duration(a["within"])) for a in self.when.get("after", [])]
        self.limits = document.get("limits", [])
        self.has_outcome = "outcome" in document
        self.approval = document.get("approval", {}).get("at")
        self._resolved = {}

    def contains(self, action, resource, who):
        """`who` is (agent, team, purpose) as the grant has them."""
        return (any(patterns.contains(p, action) for p in self.actions)
                and any(patterns.contains(p, resource) for p in self.resolved(who)))

    def resolved(self, who):
        if who not in self._resolved:
            self._resolved[who] = [p for t in self.document["resources"] if (p := patterns.resolve(t, *who))]
        return self._resolved[who]


class Never:
    def __init__(self, policy, document):
        self.policy, self.id, self.scope = policy, document["id"], Scope(document)
        self.row = {"policy": policy.name, "id": self.id, "actions": document["actions"], "resources": document["resources"]}


class HardStop:
    def __init__(self, policy, document):
        self.policy, self.id, self.document, self.scope = policy, document["id"], document, Scope(document)
        self.name = f"{policy.name}/{self.id}"
        self.on, self.by, self.within = document["on"], document.get("by", "agent"), span(document.get("within"))
        after = document.get("after")
        self.after = after and (Scope(after), clock.duration(after["within"]))


class Policy:
    def __init__(self, document):
        self.name, self.document, self.digest = document["policy"], document, digest(document)
        self.audiences = document["audiences"]
        self.not_before = clock.instant(document["not_before"]) if "not_before" in document else None
        self.not_after = clock.instant(document["not_after"]) if "not_after" in document else None
        self.is_shadow = document.get("mode") == "shadow"
        self.rules = [Rule(self, r) for r in document["allow"]]
        self.never = [Never(self, n) for n in document.get("never", [])]
        self.hard_stops = [HardStop(self, s) for s in document["hard_stops"]]

    def is_inside_dates(self, now):
        """From not_before on, until just before not_after."""
        return (self.not_before is None or now >= self.not_before) and (self.not_after is None or now < self.not_after)


class Agent:
    def __init__(self, documents, document):
        people = documents["people"]
        self.id, self.owner, self.backup = document["agent"], document["owner"], document["backup"]
        self.team = people[self.owner]["team"]
        self.has_active_owner = people[self.owner]["active"]
        self.has_owners = self.has_active_owner and people[self.backup]["active"]
        self.delegates_to = document.get("delegates_to", [])
        self.composition = document.get("provenance", {}).get("composition")
        self.listed = document["policies"]


class Documents:
    def __init__(self, sets):
        self.people = {p["person"]: p for p in sets["people"]}
        self.policies = {p["policy"]: Policy(p) for p in sets["policies"]}
        self.agents = {a["agent"]: Agent({"people": self.people}, a) for a in sets["agents"]}
        self.audiences = {u: Scope({"resources": s["resources"]}) for s in sets["services"] for u in s["audiences"]}
        for agent in self.agents.values():
            # A policy in shadow mode gives, forbids and stops nothing.
            agent.policies = [p for n in agent.listed if not (p := self.policies[n]).is_shadow]
            agent.names = {p.name for p in agent.policies}
