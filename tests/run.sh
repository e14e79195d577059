#!/usr/bin/env bash
# Runs the tests; real windows get a virtual screen where there is no display.
# usage: tests/run.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
# Software GL everywhere, so that pixel checks mean the same on every machine.
export LIBGL_ALWAYS_SOFTWARE=1 PYTHONHASHSEED=0
if command -v xvfb-run >/dev/null; then
    exec xvfb-run -a -s "-screen 0 1600x1200x24 +extension GLX" .venv/bin/pytest -n 2 --dist loadgroup "$@"
fi
exec .venv/bin/pytest -n 2 --dist loadgroup "$@"
