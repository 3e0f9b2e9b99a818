# SPDX-License-Identifier: Apache-2.0
"""Token exchange: tokens that are nobody's, or another's, put together from two, dressed up or handed to the wrong one,
and requests for more than the grant above has."""
import base64
import json

from attacks import AUDIENCE
from broker import claims
from family import ACCESS, EXCHANGE, JWT, Family

ASK = {"scope": "d.do[svc:d/eu]"}
TYPE = "urn:ietf:params:oauth:token-type:"


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def put_together(head, body, signature):
    return f"{part(head)}.{part(body)}.{signature}"


def tokens(world, family, top):
    """What is shown in place of the token that was handed over, and what must come back."""
    said, signature = claims(top), top.split(".")[2]
    other = claims(family.root())
    head = {"alg": "ES256", "typ": "at+jwt"}
    start = {"jti": said["jti"], "rnd": said["rnd"]}
    yield "TEX-3 another secret", family.forge(top)
    yield "TEX-3 the secret of one with the jti of another", put_together(head, {**start, "rnd": other["rnd"], "iss": said["iss"]}, signature)
    yield "TEX-3 a jti that is nobody's", put_together(head, {**start, "jti": "A" * 21 + "Q", "iss": said["iss"]}, signature)
    yield "TEX-3 no secret", put_together(head, {"jti": said["jti"], "iss": said["iss"]}, signature)
    yield "TEX-3 the members in another order", put_together(head, {"rnd": said["rnd"], "jti": said["jti"], "iss": "x"}, signature)
    yield "TEX-3 a jti in capitals", put_together(head, {**start, "jti": said["jti"].upper(), "iss": said["iss"]}, signature)
    yield "JWS-1 two parts", ".".join(top.split(".")[:2])
    yield "JWS-1 an empty signature", ".".join(top.split(".")[:2]) + "."
    yield "JWS-1 four parts", top + ".AAAA"
    yield "JWS-1 padding", top + "="
    yield "JWS-1 a blank inside", top.replace(".", ". ", 1)
    yield "HTP-13 20 kB", top.split(".", maxsplit=1)[0] + "." + "A" * 20000 + ".AAAA"
    yield "JWS-4 the client's own assertion", world.signer.assertion()
    yield "TEX-3 a person's token", world.broker.secret("dana.token")
    yield "TEX-3 a client's secret", world.broker.secret("hand.secret")
    yield "TEX-3 the grant's id alone", said["jti"]
    yield "TEX-3 a service's own token", world.form({"grant_type": "client_credentials", "scope": "ambit.decide"}, who="payments-api").json["access_token"]
    yield "TEX-3 a token of one that delegates to nobody, revoked", revoked(family)
    yield "TEX-3 a list", json.dumps([top])


def revoked(family):
    token = family.root()
    family.revoke("chief", token)
    return token


def fields(family, top):
    """What is asked beside a good subject token."""
    own = family.token("hand", "d.do[svc:d/eu]")
    yield "TEX-8 all of everything", {"scope": "**[**]"}, "400 invalid_scope"
    yield "TEX-8 every d", {"scope": "d.**[svc:**]"}, "400 invalid_scope"
    yield "TEX-8 beside what it has", {"scope": "d.do[svc:d/eu] d.do[svc:e]"}, "400 invalid_scope"
    yield "TEX-8 as details", {"scope": None, "authorization_details": '[{"type":"ambit","actions":["d.**"],"resources":["svc:**"]}]'}, "400 invalid_authorization_details"
    yield "TEX-8 what stands in its claims", {"scope": None, "authorization_details": '[{"type":"ambit-ask","actions":["d.do"],"resources":["svc:d/eu"]}]'}, "400 invalid_authorization_details"
    yield "TEX-8 out of its resource by ..", {"scope": "d.do[svc:d/../e]"}, "400 invalid_scope"
    yield "TEX-8 by an escape", {"scope": "d.do[svc:d%2f..%2fe]"}, "400 invalid_scope"
    yield "TOK-4 nothing", {"scope": None}, "400 invalid_scope"
    yield "TEX-4 for another service", {**ASK, "resource": "https://other.example.gov"}, "400 invalid_target"
    yield "TEX-4 for another service by audience", {**ASK, "audience": "https://other.example.gov"}, "400 invalid_target"
    yield "TEX-4 for the broker", {**ASK, "audience": claims(top)["iss"]}, "400 invalid_target"
    yield "TEX-4 for two", {**ASK, "audience": [AUDIENCE, "https://other.example.gov"]}, "400 invalid_target"
    yield "TEX-2 for a token that never ends", {**ASK, "requested_token_type": TYPE + "refresh_token"}, "400 invalid_request"
    yield "TEX-2 for another domain", {**ASK, "requested_token_type": TYPE + "id-jag"}, "400 invalid_request"
    yield "TEX-2 a type by another name", {**ASK, "subject_token_type": ACCESS.upper()}, "400 invalid_request"
    yield "TEX-1 the parent as actor", {**ASK, "actor_token": top, "actor_token_type": ACCESS}, "400 invalid_request"
    yield "TEX-1 a forged actor", {**ASK, "actor_token": family.forge(own, sub="chief"), "actor_token_type": JWT}, "400 invalid_request"
    yield "TEX-1 an actor that is none", {**ASK, "actor_token": "chief", "actor_token_type": ACCESS}, "400 invalid_request"
    yield "HTP-6 two subject tokens", {**ASK, "subject_token": [top, top]}, "400 invalid_request"
    yield "HTP-6 two grant types", {**ASK, "grant_type": ["client_credentials", EXCHANGE]}, "400 invalid_request"
    yield "TOK-11 an approval of nobody", {**ASK, "approval": "x"}, "400 invalid_request"


def rows(world):
    family = Family(world.broker, world.client)
    top = family.root()
    for name, token in tokens(world, family, top):
        yield f"{name}, as subject", lambda w, t=token: family.exchange("hand", t, **ASK), "400 invalid_request"
        yield f"{name}, as actor", lambda w, t=token: family.exchange("hand", top, actor_token=t, actor_token_type=ACCESS, **ASK), "400 invalid_request"
    for name, more, want in fields(family, top):
        yield name, lambda w, f=more: family.exchange("hand", top, **f), want
    for agent in ("nail", "finger", "chief", "self", "remediator"):
        yield f"TEX-8 handed to {agent}", lambda w, a=agent: family.exchange(a, top, **ASK), "400 invalid_scope"
    yield "CLI-3 in the name of another", lambda w: family.exchange("nail", top, client_id="hand", **ASK), "401 invalid_client"
    dressed = family.forge(top, keep_secret=True, sub="hand", client_id="hand", act={"sub": "nail"}, may_act={"sub": "nail"}, scope="**[**]")
    yield "TEX-7 may_act written into it", lambda w: family.exchange("nail", dressed, **ASK), "400 invalid_scope"
    yield "TEX-6 its client_id written over", lambda w: family.exchange("hand", dressed, scope="**[**]"), "400 invalid_scope"
    child = family.exchange("hand", top, **ASK).json["access_token"]
    yield "TEX-9 below a rule that ends there", lambda w: family.exchange("nail", child, **ASK), "400 invalid_scope"
    yield "REV-2 its parent's token given back by a child", lambda w: w.form({"token": top}, "/revoke", "hand"), "400 invalid_request"
    yield "REV-2 a child's by its parent", lambda w: w.form({"token": child}, "/revoke", "chief"), "400 invalid_request"
    family.revoke("chief", top)
    yield "TEX-8 below what was given back", lambda w: family.exchange("hand", top, **ASK), "400 invalid_request"
    yield "TEX-8 below what hung from it", lambda w: family.exchange("finger", child, **ASK), "400 invalid_request"
    yield "TEX-8 with what hung from it", lambda w: w.evaluate(json.dumps(w.question(child, "d.do", {"type": "svc", "id": "d/eu"}))), "denied inactive"
