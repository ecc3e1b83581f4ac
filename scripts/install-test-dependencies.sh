#!/usr/bin/env bash
# Installs what `make test` needs on Debian or Ubuntu and is not there yet; nothing it installs is started.
set -euo pipefail

# What tests compare with is welcome, not needed: without it they say that they were skipped.
"$(dirname "$0")/install-peers.sh" >&2 || echo "warning: the packages that tests compare with are not installed" >&2

# command:package
needed=(cc:build-essential make:make curl:curl promtool:prometheus wrk:wrk)
packages=()
for pair in "${needed[@]}"; do
    command -v "${pair%%:*}" >/dev/null || packages+=("${pair##*:}")
done
[ "${#packages[@]}" -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "error: missing: ${packages[*]}" >&2
    echo "hint: install these (names are Debian's) with your package manager" >&2
    exit 2
fi
sudo=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "error: missing: ${packages[*]}" >&2
        echo "hint: run as root: apt-get install ${packages[*]}" >&2
        exit 2
    fi
    sudo=(sudo)
fi

# Debian starts a server when its package is installed, unless this file says no (101). An own one is left alone.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
    "${sudo[@]}" chmod 755 "$policy"
    trap '"${sudo[@]}" rm -f "$policy"' EXIT
fi
echo "installing ${packages[*]}" >&2
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}"
