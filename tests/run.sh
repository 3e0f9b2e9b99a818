#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sets up, builds and runs every test; the last line is `N passed, N failed, N skipped`.
#   tests/run.sh                 everything, in its short form (40 minutes on two cores at most)
#   tests/run.sh --setup         only installs what is missing
#   tests/run.sh --long          the long forms: fuzz 300 s, 30 power cuts, 2,000 faults, ...
#   tests/run.sh --only PART...  only these parts (see `parts` below); builds what they need
# Each part prints the seconds it took. What is skipped is printed and counted.
set -u
cd "$(dirname "$0")/.."

parts=(setup lint builds systemd unit wire race fuzz kill power disk faults oracle interop fresh bench)
export AMBIT_LONG=0
export AMBIT_ROOT=$PWD
export AMBIT_VECTORS=${AMBIT_VECTORS:-$PWD/../shared/vectors}
export LC_ALL=C.UTF-8
# A sanitizer's finding is a failure of the program that it is in, whatever that program thinks.
# The broker lets nobody attach to it, so that only root can look for its leaks.
leaks=1
[ "$(id -u)" = 0 ] || leaks=0
export ASAN_OPTIONS=detect_leaks=$leaks:abort_on_error=0:exitcode=99:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=0:exitcode=98:second_deadlock_stack=1:suppressions=$PWD/tests/support/tsan.supp
jobs=2

say() {
    printf '%s\n' "$*"
}

tap() {
    local verb=$1
    shift
    "${wrap[@]}" /usr/bin/python3 tests/support/tap.py "$verb" --state "$state" "$@"
}

wrap=() # what the programs of a part run under

# ---- builds, each made when first asked for -----------------------------------------------------

# build NAME TARGETS... : configures build-NAME once and builds the targets ("all" when none).
build() {
    local name=$1
    shift
    local dir=build-$name
    local -a how
    local cc=gcc
    case $name in
    gcc) how=() ;;
    clang) cc=clang how=() ;;
    asan) cc=clang how=(-Dsanitize=address -Doptimization=1) ;;
    tsan) cc=clang how=(-Dsanitize=thread -Doptimization=1) ;;
    fuzz) cc=clang how=(-Dsanitize=address -Dfuzz=true -Doptimization=1) ;;
    coverage) how=(-Db_coverage=true -Doptimization=1) ;;
    nosync) how=(-Dunsafe_nosync=true -Dtests=false) ;; # optimised as released: the bench compares them
    leak) how=(-Dunsafe_leak=true -Dtests=false -Doptimization=1) ;;
    *)
        say "no build named $name"
        return 1
        ;;
    esac
    if [ ! -f "$dir/build.ninja" ]; then
        CC=$cc meson setup "${how[@]}" "$dir" || return 1
    fi
    ninja -j "$jobs" -C "$dir" "$@"
}

declare -A built=()
# need NAME TARGETS... : the build as one test point, once; says whether there is one.
need() {
    local key="$*"
    if [ -z "${built[$key]:-}" ]; then
        if tap command --part builds --name "build $key" -- "${BASH_SOURCE[0]}" --build "$@"; then
            built[$key]=yes
        else
            built[$key]=no
        fi
    fi
    [ "${built[$key]}" = yes ]
}

# ---- programs of a folder ------------------------------------------------------------------------

programs=()
# find_programs FOLDER : the test programs in a folder, in the order of their names.
find_programs() {
    local f
    programs=()
    for f in "tests/$1"/*.py "tests/$1"/*.sh; do
        [ -x "$f" ] && programs+=("$f")
    done
}

# fault NAME ARGUMENTS... : one rig of tests/fault against the release build.
fault() {
    local name=$1
    shift
    [ -x "tests/fault/$name.py" ] || return 0
    need gcc || return 1
    AMBIT_BUILD=$PWD/build-gcc tap run --part "$part" --timeout 3000 -- "tests/fault/$name.py $*"
}

# ---- parts ---------------------------------------------------------------------------------------

part_setup() {
    tap command --part setup --name "packages" -- tests/support/setup.sh test
}

part_lint() {
    tap run --part lint -- tests/lint/lint.py tests/support/test_tap.py
}

part_builds() {
    local name
    for name in gcc clang asan tsan; do
        need $name
    done
    need fuzz fuzz
    need coverage fuzz-replay
    need nosync ambitd ambit
    need leak ambitd ambit
}

part_systemd() {
    need gcc && AMBIT_BUILD=$PWD/build-gcc tap run --part systemd -- tests/support/systemd.py
}

vectors() {
    [ -d "$AMBIT_VECTORS" ] && return
    if [ "${CI:-}" = true ]; then
        tap note --part unit --fail -- "no test vectors at AMBIT_VECTORS"
    else
        tap note --part unit --skip -- "no test vectors at AMBIT_VECTORS: the tests that read them were passed over"
    fi
}

part_unit() {
    vectors
    local name
    for name in gcc clang asan; do
        need $name && tap run --part "unit-$name" --jobs $jobs --meson build-$name
    done
    need coverage fuzz-replay && AMBIT_BUILD=$PWD/build-coverage tap run --part unit -- "tests/unit/policy/coverage.py"
    need gcc && AMBIT_BUILD=$PWD/build-gcc tap run --part unit -- "tests/unit/identity/client_cost.py"
}

part_wire() {
    need asan || return
    need leak ambitd ambit
    find_programs wire
    AMBIT_BUILD=$PWD/build-asan AMBIT_BUILD_LEAK=$PWD/build-leak AMBIT_SANITIZER=address \
        tap run --part wire --jobs $jobs -- "${programs[@]}"
}

# The half of the wire tests that is about many at once, and the threaded unit tests, under TSan.
part_race() {
    need tsan || return
    local -a racing=()
    local f
    while read -r f; do
        [ -x "tests/wire/$f" ] && racing+=("tests/wire/$f")
    done < <(grep -v '^#' tests/wire/concurrent.txt)
    # clang 14's TSan does not know kernels that spread addresses wider.
    wrap=(setarch -R)
    "${wrap[@]}" true 2>/dev/null || wrap=()
    AMBIT_BUILD=$PWD/build-tsan AMBIT_SANITIZER=thread \
        tap run --part race --jobs 1 -- "${racing[@]}"
    tap run --part race --jobs $jobs --meson build-tsan
    wrap=()
}

part_fuzz() {
    local seconds=10
    [ $AMBIT_LONG = 1 ] && seconds=300
    need fuzz fuzz && AMBIT_BUILD=$PWD/build-fuzz tap run --part fuzz --timeout 36000 \
        -- "tests/fuzz/run.py --seconds $seconds --jobs $jobs"
    need coverage fuzz-replay && AMBIT_BUILD=$PWD/build-coverage tap run --part fuzz -- "tests/fuzz/coverage.py"
}

part_kill() {
    fault kill
}

part_power() {
    need nosync ambitd ambit
    export AMBIT_BUILD_NOSYNC=$PWD/build-nosync
    fault power
    fault flush_trace
    fault group_commit
    fault images
}

part_disk() {
    fault full_disk
    fault full_backup
}

part_faults() {
    fault faults
    fault restores
    fault edits
    fault clock
}

part_oracle() {
    find_programs oracle
    [ ${#programs[@]} = 0 ] || { need gcc &&
        AMBIT_BUILD=$PWD/build-gcc tap run --part oracle --timeout 3600 --jobs $jobs -- "${programs[@]}"; }
}

part_interop() {
    find_programs interop
    [ ${#programs[@]} = 0 ] || { need gcc &&
        AMBIT_BUILD=$PWD/build-gcc tap run --part interop -- "${programs[@]}"; }
}

part_fresh() {
    tap run --part fresh --timeout 1200 -- tests/support/fresh_root.sh
}

part_bench() {
    local form=--short
    [ $AMBIT_LONG = 1 ] && form=
    need gcc || return
    need nosync ambitd ambit
    AMBIT_BUILD=$PWD/build-gcc AMBIT_BUILD_NOSYNC=$PWD/build-nosync \
        tap run --part bench --timeout 3600 -- "tests/bench/run.py $form"
}

# ---- the run -------------------------------------------------------------------------------------

main() {
    local -a only=()
    case "${1:-}" in
    --setup)
        exec tests/support/setup.sh test
        ;;
    --build)
        shift
        build "$@"
        exit
        ;;
    --long)
        AMBIT_LONG=1
        shift
        ;;
    esac
    if [ "${1:-}" = --only ]; then
        shift
        only=("$@")
    elif [ $# -gt 0 ]; then
        sed -n '3,8s/^# //p' "$0" >&2
        exit 2
    fi
    mkdir -p build-state
    state=$PWD/build-state/points.$$
    rm -f build-state/points.*
    local begun=$SECONDS from
    [ ${#only[@]} -gt 0 ] || only=("${parts[@]}")
    for part in "${only[@]}"; do
        [[ " ${parts[*]} " == *" $part "* ]] || {
            say "no part named $part; there are: ${parts[*]}" >&2
            exit 2
        }
    done
    for part in "${only[@]}"; do
        say "== $part"
        from=$SECONDS
        "part_$part"
        say "== $part: $((SECONDS - from)) s"
    done
    say "== all: $((SECONDS - begun)) s"
    tap total
}

main "$@"
