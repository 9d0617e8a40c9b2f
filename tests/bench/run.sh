#!/usr/bin/env bash
# run.sh: this module beside plain mod_proxy_http, in one server, in one run
#
#   tests/bench/run.sh --module FILE.so [--rounds N] [--seconds N]
#
# One event MPM serves /proxy (ProxyPass) and /v1 (llmgw, pass-through) in front
# of a mock that answers at once. Prints requests/s at 32 connections, latency
# at one, and the memory that 1 MB bodies in flight take. Wants wrk and cc.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

top=$PWD
module=$top/mod_llmgw/.libs/mod_llmgw.so
rounds=5
seconds=4
while [ $# -gt 0 ]; do
    case $1 in
    --module) module=$(readlink -f "$2") ;;
    --rounds) rounds=$2 ;;
    --seconds) seconds=$2 ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0" && exit 2 ;;
    esac
    shift 2
done
[ -e "$module" ] || die "there is no $module: run make first."
have wrk >/dev/null || die "wrk is not installed (apt-get install wrk)."

PATH=$PATH:/usr/sbin
apxs=$(command -v apxs2 || command -v apxs)
httpd=$("$apxs" -q sbindir)/$("$apxs" -q progname)
moddir=$("$apxs" -q LIBEXECDIR)
dir=$(mktemp -d "${TMPDIR:-/tmp}/llmgw-bench.XXXXXX")
chmod 755 "$dir"
pids=()

clean_up() {
    [ ! -s "$dir/pid" ] || pids+=("$(cat "$dir/pid")")
    kill "${pids[@]}" 2>/dev/null || true
    for pid in "${pids[@]}"; do
        while [ -d "/proc/$pid" ]; do sleep 0.05; done
    done
    rm -rf "$dir"
}
trap clean_up EXIT

# start_mock NAME [DELAY_MS]: its port is in $dir/NAME.port
start_mock() {
    "$dir/mock" "${@:2}" >"$dir/$1.port" &
    pids+=($!)
    until [ -s "$dir/$1.port" ]; do sleep 0.02; done
}

free_port() {
    perl -MIO::Socket::INET -e \
        'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

write_conf() {
    local name port_instant port_held

    port_instant=$(cat "$dir/instant.port")
    port_held=$(cat "$dir/held.port")
    {
        for name in mpm_event unixd log_config authz_core slotmem_shm proxy \
            proxy_balancer proxy_http; do
            [ ! -e "$moddir/mod_$name.so" ] \
                || echo "LoadModule ${name}_module $moddir/mod_$name.so"
        done
        [ "$(id -u)" -ne 0 ] || ! id www-data >/dev/null 2>&1 \
            || printf 'User www-data\nGroup www-data\n'
        cat <<CONF
LoadModule llmgw_module $module
ServerRoot $dir
ServerName 127.0.0.1
Listen 127.0.0.1:$port
PidFile $dir/pid
DefaultRuntimeDir $dir
ErrorLog $dir/error.log
LogLevel error proxy:crit proxy_http:crit
ServerLimit 1
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 64
MinSpareThreads 1
MaxKeepAliveRequests 0
ProxyPass /proxy http://127.0.0.1:$port_instant/v1
ProxyPass /held-proxy http://127.0.0.1:$port_held/v1
LLMProvider instant openai http://127.0.0.1:$port_instant/v1
LLMProvider held openai http://127.0.0.1:$port_held/v1
LLMRoute instant instant
LLMRoute held held
<Location /v1>
    SetHandler llmgw
</Location>
CONF
    } >"$dir/httpd.conf"
}

start_server() {
    port=$(free_port)
    write_conf
    "$httpd" -d "$dir" -f "$dir/httpd.conf" -k start
    until (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.05; done
}

stop_server() {
    local pid

    pid=$(cat "$dir/pid")
    kill "$pid"
    while [ -d "/proc/$pid" ]; do sleep 0.05; done
}

# load PATH CONNECTIONS SECONDS: requests/s, mean, p50, p99 (microseconds),
# errors; BENCH_MODEL and BENCH_BYTES say what is sent
load() {
    wrk -t1 -c"$2" -d"$3"s -s tests/bench/post.lua \
        "http://127.0.0.1:$port$1/chat/completions" | sed -n 's/^figures //p'
}

# The middle value of column $1 of a file.
median() {
    cut -d' ' -f"$1" "$2" | sort -n | awk '{ v[NR] = $1 }
        END { print v[int((NR + 1) / 2)] }'
}

sum() {
    awk -v c="$1" '{ n += $c } END { print n + 0 }' "$2"
}

# One child serves: its peak resident memory in KB; clear_refs starts it anew.
child() {
    local parent

    parent=$(cat "$dir/pid")
    tr -d ' ' <"/proc/$parent/task/$parent/children"
}

peak_kb() {
    sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(child)/status"
}

# memory PATH: KB for each of 32 requests of 1 MB in flight, errors
memory() {
    local before

    start_server
    BENCH_MODEL=held load "$1" 32 1 >/dev/null
    echo 5 >"/proc/$(child)/clear_refs"
    before=$(peak_kb)
    BENCH_MODEL=held BENCH_BYTES=1048576 load "$1" 32 3 >"$dir/held.figures"
    echo "$((($(peak_kb) - before) / 32)) $(cut -d' ' -f5 "$dir/held.figures")"
    stop_server
}

${CC:-cc} -O2 -Wall -Wextra -o "$dir/mock" tests/bench/mock.c
start_mock instant
start_mock held 200
start_server

load /proxy 32 1 >/dev/null
load /v1 32 1 >/dev/null
for ((i = 0; i < rounds; i++)); do
    load /proxy 32 "$seconds" >>"$dir/proxy.32"
    load /v1 32 "$seconds" >>"$dir/llmgw.32"
    load /proxy 1 "$seconds" >>"$dir/proxy.1"
    load /v1 1 "$seconds" >>"$dir/llmgw.1"
done
stop_server
memory /held-proxy >"$dir/proxy.mem"
memory /v1 >"$dir/llmgw.mem"

# row NAME PROXY LLMGW WANTED: a line of the table with the ratio
row() {
    awk -v name="$1" -v a="$2" -v b="$3" -v want="$4" 'BEGIN {
        printf "%-34s %12.1f %12.1f %8.2f   %s\n", name, a, b, b / a, want }'
}

printf '%-34s %12s %12s %8s   %s\n' "medians of $rounds x $seconds s" \
    mod_proxy llmgw ratio wanted
row '32 connections, requests/s' "$(median 1 "$dir/proxy.32")" \
    "$(median 1 "$dir/llmgw.32")" 'at least 0.9'
row '32 connections, p99 us' "$(median 4 "$dir/proxy.32")" \
    "$(median 4 "$dir/llmgw.32")" ''
row '1 connection, mean us' "$(median 2 "$dir/proxy.1")" \
    "$(median 2 "$dir/llmgw.1")" 'at most 1.2'
row '1 connection, p50 us' "$(median 3 "$dir/proxy.1")" \
    "$(median 3 "$dir/llmgw.1")" ''
row '1 MB body in flight, KB each' "$(cut -d' ' -f1 "$dir/proxy.mem")" \
    "$(cut -d' ' -f1 "$dir/llmgw.mem")" 'llmgw under 2048'
cat "$dir"/*.32 "$dir"/*.1 >"$dir/all"
echo "failed requests: $(sum 5 "$dir/all") small, $(sum 2 "$dir/proxy.mem") and $(sum 2 "$dir/llmgw.mem") of 1 MB (mod_proxy, llmgw)"
! grep -v :notice "$dir/error.log" || true
