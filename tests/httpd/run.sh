#!/bin/sh
# run.sh: the functional tests: a real httpd, a scripted upstream
#
#   run.sh [--mpm event|worker|prefork] [--module FILE] [--sanitize] [--keep]
#          [NAME ...]
#
# NAME picks test files by a part of their name. Apache::Test refuses root, so
# root runs everything as www-data (or nobody) on a copy under build/.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mpm=event
module=$top/mod_llmgw/.libs/mod_llmgw.so
sanitize=0
keep=0

die() { echo "run.sh: $*" >&2; exit 2; }

while [ $# -gt 0 ]; do
    case $1 in
    --mpm) mpm=$2; shift 2 ;;
    --mpm=*) mpm=${1#*=}; shift ;;
    --module) module=$2; shift 2 ;;
    --module=*) module=${1#*=}; shift ;;
    --sanitize) sanitize=1; shift ;;
    --keep) keep=1; shift ;;
    --help|-h) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) die "unknown option $1; see --help" ;;
    *) break ;;
    esac
done
case $mpm in event|worker|prefork) ;; *) die "no MPM named $mpm" ;; esac
[ -f "$module" ] || die "$module is not there: run make first"

PATH=$PATH:/usr/sbin:/sbin
apxs=${APXS:-$(command -v apxs2 || command -v apxs)} || die "apxs is missing"
libexec=$($apxs -q LIBEXECDIR)
httpd=${HTTPD:-$($apxs -q sbindir)/$($apxs -q progname)}
[ -x "$httpd" ] || die "$httpd is missing"

# ---- who runs it, and where -------------------------------------------------
user=
if [ "$(id -u)" = 0 ]; then
    for u in www-data apache nobody; do
        if id "$u" >/dev/null 2>&1; then user=$u; break; fi
    done
    [ -n "$user" ] || die "Apache::Test refuses root, and no user is there to switch to"
fi
as_user() {
    if [ -n "$user" ]; then runuser -u "$user" -- "$@"; else "$@"; fi
}

work=$top/build/httpd-tests-$mpm
mkdir -p "$top/build"
outside=
if ! as_user test -x "$top/build"; then     # a checkout below /root
    outside=$(mktemp -d)
    chmod 755 "$outside"
    work=$outside/httpd-tests-$mpm
fi
rm -rf "$work"
mkdir -p "$work/asan"
cp -R "$here/t" "$here/upstream.pl" "$here/run.pl" "$work/"
cp "$module" "$work/mod_llmgw.so"
if [ -f "$top/conf.d/llmgw.conf" ]; then
    cp "$top/conf.d/llmgw.conf" "$work/reference.conf"
fi

# ---- the modules, the MPM among them ------------------------------------------
{
    names="mpm_$mpm unixd version log_config logio authn_core authz_core
        authn_file authz_host authz_user auth_basic mime dir alias env setenvif
        headers filter deflate status reqtimeout slotmem_shm socache_shmcb
        ssl proxy proxy_balancer proxy_http watchdog"
    # it says itself that it does not work with prefork
    if [ $mpm != prefork ]; then names="$names http2"; fi
    for m in $names; do
        f=$libexec/mod_$m.so
        if [ -f "$f" ]; then
            echo "LoadModule ${m}_module \"$f\""
        fi
    done
    echo "LoadModule llmgw_module \"$work/mod_llmgw.so\""
} > "$work/base.conf"

# ---- the server's command, with the sanitizers' library before all others ----
preload=
if [ $sanitize = 1 ]; then
    preload=$(ldd "$module" | awk '/lib(clang_rt\.)?asan/ { print $3 }')
    [ -n "$preload" ] || die "$module was built without --enable-sanitizers"
fi
cat > "$work/httpd" <<SH
#!/bin/sh
if [ -n "$preload" ]; then
    LD_PRELOAD=$preload
    ASAN_OPTIONS=detect_leaks=0:log_path=$work/asan/report
    UBSAN_OPTIONS=print_stacktrace=1:log_path=$work/asan/report
    export LD_PRELOAD ASAN_OPTIONS UBSAN_OPTIONS
fi
exec "$httpd" "\$@"
SH
chmod 755 "$work/httpd"

if [ -n "$user" ]; then chown -R "$user" "$work"; fi
LLMGW_TEST_APXS=$apxs
LLMGW_TEST_SANITIZE=$sanitize
LLMGW_TEST_MPM=$mpm
LLMGW_TEST_RUN=httpd-tests-$mpm-$$
HOME=$work
TMPDIR=$work
RES_OPTIONS="timeout:1 attempts:1"      # a name that is not there is not, soon
export LLMGW_TEST_APXS LLMGW_TEST_SANITIZE LLMGW_TEST_MPM LLMGW_TEST_RUN HOME TMPDIR RES_OPTIONS

cd "$work"
if [ -n "$user" ] && command -v setpriv >/dev/null 2>&1; then
    # in place of the shell, so that a signal reaches it
    setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups \
        perl run.pl "$@" &
elif [ -n "$user" ]; then
    runuser -u "$user" -- perl run.pl "$@" &
else
    perl run.pl "$@" &
fi
runner=$!
trap 'kill -TERM $runner 2>/dev/null' INT TERM HUP
status=0
wait $runner || status=$?
while kill -0 $runner 2>/dev/null; do wait $runner || status=$?; done
trap - INT TERM HUP
cd "$top"
if [ -f "$work/faults.md" ]; then
    cp "$work/faults.md" "$top/build/faults-$mpm.md"
    echo "faults: $(tail -1 "$work/faults.md") Table: build/faults-$mpm.md"
fi
if [ $keep = 0 ] && [ $status = 0 ]; then rm -rf "$work"; fi
if [ -n "$outside" ]; then
    if [ -d "$work/t/logs" ]; then
        rm -rf "$top/build/httpd-tests-$mpm"
        cp -R "$work" "$top/build/httpd-tests-$mpm"
    fi
    rm -rf "$outside"
fi
exit $status
