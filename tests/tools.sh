#!/bin/sh
# Installs what the tests need from Debian, where it is missing and this is root: a browser,
# the libraries of the test MongoDB, and strace, which records what reaches the disk.
set -eu
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v strace >/dev/null 2>&1 || missing="$missing strace"
for library in libcurl.so.4:libcurl4 libssl.so.3:libssl3 liblzma.so.5:liblzma5; do
    ldconfig -p 2>/dev/null | grep -q "${library%%:*}" || missing="$missing ${library##*:}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian packages:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "The tests need these packages:$missing (install them; as root, 'make test' does it by itself)" >&2
    exit 1
fi
