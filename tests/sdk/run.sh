#!/bin/sh
# run.sh: real clients from npm against a running server
#
#   run.sh [--mpm event|worker|prefork] [--module FILE] [--table FILE] [--keep]
#          [NAME ...]
#
# NAME: only NAME.test.mjs. Its server and all it writes are under build/sdk;
# FILE gets the table of clients and providers (build/sdk/clients.md).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mpm=event
module=$top/mod_llmgw/.libs/mod_llmgw.so
keep=0
table=
names=
shared=${LLMGW_SHARED:-$top/../shared}

die() { echo "run.sh: $*" >&2; exit 2; }

while [ $# -gt 0 ]; do
    case $1 in
    --mpm) mpm=$2; shift 2 ;;
    --module) module=$2; shift 2 ;;
    --table) table=$2; shift 2 ;;
    --keep) keep=1; shift ;;
    --help|-h) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) die "unknown option $1; see --help" ;;
    *) names="$names $1.test.mjs"; shift ;;
    esac
done
[ -f "$module" ] || die "$module is not there: run make first"

PATH=$PATH:/usr/sbin:/sbin
apxs=${APXS:-$(command -v apxs2 || command -v apxs)} || die "apxs is missing"
libexec=$($apxs -q LIBEXECDIR)
httpd=${HTTPD:-$($apxs -q sbindir)/$($apxs -q progname)}
command -v node >/dev/null && command -v npm >/dev/null || die "node and npm are missing"

work=$top/build/sdk
rm -rf "$work/server"
mkdir -p "$work/server/logs"

# The packages, apart from the sources; kept from run to run
mkdir -p "$work/client"
rm -rf "$work"/client/*.mjs "$work/client/clients"
cp -R "$here"/*.mjs "$here/clients" "$here/package.json" \
    "$here/package-lock.json" "$here/.npmrc" "$work/client/"
if ! cmp -s "$here/package-lock.json" "$work/client/installed"; then
    (cd "$work/client" && npm ci --no-audit --no-fund --loglevel=error)
    cp "$here/package-lock.json" "$work/client/installed"
fi

upstream=
replay=
stop() {
    pid=$(cat "$work/server/httpd.pid" 2>/dev/null || true)
    if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
    if [ -n "$upstream" ]; then kill "$upstream" 2>/dev/null || true; fi
    if [ -n "$replay" ]; then kill "$replay" 2>/dev/null || true; fi
    i=0
    while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && [ $i -lt 100 ]; do
        sleep 0.1
        i=$((i + 1))
    done
}
trap stop EXIT
trap 'exit 130' INT TERM HUP PIPE

wait_for() {    # seconds, command ...
    n=$(($1 * 10)); shift
    while [ $n -gt 0 ]; do
        if "$@" 2>/dev/null; then return 0; fi
        sleep 0.1
        n=$((n - 1))
    done
    return 1
}

perl "$top/tests/httpd/upstream.pl" --dir "$work/server/upstream" &
upstream=$!
wait_for 20 test -s "$work/server/upstream/ports.json" || die "upstream.pl did not start"
up=$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).http' \
    "$work/server/upstream/ports.json")

free_port() {
    node -e 's = net.createServer().listen(0, "127.0.0.1", () => {
        console.log(s.address().port); s.close(); })'
}
port=$(free_port)
raw_port=$(free_port)
replay_port=0
if [ -f "$shared/tools/replay.mjs" ]; then
    replay_port=$(free_port)
    node "$shared/tools/replay.mjs" "$replay_port" "$shared/fixtures" &
    replay=$!
fi

# ---- the server ---------------------------------------------------------------
{
    for m in mpm_$mpm unixd log_config authn_core authz_core slotmem_shm \
            socache_shmcb ssl proxy proxy_balancer proxy_http; do
        f=$libexec/mod_$m.so
        if [ -f "$f" ]; then echo "LoadModule ${m}_module \"$f\""; fi
    done
    echo "LoadModule llmgw_module \"$module\""
    if [ "$(id -u)" = 0 ]; then
        for u in www-data apache nobody; do
            if id "$u" >/dev/null 2>&1; then
                echo "User $u"
                echo "Group $(id -gn "$u")"
                break
            fi
        done
    fi
    cat <<CONF
ServerName localhost
ServerRoot "$work/server"
DefaultRuntimeDir "$work/server"
PidFile "$work/server/httpd.pid"
ErrorLog "$work/server/logs/error_log"
LogLevel info
Listen 127.0.0.1:$port
LLMProvider raw openai http://127.0.0.1:$raw_port/v1 key=env:LLMGW_SDK_KEY models=raw-*
LLMProvider rawclaude anthropic http://127.0.0.1:$raw_port/v1 key=env:LLMGW_SDK_KEY models=none
LLMProvider mock openai http://127.0.0.1:$up/v1 key=env:LLMGW_SDK_KEY models=none
LLMProvider claude anthropic http://127.0.0.1:$up/v1 key=env:LLMGW_SDK_KEY models=none
LLMProvider resp openai-responses http://127.0.0.1:$up/v1 key=env:LLMGW_SDK_KEY models=none
LLMProvider gemini gemini http://127.0.0.1:$up/v1beta key=env:LLMGW_SDK_KEY models=none
LLMProvider azure azure http://127.0.0.1:$up key=env:LLMGW_SDK_KEY models=none
LLMRoute first mock/ok
LLMRoute second claude/ok
LLMProvider echo echo -
LLMProvider slowecho echo - delay=100ms interval=50ms
LLMRoute sensible-openai mock/sensible
LLMRoute sensible-anthropic claude/sensible
LLMRoute sensible-gemini gemini/sensible
LLMRoute sensible-openai-responses resp/sensible
LLMBreaker off
LLMRetry attempts=1 budget=100%
LLMTimeout connect=2s first=10s idle=10s total=60s
AllowEncodedSlashes NoDecode
<LocationMatch "^/v1(beta)?/">
    SetHandler llmgw
</LocationMatch>
CONF
    if [ "$replay_port" != 0 ]; then
        node "$work/client/fixtures.mjs" "$shared/fixtures" "$replay_port"
    fi
} > "$work/server/httpd.conf"
LLMGW_SDK_KEY=sdk-test-key
export LLMGW_SDK_KEY
"$httpd" -f "$work/server/httpd.conf" -k start
wait_for 20 test -s "$work/server/httpd.pid" || {
    cat "$work/server/logs/error_log"; die "httpd did not start"; }

# ---- the tests ----------------------------------------------------------------
status=0
export LLMGW_URL="http://127.0.0.1:$port/v1" LLMGW_UPSTREAM="http://127.0.0.1:$up"
LLMGW_FIXTURES=
if [ "$replay_port" != 0 ]; then LLMGW_FIXTURES=$shared/fixtures; fi
LLMGW_RESULTS=$work/results.jsonl
export LLMGW_FIXTURES LLMGW_RESULTS LLMGW_RAW_PORT=$raw_port
rm -f "$LLMGW_RESULTS"
cd "$work/client"
# shellcheck disable=SC2086 # names of files
node --test --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$work/tap" \
    ${names:-*.test.mjs} || status=$?
node table.mjs "$LLMGW_RESULTS" "${table:-$work/clients.md}"
cd "$top"
passed=$(sed -n 's/^# pass //p' "$work/tap")
failed=$(sed -n 's/^# \(fail\|cancelled\) //p' "$work/tap" | awk '{ n += $1 } END { print n + 0 }')
bad=$(grep -cE '\[[a-z_0-9-]+:(crit|alert|emerg)\]|exit signal' \
    "$work/server/logs/error_log" || true)
if [ "$bad" != 0 ]; then
    echo "FAIL  the error log holds $bad lines that must not be there"
    failed=$((failed + bad))
    status=1
fi
if [ $keep = 0 ] && [ $status = 0 ]; then stop; rm -rf "$work/server"; fi
echo "${passed:-0} passed, ${failed:-1} failed"
exit $status
