#!/usr/bin/env bash
# Prints ratios taken within one run each; see docs/performance.md. Real slides are looked up as the tests do.
# usage: benchmarks/run.sh [name ...]      default: all
#        benchmarks/run.sh walking 10      minutes
set -euo pipefail
cd "$(dirname "$0")/.."
data=${PATHVIEW_TEST_DATA:-../shared/data}
if [[ ! -f $data/README.md ]]; then
    echo "no real data here: set PATHVIEW_TEST_DATA to the folder that holds it" >&2
    exit 1
fi
minutes=()
if [[ ${1:-} == walking && ${2:-} =~ ^[0-9.]+$ ]]; then
    minutes=("$2")
    set -- walking
fi
names=("$@")
((${#names[@]})) || names=(reads opening inference viewing sharing following walking peers)
for name in "${names[@]}"; do
    echo "== $name"
    start=()
    if [[ $name =~ ^(viewing|sharing|walking|following)$ ]]; then
        # Software GL on a screen of its own: the same everywhere, and nobody's windows in the way.
        start=(env LIBGL_ALWAYS_SOFTWARE=1 xvfb-run -a -s "-screen 0 1600x1000x24")
    fi
    PYTHONPATH=. "${start[@]}" .venv/bin/python -m "benchmarks.$name" "$data" "${minutes[@]}"
done
