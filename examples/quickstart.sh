#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job of ambit, end to end, on this machine: installs what is missing (apt), builds, starts a
# broker of its own on a free port, and shows what it does with plain curl and ambit. Every step is
# checked; the first that is not as said ends the script with exit code 1.
#   examples/quickstart.sh               leaves nothing behind but build/
#   examples/quickstart.sh --keep DIR    leaves the broker's state in DIR (which must be new or empty)
# Nothing runs afterwards in either case.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8

usage() {
    echo "usage: examples/quickstart.sh [--keep DIR]" >&2
    exit 2
}

keep=
case $# in
0) ;;
2)
    if [ "$1" != --keep ] || [ -z "$2" ]; then
        usage
    fi
    keep=$2
    ;;
*) usage ;;
esac
if [ -n "$keep" ]; then
    mkdir -p "$keep"
    [ -z "$(ls -A "$keep")" ] || {
        echo "quickstart: $keep is not empty" >&2
        exit 2
    }
    keep=$(cd "$keep" && pwd)
fi

work=$(mktemp -d)
broker=
finish() {
    local status=$?
    trap - EXIT
    if [ -n "$broker" ]; then
        kill "$broker" 2>/dev/null || true
        wait "$broker" 2>/dev/null || true
    fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- showing and checking ------------------------------------------------------------------------

step=0
said=
status=0

# One line of explanation.
explain() {
    step=$((step + 1))
    printf '\n== %d. %s\n' "$step" "$*"
}

fail() {
    printf '\nquickstart: step %d is not as said: %s\n' "$step" "$*" >&2
    [ ! -s "$work/ambitd.log" ] || tail -n 20 "$work/ambitd.log" >&2
    exit 1
}

# Tokens and lists of checks are long: shown shortened, checked whole.
shorten() {
    sed -E -e 's/eyJ[A-Za-z0-9_.-]{40,}/eyJ.../g' -e 's/"checks":\[.*\],"remedy"/"checks":[...],"remedy"/' \
        -e 's/"checks":\[.*\]\}\}$/"checks":[...]}}/'
}

# Shows a command as one would type it, runs it, shows what it said; keeps both for the checks.
run() {
    printf '$ %s\n' "$1"
    status=0
    said=$(eval "$1" 2>&1) || status=$?
    [ -z "$said" ] || printf '%s\n' "$said" | shorten
}

exits() {
    [ "$status" = "$1" ] || fail "exit code $status, not $1"
}

says() {
    local word
    for word in "$@"; do
        case $said in
        *"$word"*) ;;
        *) fail "the answer does not say: $word" ;;
        esac
    done
}

# The string member of a one-line JSON object that has it once.
member() {
    sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p'
}

# ---- set up, build, start ------------------------------------------------------------------------

explain "What is missing is installed, and ambit is built."
tests/support/setup.sh build
[ -f build/build.ninja ] || meson setup build >"$work/build.log" 2>&1 || {
    tail -n 20 "$work/build.log" >&2
    fail "meson setup"
}
ninja -C build ambitd ambit >"$work/build.log" 2>&1 || {
    tail -n 20 "$work/build.log" >&2
    fail "the build"
}
PATH=$PWD/build:$PATH
run "ambit --version"
exits 0

state=${keep:-$work/ambit-dev}
explain "A broker starts with example people, agents, a service and two policies."
echo "\$ ambitd --dev --state \$state --listen 127.0.0.1:0 &"
ambitd --dev --state "$state" --listen 127.0.0.1:0 >"$work/ambitd.out" 2>"$work/ambitd.log" </dev/null &
broker=$!
for _ in $(seq 200); do
    grep -q '^ambitd: listening on ' "$work/ambitd.out" && [ -s "$state/url" ] && break
    kill -0 "$broker" 2>/dev/null || break
    sleep 0.1
done
grep '^ambitd: listening on ' "$work/ambitd.out" || fail "the broker does not serve"
url=$(cat "$state/url")
secrets=$state/credentials # used in what run() evaluates
: "$secrets"
export AMBIT_URL=$url
echo "(\$url is the broker, \$secrets the folder where the development broker keeps
everybody's credentials, \$work a folder that is taken away afterwards)"

# ---- authority within bounds ---------------------------------------------------------------------

explain "The agent 'remediator' asks to restart one service for five minutes: a token is granted."
echo "(tokens, and the lists of checks in answers, are shown shortened)"
run "curl -sS -K \$secrets/remediator.curl \$url/token -d grant_type=client_credentials \\
    --data-urlencode 'scope=service.restart[svc:staging/web-1]' -d requested_lifetime=300"
exits 0
says '"access_token"' '"expires_in"' 'service.restart[svc:staging/web-1]'
token=$(printf '%s' "$said" | member access_token)
[ -n "$token" ] || fail "there is no token"
printf '%s' "$token" >"$work/remediator.token"

explain "It asks for a production service as well: refused, with the reason and what would pass."
run "ambit token --agent remediator --key \$secrets/remediator.jwk \\
    --scope 'service.restart[svc:staging/web-1] service.restart[svc:prod/web-1]'"
exits 1
says out_of_scope "what would pass" "these items would pass. service.restart[svc:staging/web-1]"

# ---- acting --------------------------------------------------------------------------------------

# What a service asks before it acts on a token.
ask() {
    run "curl -sS -K \$secrets/payments-api.curl \$url/access/v1/evaluation -H 'Content-Type: application/json' -d @- <<END
{\"subject\": {\"type\": \"access_token\", \"id\": \"\$token\"}, \"action\": {\"name\": \"$1\"},
 \"resource\": {\"type\": \"${2%%:*}\", \"id\": \"${2#*:}\"}}
END"
    exits 0
}

# $1: the file that holds the token, so that it is no argument of a command.
introspect() {
    run "curl -sS -K \$secrets/payments-api.curl \$url/introspect --data-urlencode token@$1"
    exits 0
}

explain "The service that is to be restarted asks the broker whether this token may: allowed."
ask service.restart svc:staging/web-1
says '"decision":true' '"reason":"allowed"' '"rule":"staging"'

explain "The agent steps out of bounds: refused, and counted."
ask service.restart svc:prod/web-1
says '"decision":false' '"reason":"out_of_scope"'

explain "Again."
ask service.restart svc:prod/web-2
says '"decision":false' '"reason":"out_of_scope"'

explain "The third time within a minute trips the hard stop 'probing' of its policy: its grant is revoked."
ask service.restart svc:prod/web-3
says '"decision":false' '"reason":"out_of_scope"'

explain "So the same token is dead at introspection ..."
introspect "\$work/remediator.token"
says '"active":false'

explain "... and refused at the very action that was allowed before."
ask service.restart svc:staging/web-1
says '"decision":false' '"reason":"inactive"'

# ---- a person stops an agent ---------------------------------------------------------------------

explain "Another agent, 'reporter', gets a token by its key; it is alive."
run "ambit token --agent reporter --key \$secrets/reporter.jwk --scope 'ticket.read[ticket:**]' --out \$work/reporter.token"
exits 0
token=$(cat "$work/reporter.token")
introspect "\$work/reporter.token"
says '"active":true'

explain "Lee, on call, stops it and says why. First what would be hit, then in earnest."
run "ambit stop agent:reporter --reason 'reads tickets it has no business with' --dry-run --token-file \$secrets/lee.token"
exits 0
says reporter
run "ambit stop agent:reporter --reason 'reads tickets it has no business with' --token-file \$secrets/lee.token"
exits 0
says in_force

explain "Its live token is dead at once ..."
introspect "\$work/reporter.token"
says '"active":false'

explain "... and it gets no other."
run "ambit token --agent reporter --key \$secrets/reporter.jwk --scope 'ticket.read[ticket:**]'"
exits 1
says stopped

# ---- who answers for it --------------------------------------------------------------------------

explain "The whole story of the first grant: owner, policy version, rule, every decision, why it ended."
run "ambit trace --of-token \$work/remediator.token --token-file \$secrets/dana.token"
exits 0
says dana sha256: staging out_of_scope probing

explain "And of the second agent: who stopped it, in which words."
run "ambit trace agent:reporter --token-file \$secrets/dana.token"
exits 0
says dana lee 'reads tickets it has no business with' read-tickets

# ---- the record, without the broker --------------------------------------------------------------

explain "The broker is stopped in order; the record verifies without it."
kill -TERM "$broker"
status=0
wait "$broker" || status=$?
broker=
exits 0
run "ambit verify \$state"
exits 0

explain "One byte of one event is changed in a copy of the store: the damage is found, and named."
# The event is the refusal of step 14: nothing was counted after it, so what is found is the event alone.
# The store keeps pages that are no longer in use, so a place found in the file may be such a page:
# the places are tried from the last one on until one is in use.
damaged=no
grep -abo '"reason":"stopped"' "$state/store/data.mdb" | cut -d: -f1 | sort -rn >"$work/places"
while read -r place; do
    rm -rf "$work/copy"
    cp -r --sparse=always "$state/store" "$work/copy"
    printf 'x' | dd of="$work/copy/data.mdb" bs=1 seek=$((place + 12)) conv=notrunc status=none
    ambit verify "$work/copy" >/dev/null 2>&1 || {
        damaged=yes
        break
    }
done <"$work/places"
[ $damaged = yes ] || fail "a changed byte was not found"
run "ambit verify \$work/copy"
exits 1
says event

printf '\nDone: %d steps, each as said.' "$step"
[ -z "$keep" ] || printf ' The state is in %s.' "$keep"
printf '\n'
