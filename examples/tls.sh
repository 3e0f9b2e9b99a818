#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# TLS for agents on other machines, a Unix socket for those on this one, listeners of their own for
# operators and health, and a certificate that changes while the broker runs. Needs openssl and the
# built programs: ambitd and ambit in build/, or where AMBITD and AMBIT say. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."
AMBITD=${AMBITD:-$PWD/build/ambitd}
AMBIT=${AMBIT:-$PWD/build/ambit}
[ -x "$AMBITD" ] && [ -x "$AMBIT" ] || {
    echo "examples/tls.sh: there is no $AMBITD or no $AMBIT; build first (meson setup build && ninja -C build)" >&2
    exit 2
}
work=$(mktemp -d)
broker=
finish() {
    [ -z "$broker" ] || { kill "$broker" && wait "$broker"; } || true
    rm -rf "$work"
}
trap finish EXIT

# An authority of your own, and a certificate for the names by which clients know the broker.
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
        -keyout "$work/broker.key" -out "$work/broker.csr" 2>/dev/null
    openssl x509 -req -in "$work/broker.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 30 \
        -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") -out "$work/broker.pem" 2>/dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=our authority" \
    -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
certificate first

# The documents of the development mode, and a configuration of our own beside them.
"$AMBITD" --dev --state "$work/state" --check >/dev/null
cat >"$work/state/tls.json" <<END
{"issuer": "https://localhost", "state": ".", "documents": "documents", "review": "record",
 "listen": [{"name": "agents", "address": "127.0.0.1:0",
             "tls": {"certificate": "$work/broker.pem", "key": "$work/broker.key"}},
            {"name": "local", "unix": "agent.sock", "mode": "0600"},
            {"name": "operators", "address": "127.0.0.1:0"}, {"name": "ops", "address": "127.0.0.1:0"}]}
END
"$AMBITD" --config "$work/state/tls.json" --check
"$AMBITD" --config "$work/state/tls.json" >"$work/said" 2>"$work/log" &
broker=$!
for _ in $(seq 300); do
    [ "$(grep -c '^ambitd: listening on ' "$work/said")" = 4 ] && break
    sleep 0.1
done
sed "s|$work/||" "$work/said"
read -r https _ operators _ <<<"$(sed -n 's/^ambitd: listening on //p' "$work/said" | tr '\n' ' ')"

token() {
    "$AMBIT" token --agent remediator --key "$work/state/credentials/remediator.jwk" --scope 'ticket.read[ticket:**]' \
        --out "$work/token" "$@"
}
token --url "$https" --ca "$work/ca.pem" >/dev/null && echo "a token over TLS, verified by our authority"
token --url "unix:$work/state/agent.sock" >/dev/null && echo "a token over the Unix socket"
if token --url "$https" >/dev/null 2>"$work/refused"; then exit 1; fi
echo "without the authority: $(sed 's/.*its certificate/the certificate/; s/: .*//; q' "$work/refused")"

# A renewed certificate: new handshakes get it, open connections live on.
certificate second
"$AMBIT" reload --url "$operators" --token-file "$work/state/credentials/lee.token" >/dev/null
openssl s_client -connect "${https#https://}" -CAfile "$work/ca.pem" </dev/null 2>/dev/null |
    sed -n 's/^subject=/after the reload the broker shows: /p'
