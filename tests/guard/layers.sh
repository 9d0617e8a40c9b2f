#!/bin/sh
# layers.sh: http -> store, crypto, dialect -> core; pure layers know no httpd
set -eu
cd "${top_srcdir:-.}"

# say TEXT, then the offending lines on stdin; nothing when there are none
say() {
    lines=$(cat)
    [ -z "$lines" ] || printf '%s:\n%s\n' "$1" "$lines"
}

# includes DIR PATTERN: lines in DIR that include a header matching PATTERN
includes() {
    [ ! -d "$1" ] || find "$1" -name '*.[ch]' -exec \
        grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)" \
        /dev/null {} + || true
}

server='(httpd|http_[a-z]+|mod_[a-z_]+|ap_[a-z_]+|util_[a-z]+|scoreboard|mpm_[a-z]+)\.h'
problems=$(
    for layer in core dialect crypto; do
        includes "mod_llmgw/$layer" "$server" \
            | say "$layer includes a header of the server"
    done
    includes include/llmgw "$server" | say "a contract includes a server's header"

    includes mod_llmgw/core '(.*/)?(dialect|crypto|store|http)/' \
        | say 'core includes a layer above it'
    includes mod_llmgw/dialect '(.*/)?(crypto|store|http)/' \
        | say 'dialect includes a layer beside or above it'
    includes mod_llmgw/crypto '(.*/)?(dialect|store|http)/' \
        | say 'crypto includes a layer beside or above it'
    includes mod_llmgw/store '(.*/)?(dialect|http)/' \
        | say 'store includes a layer beside or above it'

    # dialects: no folder includes from another
    for dir in mod_llmgw/dialect/*/; do
        [ -d "$dir" ] || continue
        name=$(basename "$dir")
        for other in mod_llmgw/dialect/*/; do
            [ "$other" = "$dir" ] || includes "$dir" \
                "(.*/)?$(basename "$other")/" \
                | say "dialect $name includes another dialect"
        done
    done

    # core: no clock, environment, socket, and no output of its own
    if [ -d mod_llmgw/core ]; then
        find mod_llmgw/core mod_llmgw/dialect -name '*.c' -exec grep -nE \
            '(^|[^a-z_])(time|getenv|gettimeofday|clock_gettime|apr_time_now|apr_env_get|socket|printf|fprintf|perror)\(' \
            /dev/null {} + | say 'a pure layer uses an effect'
    fi
)
[ -z "$problems" ] || {
    echo "$problems"
    exit 1
}
