#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# This set on a development broker (`ambitd --dev --state DIR`): its policies and agents are proposed
# with keys of their own and taken up, then coder is given a token and hands a part of it to
# coder/tester, which gets no more than that, and loses it when the grant of coder is ended.
#   examples/sets/coding/run.sh DIR
set -euo pipefail
state=$(cd "${1:?the state folder of a development broker}" && pwd)
set=$(cd "$(dirname "$0")" && pwd)
documents=$state/documents secrets=$state/credentials work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export AMBIT_URL
AMBIT_URL=$(<"$state/url")
ambit() { command "${AMBIT:-ambit}" "$@"; }

# ---- the documents --------------------------------------------------------------------------------

cp "$set"/policies/{write-code,help-coder}.json "$documents/policies/"
cp "$set/services/forge.json" "$documents/services/"
new_agent() { # NAME POLICY DESCRIPTION
    ambit agent new "$1" --policy "$2" --description "$3" --owner dana --backup sam \
        --documents "$documents" --key-out "$work/${1//\//-}.jwk" >"$work/made"
}
new_agent coder write-code "works on a ticket"
new_agent coder/tester help-coder "runs the tests of what it is handed"
sed -i '1s|{|{ "delegates_to": ["coder/tester"],|' "$documents/agents/coder.json"
ambit reload --token-file "$secrets/lee.token" >"$work/reloaded"

# ---- from one agent to the other -------------------------------------------------------------------

as() { # AGENT, then what `ambit token` takes
    ambit token --agent "$1" --key "$work/${1//\//-}.jwk" "${@:2}"
}
refused() { # WHAT REASON COMMAND...
    if said=$("${@:3}" 2>&1) || ! grep -q "$2" <<<"$said"; then
        echo "not as said: $1: $said" >&2
        exit 1
    fi
    echo "refused ($2): $1"
}

as coder --scope 'repo.read[repo:payments/**]' --scope 'run.start[run:payments/**]' --out "$work/coder.token"
echo "coder has a token"
as coder/tester --subject-token "$work/coder.token" --scope 'run.start[run:payments/api/unit]' --for 5m --out "$work/tester.token"
echo "coder/tester has one below it, for one run"
refused "more than coder has" out_of_scope as coder/tester --subject-token "$work/coder.token" --scope 'run.start[run:**]'
refused "handed on once more" not_delegable as coder/tester --subject-token "$work/tester.token" --scope 'run.start[run:payments/api/unit]'

ambit trace --of-token "$work/tester.token" --token-file "$secrets/lee.token"

grant=$(ambit trace --of-token "$work/coder.token" --token-file "$secrets/lee.token" | awk 'NR == 1 {sub(":", "", $2); print $2}')
ambit stop "grant:$grant" --reason "the ticket is done" --token-file "$secrets/lee.token" >"$work/stopped"
echo "coder's grant is ended, and with it what hung from it"
refused "anything more below it" stopped as coder/tester --subject-token "$work/coder.token" --scope 'run.start[run:payments/api/unit]'
