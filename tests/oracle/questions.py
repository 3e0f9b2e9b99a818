# SPDX-License-Identifier: Apache-2.0
"""Random questions about a world: most begin as one that a rule would pass, and are then bent."""
from model import clock, patterns, shape
from model.history import pairs_of
from worlds import AUDIENCES

GRANTS = ["GAAAAAAAAAAAAAAAAAAAA" + c for c in "AQgw"]
LINEAGES = ["LAAAAAAAAAAAAAAAAAAAA" + c for c in "AQgw"]
ADDRESSES = ["10.1.2.3", "10.2.0.1", "192.168.1.7", "192.168.1.8", "2001:db8::7", "::ffff:10.1.9.9", "fe80::1", "nowhere", "010.1.2.3", "::FFFF:10.1.2.3",
             "::ffff:a01:203", "10.1.2.3/8"]
PURPOSES = ["INC-1", "INC-", "x", "y", "a-1b", "", "x/y", "**"]
ODD_PURPOSES = ["x" * 1024, "x" * 1025, "\u00e9" * 512, "\u00e9" * 513, "a\nb", "a\u007fb", "a\u0085b", "\u00e9", "**", "INC-*"]
REASONS = ["forbidden", "out_of_scope", "not_delegable", "malformed", "context_violated", "wrong_source", "order_violated",
           "composition_mismatch", "wrong_audience", "binding_mismatch", "stopped", "inactive", "hard_stop", "limit_exceeded",
           "missing_context", "approval_required", "owner_required", "outside_hours", "purpose_required", "policy_changed"]
BAD_ACTIONS = ["", ".", "r.", ".r", "r w", "r..w", "r%41", "***", "r**", "a*b*c*d*", "**.**.**", "rä", "r{", "r?", "r\\", "r" * 513, ".".join(["r"] * 257)]
BAD_RESOURCES = ["", "svc", "svc:", ":x", "SVC:x", "svc:/x", "svc:x/", "svc:x//y", "svc:.", "svc:x/..", "svc:x y", "svc:x%2f", "svc:a***",
                 "svc:**x", "db:${agent}", "svc:**/**/**", "s c:x", "svc:" + "x" * 509, "t" * 65 + ":x"]
ODD_NAMES = ["svc:x:y", "svc:x.y", "svc:...", "svc:.x", "db:$x", "svc:" + "x" * 508, "svc:X", "other:x", "t" * 64 + ":x", "svc:" + "/".join(["x"] * 254)]


class Asker:
    """Draws questions about one world. `documents` is the model's reading of it."""

    def __init__(self, world, documents):
        self.world, self.rng, self.documents = world, world.rng, documents
        self.chance = world.chance
        self.agents = list(documents.agents.values())

    def question(self):
        pick = self.rng.random()
        question = self.grant() if pick < 0.44 else self.action() if pick < 0.9 else self.event()
        question["now"] = clock.text(self.now)
        question["history"] = sorted(question.get("history", []), key=lambda e: e["at"])
        return self.spoilt(question) if self.chance(0.01) else question

    def spoilt(self, question):
        """No question any more: a value of another type, a name that nobody has, an entry after now."""
        way = self.rng.choice(["type", "type", "name", "after"])
        if way == "name":
            question["agent"] = "ghost"
        elif way == "after" and question["history"]:
            question["history"][-1]["at"] = clock.text(self.now + self.rng.choice([1, 1000]))
        else:
            member = self.rng.choice([m for m in question if m in shape.TYPES])
            question[member] = self.rng.choice([v for v in (7, True, "x", [], {}) if isinstance(v, bool) or not isinstance(v, shape.TYPES[member])])
        return question

    # ---- times

    def draw_now(self, rule):
        """An instant at which the rule's windows are open, if one is found; often just at an edge of something."""
        rng, base = self.rng, self.world.base
        edges = [base]
        if rule:
            edges += [t for t in (rule.policy.not_before, rule.policy.not_after) if t is not None]
        def draw():
            where = rng.random()
            if where < 0.25:
                return rng.choice(edges) + rng.choice([-1000, -500, -1, 0, 1, 500, 999])
            if where < 0.5:
                return base + rng.randint(-180, 180) * 60_000 + rng.choice([-1, 0, 0, 1, 500])
            return base + rng.randint(-300, 400) * 900_000 + rng.choice([-1, 0, 0, 1, 123])
        self.now = draw()
        windows = rule.when.get("hours") if rule else None
        for _ in range(12 if windows and self.chance(0.8) else 0):
            if clock.open_until(windows, self.now) is not None:
                end = clock.open_until(windows, self.now)
                if self.chance(0.3):
                    self.now = end - rng.choice([0, 0, 0, 1, 500, 1000, 1500])
                break
            self.now = draw()

    def past(self, spans=("1s", "10s", "1m", "5m", "1h")):
        span = clock.duration(self.rng.choice(spans))
        back = self.rng.choice([0, 1, span - 1, span - 1, span, span, span + 1, self.rng.randint(0, span), self.rng.randint(0, span)])
        return clock.text(self.now - back)

    # ---- names

    def fill(self, pattern, keep):
        """A pattern made narrower; with keep = 0 a name."""
        rng = self.rng
        head, colon, rest = pattern.partition(":") if ":" in pattern else ("", "", pattern)
        separator = "/" if colon else "."
        words = ["x", "y", "xy", "xx"] if colon else ["r", "w", "a"]
        parts = []
        for part in rest.split(separator):
            if rng.random() < keep:
                parts.append(part)
            elif part == "**":
                parts += [rng.choice(words) for _ in range(rng.choice([0, 1, 1, 2]))]
            else:
                text = "".join(rng.choice(["", *words]) if c == "*" else c for c in part)
                parts.append(text or rng.choice(words))
        return head + colon + separator.join(parts or [rng.choice(words)])

    def resource_of(self, rule, who, keep):
        texts = [t for t in rule.document["resources"] if patterns.resolve(t, *who)] or ["svc:**"]
        kind, segments = patterns.resolve(self.rng.choice(texts), *who) or (":svc", ("x",))
        return self.fill(kind[1:] + ":" + "/".join(segments), keep)

    def item_of(self, rule, who, keep):
        return self.fill(self.rng.choice(rule.document["actions"]), keep), self.resource_of(rule, who, keep)

    # ---- what both kinds of question share

    def start(self):
        rng = self.rng
        agent = rng.choice(self.agents)
        rules = [r for p in agent.policies for r in p.rules]
        self.rule = rng.choice(rules) if rules else None
        self.draw_now(self.rule)
        when = self.rule.when if self.rule else {}
        given = {"agent": agent.id}
        if "purpose" in when or self.chance(0.4):
            fitting = [p for p in PURPOSES if patterns.text_matches(when.get("purpose", "*"), p)]
            given["purpose"] = rng.choice(fitting if fitting and self.chance(0.85) else PURPOSES + ODD_PURPOSES)
        if ("source" in when and self.chance(0.95)) or self.chance(0.3):
            given["source"] = rng.choice(ADDRESSES)
        bind = self.rule.bind if self.rule else None
        if (bind and self.chance(0.9)) or self.chance(0.15):
            given["binding"] = rng.choice(bind if bind and self.chance(0.9) else ["dpop", "mtls"])
        if self.chance(0.7 if when.get("composition") else 0.2):
            given["composition"] = agent.composition if agent.composition and self.chance(0.8) else "sha256:" + "b" * 64
        if self.chance(0.7 if self.rule and self.rule.approval else 0.2):
            given["approval"] = rng.choice(["given", "given", "given", "rejected"])
        return agent, given

    def finish(self, agent, question, names):
        rng = self.rng
        if self.chance(0.12):
            question["stops"] = [{"target": self.target(agent, question)} for _ in range(rng.choice([1, 1, 2]))]
        question["history"] = [self.entry(agent, question, names) for _ in range(rng.choice([0, 1, 2, 3, 4, 6, 9]))]
        for scope, within in (self.rule.after if self.rule else []):
            if self.chance(0.75):
                entry = {"at": clock.text(self.now - rng.choice([0, within - 1, within - 1, within])), "kind": "allowed", "agent": agent.id,
                         "action": self.fill(self.text_of(scope.actions), 0), "resource": self.fill(self.text_of(scope.resources or [(":svc", ("x",))]), 0)}
                question["history"].append(self.decorate(entry))
        return question

    def text_of(self, scope):
        kind, segments = self.rng.choice(scope)
        return kind[1:] + ":" + "/".join(segments) if kind != "action" else ".".join(segments)

    def target(self, agent, question):
        other = self.rng.choice(self.agents)
        resource = question.get("resource") or next((r for _, r in pairs_of(question.get("items", []))), None)
        near = [] if not resource or not patterns.read_resource(resource, True) else [f"resource:{resource}"] * 2
        return self.rng.choice([f"agent:{agent.id}", f"agent:{other.id}", f"team:{agent.team}", f"team:{other.team}", f"owner:{other.owner}",
                                f"policy:{self.rng.choice(self.world.policies_named)}", f"policy:{self.rng.choice(self.world.policies_named)}",
                                f"resource:{self.world.resource_pattern()}", f"resource:{self.world.resource_pattern()}", *near,
                                f"grant:{self.rng.choice(GRANTS)}", f"lineage:{self.rng.choice(LINEAGES)}", "all"])

    # ---- history

    def decorate(self, entry):
        if self.chance(0.7):
            entry["grant"] = self.rng.choice(GRANTS[:3])
        if self.chance(0.7):
            entry["lineage"] = self.rng.choice(LINEAGES[:2])
        if entry["kind"] == "allowed" and self.chance(0.15):
            entry["asked_by"] = "agent"
        if entry["kind"] == "allowed" and self.chance(0.2):
            entry["outcome"] = "missing"
        return entry

    def entry(self, agent, question, names):
        """Mostly the same agent, names and key as the question's, so that counts come near their bounds."""
        rng = self.rng
        who = agent if self.chance(0.75) else rng.choice(self.agents)
        kinds = ["allowed"] * 4 + ["refused"] * 2 + ["granted"] * 3 if question["question"] == "grant" else ["allowed"] * 6 + ["refused"] * 3 + ["granted"]
        if question["question"] == "event":
            kinds = [question["kind"]] * 3 + ["allowed"]
        kind = rng.choice(kinds)
        entry = {"at": self.past(), "kind": kind, "agent": who.id}
        if kind == "signal":
            return {**entry, "signal": rng.choice([question["signal"], "key.leaked"]), "from": rng.choice([question["from"], "two"])}
        action, resource = rng.choice(names) if names and self.chance(0.6) else (self.fill("**", 0), self.fill(rng.choice(["svc:**", "db:**"]), 0))
        if kind == "granted" or (kind == "refused" and self.chance(0.4)):
            is_same = question["question"] == "grant" and pairs_of(question["items"]) and self.chance(0.5)
            items = question["items"] if is_same else [{"actions": [action], "resources": [resource]}]
            entry["items"] = [{"actions": list(i["actions"]), "resources": list(i["resources"])} for i in items]
        else:
            entry.update(action=self.fill(action, 0), resource=self.fill(resource, 0))
            if patterns.read_action(action, True) is None or patterns.read_resource(resource, True) is None:
                entry.update(action=action, resource=resource)
        if kind == "granted":
            if self.chance(0.7):
                entry["lifetime_s"] = rng.choice([1, 2, 10, 60, 300, 3600])
            entry["audience"] = question.get("audience", rng.choice(AUDIENCES)) if self.chance(0.85) else rng.choice(AUDIENCES)
            if "binding" in question and self.chance(0.85):
                entry["binding"] = question["binding"]
        if kind == "refused":
            entry["reason"] = rng.choice(REASONS[:9] if self.chance(0.7) else REASONS)
        if kind in ("allowed", "refused", "unaccounted") and "items" not in entry and self.chance(0.8):
            entry["context"] = {m: rng.choice([0, 1, 2, 3, 9]) for m in ("rows", "n")}
        if self.rule and kind != "refused" and self.chance(0.5) and self.rule.policy.name in who.names:
            entry.update(policy=self.rule.policy.name, rule=self.rule.id)
        if "purpose" in question and self.chance(0.5):
            entry["purpose"] = question["purpose"]
        entry = self.decorate(entry)
        for member in ("grant", "lineage"):
            if member in question and self.chance(0.5):
                entry[member] = question[member]
        return entry

    # ---- grants

    def grant(self):
        rng = self.rng
        agent, question = self.start()
        question = {"question": "grant", **question}
        who = (agent.id, agent.team, question.get("purpose"))
        items = []
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            rule = self.rule if self.rule and self.chance(0.75) else rng.choice([r for p in self.documents.policies.values() for r in p.rules])
            action, resource = self.item_of(rule, who, 0.6)
            if self.chance(0.04):
                action = rng.choice(BAD_ACTIONS)
            if self.chance(0.04):
                resource = rng.choice(BAD_RESOURCES + ODD_NAMES)
            if self.world.has_many and self.chance(0.5):
                action, resource = "r", rng.choice(["svc:many/**", "svc:many/*", "svc:**"])
            items.append({"actions": [action], "resources": [resource]})
            if self.chance(0.15):
                items[-1]["actions"].append(self.fill("**", 0.3))
                items[-1]["resources"] = [resource, self.fill("svc:**", 0.3)]
        if self.world.has_many:  # how many are too many is a matter of the whole grant: one item
            items = items[:1]
        if len(set(pairs_of(items))) < len(pairs_of(items)):
            items = items[:1] if len(set(pairs_of(items[:1]))) == len(pairs_of(items[:1])) else [{"actions": [action], "resources": [resource]}]
        if self.chance(0.02):
            items = rng.choice([[], [{"actions": [f"a{i}" for i in range(11)], "resources": ["svc:x", "svc:y", "svc:xy"]}],
                                [{"actions": [f"a{i}" for i in range(16)], "resources": ["svc:x", "svc:y"]}]])
        question["items"] = items
        is_open = self.chance(0.06) and not self.world.has_many
        if is_open:  # an action on whatever its rules give
            question["items"] = items = [{"actions": [items[0]["actions"][0] if items and items[0]["actions"] else "r"]}]
            if self.chance(0.3):
                items[0]["actions"].append(self.fill("**", 0.3))
        if self.chance(0.9) or is_open:
            fitting = self.rule.policy.audiences if self.rule and self.chance(0.93) else AUDIENCES + ["https://nobody.example.gov"]
            question["audience"] = rng.choice(fitting)
        if self.chance(0.6):
            question["lifetime_s"] = rng.choice([1, 1, 2, 30, 300, 301, 900, 86400, 90000, 2**53 - 1]) if self.chance(0.97) else rng.choice([0, -1, 1 - 2**53])
        if self.chance(0.25):
            self.add_parent(agent, question, pairs_of(items), 3)
        question = self.finish(agent, question, [p for p in pairs_of(items) if p[0] and p[1]][:4])
        if "audience" not in question and len(pairs_of(question["items"])) > 1:
            # Whether such a request is the same as a live grant hangs on rules that are not chosen yet.
            question["history"] = [e for e in question["history"] if e["kind"] != "granted"]
        if is_open:  # what such a request replaces is not told by its items
            question["history"] = [e for e in question["history"] if e["kind"] != "granted"]
            question.pop("parent", None)
            question["stops"] = [s for s in question.get("stops", []) if not s["target"].startswith("policy:")]
        return question

    def add_parent(self, agent, question, pairs, most):
        """A parent that mostly may delegate these pairs to this agent."""
        rng = self.rng
        who = [a for a in self.agents if agent.id in a.delegates_to]
        parent_agent = rng.choice(who if who and self.chance(0.9) else self.agents)
        rules = [r for p in parent_agent.policies for r in p.rules if r.depth or self.chance(0.1)]
        if self.chance(0.7):
            rules = [r for r in rules if question.get("audience") in (None, *r.policy.audiences) and r.policy.is_inside_dates(self.now)
                     and not r.after and not r.bind and "composition" not in r.when] or rules
        if not rules:
            return
        parent = {"agent": parent_agent.id, "items": []}
        for member, source in (("purpose", PURPOSES), ("binding", ["dpop", "mtls"])):
            if self.chance(0.5):
                parent[member] = rng.choice(source)
        if self.chance(0.4) and parent_agent.composition:
            parent["composition"] = parent_agent.composition
        parent_who = (parent_agent.id, parent_agent.team, parent.get("purpose"))
        for action, resource in pairs[:4]:
            read = patterns.read_action(action, True), patterns.read_resource(resource, True)
            fitting = [r for r in rules if None not in read and r.contains(*read, parent_who)]
            if not fitting or self.chance(0.05):
                rule, objects = rng.choice(rules), {"actions": ["**"], "resources": ["svc:**"]}
            else:
                rule = rng.choice(fitting)
                objects = {"actions": [action if self.chance(0.6) else "**"], "resources": [resource if self.chance(0.6) else resource.split(":")[0] + ":**"]}
            parent["items"].append({**objects, "policy": rule.policy.name, **({"rule": rule.id} if self.chance(0.9) else {})})
        parent["expires_at"] = clock.text(self.now + rng.choice([-1, 0, 1, 500, 1000, 1001] if self.chance(0.2) else [60_000, 60_500, 3_600_000]))
        if "audience" in question or (most == 3 and self.chance(0.8)):
            parent["audience"] = question.get("audience", AUDIENCES[0]) if self.chance(0.96) else rng.choice(AUDIENCES)
        if self.chance(0.15):
            parent["except"] = [{"policy": "p0", "id": "n0", "actions": [self.world.action_pattern()], "resources": [self.world.resource_pattern()]}]
        if self.chance(0.7):
            parent["grant"] = rng.choice(GRANTS)
        # A child has the lineage of its parent; one that is only asked for has none yet.
        if "lineage" in question or (question.get("question") == "grant" and self.chance(0.5)):
            parent["lineage"] = question.get("lineage") or rng.choice(LINEAGES)
        if most > 1 and self.chance(0.35):
            self.add_parent(parent_agent, parent, pairs, most - 1)
        above = parent["parent"]["depth"] + 1 if "parent" in parent else 0
        parent["depth"] = above if self.chance(0.85) else rng.choice([0, 1, 2, 3])
        question["parent"] = parent

    # ---- actions

    def action(self):
        rng = self.rng
        agent, question = self.start()
        question = {"question": "action", **question}
        who = (agent.id, agent.team, question.get("purpose"))
        rules = [r for p in agent.policies for r in p.rules]
        items = []
        name = ("r", "svc:x")
        for n in range(rng.choice([1, 1, 2, 2])):
            rule = self.rule if rules and n == 0 else rng.choice(rules) if rules else None
            if rule is None:
                break
            action, resource = self.item_of(rule, who, 0.6)
            if n == 0:
                name = (self.fill(action, 0), self.fill(resource, 0))
            elif self.chance(0.4):
                action, resource = "**", name[1]
            items.append({"actions": [action] + ["r"] * self.chance(0.1) * (action != "r"), "resources": [resource], "policy": rule.policy.name})
            if self.chance(0.85):
                items[-1]["rule"] = rule.id
            if self.chance(0.04):
                items[-1]["rule"] = "gone"
        if self.chance(0.04):
            items = [{"actions": ["**"], "resources": ["svc:**", "db:**"], "policy": rng.choice(self.world.policies_named)}]
        rng.shuffle(items)
        question["grant_items"] = items or [{"actions": ["r"], "resources": ["svc:x"], "policy": self.world.policies_named[0]}]
        if self.chance(0.06):
            name = (self.fill("**", 0), self.fill(rng.choice(["svc:**", "db:**"]), 0))
        if self.chance(0.03):
            name = (rng.choice(BAD_ACTIONS), name[1]) if self.chance(0.5) else (name[0], rng.choice(BAD_RESOURCES + ODD_NAMES))
        question.update(action=name[0], resource=name[1], context=self.context())
        self.record(question)
        if self.chance(0.25):
            self.add_parent(agent, question, [name], 3)
        return self.finish(agent, question, [name] * 3 + [(i["actions"][0], i["resources"][0]) for i in question["grant_items"]])

    def record(self, question):
        """What the grant recorded."""
        rng = self.rng
        if self.chance(0.6):
            question["grant"], question["lineage"] = rng.choice(GRANTS[:3]), rng.choice(LINEAGES[:2])
        if self.chance(0.5):
            ttl = self.rule.ttl_max if self.rule else 1000
            question["issued_at"] = clock.text(self.now - rng.choice([0, 1, ttl - 1, ttl, ttl, ttl + 1]) if self.chance(0.7) else self.now)
        if self.chance(0.5):
            question["expires_at"] = clock.text((self.now + rng.choice([1000, 5000, 900_000]) if self.chance(0.93) else self.now + rng.choice([-1, 0, 1])))
        if self.chance(0.5):
            fitting = self.rule.policy.audiences if self.rule and self.chance(0.9) else AUDIENCES + ["https://nobody.example.gov"]
            question["audience"] = rng.choice(fitting)
        if self.chance(0.1):
            question["except"] = [{"policy": "p0", "id": "n0", "actions": [self.world.action_pattern()], "resources": [self.world.resource_pattern()]}]

    def context(self):
        rng = self.rng
        tests = self.rule.when.get("context", {}) if self.rule else {}
        fitting = {"equals": lambda v: v, "in": lambda v: rng.choice(v), "min": lambda v: v + rng.choice([0, 0, 1, -1]),
                   "max": lambda v: v - rng.choice([0, 0, 1, -1]), "matches": lambda v: v.replace("*", rng.choice(["", "y", "lling"]))}
        context = {"rows": rng.choice([0, 1, 1, 2, 3, 9]), "n": rng.choice([0, 1, 2, 3])}
        for member, test in tests.items():
            part = rng.choice(sorted(test))
            context[member] = fitting[part](test[part]) if self.chance(0.85) else rng.choice([0, 1, True, False, "x", "1", -1])
        for member in ("rows", "n", "mode", "flag"):
            if member in context and self.chance(0.06):
                context[member] = rng.choice(["1", -1, True])
            if member in context and self.chance(0.05):
                del context[member]
        if self.chance(0.9 if self.rule and self.rule.when.get("reason") else 0.3):
            context["stated_reason"] = "because" if self.chance(0.9) else ""
        return context

    # ---- events

    def event(self):
        rng = self.rng
        agent, _ = self.start()
        question = {"question": "event", "agent": agent.id}
        names = [(self.fill("**", 0), self.fill(rng.choice(["svc:**", "db:**"]), 0))]
        if self.chance(0.5):
            question.update(kind="signal", signal=rng.choice(["endpoint.compromised", "key.leaked"]), **{"from": rng.choice(["one", "two"])})
        else:
            question.update(kind="unaccounted", action=names[0][0], resource=names[0][1])
            if self.chance(0.6):
                question["grant"], question["lineage"] = rng.choice(GRANTS[:3]), rng.choice(LINEAGES[:2])
        self.rule = None
        question["history"] = [self.entry(agent, question, names) for _ in range(rng.choice([0, 1, 2, 3, 4]))]
        return question
