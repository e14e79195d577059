#!/usr/bin/env bash
# Makes an environment for each viewer that PathView is compared with, outside of this folder.
# usage: benchmarks/peers/set_up.sh [python]      PATHVIEW_PEERS: where to, default ~/.cache/pathview-peers
set -euo pipefail
python=${1:-python3}
folder=${PATHVIEW_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/pathview-peers}
mkdir -p "$folder"
if [[ ! -x $folder/napari/bin/python ]] || ! "$folder/napari/bin/python" -c 'import napari, napari_wsi.backends.openslide, napari_wsi.backends.rasterio, PySide6' 2>/dev/null; then
    "$python" -m venv "$folder/napari"
    "$folder/napari/bin/python" -m pip install --quiet napari "napari-wsi[openslide,rasterio]" PySide6 openslide-bin
fi
"$folder/napari/bin/python" -m pip list 2>/dev/null | grep -iE '^(napari|napari-wsi|vispy|PySide6|openslide-python) '
