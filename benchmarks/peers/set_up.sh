#!/usr/bin/env bash
# Makes an environment for a program that PathView is compared with, outside of this folder.
# usage: benchmarks/peers/set_up.sh napari|wsinfer|tiatoolbox [python]
# PATHVIEW_PEERS: where to, default ~/.cache/pathview-peers
set -euo pipefail
cd "$(dirname "$0")/../.."
name=$1
python=${2:-python3}
folder=${PATHVIEW_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/pathview-peers}

pinned() { grep -E "^$1==" constraints.txt; }

case $name in
napari)
    packages=(napari "napari-wsi[openslide,rasterio]" PySide6 openslide-bin)
    imports="napari, napari_wsi.backends.openslide, napari_wsi.backends.rasterio, PySide6"
    shown="napari|napari-wsi|vispy|PySide6|openslide-python" ;;
wsinfer)
    # It does not start with zarr 3. The same torch as PathView's: the newest, and on the disk already.
    packages=(wsinfer==0.6.1 "zarr<3" "$(pinned torch)" "$(pinned torchvision)" openslide-python openslide-bin)
    imports="wsinfer.modellib, openslide"
    shown="wsinfer|torch|openslide-python" ;;
tiatoolbox)
    packages=(tiatoolbox==2.1.3)
    imports="tiatoolbox.models.engine.patch_predictor"
    shown="tiatoolbox|torch|openslide-python" ;;
*)
    echo "no such program: $name" >&2
    exit 1 ;;
esac

theirs=$folder/$name/bin/python
mkdir -p "$folder"
if [[ ! -x $theirs ]] || ! "$theirs" -c "import $imports" >/dev/null 2>&1; then
    if "$python" -m uv --version >/dev/null 2>&1; then # several times faster, and large files lie on the disk once
        "$python" -m uv venv --quiet --clear --python "$python" "$folder/$name"
        "$python" -m uv pip install --quiet --compile-bytecode --python "$theirs" "${packages[@]}"
    else
        "$python" -m venv --clear "$folder/$name"
        "$theirs" -m pip install --quiet "${packages[@]}"
    fi
    "$theirs" -c "import $imports" >/dev/null
fi
"$theirs" - "$shown" <<'END'
import sys
from importlib.metadata import distributions
named = {found.metadata["Name"]: found.version for found in distributions()}
print(", ".join(f"{name} {named[name]}" for name in sys.argv[1].split("|") if name in named))
END
