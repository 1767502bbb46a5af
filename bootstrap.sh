#!/bin/sh
# Make this machine fit to run the system: system packages, .venv, Python packages.
# `--browser` also brings what the browser tests need, `--ci` what the tests on PostgreSQL need besides.
# What is there already is left alone.
set -eu
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin:/sbin

has_library() { ldconfig -p 2>/dev/null | grep -q "$1"; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in python3 python3.11 python3.12 python3.13 /usr/bin/python3; do
        if new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}

missing_packages() {
    python=$(find_python)
    if [ -z "$python" ]; then
        echo python3 python3-venv
    elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo python3-venv
    fi
    has_library libpango-1.0.so.0 || echo libpango-1.0-0
    has_library libpangoft2-1.0.so.0 || echo libpangoft2-1.0-0
    has_library libharfbuzz-subset.so.0 || echo libharfbuzz-subset0
    if [ "${1:-}" = --browser ] || [ "${1:-}" = --ci ]; then
        [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || echo chromium
        has_library libatomic.so.1 || echo libatomic1
    fi
    if [ "${1:-}" = --ci ]; then
        [ -e /usr/share/i18n/locales/en_GB ] || echo locales
    fi
}

install_packages() {
    if ! command -v apt-get >/dev/null; then
        return 1
    elif [ "$(id -u)" = 0 ]; then
        as_root=
    elif sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        return 1
    fi
    echo "Installing system packages: $*"
    $as_root apt-get update -q >/dev/null
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null </dev/null
}

packages=$(missing_packages "${1:-}" | paste -sd ' ' -)
if [ -n "$packages" ]; then
    # The list is words on purpose.
    # shellcheck disable=SC2086
    if ! install_packages $packages; then
        echo "System packages are missing and cannot be installed from here. As root, run:" >&2
        echo "    apt-get update && apt-get install -y --no-install-recommends $packages" >&2
        echo "and then start again. (On another system: Python 3.11 or later with venv, Pango, HarfBuzz, Chromium.)" >&2
        exit 1
    fi
    packages=$(missing_packages "${1:-}" | paste -sd ' ' -)
    if [ -n "$packages" ]; then
        echo "Still missing after the installation: $packages" >&2
        exit 1
    fi
fi

python=$(find_python)
stamp=.venv/.installed
wanted=$(cksum <requirements.txt)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || ! .venv/bin/python -c '' 2>/dev/null; then
    echo "Installing Python packages into .venv"
    .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
    echo "$wanted" >"$stamp"
fi
