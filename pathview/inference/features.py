"""Features of a slide's cells on disk: an array in the heatmap's folder, a row of numbers a cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import HeatmapMismatchError
from pathview.inference.grid import PatchGrid
from pathview.inference.heatmap_store import HeatmapStore
from pathview.inference.model import Features
from pathview.inference.order import Cells

if TYPE_CHECKING:
    import zarr

_NAME = "features"
# Blocks of cells as a run hands them out, so that a chunk is written once or twice.
_CHUNK = 16
_MOST_BYTES = 64 << 20


class FeatureSink:
    """The features of a run: zarr array ``features`` (rows, columns, features) float32, NaN where not done.

    A cell has its fixed place, so that writing it twice is the same as once. What was put is kept in memory
    until the next flush, or until it is 64 MiB.

    Parameters
    ----------
    path
        The heatmap's folder.
    grid
        Its lattice.
    features
        How many numbers a cell has.

    Raises
    ------
    HeatmapMismatchError
        If features of another number are there.
    """

    def __init__(self, path: Path, grid: PatchGrid, features: int) -> None:
        self._array = _open(path, writable=True) or _create(path, grid, features)
        if self._array.shape != (*grid.shape, features):
            raise HeatmapMismatchError(path, f"features of the shape {self._array.shape}")
        self._waiting: dict[tuple[int, int], list[tuple[Cells, Features]]] = {}
        self._bytes = 0

    def put(self, cells: Cells, payload: Features) -> None:
        """Take the features (n, features) of `cells` (n, 2)."""
        chunks, which = np.unique(cells // _CHUNK, axis=0, return_inverse=True)
        for number, (row, col) in enumerate(chunks):
            here = which.ravel() == number
            self._waiting.setdefault((int(row), int(col)), []).append((cells[here], payload[here]))
        self._bytes += payload.nbytes
        if self._bytes > _MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what was put, a chunk at a time."""
        for (row, col), parts in self._waiting.items():
            corner = np.array([row, col]) * _CHUNK
            window = np.s_[corner[0] : corner[0] + _CHUNK, corner[1] : corner[1] + _CHUNK]
            chunk = np.array(self._array[window], np.float32)
            for cells, values in parts:
                chunk[tuple((cells - corner).T)] = values
            self._array[window] = chunk
        self._waiting.clear()
        self._bytes = 0


def count_features(path: Path) -> int:
    """Return how many features the cells of a heatmap's folder have; 0 where it holds none."""
    array = _open(path, writable=False)
    return 0 if array is None else int(array.shape[2])


def read_features(path: Path, cells: Cells) -> Iterator[Features]:
    """Read the features of `cells` (n, 2), in their order, as pieces (m, features) of bounded size.

    Parameters
    ----------
    path
        The heatmap's folder.
    cells
        (row, column), sorted by row.

    Raises
    ------
    HeatmapMismatchError
        If the folder holds no features.
    """
    array = _open(path, writable=False)
    if array is None:
        raise HeatmapMismatchError(path, "no features: the model that made it is none that embeds")
    bands = cells[:, 0] // _CHUNK
    for band in np.unique(bands):
        rows = np.array(array[band * _CHUNK : (band + 1) * _CHUNK], np.float32)
        here = cells[bands == band]
        yield rows[here[:, 0] - band * _CHUNK, here[:, 1]]


def _open(path: Path, *, writable: bool) -> zarr.Array[Any] | None:
    group = HeatmapStore.open(path, writable=writable).group
    return cast("zarr.Array[Any]", group[_NAME]) if _NAME in group else None


def _create(path: Path, grid: PatchGrid, features: int) -> zarr.Array[Any]:
    rows, cols = grid.shape
    chunks = (max(1, min(_CHUNK, rows)), max(1, min(_CHUNK, cols)), features)
    made: NDArray[Any] | Any = HeatmapStore.open(path, writable=True).group.create_array(
        _NAME, shape=(rows, cols, features), chunks=chunks, dtype="float32", fill_value=np.nan
    )
    return cast("zarr.Array[Any]", made)
