#!/usr/bin/env bash
# quickstart.sh: build mod_llmgw and try it on 127.0.0.1, beside any other server
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=tests/packages.sh
. tests/packages.sh

top=$PWD
run=$top/build/quickstart
port=8080
task=start

usage() {
    cat <<'TXT'
usage: ./quickstart.sh [--port N] [--build-only] [--stop] [--help]

Installs what is missing (apt-get or dnf), builds the module, and starts a
server of its own in build/quickstart: on 127.0.0.1 only, with the built-in echo
provider and each provider whose key is in the environment:
  OPENAI_API_KEY   ANTHROPIC_API_KEY   GEMINI_API_KEY
  AZURE_OPENAI_API_KEY + AZURE_OPENAI_ENDPOINT
Started again, it replaces the server it started before.

  --port N       listen on port N instead of 8080
  --build-only   install and build, start nothing
  --stop         stop the server that an earlier run started
TXT
}

while [ $# -gt 0 ]; do
    case $1 in
    --port) port=${2:-} && shift ;;
    --port=*) port=${1#*=} ;;
    --stop) task=stop ;;
    --build-only) task=build ;;
    --help | -h) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift || die "--port wants a number."
done
if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
    die "--port wants a number from 1 to 65535, not \"$port\"."
fi

# The pid of our server, if it runs; a pid that went to someone else is not.
server_pid() {
    local pid

    pid=$(cat "$run/httpd.pid" 2>/dev/null) || return 1
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$run/httpd.conf" \
        || return 1
    echo "$pid"
}

stop_server() {
    local pid i

    pid=$(server_pid) || return 1
    kill "$pid" 2>/dev/null || die "the server (process $pid) was started by" \
        "another user; only that user or root can stop it."
    for ((i = 0; i < 100; i++)); do
        [ -d "/proc/$pid" ] || return 0
        sleep 0.1
    done
    die "the server (process $pid) did not stop within 10 seconds."
}

build() {
    local log=$top/build/build.log

    mkdir -p build
    echo "Building (log: build/build.log)"
    {
        [ -x configure ] || ./autogen.sh
        [ -f Makefile ] || ./configure
        make -j"$(nproc)"
    } >"$log" 2>&1 || {
        grep -E 'error|No such file' "$log" | head -n 5 >&2 || true
        die "the build failed; everything it said is in build/build.log."
    }
}

# A LoadModule line for each of these that is not compiled in.
load_modules() {
    local dir name

    dir=$("$apxs" -q LIBEXECDIR)
    for name in mpm_event unixd log_config logio authn_core authz_core mime \
        setenvif watchdog slotmem_shm proxy proxy_balancer ssl; do
        [ ! -e "$dir/mod_$name.so" ] \
            || echo "LoadModule ${name}_module \"$dir/mod_$name.so\""
    done
    echo "LoadModule llmgw_module \"$top/mod_llmgw/.libs/mod_llmgw.so\""
}

# LLMProvider lines. Keys stay in the environment.
providers() {
    echo 'LLMProvider echo echo - interval=50ms'
    [ -z "${OPENAI_API_KEY:-}" ] || echo \
        'LLMProvider openai openai https://api.openai.com/v1 key=env:OPENAI_API_KEY
LLMProvider responses openai-responses https://api.openai.com/v1 key=env:OPENAI_API_KEY'
    [ -z "${ANTHROPIC_API_KEY:-}" ] || echo \
        'LLMProvider anthropic anthropic https://api.anthropic.com/v1 key=env:ANTHROPIC_API_KEY'
    [ -z "${GEMINI_API_KEY:-}" ] || echo \
        'LLMProvider gemini gemini https://generativelanguage.googleapis.com/v1beta key=env:GEMINI_API_KEY'
    if [ -n "${AZURE_OPENAI_API_KEY:-}" ] \
        && [[ ${AZURE_OPENAI_ENDPOINT:-} =~ ^https?://[^[:space:]\"\\]+$ ]]; then
        echo "LLMProvider azure azure ${AZURE_OPENAI_ENDPOINT%/} key=env:AZURE_OPENAI_API_KEY"
    fi
}

# httpd started by root hands its children to a user without rights.
unprivileged_user() {
    local user

    [ "$(id -u)" -eq 0 ] || return 0
    for user in www-data apache http nobody; do
        if id "$user" >/dev/null 2>&1; then
            printf 'User %s\nGroup %s\n' "$user" "$(id -gn "$user")"
            return
        fi
    done
}

write_conf() {
    mkdir -p "$run/logs"
    cat >"$run/httpd.conf" <<CONF
# Written by quickstart.sh; the next run writes it anew.
ServerRoot "$run"
ServerName 127.0.0.1
Listen 127.0.0.1:$port
PidFile "$run/httpd.pid"
DefaultRuntimeDir "$run"
$(load_modules)
$(unprivileged_user)
TypesConfig /dev/null
ErrorLog "$run/logs/error.log"
LogLevel warn ssl:error llmgw:info
LogFormat "%h %t \"%r\" %>s %B %Dus model=%{llmgw-model}n provider=%{llmgw-provider}n prompt=%{llmgw-prompt-tokens}n completion=%{llmgw-completion-tokens}n" llm
CustomLog "$run/logs/access.log" llm

AllowEncodedSlashes NoDecode
$(providers)

<Location "/v1">
    SetHandler llmgw
</Location>
<Location "/health">
    SetHandler llmgw-health
</Location>
CONF
}

start_server() {
    local i

    "$httpd" -d "$run" -f "$run/httpd.conf" -k start 2>"$run/start.log" || {
        cat "$run/start.log" >&2
        die "the server did not start; see also $run/logs/error.log."
    }
    for ((i = 0; i < 100; i++)); do
        ! curl -s -o /dev/null "http://127.0.0.1:$port/health" || return 0
        sleep 0.1
    done
    tail -n 5 "$run/logs/error.log" >&2 || true
    die "the server does not answer on port $port; its log is $run/logs/error.log."
}

report() {
    cat <<TXT

Ready. Words, as they come, from the echo provider:

  curl -N http://127.0.0.1:$port/v1/chat/completions -H 'Content-Type: application/json' -d '{"model":"echo","stream":true,"messages":[{"role":"user","content":"Every token of this sentence comes back on its own."}]}'

TXT
    providers | while read -r _ name kind url _; do
        [ "$kind" = echo ] || echo "  provider $name: $url (models as \"$name/MODEL\", or by their usual names)"
    done
    [ -z "${AZURE_OPENAI_API_KEY:-}" ] || providers | grep -q ' azure azure ' \
        || echo "  AZURE_OPENAI_API_KEY is set, but AZURE_OPENAI_ENDPOINT is no URL: left out"
    cat <<TXT
  base URL:  http://127.0.0.1:$port/v1  (for OPENAI_BASE_URL; any API key)
  logs:      build/quickstart/logs
  stop it:   ./quickstart.sh --stop
TXT
}

if [ "$task" = stop ]; then
    stop_server && echo "Stopped." || echo "No server of quickstart.sh runs."
    exit 0
fi

need_build
# Fedora has mod_ssl in a package of its own.
need '! have dnf || ls /usr/lib*/httpd/modules/mod_ssl.so' '' mod_ssl
install_missing
PATH=$PATH:/usr/sbin
build
[ "$task" = start ] || exit 0

apxs=$(command -v apxs2 || command -v apxs)
httpd=$("$apxs" -q sbindir)/$("$apxs" -q progname)
! stop_server || echo "Stopped the server of the last run."
if (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    die "port $port on 127.0.0.1 is taken; choose another with --port N."
fi
write_conf
start_server
report
