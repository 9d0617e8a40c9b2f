#!/bin/sh
# documented.sh: every request note and every error code in use is in the manual
set -eu
cd "${top_srcdir:-.}"
page=docs/manual/handlers.md

problems=$(
    for note in $(grep -oE '"llmgw-[a-z0-9-]+"' include/mod_llmgw.h | tr -d '"'); do
        grep -q "\`$note\`" "$page" || echo "note $note is not in $page"
    done
    sed -n 's/.*X(\(LLMGW_E[A-Z]*\), *[0-9]*, "\([a-z_]*\)".*/\1 \2/p' \
        include/llmgw/error.h | while read -r name code; do
        grep -q "\`$code\`" "$page" || ! grep -qrw --include='*.c' "$name" mod_llmgw \
            || echo "error $code is not in $page"
    done
)
[ -z "$problems" ] || {
    echo "$problems"
    exit 1
}
