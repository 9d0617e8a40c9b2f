#!/usr/bin/env bash
# runtests.sh: install what is missing, build from scratch, run every test
# shellcheck disable=SC2317 # suite() calls the functions
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=tests/packages.sh
. tests/packages.sh

top=$PWD
quick=
sanitize=
keep=

usage() {
    cat <<'TXT'
usage: ./runtests.sh [--quick] [--sanitize] [--keep] [--help]

Works in a copy of the tree, so the build in the tree is left alone. Runs the
unit tests (also under valgrind), the fuzzers' corpora, the guards, the
functional tests on the event, worker and prefork MPMs, the SDK tests, and
make distcheck. Ends with a line "N passed, N failed"; a suite that could not run
counts as failed. Logs are left in build/runtests.

  --quick      event MPM only, no valgrind, no distcheck
  --sanitize   unit and functional tests under ASan and UBSan, nothing else
  --keep       leave the copy in place, and say where it is
TXT
}

while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=1 ;;
    --sanitize) sanitize=1 ;;
    --keep) keep=1 ;;
    --help | -h) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done

# ---- packages ----------------------------------------------------------------

need_build
need 'lib check' check check-devel
need 'have openssl' openssl openssl
need 'perl -MApache::TestRun -e 1' libapache2-mod-perl2 mod_perl
need 'have pmccabe' pmccabe pmccabe
need 'have node' nodejs nodejs
need 'have npm' npm npm
[ -n "$quick$sanitize" ] || need 'have valgrind' valgrind valgrind
install_missing
PATH=$PATH:/usr/sbin

# ---- a copy of the tree -----------------------------------------------------------

logs=$top/build/runtests
rm -rf "$logs"
mkdir -p "$logs"

# Started by root, the functional tests drop to www-data, who must reach them.
reachable() {
    [ "$(id -u)" -ne 0 ] || runuser -u www-data -- test -x "$1"
}
work=$logs/tree
mkdir -p "$work"
if ! reachable "$work"; then
    rmdir "$work"
    work=$(mktemp -d "${TMPDIR:-/tmp}/llmgw-tests.XXXXXX")
    chmod 755 "$work"
fi
clean_up() {
    if [ -n "$keep" ]; then
        echo "The copy is $work"
    else
        chmod -R u+w "$work"
        rm -rf "$work"
    fi
}
trap clean_up EXIT

# What git would commit; without git, everything that is not built.
copy_tree() {
    if git -c safe.directory='*' rev-parse --git-dir >/dev/null 2>&1; then
        git -c safe.directory='*' ls-files -z --cached --others \
            --exclude-standard | while IFS= read -r -d '' f; do
            [ ! -e "$f" ] || printf '%s\0' "$f"
        done | tar -cf - --null -T -
    else
        tar -cf - --exclude=./build --exclude=node_modules --exclude=.libs \
            --exclude='*.o' --exclude='*.lo' --exclude='*.la' \
            --exclude=./Makefile --exclude=./config.status .
    fi | tar -xf - -C "$work"
}
copy_tree
[ -n "${LLMGW_SHARED:-}" ] || [ ! -d ../shared ] \
    || LLMGW_SHARED=$(cd ../shared && pwd)
export LLMGW_SHARED=${LLMGW_SHARED:-}
export npm_config_cache=$top/build/npm-cache npm_config_update_notifier=false
cd "$work"

# ---- running and counting -----------------------------------------------------------

passed=0
failed=0

# count KIND LOG: "passed failed" as the log of a suite tells it. KIND check:
# libcheck's lines, and automake's for what is no unit test; line: each run's last
# line
count() {
    perl -e '
        my ($kind, $pass, $fail) = (shift, 0, 0);
        while (<>) {
            if ($kind eq "line") {
                ($pass += $1, $fail += $2) if /^(\d+) passed, (\d+) failed/;
            }
            elsif (/Checks: (\d+), Failures: (\d+), Errors: (\d+)/) {
                $pass += $1 - $2 - $3;
                $fail += $2 + $3;
            }
            elsif (m{^(PASS|FAIL|ERROR): (?!tests/unit/)}) {
                $1 eq "PASS" ? $pass++ : $fail++;
            }
        }
        print "$pass $fail\n";
    ' "$@"
}

# suite NAME KIND COMMAND...: run it, count what its log says
suite() {
    local name=$1 kind=$2 log=$logs/$1.log status=0 p f began=$SECONDS

    shift 2
    ("$@") >"$log" 2>&1 </dev/null || status=$?
    case $kind in
    step) p=$((status == 0)) f=0 ;;
    *) read -r p f < <(count "$kind" "$log") ;;
    esac
    if ((f == 0 && (status != 0 || p == 0))); then
        f=1
    fi
    ((passed += p, failed += f)) || true
    printf '%-24s %5d passed, %d failed  (%ds)\n' "$name" "$p" "$f" \
        $((SECONDS - began))
    ((f == 0)) || explain "$log"
    return $((f != 0))
}

# The lines of a log that tell why, or its last ones.
explain() {
    { grep -E '^(FAIL|ERROR)|:[EF]:|error: ' "$1" || tail -n 20 "$1"; } \
        | head -n 40 | cut -c1-240 | sed 's/^/    /'
}

finish() {
    echo "Logs: build/runtests"
    clean_up
    trap - EXIT
    echo "$passed passed, $failed failed"
    exit $((failed != 0))
}

jobs=$(nproc)
module=$work/obj/mod_llmgw/.libs/mod_llmgw.so

# build DIR [configure's arguments]: beside the sources
build() {
    [ -x configure ] || ./autogen.sh || return
    mkdir "$work/$1" && cd "$work/$1" && ../configure "${@:2}" \
        && make -j"$jobs"
}

# The unit tests' own logs say how many tests each of them has.
check_tree() {
    local status=0

    make -C obj -j"$jobs" check || {
        status=$?
        cp obj/test-suite.log "$logs"
    }
    cat obj/tests/unit/*.log
    return "$status"
}

no_warnings() {
    ! grep -E 'warning:' "$logs/build.log" "$logs/check.log"
}

build_clang() {
    build clang CC=clang --enable-werror && make -j"$jobs" unit
}

valgrind_unit() {
    make -s -C obj --no-print-directory unit | tr ' ' '\n' \
        | CK_FORK=no xargs -P "$jobs" -I PROGRAM valgrind -q --error-exitcode=9 \
            --leak-check=full --errors-for-leak-kinds=definite obj/PROGRAM
}

functional() {
    tests/httpd/run.sh --module "$module" "$@"
}

# What the MPMs without events have in common with event takes most of the time,
# and that is spent waiting: both at once.
functional_others() {
    local status=0 prefork

    functional --mpm prefork >"$work/prefork.log" 2>&1 &
    prefork=$!
    functional --mpm worker || status=1
    wait "$prefork" || status=1
    cat "$work/prefork.log"
    return "$status"
}

sdk() {
    tests/sdk/run.sh --module "$module" --table "$logs/clients.md"
}

# ---- the suites -------------------------------------------------------------------

if [ -n "$sanitize" ]; then
    suite build-sanitized step build obj --enable-sanitizers CFLAGS='-O1 -g' \
        || finish
    suite unit-sanitized check check_tree || true
    suite httpd-event-sanitized line functional --mpm event --sanitize || true
    finish
fi

suite build step build obj || finish
suite check check check_tree || true
suite no-warnings step no_warnings || true
! have clang >/dev/null || suite build-clang step build_clang || true
if [ -e "$top/.git" ]; then
    suite tracked-files step env top_srcdir="$top" tests/guard/tracked.sh || true
fi
[ -n "$quick" ] || suite valgrind check valgrind_unit || true
suite httpd-event line functional --mpm event || true
if [ -z "$quick" ]; then
    suite httpd-worker-prefork line functional_others || true
fi
suite sdk line sdk || true
[ -n "$quick" ] || suite distcheck step make -C obj distcheck || true
finish
