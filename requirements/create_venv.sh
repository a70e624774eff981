#!/bin/sh
# Creates .venv with the Python interpreter $1 (3.11 or newer) and installs uv into it.
# Keeps an environment that works; replaces one that does not.
set -eu
python=${1:-python3}
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

if .venv/bin/python -c "$new_enough" 2>/dev/null && [ -x .venv/bin/uv ]; then
  exit 0
fi
if ! "$python" -c "$new_enough" 2>/dev/null; then
  echo "Postcard needs Python 3.11 or newer; $python is $("$python" --version 2>&1 || true)." >&2
  for other in python3.14 python3.13 python3.12 python3.11; do
    if "$other" -c "$new_enough" 2>/dev/null; then
      echo "Use the one that is installed: make ${MAKECMDGOALS:-serve} PYTHON=$other" >&2
      exit 1
    fi
  done
  echo "Install it, and name it if it is not python3: make ${MAKECMDGOALS:-serve} PYTHON=python3.12" >&2
  exit 1
fi

trap 'status=$?; [ $status -eq 0 ] || rm -rf .venv' EXIT
trap 'exit 1' HUP INT TERM
if ! "$python" -m venv --clear .venv >/dev/null; then
  echo "$python could not create .venv. On Debian and Ubuntu, install the package python3-venv." >&2
  exit 1
fi
.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
