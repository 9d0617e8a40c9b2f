#!/bin/sh
# sizes.sh: no function over 70 lines; files over 500 lines are mentioned
set -eu
cd "${top_srcdir:-.}"

sources=$(find mod_llmgw include -name '*.[ch]')
for file in $sources; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 500 ] || echo "note: $file has $lines lines"
done

command -v pmccabe >/dev/null || {
    echo 'pmccabe is not installed: the length of functions is not looked at'
    exit 77
}
# pmccabe: complexity, ..., lines (5th), file(line): name
# shellcheck disable=SC2086
long=$(pmccabe $sources 2>/dev/null \
    | awk '$5 > 70 { print $6 " " $7 ": " $5 " lines" }')
[ -z "$long" ] || {
    printf 'functions longer than 70 lines:\n%s\n' "$long"
    exit 1
}
