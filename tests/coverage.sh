#!/bin/sh
# coverage.sh: lines that the unit tests ran, file by file (make coverage)
set -eu

find mod_llmgw -name '*.gcda' | grep -q . || {
    echo 'nothing was measured: ./configure --enable-coverage, then make coverage'
    exit 1
}
find mod_llmgw -name '*.gcda' -exec gcov -n {} + 2>/dev/null | awk '
    /^File / { file = $2; gsub("\047", "", file); sub(".*mod_llmgw/", "", file) }
    /^Lines executed/ && file ~ /\.c$/ {
        split($2, part, /[:%]/)
        lines = $4; run = part[2] * lines / 100
        printf "%6.1f%%  %5d  %s\n", part[2], lines, file | "sort -k3"
        all += lines; ran += run; file = ""
    }
    END { close("sort -k3")
          printf "%6.1f%%  %5d  all\n", all ? 100 * ran / all : 0, all }
'
