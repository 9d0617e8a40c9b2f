#!/bin/sh
# translate.sh: what translating a stream costs beside passing it on
#
#   tests/bench/translate.sh PROGRAM
#
# For each dialect of providers and each kind of event: instructions an event to
# pass the stream on while listening to it, and to write it for clients of each
# dialect; and how many times the former the latter is. Two streams of different
# lengths are run under callgrind, so that beginnings and ends do not count. Exits
# with 1 where translating costs more than LLMGW_RATIO_MAX (2) times passing.
set -eu
program=$1
data=$(cd "$(dirname "$0")/../data" && pwd)
few=200
many=1200
max=${LLMGW_RATIO_MAX:-2}

command -v valgrind >/dev/null || {
    echo 'valgrind is not installed (apt-get install valgrind)'
    exit 1
}

# count PROVIDER CLIENT FILE KIND COUNT: instructions of a whole run
count() {
    said=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "$program" "$@" 2>&1) || {
        echo "$said" >&2
        return 1
    }
    echo "$said" | sed -n 's/^.*Collected : \([0-9]*\).*/\1/p'
}

# each PROVIDER CLIENT FILE KIND: instructions an event
each() {
    a=$(count "$@" $few)
    b=$(count "$@" $many)
    echo "$(((b - a) / (many - few)))"
}

over=0
row() { # KIND PROVIDER FILE
    file=$data/$2/$3.sse
    pass=$(each "$2" - "$file" "$1")
    printf '%-10s %-17s %7d' "$1" "$2" "$pass"
    for client in openai_chat openai_responses anthropic gemini; do
        n=$(each "$2" $client "$file" "$1")
        awk -v n="$n" -v pass="$pass" -v max="$max" 'BEGIN {
            much = n > max * pass
            printf " %7d %.2f%s", n, n / pass, much ? "!" : " "
            exit much }' || over=1
    done
    echo
}

echo "instructions an event, and as many times what passing on takes (! over $max)"
printf '%-10s %-17s %7s  %-13s%-13s%-13s%s\n' kind provider pass \
    ' for chat' ' responses' ' anthropic' ' gemini'
row text openai_chat text
row text openai_responses text
row text anthropic text
row text gemini text
row reasoning openai_chat reasoning_content
row reasoning openai_responses reasoning_text
row reasoning anthropic thinking
row reasoning gemini signatures
row arguments openai_chat tools_parallel
row arguments openai_responses tools_parallel
row arguments anthropic tools
exit $over
