#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: what is handed on through the wire is what the language says: random agents exchange tokens below each other's
grants and act under them, and a second evaluator, which is told of each chain what the broker's own lists say of it,
gives the same reasons, deciding rules, lifetimes and exceptions. `--worlds N --seed S`; a difference prints its seed."""
import argparse
import collections
import datetime
import json
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)
from broker import LONG, Broker, Tap, claims  # noqa: E402
from family import AUDIENCE, OTHER, Family  # noqa: E402
from model import clock, judge  # noqa: E402
from model.documents import Documents  # noqa: E402

STEPS = 60
AGENTS = ("a0", "a1", "a2", "a3", "a4")
PEOPLE = ("dana", "sam")


def now_text():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class World:
    """Rules that mostly hold each other, so that most chains live; some do not."""

    def __init__(self, rng):
        self.rng = rng
        self.policies = {f"p{i}": self.policy() for i in range(3)}
        self.agents = {}
        for i, name in enumerate(AGENTS):
            below = [a for a in AGENTS[i + 1:] if rng.random() < 0.8]
            self.agents[name] = (rng.choice(PEOPLE), rng.sample(sorted(self.policies), rng.randint(1, 3)), below)

    def resource(self):
        return "svc:" + self.rng.choice(["**", "**", "a/**", "a/**", "a/*", "*/b/**", "a/b", "b/**"])

    def action(self):
        return self.rng.choice(["x.**", "x.**", "x.*", "x.y", "**", "y"])

    def area(self):
        return {"actions": list(dict.fromkeys(self.action() for _ in range(2))), "resources": list(dict.fromkeys(self.resource() for _ in range(2)))}

    def rule(self, name):
        rule = {"id": name, **self.area(), "ttl": {"max": self.rng.choice(["10m", "1h"])}}
        if self.rng.random() < 0.85:
            rule["delegation"] = {"depth": self.rng.randint(1, 4)}
        if self.rng.random() < 0.2:
            rule["when"] = self.rng.choice([{"purpose": "INC-*"}, {"source": ["10.0.0.0/8"]}, {"source": ["127.0.0.0/8"]}, {"context": {"n": {"max": 3}}}])
        return rule

    def policy(self):
        policy = {"allow": [self.rule(f"r{i}") for i in range(self.rng.randint(1, 3))],
                  "audiences": self.rng.choice([[AUDIENCE], [AUDIENCE], [AUDIENCE, OTHER]])}
        if self.rng.random() < 0.4:
            policy["never"] = [{"id": "n", "actions": ["**"], "resources": ["svc:" + self.rng.choice(["a/c/**", "b/**", "*/b/c"])]}]
        return policy


class Run:
    def __init__(self, rng, broker, client):
        self.rng, self.broker, self.client, self.world = rng, broker, client, World(rng)
        self.family = Family(broker, client, self.world.policies, self.world.agents)
        self.tokens, self.seen, self.differences = {}, collections.Counter(), []
        folder = os.path.join(broker.state, "documents")
        read = {kind: [self.read(os.path.join(folder, kind, name)) for name in sorted(os.listdir(os.path.join(folder, kind)))
                       if name.endswith(".json") and not name.endswith(".test.json")] for kind in ("people", "agents", "services", "policies")}
        self.documents = Documents(read)

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as f:
            return json.load(f)

    # ---- what the broker's lists say of a grant

    def row(self, grant):
        return next(g for g in self.client.person("dana", "GET", "/v1/grants?limit=1000&state=all").json["grants"] if g["grant"] == grant)

    def told(self, grant):
        """A grant as a question's `parent`: everything the language lets be said of it."""
        row = self.row(grant)
        above = self.told(row["parent"]) if "parent" in row else None
        told = {"agent": row["agent"], "items": row["items"], "expires_at": row["expires_at"], "depth": above["depth"] + 1 if above else 0,
                "audience": row["audience"], "grant": row["grant"], "lineage": row["lineage"]}
        told.update({k: row[k] for k in ("purpose", "except") if row.get(k)})
        return {**told, **({"parent": above} if above else {})}

    # ---- requests

    def concrete(self):
        return self.rng.choice(["x.y", "x.y.z", "y", "x", "z"]), self.rng.choice(["svc:a/b", "svc:a/c/d", "svc:b/x", "svc:a/b/c", "svc:c"])

    def item(self, parent):
        chance = self.rng.random()
        if parent and chance < 0.5:
            item = self.rng.choice(parent["items"])
            return item["actions"][0], self.rng.choice([item["resources"][0], "svc:a/b", "svc:a/*"])
        if chance < 0.9:
            return self.world.action(), self.world.resource()
        return self.concrete()

    def ask(self):
        parent = self.rng.choice([None, *self.tokens] if self.tokens and self.rng.random() < 0.3 else list(self.tokens)[-6:] or [None])
        told = self.told(parent) if parent else None
        below = self.world.agents[told["agent"]][2] if told else []
        agent = self.rng.choice(below) if below and self.rng.random() < 0.9 else self.rng.choice(AGENTS)
        items = list(dict.fromkeys(self.item(told) for _ in range(self.rng.choice([1, 1, 2]))))
        question = {"question": "grant", "agent": agent, "items": [{"actions": [a], "resources": [r]} for a, r in items], "source": "127.0.0.1",
                    **({"audience": self.rng.choice([AUDIENCE, AUDIENCE, OTHER])} if not parent or self.rng.random() < 0.5 else {}),
                    **({"purpose": self.rng.choice(["INC-1", "other"])} if self.rng.random() < 0.7 else {}),
                    **({"lifetime_s": self.rng.choice([60, 700, 9000])} if self.rng.random() < 0.5 else {}), **({"parent": told} if told else {})}
        fields = {"authorization_details": json.dumps([{"type": "ambit", **i} for i in question["items"]]), "resource": question.get("audience"),
                  "purpose": question.get("purpose"), "requested_lifetime": question.get("lifetime_s")}
        question["now"] = now_text()
        answer = (self.family.exchange(agent, self.tokens[parent], **fields) if parent
                  else self.family.form({"grant_type": "client_credentials", **fields}, agent))
        got = {"reason": answer.json.get("ambit_reason", "allowed"), "rule": answer.json.get("ambit_rule")}
        if answer.status == 200:
            given = claims(answer.json["access_token"])
            row = self.row(given["jti"])
            question["now"] = row["issued_at"]
            got.update(rule=row["items"][0]["rule"], lifetime_s=(clock.instant(row["expires_at"]) - clock.instant(row["issued_at"])) // 1000,
                       except_={(e["policy"], e["id"]) for e in row.get("except", [])})
            self.tokens[given["jti"]] = answer.json["access_token"]
            chain, act = [], given
            while "act" in act:
                act = act["act"]
                chain.append(act["sub"])
            up, at = [], told
            while at:
                up.append(at["agent"])
                at = at.get("parent")
            if [*chain, given["sub"]] != [agent, *up]:
                self.differences.append(f"who acts: {chain} for {given['sub']} instead of {[agent, *up]}")
        said = judge.answer(self.documents, question)
        want = {"reason": said.get("reason"), "rule": said.get("rule")}
        if "lifetime_s" in got:
            want.update(lifetime_s=said.get("lifetime_s"), except_={(e["policy"], e["id"]) for e in said.get("except", [])})
        self.compare("exchange" if parent else "grant", question, want, got)

    def act(self):
        grant = self.rng.choice(list(self.tokens))
        told = self.told(grant)
        action, resource = self.concrete()
        if self.rng.random() < 0.6:
            item = self.rng.choice(told["items"])
            action = ".".join({"**": "y", "*": "y"}.get(s, s) for s in item["actions"][0].split("."))
            resource = item["resources"][0].replace("**", "b").replace("*", "a")
        context = {"n": self.rng.choice([1, 5])} if self.rng.random() < 0.7 else {}
        if self.rng.random() < 0.8:
            context["source"] = self.rng.choice(["10.1.2.3", "127.0.0.1"])
        service = "payments-api" if told["audience"] == AUDIENCE else "other"
        answer = self.client.post_json("/access/v1/evaluation", {
            "subject": {"type": "access_token", "id": self.tokens[grant]}, "action": {"name": action},
            "resource": dict(zip(("type", "id"), resource.split(":", 1))), "context": context}, self.broker.basic(service)).json
        question = {"question": "action", "agent": told["agent"], "grant_items": told["items"], "action": action, "resource": resource,
                    "now": now_text(), "context": {k: v for k, v in context.items() if k != "source"},
                    **({"source": context["source"]} if "source" in context else {}),
                    **{k: told[k] for k in ("expires_at", "audience", "purpose", "except", "grant", "lineage", "parent") if k in told}}
        said = judge.answer(self.documents, question)
        got = {"reason": answer["context"]["reason"], "rule": answer["context"].get("rule")}
        self.compare("action below" if "parent" in told else "action", question, {"reason": said.get("reason"), "rule": said.get("rule")}, got)

    def compare(self, kind, question, want, got):
        self.seen[kind, got["reason"]] += 1
        if want != got:
            self.differences.append(f"{kind} {json.dumps(question)}\n  model:  {want}\n  broker: {got}")

    def steps(self):
        for _ in range(STEPS):
            if not self.tokens or self.rng.random() < 0.55:
                self.ask()
            else:
                self.act()
            if self.differences:
                return


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--worlds", type=int, default=100 if LONG else 12)
    arguments.add_argument("--seed", type=int, default=1)
    arguments = arguments.parse_args()
    tap, seen = Tap(), collections.Counter()
    for seed in range(arguments.seed, arguments.seed + arguments.worlds):
        with Broker() as broker, broker.client() as client:
            run = Run(random.Random(seed), broker, client)
            run.steps()
            seen += run.seen
            told = "\n".join(run.differences) + "\n" + json.dumps(run.world.policies) + "\n" + json.dumps(run.world.agents) if run.differences else ""
            tap.ok(not told, f"world {seed}: {sum(run.seen.values())} steps agree", told)
    tap.note(f"seen: {' '.join(f'{k}/{r}:{n}'.replace(' ', '-') for (k, r), n in sorted(seen.items()))}")
    if arguments.worlds >= 12:
        missing = {("exchange", r) for r in ("allowed", "out_of_scope", "not_delegable", "forbidden", "wrong_audience")} \
            | {("action below", r) for r in ("allowed", "out_of_scope", "forbidden")}
        tap.ok(not missing - set(seen), "the worlds meet the reasons that matter", missing - set(seen))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
