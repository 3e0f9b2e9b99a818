#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: an admin erases personal text, by person, agent, event, grant and decision: traces and events say
that it was erased, every proof holds, no byte of it is left in the store's file; a kill at any moment
loses nothing that was answered."""
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import GONE, SLOW, Broker, Tap, Threads, claims  # noqa: E402

MANY = 40


def erase(client, target, who="lee", reason="asked to be forgotten", **members):
    return client.person(who, "POST", "/v1/erasures", {"target": target, "reason": reason, **members})


def event(client, seq, more=""):
    return client.person("dana", "GET", f"/v1/events?after={seq - 1}&limit=1{more}").json["events"][0]


def left(broker, text):
    """The files below the store and the index that hold the text."""
    found = []
    for folder in ("store", "search"):
        for name in os.listdir(os.path.join(broker.state, folder)):
            path = os.path.join(broker.state, folder, name)
            with open(path, "rb") as f:
                at = f.read().find(text.encode())  # a copy: the broker writes meanwhile
            if at >= 0:
                found.append(f"{folder}/{name} at {at}")
    return found


def scrubbed(client, seq, timeout=20):
    until = time.monotonic() + timeout * SLOW
    while time.monotonic() < until:
        said = client.person("lee", "GET", "/v1/erasures").json
        if said.get("scrubbed_to", -1) >= seq and said["state"] == "scrubbed":
            return said
        time.sleep(0.02)
    return None


def fill(broker, client):
    """What is to be erased; the ids of a short grant and of a decision under it."""
    broker.give_token("kim")
    client.person("lee", "POST", "/v1/documents/reload")
    for i in range(MANY):
        client.token(purpose=f"ZAP-purpose-{i} " + "p" * (i * 17 % 900), requested_lifetime=1)
    short = client.token(purpose="ZAP-one-purpose", requested_lifetime=2).json["access_token"]
    decisions = [client.evaluate(short, context={"stated_reason": f"ZAP-stated-{i} " + "r" * 200}).json["context"]["id"] for i in range(10)]
    for i in range(MANY):
        stop = client.stop("resource:ticket:ZZ/**", f"ZAP-kim-{i} " + "w" * (i * 13 % 1000), "kim")
        client.clear(stop.json["stop"], f"KEEP-lee-{i}", "lee")
    return claims(short)["jti"], decisions, stop.json["stop"]


def roles(tap, client):
    tap.ok([erase(client, "person:kim", who).status for who in ("dana", "sam", "kim")] == [403, 403, 403], "owners, auditors and on-call people may not")
    tap.ok(client.call("POST", "/v1/erasures", "{}", {"Content-Type": "application/json"}).status == 401, "nor may nobody")
    bad = [{"target": "person:"}, {"target": "all"}, {"target": "event:-1"}, {"target": "grant:x"}, {"members": ["agent"]}, {"members": []},
           {"members": ["words", "words"]}, {"before": "yesterday"}, {"reason": ""}, {"soon": True}, {"members": ["purpose"]},
           {"before": "2026-01-01T00:00:00Z", "members": ["name"]}, {"members": "words"}]
    got = [client.person("lee", "POST", "/v1/erasures", {"target": "person:kim", "reason": "x", **m}).status for m in bad]
    tap.ok(set(got) == {400}, "what is asked wrongly is refused", list(zip(bad, got)))
    none = "A" * 21 + "Q"
    got = [erase(client, t).status for t in ("person:nobody", "agent:nobody", "event:999999", f"grant:{none}", f"decision:{none}")]
    tap.ok(got == [404] * 5, "what is not known is 404", got)


def targets(tap, broker, client, grant, decisions, stop):
    events = list(client.events())
    size = len(events)
    one = next(e for e in events if e.get("words", "").startswith("ZAP-kim-0 "))
    dry = erase(client, "person:kim", dry_run=True).json
    tap.ok(dry["words"] == 2 * MANY and dry["documents"] == 0 and dry["stays"][0]["what"] == "documents" and "erasure" not in dry, "a dry run counts, and says what stays", dry)
    tap.ok(erase(client, "person:kim").status == 409, "name and e-mail of a person in force stay: 409")
    tap.ok(not any(e["type"] == "personal.erased" for e in client.events(size)), "none of these erased anything")

    told = erase(client, f"event:{one['seq']}")
    now = event(client, one["seq"])
    tap.ok(told.status == 201 and told.json["words"] == 1 and now.get("erased") == ["words"] and "words" not in now and now["leaf"] == one["leaf"], "one event", told)
    again = erase(client, f"event:{one['seq']}")
    tap.ok(again.status == 200 and "Nothing" in again.json["text"] and "erasure" not in again.json, "again: nothing, in words", again)

    told = erase(client, "person:kim", members=["words"])
    words = [e for e in client.events() if e.get("person") == "kim" and e["type"] == "stop.raised"]
    kept = [e for e in client.events() if e["type"] == "stop.cleared"]
    tap.ok(told.status == 201 and told.json["words"] == 2 * MANY - 1 and all(e.get("erased") == ["words"] for e in words) and len(words) == MANY,
           "the words of a person in force", told)
    tap.ok(all(e["words"].startswith("KEEP-lee-") for e in kept), "another person's stay")
    trace = client.person("dana", "GET", f"/v1/trace/stop:{stop}")
    tap.ok(trace.status == 200 and b'"erased":["words"]' in trace.body and "erased" in trace.json["text"] and "ZAP" not in trace.body.decode(), "the trace says so", trace)
    shown = client.person("lee", "GET", f"/v1/stops/{stop}")
    tap.ok(shown.status == 200 and "reason" not in shown.json and shown.json["erased"] == ["reason"] and shown.json["cleared_reason"].startswith("KEEP"), "so does the stop", shown)

    stay = erase(client, f"decision:{decisions[0]}", members=["stated_reason"])
    tap.ok(stay.json.get("stated_reasons") == 1 and stay.json["openings"] == 1, "a decision", stay)
    checked = event(client, stay.json["seq"])
    tap.ok(checked["type"] == "personal.erased" and checked["person"] == "lee" and checked["words"] == "asked to be forgotten" and
           checked["target"] == f"decision:{decisions[0]}" and checked["detail"]["members"] == ["stated_reason"] and checked["id"] == checked["detail"]["erasure"] == stay.json["erasure"],
           "the event says what went, who had it so and why", checked)
    time.sleep(2.2)
    told = erase(client, f"grant:{grant}")
    tap.ok(told.json.get("purposes") == 1 and told.json["stated_reasons"] == 9, "a grant, with what was done under it", told)
    live = client.token(purpose="ZAP-live").json
    dry = erase(client, "agent:remediator", dry_run=True).json
    tap.ok(dry["purposes"] == MANY and dry["stays"] == [{"what": "openings", "count": 1, "why": dry["stays"][0]["why"]}], "an agent: what is in use stays", dry)
    old = erase(client, "agent:remediator", before="2026-01-01T00:00:00Z", dry_run=True).json
    tap.ok(old["openings"] == 0, "before a time", old)
    told = erase(client, "agent:remediator")
    tap.ok(told.status == 201 and told.json["purposes"] == MANY, "the agent's purposes", told)
    client.token()
    listed = client.person("dana", "GET", "/v1/grants?state=all&limit=1000&agent=remediator").json["grants"]
    tap.ok(all(g["erased"] == ["purpose"] and "purpose" not in g for g in listed[2:]) and len(listed) > MANY and "erased" not in listed[0]
           and "purpose" not in listed[0] and listed[1]["purpose"] == "ZAP-live", "the list of grants says which purposes are erased", listed[:4])
    shown = broker.ambit("grants", "--all", "--agent", "remediator", "--state", broker.state, "--token-file",
                         os.path.join(broker.state, "credentials", "dana.token")).stdout
    tap.ok(shown.count(b"(erased)") == len(listed) - 2 and b"ZAP-live" in shown, "so does ambit grants", shown[:600])
    client.revoke(live["access_token"])
    done = broker.ambit("erase", "agent:remediator", "--members", "words,purpose", "--reason", "by hand", "--wait", "--state", broker.state,
                        "--token-file", os.path.join(broker.state, "credentials", "lee.token"))
    tap.ok(done.returncode == 0 and b"Nothing" in done.stdout and b"because" in done.stdout, "ambit erase, of what is gone", done)
    client.stop("resource:ticket:XX/**", "CLAP to be gone", "kim")
    words = ["erase", "person:kim", "--members", "words", "--reason", "by hand", "--state", broker.state, "--token-file",
             os.path.join(broker.state, "credentials", "lee.token")]
    done = [broker.ambit(*words, "--dry-run", "--json"), broker.ambit(*words, "--wait"), broker.ambit(*words[:4], *words[6:])]
    tap.ok([d.returncode for d in done] == [0, 0, 2] and b'"dry_run": true' in done[0].stdout.replace(b'":true', b'": true') and
           b"scrubbed at" in done[1].stdout and not left(broker, "CLAP to be gone"), "ambit erase --wait: it is out of the file", done)
    done = broker.ambit("erase", "person:kim", "--reason", "by hand", "--state", broker.state, "--token-file",
                        os.path.join(broker.state, "credentials", "dana.token"))
    tap.ok(done.returncode == 1, "whom it is not permitted: exit 1", done)


def told_of(tap, broker, name):
    """Evidence of all, a document of which is erased, holds: an erasure in it says so."""
    out = os.path.join(broker.home, name)
    made = broker.ambit("evidence", "--from", "1d", "--state", broker.state, "--out", out, "--json")
    said = json.loads(broker.ambit("verify", out, "--json").stdout)
    tap.ok(made.returncode == 0 and said["ok"] and said["documents_unaccounted"] == 0, f"and evidence, {name}", (made, said))


def gone(tap, broker, client):
    kim = broker.document("people/kim")
    before = next(e for e in client.events() if e["type"] == "grant.issued")
    broker.propose("people/kim", None)
    agents = [a for a in ("remediator", "reporter") if broker.document("agents/" + a).get("backup") == "kim"]
    tap.ok(not agents and client.person("lee", "POST", "/v1/documents/reload").status == 200, "the person leaves the set in force")
    told = erase(client, "person:kim")
    tap.ok(told.status == 201 and told.json["documents"] == 2 and told.json["words"] == 0, "then name and e-mail go", told)
    made = event(client, before["seq"], "&checks=true")
    tap.ok(made.get("checks"), "a decision under the older set is made again all the same", made)
    broker.kill()
    broker.start()
    with broker.client() as again:
        said = scrubbed(again, told.json["seq"])
        tap.ok(said and "scrubbed_at" in said, "after a kill too the file is scrubbed, and says when", said)
        found = {text: left(broker, text) for text in ("ZAP-purpose", "ZAP-one", "ZAP-kim", "ZAP-stated", kim["email"], kim["name"])}
        tap.ok(not any(found.values()), "no byte of it stands in the store", found)
        tap.ok(left(broker, "KEEP-lee-3"), "what was not erased does")
        tap.ok(b"ambit_scrub_pending 0" in again.call("GET", "/metrics").body, "so says the metric")
        told_of(tap, broker, "erased")
        broker.propose("people/kim", kim)
        tap.ok(again.person("lee", "POST", "/v1/documents/reload").status == 200, "the person may come back")
    broker.stop()
    out = os.path.join(broker.home, "export")
    done = [broker.ambit("export", "--state", broker.state, "--out", out), broker.ambit("verify", out)]
    tap.ok([d.returncode for d in done] == [0, 0] and all(t not in d.stdout for d in done for t in (b"ZAP", b"CLAP")), "so does an export", done)
    told_of(tap, broker, "back")
    code, report = broker.verify()
    tap.ok(code == 0, "ambit verify holds, also of a document that is in force again", report)
    broker.start()


def kills(tap, broker):
    """Erasures under load, killed at random; what was answered stays erased, and the store verifies."""
    answered, random_s = [], random.Random(7)
    for round_ in range(2):
        with broker.client() as client:
            for i in range(30):
                client.stop("resource:ticket:YY/**", f"BANG-{round_}-{i} " + "b" * 700, "kim")
            over = []

            def load():
                with broker.client() as other:
                    try:
                        while not over:
                            other.token(purpose="load " + "l" * random_s.randrange(900), requested_lifetime=1)
                    except GONE:
                        pass

            threads = Threads([load])
            try:
                told = erase(client, "person:kim", members=["words"]) if round_ % 2 else None
                if told:
                    answered.append(told.status)
                else:
                    Threads([lambda: kill_soon(broker, random_s.random() * 0.03)])
                    erase(client, "person:kim", members=["words"])
                time.sleep(random_s.random() * 0.05)
            except GONE:
                pass
            broker.kill()
            over.append(True)
            threads.join()
        code, report = broker.verify()
        tap.ok(code == 0, f"killed in an erasure, round {round_}: the store verifies", report)
        broker.start()
        with broker.client() as client:
            if round_ % 2:
                tap.ok(erase(client, "person:kim", members=["words"], dry_run=True).json["words"] == 0, "what was answered is erased")
    with broker.client() as client:
        told = erase(client, "person:kim", members=["words"])
        seq = told.json.get("last_seq", 0)
        tap.ok(scrubbed(client, seq) and not left(broker, "BANG-"), "in the end nothing is left", (told, left(broker, "BANG-")))
    log = broker.said()
    tap.ok(b"ZAP" not in log and b"BANG-" not in log, "nor in the log")


def main():
    tap = Tap()
    with Broker() as broker:
        with broker.client() as client:
            grant, decisions, stop = fill(broker, client)
            roles(tap, client)
            targets(tap, broker, client, grant, decisions, stop)
            gone(tap, broker, client)
        kills(tap, broker)
    return tap.done()


def kill_soon(broker, after_s):
    time.sleep(after_s)
    broker.process.kill()


if __name__ == "__main__":
    sys.exit(main())
