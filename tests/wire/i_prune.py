#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: old events leave the store for a segment while proofs stay and the broker serves; nothing that lives is pruned; a trace tells the
same as before, and says so when the segment is gone."""
import base64
import json
import os
import shutil
import sys
import tarfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import tlog  # noqa: E402
from broker import GONE, Broker, Tap  # noqa: E402
from pruning import close_all, end_all, fill, prune, wait  # noqa: E402

class Kept:
    """What an outsider wrote down of the log before: every entry and the key. Proofs are held against these alone."""

    def __init__(self, client, next_):
        self.next, self.vkey = next_, client.call("GET", "/log/key").body.decode()
        _, size, _ = tlog.checkpoint(client.call("GET", "/log/checkpoint").body.decode(), self.vkey)
        self.entries = list(tlog.entries(lambda path: client.person("dana", "GET", "/log/" + path).body, size))
        self.leaves = [tlog.leaf(entry) for entry in self.entries]

    def receipts(self, client, has_entry=True):
        """By sequence and by id, those that were pruned and the first that was not: what is wrong with them."""
        wrong = []
        for seq in (0, 1, 7, 255, self.next // 2, self.next - 1, self.next):
            entry, is_here = self.entries[seq], has_entry or seq >= self.next
            queries = [f"event={seq}", f"id={json.loads(entry)['id']}"]
            for query in queries if is_here else queries[:1]:
                answer = client.person("dana", "GET", "/log/proof?" + query)
                try:
                    said = answer.json
                    what = base64.b64decode(said["entry"]) == entry and "pruned" not in said if is_here else said["pruned"] is True and "entry" not in said
                    holds = (what and said["seq"] == seq and said["leaf"] == self.leaves[seq].hex() and
                             tlog.receipt(said["proof"], self.vkey, entry)[0] == seq)
                except (ValueError, LookupError):
                    holds = False
                if not holds:
                    wrong.append((query, answer))
        return wrong

    def ranges(self, client):
        wrong, last = [], len(self.leaves)
        for old, size in ((1, 2), (3, self.next - 1), (255, 256), (200, last), (self.next, last), (self.next - 1, self.next + 1), (1, last)):
            answer = client.person("dana", "GET", f"/log/proof?from={old}&to={size}")
            path = [base64.b64decode(node) for node in (answer.json if answer.status == 200 else {}).get("proof", [])]
            if answer.status != 200 or not tlog.consistency(old, size, path, tlog.root(self.leaves[:old]), tlog.root(self.leaves[:size])):
                wrong.append((old, size, answer))
        return wrong

    def tiles(self, client):
        """The hashes of what was pruned."""
        return client.person("dana", "GET", "/log/tile/0/000").body == b"".join(self.leaves[:256])


def held(tap, client, stop):
    tap.ok(prune(client, "dana").status == 403 and prune(client, before="soon").status == 400 and prune(client, reason="").status == 400, "who may, and what it takes")
    wanted = [("a stop in force", lambda: client.clear(stop)), ("an open incident", lambda: close_all(client)),
              ("a grant that is alive", lambda: end_all(client))]
    for what, end in wanted:
        dry = prune(client, dry_run=True)
        tap.ok(dry.status == 200 and dry.json["state"] == "nothing" and dry.json["held_by"] == what, f"held back by {what}", dry)
        end()


def pruned(tap, broker, client):
    before = list(client.events(after=0))
    trace = client.person("dana", "GET", "/v1/trace/agent:remediator")
    kept = Kept(client, prune(client, dry_run=True).json["next"])
    tap.ok(not kept.receipts(client) and not kept.ranges(client), "proofs before", kept.next)
    begun = prune(client)
    tap.ok(begun.status == 202 and begun.json["next"] % 256 == 0 and begun.json["next"] >= 256, "a segment is begun", begun)
    told = wait(client, lambda t: t["deleted_to"] == begun.json["next"])
    tap.ok(begun.json["next"] == kept.next, "as the dry run said", (begun, kept.next))
    tap.ok(not kept.receipts(client), "TLP-1: what was pruned has its receipt, out of the segment", kept.receipts(client))
    tap.ok(not kept.ranges(client) and kept.tiles(client), "MRK-1: sizes before, in and behind what was pruned are one log", kept.ranges(client))
    tap.ok(told["pruned_to"] == told["deleted_to"] == begun.json["next"] and told["segments"][0]["first"] == 0, "the rows are gone", told)
    event = list(client.events(type="record.pruned"))[-1]
    path = os.path.join(broker.state, "segments", event["detail"]["file"])
    tap.ok(event["person"] == "lee" and os.path.getsize(path) == event["detail"]["bytes"], "record.pruned says who and what", event)
    after = [e for e in client.events(after=0) if e["seq"] <= before[-1]["seq"]]
    tap.ok(after == before, "every event is shown as before, out of the segment", (len(before), len(after)))
    again = client.person("dana", "GET", "/v1/trace/agent:remediator")
    tap.ok(again.status == trace.status == 200 and len(again.body) >= len(trace.body) - 200, "and so is a trace", (trace.status, len(trace.body), again.status, len(again.body), again.body[:300]))
    served = client.person("dana", "GET", "/log/tile/entries/000")
    with tarfile.open(path) as tar:
        tap.ok(served.status == 200 and served.body == tar.extractfile("tile/entries/000").read(), "the log serves the bundle out of the segment", served.status)
        names = tar.getnames()
        tap.ok(names[0] == "export.json" and "tile/entries/000" in names and "tile/0/000" in names and not any(n.startswith("openings") for n in names),
               "tiles and bundles, no personal text", names)
        bundle, n = tar.extractfile("tile/entries/000").read(), 0
        while bundle:
            size = int.from_bytes(bundle[:2], "big")
            n += json.loads(bundle[2:2 + size])["seq"] == n
            bundle = bundle[2 + size:]
        tap.ok(n == 256, "a bundle has its 256 events (TIL-3)", n)
    return kept, path, before


def evidence(broker, name):
    done = broker.ambit("evidence", "--from", "1d", "--state", broker.state, "--out", os.path.join(broker.home, name), "--json")
    return done, json.loads(done.stdout or "{}")


def verified(tap, broker, path, kept):
    code, said = broker.verify()
    tap.ok(code == 0 and "unread" not in said, "ambit verify reads the segment and builds every table again", said)
    again = said
    done, said = evidence(broker, "whole.tar")
    tap.ok(done.returncode == 0 and said["unread"] == 0 and said["problems"] == 0, "evidence of a folder reads its segments", done)
    aside = os.path.join(broker.home, "aside")
    os.makedirs(aside)
    shutil.move(path, aside)
    code, said = broker.verify()
    tap.ok(code == 0 and said["unread"] == kept.next, "without it: the tree holds, and it says what it could not look at", said)
    tap.ok(said["not_decided"] > again["not_decided"] and said["problems"] == [], "what was decided behind it is undecided, not damaged", (again, said))
    done, said = evidence(broker, "less.tar")
    tap.ok(done.returncode == 0 and said["unread"] == kept.next and said["problems"] == 0, "and without them says how many it could not read", done)
    done = broker.ambit("verify", broker.state, "--segments", aside, "--json")
    tap.ok(done.returncode == 0 and "unread" not in json.loads(done.stdout), "--segments says where", done)
    name = os.path.join(aside, os.path.basename(path))
    with open(name, "rb") as f:
        good = f.read()
    at = good.index(b'"seq":7')
    with open(name, "wb") as f:
        f.write(good[:at] + b'"seq":8' + good[at + 7:])
    done = broker.ambit("verify", broker.state, "--segments", aside, "--json")
    tap.ok(done.returncode == 1, "an event that was changed in a segment is found", done)
    with open(name, "wb") as f:
        f.write(good)
    return name


def without(tap, broker, path, name, before, kept):
    broker.start()
    with broker.client() as client:
        shown = client.person("dana", "GET", "/v1/events?after=0&limit=10").json["events"]
        tap.ok("pruned_up_to" in shown[0], "events of a segment that is gone are said to be pruned", shown)
        erasing = client.person("lee", "POST", "/v1/erasures", {"target": "person:dana", "members": ["words"], "reason": "a test"})
        tap.ok(erasing.status == 409 and "record.segments" in erasing.json["detail"], "an erasure says which segment it needs", erasing)
        tap.ok(client.person("dana", "GET", "/v1/stops?state=cleared").status == 200 and client.token().status == 200, "lists and grants go on")
        tap.ok(not kept.ranges(client) and kept.tiles(client), "MRK-1: the hashes stay: consistency is proved without the segment", kept.ranges(client))
        tap.ok(not kept.receipts(client, has_entry=False), "TLP-1: of what is gone the receipt, its hash, and that it was pruned", kept.receipts(client, has_entry=False))
        out = os.path.join(broker.home, "seven")
        prove = broker.ambit("prove", "event:7", "--out", out, "--url", f"http://127.0.0.1:{broker.port}", "--token-file", os.path.join(broker.state, "credentials", "dana.token"))
        done = broker.ambit("verify", out, "--key", kept.vkey.strip(), text=True)
        tap.ok(prove.returncode == done.returncode == 0 and not os.path.exists(out + ".entry") and "the hash that it names" in done.stdout,
               "ambit prove has it without its entry, and ambit verify says so", (prove, done))
        with open(out + ".entry", "wb") as f:
            f.write(kept.entries[7])
        done = broker.ambit("verify", out, "--key", kept.vkey.strip(), text=True)
        tap.ok(done.returncode == 0 and "the receipt holds\n" in done.stdout, "who has the entry proves it with that", done)
        with open(name, "rb") as f:
            bytes_ = f.read()
        at = bytes_.index(b'"seq":7,')
        with open(path, "wb") as f:
            f.write(bytes_[:at] + b'"SEQ"' + bytes_[at + 5:])
        served = client.person("dana", "GET", "/log/tile/entries/000")
        tap.ok(served.status >= 500 and b'"SEQ"' not in served.body, "TIL-3: a bundle whose events the tree does not have is not served", served)
        shutil.move(name, path)
        served = client.person("dana", "GET", "/log/tile/entries/000")
        tap.ok(served.status == 200 and b'"SEQ"' not in served.body, "and with the segment back it is", served.status)
        tap.ok(not kept.receipts(client), "TLP-1: and with it back every receipt is", kept.receipts(client))
        tap.ok(list(client.events(after=0))[:len(before)] == before, "with the segment back they are shown")


def forgotten(tap, broker, path, kept):
    """An index that was built since knows nothing of pruned events: filters read the segment, or say that it is not here."""
    queries = ("agent=remediator", "agent=remediator&order=desc", "type=stop.raised,stop.cleared", f"agent=reporter&before={kept.next + 5}")

    def ask(client):
        said, complete = [], True
        for query in queries:
            place, found = "", []
            for _ in range(100):
                page = client.person("dana", "GET", f"/v1/events?limit=1000&{query}{place}").json
                found += page["events"]
                if page["next"] is None:
                    break
                place = f"&{'before' if 'desc' in query else 'after'}={page['next'] + ('desc' not in query)}"
            complete = complete and page["next"] is None
            said.append([e for e in found if e.get("type") != "person.read"])
        return said if complete else None
    with broker.client() as client:
        client.token()
        before = ask(client)
    tap.ok(before and all(before), "filters find pruned events by the index")
    tap.ok(broker.stop() == 0, "stopped")
    shutil.rmtree(os.path.join(broker.state, "search"))
    broker.start()
    with broker.client() as client:
        client.person("dana", "GET", "/v1/trace/agent:remediator")  # waits for the index
        after = ask(client)
        report = client.person("dana", "GET", "/v1/report").json
        tap.ok(report["complete_from"] == kept.next and "complete" in [n["figure"] for n in report["not_known"]], "a report says from where on it counts", report["not_known"])
        said = broker.ambit("report", "--url", f"http://127.0.0.1:{broker.port}", "--token-file", os.path.join(broker.state, "credentials", "dana.token"), text=True)
        tap.ok(said.returncode == 0 and "complete from event " in said.stdout, "in words too", said)
        tap.ok(after == before, "and without it, out of the segment", [(len(a), len(b)) for a, b in zip(before, after or [])])
        aside = os.path.join(broker.home, "away.tar")
        shutil.move(path, aside)
    tap.ok(broker.stop() == 0, "stopped")
    broker.start()
    with broker.client() as client:
        gone = ask(client)
        told = [[e for e in events if "pruned_up_to" in e] for events in gone]
        tap.ok(all(len(t) == 1 and t[0]["pruned_from"] == 0 and t[0]["pruned_up_to"] == kept.next for t in told), "without the segment each says once what is missing", told)
        rest = [[e for e in events if "type" in e] for events in gone]
        tap.ok(rest == [[e for e in events if e["seq"] >= kept.next] for events in before], "and has the rest")
        shutil.move(aside, path)


def main():
    tap = Tap()
    with Broker(config={"record": {"least_age": "1s"}}) as broker:
        with broker.client() as client:
            stop = client.stop("agent:reporter").json["stop"]
            fill(client, 300)
            time.sleep(1.1)
            held(tap, client, stop)
            time.sleep(1.1)
            kept, path, before = pruned(tap, broker, client)
            token = client.token().json["access_token"]
            acts = [client.evaluate(token, resource={"type": "ticket", "id": str(i)}) for i in range(3)]
            tap.ok(all(a.status == 200 and a.json["decision"] is True for a in acts), "actions behind what was pruned", acts)
        tap.ok(broker.stop() == 0, "stopped")
        name = verified(tap, broker, path, kept)
        without(tap, broker, path, name, before, kept)
        forgotten(tap, broker, path, kept)
        tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "and verifies")
    return tap.done()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GONE as err:
        print(f"Bail out! {err!r}")
        raise
