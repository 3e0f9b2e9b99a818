#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian 12 packages that are missing, and nothing else.
#   tests/support/setup.sh build   what it takes to build ambit and run the quickstart
#   tests/support/setup.sh test    that, and what the tests use
# Asks dpkg first, so that a second run does nothing and needs neither root nor a network.
set -eu

build=(gcc libc6-dev meson ninja-build pkg-config libmicrohttpd-dev liblmdb-dev
       libssl-dev libgnutls28-dev libcurl4-openssl-dev zlib1g-dev libcmocka-dev libsystemd-dev scdoc curl tzdata xxd)
testing=(clang llvm-14 libclang-rt-14-dev clang-format-14 python3 python3-jsonschema strace wrk mmdebstrap systemd
         e2fsprogs util-linux mount git ca-certificates procps openssh-client openssl
         python3-authlib python3-cryptography python3-requests apache2-bin libapache2-mod-auth-openidc valgrind)

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@" 2>/dev/null || sudo "$@"
    fi
}

missing_of() {
    local p
    for p in "$@"; do
        dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || echo "$p"
    done
}

updated=no
update_once() {
    [ "$updated" = yes ] && return
    as_root apt-get -qq update
    updated=yes
}

install_missing() {
    local missing
    mapfile -t missing < <(missing_of "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    echo "setup: installing ${missing[*]}"
    update_once
    local log
    log=$(mktemp)
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 install "${missing[@]}" >"$log" 2>&1 </dev/null; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        echo "setup: the packages could not be installed" >&2
        return 1
    fi
    rm -f "$log"
}

# Programs whose packages would start a service (a monitoring server, a web server): the one program is
# taken out of the package instead, into build-tools/.
#   fetch_program NAME PACKAGE PATH
fetch_program() {
    command -v "$1" >/dev/null 2>&1 && return 0
    local tools=$PWD/build-tools
    [ -x "$tools/$3" ] && return 0
    local work
    work=$(mktemp -d)
    chmod 755 "$work"
    update_once
    (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$2" >/dev/null 2>&1) &&
        mkdir -p "$tools" && dpkg-deb --fsys-tarfile "$work"/*.deb |
        tar -x -C "$tools" "./$3" || echo "setup: no $1; its test will be skipped" >&2
    rm -rf "$work"
}

cd "$(dirname "$0")/../.."
case "${1:-test}" in
build)
    install_missing "${build[@]}"
    ;;
test)
    install_missing "${build[@]}" "${testing[@]}"
    fetch_program promtool prometheus usr/bin/promtool
    fetch_program nginx nginx usr/sbin/nginx
    ;;
*)
    echo "usage: $0 build|test" >&2
    exit 2
    ;;
esac
