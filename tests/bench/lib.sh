# lib.sh: sourced by run.sh, peers.sh and streams.sh: servers, clients, figures
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what they set, and what is set for them

PATH=$PATH:/usr/sbin:/sbin
ulimit -n "$(ulimit -Hn)"

# ---- options ----------------------------------------------------------------------

# Called in the top of the tree.
module=$PWD/mod_llmgw/.libs/mod_llmgw.so
tools=$PWD/tests/bench
children=2
threads=32

# The comment that a script begins with.
usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# option NAME VALUE: one that all scripts have
option() {
    case $1 in
    --module) module=$(readlink -m "$2") ;;
    --tools) tools=$(readlink -m "$2") ;;
    --children) children=$2 ;;
    --threads) threads=$2 ;;
    *) usage ;;
    esac
}

# What they say is there.
check_built() {
    [ -e "$module" ] || die "there is no $module: run make first."
    [ -x "$tools/load" ] || die "there is no $tools/load: run make bench."
}

# ---- processes ----------------------------------------------------------------------

# The work of every script, in a directory that the servers' user can read.
dir=$(mktemp -d "${TMPDIR:-/tmp}/llmgw-bench.XXXXXX")
chmod 755 "$dir"
declare -A pid_of port_of
export BENCH_KEY=none

clean_up() {
    local name

    for name in "${!pid_of[@]}"; do
        stop "$name"
    done
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

free_port() {
    perl -MIO::Socket::INET -e \
        'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

server_user() {
    local name

    for name in www-data apache nobody; do
        if id "$name" >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
}

# listens PORT
listens() {
    (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# await SECONDS COMMAND...: until it succeeds
await() {
    local until=$((SECONDS + $1))

    shift
    until "$@"; do
        ((SECONDS < until)) || return 1
        sleep 0.05
    done
}

is_gone() {
    [ ! -d "/proc/$1" ]
}

# stop NAME: and wait until it has ended
stop() {
    local pid=${pid_of[$1]:-}

    unset "pid_of[$1]"
    [ -n "$pid" ] || return 0
    kill "$pid" 2>/dev/null || true
    await 20 is_gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
}

start_mock() {
    "$tools/mock" >"$dir/mock.port" &
    pid_of[mock]=$!
    await 5 test -s "$dir/mock.port" || die "the mock did not start."
    port_of[mock]=$(cat "$dir/mock.port")
}

# load MODE OPTIONS...
load() {
    "$tools/load" "$@"
}

# ---- servers --------------------------------------------------------------------

httpd_setup() {
    local apxs

    apxs=$(command -v apxs2 || command -v apxs) || die "apxs is missing."
    httpd=$("$apxs" -q sbindir)/$("$apxs" -q progname)
    moddir=$("$apxs" -q LIBEXECDIR)
}

# httpd_conf NAME CHILDREN THREADS MODULES [ROOM]: what is common to all; event
# MPM, so many threads in each of so many children, as many connections as there
# are descriptors. ROOM is for children in all, those included that end
httpd_conf() {
    local module

    port_of[$1]=$(free_port)
    mkdir -p "$dir/$1"
    for module in mpm_event unixd authz_core $4; do
        if [ -e "$moddir/mod_$module.so" ]; then
            echo "LoadModule ${module}_module \"$moddir/mod_$module.so\""
        fi
    done
    if [ "$(id -u)" = 0 ]; then
        printf 'User %s\nGroup %s\n' "$(server_user)" "$(id -gn "$(server_user)")"
    fi
    cat <<CONF
ServerRoot "$dir/$1"
ServerName 127.0.0.1
Listen 127.0.0.1:${port_of[$1]}
ListenBacklog 4096
PidFile "$dir/$1/pid"
DefaultRuntimeDir "$dir/$1"
ErrorLog "$dir/$1/error.log"
LogLevel error proxy:crit
StartServers $2
ServerLimit ${5:-$2}
ThreadLimit $3
ThreadsPerChild $3
MaxRequestWorkers $(($2 * $3))
MinSpareThreads 1
MaxSpareThreads $(($2 * $3))
AsyncRequestWorkerFactor 1000
MaxKeepAliveRequests 0
CONF
}

# httpd_start NAME: with $dir/NAME/httpd.conf
httpd_start() {
    "$httpd" -d "$dir/$1" -f "$dir/$1/httpd.conf" -k start
    { await 20 listens "${port_of[$1]}" && await 5 test -s "$dir/$1/pid"; } || {
        cat "$dir/$1/error.log" >&2
        die "httpd ($1) did not start."
    }
    pid_of[$1]=$(cat "$dir/$1/pid")
}

# llmgw_conf: this module in front of the mock, by the model's name: bench... as
# OpenAI's, a-bench... as Anthropic's provider, e-bench... is echo
llmgw_conf() {
    local mock=http://127.0.0.1:${port_of[mock]}/v1

    cat <<CONF
LoadModule llmgw_module "$module"
LLMProvider openai openai $mock
LLMProvider claude anthropic $mock key=env:BENCH_KEY
LLMProvider echo echo -
LLMProvider echo20 echo - delay=20ms
LLMProvider words echo - interval=500ms
LLMRoute bench* openai
LLMRoute a-bench* claude
LLMRoute e-bench* echo
LLMRoute e-bench-d20* echo20
LLMRoute e-bench-t* words
<Location /v1>
    SetHandler llmgw
</Location>
CONF
}

# start_llmgw CHILDREN THREADS
start_llmgw() {
    {
        httpd_conf llmgw "$1" "$2" 'slotmem_shm proxy proxy_balancer'
        llmgw_conf
    } >"$dir/llmgw.conf"
    mv "$dir/llmgw.conf" "$dir/llmgw/httpd.conf"
    httpd_start llmgw
}

# ---- figures --------------------------------------------------------------------

# tree PID: it and all below it
tree() {
    local child

    echo "$1"
    cat "/proc/$1/task/"*/children 2>/dev/null | tr ' ' '\n' \
        | while read -r child; do tree "$child"; done
}

# cpu_ticks PID: user and system time of its tree, of those that have ended too
cpu_ticks() {
    local pid

    for pid in $(tree "$1"); do
        sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null || true
    done | awk '{ n += $12 + $13 + $14 + $15 } END { print n + 0 }'
}

# memory_kb FIELD PID...: Pss or Rss, summed
memory_kb() {
    local pid

    for pid in "${@:2}"; do
        cat "/proc/$pid/smaps_rollup" 2>/dev/null || true
    done | awk -v field="$1:" '$1 == field { n += $2 } END { print n + 0 }'
}
