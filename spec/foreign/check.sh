#!/usr/bin/env bash
# Checks a case and a release of it with tools that others wrote:
#
#   openssl     the owner's signature of both checkpoints (pkeyutl -rawin)
#   aics-tlog   (PyPI) note, all tiles and entries, inclusion, consistency, release
#   Go sumdb    (golang.org/x/mod/sumdb/note and tlog) the same once more
#   sd-jwt      (PyPI) unfolds the disclosures of the release
#
#   check.sh CASE RELEASE [VKEY]              all must say yes
#   check.sh --self-test CASE RELEASE [VKEY]  all must say no to damaged input, too
#
# VKEY is the owner's key; without it, the one that the case names. What lacks is
# installed: Python packages into a virtual environment (FOREIGN_VENV names a
# folder to keep it in), Go with apt-get. No code here does cryptography.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
self_test=no
if [ "${1:-}" = --self-test ]; then
    self_test=yes
    shift
fi
if [ $# -lt 2 ] || [ $# -gt 3 ]; then
    echo "usage: check.sh [--self-test] CASE RELEASE [VKEY]" >&2
    exit 2
fi
case_folder=$(realpath "$1")
release=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
venv=${FOREIGN_VENV:-$work/venv}
seconds_max=300

say() { printf 'foreign: %s\n' "$*"; }
fail() {
    printf 'foreign: FAILED: %s\n' "$*" >&2
    exit 1
}

install_debian() {
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    timeout "$seconds_max" apt-get update -qq >"$work/apt.log" 2>&1 || true
    timeout "$seconds_max" apt-get install -y -qq "$@" >>"$work/apt.log" 2>&1 ||
        { tail -n 5 "$work/apt.log" >&2; fail "apt-get cannot install $*"; }
}

install_python() {
    local marker="$venv/.foreign-1"
    [ -e "$marker" ] && return
    python3 -m venv "$venv" || { install_debian python3-venv && python3 -m venv "$venv"; } ||
        fail "no virtual environment for Python"
    # aics-tlog asks for Python 3.12, and runs with 3.11.
    timeout "$seconds_max" "$venv/bin/pip" install --quiet --disable-pip-version-check --ignore-requires-python \
        aics-tlog==0.2.1 sd-jwt==0.10.4 'cryptography>=42' || fail "pip cannot install aics-tlog and sd-jwt"
    touch "$marker"
}

install_go() {
    if command -v go >/dev/null && [ -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog ]; then return; fi
    install_debian golang-go golang-golang-x-mod-dev
}

build_go() {
    install_go
    GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE="$work/go-cache" \
        timeout "$seconds_max" go build -o "$work/tlog" "$here/tlog.go" || fail "go build"
}

# Each check takes: folder of a case (checkpoint, tiles), release, key.

check_openssl() {
    local parts="$work/parts"
    local from
    for from in "$1" "$2"; do
        rm -rf "$parts"
        "$venv/bin/python" "$here/parts.py" note "$from" "$3" "$parts" || return 1
        openssl pkeyutl -verify -pubin -inkey "$parts/key.pem" -rawin -in "$parts/text" \
            -sigfile "$parts/signature" || return 1
    done
}

check_aics() { "$venv/bin/python" "$here/tlog_aics.py" "$1" "$2" "$3"; }
check_go() { "$work/tlog" "$1" "$2" "$3"; }
check_sd_jwt() { "$venv/bin/python" "$here/disclosures.py" "$2"; }

must_pass() {
    local name=$1
    shift
    "check_$name" "$@" >"$work/said" 2>&1 || { cat "$work/said" >&2; fail "$name says no"; }
    say "$name: $(tail -n 1 "$work/said")"
}

# A damaged copy: KIND says what is changed (see parts.py).
must_refuse() {
    local name=$1 kind=$2
    local damaged="$work/damaged"
    rm -rf "$damaged"
    "$venv/bin/python" "$here/parts.py" damage "$kind" "$case_folder" "$release" "$damaged" || fail "damage $kind"
    if "check_$name" "$damaged/case" "$damaged/release.zip" "$key" >"$work/said" 2>&1; then
        cat "$work/said" >&2
        fail "$name says yes to a damaged $kind"
    fi
    say "$name: refuses a damaged $kind"
}

install_python
build_go
key=${3:-$("$venv/bin/python" "$here/parts.py" key "$case_folder")}
for name in openssl aics go sd_jwt; do
    must_pass "$name" "$case_folder" "$release" "$key"
done
if [ "$self_test" = yes ]; then
    for kind in checkpoint released-checkpoint; do
        for name in openssl aics go; do must_refuse "$name" "$kind"; done
    done
    for kind in tile entry proof event-proof leaf; do
        for name in aics go; do must_refuse "$name" "$kind"; done
    done
    must_refuse sd_jwt disclosure
    must_refuse sd_jwt leaf
fi
say "all say yes"
