#!/usr/bin/env bash
# streams.sh: thousands of streams, for minutes, under graceful restarts
#
#   [SECONDS=600] [CLIENTS=2000] tests/soak/streams.sh [--module FILE.so]
#       [--tools DIR] [--children N] [--threads N]
#
# Clients come and go, over TLS and plain, to be translated for and not; one in
# ten leaves in the middle; the server restarts gracefully every 20 seconds. Fails
# for a stream that is not what it should be to the letter, for memory that grows
# by more than 1 % over the last five minutes (in a shorter run, which sees few
# restarts, by 5 % over its second half), for descriptors or processes that are
# left, and for a line in the log. SECONDS is at least 120.
seconds=${SECONDS:-0}               # bash counts in a variable of this name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/packages.sh
. tests/packages.sh
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

((seconds >= 120)) || seconds=600
clients=${CLIENTS:-2000}
restart_every=20
while [ $# -gt 0 ]; do
    option "$@"
    shift 2
done
check_built
need 'have openssl' openssl openssl
install_missing
httpd_setup

# ---- the server -----------------------------------------------------------------

start_server() {
    port_of[tls]=$(free_port)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -days 2 -subj /CN=127.0.0.1 -keyout "$dir/key" -out "$dir/cert" 2>/dev/null
    {
        httpd_conf llmgw "$children" "$threads" \
            'slotmem_shm socache_shmcb ssl proxy proxy_balancer' "$((children * 8))"
        llmgw_conf
        cat <<CONF
LogLevel warn ssl:error
Listen 127.0.0.1:${port_of[tls]}
<VirtualHost 127.0.0.1:${port_of[tls]}>
    SSLEngine on
    SSLCertificateFile "$dir/cert"
    SSLCertificateKeyFile "$dir/key"
</VirtualHost>
CONF
    } >"$dir/httpd.conf"
    mv "$dir/httpd.conf" "$dir/llmgw/httpd.conf"
    httpd_start llmgw
    server=${pid_of[llmgw]}
}

children_count() {
    tree "$server" | tail -n +2 | wc -l
}

# sockets STATE COLUMN PORT...: of this machine, in a state (hex), with one of the
# ports at the near (2) or far end (3)
sockets() {
    local state=$1 column=$2 port

    for port in "${@:3}"; do
        awk -v state="$state" -v column="$column" \
            -v port="$(printf ':%04X$' "$port")" \
            '$4 == state && $column ~ port' /proc/net/tcp
    done | wc -l
}

# Descriptors of all processes, but for connections that wait in the pool.
descriptors() {
    local pid n=0 entries

    for pid in $(tree "$server"); do
        entries=("/proc/$pid/fd/"*)
        n=$((n + ${#entries[@]}))
    done
    echo $((n - $(sockets 01 3 "${port_of[mock]}")))
}

# ---- the run --------------------------------------------------------------------

# watch_memory FILE: a line each two seconds while clients come: of the parent, of
# all, in KB
watch_memory() {
    local until=$((SECONDS + seconds))

    while sleep 2 && ((SECONDS < until)); do
        # shellcheck disable=SC2046
        echo "$(memory_kb Rss "$server") $(memory_kb Rss $(tree "$server"))"
    done >"$1"
}

restart_all_along() {
    local until=$((SECONDS + seconds))

    while sleep "$restart_every" && ((SECONDS < until)); do
        kill -USR1 "$server"
    done
}

# Old children are gone, and so are the clients.
# shellcheck disable=SC2317 # await calls it
is_quiet() {
    (($(children_count) == children)) \
        && (($(sockets 01 2 "${port_of[llmgw]}" "${port_of[tls]}") == 0))
}

run_clients() {
    local model options=()

    for model in bench-t20-r2 bench-t60-r4 bench-t5-r1 bench-t200 bench-d50 bench \
        a-bench-t20-r2 a-bench-t60-r4 a-bench-t200 a-bench-d50; do
        options+=(--model "$model")
    done
    load churn --url "http://127.0.0.1:${port_of[llmgw]}/v1/chat/completions" \
        --url "https://127.0.0.1:${port_of[tls]}/v1/chat/completions" \
        "${options[@]}" --connections "$clients" --seconds "$seconds" \
        --spread 5 --leave 10 >"$dir/figures"
}

# ---- the judgement --------------------------------------------------------------

failed=0
complain() {
    echo "FAIL: $*"
    failed=1
}

# field NAME: a number of what the clients counted
field() {
    sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$dir/figures"
}

judge_clients() {
    local what

    for what in wrong lost errors stalled; do
        (($(field $what) == 0)) || complain "$(field $what) streams were $what."
    done
    (($(field good) >= clients)) || complain "only $(field good) answers were good."
}

# judge_memory COLUMN WHOSE: the last third of the last five minutes beside their
# first third; children come and go in each
judge_memory() {
    local window=$((seconds / 2 < 300 ? seconds / 2 : 300)) allowed=1

    ((seconds >= 600)) || allowed=5
    awk -v column="$1" -v whose="$2" -v window=$((window / 2)) \
        -v allowed="$allowed" '
        { v[NR] = $column }
        END {
            n = int(window / 3)
            for (i = 1; i <= n; i++) {
                early += v[NR - window + i]
                late += v[NR - n + i]
            }
            printf "memory of %s: %.1f -> %.1f MB (%+.2f %%)\n", whose,
                early / n / 1024, late / n / 1024, 100 * (late / early - 1)
            exit late > (1 + allowed / 100) * early
        }' "$dir/memory" || complain "the memory of $2 grew by more than $allowed %."
}

judge_rest() {
    local left

    await 90 is_quiet || complain "after 90 s there are $(children_count) children" \
        "(of $children), and $(sockets 01 2 "${port_of[llmgw]}" "${port_of[tls]}")" \
        "connections of clients."
    left=$(($(descriptors) - descriptors_before))
    ((left <= 0)) || complain "$left descriptors are left."
    left=$(sockets 08 3 "${port_of[mock]}")
    ((left == 0)) || complain "$left connections to the mock are half closed."
    left=$(grep -v ':notice\]' "$dir/llmgw/error.log" | head -n 10) || true
    [ -z "$left" ] || complain "unexpected lines in the log:" "$left"
}

start_mock
start_server
sleep 2
descriptors_before=$(descriptors)
watch_memory "$dir/memory" &
pid_of[watch]=$!
restart_all_along &
pid_of[restarts]=$!
run_clients
stop watch
stop restarts
cat "$dir/figures"
judge_clients
judge_memory 1 'the parent'
judge_memory 2 'all processes'
judge_rest
if ((failed)); then echo 'soak-streams: failed'; else echo 'soak-streams: passed'; fi
exit $failed
