# SPDX-License-Identifier: Apache-2.0
"""The token, introspection and revocation endpoints: forms that two readers read in two ways, credentials that
are nearly right, and requests for more than there is."""
import base64
import json

from attacks import AUDIENCE
from broker import READ_SCOPE

GOOD = "grant_type=client_credentials&scope=ticket.read"
ITEM = {"type": "ambit", "actions": ["ticket.read"], "resources": ["ticket:1"]}
MANY = "".join(f"&p{i}=1" for i in range(10000))


def forms():
    """Body, path suffix and headers, and what must come back from each of the three endpoints."""
    yield "HTP-6 a parameter twice", GOOD + "&scope=ticket.read", {}, "400 invalid_request"
    yield "HTP-6 grant_type twice, equal", GOOD + "&grant_type=client_credentials", {}, "400 invalid_request"
    yield "HTP-6 token twice", GOOD + "&token=y", {}, "400 invalid_request"
    yield "HTP-6 twice, once escaped", GOOD + "&%73cope=ticket.read", {}, "400 invalid_request"
    yield "HTP-6 an unknown one twice", GOOD + "&x=1&x=2", {}, "400 invalid_request"
    yield "HTP-8 a broken escape", GOOD + "&x=%zz", {}, "400 invalid_request"
    yield "HTP-8 an escape cut short", GOOD + "&x=%4", {}, "400 invalid_request"
    yield "HTP-8 an escape by Unicode", GOOD + "&x=%u0041", {}, "400 invalid_request"
    yield "HTP-8 NUL", GOOD + "&x=%00", {}, "400 invalid_request"
    yield "HTP-8 NUL in a name", GOOD + "&sco%00pe=x", {}, "400 invalid_request"
    yield "HTP-8 not UTF-8", GOOD + "&x=%ff", {}, "400 invalid_request"
    yield "HTP-8 an overlong form", GOOD + "&x=%c0%ae%c0%ae", {}, "400 invalid_request"
    yield "HTP-8 a surrogate", GOOD + "&x=%ed%a0%80", {}, "400 invalid_request"
    yield "HTP-4 as JSON", json.dumps({"grant_type": "client_credentials", "scope": "ticket.read"}), {"Content_Type": "application/json"}, "400 invalid_request"
    yield "HTP-4 multipart", GOOD, {"Content_Type": "multipart/form-data; boundary=x"}, "400 invalid_request"
    yield "HTP-4 no type", GOOD, {"Content_Type": None}, "400 invalid_request"
    yield "HTP-4 two types in one", GOOD, {"Content_Type": "application/x-www-form-urlencoded, text/plain"}, "400 invalid_request"
    yield "HTP-13 10,000 parameters", GOOD + MANY, {}, "400|413"
    yield "HTP-13 70 kB", GOOD + "&x=" + "y" * 70000, {}, "413"


def credentials(broker):
    """Authorization headers that are not the agent's, or not quite."""
    secret = broker.secret("remediator.secret")

    def basic(text):
        return "Basic " + base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()
    return {
        "CLI-3 a wrong secret": basic("remediator:wrong"), "CLI-3 nobody": basic(f"nobody:{secret}"), "CLI-4 other case": basic("remediator:" + secret.swapcase()),
        "CLI-4 the name in capitals": basic("REMEDIATOR:" + secret), "CLI-4 a blank behind": basic(f"remediator:{secret} "), "CLI-4 a + behind": basic(f"remediator:{secret}+"),
        "CLI-4 NUL behind": basic(f"remediator:{secret}%00"), "CLI-4 raw NUL behind": basic(f"remediator:{secret}\0"), "CLI-4 a broken escape": basic(f"remediator:{secret}%z"),
        "CLI-4 an empty secret": basic("remediator:"), "CLI-4 an empty name": basic(":" + secret), "CLI-14 the digest of a secret": basic("remediator:" + "00" * 32),
        "CLI-2 a person's token as secret": basic("dana:" + broker.secret("dana.token")), "CLI-2 a client without that way": basic("reporter:" + secret),
        "CLI-2 a service's secret with its own name": basic("remediator:" + broker.secret("payments-api.secret")), "CLI-4 a name like a path": basic("remediator/:" + secret),
        "CLI-4 a name that climbs": basic("../agents/remediator:" + secret), "CLI-13 no colon": basic("remediator"), "CLI-13 not base64": "Basic %%%", "CLI-13 the scheme alone": "Basic",
        "CLI-13 a byte too many": broker.basic("remediator") + "=", "CLI-13 two values": broker.basic("remediator") + " x", "CLI-13 another scheme": "Digest x",
        "CLI-13 bytes that are no text": basic(b"\xff\xfe:\xff"), "CLI-13 base64url": "Basic " + base64.urlsafe_b64encode(b"\xff\xef:\xff").decode(),
        "BRR-1 a person's bearer token": "Bearer " + broker.secret("dana.token"),
    }


def asked():
    """Fields of an authenticated request for a token that must not be given."""
    grant = {"grant_type": "client_credentials"}
    yield "TOK-7 no grant_type", {"scope": READ_SCOPE}, "400 invalid_request"
    yield "TOK-7 password", {"grant_type": "password", "username": "dana", "password": "x", "scope": READ_SCOPE}, "400 unsupported_grant_type"
    yield "TOK-7 refresh_token", {"grant_type": "refresh_token", "refresh_token": "x"}, "400 unsupported_grant_type"
    yield "TOK-7 implicit", {"grant_type": "implicit"}, "400 unsupported_grant_type"
    yield "TOK-7 authorization_code", {"grant_type": "authorization_code", "code": "x"}, "400 unsupported_grant_type"
    yield "TOK-7 device_code", {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"}, "400 unsupported_grant_type"
    yield "TOK-7 capitals", {"grant_type": "CLIENT_CREDENTIALS", "scope": READ_SCOPE}, "400 unsupported_grant_type"
    yield "TOK-4 nothing asked", grant, "400 invalid_scope"
    yield "RFC 6749 client_secret beside Basic", {**grant, "scope": READ_SCOPE, "client_secret": "x"}, "400 invalid_request"
    for name, scope in {"everything": "**", "an action with a star": "*[ticket:1]", "all of everything": "**[**]", "all types": "ticket.read[**]",
                        "a wider pattern": "ticket.*[ticket:**]", "what another agent has": "secret.read[secret:**]", "openid": "openid profile",
                        "a resource it has not": "service.restart[svc:prod/web]", "the broker's own": "ambit.decide", "an admin's": "admin",
                        "one of two": READ_SCOPE + " service.restart[svc:prod/**]"}.items():
        yield f"TOK-3 scope {name}", {**grant, "scope": scope}, "400"
    for name, scope in {"..": "ticket.read[ticket:../a]", ". inside": "ticket.read[ticket:a/./b]", "// inside": "ticket.read[ticket:a//b]",
                        "an escape": "ticket.read[ticket:%2e%2e]", "a fraction slash": "ticket.read[ticket:a\u2044b]", "NUL by name": "ticket.read[ticket:a\\u0000]",
                        "a full-width letter": "ticket.re\uff41d[ticket:1]", "a zero-width joiner": "ticket.read[ticket:a\u200db]", "brackets inside": "ticket.read[ticket:a[b]]",
                        "two pairs of brackets": "ticket.read[ticket:a][ticket:b]", "never closed": "ticket.read[ticket:a", "a variable": "ticket.read[ticket:${agent}]",
                        "five stars": "ticket.read[ticket:*a*b*c*d*]", "300 segments": "ticket.read[ticket:" + "a/" * 300 + "a]", "a line feed": "ticket.read\nticket.read",
                        "two blanks": "ticket.read  ticket.read", "a quote": 'a"b', "a backslash": "a\\b", "33 items": " ".join(f"ticket.read[ticket:{i}]" for i in range(33))}.items():
        yield f"TOK-3 TOK-13 a name with {name}", {**grant, "scope": scope}, "400 invalid_scope"
    for name, value in {"no array": ITEM, "no JSON": "[", "null": "null", "a number in it": "[1]", "an unknown type": [{**ITEM, "type": "payment"}], "ambit-ask": [{**ITEM, "type": "ambit-ask"}],
                        "an unknown member": [{**ITEM, "privileges": ["admin"]}], "except asked for": [{**ITEM, "except": []}], "actions a text": [{**ITEM, "actions": "ticket.read"}],
                        "a member twice": json.dumps([ITEM])[:-2] + ',"resources":["svc:prod/**"]}]', "a member twice, escaped": json.dumps([ITEM])[:-2] + ',"\\u0074ype":"ambit"}]',
                        "bytes behind": json.dumps([ITEM]) + "[]", "17 deep": "[" * 17 + "]" * 17, "5,000 deep": "[" * 5000, "a lone surrogate": '[{"type":"ambit","actions":["\\ud800"],"resources":["ticket:1"]}]',
                        "NUL": '[{"type":"ambit","actions":["a\\u0000"],"resources":["t:1"]}]', "what policy does not give": [{**ITEM, "actions": ["ticket.close"]}],
                        "a wider pattern": [{**ITEM, "resources": ["**"]}], "34 pairs": [{**ITEM, "actions": ["ticket.read", "ticket.close"], "resources": [f"ticket:{i}" for i in range(17)]}]}.items():
        yield f"RAR-2 details: {name}", {**grant, "authorization_details": value if isinstance(value, str) else json.dumps(value)}, "400 invalid_authorization_details"
    for name, value in {"relative": "foo", "a path": "/x", "with a fragment": AUDIENCE + "#a", "with blanks": "https://a b", "a slash behind": AUDIENCE + "/", "in capitals": AUDIENCE.upper(),
                        "another's": "https://other.example", "with a port": AUDIENCE + ":443", "with a user": "https://x@payments.example.gov", "with a dot behind": "https://payments.example.gov.",
                        "javascript": "javascript:alert(1)", "NUL": AUDIENCE + "\x01"}.items():
        yield f"RES-1 RES-3 resource {name}", {**grant, "scope": READ_SCOPE, "resource": value}, "400 invalid_target"
    yield "TOK-14 two resources", [*grant.items(), ("scope", READ_SCOPE), ("resource", AUDIENCE), ("resource", AUDIENCE)], "400 invalid_target"
    for value in ("0", "-1", "1.5", "x", "9" * 20, "1e3", " 5", "+5", "0x10", "\u0665"):
        yield f"TOK-11 requested_lifetime {value!r}", {**grant, "scope": READ_SCOPE, "requested_lifetime": value}, "400 invalid_request"
    for name, value in {"a line feed": "a\nb", "1,025 bytes": "a" * 1025, "a C1 control": "a\u0085b"}.items():
        yield f"TOK-11 purpose with {name}", {**grant, "scope": READ_SCOPE, "purpose": value}, "400 invalid_request"
    for name, value in {"no id": "x", "23 characters": "A" * 23, "padded": "A" * 22 + "=="}.items():
        yield f"TOK-11 approval: {name}", {**grant, "scope": READ_SCOPE, "approval": value}, "400"


def rows(world):
    for name, body, headers, want in forms():
        for path in ("/token", "/introspect", "/revoke"):
            yield f"{name}, at {path}", lambda w, p=path, b=body, h=headers: w.form(b + "&token=x" if isinstance(b, str) else b, p, **h), want
    for path in ("/token", "/introspect", "/revoke"):
        yield f"HTP-5 a query string, at {path}", lambda w, p=path: w.form(GOOD + "&token=x", p + "?client_id=remediator"), "400 invalid_request"
        yield f"HTP-3 GET with a query, at {path}", lambda w, p=path: w.client.call("GET", p + "?" + GOOD), "400|405"
        yield f"CLI-15 a client_id alone, at {path}", lambda w, p=path: w.form({"client_id": "remediator", "token": "x", "grant_type": "client_credentials"}, p, None), "401 invalid_client"
        yield f"CLI-14 the secret in the body, at {path}", lambda w, p=path: w.form(
            {"client_id": "remediator", "client_secret": w.broker.secret("remediator.secret"), "token": "x", "grant_type": "client_credentials"}, p, None), "401 invalid_client"
    for name, value in credentials(world.broker).items():
        yield name, lambda w, v=value: w.form(GOOD, Authorization=v), "401 invalid_client"
    yield "CLI-3 another client_id in the body", lambda w: w.form(GOOD + "&client_id=reporter"), "401 invalid_client"
    yield "CLI-1 Basic and an assertion", lambda w: w.assertion_and_basic(), "401 invalid_client"
    for name, fields, want in asked():
        yield name, lambda w, f=fields: w.form(f), want
    yield "INT-2 an agent introspects its own token", lambda w: w.form({"token": w.token}, "/introspect"), "inactive"
    yield "INT-2 a token introspects itself", lambda w: w.form({"token": w.token}, "/introspect", None, Authorization="Bearer " + w.token), "401"
    yield "REV-2 a service revokes an agent's token", lambda w: w.form({"token": w.fresh()}, "/revoke", "payments-api"), "400 invalid_request"
    yield "TOK-8 a service asks for an agent's authority", lambda w: w.form(GOOD, who="payments-api"), "400"
