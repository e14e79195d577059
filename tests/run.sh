#!/usr/bin/env bash
# Runs the tests. Each worker opens its windows on a virtual screen of its own (tests/conftest.py);
# PATHVIEW_TEST_SCREEN=shared shows them on the display that is there.
# usage: tests/run.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
# Software GL everywhere, so that pixel checks mean the same on every machine.
export LIBGL_ALWAYS_SOFTWARE=1 PYTHONHASHSEED=0
exec .venv/bin/pytest -n 2 "$@"
