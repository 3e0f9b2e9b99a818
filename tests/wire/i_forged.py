#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: whoever holds the log's key and signs a record in which stops, approvals or the people who left do not stand before the
decisions that leave them out is told so by the decisions that they touch: in their own words, and where they stand."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap  # noqa: E402
from forger import Forger, encoded, files_of  # noqa: E402
import json  # noqa: E402

PROD = "service.restart[svc:prod/web-1]"
ASKS = {"id": "production", "actions": ["service.restart"], "resources": ["svc:prod/**"], "ttl": {"default": "2m", "max": "5m"},
        "approval": {"at": "grant", "roles": ["oncall"], "count": 2, "timeout": "15m"}}


def set_up(broker, client):
    path = os.path.join(broker.state, "documents", "policies", "restart-services.json")
    with open(path, encoding="utf-8") as f:
        policy = json.load(f)
    policy["allow"].append(ASKS)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(policy, f)
    broker.give_token("kim")
    return client.person("lee", "POST", "/v1/documents/reload")


def fill(broker, client):
    """A token that a stop ends and one that its agent gives back; two people approve; the backup leaves."""
    first = client.token(purpose="one").json["access_token"]
    client.evaluate(first)
    stop = client.stop("agent:remediator").json["stop"]
    client.token()
    client.evaluate(first)
    client.clear(stop)
    client.evaluate(first)
    second = client.token().json["access_token"]
    client.evaluate(second)
    client.revoke(second)
    client.evaluate(second)
    held = client.stop("resource:ticket:1").json["stop"]
    third = client.token("service.read[svc:staging/x]").json["access_token"]
    client.evaluate(third, "service.read", {"type": "svc", "id": "staging/x"})
    client.clear(held)
    asked = client.token(PROD, purpose="INC-7").json["ambit_approval"]
    for who in ("lee", "kim"):
        client.person(who, "POST", f"/v1/approvals/{asked}", {"answer": "approve", "reason": "looked at it"})
    client.token(PROD, purpose="INC-7", approval=asked)
    client.token(PROD, purpose="INC-8")
    probing = client.token("service.read[svc:staging/**]").json["access_token"]
    for _ in range(3):
        client.evaluate(probing, "service.restart", {"type": "svc", "id": "prod/other"})
    client.person("lee", "POST", "/v1/people/sam/offboard", {"reason": "left"})
    client.token()


def first_after(forger, seq, kind):
    return next(i for i in range(seq, len(forger.entries)) if forger.event(i)["type"] == kind)


def stop_before_grant(forger):
    forger.move(forger.find("stop.raised"), forger.find("grant.issued"))
    return first_after(forger, 0, "grant.issued"), "says allow, its inputs decide deny (stopped)"


def stop_before_action(forger):
    """The grant is given before it, and used after it as if nothing were."""
    forger.move(forger.find("stop.raised"), forger.find("action.allowed"))
    return forger.find("action.allowed"), "says that its grant was alive, which an event before it ended"


def hold_before_action(forger):
    seq = forger.find("stop.raised", target="resource:ticket:1")
    forger.move(seq, forger.find("action.allowed"))
    forger.change(forger.find("stop.raised", target="resource:ticket:1"), lambda e: e.update(target="resource:ticket:**"))
    return forger.find("action.allowed"), "its inputs decide deny (stopped)"


def stopped_is_alive(forger):
    seq = forger.find("action.denied", reason="stopped")
    forger.change(seq, lambda e: e.pop("liveness"))
    return seq, "says that its grant was alive, which an event before it ended"


def cleared_is_live(forger):
    """Denied for what a cleared stop ended; said to have been alive."""
    seq = next(i for i in range(forger.find("stop.cleared"), len(forger.entries)) if forger.event(i).get("liveness"))
    forger.change(seq, lambda e: e.pop("liveness"))
    return seq, "says that its grant was alive, which an event before it ended"


def revoked_is_used(forger):
    seq = first_after(forger, forger.find("grant.revoked"), "action.denied")
    forger.change(seq, lambda e: e.pop("liveness"))
    return seq, "says that its grant was alive, which an event before it ended"


def live_is_dead(forger):
    seq = forger.find("action.allowed")
    forger.change(seq, lambda e: e.update(liveness="revoked"))
    return seq, "says that its grant was over, which no event before it did"


def used_after_clear(forger):
    """A refusal that names a stop which a person had cleared."""
    refused = forger.find("grant.refused", reason="stopped")
    cleared = forger.find("stop.cleared")
    late = forger.event(cleared + 1)["time"]
    forger.move(refused, cleared + 1)
    seq = forger.find("grant.refused", reason="stopped")
    for at in range(seq, len(forger.entries)):
        forger.change(at, lambda e: e.update(time=max(e["time"], late)))
    return seq, "was decided by a stop that held no more"


def approvers(forger):
    seq = forger.find("grant.issued", approved="given")
    forger.change(seq, lambda e: e.update(approvers=["lee", "dana"]))
    return seq, "names other approvers than those who answered"


def fewer_answers(forger):
    forger.remove(forger.find("approval.given"))
    return forger.find("grant.issued", approved="given"), "names other approvers than those who answered"


def no_answer(forger):
    forger.remove(forger.find("approval.given"))
    forger.remove(forger.find("approval.given"))
    return forger.find("grant.issued", approved="given"), "was made with an approval that was not given, or was over"


def not_used_up(forger):
    seq = forger.find("approval.used")
    forger.remove(seq)
    return seq, "does not say that the decision before it used up its approval"


def used_twice(forger):
    seq = forger.find("approval.used")
    forger.order([*range(seq + 1), seq, *range(seq + 1, len(forger.entries))])
    return seq + 1, "uses up an approval on which the decision before it does not rest"


def something_else(forger):
    forger.change(forger.find("approval.asked"), lambda e: e["asked"][0].update(resources=["svc:prod/web-2"]))
    return forger.find("grant.issued", approved="given"), "was made with the approval of something else"


def same_person(forger):
    seq = forger.find("approval.given") + 1
    forger.change(seq, lambda e: e.update(person="lee"))
    return seq, "is the second answer of one person"


def nobody_on_call(forger):
    forger.change(forger.find("approval.given") + 1, lambda e: e.update(person="sam"))
    seq = forger.find("grant.issued", approved="given")
    forger.change(seq, lambda e: e.update(approvers=["lee", "sam"]))
    return seq, "was made with an approval of people who do not suffice for its rule"


def one_for_two(forger):
    forger.remove(forger.find("approval.given"))
    seq = forger.find("grant.issued", approved="given")
    forger.change(seq, lambda e: e.update(approvers=["kim"]))
    return seq, "was made with an approval of people who do not suffice for its rule"


def longer(forger):
    seq = forger.find("approval.given") + 1
    forger.change(seq, lambda e: e.update(approval_until="2099-01-01T00:00:00.000Z"))
    return seq, "gives an approval for longer or shorter than was asked"


def backup_left(forger):
    forger.move(forger.find("person.offboarded"), forger.find("grant.issued"))
    return forger.find("grant.issued"), "its inputs decide deny (owner_required)"


def backup_stays(forger):
    seq = forger.find("grant.refused", reason="owner_required")
    forger.remove(forger.find("person.offboarded"))
    return seq - 1, "says deny (owner_required)"


def no_hard_stop(forger):
    """Three refusals tripped it; it is said to have stopped nothing."""
    seq = next(i for i in range(len(forger.entries)) if forger.event(i)["type"] == "stop.raised" and "by" in forger.event(i))
    forger.remove(seq)
    opened = forger.find("incident.opened", incident=forger.event(seq)["incident"])
    forger.remove(opened)
    return None, "does not raise the hard stop that the event before it tripped"


def stop_of_nothing(forger):
    seq = next(i for i in range(len(forger.entries)) if forger.event(i)["type"] == "stop.raised" and "by" in forger.event(i))
    forger.move(seq, forger.find("grant.issued"))
    return forger.find("grant.issued") - 1, "raises a hard stop that no event before it tripped"


def older_documents(forger):
    """The set of before, in which nobody had to be asked."""
    older = forger.event(forger.find("documents.activated"))["documents"]
    seq = forger.find("action.allowed")
    forger.change(seq, lambda e: e.update(documents=older))
    return seq, "was decided by documents that were not in force"


def erased_opening(forger):
    """An erasure that is said and was not done."""
    seq = forger.find("stop.raised")
    body = encoded({"documents": [], "erasure": "g" * 22, "members": ["words"], "openings": [[seq, seq]]})
    last = len(forger.entries) - 1
    event = {k: v for k, v in forger.event(last).items() if k in ("id", "seq", "time", "v", "documents")}
    event.update(type="personal.erased", seq=last + 1, detail=json.loads(body), person="lee", id="Q" * 22)
    forger.entries.append(encoded(event))
    return seq, "its opening still holds a text that an erasure says is gone"


FORGED = [stop_before_grant, stop_before_action, hold_before_action, stopped_is_alive, cleared_is_live, revoked_is_used, live_is_dead, used_after_clear,
          approvers, fewer_answers, no_answer, not_used_up, used_twice, something_else, same_person, nobody_on_call, one_for_two, longer, backup_left, backup_stays, no_hard_stop, stop_of_nothing,
          older_documents, erased_opening]


def judge(broker, folder):
    done = subprocess.run([os.path.join(broker.build, "ambit-verify"), folder, "--key", os.path.join(broker.state, "log", "log.vkey"), "--json"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, json.loads(done.stdout)


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        tap.ok(set_up(broker, client).status == 200, "a rule that asks two people")
        fill(broker, client)
        broker.stop()
        code, said = broker.verify()
        tap.ok(code == 0 and said["ok"] and said["problems"] == [], "the store holds", said)
        whole, folder = os.path.join(broker.home, "x"), os.path.join(broker.home, "f")
        tap.ok(broker.ambit("export", "--state", broker.state, "--out", whole).returncode == 0 and len(files_of(whole)) > 6, "exported")
        code, said = judge(broker, whole)
        tap.ok(code == 0 and said["not_followed"] == 0, "and so does the export", said)
        for forge in FORGED:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(whole, folder)
            forger = Forger(folder)
            seq, words = forge(forger)
            forger.write(os.path.join(broker.state, "keys", "log.key"))
            code, said = judge(broker, folder)
            told = [p["what"] for p in said["problems"] if seq is None or p.get("seq") == seq]
            tap.ok(code == 1 and said["signed"] and any(words in what for what in told), f"{forge.__name__.replace('_', ' ')}: found, though the log's own key signed it",
                   (seq, words, said["problems"][:6]))
    tap.done()


main()
