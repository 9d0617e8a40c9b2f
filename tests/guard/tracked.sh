#!/bin/sh
# tracked.sh: what is committed names no machine and no registry
set -eu
cd "${top_srcdir:-.}"

# Outside a repository (a release archive) there is nothing to look at.
root=$(git -c safe.directory='*' rev-parse --show-toplevel 2>/dev/null) \
    || exit 77
[ "$root" = "$(pwd -P)" ] || exit 77

look() {
    git -c safe.directory='*' grep -nIE "$1" -- . ':!LICENSE' || true
}
problems=$(
    look '(^|[^a-zA-Z0-9_.-])/(home|Users|wor[k]|far[m])/[a-z]'
    look 'registry\.(npmjs|yarnpkg)|pypi\.org|pythonhoste[d]|(deb|security)\.debian\.org|archive\.ubuntu\.com|proxy\.golang\.org|crates\.io|repo1\.maven'
    look '^(<<<<<<<|>>>>>>>) '
)
[ -z "$problems" ] || {
    printf 'paths of a machine, registries, or marks of a merge:\n%s\n' \
        "$problems"
    exit 1
}
