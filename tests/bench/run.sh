#!/usr/bin/env bash
# run.sh: this module beside nginx and plain mod_proxy_http, in one run
#
#   tests/bench/run.sh [--module FILE.so] [--tools DIR] [--json FILE]
#       [--only PART[,PART...]] [--who SUBJECT[,SUBJECT...]] [--streams N[,N...]]
#       [--quick] [--children N] [--threads N]
#
# All stand in front of the same provider (mock), one after another under the
# same clients (load); docs/performance.md says what is measured, and how to read
# it. Parts: requests, latency, rate, held, streams, bodies; subjects: direct, nginx,
# proxy, pass, translate, echo. A whole run takes about 15 minutes, --quick about
# 2. --children and --threads are this module's (2 of 32 threads); plain
# mod_proxy_http has as many, but for streams a thread for each. Prints a table,
# and writes it as JSON (build/bench.json).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/packages.sh
. tests/packages.sh
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

top=$PWD
json=$top/build/bench.json
parts=requests,latency,rate,held,streams,bodies
subjects=direct,nginx,proxy,pass,translate,echo
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
    --json) json=$(readlink -f "$2") ;;
    --only) parts=$2 ;;
    --who) subjects=$2 ;;
    --streams) streams=${2//,/ } ;;
    *) option "$@" ;;
    esac
    shift 2
done
check_built
need 'have nginx' nginx nginx
install_missing
# shellcheck source=tests/bench/cells.sh
. tests/bench/cells.sh
httpd_setup
mkdir -p "$(dirname "$json")"

# ---- servers --------------------------------------------------------------------

start_nginx() {
    local user='' most

    # Each takes memory from the start: no more than all streams in one worker.
    most=$(ulimit -n)
    ((most < 20000)) || most=20000

    port_of[nginx]=$(free_port)
    mkdir -p "$dir/nginx"
    [ "$(id -u)" -ne 0 ] || user="user $(server_user);"
    cat >"$dir/nginx/nginx.conf" <<CONF
$user
pid $dir/nginx/pid;
error_log $dir/nginx/error.log error;
worker_processes auto;
worker_rlimit_nofile $(ulimit -n);
events { worker_connections $most; }
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
declare -A options_of=([echo]=--echo)

# chosen SUBJECT...: those of them that are asked for
chosen() {
    local who

    for who in "$@"; do
        case ,$subjects, in
        *,$who,*) echo "$who" ;;
        esac
    done
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

# ---- parts ----------------------------------------------------------------------

# Everyone is ready, and warm.
start_all() {
    local who

    for who in $(chosen direct nginx proxy pass translate echo); do
        start "$who"
        # shellcheck disable=SC2046
        load closed $(client "$who" '') --connections 32 --seconds 0.5 >/dev/null
    done
}

# closed_part PART MODEL_SUFFIX CONNECTIONS...: everyone in turn, in rounds
closed_part() {
    local who many i

    for ((i = 0; i < rounds; i++)); do
        for many in "${@:3}"; do
            for who in $(chosen direct nginx proxy pass translate echo); do
                measure "$1" "$who" "$many" "$2" closed --connections "$many" \
                    --seconds "$seconds"
            done
        done
    done
}

part_requests() {
    closed_part requests '' 32
}

part_latency() {
    closed_part latency '' 1
}

part_held() {
    closed_part held -d20 256 1000
}

part_rate() {
    local who rate

    for rate in $rates; do
        for who in $(chosen direct nginx proxy pass translate echo); do
            measure rate "$who" "$rate" '' rate --connections 64 \
                --rate "$rate" --seconds "$seconds"
        done
    done
}

part_streams() {
    local who many

    for who in nginx proxy llmgw; do
        stop "$who"
    done
    for many in $streams; do
        for who in $(chosen nginx proxy pass translate echo); do
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
    for who in $(chosen nginx proxy pass translate); do
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

start_mock
{
    describe
    echo "nginx=$(nginx -v 2>&1 | sed 's/.*: //')"
    echo "module threads=$children x $threads"
} >"$dir/machine"
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
report --goals
