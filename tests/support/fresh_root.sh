#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Goal: on a fresh Debian 12 with nothing installed by hand, the quickstart of a clone succeeds.
# A minimal root is made on the spot (mmdebstrap), the clone copied in, the quickstart run by chroot.
# Skipped, and counted, without root or where no root can be made.
set -u
cd "$(dirname "$0")/../.."

skip() {
    echo "1..0 # SKIP $*"
    exit 0
}

[ "$(id -u)" = 0 ] || skip "a fresh root takes root"
command -v mmdebstrap >/dev/null || skip "no mmdebstrap"

work=$(mktemp -d)
root=$work/root
log=$work/log
cleanup() {
    umount -l "$root/proc" "$root/dev" 2>/dev/null
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT

# This machine's own sources of Debian 12, so that a mirror set here is used there.
sources=()
for f in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    [ -s "$f" ] && grep -q bookworm "$f" && sources=("$f") && break
done
if ! mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
    --aptopt='Acquire::Languages "none"' bookworm "$root" "${sources[@]}" >"$log" 2>&1 </dev/null; then
    sed 's/^/# /' "$log" | tail -n 20
    skip "no Debian root can be made here"
fi

git -c safe.directory='*' clone -q --no-hardlinks "$PWD" "$root/srv/ambit" 2>>"$log" || {
    echo "not ok 1 - the clone is made"
    echo "1..1"
    exit 1
}
cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null
mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev" ||
    skip "proc and dev cannot be mounted here"

point() {
    local status=$1
    shift
    points=$((points + 1))
    if [ "$status" = 0 ]; then
        echo "ok $points - $*"
    else
        echo "not ok $points - $*"
        failures=$((failures + 1))
        tail -n 60 "$log" | sed 's/^/#   /'
    fi
}
points=0 failures=0
begun=$SECONDS
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LC_ALL=C.UTF-8 \
    chroot "$root" /bin/bash -c 'cd /srv/ambit && exec examples/quickstart.sh' >"$log" 2>&1 </dev/null
point $? "the quickstart succeeds on a fresh Debian 12"
echo "# note: quickstart in the fresh root: $((SECONDS - begun)) s"
grep -qi "verif" "$log"
point $? "and shows the record verified"
tests/support/quickstart_same.py "$log" >>"$log" 2>&1
point $? "and prints what README.md says it prints"
running=0
for p in /proc/[0-9]*; do
    [ "$(readlink "$p/root" 2>/dev/null)" = "$root" ] && running=1
done
point $running "nothing is left running"
left=$(git -c safe.directory="*" -C "$root/srv/ambit" status --porcelain 2>/dev/null)
[ -z "$left" ]
point $? "and nothing is left in the clone"
echo "1..$points"
[ $failures = 0 ]
