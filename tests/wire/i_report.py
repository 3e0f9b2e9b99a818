#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: every figure of GET /v1/report is what a second reader of the record finds: a story is played (grants used and
unused, refusals, an approval, outcomes owed, kept and missed, stops by people and by a hard stop, hostile names), and
each figure is worked out again here from GET /v1/events alone. Then the views: an owner's, an empty period, the table,
the page, and what must be escaped in it."""
import datetime
import html.parser
import json
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap  # noqa: E402

DENIALS = ("action.denied", "grant.refused")
HOSTILE = "x<script>alert(1)</script>"


def ms(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def per(n, of, base=10000):
    return n * base // of


def share(n, of):
    return {"n": n, "of": of, "per_10000": per(n, of)} if of else None


# ---- the story


def prepare(broker, client):
    base = broker.document("policies/read-tickets")
    shared = {k: base[k] for k in ("owner", "tier", "audiences", "review")}
    broker.propose("policies/work", {
        **shared, "policy": "work", "description": "owes outcomes, and asks people",
        "allow": [{"id": "work", "actions": ["work.**"], "resources": ["svc:work/**"], "ttl": {"max": "15m"}, "outcome": {"within": "1s"}},
                  {"id": "ask", "actions": ["ask.do"], "resources": ["svc:ask/**"], "ttl": {"max": "15m"},
                   "approval": {"at": "grant", "roles": ["approver"], "timeout": "5m"}},
                  {"id": "never-used", "actions": ["idle.do"], "resources": ["svc:idle/**"], "ttl": {"max": "15m"}}],
        "hard_stops": [{"id": "probing", "on": "denied", "count": 2, "within": "1m", "then": "suspend_agent",
                        "resources": ["svc:closed/**"]}]})
    agent = broker.document("agents/remediator")
    broker.propose("agents/remediator", {**agent, "policies": agent["policies"] + ["work"]})
    return client.person("lee", "POST", "/v1/documents/reload")


def play(tap, broker, client):
    got = prepare(broker, client)
    tap.ok(got.status == 200, "the documents of the story", got)
    tickets = client.token().json["access_token"]
    for _ in range(3):
        client.evaluate(tickets)
    time.sleep(0.05)
    client.evaluate(tickets)
    client.evaluate(tickets, "ticket.delete")
    client.token("service.read[svc:staging/**] service.restart[svc:staging/**]")  # never used
    client.token("secret.read[secret:x]")  # refused
    work = client.token("work.do[svc:work/**] work.undo[svc:work/**]").json["access_token"]
    asked = [client.evaluate(work, "work.do", {"type": "svc", "id": f"work/{i}"}).json["context"]["id"] for i in range(3)]
    path = "/v1/actions/{}/outcome"
    client.post_json(path.format(asked[0]), {"outcome": "succeeded"}, broker.basic("payments-api"))
    client.post_json(path.format(asked[1]), {"outcome": "succeeded"}, broker.basic("payments-api"))
    client.post_json(path.format(asked[1]), {"outcome": "failed"}, f"Bearer {work}")
    pending = client.token("ask.do[svc:ask/**]").json
    got = client.person("lee", "POST", f"/v1/approvals/{pending['ambit_approval']}", {"answer": "approve", "reason": "it is fine"})
    tap.ok(got.status == 200, "a person approves at once", got)
    tap.ok("access_token" in client.token("ask.do[svc:ask/**]", approval=pending["ambit_approval"]).json, "and it is given")
    client.person("dana", "POST", "/v1/documents/confirm", confirmation(broker, "policies/work", "dana"))
    time.sleep(1.2)  # the third outcome falls due
    for i in range(2):
        client.evaluate(work, "work.do", {"type": "svc", "id": f"closed/{i}"})
        time.sleep(0.02)
    client.evaluate(work, "work.do", {"type": "svc", "id": "work/1"})  # stopped: the service has seen it
    stops = client.person("lee", "GET", "/v1/stops").json["stops"]
    tap.ok(len(stops) == 1 and stops[0]["by"] == "hard_stop:work/probing", "the hard stop fired", stops)
    client.person("dana", "POST", f"/v1/incidents/{stops[0]['incident']}/acknowledge", {"reason": "looking"})
    client.clear(stops[0]["stop"])
    client.stop("agent:reporter", who="lee")
    client.stop("agent:remediator", dry_run=True)


def confirmation(broker, path, _who):
    import hashlib
    value = broker.document(path)
    canonical = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    return {"kind": "policy", "name": value["policy"], "digest": "sha256:" + hashlib.sha256(canonical).hexdigest(), "reason": "read it"}


# ---- the second reader


class Reader:
    def __init__(self, events, people):
        self.events, self.people = events, people

    def of(self, *types):
        return [e for e in self.events if e["type"] in types]

    def decisions(self):
        t = {name: len(self.of(kind)) for name, kind in (("allowed", "action.allowed"), ("denied", "action.denied"),
                                                         ("granted", "grant.issued"), ("refused", "grant.refused"))}
        no = t["denied"] + t["refused"]
        t["folded"] = 0
        if no + t["allowed"] + t["granted"]:
            t["denials_per_1000"] = per(no, no + t["allowed"] + t["granted"], 1000)
        t["denials"] = {}
        for e in self.of(*DENIALS):
            t["denials"][e["reason"]] = t["denials"].get(e["reason"], 0) + 1
        return t

    def traceability(self, confirmed):
        allowed = self.of("action.allowed")
        issued = {e["grant"] for e in self.events if e["type"] == "grant.issued"}
        links = {"grant": sum(e.get("grant") in issued for e in allowed), "rule": len(allowed), "version": len(allowed),
                 "owner": sum(e.get("owner") in self.people for e in allowed),
                 "confirmed": sum(e["policy"] in confirmed for e in allowed)}
        whole = sum(e.get("grant") in issued and e.get("owner") in self.people and e["policy"] in confirmed for e in allowed)
        decided = self.of("action.allowed", "grant.issued", *DENIALS)
        acts = [e for e in self.of("stop.raised", "stop.cleared", "approval.given", "approval.refused")
                if not e.get("by", "").startswith("hard_stop:")]
        return {"traceability": share(whole, len(allowed)), "links": links if allowed else None,
                "attribution": share(sum(e.get("owner") in self.people for e in decided), len(decided)),
                "acts_by_named_people": share(sum(e.get("person") in self.people for e in acts), len(acts))}

    def authority(self):
        items, last, granted, used = {}, {}, 0, 0
        for e in self.events:
            if e["type"] == "grant.issued":
                last[e["grant"]] = ms(e["time"])
                granted += e["lifetime_s"]
                for item in e["items"]:
                    items.setdefault((e["agent"], item["policy"], item["rule"], item["actions"][0]), False)
            if e["type"] == "action.allowed":
                used += ms(e["time"]) - last[e["grant"]]
                last[e["grant"]] = ms(e["time"])
                for key in items:
                    if key[:3] == (e["agent"], e["policy"], e["rule"]) and key[3] == e["action"]:
                        items[key] = True
        owed = sum("outcome_due" in e for e in self.of("action.allowed"))
        out = {"items_unused": share(sum(not u for u in items.values()), len(items)), "outcomes_owed": owed,
               "unaccounted": len(self.of("action.unaccounted")),
               "mismatched": sum(e["agreement"] == "mismatched" for e in self.of("action.outcome")),
               "late": sum(e.get("late", False) for e in self.of("action.outcome"))}
        if granted:
            out.update(granted_s=granted, used_s=used // 1000, used_per_10000=per(used, granted * 1000))
        if owed:
            out.update(unaccounted_per_1000=per(out["unaccounted"], owed, 1000), mismatched_per_1000=per(out["mismatched"], owed, 1000))
        return out

    def approvals(self):
        asked = {e["approval"]: ms(e["time"]) for e in self.of("approval.asked")}
        times = sorted(ms(e["time"]) - asked[e["approval"]] for e in self.of("approval.given", "approval.refused"))
        out = {"asked": len(asked), "given": sum("approval_until" in e for e in self.of("approval.given")),
               "refused": len(self.of("approval.refused")), "lapsed": len(self.of("approval.lapsed"))}
        if times:
            n = len(times)
            out["time_to_answer"] = {"n": n, "median_ms": times[(n * 50 + 99) // 100 - 1], "p95_ms": times[(n * 95 + 99) // 100 - 1]}
            out["under_5s"] = share(sum(t < 5000 for t in times), n)
        return out

    def stops(self):
        raised = self.of("stop.raised")
        hard = sum(e.get("by", "").startswith("hard_stop:") for e in raised)
        return {"by_person": len(raised) - hard, "by_hard_stop": hard, "cleared": len(self.of("stop.cleared"))}


def compare(tap, broker, client, everything):
    people = {"dana", "sam", "lee", "kim"}
    got = client.person("dana", "GET", "/v1/report")
    tap.ok(got.status == 200, "a report", got)
    report = got.json
    total = report["total"]
    reader = Reader([e for e in everything if e["seq"] < report["complete_to"]], people)
    for name, want in {**reader.decisions(), **reader.traceability({"work"}), **reader.authority()}.items():
        tap.ok(total.get(name) == want, f"{name} is what the record gives", (name, total.get(name), want))
    tap.ok(total["approvals"] == reader.approvals(), "approvals", (total["approvals"], reader.approvals()))
    tap.ok({k: total["stops"][k] for k in ("by_person", "by_hard_stop", "cleared")} == reader.stops(), "stops", total["stops"])
    stops_told(tap, reader, report)
    whose(tap, reader, report)
    return reader


def stops_told(tap, reader, report):
    events = reader.of("stop.raised")
    hard = next(s for s in report["stops"] if s["cause"] == "hard_stop")
    raised = next(e for e in events if e["stop"] == hard["stop"])
    counted = [e for e in reader.of("action.denied") if e.get("resource", "").startswith("svc:closed/")]
    seen = next(e for e in reader.of("action.denied") if e["seq"] > raised["seq"] and e["reason"] in ("stopped", "inactive"))
    acknowledged = reader.of("incident.acknowledged")[0]
    want = {"first_counted_to_force_ms": ms(raised["time"]) - ms(counted[0]["time"]),
            "to_acknowledged_ms": ms(acknowledged["time"]) - ms(raised["time"]),
            "to_cleared_ms": ms(reader.of("stop.cleared")[0]["time"]) - ms(raised["time"]),
            "services": [{"service": "payments-api", "evidence": "first_refusal", "after_ms": ms(seen["time"]) - ms(raised["time"])}]}
    for name, value in want.items():
        tap.ok(hard.get(name) == value, f"a stop's {name}", (hard, value))
    other = next(s for s in report["stops"] if s["cause"] == "person")
    tap.ok(other["by"] == "lee" and other["target"] == "agent:reporter" and other["services"] == [], "a stop that took no live grant", other)


def whose(tap, reader, report):
    tap.ok([a["person"] for a in report["approvers"]] == ["lee"] and report["approvers"][0]["under_5s_per_10000"] == 10000,
           "who answers within five seconds is named", report["approvers"])
    over = {(o["agent"], o["policy"], o["rule"], o["action"]) for o in report["over_granted"]}
    tap.ok(("remediator", "restart-services", "staging", "service.restart") in over and ("remediator", "work", "work", "work.undo") in over
           and not any(o[3] in ("ticket.read", "work.do") for o in over), "what was granted and not used", over)
    policies = {p["policy"]: p for p in report["policies"]}
    tap.ok(policies["work"]["rules"] == 3 and policies["work"]["rules_unused"] == 2, "rules that nobody used", policies["work"])
    tap.ok(policies["work"]["activated_at"] == reader.of("documents.activated")[-1]["time"] and not policies["work"]["review_met"]
           and policies["read-tickets"]["activated_at"] == reader.of("documents.activated")[0]["time"], "ages of versions", policies)
    groups = [g.get("name") for g in report["groups"]]
    tap.ok("dana" in groups and sum(g["figures"]["allowed"] for g in report["groups"]) == report["total"]["allowed"], "rows add up", groups)
    points = report["series"]
    tap.ok(sum(p["allowed"] for p in points) == report["total"]["allowed"] and sum(p["stops"] for p in points) == 2, "so do the points of the plot")


def views(tap, broker, client, reader):
    for by, name in (("team", "payments"), ("policy", "work"), ("agent", "remediator")):
        got = client.person("lee", "GET", "/v1/report?by=" + by)
        tap.ok(got.status == 200 and name in [g.get("name") for g in got.json["groups"]], f"by {by}", got)
    got = client.person("sam", "GET", "/v1/report?owner=dana")
    tap.ok(got.status == 200 and got.json["owner"] == "sam" and got.json["total"]["allowed"] == 0
           and "traceability" not in got.json["total"] and got.json["policies"] == [], "an owner sees what is theirs, whatever they ask", got)
    tap.ok("traceability" in [n["figure"] for n in got.json["not_known"]], "and what cannot be told is named")
    got = client.person("dana", "GET", "/v1/report?owner=dana")
    tap.ok(got.json["total"]["allowed"] == len(reader.of("action.allowed")), "an auditor may ask for one owner")
    got = client.person("dana", "GET", "/v1/report?since=2001-01-01T00:00:00Z&until=2001-02-01T00:00:00Z")
    tap.ok(got.status == 200 and got.json["total"]["allowed"] == 0 and "items_unused" not in got.json["total"]
           and len(got.json["series"]) == 31, "a period with nothing", got)
    middle = reader.of("action.allowed")[2]["time"]
    halves = [client.person("dana", "GET", "/v1/report?" + urllib.parse.urlencode(q)).json["total"]["allowed"]
              for q in ({"until": middle}, {"since": middle})]
    tap.ok(halves == [2, len(reader.of("action.allowed")) - 2] or sum(halves) == len(reader.of("action.allowed")),
           "periods are exact: two halves are the whole", halves)
    for query in ("by=colour", "since=yesterday", "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "colour=red"):
        got = client.person("dana", "GET", "/v1/report?" + query)
        tap.ok(got.status == 400 and got.json["reason"] == "malformed", f"?{query} is malformed", got)
    tap.ok(client.call("GET", "/v1/report").status == 401, "nobody else")
    read = [e for e in client.events(type="person.read") if e["detail"]["what"].startswith("report")]
    tap.ok(len(read) > 0, "that somebody read it is recorded")


# ---- the command line


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def command(tap, broker):
    page = os.path.join(broker.home, "report.html")
    ask = ("report", "--state", broker.state, "--token-file", os.path.join(broker.state, "credentials", "dana.token"))
    got = broker.ambit(*ask, "--since", "30d", "--by", "owner", "--documents", os.path.join(broker.state, "documents"), "--html", page)
    table = got.stdout.decode()
    tap.ok(got.returncode == 0 and "Traceability" in table and "Chains break at: confirmation" in table and "dana" in table and "Not known" in table, "the table", got)
    tap.ok(max(map(len, table.splitlines())) <= 80, "fits 80 columns", max(table.splitlines(), key=len))
    with open(page, encoding="utf-8") as f:
        text = f.read()
    parser = Page()
    parser.feed(text)
    tags = [t for t, _ in parser.tags]
    tap.ok(text.startswith("<!doctype html>") and "svg" in tags and "table" in tags and tags.count("script") == 0, "the page", tags)
    outside = [a for _, attrs in parser.tags for k, a in attrs.items() if k in ("src", "href") and not a.startswith("#")]
    tap.ok(outside == [], "is self-contained", outside)
    tap.ok(oct(os.stat(page).st_mode & 0o777) == "0o600", "and private")
    got = broker.ambit(*ask, "--json")
    tap.ok(got.returncode == 0 and json.loads(got.stdout)["by"] == "owner", "--json", got)
    for words in (("--since", "soon"), ("--by", "colour"), ("--until", "2001-13-01")):
        tap.ok(broker.ambit(*ask, *words).returncode == 2, f"{words} is wrong usage")


def hostile(tap, broker, client):
    """Reason codes, names of actions and of the like come from the record: the page must show them, not be made of them."""
    token = client.token()
    client.evaluate(token.json.get("access_token", "x"), HOSTILE)
    client.token(f"{HOSTILE}[svc:staging/**]")
    command(tap, broker)


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        got = client.person("dana", "GET", "/v1/report")
        tap.ok(got.status == 200 and got.json["total"]["allowed"] == 0 and "attribution" not in got.json["total"]
               and got.json["stops"] == [], "a record with nothing in it yet", got)
        play(tap, broker, client)
        everything = list(client.events(after=0))
        first = client.person("dana", "GET", "/v1/events?limit=1").json["events"]
        everything = first + [e for e in everything if e["seq"] > first[0]["seq"]]
        reader = compare(tap, broker, client, everything)
        views(tap, broker, client, reader)
        hostile(tap, broker, client)
        broker.stop()
        status, said = broker.verify()
        tap.ok(status == 0, "the record verifies", said)
        import shutil
        shutil.rmtree(os.path.join(broker.state, "search"))
        broker.start()
        with broker.client() as again:
            got = again.person("dana", "GET", "/v1/report?until=" + everything[-1]["time"]).json["total"]
            tap.ok(got["granted"] >= len(reader.of("grant.issued")) - 1, "facts that were lost are built again", got)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
