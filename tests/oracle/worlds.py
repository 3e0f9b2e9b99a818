# SPDX-License-Identifier: Apache-2.0
"""Random document sets for the oracle: few names and small alphabets, so that things collide."""
from model import clock

AUDIENCES = ["https://one.example.gov", "https://two.example.gov"]
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "UTC"]
# Clock changes of those zones, between which most `now` are drawn.
CHANGES = ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-11-01T06:00:00Z", "2027-03-14T07:00:00Z",
           "2026-10-03T15:30:00Z", "2027-04-03T15:00:00Z", "2026-06-15T12:00:00Z"]
SPANS = ["1s", "10s", "1m", "5m", "1h"]
SOURCES = ["10.0.0.0/8", "10.1.0.0/16", "192.168.1.7/32", "2001:db8::/32", "::ffff:10.2.0.0/112", "::/0"]
PURPOSES = ["INC-*", "*", "x", "*-1*", "INC-1"]
MEMBERS = ["n", "mode", "flag"]


def digits(rng, n=64):
    return "".join(rng.choice("0123456789abcdef") for _ in range(n))


class World:
    """One document set. `rng` is all that it depends on."""

    def __init__(self, rng):
        self.rng = rng
        self.base = clock.instant(rng.choice(CHANGES))
        self.people = [self.person(n) for n in ("dana", "sam", "lee", "kim")]
        self.agents_named = rng.sample(["a", "b", "x", "kit/d"], rng.randint(2, 4))
        self.has_many = self.chance(0.03)  # never rules, about as many as a grant may carry
        self.policies_named = [f"p{i}" for i in range(rng.randint(1, 4))]
        self.policies = [self.policy(n) for n in self.policies_named]
        self.agents = [self.agent(n) for n in self.agents_named]
        wide = rng.random() < 0.7
        self.services = [self.service("one", AUDIENCES[0], ["svc:**", "db:**"] if wide else ["svc:**", "db:x/**"]),
                         self.service("two", AUDIENCES[1], ["svc:**"])]

    def documents(self):
        return {"people": self.people, "agents": self.agents, "services": self.services, "policies": self.policies}

    def chance(self, p):
        return self.rng.random() < p

    def some(self, values, most):
        return self.rng.sample(values, self.rng.randint(1, min(most, len(values))))

    def person(self, name):
        return {"person": name, "name": name.title(), "email": f"{name}@example.gov", "team": self.rng.choice(["red", "blue", "x"]),
                "active": self.chance(0.98), "roles": ["owner", "oncall"]}

    def agent(self, name):
        owner, backup = self.rng.sample(["dana", "sam", "lee"], 2)
        document = {"agent": name, "description": "one of the oracle's", "owner": owner, "backup": backup,
                    "authenticate": [{"method": "federated_jwt", "issuer": "https://idp.example.gov", "subject": "sub:" + name}],
                    "policies": self.rng.sample(self.policies_named, self.rng.randint(0 if self.chance(0.1) else 1, len(self.policies_named)))}
        if self.chance(0.7):
            document["provenance"] = {"composition": "sha256:" + self.rng.choice("ab") * 64}
        others = [n for n in self.agents_named if n != name]
        if self.chance(0.8) and others:
            document["delegates_to"] = self.some(others, 3)
        return document

    def service(self, name, audience, resources):
        return {"service": name, "owner": "kim", "tier": "low", "audiences": [audience], "resources": resources,
                "authenticate": [{"method": "tls_client_auth", "san_dns": f"{name}.example.gov"}]}

    # ---- patterns

    def action_pattern(self):
        parts = [self.rng.choice(["r", "w", "a", "*", "**", "r*"]) for _ in range(self.rng.choice([1, 1, 2, 2, 3]))]
        return ".".join(parts) if parts.count("**") < 3 else "**"

    def resource_pattern(self, variables=False):
        words = ["x", "y", "xy", "*", "x*", "*y", "*x", "**", "**", "x*y*", "*x*y*"] + ["${agent}", "${team}", "${purpose}"] * variables
        parts = [self.rng.choice(words) for _ in range(self.rng.choice([1, 1, 2, 2, 3]))]
        if parts.count("**") > 2:
            parts = ["**"]
        return self.rng.choice(["svc:", "svc:", "db:"]) + "/".join(parts)

    def actions(self, most=2):
        return sorted({self.action_pattern() for _ in range(self.rng.randint(1, most))})

    def resources(self, most=2, variables=False):
        return sorted({self.resource_pattern(variables) for _ in range(self.rng.randint(1, most))})

    # ---- policies

    def policy(self, name):
        rng = self.rng
        document = {"policy": name, "description": "one of the oracle's", "owner": rng.choice(["dana", "sam", "lee"]),
                    "tier": "low", "audiences": rng.choice([AUDIENCES[:1], AUDIENCES[:1], AUDIENCES[1:], AUDIENCES]),
                    "review": {"authored_by": "dana", "accepted_by": "lee"},
                    "allow": [self.rule(f"r{i}") for i in range(rng.randint(1, 4))],
                    "hard_stops": [self.hard_stop(f"s{i}") for i in range(rng.choice([1, 1, 2, 3]))]}
        if self.chance(0.15):
            document["not_before"] = clock.text(self.base + rng.choice([-9_000_000, 0, 1, 4_000_000]))
        if self.chance(0.25):
            document["not_after"] = clock.text(self.base + rng.choice([5_000_000, 7_200_000, 100_000_000, 400_000_001]))
        if self.chance(0.35):
            document["never"] = [{"id": f"n{i}", "actions": self.actions(), "resources": self.resources()}
                                 for i in range(rng.choice([1, 1, 2]))]
        if self.has_many and name == "p0":
            document["never"] = [{"id": f"m{i}", "actions": ["r"], "resources": [f"svc:many/{i}"]} for i in range(rng.choice([63, 64, 64, 65]))]
            document["allow"][0].update(actions=["**"], resources=["svc:**"])
        if self.chance(0.05):
            document["mode"] = "shadow"
        return document

    def rule(self, name):
        rng = self.rng
        document = {"id": name, "actions": ["**"] if self.chance(0.25) else self.actions(3),
                    "resources": [rng.choice(["svc:**", "db:**", "svc:**"])] if self.chance(0.3) else self.resources(3, self.chance(0.3)),
                    "ttl": {"max": rng.choice(["1s", "30s", "5m", "15m", "24h"])}}
        if self.chance(0.4):
            document["ttl"] = {"default": rng.choice(["1s", "20s", "5m"]), "max": rng.choice(["5m", "15m", "24h"])}
        if self.chance(0.2):
            document["bind"] = rng.choice([["dpop"], ["mtls"], ["dpop", "mtls"]])
        if self.chance(0.6):
            document["delegation"] = {"depth": rng.choice([1, 1, 2, 3])}
        if self.chance(0.2):
            document["outcome"] = {"within": "2m"}
        if self.chance(0.2):
            document["approval"] = {"at": rng.choice(["grant", "action"]), "roles": ["oncall"], "timeout": "15m"}
        if self.chance(0.5):
            document["when"] = self.when()
        if self.chance(0.5):
            document["limits"] = self.limits()
        return document

    def when(self):
        makers = {"hours": self.hours, "source": lambda: self.some(SOURCES, 2), "purpose": lambda: self.rng.choice(PURPOSES),
                  "composition": lambda: True, "reason": lambda: True, "context": self.context_tests, "after": self.after_list}
        return {k: makers[k]() for k in self.some(sorted(makers), 2)}

    def hours(self):
        def clock_time(words=("00:00", "01:00", "01:30", "02:00", "02:30", "03:00", "03:30", "08:00", "14:15", "22:00", "23:59")):
            return self.rng.choice(words)
        out = []
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            window = {"from": clock_time(), "to": self.rng.choice([clock_time(), clock_time(), "24:00"]), "zone": self.rng.choice(ZONES)}
            if self.chance(0.5):
                window["days"] = self.some(list(clock.DAYS), 5)
            if window not in out:
                out.append(window)
        return out

    def context_tests(self):
        return {m: self.context_test() for m in self.some(MEMBERS, 2)}

    def context_test(self):
        rng = self.rng
        return rng.choice([{"equals": rng.choice([1, "x", True])}, {"in": rng.choice([[1, 2], ["x", "y"], [True, "x", 3]])}, {"min": 1},
                           {"max": 3}, {"min": 1, "max": 3}, {"matches": rng.choice(["x*", "*", "x*y", "ro*g"])}, {"min": 2, "in": [1, 2, 3]}])

    def after_list(self):
        out = []
        for _ in range(self.rng.choice([1, 1, 2])):
            one = {"actions": self.actions(), "within": self.rng.choice(SPANS)}
            if self.chance(0.4):
                one["resources"] = self.resources()
            if one not in out:
                out.append(one)
        return out

    def limits(self):
        rng = self.rng
        everyone, shared = ["agent", "team", "owner", "policy"], ["grant", "lineage", "resource"]
        out = []
        for _ in range(rng.choice([1, 1, 2, 3])):
            kind = rng.choice(["count", "sum", "distinct", "distinct", "grants", "live_grants", "uses"])
            limit = {kind: rng.randint(1, 3)}
            if kind in ("sum", "distinct"):
                limit = {kind: rng.choice(["rows", "n"]) if kind == "sum" else rng.choice(["resource", "action"]), "max": rng.choice([1, 2, 3, 10])}
            if kind not in ("live_grants", "uses"):
                limit["within"] = rng.choice(SPANS)
            if kind != "uses" and self.chance(0.8):
                limit["by"] = rng.choice(everyone if kind in ("grants", "live_grants") else everyone + shared)
            if limit.get("distinct") == limit.get("by") == "resource":
                limit["distinct"] = "action"  # each resource by itself is always one resource
            if limit not in out:
                out.append(limit)
        if any("uses" in l or l.get("by") in shared for l in out):
            out.append({"count": rng.choice([3, 50]), "within": "1h", "by": rng.choice(everyone)})
        return [l for i, l in enumerate(out) if l not in out[:i]]

    def hard_stop(self, name):
        rng = self.rng
        on = rng.choice(["denied", "denied", "allowed", "attempted", "granted", "unaccounted", "unaccounted", "signal"])
        by = rng.choice(["agent", "agent", "grant", "lineage", "team", "policy"] if on != "granted" else ["agent", "team", "policy"])
        stop = {"id": name, "on": on, "then": {"team": "stop_team", "policy": "stop_policy"}.get(by) or rng.choice(["revoke_grant", "suspend_agent"])}
        if by != "agent" or self.chance(0.3):
            stop["by"] = by
        if on == "signal":
            stop.update(signal=rng.choice(["endpoint.compromised", "key.leaked"]), **{"from": self.some(["one", "two"], 2)})
        elif self.chance(0.6):
            stop["actions"] = self.actions()
        if on != "signal" and (self.chance(0.5) or on in ("allowed", "granted") and "actions" not in stop):
            stop["resources"] = self.resources()
        kinds = {"signal": ["once", "count"], "granted": ["once", "count", "distinct"], "unaccounted": ["once", "count", "distinct"]}
        kind = rng.choice(kinds.get(on, ["once", "count", "count", "distinct", "distinct"] + ["sum"] * (on != "denied")))
        if kind == "once" and on in ("allowed", "attempted", "granted") and self.chance(0.6):
            kind = "count"
        if kind == "count":
            stop.update(count=rng.choice([1, 2, 2, 3, 3]), within=rng.choice(SPANS))
        elif kind == "sum":
            stop.update(sum="rows", max=rng.choice([1, 3, 10]), within=rng.choice(SPANS))
        elif kind == "distinct":
            stop.update(distinct=rng.choice(["resource", "action"]), max=rng.choice([1, 2, 3]), within=rng.choice(SPANS))
        if self.chance(0.2):
            stop["after"] = {"actions": self.actions(), "within": rng.choice(SPANS)}
            if self.chance(0.3):
                stop["after"]["resources"] = self.resources()
        return stop
