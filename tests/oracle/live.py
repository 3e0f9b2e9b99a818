#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a running broker and a second evaluator, written from the policy language alone, give the same answers.

Random worlds (documents, stops, clears, reloads) and random requests, one broker a world; every verdict,
reason, deciding rule, lifetime, fired stop and introspection answer is compared. `--worlds N --seed S`; a
difference prints its seed, which gives the same world again."""
import argparse
import base64
import collections
import datetime
import hashlib
import json
import os
import random
import re
import secrets
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)
from broker import LONG, Broker, Tap, claims  # noqa: E402
from twin import Twin, well_formed  # noqa: E402

AUDIENCES = {"payments-api": "https://payments.example.gov", "ledger-api": "https://ledger.example.gov"}
SERVICES = {"payments-api": ["svc:**", "db:**"], "ledger-api": ["db:**", "svc:a/**", "svc:ab/**"]}
AGENTS = {"remediator": ("dana", "sam"), "reporter": ("sam", "dana"), "kit/one": ("dana", "sam")}
STEPS = 80


def instant(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class World:
    """The documents of one world, and its changes."""

    def __init__(self, rng, broker):
        self.rng, self.broker, self.folder = rng, broker, os.path.join(broker.state, "documents")
        self.secrets = {name: secrets.token_urlsafe(32) for name in [*AGENTS, "ledger-api"]}
        self.people = {p: self.read("people", p) for p in ("dana", "sam", "lee", "kim")}
        if rng.random() < 0.5:
            self.people["sam"]["team"] = "logistics"
        self.policies = {f"p{i}": self.policy(f"p{i}") for i in range(rng.randint(2, 4))}
        self.agents = {a: self.agent(a, *who) for a, who in AGENTS.items()}
        self.services = {s: self.service(s) for s in SERVICES}

    def read(self, kind, name):
        with open(os.path.join(self.folder, kind, name + ".json"), encoding="utf-8") as f:
            return json.load(f)

    def secret(self, name):
        return {"method": "client_secret_basic", "sha256": hashlib.sha256(self.secrets[name].encode()).hexdigest(), "expires": instant(80)}

    def agent(self, name, owner, backup):
        listed = self.rng.sample(sorted(self.policies), self.rng.randint(1, len(self.policies)))
        return {"agent": name, "description": "one of the oracle's", "owner": owner, "backup": backup, "authenticate": [self.secret(name)], "policies": listed}

    def service(self, name):
        document = self.read("services", "payments-api")
        document.update({"service": name, "tier": "low", "audiences": [AUDIENCES[name]], "resources": SERVICES[name]})
        if name != "payments-api":
            document["authenticate"] = [self.secret(name)]
        return document

    # ---- policies

    def resources(self, kinds=("svc", "svc", "db")):
        def one():
            n = self.rng.randint(1, 3)
            segments = [self.rng.choice(["a", "b", "ab", "*", "a*", "*b", "**", "a"]) for _ in range(n)]
            while segments.count("**") > 2:
                segments.remove("**")
            return f"{self.rng.choice(kinds)}:{'/'.join(segments)}"
        return list(dict.fromkeys(one() for _ in range(self.rng.randint(1, 2))))

    def actions(self):
        return list(dict.fromkeys(self.rng.choice(["x", "y", "x.y", "x.**", "*", "x*", "**", "x.*", "y.z"]) for _ in range(self.rng.randint(1, 2))))

    def limits(self):
        by = self.rng.choice(["agent", "team", "owner", "policy", "grant", "lineage", "resource"])
        limits = []
        if self.rng.random() < 0.4:
            limits.append({"count": self.rng.randint(1, 4), "within": "1h", "by": by})
        if self.rng.random() < 0.2:
            limits.append({"sum": "n", "max": self.rng.randint(2, 8), "within": "1h", "by": self.rng.choice(["agent", "policy", "team"])})
        if self.rng.random() < 0.15:
            limits.append({"uses": self.rng.randint(1, 3)})
        if self.rng.random() < 0.2:
            limits.append({"live_grants": self.rng.randint(1, 2)})
        # A limit that a new grant begins anew stands beside one that it does not.
        if any(limit.get("by") in ("grant", "lineage", "resource") or "uses" in limit for limit in limits) and not any(
                limit.get("by") in ("agent", "team", "owner", "policy") for limit in limits):
            limits.append({"count": self.rng.randint(3, 9), "within": "1h", "by": "agent"})
        keys = [tuple(sorted((k, v) for k, v in limit.items() if k not in ("max", "count", "uses"))) for limit in limits]
        return [limit for i, limit in enumerate(limits) if keys[i] not in keys[:i]]

    def rule(self, name):
        rule = {"id": name, "actions": self.actions(), "resources": self.resources(), "ttl": {"max": self.rng.choice(["10m", "20m", "1h"])}}
        if self.rng.random() < 0.5:
            rule["ttl"]["default"] = "5m"
        when = {}
        if self.rng.random() < 0.15:
            when["source"] = self.rng.choice([["127.0.0.0/8"], ["10.0.0.0/8"], ["10.20.0.0/16", "127.0.0.0/8"]])
        if self.rng.random() < 0.15:
            when["purpose"] = "INC-*"
        if self.rng.random() < 0.1:
            when["reason"] = True
        if self.rng.random() < 0.25:
            when["context"] = self.rng.choice([{"n": {"max": 3}}, {"mode": {"in": ["rolling", 1]}}, {"n": {"min": 1, "max": 4}, "mode": {"equals": "rolling"}},
                                               {"mode": {"matches": "ro*"}}, {"flag": {"equals": True}}])
        if when:
            rule["when"] = when
        if self.rng.random() < 0.05:
            rule["bind"] = ["dpop"]
        limits = self.limits()
        if limits:
            rule["limits"] = limits
        return rule

    def hard_stop(self, name):
        on = self.rng.choice(["denied", "denied", "allowed", "attempted", "granted"])
        stop = {"id": name, "on": on}
        shape = self.rng.choice(["count", "count", "count", "sum" if on in ("allowed", "attempted") else "count", "once"])
        if shape == "count":
            stop.update({"count": self.rng.randint(2, 4), "within": "1h"})
        elif shape == "sum":
            stop.update({"sum": "n", "max": self.rng.randint(3, 9), "within": "1h"})
        by = self.rng.choice(["agent", "agent", "grant", "lineage", "team", "policy"]) if shape != "once" else "agent"
        if on == "granted" and by in ("grant", "lineage"):
            by = "agent"
        stop["by"] = by
        stop["then"] = {"team": "stop_team", "policy": "stop_policy"}.get(by) or self.rng.choice(["revoke_grant", "revoke_grant", "suspend_agent"])
        if shape == "once" or self.rng.random() < 0.5:
            stop["resources"] = ["svc:c/**"] if shape == "once" else self.resources()
        if self.rng.random() < 0.3:
            stop["actions"] = self.actions()
        return stop

    def policy(self, name):
        document = {"policy": name, "description": "one of the oracle's", "owner": self.rng.choice(["dana", "sam"]), "tier": self.rng.choice(["low", "medium"]),
                    "audiences": self.rng.choice([[a] for a in AUDIENCES.values()] + [sorted(AUDIENCES.values())]),
                    "review": {"authored_by": "dana", "accepted_by": "dana"},
                    "allow": [self.rule(f"r{i}") for i in range(self.rng.randint(1, 3))],
                    "hard_stops": [self.hard_stop(f"h{i}") for i in range(self.rng.randint(1, 2))]}
        if self.rng.random() < 0.5:
            document["never"] = [{"id": f"n{i}", "actions": self.actions() if self.rng.random() < 0.5 else ["**"], "resources": self.resources()} for i in range(self.rng.randint(1, 2))]
        if self.rng.random() < 0.07:
            document["not_after"] = instant(-1)
        elif self.rng.random() < 0.1:
            document["not_before"] = instant(-1)
        return document

    def change(self):
        """Tightens, widens or takes away something."""
        name = self.rng.choice(sorted(self.policies))
        what = self.rng.random()
        if what < 0.1 or (what < 0.3 and not self.people["sam"]["active"]):
            self.people["sam"]["active"] = not self.people["sam"]["active"]
        elif what < 0.4:
            agent = self.agents[self.rng.choice(sorted(self.agents))]
            agent["policies"] = self.rng.sample(sorted(self.policies), self.rng.randint(1, len(self.policies)))
        elif what < 0.6:
            self.policies[name]["never"] = [{"id": "n0", "actions": ["**"], "resources": self.resources()}]
        elif what < 0.8:
            rules = self.policies[name]["allow"]
            i = self.rng.randrange(len(rules))
            rule = self.rule(rules[i]["id"])
            # A limit's history is kept from when the limit is there.
            rule.pop("limits", None)
            rules[i] = {**rule, **{k: v for k, v in rules[i].items() if k == "limits"}}
        else:
            self.policies[name]["hard_stops"][0] = self.hard_stop("h0")

    # ---- to the broker, and to the twin

    def write(self):
        for kind, of in {"people": self.people, "agents": self.agents, "services": self.services, "policies": self.policies}.items():
            folder = os.path.join(self.folder, kind)
            for name in os.listdir(folder):
                if name.endswith(".json"):
                    os.unlink(os.path.join(folder, name))
            for name, document in of.items():
                with open(os.path.join(folder, name.replace("/", "__") + ".json"), "w", encoding="utf-8") as f:
                    json.dump(document, f)

    def for_twin(self):
        documents = json.loads(json.dumps({"people": self.people, "agents": self.agents, "services": self.services, "policies": self.policies}))
        for policy in documents["policies"].values():
            if "not_after" in policy:
                policy["dates"] = "over"
            for rule in policy["allow"]:
                rule["ttl"] = {k: seconds(v) for k, v in rule["ttl"].items()}
        return documents


def seconds(duration):
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[duration[-1]]


class Run:
    """One world against one broker."""

    def __init__(self, rng, broker, client):
        self.rng, self.broker, self.client = rng, broker, client
        self.world, self.tokens, self.differences, self.log = World(rng, broker), {}, [], []
        self.seen = collections.Counter()
        self.world.write()
        answer = client.person("lee", "POST", "/v1/documents/reload", {})
        if answer.status != 200:
            raise RuntimeError(f"the world does not load: {answer.body.decode()[:2000]}")
        self.twin = Twin(self.world.for_twin())

    def basic(self, name):
        pair = f"{urllib.parse.quote(name, safe='')}:{self.world.secrets.get(name) or self.broker.secret(name + '.secret')}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    def differ(self, what, want, got):
        self.differences.append(f"step {len(self.log)} {what}\n  twin:   {want}\n  broker: {got}")

    # ---- requests

    def name(self, is_action):
        if self.rng.random() < 0.05:
            return self.rng.choice(["x..y", "x.", ".x", "x y", "x.*"] if is_action else ["svc:a/../b", "svc:a//b", "svc:a/", "svc:a%41", "svc:a b"])
        if is_action:
            return ".".join(self.rng.choice(["x", "y", "xy", "z"]) for _ in range(self.rng.choice([1, 1, 2, 2, 3])))
        return self.rng.choice(["svc", "svc", "db"]) + ":" + "/".join(self.rng.choice(["a", "b", "ab", "c", "a"]) for _ in range(self.rng.randint(1, 3)))

    def item(self, agent):
        """Mostly what some rule says, or something narrower; sometimes anything."""
        if self.rng.random() < 0.75:
            rule = self.rng.choice(self.world.policies[self.rng.choice(self.world.agents[agent]["policies"])]["allow"])
            action, resource = self.rng.choice(rule["actions"]), self.rng.choice(rule["resources"])
            if self.rng.random() < 0.4:
                resource = self.concrete(resource)
            return action, resource
        return self.name(True), self.name(False)

    def concrete(self, pattern):
        kind, _, rest = pattern.partition(":")
        return kind + ":" + "/".join({"**": "a/b", "*": "ab", "a*": "ab", "*b": "b"}.get(s, s) for s in rest.split("/"))

    def grant(self):
        agent = self.rng.choice(sorted(AGENTS))
        items = list(dict.fromkeys(self.item(agent) for _ in range(self.rng.choice([1, 1, 1, 2, 2, 3]))))
        if self.rng.random() < 0.02:
            items = []
        ask = {"agent": agent, "items": items, "malformed": [not fine_item(i) for i in items],
               "audience": self.audience(agent),
               "purpose": self.rng.choice([None, "INC-1", "INC-2", "cleaning"]), "lifetime": self.rng.choice([0, -5] if self.rng.random() < 0.04 else [None, None, 60, 400, 100000])}
        fields = {"grant_type": "client_credentials", "resource": ask["audience"]}
        if items:
            fields["authorization_details"] = json.dumps([{"type": "ambit", "actions": [a], "resources": [r]} for a, r in items])
        for name, value in {"purpose": ask["purpose"], "requested_lifetime": ask["lifetime"]}.items():
            if value is not None:
                fields[name] = str(value)
        ask["now"] = time.time()
        answer = self.client.form("/token", fields, self.basic(ask["agent"]))
        self.log.append(("grant", ask))
        want = self.twin.ask_grant(ask)
        self.seen["grant", want.reason] += 1
        if answer.status == 200:
            token = answer.json["access_token"]
            given = claims(token)
            got = ("allowed",)
            self.tokens[given["jti"]] = token
            if want.allowed:
                self.twin.given(given["jti"], ask, want, given["exp"])
                lifetime = given["exp"] - given["iat"]
                rules = list(dict.fromkeys((i[2], i[3]) for i in want.items))
                excepts = {(e["policy"], e["id"]) for d in given["authorization_details"] for e in d.get("except", [])}
                if not want.lifetime - 1 <= lifetime <= want.lifetime or [(p["policy"], p["rule"]) for p in given["policy"]] != rules or excepts != want.except_:
                    self.differ("what was granted", (want.lifetime, rules, want.except_), (lifetime, given["policy"], excepts))
        else:
            body = answer.json
            got = (body.get("ambit_reason"), body.get("ambit_rule"))
        if got[0] != want.reason or (not want.allowed and got[1] != want.rule):
            self.differ(f"grant {ask}", (want.reason, want.policy, want.rule), answer)
        self.trips(want, ask["agent"], None)

    def audience(self, agent):
        if self.rng.random() < 0.05:
            return "https://nowhere.example.gov"
        return self.rng.choice(self.world.policies[self.rng.choice(self.world.agents[agent]["policies"])]["audiences"])

    def context(self):
        context = {}
        if self.rng.random() < 0.8:
            context["n"] = self.rng.choice([1, 1, 2, 2, 3, 5, 0, -1, "x", True])
        if self.rng.random() < 0.7:
            context["mode"] = self.rng.choice(["rolling", "rolling", "roll", "big", 1, True])
        if self.rng.random() < 0.7:
            context["flag"] = self.rng.choice([True, True, False, 1])
        if self.rng.random() < 0.6:
            context["source"] = self.rng.choice(["10.1.2.3", "10.20.1.1", "127.0.0.1", "192.0.2.1"])
        if self.rng.random() < 0.5:
            context["stated_reason"] = "because"
        return context

    def action(self):
        grant = self.rng.choice(list(self.tokens))
        row = self.twin.grants[grant] if grant in self.twin.grants else None
        action, resource = self.name(True), self.name(False)
        if row and self.rng.random() < 0.75:
            item = self.rng.choice(row["items"])
            action = ".".join({"**": "x", "*": "y", "x*": "xy"}.get(s, s) for s in item[0].split("."))
            resource = self.concrete(item[1])
        service = self.rng.choice(sorted(SERVICES))
        if row and self.rng.random() < 0.93:
            service = next(s for s, a in AUDIENCES.items() if a == row["audience"])
        if not well_formed(resource, False):
            service = "payments-api"  # speaks for all of the kind
        ask = {"grant": grant, "service": service, "action": action, "resource": resource, "context": self.context(), "now": time.time()}
        question = {"subject": {"type": "access_token", "id": self.tokens[grant]}, "action": {"name": action},
                    "resource": dict(zip(("type", "id"), resource.split(":", 1))), "context": ask["context"]}
        answer = self.client.post_json("/access/v1/evaluation", question, self.basic(service))
        self.log.append(("action", ask))
        want = self.twin.ask_action(ask)
        self.seen["action", want.reason] += 1
        body = answer.json if answer.status == 200 else {"decision": None, "context": {}}
        got = (body["decision"], body["context"].get("reason"), body["context"].get("policy"), body["context"].get("rule"))
        if got != (want.allowed, want.reason, want.policy, want.rule):
            self.differ(f"action {ask}", (want.allowed, want.reason, want.policy, want.rule), got if answer.status == 200 else answer)
        self.trips(want, row and row["agent"], grant)

    def trips(self, want, agent, grant):
        """The stops that it fired are on record, in their order, and the twin takes them up."""
        after = max((s["seq"] for s in self.known.values()), default=-1)
        page = self.client.person("dana", "GET", "/v1/stops?state=all&limit=20").json["stops"]
        fresh = sorted((s for s in page if s["by"].startswith("hard_stop:") and s["seq"] > after and s["stop"] not in self.known), key=lambda s: s["seq"])
        self.known.update({s["stop"]: s for s in fresh})
        got = [s["by"].removeprefix("hard_stop:") for s in fresh]
        wanted = ["/".join(t) for t in want.trips]
        if got != wanted:
            self.differ("stops that fired", wanted, got)
        elif agent:
            self.twin.fire(want.trips, agent, grant, [s["stop"] for s in fresh])
            for s in fresh:
                if self.twin.stops[s["stop"]]["target"] != s["target"]:
                    self.differ("what the stop takes", self.twin.stops[s["stop"]], s)

    def introspect(self):
        grant = self.rng.choice(list(self.tokens))
        if grant not in self.twin.grants:
            return
        service = self.rng.choice(sorted(SERVICES))
        answer = self.client.form("/introspect", {"token": self.tokens[grant]}, self.basic(service)).json
        self.log.append(("introspect", grant, service))
        want = self.twin.introspect(grant, service, time.time())
        got = None
        if answer["active"]:
            got = {(a, r): d["type"] == "ambit-ask" for d in answer["authorization_details"] for a in d["actions"] for r in d["resources"]}
            alone = {f"{a}[{r}]" for (a, r), ask in got.items() if not ask}
            if set(answer.get("scope", "").split()) != alone:
                self.differ("scope", alone, answer)
        self.seen["introspect", "active" if want else "inactive"] += 1
        if got != want:
            self.differ(f"introspect {grant} {self.twin.grants[grant]}", want, answer)

    def stop(self):
        targets = ["agent:" + self.rng.choice(sorted(AGENTS)), "policy:" + self.rng.choice(sorted(self.world.policies)), "resource:" + self.world.resources()[0]]
        if self.tokens:
            targets.append(self.rng.choice(["grant:", "lineage:"]) + self.rng.choice(list(self.tokens)))
        if self.rng.random() < 0.03:
            targets = ["team:payments", "owner:sam", "all"]
        target = self.rng.choice(targets)
        answer = self.client.stop(target)
        self.log.append(("stop", target))
        if answer.status != 201:
            self.differ(f"stop {target}", 201, answer)
            return
        self.known[answer.json["stop"]] = answer.json
        self.twin.raise_stop(answer.json["stop"], target)

    def clear(self):
        standing = [s for s, row in self.twin.stops.items() if row["state"] == "in_force"]
        if not standing:
            return
        stop = self.rng.choice(standing)
        target = self.twin.stops[stop]["target"]
        answer = self.client.clear(stop)
        self.log.append(("clear", target))
        two = target.startswith(("team:", "owner:")) or target == "all"
        # Where two people clear, the first is told to wait for another, and is not the second one.
        want = (409 if stop in self.asked else 202) if two else 200
        if answer.status != want:
            self.differ(f"clear {target}", want, answer)
        self.asked.add(stop)
        if answer.status == 200:
            self.twin.clear(stop)

    def reload(self):
        self.world.change()
        self.world.write()
        answer = self.client.person("lee", "POST", "/v1/documents/reload", {})
        self.log.append(("reload", answer.status))
        if answer.status != 200:
            raise RuntimeError(f"the changed world does not load: {answer.body.decode()[:2000]}")
        self.twin.documents = self.world.for_twin()

    known = None

    def steps(self):
        self.known = {}
        self.asked = set()  # stops that one of two people cleared
        for _ in range(STEPS):
            move = self.rng.random()
            if move < 0.35 or not self.tokens:
                self.grant()
            elif move < 0.75:
                self.action()
            elif move < 0.86:
                self.introspect()
            elif move < 0.885:
                self.stop()
            elif move < 0.95:
                self.clear()
            else:
                self.reload()
            if self.differences:
                return


def fine_item(item):
    """Whether the two are patterns, as far as the requests made here go."""
    def plain(text, is_action):
        return well_formed(re.sub(r"\*+", "s", text), is_action)
    return plain(item[0], True) and plain(item[1], False)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--worlds", type=int, default=200 if LONG else 25)
    arguments.add_argument("--seed", type=int, default=1)
    arguments = arguments.parse_args()
    tap, seen, steps = Tap(), collections.Counter(), 0
    for seed in range(arguments.seed, arguments.seed + arguments.worlds):
        rng = random.Random(seed)
        with Broker() as broker, broker.client() as client:
            run = Run(rng, broker, client)
            run.steps()
            steps += len(run.log)
            seen += run.seen
            told = "\n".join(run.differences)
            if told:
                told += "\n" + json.dumps(run.world.for_twin()["policies"]) + "\n" + json.dumps({a: d["policies"] for a, d in run.world.agents.items()}) + "\n" + "\n".join(map(str, run.log[-8:]))
            if not tap.ok(not told, f"world {seed}: {len(run.log)} steps agree", told):
                continue
            if seed % 10 == 0:
                tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, f"world {seed}: ambit verify passes", broker.verify()[1])
    tap.note(f"{steps} steps; seen: {' '.join(f'{q}/{r}:{n}' for (q, r), n in sorted(seen.items()))}")
    if arguments.worlds >= 25:
        missing = {("grant", r) for r in ("allowed", "out_of_scope", "forbidden", "stopped", "wrong_audience", "malformed", "owner_required", "hard_stop")} \
            | {("action", r) for r in ("allowed", "out_of_scope", "forbidden", "stopped", "inactive", "malformed", "policy_changed", "limit_exceeded", "hard_stop",
                                       "context_violated", "missing_context", "wrong_audience")}
        tap.ok(not missing - set(seen), "the worlds meet the reasons that matter", missing - set(seen))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
