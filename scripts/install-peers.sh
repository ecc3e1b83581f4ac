#!/usr/bin/env bash
# Installs the Python packages that tests compare with, pinned, into a virtual environment: target/peers, or the folder
# named by BELLWETHER_PEERS. Tests that need them say so and are skipped where they are absent. With --benches also those
# that only benches compare with.
set -euo pipefail

cd "$(dirname "$0")/.."
peers=${BELLWETHER_PEERS:-target/peers}
packages=(xgboost-cpu==3.2.0)
[ "${1:-}" != --benches ] || packages+=(lightgbm==4.7.0 treelite==4.8.1 pandas==3.1.1)

if ! command -v python3 >/dev/null; then
    echo "error: there is no python3" >&2
    echo "hint: install it with your package manager, with its venv module" >&2
    exit 2
fi
[ -x "$peers/bin/python" ] || python3 -m venv "$peers"
"$peers/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}"
