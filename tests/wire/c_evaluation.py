#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: POST /access/v1/evaluation answers as AuthZEN asks (standards.md, section 12), tells a service
everything and an agent its part, and every question is on record."""
import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import STAGING, Broker, Tap  # noqa: E402

CHECKS = "audience grant stop live proof form never scope policy hours source purpose reason context after composition limits hard_stop approval".split()


def ask(client, question, authorization, **headers):
    body = question if isinstance(question, str) else json.dumps(question)
    return client.call("POST", "/access/v1/evaluation", body, {"Content-Type": "application/json", **({"Authorization": authorization} if authorization else {}),
                                                                **{k.replace("_", "-"): v for k, v in headers.items()}})


def question(token, action="service.restart", resource=None, **more):
    return {"subject": {"type": "access_token", "id": token}, "action": {"name": action}, "resource": resource or STAGING, **more}


def services(tap, broker, client, token):
    basic = broker.basic("payments-api")
    yes = ask(client, question(token), basic)
    context = yes.json["context"]
    tap.ok(yes.status == 200 and yes.json["decision"] is True and context["reason"] == "allowed", "AZN-1 allowed", yes)
    tap.ok(context["policy"] == "restart-services" and context["rule"] == "staging" and context["digest"].startswith("sha256:"), "policy, rule, digest")
    tap.ok([c["check"] for c in context["checks"]] == CHECKS and all(c["result"] == "pass" for c in context["checks"]), "every check in its order, passed")
    tap.ok("remedy" not in context and "reason_user" not in context, "an allow needs no remedy")

    no = ask(client, question(token, resource={"type": "svc", "id": "prod/web"}), basic)
    context = no.json["context"]
    results = [c["result"] for c in context["checks"]]
    tap.ok(no.status == 200 and no.json["decision"] is False and context["reason"] == "out_of_scope", "AZN-1 a denial is 200", no)
    tap.ok(results.count("fail") == 1 and set(results[results.index("fail") + 1:]) == {"not_reached"}, "what was not reached is not passed", results)
    tap.ok({"change", "retry", "text"} <= set(context["remedy"]) and context["reason_user"]["403"] and context["reason_admin"]["403"], "AZN-7 remedy and texts", context)
    tap.ok(len(context["id"]) == 22 and context["id"] != yes.json["context"]["id"], "each decision has its id")

    repeated = ask(client, question(token), basic, X_Request_ID="once")
    tap.ok(repeated.headers["X-Request-ID"] == "once" and repeated.json["context"]["id"] != yes.json["context"]["id"], "AZN-5, AZN-20 X-Request-ID is an echo and no key")
    many = [ask(client, question(token), basic).json["decision"] for _ in range(5)]
    tap.ok(all(many), "AZN-6 the same question, the same decision", many)
    for name, subject, reason in (("a user", {"type": "user", "id": "x"}, "not_supported"),
                                  ("no token of ours", {"type": "access_token", "id": "x"}, "inactive")):
        answer = ask(client, {**question(token), "subject": subject}, basic)
        tap.ok(answer.status == 200 and answer.json["decision"] is False and answer.json["context"]["reason"] == reason, f"AZN-18 {name}: {reason}", answer)
    wrong = ask(client, question(token, resource={"type": "mail", "id": "x"}), basic)
    tap.ok(wrong.json["context"]["reason"] == "wrong_audience", "a resource that is not the service's to speak for", wrong)


def shapes(tap, broker, client, token):
    basic, good = broker.basic("payments-api"), question(token)
    bad = {
        "no body": "", "not JSON": "{", "a list": "[]", "a member twice": json.dumps(good)[:-1] + ',"action":{"name":"a"}}',
        "no subject": {k: v for k, v in good.items() if k != "subject"}, "no action": {k: v for k, v in good.items() if k != "action"},
        "no resource": {k: v for k, v in good.items() if k != "resource"}, "an action that is a text": {**good, "action": "a"},
        "a context that is a list": {**good, "context": []}, "context.subject.role": {**good, "context": {"subject.role": "x"}},
        "a source that is no address": {**good, "context": {"source": "web"}}, "a depth of 20": "[" * 20 + "]" * 20,
    }
    for name, body in bad.items():
        answer = ask(client, body, basic)
        tap.ok(answer.status == 400 and answer.headers["Content-Type"].startswith("text/plain") and answer.body, f"AZN-2 {name}: 400", answer)
    tap.ok(ask(client, {**good, "future": {"a": [1.5]}}, basic).status == 200, "AZN-3 unknown members are ignored")
    tap.ok(ask(client, good, basic, Content_Type="text/plain").status == 400, "AZN-2 a wrong Content-Type: 400")
    nobody = ask(client, good, None)
    tap.ok(nobody.status == 401 and "error" not in nobody.headers["WWW-Authenticate"], "AZN-4, BRR-2 nobody: 401 and a plain challenge", nobody.headers)
    dead = ask(client, good, "Bearer x.y.z")
    tap.ok(dead.status == 401 and 'error="invalid_token"' in dead.headers["WWW-Authenticate"], "BRR-2 a token that is none: invalid_token", dead.headers)
    metadata = client.call("GET", "/.well-known/authzen-configuration").json
    issuer = f"http://127.0.0.1:{broker.port}"
    tap.ok(metadata.pop("policy_decision_point") == issuer and all(url.startswith(issuer + "/access/v1/") for url in metadata.values()),
           "AZN-13 the decision point is who was asked", metadata)
    works = [client.call("POST", url[len(issuer):], "{", {"Content-Type": "application/json", "Authorization": basic}).status for url in metadata.values()]
    tap.ok("access_evaluation_endpoint" in metadata and works == [400] * len(metadata), "AZN-13 what is listed is there", works)
    tap.ok(client.call("GET", "/.well-known/authzen-configuration/t1").status == 404, "AZN-13 another decision point is not here")


def agents(tap, broker, client, token):
    mine = ask(client, question(token), "Bearer " + token)
    tap.ok(mine.json["decision"] is True and set(mine.json["context"]) == {"id", "reason", "rule"}, "AZN-19 an agent about its own token, told its part", mine)
    no = ask(client, question(token, resource={"type": "svc", "id": "prod/web"}), "Bearer " + token)
    tap.ok(no.json["decision"] is False and set(no.json["context"]) <= {"id", "reason", "rule", "remedy", "reason_user"}, "and of a denial no more", no)
    other = client.token().json["access_token"]
    tap.ok(ask(client, question(other), "Bearer " + token).status == 403, "AZN-19 not about another token")
    tap.ok(ask(client, {**question(token), "subject": {"type": "user", "id": "x"}}, "Bearer " + token).status == 403, "AZN-19 nor about anybody else")
    tap.ok(ask(client, question(token), broker.basic("remediator")).status == 401, "an agent's secret does not make it a service")
    decide = client.form("/token", {"grant_type": "client_credentials", "scope": "ambit.decide"}, broker.basic("payments-api")).json["access_token"]
    tap.ok(ask(client, question(token), "Bearer " + decide).json["decision"] is True, "AZN-19 a service by its ambit.decide token")
    unproved = ask(client, question(decide), broker.basic("payments-api"))
    tap.ok(unproved.json["decision"] is False, "that token gives nothing", unproved)


def record(tap, broker, client, token):
    context = {"batch": 3, "ratio": 1.5, "list": [1, None], "source": "10.0.0.7", "stated_reason": "because", "arguments_digest": "sha256:" + "0" * 64}
    answer = ask(client, {**question(token, "ticket.read", {"type": "ticket", "id": "INC-1", "properties": {"state": "open"}}), "context": context}, broker.basic("payments-api"))
    path = "/v1/events?" + urllib.parse.urlencode({"limit": 1000, "type": "action.allowed", "checks": "true"})
    found = [e for e in client.person("lee", "GET", path).json["events"] if e["id"] == answer.json["context"]["id"]]
    tap.ok(len(found) == 1, "AZN-17 the question is on record", answer)
    event = found[0] if found else {}
    tap.ok(event.get("action") == "ticket.read" and event.get("resource") == "ticket:INC-1" and event.get("service") == "payments-api", "with who asked for what", event)
    tap.ok(event.get("context") == {"batch": 3, "list": [1, None], "ratio": {"decimal": "1.5"}, "resource.state": "open"}, "with all of its context", event)
    tap.ok(event.get("source") == "10.0.0.7" and event.get("stated_reason") == "because" and event.get("arguments_digest") == context["arguments_digest"], "and the reserved members", event)
    tap.ok(event.get("checks") == answer.json["context"]["checks"], "the checks derived from the record are those of the answer", event.get("checks"))


def probing(tap, broker, client):
    token = client.token("service.restart[svc:staging/**]").json["access_token"]
    reasons = [ask(client, question(token, resource={"type": "svc", "id": f"prod/{i}"}), broker.basic("payments-api")).json["context"]["reason"] for i in range(3)]
    tap.ok(reasons == ["out_of_scope"] * 3, "three steps out of bounds", reasons)
    after = ask(client, question(token), broker.basic("payments-api")).json
    tap.ok(after["decision"] is False and after["context"]["reason"] in ("inactive", "stopped"), "and the grant is gone", after)
    tap.ok(client.introspect(token).json == {"active": False}, "INT-5 for introspection too")


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        token = client.token("service.restart[svc:staging/**] ticket.read[ticket:**]").json["access_token"]
        services(tap, broker, client, token)
        token = client.token("service.restart[svc:staging/**] ticket.read[ticket:**]").json["access_token"]
        for part in (shapes, agents, record):
            part(tap, broker, client, token)
        probing(tap, broker, client)
        broker.stop()
        status, answer = broker.verify()
        tap.ok(status == 0 and answer["ok"], "and the record holds", answer)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
