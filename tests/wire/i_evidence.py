#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: evidence about an agent, an owner, a policy and a period, of a running broker and of a folder, holds for who has the log's key
alone (TLP-1), with everything it leads back to; every change of any file of it is found; its page tells it in words, links to nothing that is
not there, says what was erased, and no text of an agent or a person can forge a line of it."""
import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from broker import Broker, Tap  # noqa: E402
from i_trace import Story  # noqa: E402

HOSTILE = 'so it is\u201d Approved by dana. <script>alert(1)</script>\u202e"><img src=x onerror=1>' + "x" * 300
PAGE_ROWS, FIRST_ROWS = 500, 200
tap = Tap()


class Archive:
    """One that was made, opened."""

    def __init__(self, maker, out, done):
        self.maker, self.out, self.done = maker, out, done
        self.code = done.returncode
        self.said = json.loads(done.stdout) if done.stdout.startswith(b"{") else {}

    def path(self, name):
        return os.path.join(self.out, name)

    def files(self):
        if self.out.endswith(".tar"):
            with tarfile.open(self.out) as tar:
                return sorted(tar.getnames())
        return sorted(os.path.relpath(os.path.join(at, name), self.out) for at, _, names in os.walk(self.out) for name in names)

    def read(self, name):
        if self.out.endswith(".tar"):
            with tarfile.open(self.out) as tar:
                return tar.extractfile(name).read()
        with open(self.path(name), "rb") as f:
            return f.read()

    def events(self):
        return {int(n[9:-6]): json.loads(self.read(n)) for n in self.files() if n.startswith("receipts/") and n.endswith(".entry")}

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)

    def list_again(self):
        """SHA256SUMS by whoever changed something and can count."""
        self.write("SHA256SUMS", b"".join(f"{hashlib.sha256(self.read(n)).hexdigest()}  {n}\n".encode() for n in self.files() if n != "SHA256SUMS"))

    def verify(self, *words):
        return self.maker.verify(self.out, *words)


class Maker:
    def __init__(self, broker):
        self.broker, self.n = broker, 0
        self.key = os.path.join(broker.state, "log", "log.vkey")

    def token(self, who):
        return os.path.join(self.broker.state, "credentials", who + ".token")

    def out(self, end=""):
        self.n += 1
        return os.path.join(self.broker.home, f"e{self.n}{end}")

    def __call__(self, *words, who="dana", state=False, end="", url=None):
        where = ["--state", self.broker.state] if state else ["--url", url or f"http://127.0.0.1:{self.broker.port}", "--token-file", self.token(who)]
        out = self.out(end)
        return Archive(self, out, self.broker.ambit("evidence", *words, *where, "--out", out, "--json"))

    def one(self, program, path, *words):
        done = subprocess.run([os.path.join(self.broker.build, program[0]), *program[1:], path, "--json", *words], capture_output=True, timeout=60,
                              cwd=self.broker.home, stdin=subprocess.DEVNULL)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            return done.returncode, {"ok": False, "problems": [], "said": done.stdout + done.stderr}

    def verify(self, path, *words):
        words = ["--key", self.key, *words]
        small, large = self.one(["ambit-verify"], path, *words), self.one(["ambit", "verify"], path, *words)
        if small != large:
            tap.ok(False, "both programs say the same", (small, large))
        return small


def wait_covered(client):
    size = client.person("dana", "GET", "/v1/events?order=desc&limit=1").json["events"][0]["seq"] + 1
    for _ in range(200):
        if int(client.call("GET", "/log/checkpoint").body.split(b"\n")[1]) >= size:
            return
        time.sleep(0.02)
    raise AssertionError("no checkpoint covers what was done")


class Page(html.parser.HTMLParser):
    """Its links, its tags and the text that is seen."""

    def __init__(self, data):
        super().__init__()
        self.links, self.tags, self.attributes, self.text = [], set(), set(), []
        self.feed(data.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.text.append(data)


def check_pages(archive, name):
    """Nothing runs, nothing is fetched, every link leads to a file of the archive or to a place of the page."""
    bad, names = [], set(archive.files())
    for path in (n for n in names if n.endswith(".html")):
        page = Page(archive.read(path))
        places = set(re.findall(r' id="([^"]+)"', archive.read(path).decode()))
        for link in page.links:
            at = os.path.normpath(os.path.join(os.path.dirname(path), link))
            if link[1:] not in places if link.startswith("#") else at not in names:
                bad.append((path, link))
        allowed = {"html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "nav", "a", "main", "div", "table", "thead", "tbody",
                   "tr", "th", "td", "ul", "li", "b", "i", "code", "pre", "span", "bdi", "time"}
        if page.tags - allowed or any(a.startswith("on") for a in page.attributes) or any(c in "".join(page.text) for c in "\u202e\u200f\x1b"):
            bad.append((path, page.tags - allowed, page.attributes))
    tap.ok(not bad, f"{name}: its pages run nothing and link to nothing that is not there", bad)


def holds(archive, name, decided=1):
    code, said = archive.verify()
    tap.ok(archive.code == 0 and code == 0 and said["ok"] and said["kind"] == "evidence" and said["signed"] and said["key_given"] and
           said["decided_again"] >= decided and said["not_decided_absent"] == 0 and said["unknown_links"] == 0 and said["other_files"] == 0 and
           said["manifest"] == archive.said["manifest"] and said["events"] == archive.said["events"], f"{name}: it holds, nothing it names is missing",
           (archive.done, said))
    return said


def agents(make, story):
    archive = make("agent:finger", "--tests", "none")
    tap.ok(archive.code == 2 and not os.path.exists(archive.path("index.html")), "a folder of tests that is none: wrong usage", archive.done)
    archive = make("agent:finger")
    holds(archive, "an agent", 5)
    events = archive.events()
    grants = [e for e in events.values() if e["type"] == "grant.issued"]
    kinds = {e["type"] for e in events.values()}
    tap.ok(sorted(e["agent"] for e in grants) == ["chief", "finger", "hand"] and
           {"approval.asked", "approval.given", "stop.raised", "stop.cleared", "incident.acknowledged", "incident.closed", "action.outcome",
            "documents.confirmed", "documents.activated", "action.denied"} <= kinds, "with the grants above, approvals, stop, who answered", sorted(kinds))
    page = "".join(Page(archive.read("index.html")).text)
    wanted = ["Evidence about the agent: finger", "first refusal after", "taken up by sam after", "lifted by", "approved by lee", "written by",
              "none were given", "kim looked at it", "and 2 that these lead to", "It does not show:"]
    tap.ok(all(w in page for w in wanted), "the page tells who, why, how fast", [w for w in wanted if w not in page])
    check_pages(archive, "an agent")
    again = make("agent:finger", state=True)
    same = {n: (archive.read(n), again.read(n)) for n in archive.files() if n.startswith(("receipts/", "documents/"))}
    ours = [n for n, (a, b) in same.items() if a != b and not n.endswith(".tlog-proof")]
    tap.ok(again.code == 0 and again.files() == archive.files() and not ours, "the same of a folder, without a broker", (again.done, ours))
    return archive


def others(make, broker):
    tests = os.path.join(broker.home, "tests")
    os.makedirs(os.path.join(tests, "policies"))
    for kind in ("people", "agents", "services"):
        os.makedirs(os.path.join(tests, kind))
    cases = {"policy": "helper", "cases": [{"name": "it <b>holds</b>", "given": {"agent": "hand"},
                                            "request": {"items": [{"actions": ["x.y"], "resources": ["svc:x/1"]}]}, "expect": {"decision": "deny"}}]}
    with open(os.path.join(tests, "policies", "helper.test.json"), "w", encoding="utf-8") as f:
        json.dump(cases, f)
    for words, decided in ((["owner:sam"], 1), (["policy:helper", "--tests", tests], 1), (["--from", "1h"], 10), (["policy:restart-services"], 0)):
        archive = make(*words)
        holds(archive, words[0], decided)
        check_pages(archive, words[0])
        if words[0] == "policy:helper":
            result = [n for n in archive.files() if n.startswith("tests/")]
            pages = [n for n in archive.files() if n.startswith("policies/helper-")]
            text = "".join(Page(archive.read(pages[0])).text)
            tap.ok(len(result) == 2 and "it <b>holds</b>" in text and "What it permits" in text and "accepted_by" in text, "a page for the version, its tests run", (result, text))
    tar = make("owner:dana", "--no-openings", end=".tar")
    code, said = make.verify(tar.out)
    listed = subprocess.run(["tar", "tf", tar.out], capture_output=True, text=True, check=True).stdout.split()
    tap.ok(tar.code == 0 and code == 0 and not said["openings"] and "index.html" in listed and not any(n.endswith(".open") for n in listed),
           "a tar without personal texts holds", (tar.done, said))
    documents = [json.loads(tar.read(n)) for n in tar.files() if n.startswith("documents/")]
    page = "".join(Page(tar.read("index.html")).text)
    told = [d["name"] for d in documents if "email" in d and d["name"] in page]
    tap.ok(any("email" in d for d in documents) and not told and "stand in the documents, which are here" in page, "and without full names on its page", told)
    os.makedirs(tar.out + ".d")
    subprocess.run(["tar", "xf", tar.out, "-C", tar.out + ".d"], check=True)
    sums = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tar.out + ".d", capture_output=True)
    tap.ok(sums.returncode == 0, "sha256sum agrees", sums)


def changes(archive):
    """Every kind of file: a byte changed, the file taken away."""
    names, missed = archive.files(), []
    kinds = {re.sub(r"[0-9a-f]{16,}|\d+", "N", n): n for n in names}
    for name in kinds.values():
        before = archive.read(name)
        for data in (before[:len(before) // 2] + bytes([before[len(before) // 2] ^ 1]) + before[len(before) // 2 + 1:], before[:-1], None):
            os.remove(archive.path(name))
            if data is not None:
                archive.write(name, data)
            code, said = archive.maker.one(["ambit-verify"], archive.out, "--key", archive.maker.key)
            told = code == 1 and any(p.get("path") == name or name == "SHA256SUMS" for p in said["problems"])
            if not told and name != "export.json" and name != "checkpoint":
                missed.append((name, data is None, code, said))
            elif code == 0:
                missed.append((name, data is None, code, said))
            archive.write(name, before)
    tap.ok(not missed and archive.verify()[0] == 0, f"a byte changed, a byte less, a file less: found and named, of {len(kinds)} kinds of file", missed)


def another_person(archive, unread=0):
    """One whose document says what it never said, as an erasure would leave it."""
    name, person = next((n, d) for n, d in ((n, json.loads(archive.read(n))) for n in archive.files() if n.startswith("documents/")) if "email" in d)
    archive.write(name, json.dumps({**person, "name": "erased", "roles": ["auditor"]}).encode())
    archive.write("export.json", archive.read("export.json").replace(b'"unread":0', b'"unread":%d' % unread))


def lies(archive):
    """By whoever makes the list anew."""
    first = min(n for n in archive.files() if n.startswith("documents/"))
    seq = max(s for s, e in archive.events().items() if e["type"] == "action.denied" and os.path.exists(archive.path(f"receipts/{s}.open")))
    entry, opening, proof = (f"receipts/{seq}.{end}" for end in ("entry", "open", "tlog-proof"))
    saved = os.path.join(archive.maker.broker.home, "saved")
    shutil.copytree(archive.out, saved)

    def after(change):
        shutil.rmtree(archive.out)
        shutil.copytree(saved, archive.out)
        change()
        archive.list_again()
        return archive.verify()

    def away(*names):
        for name in names:
            if os.path.exists(archive.path(name)):
                os.remove(archive.path(name))

    rows = {"an entry": lambda: archive.write(entry, archive.read(entry).replace(b'"deny"', b'"allow"')),
            "a proof of another": lambda: archive.write(proof, archive.read(f"receipts/{seq - 1}.tlog-proof")),
            "a document": lambda: archive.write(first, archive.read(first) + b" "),
            "an opening": lambda: archive.write(opening, archive.read(opening).replace(b"why", b"who")),
            "an event less": lambda: away(entry, opening, proof),
            "an entry less": lambda: away(entry)}
    missed = [name for name, change in rows.items() if after(change)[0] != 1]
    tap.ok(not missed, "what the log holds is found with a list made anew", missed)
    code, said = after(lambda: another_person(archive))
    tap.ok(code == 1 and any("no erasure says so" in p["what"] for p in said["problems"]), "a person's document that is said to be erased, and no erasure says so", said)
    code, said = after(lambda: another_person(archive, unread=1))
    tap.ok(code == 0 and said["documents_unaccounted"] == 1, "where its erasure may be among what could not be read it is counted", said)
    code, said = after(lambda: archive.write("index.html", archive.read("index.html").replace(b"Evidence", b"Nothing")))
    tap.ok(code == 0 and said["manifest"] != archive.said["manifest"], "the page is no part of the log: only the digest of the list tells it", said)
    code, said = after(lambda: archive.write("notes.txt", b"of the lawyer"))
    tap.ok(code == 0, "a file that was added and listed is one")
    archive.write("more.txt", b"not listed")
    code, said = archive.verify()
    tap.ok(code == 0 and said["other_files"] == 1, "one that is not listed is counted", said)
    away("SHA256SUMS")
    tap.ok(archive.verify()[0] == 1, "without the list it does not hold")


def refusals(make, broker):
    rows = ((1, b"403", ["agent:chief"], {"who": "sam"}), (1, b"neither an event nor a document", ["agent:nobody"], {}),
            (1, b"neither an event nor a document", ["policy:no<such"], {"state": True}), (1, b"no event in this period", ["agent:chief", "--to", "2020-01-01"], {}),
            (1, b"no event in this period", ["--from", "2999-01-01"], {}), (2, b"expected agent:NAME", ["chief"], {}), (2, b"or a period", [], {}),
            (2, b"must lie before", ["--from", "1h", "--to", "2h"], {}), (2, b"expected a day", ["--from", "yesterday"], {}),
            (3, b"", ["agent:chief"], {"url": "http://127.0.0.1:1"}))
    for code, said, words, how in rows:
        got = make(*words, **how)
        tap.ok(got.code == code and said in got.done.stderr and not os.path.exists(got.out), f"{' '.join(words)} {how}: {code}, nothing is written", got.done)
    taken = broker.ambit("evidence", "agent:chief", "--state", broker.state, "--out", broker.home)
    tap.ok(taken.returncode == 2, "what is there is not written over", taken)


def many(make, broker, client):
    """Rows beyond a page, hostile texts, and events that come while it is made: it is of one checkpoint."""
    token = client.token(purpose=HOSTILE).json["access_token"]
    for _ in range(11):
        client.post_json("/access/v1/evaluations", {"subject": {"type": "access_token", "id": token}, "action": {"name": "ticket.read"}, "context": {"stated_reason": HOSTILE},
                                                    "evaluations": [{"resource": {"type": "ticket", "id": "<i>"}}] * 50}, broker.basic("payments-api"))
    wait_covered(client)
    going = threading.Event()

    def act():
        with broker.client() as another:
            while not going.is_set():
                another.evaluate(token)
                time.sleep(0.01)

    thread = threading.Thread(target=act)
    thread.start()
    archive = make("agent:remediator", "--from", "1d", end=".tar")
    going.set()
    thread.join()
    said = holds(archive, "an agent that acts meanwhile", 550)
    check_pages(archive, "many rows")
    ours = re.sub(r'<span class="said">.*?</span>', "", archive.read("index.html").decode(), flags=re.S)
    tap.ok("so it is" not in ours and "Approved by dana" not in ours, "what they wrote is framed: no quote of theirs ends it")
    size = int(archive.read("checkpoint").split(b"\n")[1])
    tap.ok(said["size"] == size == archive.said["size"] and int(re.findall(r'receipts/(\d+)\.', archive.read("SHA256SUMS").decode())[-1]) < size, "all of one checkpoint", said)
    index, page = archive.read("index.html").decode(), archive.read("allowed-1.html").decode()
    tap.ok(index.count("<code>ticket.read") <= 50 or f"The first {FIRST_ROWS} of " in index, "the first rows in the page")
    tap.ok(page.count("<tr><td>") == PAGE_ROWS and "allowed-2.html" in archive.files() and "&lt;script&gt;" in page, "all of them beside it")
    return token


def erased(make, client):
    got = client.person("lee", "POST", "/v1/erasures", {"target": "person:sam", "reason": "asked to be forgotten", "members": ["words"]})
    tap.ok(got.status in (200, 201, 202), "erased", got)
    wait_covered(client)
    archive = make("agent:finger")
    said = holds(archive, "after an erasure", 5)
    text = "".join(Page(archive.read("index.html")).text)
    kinds = [e["type"] for e in archive.events().values()]
    tap.ok(said["openings_erased"] > 0 and said["openings_unaccounted"] == 0 and "personal.erased" in kinds and "erased" in text and "personal text was erased" in text,
           "the page says erased, the erasure is in it, every proof holds", said)
    check_pages(archive, "after an erasure")


def main():
    with Broker(limits={"agent_per_s": 1000000, "agent_burst": 1000000}) as broker:
        with broker.client() as client:
            story = Story(broker, client)
            make = Maker(broker)
            wait_covered(client)
            archive = agents(make, story)
            others(make, broker)
            changes(archive)
            lies(archive)
            refusals(make, broker)
            many(make, broker, client)
            erased(make, client)
            reads = [e["detail"]["what"] for e in client.events(type="person.read") if e["person"] == "dana"]
            tap.ok(any("log" in w for w in reads), "the reading is recorded", reads)
        broker.stop()
        tap.ok(make("--from", "1d", state=True, end=".tar").code == 0, "and of a broker that is down")
        tap.ok(broker.verify()[0] == 0, "the record verifies", broker.verify())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
