#!/usr/bin/env bash
# peers.sh: this module beside other gateways of its kind, in one run
#
#   tests/bench/peers.sh [--module FILE.so] [--tools DIR] [--json FILE]
#       [--only PEER[,PEER...]] [--quick] [--children N] [--threads N]
#
# Portkey (npm), LiteLLM (PyPI) and Bifrost (Go), of the versions below, each in a
# directory of its own under build/peers, in front of the same provider: what
# run.sh measures, of a size that all survive. One that its registry does not
# give, or that does not start, is told and left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/packages.sh
. tests/packages.sh
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

# Portkey's streams fail (500) with a later version of the HTTP server it uses.
portkey=1.15.2
portkey_server=1.12.0
# Never 1.82.7 and 1.82.8, which were malicious.
litellm=1.86.7
bifrost=v1.3.9

top=$PWD
json=$top/build/bench-peers.json
peers=portkey,litellm,bifrost
rounds=3
seconds=4
streams=512
tokens=40
settle=30
while [ $# -gt 0 ]; do
    case $1 in
    --quick)
        rounds=1 seconds=2 tokens=10 settle=0
        shift
        continue
        ;;
    --json) json=$(readlink -f "$2") ;;
    --only) peers=$2 ;;
    *) option "$@" ;;
    esac
    shift 2
done
check_built
# shellcheck source=tests/bench/cells.sh
. tests/bench/cells.sh
httpd_setup
mkdir -p build/peers

declare -A server_of=([direct]=mock [pass]=llmgw [portkey]=portkey
    [litellm]=litellm [bifrost]=bifrost)
declare -A model_of=([direct]=bench [pass]=bench [portkey]=bench [litellm]=bench
    [bifrost]=openai/bench)
declare -A options_of

# ---- installing -----------------------------------------------------------------

# Each of these fails when it cannot be done, having told why in build/peers/NAME.log

install_portkey() {
    have npm >/dev/null || { echo 'npm is not installed'; return 1; }
    mkdir -p portkey && cd portkey
    cat >package.json <<JSON
{"private":true,"dependencies":{"@portkey-ai/gateway":"$portkey"},
 "overrides":{"@hono/node-server":"$portkey_server"}}
JSON
    npm install --no-fund --no-audit --ignore-scripts
}

install_litellm() {
    [ -x litellm/bin/python ] || python3 -m venv litellm || return
    litellm/bin/python -m pip install "litellm[proxy]==$litellm"
}

install_bifrost() {
    have go >/dev/null || { echo 'go is not installed'; return 1; }
    GOBIN=$PWD/bifrost go install \
        "github.com/maximhq/bifrost/transports/bifrost-http@$bifrost"
}

# ---- starting -------------------------------------------------------------------

# In its directory, and as the process itself: exec.

run_portkey() {
    cd portkey
    exec node node_modules/@portkey-ai/gateway/build/start-server.js \
        "--port=${port_of[portkey]}" --headless
}

run_litellm() {
    cat >"$dir/litellm.yaml" <<CONF
model_list:
  - model_name: "bench*"
    litellm_params:
      model: "openai/bench*"
      api_base: http://127.0.0.1:${port_of[mock]}/v1
      api_key: none
litellm_settings:
  telemetry: false
CONF
    export LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_LOG=ERROR
    exec litellm/bin/litellm --config "$dir/litellm.yaml" --host 127.0.0.1 \
        --port "${port_of[litellm]}" --num_workers "$(nproc)"
}

run_bifrost() {
    mkdir -p "$dir/bifrost"
    cat >"$dir/bifrost/config.json" <<JSON
{"client":{"enable_logging":false,"drop_excess_requests":false},
 "config_store":{"enabled":false},
 "providers":{"openai":{
   "keys":[{"name":"bench","value":"none","models":["*"],"weight":1}],
   "network_config":{"base_url":"http://127.0.0.1:${port_of[mock]}"},
   "concurrency_and_buffer_size":{"concurrency":1000,"buffer_size":5000}}}}
JSON
    exec bifrost/bifrost-http -app-dir "$dir/bifrost" -host 127.0.0.1 \
        -port "${port_of[bifrost]}" -log-level error
}

# answers SUBJECT: a stream, to the letter
answers() {
    # shellcheck disable=SC2046
    load streams $(client "$1" -t2) --connections 1 2>/dev/null \
        | grep -q '"good":1,'
}

start() {
    local server=${server_of[$1]}

    [ -z "${pid_of[$server]:-}" ] || return 0
    if [ "$server" = llmgw ]; then
        start_llmgw "$children" "$threads"
        return
    fi
    port_of[$server]=$(free_port)
    (cd build/peers && "run_$server" >"$server.log" 2>&1) &
    pid_of[$server]=$!
    await 90 listens "${port_of[$server]}" && await 10 answers "$1"
}

# ---- the whole ------------------------------------------------------------------

# prepare PEER: install it, and see whether it works
prepare() {
    (cd build/peers && "install_$1" >"$1.log" 2>&1) || {
        echo "bench-peers: $1 cannot be installed here: $(tail -n 1 "build/peers/$1.log")" >&2
        return 1
    }
    start "$1" || {
        echo "bench-peers: $1 does not answer: $(tail -n 1 "build/peers/$1.log")" >&2
        stop "$1"
        return 1
    }
    stop "$1"
}

measure_all() {
    local i

    start "$1"
    # shellcheck disable=SC2046
    load closed $(client "$1" '') --connections 32 --seconds 1 >/dev/null
    for ((i = 0; i < rounds; i++)); do
        measure requests "$1" 32 '' closed --connections 32 --seconds "$seconds"
        measure latency "$1" 1 '' closed --connections 1 --seconds "$seconds"
        measure held "$1" 256 -d20 closed --connections 256 --seconds "$seconds"
    done
    [ "$1" != direct ] || return 0
    stop "${server_of[$1]}"
    streams_of "$1" "$streams"
}

start_mock
options_of[portkey]="--header x-portkey-provider:openai
    --header x-portkey-custom-host:http://127.0.0.1:${port_of[mock]}/v1
    --header Authorization:none"
describe >"$dir/machine"
subjects=direct,pass
for peer in portkey litellm bifrost; do
    case ,$peers, in
    *,$peer,*)
        if prepare "$peer"; then
            subjects+=,$peer
            echo "$peer=${!peer}" >>"$dir/machine"
        fi
        ;;
    esac
done
for who in ${subjects//,/ }; do
    echo "bench-peers: $who" >&2
    measure_all "$who"
done
report --subjects "$subjects"
