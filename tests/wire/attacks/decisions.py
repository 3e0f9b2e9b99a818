# SPDX-License-Identifier: Apache-2.0
"""Questions to /access/v1/evaluation: bodies that two readers read in two ways, names that mean something else
to somebody else, tokens that are not for this, and callers that are not who they say."""
import json

from broker import STAGING, TICKET

FIXED = "service.restart[svc:staging/**]"


def shapes(good):
    """Bodies that are no question: 400, and nothing is decided."""
    text = json.dumps(good)
    without = {f"AZN-2 no {m}": {k: v for k, v in good.items() if k != m} for m in ("subject", "action", "resource")}
    return {
        **without,
        "AZN-2 no body": "", "AZN-2 cut short": text[:-1], "AZN-2 a list": "[]", "AZN-2 null": "null", "AZN-2 a text": '"x"',
        "HTP-14 action twice": text[:-1] + ', "action": {"name": "ticket.read"}}', "HTP-14 a subject behind, escaped": text[:-1] + ', "su\\u0062ject": {"type": "access_token", "id": "x"}}',
        "HTP-14 bytes behind": text + "{}", "HTP-14 a byte order mark": "\ufeff" + text, "HTP-14 a comment": text[:-1] + "/* */}", "HTP-14 a comma behind": text[:-1] + ",}",
        "HTP-14 NaN": text[:-1] + ', "context": {"x": NaN}}', "HTP-13 17 deep": text[:-1] + ', "context": {"x": ' + "[" * 17 + "]" * 17 + "}}", "HTP-13 5,000 deep": "[" * 5000,
        "AZN-2 an action that is a text": {**good, "action": "a"}, "AZN-2 an action's name a number": {**good, "action": {"name": 1}}, "AZN-2 an action without a name": {**good, "action": {}},
        "AZN-2 a subject that is a list": {**good, "subject": []}, "AZN-2 a subject's id a number": {**good, "subject": {"type": "access_token", "id": 1}},
        "AZN-2 a resource's id null": {**good, "resource": {"type": "svc", "id": None}}, "AZN-2 a resource without a type": {**good, "resource": {"id": "x"}},
        "AZN-2 a context that is a list": {**good, "context": []}, "AZN-2 a context that is a text": {**good, "context": "x"},
        "AZN-16 context.subject.role": {**good, "context": {"subject.role": "admin"}}, "AZN-16 context.resource.state": {**good, "context": {"resource.state": "x"}},
        "AZN-16 context.action.soft": {**good, "context": {"action.soft": True}}, "AZN-2 a source that is no address": {**good, "context": {"source": "web"}},
        "AZN-2 a source with a port": {**good, "context": {"source": "10.0.0.1:80"}}, "AZN-2 a digest that is no text": {**good, "context": {"arguments_digest": 1}},
        "AZN-2 properties that are a list": {**good, "resource": {**STAGING, "properties": []}},
    }


def names():
    """Resources and actions that lie outside, however they are written."""
    for name, action, resource, reason in (
            ("another service", "service.restart", {"type": "svc", "id": "prod/web"}, "out_of_scope"), ("another action", "service.delete", STAGING, "out_of_scope"),
            ("another type", "service.restart", {"type": "mail", "id": "x"}, "wrong_audience"), ("..", "service.restart", {"type": "svc", "id": "staging/../prod/web"}, "malformed"),
            (".. by escape", "service.restart", {"type": "svc", "id": "staging/%2e%2e/prod/web"}, "malformed"), (". inside", "service.restart", {"type": "svc", "id": "staging/./web"}, "malformed"),
            ("// inside", "service.restart", {"type": "svc", "id": "staging//web"}, "malformed"), ("a slash before", "service.restart", {"type": "svc", "id": "/staging/web"}, "malformed"),
            ("a slash behind", "service.restart", {"type": "svc", "id": "staging/web/"}, "malformed"), ("a star", "service.restart", {"type": "svc", "id": "staging/*"}, "malformed"),
            ("stars for all", "service.restart", {"type": "svc", "id": "**"}, "malformed"), ("an action with a star", "service.*", STAGING, "malformed"),
            ("NUL", "service.restart", {"type": "svc", "id": "staging/web\0"}, "malformed"), ("a line feed", "service.restart", {"type": "svc", "id": "staging/web\n"}, "malformed"),
            ("capitals in the type", "service.restart", {"type": "SVC", "id": "staging/web"}, "wrong_audience"), ("capitals in the name", "service.restart", {"type": "svc", "id": "Staging/web"}, "out_of_scope"),
            ("a look-alike", "service.restart", {"type": "svc", "id": "st\u0430ging/web"}, None), ("a full-width slash", "service.restart", {"type": "svc", "id": "prod\uff0fweb"}, None),
            ("a backslash", "service.restart", {"type": "svc", "id": "staging\\..\\prod"}, None), ("a type with a colon", "service.restart", {"type": "svc:staging", "id": "web"}, None),
            ("an empty id", "service.restart", {"type": "svc", "id": ""}, "malformed"), ("an empty action", "", STAGING, "malformed"), ("600 bytes", "service.restart", {"type": "svc", "id": "a" * 600}, "wrong_audience"),
            ("the action in capitals", "Service.Restart", STAGING, None), ("a blank behind", "service.restart ", STAGING, "malformed")):
        yield name, action, resource, reason


def callers(world):
    """Who asks: headers that are not a service's, nor the agent's about its own token."""
    basic, bearer = world.broker.basic, "Bearer "
    other = world.fresh()
    return {
        "AZN-19 nobody": (None, "401"), "AZN-19 an agent's secret": (basic("remediator"), "401"), "AZN-19 a wrong secret": ("Basic cGF5bWVudHMtYXBpOng=", "401"),
        "AZN-19 a person": (bearer + world.broker.secret("dana.token"), "401"), "AZN-19 an agent about another token": (bearer + other, "403"), "BRR-2 nonsense": (bearer + "x.y.z", "401"),
        "BRR-1 an empty token": ("Bearer ", "401|400"), "BRR-1 two tokens": (bearer + other + " " + other, "401|400"), "DPOP-7 an unbound token as DPoP": ("DPoP " + other, "401"),
        "BRR-1 the token by Basic": ("Basic " + other, "401"), "AZN-19 a touched token": (bearer + other[:-4] + "AAAA.", "401"),
    }


def rows(world):
    good = world.question(world.fresh(FIXED))
    for name, body in shapes(good).items():
        yield name, lambda w, b=body: w.evaluate(b if isinstance(b, str) else json.dumps(b)), "400"
    for name, headers, want in (("AZN-2 as text", {"Content-Type": "text/plain"}, "400"), ("AZN-2 as a form", {"Content-Type": "application/x-www-form-urlencoded"}, "400"),
                                ("AZN-5 an X-Request-ID of 129 characters", {"X-Request-ID": "a" * 129}, "400")):
        yield name, lambda w, h=headers: w.evaluate(json.dumps(good), **h), want
    yield "HTP-13 70 kB", lambda w: w.evaluate(json.dumps({**good, "context": {"x": "y" * 70000}})), "413"
    for name, action, resource, reason in names():
        want = f"denied {reason}" if reason else "no"
        yield f"AZN-1 a name with {name}", lambda w, a=action, r=resource: w.evaluate(json.dumps(w.question(None, a, r))), want
    for name, (authorization, want) in callers(world).items():
        yield name, lambda w, a=authorization: w.client.call("POST", "/access/v1/evaluation", json.dumps(good), {
            "Content-Type": "application/json", **({"Authorization": a} if a else {})}), want
    for name, subject in (("a person", {"type": "user", "id": "dana"}), ("an agent by name", {"type": "agent", "id": "remediator"}), ("a person's token", {"type": "access_token", "id": "TOKEN"}),
                          ("nothing", {"type": "", "id": ""}), ("the type in capitals", {"type": "ACCESS_TOKEN", "id": "x"})):
        subject = {**subject, "id": world.broker.secret("dana.token")} if subject["id"] == "TOKEN" else subject
        yield f"AZN-18 the subject is {name}", lambda w, s=subject: w.evaluate(json.dumps({**good, "subject": s})), "no"
    yield "INT-7 a token for another scope", lambda w: w.evaluate(json.dumps(w.question(w.fresh()))), "denied out_of_scope"
    yield "INT-7 a token for tickets restarts", lambda w: w.evaluate(json.dumps(w.question(w.fresh(), "service.restart", TICKET))), "no"
    revoked = world.fresh(FIXED)
    world.client.revoke(revoked)
    yield "REV-5 a revoked token", lambda w: w.evaluate(json.dumps(w.question(revoked))), "denied inactive"
