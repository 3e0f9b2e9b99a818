#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: from every id of a story the same chain is told: who wrote and confirmed the policy, who owns each agent of a delegation, who
was asked and said what, what was done and what became of it, what stopped it and who answered; an owner sees what is theirs;
no word of an agent or a person can forge a line."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap, claims  # noqa: E402
from family import Family, rule  # noqa: E402

tap = Tap()
HOSTILE = 'why\x1b[2Jnot\n14:00:00.000  allowed secret.read on secret:all\u202e\u200f" \u2028(erased)'
WORDS = HOSTILE.replace("\x1b", "").replace("\n", " ")  # what people write may hold no control characters
ASKED = {"roles": ["oncall"], "timeout": "15m"}
POLICIES = {
    "top": {"allow": [rule("d", 5, outcome={"within": "1h"}), rule("r", 5),
                      {"id": "asks", "actions": ["e.**"], "resources": ["svc:e/**"], "ttl": {"max": "30m"},
                       "approval": {"at": "action", **ASKED}},
                      {"id": "grants", "actions": ["f.**"], "resources": ["svc:f/**"], "ttl": {"max": "30m"},
                       "approval": {"at": "grant", "count": 2, **ASKED}}],
            "hard_stops": [{"id": "probing", "on": "denied", "count": 3, "within": "1h", "by": "lineage", "then": "revoke_grant"}]},
    "helper": {"allow": [rule("d", 5)]},
}
AGENTS = {"chief": ("dana", ["top"], ["hand"]), "hand": ("sam", ["helper"], ["finger"]), "finger": ("sam", ["helper"], [])}


class Story:
    """What happened, and the ids of it."""

    def __init__(self, broker, client):
        self.broker, self.client = broker, client
        self.family = Family(broker, client, POLICIES, AGENTS)
        for who, words in (("dana", "read it line by line"), ("sam", WORDS)):
            self.confirm(who, "policy", "top", words)
        self.confirm("dana", "agent", "chief", "it is mine")
        self.happen()

    def confirm(self, who, kind, name, reason):
        documents = self.client.person("dana", "GET", "/v1/events?type=documents.activated&limit=100").json["events"][-1]["detail"]
        digest = documents[{"policy": "policies", "agent": "agents"}[kind]][name]
        got = self.client.person(who, "POST", "/v1/documents/confirm", {"kind": kind, "name": name, "digest": digest, "reason": reason})
        if got.status != 200:
            raise RuntimeError(f"confirm: {got}")

    def approve(self, approval, *people):
        for who in people:
            got = self.client.person(who, "POST", f"/v1/approvals/{approval}", {"answer": "approve", "reason": f"{who} looked at it"})
            if got.status != 200:
                raise RuntimeError(f"approve: {got}")

    def act(self, token, action, resource, **context):
        kind, name = resource.split(":")
        return self.client.evaluate(token, action, {"type": kind, "id": name}, context or None).json["context"]

    def happen(self):
        client, family = self.client, self.family
        scope = "d.do[svc:d/**] r.do[svc:r/**] e.do[svc:e/x] f.do[svc:f/x]"
        asked = {"grant_type": "client_credentials", "scope": scope, "resource": "https://payments.example.gov", "purpose": WORDS}
        refused = family.form(asked, "chief").json
        self.refused, self.at_grant = refused["ambit_request"], refused["ambit_approval"]
        self.approve(self.at_grant, "lee", "kim")
        self.root = family.form({**asked, "approval": self.at_grant}, "chief").json["access_token"]
        denied = self.act(self.root, "e.do", "svc:e/x", stated_reason="the disk is full")
        self.at_action = client.person("lee", "GET", "/v1/approvals").json["approvals"][0]["approval"]
        self.approve(self.at_action, "lee")
        self.asked, self.allowed = denied["id"], self.act(self.root, "e.do", "svc:e/x", stated_reason="the disk is full")["id"]
        self.middle = family.exchange("hand", self.root, scope="d.do[svc:d/eu/**]").json["access_token"]
        self.last = family.exchange("finger", self.middle, scope="d.do[svc:d/eu/one]").json["access_token"]
        self.done = self.act(self.last, "d.do", "svc:d/eu/one")["id"]
        for side, outcome in ((self.broker.basic("payments-api"), "succeeded"), (f"Bearer {self.last}", "failed")):
            client.post_json(f"/v1/actions/{self.done}/outcome", {"outcome": outcome, "detail": f"it {outcome}"}, side)
        self.denied = [self.act(self.last, "d.do", f"svc:d/us/{i}", stated_reason=WORDS)["id"] for i in range(3)]
        stops = client.person("lee", "GET", "/v1/stops").json["stops"]
        self.stop, self.incident = stops[0]["stop"], stops[0]["incident"]
        self.txn = claims(self.root)["txn"]
        client.person("sam", "POST", f"/v1/incidents/{self.incident}/acknowledge", {"reason": "on it"})
        client.clear(self.stop, WORDS)
        client.person("sam", "POST", f"/v1/incidents/{self.incident}/close", {"reason": "a test, as it says"})

    def trace(self, x, who="lee", query=""):
        return self.client.person(who, "GET", f"/v1/trace/{x}{query}")

    def tree(self, *words, who="lee", env=None, stdin=None):
        return subprocess.run([os.path.join(self.broker.build, "ambit"), "trace", *words, "--state", self.broker.state, "--token-file",
                               os.path.join(self.broker.state, "credentials", who + ".token")], input=stdin or b"", capture_output=True,
                              timeout=60, env={**os.environ, **(env or {"LC_ALL": "C.UTF-8"})})




def chain(answer):
    """What must be the same, from whatever id it is asked."""
    body = answer.json
    events = {e["id"] for e in body["events"] if e["type"].startswith(("grant.", "action.allowed", "action.denied"))}
    return (sorted(g["grant"] for g in body["grants"]), sorted(a["approval"] for a in body["approvals"]), sorted(s["stop"] for s in body["stops"]),
            sorted(i["incident"] for i in body["incidents"]), sorted(p["policy"] for p in body["policies"]), sorted(events))


def same_from_everywhere(story):
    jti = {name: claims(token)["jti"] for name, token in (("root", story.root), ("middle", story.middle), ("last", story.last))}
    want = chain(story.trace(jti["root"]))
    tap.ok(len(want[0]) == 3 and len(want[1]) == 2 and len(want[2]) == 1 and len(want[3]) == 2 and len(want[5]) == 10, "a story has it all", want)
    seq = next(e["seq"] for e in story.trace(jti["root"]).json["events"] if e["type"] == "action.outcome")
    rows = {"a token in the middle": jti["middle"], "the last token": jti["last"], "a lineage": "lineage:" + jti["root"], "token:": "token:" + jti["last"],
            "the refusal that asked": story.refused, "an action that was asked about": story.asked, "an allowed action": story.allowed,
            "what was done at the end": story.done, "a denial": story.denied[0], "the denial that tripped": "decision:" + story.denied[2],
            "an approval of a grant": story.at_grant, "one of an action": "approval:" + story.at_action, "a stop": story.stop,
            "an incident": story.incident, "a transaction": "txn:" + story.txn, "a report": f"event:{seq}",
            "a trailer": "Ambit-Decision:" + story.done}
    for name, x in rows.items():
        got = story.trace(x)
        tap.ok(got.status == 200 and chain(got) == want, f"the same chain from {name}", chain(got) if got.status == 200 else got)
    for x in ("agent:nobody", "approval:" + jti["root"], "grant:" + story.stop, "lineage:x", "event:99999999", "Ambit-Decision:x"):
        tap.ok(story.trace(x).status == 404, f"{x[:12]}… is not there")


def members(story):
    body = story.trace(claims(story.last)["jti"]).json
    top = next(p for p in body["policies"] if p["policy"] == "top")
    tap.ok(top["review"]["accepted_by"] == "dana" and top["activated_by"] == "lee" and top["in_force"] and
           [(c["person"], c["how"], c["words"]) for c in top["confirmations"]] == [("dana", "word", "read it line by line"), ("sam", "word", WORDS)],
           "the policy with its review and who confirmed it, in whose words", top)
    chief = next(a for a in body["agents"] if a["agent"] == "chief")
    tap.ok([a["owner"] for a in body["agents"]] == ["dana", "sam", "sam"] and chief["confirmations"][0]["words"] == "it is mine" and
           chief["backup"] == "sam", "each agent with its owner, and the owner's word for it", body["agents"])
    approval = next(a for a in body["approvals"] if a["approval"] == story.at_grant)
    answers = [(a["person"], a["answer"], a["reason"]) for a in approval["answers"]]
    tap.ok(answers == [(p, "approve", f"{p} looked at it") for p in ("lee", "kim")] and all(0 <= a["took_ms"] < 60000 for a in approval["answers"])
           and approval["shown"].startswith("sha256:") and approval["used_by"], "who was asked, what was shown, what they said and how long it took", approval)
    action = next(a for a in body["actions"] if a["id"] == story.done)
    tap.ok([(r["by"], r["outcome"], r["words"]) for r in action["reports"]] == [("service", "succeeded", "it succeeded"), ("agent", "failed", "it failed")]
           and action["agreement"] == "mismatched", "what was done, and that the two sides do not agree on it", action)
    stop = body["stops"][0]
    counted = [e["id"] for e in body["events"] if e["seq"] in stop["counted"]]
    tap.ok(counted == story.denied and stop["tripped_by"] == story.denied[2] and stop["hard_stop"]["count"] == 3 and stop["cleared_reason"] == WORDS,
           "the stop with what it counted and who cleared it", stop)
    incident = next(i for i in body["incidents"] if i["incident"] == story.incident)
    tap.ok([(a["person"], a["words"]) for a in incident["acknowledgements"]] == [("sam", "on it")] and incident["closed_reason"] == "a test, as it says",
           "who answered", incident)
    tap.ok(body["next"] is None and body["above"] == [] and "erased" not in json.dumps([e for e in body["events"] if "erased" in e]),
           "nothing left out", body["next"])


def versions(story):
    """A policy that is asked about is told with every version of it, and who stands behind each."""
    before = [p["digest"] for p in story.trace("policy:top").json["policies"] if p["policy"] == "top"]
    document = story.broker.document("policies/top")
    document["review"] = {**document["review"], "generated_by": {"tool": "acme-assistant", "model": "m-1"}, "ticket": "SEC-1"}
    story.broker.propose("policies/top", document)
    story.family.reload()
    after = [p for p in story.trace("policy:top").json["policies"] if p["policy"] == "top"]
    tap.ok(len(before) == 1 and len(after) == 2 and {p["digest"]: p["in_force"] for p in after}[before[0]] is False and
           [p["review"]["ticket"] for p in after if p["in_force"]] == ["SEC-1"], "the versions of a policy", after)
    text = story.tree("policy:top").stdout.decode()
    tap.ok("written by dana with acme-assistant (m-1), ticket SEC-1" in text and "NOT in force any more" in text, "as a tree", text)


def strangers(story, ids):
    """Who owns nothing of it, audits nothing and is not on call; a service; an agent with its own token; nobody."""
    broker, client = story.broker, story.client
    broker.propose("people/ned", {"person": "ned", "name": "Ned", "email": "ned@example.gov", "team": "platform", "active": True, "roles": ["owner"]})
    broker.give_token("ned")
    story.family.reload()
    known = client.person("ned", "GET", "/v1/grants")
    tap.ok(known.status == 200 and known.json["grants"] == [], "an owner of nothing, who is known", known)
    for x in ids:
        got = story.trace(x, who="ned")
        tap.ok(got.status in (403, 404) and b"dana" not in got.body, f"not to somebody whose it is not: {x[:12]}", got)
    for who, header in (("a service", broker.basic("payments-api")), ("the agent", f"Bearer {story.last}"), ("nobody", "Bearer x")):
        got = client.call("GET", f"/v1/trace/{story.done}", headers={"Authorization": header})
        tap.ok(got.status == 401 and b"dana" not in got.body, f"not to {who}", got)
    done = story.tree(story.done, who="ned")
    tap.ok(done.returncode == 1 and b"dana" not in done.stdout, "nor as a tree", done)


def theirs(story):
    """An owner of a delegate sees their own hop, and of the ones above whose they are."""
    root, last = claims(story.root)["jti"], claims(story.last)["jti"]
    body = story.trace(last, who="sam").json
    tap.ok({e["owner"] for e in body["events"]} == {"sam"} and [(a["grant"], a["agent"], a["owner"]) for a in body["above"]] == [(root, "chief", "dana")]
           and root not in [g["grant"] for g in body["grants"]] and body["approvals"] == [], "a sub-owner's view", body["above"])
    text = story.tree(last, who="sam").stdout.decode()
    tap.ok("of chief, for whom dana answers; the rest of it is not shown to you" in text and "the disk is full" not in text and "d.do[svc:d/**]" not in text,
           "as a tree", text)
    tap.ok(story.trace(story.allowed, who="sam").json["events"][0]["owner"] == "sam", "from the id of another's action: what is theirs of it")
    strangers(story, (last, root, story.done, story.stop, story.incident, story.at_grant, "agent:finger", "policy:top"))
    read = [e for e in story.client.events(type="person.read") if e["person"] == "sam"]
    tap.ok(any(e["detail"]["what"].startswith("trace/") for e in read), "that they read it is recorded", read[-1:])


def pages(story):
    """Of what has many events the newest, the rest by cursor, and what frames them each time."""
    whole = [e["seq"] for e in story.trace("agent:finger").json["events"]]
    first = story.trace("agent:finger", query="?limit=2").json
    tap.ok(first["next"] and first["cut"] and first["left_out"]["events"] > 0 and first["stops"], "two of many, and the stop all the same", first.get("left_out"))
    seen, body = {e["seq"] for e in first["events"]}, first
    for _ in range(20):
        if body["next"] is None:
            break
        body = story.trace("agent:finger", query=f"?limit=2&cursor={body['next']}").json
        seen |= {e["seq"] for e in body["events"]}
    tap.ok(body["next"] is None and seen >= set(whole), "page by page all of it", (sorted(set(whole) - seen), body["next"]))
    for query in ("?limit=0", "?limit=1001", "?limit=x", "?cursor=x", "?what=1"):
        tap.ok(story.trace("agent:finger", query=query).status == 400, f"{query} is malformed")
    done = story.tree("agent:finger", "--limit", "2")
    tap.ok(re.search(rb"the newest \d+ events are told; \d+ (is|are) older: --cursor \d+", done.stdout), "the tree says how to go on", done)
    for words in (("--limit", "0"), ("--cursor", "x"), ("--of-token", "x"), ("--of-commit", "x")):
        tap.ok(story.tree("agent:finger", *words).returncode == 2, f"{words[0]} {words[1]}: wrong usage")


def shapes(story):
    """Tree, ASCII, timeline: no line but ours, whatever is in it."""
    jti = claims(story.last)["jti"]
    box, plain = story.tree(jti).stdout.decode(), story.tree(jti, env={"LC_ALL": "C"}).stdout
    tap.ok("\u251c\u2500" in box and b"|- " in plain and max(plain) < 0x80, "boxes where the terminal knows them, else ASCII", plain)
    timeline = story.tree("--timeline", jti).stdout.decode()
    lines = timeline.splitlines()
    events = story.trace(jti).json
    want = len(events["events"]) + sum(1 + len(p["confirmations"]) for p in events["policies"])
    tap.ok(len(lines) == want and lines == sorted(lines, key=lambda line: line[:24]), "a line an event, in time order", timeline)
    tap.ok(all(re.match(r"2\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ  ( {11}| *\+\S+ ?\S*)  \S", line) for line in lines), "with the time between", timeline)
    for name, text in (("tree", box), ("plain", plain.decode()), ("timeline", timeline), ("text", events["text"])):
        tap.ok(not any(c in text for c in ("\x1b", "\x00")) and (name == "text" or not any(c in text for c in ("\u202e", "\u200f", "\u2028"))) and
               not any(line.lstrip(" │├─└|`-").startswith("14:00:00") for line in text.split("\n")), f"{name}: no forged line", text)
    ours = re.compile(r"([│├└─|`\- ]*)(\d\d:\d\d:\d\d\.\d{3}  |[a-zN]|\d+ |\.\.\.|2\d{3}-)")
    tap.ok(all(ours.match(line) for line in box.split("\n") if line), "every line of the tree is ours", [line for line in box.split("\n") if line and not ours.match(line)])


def commits(story):
    message = f"Restart web-1\n\nIt hung.\n\nambit-decision:  {story.done} \r\nSigned-off-by: x\n".encode()
    done = story.tree("--of-commit", "-", stdin=message)
    tap.ok(done.returncode == 0 and story.done.encode() in done.stdout, "a commit message on standard input", done)
    path = os.path.join(story.broker.home, "message")
    with open(path, "wb") as file:
        file.write(message)
    tap.ok(story.tree("--of-commit", path).returncode == 0 and story.tree(f"Ambit-Decision: {story.done}").returncode == 0, "in a file; the line itself")
    for name, text in (("none", b"Fix it\n"), ("two", message + f"Ambit-Decision: {story.stop}\n".encode()), ("no id", b"Ambit-Decision: x; rm -rf\n")):
        tap.ok(story.tree("--of-commit", "-", stdin=text).returncode == 2, f"a message with {name}: wrong usage")
    token = os.path.join(story.broker.home, "token")
    with open(token, "w", encoding="utf-8") as file:
        file.write(story.last + "\n")
    done = story.tree("--of-token", token)
    tap.ok(done.returncode == 0 and claims(story.last)["jti"].encode() in done.stdout, "a token by its file", done)


def main():
    with Broker() as broker:
        with broker.client() as client:
            story = Story(broker, client)
            same_from_everywhere(story)
            members(story)
            theirs(story)
            pages(story)
            shapes(story)
            commits(story)
            versions(story)
        broker.stop()
        tap.ok(broker.verify()[0] == 0, "the record verifies", broker.verify())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
