#!/bin/sh
# Makes .venv from the hashed requirements; a second run costs nothing. Needs only apt (Debian 12 or 13) and root or sudo.
set -eu
cd "$(dirname "$0")/.."
start=$(date +%s)
say() { printf '[%3ds] %s\n' "$(($(date +%s) - start))" "$*"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

python_can_make_a_venv() {
  command -v python3 >/dev/null && python3 -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

ssh_is_there() { command -v ssh >/dev/null && command -v ssh-keygen >/dev/null; }

if ! python_can_make_a_venv || ! ssh_is_there; then
  command -v apt-get >/dev/null || {
    echo "Es fehlen Python ≥ 3.11 mit venv oder ssh, und apt-get gibt es hier nicht. Bitte beides installieren und 'make setup' wiederholen." >&2
    exit 1
  }
  say "Python und ssh aus den Debian-Paketen"
  as_root apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
    python3 python3-venv openssh-client ca-certificates >/dev/null
fi

wanted=$(cat requirements/setup.txt requirements/dev.txt pyproject.toml | sha256sum | cut -c1-16)
if [ "$(cat .venv/requirements-hash 2>/dev/null || true)" = "$wanted" ]; then
  exit 0
fi
say "Python-Umgebung .venv (einmalig, etwa eine Minute)"
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/setup.txt
.venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements/dev.txt
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
echo "$wanted" >.venv/requirements-hash
say "Python-Umgebung fertig"
