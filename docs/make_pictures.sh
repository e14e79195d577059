#!/usr/bin/env bash
# Makes the pictures in docs/pictures with the program itself: the demo slide's window and the journey test.
# Needs the real test slides (PATHVIEW_TEST_DATA) and a display or xvfb-run.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATHVIEW_HOME=$work/home
.venv/bin/pathview demo --headless --output "$work/demo"
PATHVIEW_PICTURES=$work bash tests/run.sh -n0 -q tests/e2e
cp "$work"/demo/*/*/window.png "$work/window.png"
mkdir -p docs/pictures
.venv/bin/python - "$work" <<'PY'
import sys
from pathlib import Path

from PIL import Image

work = Path(sys.argv[1])
for path in sorted([*work.glob("[0-9]*-*.png"), *work.glob("commands-*.png"), *work.glob("several-*.png"), *work.glob("by-hand-*.png"), *work.glob("map-*.png"), *work.glob("detections-*.png"), work / "window.png"]):
    with Image.open(path) as picture:
        picture.convert("RGB").save(Path("docs/pictures") / f"{path.stem}.jpg", quality=88, optimize=True)
PY
ls -l docs/pictures
