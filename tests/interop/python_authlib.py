#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: Debian's python3-authlib gets, introspects and gives back tokens at a running broker, by key and by
secret. It writes the token endpoint into its assertions and lets them live an hour: both are set (CLI-7,
CLI-10), as a user of it must."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from broker import READ_SCOPE, Broker, Tap, claims, skip_all  # noqa: E402
from stock import LOOPBACK  # noqa: E402

try:
    from authlib.common.errors import AuthlibBaseError
    from authlib.integrations.requests_client import OAuth2Session
    from authlib.jose import JsonWebKey, jwt
    from authlib.oauth2.rfc7523 import PrivateKeyJWT
except ImportError:
    skip_all("no python3-authlib with requests")

AUDIENCE = "https://payments.example.gov"


def by_key(broker, issuer, **claims_of_ours):
    """A session that signs one assertion: the library keeps the `jti` of the first for ever."""
    key = JsonWebKey.import_key(json.loads(broker.secret("remediator.jwk")))
    session = OAuth2Session("remediator", key, token_endpoint_auth_method="private_key_jwt")
    words = {"exp": int(time.time()) + 300, **claims_of_ours}
    session.register_client_auth_method(PrivateKeyJWT(issuer, claims=words, alg="ES256"))
    return session


def ask(session, url, **fields):
    """The token, or the error's name."""
    try:
        return session.fetch_token(url + "/token", grant_type="client_credentials", **{"scope": READ_SCOPE, **fields})
    except AuthlibBaseError as err:
        return err.error


def main():
    tap = Tap()
    with Broker() as broker:
        url = f"{LOOPBACK}:{broker.port}"
        metadata = OAuth2Session().get(url + "/.well-known/oauth-authorization-server", withhold_token=True).json()
        token = ask(by_key(broker, metadata["issuer"]), url, resource=AUDIENCE)
        tap.ok(isinstance(token, dict) and token["token_type"] == "Bearer", "TOK-1 CLI-5 a token by private_key_jwt", token)
        keys = OAuth2Session().get(metadata["jwks_uri"], withhold_token=True).json()
        seen = jwt.decode(token["access_token"], JsonWebKey.import_key_set(keys))
        seen.validate()
        tap.ok(seen["aud"] == AUDIENCE and seen["sub"] == "remediator", "ATJ-4 it verifies with the published key", seen)
        tap.ok(ask(by_key(broker, url + "/token"), url) == "invalid_client", "CLI-7 the token endpoint is no audience")
        tap.ok(ask(by_key(broker, metadata["issuer"], exp=int(time.time()) + 3600), url) == "invalid_client",
               "CLI-10 an assertion that lives an hour is refused")
        tap.ok(ask(by_key(broker, metadata["issuer"]), url, scope="service.restart[svc:prod/web-1]") == "invalid_scope",
               "TOK-5 a refusal is an error of the protocol")
        agent = OAuth2Session("remediator", broker.secret("remediator.secret"))
        other = ask(agent, url, scope="ticket.read[ticket:INC-1]")
        tap.ok(isinstance(other, dict), "CLI-4 a token by secret", other)
        service = OAuth2Session("payments-api", broker.secret("payments-api.secret"))
        told = service.introspect_token(url + "/introspect", token["access_token"]).json()
        tap.ok(told["active"] is True and told["jti"] == claims(token["access_token"])["jti"], "INT-4 introspection", told)
        tap.ok(agent.revoke_token(url + "/revoke", token["access_token"]).status_code == 200, "REV-2 revocation")
        told = service.introspect_token(url + "/introspect", token["access_token"]).json()
        tap.ok(told == {"active": False}, "INT-3 dead at once", told)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
