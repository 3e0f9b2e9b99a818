#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An agent in Python, standard library only: asks for authority for one task, acts only if the broker
allows it, reports why not.

    AMBIT_URL=http://127.0.0.1:8420 AMBIT_SECRETS=ambit-dev/credentials examples/agents/python/agent.py staging/web-1
"""
import base64
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

URL = os.environ["AMBIT_URL"]
SECRETS = os.environ["AMBIT_SECRETS"]
AGENT = "remediator"


def post(path, body, media_type, authorization):
    """The answer as JSON, whatever its status; a broker that cannot answer is an exception."""
    request = urllib.request.Request(URL + path, body.encode(), {"Content-Type": media_type, "Authorization": authorization})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as refusal:
        if refusal.code >= 500:
            raise
        return json.load(refusal)


def ask_token(scope):
    with open(os.path.join(SECRETS, AGENT + ".secret"), encoding="ascii") as f:
        pair = f"{AGENT}:{urllib.parse.quote(f.read().strip())}"
    form = {"grant_type": "client_credentials", "scope": scope, "requested_lifetime": 60}
    return post("/token", urllib.parse.urlencode(form), "application/x-www-form-urlencoded",
                "Basic " + base64.b64encode(pair.encode()).decode())


def may(token, action, kind, name):
    """An agent may ask about its own token."""
    question = {"subject": {"type": "access_token", "id": token}, "action": {"name": action},
                "resource": {"type": kind, "id": name}}
    return post("/access/v1/evaluation", json.dumps(question), "application/json", "Bearer " + token)


def main(service):
    # 1. Authority for this task, now: one action on one resource.
    grant = ask_token(f"service.restart[svc:{service}]")
    if "access_token" not in grant:
        remedy = (grant.get("ambit_remedy") or {}).get("text", "")
        sys.exit(f"no token: {grant.get('ambit_reason', grant.get('error'))}. {remedy}")

    # 2. May it be done?
    answer = may(grant["access_token"], "service.restart", "svc", service)
    if not answer.get("decision"):
        sys.exit(f"not allowed: {answer.get('context', {}).get('reason')}")

    # 3. Act. The service asks the broker once more before it believes the token.
    print(f"restarting svc:{service}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
