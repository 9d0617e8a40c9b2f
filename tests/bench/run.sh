#!/usr/bin/env bash
# run.sh: this module beside nginx and plain mod_proxy_http, in one run
#
#   tests/bench/run.sh [--module FILE.so] [--tools DIR] [--json FILE]
#       [--only PART[,PART...]] [--quick] [--children N] [--threads N]
#
# All stand in front of the same provider (mock), one after another under the
# same clients (load); docs/performance.md says what is measured, and how to read
# it. Parts: requests, latency, rate, held, streams, bodies. A whole run takes
# about 15 minutes, --quick about 2. --children and --threads are this module's
# (2 of 32 threads); plain mod_proxy_http has as many, but for streams a thread
# for each. Prints a table, and writes it as JSON (build/bench.json).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/packages.sh
. tests/packages.sh

top=$PWD
module=$top/mod_llmgw/.libs/mod_llmgw.so
tools=$top/tests/bench
json=$top/build/bench.json
parts=requests,latency,rate,held,streams,bodies
children=2
threads=32
rounds=3
seconds=4
rates='500 2000'
streams='512 2000 9000'
tokens=40
settle=30
proxy_streams_max=2000
while [ $# -gt 0 ]; do
    case $1 in
    --quick)
        rounds=1 seconds=2 rates=1000 streams='512 2000' tokens=10 settle=0
        shift
        continue
        ;;
    --module) module=$(readlink -f "$2") ;;
    --tools) tools=$(readlink -f "$2") ;;
    --json) json=$(readlink -f "$2") ;;
    --only) parts=$2 ;;
    --children) children=$2 ;;
    --threads) threads=$2 ;;
    *) sed -n '2,14s/^# \{0,1\}//p' "$0" && exit 2 ;;
    esac
    shift 2
done
[ -e "$module" ] || die "there is no $module: run make first."
[ -x "$tools/load" ] || die "there is no $tools/load: run make bench."
need 'have nginx' nginx nginx
install_missing
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh
httpd_setup
cells=$dir/cells
mkdir -p "$(dirname "$json")"

# ---- servers --------------------------------------------------------------------

start_nginx() {
    local user=

    port_of[nginx]=$(free_port)
    mkdir -p "$dir/nginx"
    [ "$(id -u)" -ne 0 ] || user="user $(server_user);"
    cat >"$dir/nginx/nginx.conf" <<CONF
$user
pid $dir/nginx/pid;
error_log $dir/nginx/error.log error;
worker_processes auto;
worker_rlimit_nofile $(ulimit -n);
events { worker_connections 40000; }
http {
    access_log off;
    keepalive_requests 100000000;
    client_max_body_size 64m;
    client_body_temp_path $dir/nginx/body;
    proxy_temp_path $dir/nginx/proxy;
    fastcgi_temp_path $dir/nginx/fastcgi;
    uwsgi_temp_path $dir/nginx/uwsgi;
    scgi_temp_path $dir/nginx/scgi;
    upstream mock {
        server 127.0.0.1:${port_of[mock]};
        keepalive 1024;
        keepalive_requests 100000000;
    }
    server {
        listen 127.0.0.1:${port_of[nginx]} backlog=4096;
        location /v1 {
            proxy_pass http://mock;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_read_timeout 120s;
        }
    }
}
CONF
    nginx -c "$dir/nginx/nginx.conf" -p "$dir/nginx" 2>"$dir/nginx/start.log" || {
        cat "$dir/nginx/start.log" >&2
        die "nginx did not start."
    }
    await 5 test -s "$dir/nginx/pid" || die "nginx did not start."
    await 5 listens "${port_of[nginx]}" || die "nginx does not listen."
    pid_of[nginx]=$(cat "$dir/nginx/pid")
}

# start_proxy CHILDREN THREADS
start_proxy() {
    {
        httpd_conf proxy "$1" "$2" 'proxy proxy_http'
        echo "LogLevel error proxy:crit proxy_http:crit"
        echo "ProxyPass /v1 http://127.0.0.1:${port_of[mock]}/v1"
    } >"$dir/proxy.conf"
    mv "$dir/proxy.conf" "$dir/proxy/httpd.conf"
    httpd_start proxy
}

# ---- subjects -------------------------------------------------------------------

# Who is measured: without anything between, nginx, plain mod_proxy_http, and this
# module in three ways.
declare -A server_of=([direct]=mock [nginx]=nginx [proxy]=proxy [pass]=llmgw
    [translate]=llmgw [echo]=llmgw)
declare -A model_of=([direct]=bench [nginx]=bench [proxy]=bench [pass]=bench
    [translate]=a-bench [echo]=e-bench)

# client SUBJECT MODEL_SUFFIX: the options of load for it
client() {
    echo "--url http://127.0.0.1:${port_of[${server_of[$1]}]}/v1/chat/completions" \
        "--model ${model_of[$1]}$2" "$([ "$1" != echo ] || echo --echo)"
}

# start SUBJECT [STREAMS]: its server, unless it runs
start() {
    local server=${server_of[$1]} many=${2:-0} each

    [ -z "${pid_of[$server]:-}" ] || return 0
    case $server in
    nginx) start_nginx ;;
    llmgw) start_llmgw "$children" "$threads" ;;
    proxy)
        if ((many <= children * threads)); then
            start_proxy "$children" "$threads"
        else
            each=$(((many + 7) / 8))
            start_proxy 8 "$each"
        fi
        ;;
    esac
}

# ---- cells ----------------------------------------------------------------------

# cell PART SUBJECT SIZE CPU MORE LOAD: keep what was measured
cell() {
    printf '{"part":"%s","subject":"%s","size":%s,"cpu_ticks":%s%s,"load":%s}\n' \
        "$@" >>"$cells"
}

# measure PART SUBJECT SIZE MODEL_SUFFIX MODE OPTIONS...
measure() {
    local part=$1 who=$2 size=$3 suffix=$4 pid=${pid_of[${server_of[$2]}]}
    local ticks figures

    shift 4
    ticks=$(cpu_ticks "$pid")
    # shellcheck disable=SC2046 # several options
    figures=$(load "$1" $(client "$who" "$suffix") "${@:2}")
    cell "$part" "$who" "$size" "$(($(cpu_ticks "$pid") - ticks))" '' "$figures"
}

# Everyone is ready, and warm.
start_all() {
    local who

    for who in nginx proxy pass; do
        start "$who"
    done
    for who in direct nginx proxy pass translate echo; do
        # shellcheck disable=SC2046
        load closed $(client "$who" '') --connections 32 --seconds 0.5 >/dev/null
    done
}

part_requests() {
    local who i

    for ((i = 0; i < rounds; i++)); do
        for who in direct nginx proxy pass translate echo; do
            measure requests "$who" 32 '' closed --connections 32 \
                --seconds "$seconds"
        done
    done
}

part_latency() {
    local who i

    for ((i = 0; i < rounds; i++)); do
        for who in direct nginx proxy pass translate echo; do
            measure latency "$who" 1 '' closed --connections 1 \
                --seconds "$seconds"
        done
    done
}

part_rate() {
    local who rate

    for rate in $rates; do
        for who in direct nginx proxy pass translate echo; do
            measure rate "$who" "$rate" '' rate --connections 64 \
                --rate "$rate" --seconds "$seconds"
        done
    done
}

part_held() {
    local who many i

    for ((i = 0; i < rounds; i++)); do
        for many in 256 1000; do
            for who in direct nginx proxy pass translate echo; do
                measure held "$who" "$many" -d20 closed --connections "$many" \
                    --seconds "$seconds"
            done
        done
    done
}

# memory_of PID: Pss and Rss of its tree
memory_of() {
    # shellcheck disable=SC2046
    echo "$(memory_kb Pss $(tree "$1")),$(memory_kb Rss $(tree "$1"))"
}

# streams_of SUBJECT COUNT: from a fresh server, and what becomes of its memory
streams_of() {
    local who=$1 many=$2 pid ticks before during after figures running spread
    local suffix=-t$tokens-r2

    spread=$(((many + 4499) / 4500))
    start "$who" "$many"
    pid=${pid_of[${server_of[$who]}]}
    # shellcheck disable=SC2046
    load closed $(client "$who" '') --connections 32 --seconds 1 >/dev/null
    sleep 1
    before=$(memory_of "$pid")
    ticks=$(cpu_ticks "$pid")
    # shellcheck disable=SC2046
    load streams $(client "$who" "$suffix") --connections "$many" \
        --spread "$spread" >"$dir/streams.json" &
    running=$!
    sleep "$((spread + tokens / 4))"
    during=$(memory_of "$pid")
    wait "$running"
    ticks=$(($(cpu_ticks "$pid") - ticks))
    after=$during
    if ((many == ${streams##* })); then
        sleep "$settle"
        after=$(memory_of "$pid")
    fi
    figures=$(cat "$dir/streams.json")
    cell streams "$who" "$many" "$ticks" ",\"threads\":$(threads_of "$pid")$(
        printf ',"%s_kb":[%s]' before "$before" during "$during" after "$after"
    )" "$figures"
    stop "${server_of[$who]}"
}

# All threads of a server, its main ones too.
threads_of() {
    local pid

    for pid in $(tree "$1"); do
        sed -n 's/^Threads:[^0-9]*//p' "/proc/$pid/status"
    done | awk '{ n += $1 } END { print n }'
}

part_streams() {
    local who many

    for who in nginx proxy llmgw; do
        stop "$who"
    done
    for many in $streams; do
        for who in nginx proxy pass translate echo; do
            if [ "$who" = proxy ] && ((many > proxy_streams_max)); then
                continue
            fi
            streams_of "$who" "$many"
        done
    done
}

# peak_kb PID: of its children, as of now; from_now PID: it begins anew
peak_kb() {
    local pid

    for pid in $(tree "$1" | tail -n +2); do
        sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"
    done | awk '{ n += $1 } END { print n }'
}

from_now() {
    local pid

    for pid in $(tree "$1" | tail -n +2); do
        echo 5 >"/proc/$pid/clear_refs"
    done
}

# 32 requests of 1 MB, each waiting for 200 ms
part_bodies() {
    local who pid before figures peak ticks

    for who in nginx proxy llmgw; do
        stop "$who"
    done
    for who in nginx proxy pass translate; do
        start "$who"
        pid=${pid_of[${server_of[$who]}]}
        # shellcheck disable=SC2046
        load closed $(client "$who" -d200) --connections 32 --seconds 1 >/dev/null
        from_now "$pid"
        before=$(peak_kb "$pid")
        ticks=$(cpu_ticks "$pid")
        # shellcheck disable=SC2046
        figures=$(load closed $(client "$who" -d200) --connections 32 \
            --seconds 3 --body-bytes 1048576)
        peak=$(peak_kb "$pid")
        cell bodies "$who" 32 "$(($(cpu_ticks "$pid") - ticks))" \
            ",\"peak_kb\":$((peak - before))" "$figures"
        stop "${server_of[$who]}"
    done
}

# ---- the whole ------------------------------------------------------------------

# What the figures were taken on.
describe() {
    local version

    version=$(git -c safe.directory='*' describe --always --dirty 2>/dev/null) \
        || version=unknown
    echo "processors=$(nproc)"
    echo "processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
    echo "memory=$(awk '/^MemTotal/ { printf "%.0f GB", $2 / 1e6 }' /proc/meminfo)"
    echo "kernel=$(uname -sr | cut -d- -f1)"
    echo "httpd=$("$httpd" -v | sed -n 's/^Server version: *\([^ ]*\).*/\1/p')"
    echo "nginx=$(nginx -v 2>&1 | sed 's/.*: //')"
    echo "module=$version"
    echo "module threads=$children x $threads"
    echo "ticks=$(getconf CLK_TCK)"
}

start_mock
describe >"$dir/machine"
: >"$cells"
case ,$parts, in
*,requests,* | *,latency,* | *,rate,* | *,held,*) start_all ;;
esac
for part in requests latency rate held streams bodies; do
    case ,$parts, in
    *,$part,*)
        echo "bench: $part" >&2
        "part_$part"
        ;;
    esac
done
perl tests/bench/report.pl --machine "$dir/machine" --json "$json" "$cells"
for log in "$dir"/*/error.log; do
    ! grep -v :notice "$log" | head -n 5 >&2 || true
done
echo "Written to ${json#"$top"/}"
