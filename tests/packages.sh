# packages.sh: sourced by quickstart.sh and runtests.sh: installs what is missing
# shellcheck shell=bash

missing=()

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# need PROBE DEBIAN FEDORA: the package, when the probe (a command) fails.
# In a probe, `have X` looks for a program, `lib X` for a library's headers.
need() {
    if ! eval "$1" >/dev/null 2>&1; then
        if command -v apt-get >/dev/null; then
            missing+=("$2")
        else
            missing+=("$3")
        fi
    fi
}

have() {
    command -v "$1" || [ -x "/usr/sbin/$1" ]
}

lib() {
    pkg-config --exists "$1"
}

# What building and running the module takes.
need_build() {
    need 'have gcc || have clang' gcc gcc
    # shellcheck disable=SC2016 # expanded when it runs
    need 'echo "#include <stdio.h>" | ${CC:-cc} -E -' libc6-dev glibc-devel
    need 'have make' make make
    need 'have autoconf' autoconf autoconf
    need 'have automake' automake automake
    need 'have libtoolize' libtool libtool
    need 'have pkg-config' pkg-config pkgconf-pkg-config
    need 'have apxs2 || have apxs' apache2-dev httpd-devel
    need 'have apache2 || have httpd' apache2-bin httpd
    need 'lib apr-1 && lib apr-util-1' libaprutil1-dev apr-util-devel
    need 'lib json-c' libjson-c-dev json-c-devel
    need 'lib zlib' zlib1g-dev zlib-devel
    need 'lib libcrypto' libssl-dev openssl-devel
    need 'perl -MJSON::PP -e 1' perl perl
    need 'have curl' curl curl
    need 'ls /etc/ssl/certs/ca-certificates.crt || ls /etc/pki/tls/certs/ca-bundle.crt' \
        ca-certificates ca-certificates
}

# Install what need() found missing. Debian's apache2-bin is the server without
# its service: unlike apache2, it starts and enables nothing.
install_missing() {
    local as_root=()

    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || command -v dnf >/dev/null || die \
        "these packages are missing, and there is neither apt-get nor dnf to install them: ${missing[*]}."
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die \
            "these packages are missing: ${missing[*]}; run this as root, or install sudo."
        as_root=(sudo)
    fi
    echo "Installing ${missing[*]}"
    if command -v apt-get >/dev/null; then
        "${as_root[@]}" apt-get update -q >/dev/null || true
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install \
            -q -y --no-install-recommends "${missing[@]}" >/dev/null \
            || die "apt-get could not install ${missing[*]}; it says why above."
    else
        "${as_root[@]}" dnf install -q -y "${missing[@]}" \
            || die "dnf could not install ${missing[*]}; it says why above."
    fi
}
