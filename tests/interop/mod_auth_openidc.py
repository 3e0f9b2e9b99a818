#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: Apache with mod_auth_openidc as a resource server in front of a backend that knows nothing: it asks
/introspect about each request's token, requires a scope, and a stop takes effect on the next request."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from broker import READ_SCOPE, RESTART_SCOPE, Tap, skip_all  # noqa: E402
from stock import LOOPBACK, Backend, Proxy, TlsBroker, ask, program  # noqa: E402

MODULES = "/usr/lib/apache2/modules"
CONFIGURATION = """
ServerRoot {work}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {work}/pid
ErrorLog {work}/error.log
DefaultRuntimeDir {work}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
{user}
OIDCCryptoPassphrase {passphrase}
OIDCCABundlePath {ca}
OIDCOAuthIntrospectionEndpoint {broker}/introspect
OIDCOAuthIntrospectionEndpointAuth client_secret_basic
OIDCOAuthClientID payments-api
OIDCOAuthClientSecret {secret}
OIDCOAuthTokenIntrospectionInterval -1
OIDCOAuthTokenExpiryClaim exp absolute mandatory
OIDCOAuthRemoteUserClaim client_id
<Location "/">
  AuthType oauth20
  Require claim "scope:{scope}"
  ProxyPass {backend}/
</Location>
"""


class Apache(Proxy):
    def configure(self, broker, backend):
        user = ""
        if os.getuid() == 0:
            os.chmod(self.work, 0o755)
            user = "User www-data\nGroup www-data"
        name = self.write("apache.conf", CONFIGURATION.format(
            work=self.work, port=self.port, modules=MODULES, user=user, backend=backend, passphrase=os.urandom(16).hex(), broker=broker.url,
            ca=broker.ca.certificate, secret=broker.secret("payments-api.secret"), scope=READ_SCOPE))
        return [program("apache2"), "-f", name, "-DFOREGROUND"]


def main():
    if not program("apache2") or not os.path.exists(f"{MODULES}/mod_auth_openidc.so"):
        skip_all("no Apache with mod_auth_openidc")
    tap = Tap()
    with TlsBroker() as broker, Backend() as backend, Apache(broker, backend.url) as apache, broker.agents() as client, broker.client() as people:
        url = f"{LOOPBACK}:{apache.port}/tickets/1"
        token = client.token().json["access_token"]
        other = client.token(RESTART_SCOPE).json["access_token"]
        tap.ok(ask(url) == 401 and backend.seen == [], "nothing shown: 401, and the backend sees nothing")
        tap.ok(ask(url, "Bearer nonsense") == 401, "BRR-2 a token that is none: 401")
        tap.ok(ask(url, "Bearer " + token) == 200, "INT-4 a live token goes through")
        tap.ok(backend.seen and backend.seen[-1][0] == "/tickets/1", "to the backend", backend.seen)
        tap.ok(ask(url, "Bearer " + other) in (401, 403), "another scope does not")
        tap.ok(people.stop("agent:remediator").status == 201, "on call, somebody stops the agent")
        tap.ok(ask(url, "Bearer " + token) == 401 and len(backend.seen) == 1, "and the next request is refused")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
