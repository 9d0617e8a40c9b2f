#!/bin/sh
# registered.sh: every test is run and every source is built
set -eu
cd "${top_srcdir:-.}"
bad=0

# listed FILE IN: the name of FILE stands in the file IN
listed() {
    grep -qE "(^|[[:space:]=])$(echo "$1" | sed 's/\./\\./g')([[:space:]]|\$)" \
        "$2" || {
        echo "$1 is not in $2"
        bad=1
    }
}

for file in tests/unit/test_*.c tests/fuzz/fuzz_*.c; do
    [ ! -e "$file" ] || listed "$file" "$(dirname "$file")/sources.am"
done
# shellcheck disable=SC2044 # names of sources have no spaces
for file in $(find mod_llmgw -name '*.[ch]' ! -path '*/.libs/*'); do
    layer=$(echo "$file" | cut -d/ -f2)
    listed "$file" "mod_llmgw/$layer/sources.am"
done

# A unit test exists for each source of the pure layers.
for file in mod_llmgw/core/*.c mod_llmgw/crypto/*.c; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .c)
    [ -e "tests/unit/test_$name.c" ] || {
        echo "$file has no tests/unit/test_$name.c"
        bad=1
    }
done

# Check runs what its main() names.
for file in tests/unit/test_*.c; do
    [ -e "$file" ] || continue
    # shellcheck disable=SC2013
    for name in $(sed -n 's/^START_TEST(\([a-z0-9_]*\)).*/\1/p' "$file"); do
        [ "$(grep -cw "$name" "$file")" -gt 1 ] || {
            echo "$file: $name is never run"
            bad=1
        }
    done
done

# Apache::Test runs t/*.t; a .t file anywhere else is never run.
if [ -d tests/httpd ]; then
    stray=$(find tests/httpd -name '*.t' ! -path 'tests/httpd/t/*' \
        ! -path '*/build/*')
    [ -z "$stray" ] || {
        echo "not under tests/httpd/t, so not run: $stray"
        bad=1
    }
fi

exit $bad
