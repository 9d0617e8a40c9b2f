#!/bin/sh
# run.sh: hundreds of clients, providers that fail at random, for minutes
#
#   [SECONDS=600] [CLIENTS=200] tests/soak/run.sh [--module FILE.so]
#
# Four targets that fail in all the ways the mock of the functional tests knows,
# clients that leave at random. Fails for a wrong answer, for sockets, processes
# or memory that are left, for a line in the log that nobody expects.
set -eu
seconds=${SECONDS:-0}               # bash counts in a variable of this name
[ "$seconds" -ge 10 ] || seconds=600
clients=${CLIENTS:-200}
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
module=$top/mod_llmgw/.libs/mod_llmgw.so
if [ "${1:-}" = --module ]; then module=$(readlink -f "$2"); fi

die() { echo "soak: $*" >&2; exit 2; }
[ -f "$module" ] || die "there is no $module: run make first."
PATH=$PATH:/usr/sbin:/sbin
apxs=${APXS:-$(command -v apxs2 || command -v apxs)} || die "apxs is missing"
httpd=$($apxs -q sbindir)/$($apxs -q progname)
libexec=$($apxs -q LIBEXECDIR)
dir=$(mktemp -d)
chmod 755 "$dir"
mock=
clean_up() {
    if [ -s "$dir/httpd.pid" ]; then
        pid=$(cat "$dir/httpd.pid")
        kill "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    fi
    [ -z "$mock" ] || kill "$mock" 2>/dev/null || true
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

cp "$module" "$dir/mod_llmgw.so"
cd "$top/tests/httpd"
perl upstream.pl --dir "$dir/upstream" &
mock=$!
until [ -s "$dir/upstream/ports.json" ]; do sleep 0.1; done
up=$(sed 's/.*"http":\([0-9]*\).*/\1/' "$dir/upstream/ports.json")
port=$(perl -MIO::Socket::INET -e \
    'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')

{
    for m in mpm_event unixd authz_core env slotmem_shm proxy proxy_balancer; do
        if [ -f "$libexec/mod_$m.so" ]; then
            echo "LoadModule ${m}_module \"$libexec/mod_$m.so\""
        fi
    done
    if [ "$(id -u)" = 0 ]; then
        for u in www-data apache nobody; do
            if id "$u" >/dev/null 2>&1; then
                printf 'User %s\nGroup %s\n' "$u" "$(id -gn "$u")"
                break
            fi
        done
    fi
    cat <<CONF
LoadModule llmgw_module "$dir/mod_llmgw.so"
ServerName localhost
ServerRoot "$dir"
DocumentRoot "$dir"
PidFile "$dir/httpd.pid"
DefaultRuntimeDir "$dir"
ErrorLog "$dir/error_log"
LogLevel info
Listen 127.0.0.1:$port
StartServers 2
ServerLimit 4
ThreadLimit 150
ThreadsPerChild 150
MaxRequestWorkers 300
MinSpareThreads 1
MaxSpareThreads 300
LLMTimeout connect=1s first=1s idle=1s total=8s
LLMRetry attempts=4 backoff=50ms max-backoff=1s budget=100%
LLMBreaker ratio=60% min=20 window=5s open=1s probes=3
CONF
    for i in 1 2 3 4; do
        echo "LLMProvider p$i openai http://127.0.0.1:$up/v1 models=none"
    done
    cat <<CONF
<LLMRoute soak>
    LLMTarget p1/random,p:5
    LLMTarget p2/random,p:20
    LLMTarget p3/random,p:40
    LLMTarget p4/random,p:80
</LLMRoute>
<LLMRoute soak-busy>
    LLMBalance busy
    LLMTarget p1/random,p:30
    LLMTarget p2/random,p:30
    LLMTarget p3/random,p:30 tier=1
</LLMRoute>
<Location /v1>
    SetHandler llmgw
</Location>
<Location /metrics>
    SetHandler llmgw-metrics
</Location>
CONF
} >"$dir/httpd.conf"
"$httpd" -f "$dir/httpd.conf"
until [ -s "$dir/httpd.pid" ]; do sleep 0.1; done
perl "$here/clients.pl" --port "$port" --upstream "$up" --seconds "$seconds" \
    --clients "$clients" --pid "$(cat "$dir/httpd.pid")" --log "$dir/error_log"
