#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An agent in shell: asks for authority for one task, acts only if the broker allows it, reports why
# not. Plain curl; the secret stays in a file that curl reads.
#   AMBIT_URL=http://127.0.0.1:8420 AMBIT_SECRETS=ambit-dev/credentials examples/agents/shell/agent.sh staging/web-1
set -euo pipefail
url=${AMBIT_URL:?where the broker is} secrets=${AMBIT_SECRETS:?where the credentials lie} service=${1:?what to restart}

member() { sed -n 's/.*"'"$1"'" *: *"\{0,1\}\([^",}]*\).*/\1/p'; }

# 1. Authority for this task, now: one action on one resource.
answer=$(curl -sS -K "$secrets/remediator.curl" "$url/token" -d grant_type=client_credentials \
    --data-urlencode "scope=service.restart[svc:$service]" -d requested_lifetime=60)
token=$(member access_token <<<"$answer")
if [ -z "$token" ]; then
    echo "no token: $(member ambit_reason <<<"$answer")" >&2
    exit 1
fi

# 2. May it be done? An agent may ask about its own token; the token is no argument of a command.
question='{"subject": {"type": "access_token", "id": "'$token'"}, "action": {"name": "service.restart"},
           "resource": {"type": "svc", "id": "'$service'"}}'
answer=$(curl -sS "$url/access/v1/evaluation" -H @<(printf 'Authorization: Bearer %s' "$token") \
    -H 'Content-Type: application/json' -d @- <<<"$question")
if [ "$(member decision <<<"$answer")" != true ]; then
    echo "not allowed: $(member reason <<<"$answer")" >&2
    exit 1
fi

# 3. Act. The service asks the broker once more before it believes the token.
echo "restarting svc:$service"
