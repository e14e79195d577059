"""Features as HDF5, in the folders and under the names that TRIDENT and CLAM give them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import ExportError
from pathview.core.files import atomic_path
from pathview.inference.facts import HeatmapFacts
from pathview.inference.features import count_features, read_features
from pathview.inference.grid import PatchGrid
from pathview.inference.heatmap import CellState, Heatmap

if TYPE_CHECKING:
    import h5py

_MAGNIFICATIONS = (80, 60, 40, 20, 10, 5, 2.5, 1.25)
# A scanner's 0.2431 um/px is 40x to everybody.
_NOMINAL = 0.15
_UM_AT_1X = 10.0


def magnification(mpp: float) -> float:
    """Return the magnification that goes with a resolution in um/px: a usual one where it is near."""
    exact = _UM_AT_1X / mpp
    near = min(_MAGNIFICATIONS, key=lambda usual: abs(usual / exact - 1))
    return near if abs(near / exact - 1) <= _NOMINAL else round(exact, 2)


def write_features(folder: Path, root: Path, name: str) -> tuple[Path, Path]:
    """Write the features of all cells that are done, and their coordinates; return both files.

    ``features`` is (n, features) float32 and ``coords`` (n, 2) int64: the top-left corner of each patch in
    level-0 pixels, with the attributes that TRIDENT's readers look for. Files that are there are replaced,
    whole or not at all.

    Parameters
    ----------
    folder
        The heatmap's.
    root
        Below it TRIDENT's tree is made: ``20x_256px_0px_overlap/features_MODEL/NAME.h5``, and so on.
    name
        Of the slide, without its ending.

    Raises
    ------
    ExportError
        If h5py is not installed, or a file cannot be written.
    HeatmapMismatchError
        If the heatmap's folder holds no features.
    """
    _need_h5py(root)
    heatmap = Heatmap.open(folder)
    grid = heatmap.grid
    cells = np.argwhere(heatmap.state == CellState.DONE)
    coords = np.rint(grid.boxes(cells)[:, :2]).astype(np.int64)
    attributes = _attributes(grid, heatmap.facts, name)
    tree = root / f"{attributes['target_magnification']:g}x_{grid.pixels}px_{attributes['overlap']}px_overlap"
    places = tree / "patches" / f"{name}_patches.h5", tree / f"features_{heatmap.facts.model}" / f"{name}.h5"
    try:
        for place in places:
            place.parent.mkdir(parents=True, exist_ok=True)
        _write(places[0], coords, attributes, None, cells)
        _write(places[1], coords, attributes, folder, cells)
    except OSError as error:
        raise ExportError(places[1], error.strerror or str(error)) from error
    return places


def _need_h5py(target: Path) -> None:
    try:
        importlib.import_module("h5py")
    except ImportError as error:
        raise ExportError(target, 'HDF5 needs h5py; pip install "pathview[features]"') from error


def _attributes(grid: PatchGrid, facts: HeatmapFacts, name: str) -> dict[str, Any]:
    mpp = facts.slide_mpp or (facts.model_mpp / grid.downsample,) * 2
    level0 = magnification(sum(mpp) / 2)
    return {
        "patch_size": grid.pixels,
        "patch_size_level0": round(grid.patch),
        "level0_magnification": level0,
        "target_magnification": magnification(facts.model_mpp),
        "overlap": grid.pixels - round(grid.stride / grid.downsample),
        "name": name,
        "level0_width": facts.slide_size[0],
        "level0_height": facts.slide_size[1],
    }


def _write(
    target: Path,
    coords: NDArray[np.int64],
    attributes: dict[str, Any],
    features: Path | None,
    cells: NDArray[np.intp],
) -> None:
    import h5py

    with atomic_path(target) as part, h5py.File(part, "w") as file:
        placed = file.create_dataset("coords", data=coords)
        for key, value in attributes.items():
            placed.attrs[key] = value
        if features is not None:
            _fill(file, features, cells)


def _fill(file: h5py.File, path: Path, cells: NDArray[np.intp]) -> None:
    width = count_features(path)
    values = file.create_dataset("features", (len(cells), width), np.float32)
    done = 0
    for piece in read_features(path, cells):
        values[done : done + len(piece)] = piece
        done += len(piece)
