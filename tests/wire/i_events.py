#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: every filter of the record, alone and in pairs, gives what a filter over all events gives, in both orders and by
pages; pages hold while events come; a stream goes on behind where it was cut; every form says the same events."""
import http.client
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import READ_SCOPE, SLOW, Broker, Tap, claims  # noqa: E402
from formats import ecs_faults, ocsf_faults  # noqa: E402

tap = Tap()
SCOPE = "service.restart[svc:staging/**] service.read[svc:staging/**]"
MEMBERS = ("agent", "team", "owner", "person", "service", "txn", "source", "id", "grant", "lineage", "stop", "incident", "cause")


def things(event):
    """What was done, and the items asked for or given."""
    yield event.get("action"), event.get("resource")
    for item in event.get("items", []) + event.get("asked", []):
        yield item["actions"][0], item.get("resources", [None])[0]


def inside(pattern, name):
    """The language's patterns, as far as this test uses them: `**` any rest, `*` within a segment."""
    if name is None or "*" not in pattern:
        return pattern == name
    words = "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*)", pattern))
    return re.fullmatch(words, name) is not None


def rules(event):
    yield event.get("policy"), event.get("rule")
    for item in event.get("items", []):
        if "policy" in item:
            yield item["policy"], item.get("rule")


def fits(event, name, value):
    if name in MEMBERS or name in ("signal", "parent", "approval"):
        return event.get(name) == value
    if name == "type":
        return any(event["type"] == one or (one.endswith(".*") and event["type"].startswith(one[:-1])) for one in value.split(","))
    if name == "reason":
        return event.get("reason") in value.split(",")
    if name == "decision":
        return event.get("decision") == value
    if name == "digest":
        return value in (event.get("digest"), event.get("documents"))
    if name == "since":
        return event["time"] >= value
    if name == "until":
        return event["time"] < value
    if name == "after":
        return event["seq"] > value
    raise ValueError(name)


def all_fit(event, query):
    """Action with resource and policy with rule hold of one and the same thing."""
    rest = {k: v for k, v in query.items() if k not in ("action", "resource", "policy", "rule")}
    asked, of = query.get("action"), query.get("resource")
    policy, rule = query.get("policy"), query.get("rule")
    if rule and "/" in rule:
        if policy and policy != rule.split("/")[0]:
            return False
        policy, rule = rule.split("/")
    return (all(fits(event, k, v) for k, v in rest.items())
            and ((not asked and not of) or any((not asked or inside(asked, a)) and (not of or inside(of, r)) for a, r in things(event)))
            and ((not policy and not rule) or any((not policy or p == policy) and (not rule or r == rule) for p, r in rules(event))))


def make(broker, client):
    """Something of everything that a dev state can have."""
    tokens = [client.token(scope).json["access_token"] for scope in (SCOPE, READ_SCOPE, SCOPE)]
    client.token("db.drop[db:prod/x]")
    for i in range(6):
        client.evaluate(tokens[0], "service.restart", {"type": "svc", "id": f"staging/web{i}"})
        client.evaluate(tokens[1])
    for _ in range(3):
        client.evaluate(tokens[2], "service.restart", {"type": "svc", "id": "prod/web"})
    client.evaluate(tokens[1], "ticket.write")
    done = client.evaluate(tokens[1])
    client.post_json(f"/v1/actions/{done.json['context']['id']}/outcome", {"outcome": "succeeded", "detail": "done"}, broker.basic("payments-api"))
    stop = client.stop("agent:reporter", reason="its words, and a name").json
    for incident in client.person("lee", "GET", "/v1/incidents?state=open").json["incidents"]:
        client.person("lee", "POST", f"/v1/incidents/{incident['incident']}/acknowledge", {"reason": "seen"})
    client.clear(stop["stop"])
    client.revoke(tokens[1])
    client.person("lee", "POST", "/v1/documents/reload", {})
    client.person("lee", "GET", "/v1/grants")
    return [claims(token)["jti"] for token in tokens]


def ask(client, query, who="dana", limit=1000):
    """Every page of it."""
    events, cursor = [], None
    for _ in range(3000):
        words = {**query, "limit": limit, **({} if cursor is None else {"cursor": cursor})}
        answer = client.person(who, "GET", "/v1/events?" + urllib.parse.urlencode(words))
        if answer.status != 200:
            return answer
        events += answer.json["events"]
        cursor = answer.json["next"]
        if cursor is None:
            return events
    return None


def values_of(events):
    """Of each filter some values that there are, and one that there is not."""
    found = {name: [] for name in MEMBERS}
    for event in events:
        for name in MEMBERS:
            if event.get(name) not in (None, *found[name]):
                found[name].append(event[name])
    nobody = {"agent": "nobody", "team": "nobody", "owner": "nobody", "person": "nobody", "service": "nobody", "txn": "0" * 31 + "1", "source": "192.0.2.1"}
    for name in MEMBERS:
        found[name] = found[name][:2] + [nobody.get(name, "AAAAAAAAAAAAAAAAAAAAAA"), nobody.get(name, "AZqYAAAAAAAAAAAAAAAAAA")]
    times = sorted({event["time"] for event in events})
    found.update({
        "signal": ["odd"], "parent": ["AZqYAAAAAAAAAAAAAAAAAA"], "approval": ["AAAAAAAAAAAAAAAAAAAAAA"],
        "type": ["action.allowed", "grant.*", "grant.refused,stop.*", "action.*,person.read"],
        "reason": ["out_of_scope", "allowed", "out_of_scope,stopped,forbidden"],
        "decision": ["deny", "allow"],
        "policy": ["restart-services", "read-tickets", "nope"],
        "rule": sorted({e["rule"] for e in events if "rule" in e})[:1] + ["restart-services/" + r for r in sorted({e["rule"] for e in events if "rule" in e})[:1]],
        "action": ["service.restart", "service.*", "db.drop"],
        "resource": ["svc:staging/web1", "svc:staging/**", "svc:*/web*", "ticket:**"],
        "digest": sorted({e["digest"] for e in events if "digest" in e})[:2] + sorted({e["documents"] for e in events if "documents" in e})[:1] + ["sha256:" + "0" * 64],
        "since": [times[len(times) // 3], times[-1]], "until": [times[len(times) // 2], times[0]],
        "after": [events[len(events) // 2]["seq"]],
    })
    return found


def same(client, events, size, query, limit=1000, is_descending=False):
    words = {**query, "before": size, **({"order": "desc"} if is_descending else {})}
    got = ask(client, words, limit=limit)
    want = [e["seq"] for e in (reversed(events) if is_descending else events) if all_fit(e, query)]
    if not isinstance(got, list):
        return (words, got)
    return None if [e["seq"] for e in got] == want else (words, [e["seq"] for e in got], want)


def alone(client, events, size, ways):
    values = values_of(events)
    for name, some in sorted(values.items()):
        faults = [f for value in some for limit, down in ways
                  for f in [same(client, events, size, {name: value}, limit, down)] if f]
        tap.ok(not faults, f"{name}: as a filter over all events, both orders, by pages", faults[:2])


def in_pairs(client, events, size):
    values = values_of(events)
    faults = [f for i, (a, b) in enumerate(itertools.combinations(sorted(values), 2))
              for f in [same(client, events, size, {a: values[a][i % len(values[a])], b: values[b][i // 3 % len(values[b])]}, 1000, i % 2 == 1)] if f]
    tap.ok(not faults, "filters in pairs", faults[:2])


def refusals(client):
    for query in ("type=nope", "type=grant", "type=grant.*,", "type=*", "type=.*", "reason=nope", "reason=", "decision=maybe", "digest=sha256:00", "digest=x",
                  "source=localhost", "source=1.2.3.4/8", "rule=/x", "rule=x/", "order=up", "before=x", "before=-1", "stop=x",
                  "cause=AAAAAAAAAAAAAAAAAAAAA", "resource=svc%3A***", "action=*.*.*.*x**", "format=xml", "format=ocsf&form=leaf", "format=ecs&checks=true",
                  "agent=" + "x" * 513, "Agent=x", "types=grant.issued"):
        answer = client.person("dana", "GET", "/v1/events?" + query)
        wanted = 200 if query == "reason=" else 400
        tap.ok(answer.status == wanted and (wanted == 200 or answer.json["reason"] == "malformed"), f"events?{query[:60]}: {wanted}", answer)
    answer = client.person("dana", "GET", "/v1/events?before=0")
    tap.ok(answer.json["events"] == [] and answer.json["next"] is None, "nothing lies before the first", answer)
    answer = client.person("sam", "GET", "/v1/events?agent=remediator")
    tap.ok(answer.json["events"] == [] and answer.json["next"] is None, "an owner sees what is theirs, whatever they ask", answer)


def under_load(broker, client):
    """Both orders, while events come: each event once, nothing skipped."""
    stopping = threading.Event()

    def busy():
        with broker.client() as other:
            while not stopping.is_set():
                other.token()
    workers = [threading.Thread(target=busy) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        first = client.person("dana", "GET", "/v1/events?order=desc&limit=1").json
        up = ask(client, {"type": "grant.*,action.*", "before": first["complete_to"]}, limit=9)
        down = ask(client, {"type": "grant.*,action.*", "order": "desc"}, limit=9)
    finally:
        stopping.set()
        for worker in workers:
            worker.join()
    now = [e["seq"] for e in ask(client, {"type": "grant.*,action.*"})]
    up, down = [e["seq"] for e in up], [e["seq"] for e in down]
    tap.ok(up == [s for s in now if s < first["complete_to"]], "pages upwards under load: each once, none left out", (up[-5:], first))
    tap.ok(down == [s for s in reversed(now) if s <= down[0]] and down[0] > up[-1], "pages downwards under load: the same", down[:5])


def lines_of(client, query):
    """All pages as lines, along the Link header."""
    lines, path = [], "/v1/events?" + urllib.parse.urlencode(query)
    for _ in range(1000):
        answer = client.person("dana", "GET", path)
        if answer.status != 200 or answer.headers["Content-Type"] != "application/x-ndjson" or not int(answer.headers["Ambit-Complete-To"]):
            return [], answer
        lines += [json.loads(line) for line in answer.body.decode().split("\n")[:-1]]
        link = answer.headers["Link"]
        if link is None:
            return lines, None
        path = re.fullmatch(r'<([^<>"\s]+)>; rel="next"', link).group(1)
    return [], "no end"


def forms(client, size):
    ours = {e["seq"]: e for e in ask(client, {"before": size})}
    plain, fault = lines_of(client, {"before": size, "format": "jsonl", "limit": 11})
    tap.ok(plain == list(ours.values()), "JSON lines: the events themselves, page by page along Link", fault)
    answer = client.call("GET", "/v1/events?limit=2", headers={"Authorization": f"Bearer {client.broker.secret('dana.token')}", "Accept": "application/x-ndjson"})
    tap.ok(answer.body.count(b"\n") == 2 and json.loads(answer.body.split(b"\n")[0])["seq"] == 0, "Accept: application/x-ndjson is format=jsonl", answer)
    odd, fault = lines_of(client, {"resource": "svc:<\">/{x}", "format": "jsonl", "limit": 1})
    tap.ok(odd == [] and fault is None, "an odd name does no harm to Link", fault)
    for standard, name, faults_of, uid in (("LOG-1", "ocsf", ocsf_faults, lambda o: o["metadata"]["sequence"]), ("LOG-2", "ecs", ecs_faults, lambda o: o["event"]["sequence"])):
        lines, fault = lines_of(client, {"before": size, "format": name, "limit": 50})
        tap.ok([uid(line) for line in lines] == list(ours), f"{standard} {name}: the same events", fault)
        faults = [f for line in lines for f in faults_of(line, ours[uid(line)])]
        tap.ok(lines and not faults, f"{standard} {name}: what the schema requires is there", faults[:3])


class Live:
    """A stream of server-sent events, message by message."""

    def __init__(self, broker, query, last_id=None, who="lee"):
        self.http = http.client.HTTPConnection("127.0.0.1", broker.port, timeout=20 * SLOW)
        more = {} if last_id is None else {"Last-Event-ID": str(last_id)}
        self.http.request("GET", "/v1/events?" + query, headers={"Accept": "text/event-stream", "Authorization": f"Bearer {broker.secret(who + '.token')}", **more})
        self.answer = self.http.getresponse()
        self.said, self.ids, self.ended = [], [], None

    def until(self, done):
        """Reads on until done(self), or the end of the stream."""
        fields = {}
        while not done(self):
            try:
                line = self.answer.readline()
            except (OSError, http.client.HTTPException):
                return False
            if line == b"":
                return done(self)
            if line == b"\n":
                self.take(fields)
                fields = {}
            elif not line.startswith(b":"):
                name, value = line.rstrip(b"\n").split(b": ", 1)
                fields[name.decode()] = value.decode()
        return True

    def take(self, fields):
        if fields.get("event") == "end":
            self.ended = json.loads(fields["data"])
        elif "id" in fields:
            self.ids.append(int(fields["id"]))
            if "data" in fields:
                self.said.append((int(fields["id"]), json.loads(fields["data"])))


def streams(broker, client):
    """A stream that reads up, is cut by kill -9, and goes on behind where it was."""
    kinds = "type=grant.issued,grant.refused"
    wanted = [e["seq"] for e in ask(client, {"type": "grant.issued,grant.refused"})]
    stream = Live(broker, kinds + "&format=ocsf")
    got = stream.until(lambda s: s.ids and s.ids[-1] >= wanted[-1])
    said = stream.said
    tap.ok(got and [seq for seq, _ in said] == wanted and all(d["class_uid"] == 3003 for _, d in said), "a stream reads up to now, more than one round of it, as OCSF", len(said))
    broker.kill()
    tap.ok(not stream.until(lambda s: False), "it breaks when the broker is killed")
    broker.start()
    with broker.client() as after:
        jti = claims(after.token().json["access_token"])["jti"]
        again = Live(broker, kinds, last_id=said[-3][0])
        tap.ok(again.until(lambda s: s.said and s.said[-1][1].get("grant") == jti), "after kill -9 a stream goes on")
        tap.ok([seq for seq, _ in again.said[:2]] == wanted[-2:] and len(again.said) == 3, "behind what the client had, each once", (again.ids, wanted[-3:]))
        answer = after.call("GET", "/v1/events?order=desc", headers={"Authorization": f"Bearer {broker.secret('dana.token')}", "Accept": "text/event-stream"})
        tap.ok(answer.status == 400, "a stream has no other order", answer)
        too_many(broker, after)
        quiet = Live(broker, "agent=nobody")
        grown(broker, after, 5200)
        tap.ok(quiet.until(lambda s: s.ids and s.ids[-1] >= 5000) and not quiet.said, "a filter that nothing fits moves on all the same", quiet.ids[-1:])
        ending(broker, after)


def grown(broker, client, size):
    """So many events in the record: batches of evaluations are many at once."""
    token = client.token().json["access_token"]
    one = {"subject": {"type": "access_token", "id": token}, "action": {"name": "ticket.read"}, "resource": {"type": "ticket", "id": "INC-1"}}
    while client.person("dana", "GET", "/v1/events?limit=1&order=desc").json["complete_to"] < size:
        for _ in range(20):
            client.post_json("/access/v1/evaluations", {"evaluations": [one] * 20}, broker.basic("payments-api"))


def too_many(broker, client):
    """A person has eight streams at most, whoever else has as many; a trace is answered while each of them looks at all of the record."""
    def refused(who):
        return client.call("GET", "/v1/events", headers={"Authorization": f"Bearer {broker.secret(who + '.token')}", "Accept": "text/event-stream"})
    before = client.person("dana", "GET", "/v1/events?type=person.read&order=desc&limit=1").json["events"][0]["seq"]
    streams_of = {who: [Live(broker, "resource=svc:nothing/**", who=who) for _ in range(n)] for who, n in (("dana", 8), ("lee", 7))}
    tap.ok(all(s.answer.status == 200 for all_of in streams_of.values() for s in all_of), "two people have eight streams each", [[s.answer.status for s in all_of] for all_of in streams_of.values()])
    answer = refused("dana")
    tap.ok(answer.status == 429 and answer.json["reason"] == "limited" and "close one" in answer.json["detail"] and answer.headers.get("Retry-After"), "the ninth is refused in words", answer)
    told = [e for e in ask(client, {"type": "person.read", "after": before + 1}) if "svc:nothing" in str(e) or "svc%3A" in str(e)]
    tap.ok(len(told) == 15, "and no reading of it is recorded", told)
    for _ in range(5):
        answer = client.person("dana", "GET", "/v1/trace/agent:remediator")
        tap.ok(answer.status == 200, "a trace is answered beside them", answer.status)
    for stream in [*streams_of["dana"], *streams_of["lee"]]:
        stream.answer.close()
    for who in streams_of:
        end, again = time.monotonic() + 60 * SLOW, None
        while not (again and again.answer.status == 200) and time.monotonic() < end:
            again = Live(broker, "resource=svc:nothing/**", who=who)
            time.sleep(0.1)
        tap.ok(again.answer.status == 200, f"what {who} closes makes room")
        again.answer.close()


def ending(broker, client):
    """Whoever may no more is told why the stream ends."""
    last = client.person("dana", "GET", "/v1/events?limit=1&order=desc").json["complete_to"] - 1
    stream = Live(broker, f"after={last}")
    broker.propose("people/lee", {**broker.document("people/lee"), "roles": ["approver"]})
    client.person("lee", "POST", "/v1/documents/reload", {})
    tap.ok(stream.until(lambda s: s.ended) and stream.ended["reason"] == "role_required", "a stream ends with words when the role is gone", stream.ended)


def command_line(broker, client):
    """`ambit events`: all pages, every format, as wide as the terminal, and quiet when nobody reads on."""
    def run(*words, columns=None):
        env = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
        return subprocess.run([os.path.join(broker.build, "ambit"), "events", *base, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60 * SLOW, env={**env, **({"COLUMNS": str(columns)} if columns else {})})
    base = ["--url", f"http://127.0.0.1:{broker.port}", "--token-file", os.path.join(broker.state, "credentials", "dana.token")]
    all_of = [e for e in ask(client, {"type": "grant.*,stop.*"}) if e["type"] != "person.read"]
    for name, seq_of in (("jsonl", lambda o: o["seq"]), ("ocsf", lambda o: o["metadata"]["sequence"]), ("ecs", lambda o: o["event"]["sequence"])):
        done = run("--format", name, "--type", "grant.*", "--type", "stop.*")
        tap.ok(done.returncode == 0 and [seq_of(json.loads(line)) for line in done.stdout.splitlines()] == [e["seq"] for e in all_of], f"--format {name}: all pages", done.stderr)
    done = run("--format", "jsonl", "--limit", "3", "--order", "desc")
    seqs = [json.loads(line)["seq"] for line in done.stdout.splitlines()]
    tap.ok(len(seqs) == 3 and seqs == sorted(seqs, reverse=True), "--limit and --order", seqs)
    done = run("--json", "--limit", "2")
    tap.ok(done.returncode == 0 and set(json.loads(done.stdout)) == {"events", "next", "complete_to"}, "--json is the answer", done.stdout[:200])
    for columns in (80, 120, 200):
        lines = run("--type", "grant.*,stop.*,incident.*", columns=columns).stdout.splitlines()
        tap.ok(len(lines) > 300 and max(map(len, lines)) <= columns and all(f" {all_of[0]['type']} " in line for line in lines[1:2]), f"a table of {columns} columns", lines[:2])
    recent = run("--since", "1h", "--until", "1s", "--format", "jsonl", "--limit", "1")
    tap.ok(recent.returncode == 0 and len(recent.stdout.splitlines()) == 1, "--since and --until say how long ago", recent.stderr)
    for words in (["--since", "yesterday"], ["--limit", "0"], ["--after", "-1"], ["--format", "xml"], ["--format", "ecs", "--json"], ["--follow", "--order", "desc"], ["--type", "nope"]):
        done = run(*words)
        tap.ok(done.returncode == 2 and done.stdout == "" and done.stderr, f"events {' '.join(words)}: wrong usage", done)
    done = run("--follow", "--limit", "4", "--format", "ocsf", "--after", "2")
    tap.ok(done.returncode == 0 and [json.loads(line)["metadata"]["sequence"] for line in done.stdout.splitlines()] == [3, 4, 5, 6], "--follow --limit", done)
    pipe = subprocess.Popen([os.path.join(broker.build, "ambit"), "events", *base, "--format", "jsonl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    pipe.stdout.readline()
    pipe.stdout.close()
    tap.ok(pipe.wait(60 * SLOW) == 0 and pipe.stderr.read() == b"", "a reader that has had enough ends it quietly", pipe.returncode)


def readings(client):
    """A query is on record with what was asked, its further pages within a minute are the same one."""
    before = ask(client, {"order": "desc"})[0]["seq"]
    ask(client, {"agent": "remediator", "decision": "deny"}, limit=2)
    client.person("lee", "GET", "/v1/events?resource=" + "x" * 300)
    said = [e["detail"]["what"] for e in ask(client, {"type": "person.read", "after": before}) if "remediator" in e["detail"]["what"] or "resource" in e["detail"]["what"]]
    tap.ok(len(said) == 2 and "agent=remediator&decision=deny" in said[0], "a reading says what was asked, once", said)
    paths = ("grants?state=all", "stops", "incidents?state=open", "approvals?state=all", "keys", "report", "trace/agent:remediator", "events?team=x")
    before = ask(client, {"order": "desc"}, limit=1)[0]["seq"]
    codes = [client.person("lee", "GET", "/v1/" + path).status for path in paths]
    read = [e["detail"]["what"] for e in ask(client, {"type": "person.read", "person": "lee", "after": before})]
    tap.ok(codes == [200] * len(paths) and read == list(paths), "whatever is read is on record, and what of it", (codes, read))
    tap.ok("xxx" not in said[1] and "resource=" in said[1], "what is too long to be a name is told by its own name alone", said)


def slow_reader(ret):
    """Who does not read is told so behind what was sent, and the broker keeps no more than one round for them."""
    with Broker(limits={"request_s": 3}) as broker, broker.client() as client:
        one = {"subject": {"type": "access_token", "id": client.token().json["access_token"]}, "action": {"name": "ticket.read"},
               "resource": {"type": "ticket", "id": "INC-1"}, "context": {"x": "y" * 9000}}
        for _ in range(200):
            client.post_json("/access/v1/evaluations", {"evaluations": [one] * 5}, broker.basic("payments-api"))
        with socket.socket() as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.connect(("127.0.0.1", broker.port))
            stuck.settimeout(20 * SLOW)
            stuck.sendall(f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer {broker.secret('lee.token')}\r\n\r\n".encode())
            time.sleep(4.5)
            seen, more = b"", b"x"
            while more:
                try:
                    more = stuck.recv(1 << 20)
                except OSError:
                    more = b""
                seen += more
        ret.append(seen[-400:])


def main():
    cut = []
    slow = threading.Thread(target=slow_reader, args=(cut,))
    slow.start()
    with Broker() as broker, broker.client() as client:
        make(broker, client)
        size = client.person("dana", "GET", "/v1/events?limit=1").json["complete_to"]
        events = ask(client, {"before": size})
        tap.ok([e["seq"] for e in events] == list(range(size)), "all events, in order", len(events))
        alone(client, events, size, ((1000, False), (9, True)))
        time.sleep(1.5)  # the index has come as far: the same again, by it
        alone(client, events, size, ((7, False), (1000, True)))
        in_pairs(client, events, size)
        refusals(client)
        under_load(broker, client)
        forms(client, size)
        readings(client)
        for _ in range(320):
            client.token()
        command_line(broker, client)
        streams(broker, client)
        slow.join()
        tap.ok(cut and b'event: end\ndata: {"reason":"too_slow"' in cut[0], "a slow reader is cut with words", cut)
        tap.ok(broker.stop() == 0 and broker.verify()[0] == 0, "ambit verify passes")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
