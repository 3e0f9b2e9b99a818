#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: CIB-1 to CIB-11, DTR-1 to DTR-6, D-7: a stock client asks by CIBA or lets its token response be deferred, people
decide, and it comes back for the token: once, itself alone, after a kill too, and only for what may still be given."""
import json
import os
import re
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap, claims  # noqa: E402
from dpop import Key  # noqa: E402

PROD = "service.restart[svc:prod/web-1]"
POLL = "urn:openid:params:grant-type:ciba"
DEFERRED = "urn:ietf:params:oauth:grant-type:deferred"
CODE = "urn:ietf:params:oauth:token-type:deferral-code"
ALLOW = [
    {"id": "production", "actions": ["service.restart"], "resources": ["svc:prod/**"], "ttl": {"default": "2m", "max": "5m"},
     "approval": {"at": "grant", "roles": ["oncall"], "count": 1, "timeout": "15m"}},
    {"id": "brief", "actions": ["service.scale"], "resources": ["svc:prod/**"], "ttl": {"max": "5m"},
     "approval": {"at": "grant", "roles": ["oncall"], "timeout": "1s"}},
    {"id": "secrets", "actions": ["service.drain"], "resources": ["svc:prod/**"], "ttl": {"max": "5m"},
     "approval": {"at": "grant", "roles": ["approver"], "timeout": "15m"}}]


def set_up(broker):
    policy = broker.document("policies/restart-services")
    policy["allow"] += ALLOW
    broker.propose("policies/restart-services", policy)
    broker.give_token("kim")
    with broker.client() as client:
        return client.person("lee", "POST", "/v1/documents/reload").status == 200


def ask(client, scope=PROD, who="remediator", **fields):
    form = {"scope": scope, "login_hint": "oncall", **fields}
    return client.form("/bc-authorize", {k: v for k, v in form.items() if v is not None}, client.broker.basic(who))


def poll(client, handle, who="remediator", **fields):
    return client.form("/token", {"grant_type": POLL, "auth_req_id": handle, **fields}, client.broker.basic(who))


def fetch(client, code, who="remediator", **fields):
    return client.form("/token", {"grant_type": DEFERRED, "deferral_code": code, **fields}, client.broker.basic(who))


def answer(client, approval, what="approve", who="lee"):
    return client.person(who, "POST", f"/v1/approvals/{approval}", {"answer": what, "reason": "looked at it"})


def says(reply, error, status=400):
    return reply.status == status and reply.json["error"] == error and "no-store" in reply.headers["Cache-Control"] and "WWW-Authenticate" not in reply.headers


def requests(tap, client):
    """CIB-2, CIB-3, CIB-4, CIB-6: what is refused before anybody is asked."""
    rows = [
        ("CIB-2: no hint", {"login_hint": None}, "invalid_request", 400), ("CIB-2: two hints", {"id_token_hint": "x"}, "invalid_request", 400),
        ("CIB-2: another kind of hint", {"login_hint": None, "login_hint_token": "x"}, "invalid_request", 400),
        ("CIB-2: nobody of that name", {"login_hint": "zoe"}, "unknown_user_id", 400),
        ("CIB-2: a person who may not answer", {"login_hint": "sam"}, "unknown_user_id", 400),
        ("CIB-3: no scope", {"scope": None}, "invalid_request", 400), ("CIB-3: openid asks for nothing", {"scope": "openid"}, "invalid_scope", 400),
        ("CIB-4: too long a message", {"binding_message": "m" * 257}, "invalid_binding_message", 400),
        ("CIB-4: a message with a control character", {"binding_message": "a\nb"}, "invalid_binding_message", 400),
        ("CIB-4: no time at all", {"requested_expiry": "0"}, "invalid_request", 400), ("CIB-4: no number", {"requested_expiry": "soon"}, "invalid_request", 400),
        ("CIB-6: what no rule gives", {"scope": "service.delete[svc:prod/web-1]"}, "invalid_scope", 400),
        ("CIB-6: what is never given", {"scope": "service.restart[svc:prod/web-1]", "resource": "https://elsewhere.example"}, "invalid_target", 400)]
    for name, fields, error, status in rows:
        scope = fields.pop("scope", PROD)
        tap.ok(says(ask(client, scope, **fields), error, status), name, ask(client, scope, **fields))
    told = ask(client, login_hint="sam").json
    tap.ok(told["ambit_reason"] == "approval_required" and told["ambit_rule"] == "production" and told["ambit_request"], "TOK-9: what was decided is said", told)
    wrong = client.form("/bc-authorize", {"scope": PROD, "login_hint": "oncall"}, "Basic cmVtZWRpYXRvcjp3cm9uZw==")
    tap.ok(wrong.status == 401 and wrong.json["error"] == "invalid_client", "CIB-1, CIB-6: a client that did not prove itself", wrong)
    tap.ok(says(ask(client, who="payments-api"), "unauthorized_client"), "CIB-6: a service is given nothing")
    tap.ok(client.call("GET", "/bc-authorize").status == 405, "HTP-3, CIB-1: POST alone")


def asked_and_given(tap, broker, client):
    put = ask(client, "openid " + PROD, purpose="INC-7", binding_message="restart W-4", login_hint="lee")
    body = put.json
    handle, approval = body["auth_req_id"], body["ambit_approval"]
    tap.ok(put.status == 200 and re.fullmatch(r"[A-Za-z0-9._-]{27,}", handle) and body["interval"] == 5 and 900 <= body["expires_in"] <= 960,
           "CIB-3, CIB-5, CIB-11: the request is taken", put)
    shown = client.person("lee", "GET", f"/v1/approvals/{approval}").json
    tap.ok(shown["binding_message"] == "restart W-4" and len(shown["requests"]) == 1, "CIB-4: the approver sees the message", shown)
    tap.ok(says(poll(client, handle), "authorization_pending"), "CIB-7: pending")
    tap.ok(says(poll(client, handle), "slow_down"), "CIB-8: sooner than the interval")
    broker.kill()
    broker.start()
    with broker.client() as again:
        tap.ok(says(poll(again, handle, who="payments-api"), "unauthorized_client"), "CIB-7: not a service's")
        tap.ok(says(poll(again, "x" * 27), "invalid_grant") and says(poll(again, approval), "invalid_grant"), "CIB-7: unknown")
        tap.ok(says(again.form("/token", {"grant_type": POLL}, broker.basic("remediator")), "invalid_request"), "CIB-7: nothing to come back with")
        tap.ok(answer(again, approval).status == 200, "a person says yes, after a kill")
        broker.kill()
    broker.start()
    with broker.client() as again:
        given = poll(again, handle, scope="service.restart[svc:prod/**]", purpose="other")
        token = given.json.get("access_token", "")
        held = claims(token) if token else {}
        tap.ok(given.status == 200 and given.json["scope"] == PROD and given.json["expires_in"] >= 118 and held.get("sub") == "remediator"
               and "id_token" not in given.json, "CIB-10, CIB-11: what was asked is given, from now on", given)
        tap.ok(again.introspect(token).json["active"] is True, "and it works")
        tap.ok(says(poll(again, handle), "invalid_grant") and again.introspect(token).json["active"] is False,
               "CIB-9: shown again, it is nothing, and what it gave is revoked")
        tap.ok(says(poll(again, handle), "invalid_grant"), "and stays so")
        events = [e for e in again.events(0) if e["type"] in ("approval.awaited", "grant.issued", "grant.revoked")]
        digests = {e.get("handle") for e in events}
        tap.ok([e["type"] for e in events[-3:]] == ["approval.awaited", "grant.issued", "grant.revoked"] and events[-3]["words"] == "restart W-4"
               and events[-2]["handle"] == events[-3]["handle"] and handle not in json.dumps(events) and len(digests) >= 1, "the record says who came back for what, by digest", events[-3:])
        leaf = again.person("dana", "GET", f"/v1/events?after={events[-3]['seq'] - 1}&form=leaf&limit=1")
        tap.ok(leaf.status == 200, "its leaf is there")


def refused(tap, client):
    put = ask(client, purpose="INC-8")
    tap.ok(put.status == 200 and answer(client, put.json["ambit_approval"], "reject").status == 200, "a person says no")
    no = poll(client, put.json["auth_req_id"])
    tap.ok(says(no, "access_denied") and no.json["ambit_reason"] == "approval_rejected" and no.json["ambit_request"], "CIB-7, TOK-9: refused, with the reason", no)
    tap.ok(says(poll(client, put.json["auth_req_id"]), "invalid_grant"), "CIB-9: and used up")
    again = ask(client, purpose="INC-8")
    tap.ok(says(again, "access_denied", 403) and again.json["ambit_reason"] == "approval_rejected", "CIB-6: asked again it is refused at once, 403", again)

    short = ask(client, purpose="INC-9", requested_expiry="1")
    tap.ok(short.json["expires_in"] == 1, "CIB-4: a shorter time is taken")
    brief = ask(client, "service.scale[svc:prod/web-1]")
    time.sleep(2.2)
    tap.ok(says(poll(client, short.json["auth_req_id"]), "expired_token"), "CIB-7: fetched too late")
    late = poll(client, brief.json["auth_req_id"])
    tap.ok(says(late, "expired_token"), "CIB-7: nobody answered in time", late)


def nothing_to_approve(tap, client):
    """Where no rule asks anybody the first poll gives it."""
    put = ask(client, "service.restart[svc:staging/web-1]", login_hint="kim")
    tap.ok(put.status == 200 and "ambit_approval" not in put.json and put.json["expires_in"] == 600, "nobody needs to be asked", put)
    tap.ok(says(ask(client, "service.restart[svc:staging/web-1]", login_hint="zoe"), "unknown_user_id"), "CIB-2: but a hint names somebody")
    n = len([e for e in client.events(0, type="grant.issued")])
    given = poll(client, put.json["auth_req_id"])
    tap.ok(given.status == 200 and len([e for e in client.events(0, type="grant.issued")]) == n + 1, "CIB-10: given at the first poll, not before", given)
    details = json.dumps([{"type": "ambit", "actions": ["service.restart"], "resources": ["svc:staging/web-2"]}])
    put = ask(client, "openid", authorization_details=details, resource="https://payments.example.gov", requested_lifetime="60")
    given = poll(client, put.json["auth_req_id"])
    tap.ok(given.status == 200 and given.json["expires_in"] <= 60 and claims(given.json["access_token"])["aud"] == "https://payments.example.gov", "CIB-3: details, resource, lifetime", given)


def stopped(tap, client):
    """CIB-10: what was approved is judged again when it is fetched."""
    put = ask(client, purpose="INC-10")
    tap.ok(answer(client, put.json["ambit_approval"]).status == 200, "approved")
    stop = client.stop("agent:remediator")
    no = poll(client, put.json["auth_req_id"])
    tap.ok(says(no, "access_denied") and no.json["ambit_reason"] == "stopped", "CIB-10: a stop holds at redemption", no)
    client.clear(stop.json["stop"])
    tap.ok(says(poll(client, put.json["auth_req_id"]), "invalid_grant"), "and it does not come back when the stop is cleared")


def with_key(tap, broker, client):
    """CIB-1, DTR-3: what was asked with a key is given to that key alone."""
    mine, other = Key(), Key()

    def send(path, fields, key):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": broker.basic("remediator")}
        if key:
            headers["DPoP"] = key.proof("POST", f"http://127.0.0.1:{broker.port}{path}")
        return client.call("POST", path, urllib.parse.urlencode(fields), headers)
    put = send("/bc-authorize", {"scope": "service.restart[svc:staging/web-1]", "login_hint": "oncall"}, mine).json
    come = {"grant_type": POLL, "auth_req_id": put["auth_req_id"]}
    tap.ok(says(send("/token", come, None), "invalid_grant") and says(send("/token", come, other), "invalid_grant"), "CIB-1: not without the key, nor with another")
    given = send("/token", come, mine)
    tap.ok(given.status == 200 and given.json["token_type"] == "DPoP" and claims(given.json["access_token"])["cnf"] == {"jkt": mine.jkt},
           "CIB-1: bound to the key it was asked with", given)
    put = send("/bc-authorize", {"scope": "service.restart[svc:staging/web-1]", "login_hint": "oncall"}, None).json
    tap.ok(says(send("/token", {"grant_type": POLL, "auth_req_id": put["auth_req_id"]}, mine), "invalid_grant"), "nor with a key where there was none")
    wrong = client.call("POST", "/bc-authorize", "scope=a&login_hint=oncall", {"Content-Type": "application/x-www-form-urlencoded", "DPoP": "x",
                                                                               "Authorization": broker.basic("remediator")})
    tap.ok(says(wrong, "invalid_dpop_proof"), "CIB-1: a proof that is none", wrong)


def deferred(tap, client):
    refused_now = client.token(PROD, purpose="INC-20")
    tap.ok(says(refused_now, "access_denied") and "deferral_code" not in refused_now.json, "DTR-1: who does not opt in is refused", refused_now)
    put = client.token(PROD, purpose="INC-21", completion_mode="fancy deferred")
    body = put.json
    tap.ok(says(put, "authorization_pending") and len(body["deferral_code"]) >= 22 and body["interval"] == 5 and body["expires_in"] > 0
           and body["ambit_reason"] == "approval_required", "DTR-2: deferred", put)
    code = body["deferral_code"]
    tap.ok(says(fetch(client, code), "authorization_pending") and says(fetch(client, code), "slow_down"), "DTR-4: pending, and too soon")
    tap.ok(says(poll(client, code), "invalid_grant"), "a deferral code is no auth_req_id")
    tap.ok(answer(client, body["ambit_approval"]).status == 200, "a person says yes")
    given = fetch(client, code, scope="service.restart[svc:prod/**]")
    tap.ok(given.status == 200 and given.json["scope"] == PROD, "DTR-3, DTR-4: what was asked, and no more", given)
    tap.ok(says(fetch(client, code), "invalid_grant"), "DTR-4: once")
    plain = client.token("service.restart[svc:staging/web-1]", completion_mode="deferred")
    tap.ok(plain.status == 200, "DTR-1: what needs nobody is given at once")

    put = client.token(PROD, purpose="INC-22", completion_mode="deferred").json
    other = client.form("/revoke", {"token": put["deferral_code"], "token_type_hint": CODE}, client.broker.basic("payments-api"))
    tap.ok(other.status == 400 and says(fetch(client, put["deferral_code"]), "authorization_pending"), "DTR-5: another's is not cancelled", other)
    gone = client.form("/revoke", {"token": put["deferral_code"], "token_type_hint": CODE}, client.broker.basic("remediator"))
    tap.ok(gone.status == 200 and says(fetch(client, put["deferral_code"]), "access_denied"), "DTR-5: cancelled", gone)
    answer(client, put["ambit_approval"])
    tap.ok(says(fetch(client, put["deferral_code"]), "access_denied"), "and a yes does not bring it back")


def metadata(client):
    return client.call("GET", "/.well-known/oauth-authorization-server").json


def main():
    tap = Tap()
    with Broker() as broker:
        tap.ok(set_up(broker), "rules that ask people")
        with broker.client() as client:
            told = metadata(client)
            tap.ok(told["backchannel_authentication_endpoint"].endswith("/bc-authorize") and told["backchannel_token_delivery_modes_supported"] == ["poll"]
                   and told["backchannel_user_code_parameter_supported"] is False and POLL in told["grant_types_supported"]
                   and DEFERRED not in told["grant_types_supported"] and "deferred_token_response_supported" not in told, "D-7, DTR-6: metadata", told)
            off = client.token(PROD, completion_mode="deferred")
            tap.ok(says(off, "access_denied") and says(fetch(client, "x"), "unsupported_grant_type"), "DTR-1: off, nothing is deferred", off)
            requests(tap, client)
        with broker.client() as client:
            asked_and_given(tap, broker, client)
        with broker.client() as client:
            refused(tap, client)
            nothing_to_approve(tap, client)
            with_key(tap, broker, client)
            stopped(tap, client)
        broker.stop()
        code, said = broker.verify()
        tap.ok(code == 0 and said["ok"], "the record holds", said)
    with Broker(env={"AMBIT_DEFERRED": "true"}) as broker:
        set_up(broker)
        with broker.client() as client:
            told = metadata(client)
            tap.ok(told["deferred_token_response_supported"] is True and DEFERRED in told["grant_types_supported"]
                   and told["revocation_endpoint_token_type_values_supported"] == [CODE], "DTR-6: metadata", told)
            deferred(tap, client)
        broker.stop()
        code, said = broker.verify()
        tap.ok(code == 0 and said["ok"], "the record holds", said)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
