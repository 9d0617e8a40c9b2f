#!/bin/sh
# log-ids.sh: each log id stands once in the sources and in docs/log-ids.txt
set -eu
cd "${top_srcdir:-.}"
list=docs/log-ids.txt

used=$(grep -rhoE 'LLMGW_ID\("?LLMGW[0-9]*"?' --include='*.[ch]' mod_llmgw \
    | grep -oE 'LLMGW[0-9]+$|LLMGW[0-9]+"$' | tr -d '"' | sort || true)
listed=$(grep -oE '^LLMGW[0-9]+' "$list" | sort)

problems=$(
    echo "$used" | uniq -d | sed 's/$/ is used more than once/'
    echo "$listed" | uniq -d | sed "s|\$| stands in $list more than once|"
    for id in $(echo "$used" | uniq); do
        echo "$listed" | grep -qx "$id" || echo "$id is not in $list"
    done
    for id in $(echo "$listed" | uniq); do
        # a retired id keeps its line: it is never used again
        echo "$used" | grep -qx "$id" || grep -q "^$id .*retired" "$list" \
            || echo "$id is in $list, but not in the sources"
    done
    echo "$used" | grep -vE '^LLMGW[0-9]{4}$|^$' \
        | sed 's/$/ has not four digits/' || true
    # messages at debug and above carry one: %s would hide it from this guard
    grep -rnE '"LLMGW[0-9]{4}' --include='*.[ch]' mod_llmgw \
        | grep -v LLMGW_ID || true
)
[ -z "$problems" ] || {
    echo "$problems"
    exit 1
}
