# cells.sh: sourced by run.sh and peers.sh: what is measured, one cell at a time
# shellcheck shell=bash
# shellcheck disable=SC2154 # those who source it set these:
#   server_of, model_of, options_of: of a subject, its server, the name of its
#       model, and what else load is told
#   start SUBJECT [STREAMS]: starts its server unless it runs
#   streams, tokens, settle: the sizes of all streams cells, tokens in each
#       stream, seconds to wait for memory to go back after the largest

cells=$dir/cells
: >"$cells"

# client SUBJECT MODEL_SUFFIX: the options of load for it
client() {
    echo "--url http://127.0.0.1:${port_of[${server_of[$1]}]}/v1/chat/completions" \
        "--model ${model_of[$1]}$2" "${options_of[$1]:-}"
}

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

# All threads of a server, its main ones too.
threads_of() {
    local pid

    for pid in $(tree "$1"); do
        sed -n 's/^Threads:[^0-9]*//p' "/proc/$pid/status"
    done | awk '{ n += $1 } END { print n }'
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
    echo "module=$version"
    echo "ticks=$(getconf CLK_TCK)"
}

# report OPTIONS...: the table, and what the servers complained of
report() {
    local log

    perl tests/bench/report.pl --machine "$dir/machine" --json "$json" "$@" "$cells"
    for log in "$dir"/*/error.log; do
        [ ! -e "$log" ] || ! grep -v :notice "$log" | head -n 5 >&2 || true
    done
    echo "Written to ${json#"$PWD"/}"
}
