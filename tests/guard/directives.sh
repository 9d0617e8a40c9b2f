#!/bin/sh
# directives.sh: every directive is in the manual, in conf.d and in a test
set -eu
cd "${top_srcdir:-.}"
bad=0

names=$(grep -rhoE '"<?LLM[A-Z][a-z][A-Za-z]*"' --include='*.[ch]' mod_llmgw/http \
    | tr -d '"<' | sort -u)
[ -n "$names" ] || {
    echo 'no directive found under mod_llmgw/http'
    exit 1
}

for name in $names; do
    grep -qrE "^## (<a id=[^>]*></a>)?(\`?&?<?)$name\b" docs/manual || {
        echo "$name has no section (\"## $name\") in docs/manual"
        bad=1
    }
    grep -qE "^ *#? *<?$name( |$)" conf.d/llmgw.conf || {
        echo "$name is not in conf.d/llmgw.conf"
        bad=1
    }
    grep -qrw "$name" tests/httpd || {
        echo "$name is in no test under tests/httpd"
        bad=1
    }
done

# and the other way: nothing is documented that does not exist
for name in $(grep -rhoE '^## <?LLM[A-Za-z]+' docs/manual | tr -d '#< ' \
    | sort -u); do
    echo "$names" | grep -qx "$name" || {
        echo "$name is in docs/manual, but is no directive"
        bad=1
    }
done
for name in $(grep -oE '^ *#? *<?LLM[A-Za-z]+' conf.d/llmgw.conf \
    | tr -d '#< ' | sort -u); do
    echo "$names" | grep -qx "$name" || {
        echo "$name is in conf.d/llmgw.conf, but is no directive"
        bad=1
    }
done

exit $bad
