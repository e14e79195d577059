#!/usr/bin/env bash
# Prints ratios taken within one run each; see docs/performance.md. Real slides are looked up as the tests do.
# usage: benchmarks/run.sh [name ...]      default: all
set -euo pipefail
cd "$(dirname "$0")/.."
data=${PATHVIEW_TEST_DATA:-../shared/data}
if [[ ! -f $data/README.md ]]; then
    echo "no real data here: set PATHVIEW_TEST_DATA to the folder that holds it" >&2
    exit 1
fi
names=("$@")
((${#names[@]})) || names=(reads opening inference)
for name in "${names[@]}"; do
    echo "== $name"
    PYTHONPATH=. .venv/bin/python "benchmarks/$name.py" "$data"
done
