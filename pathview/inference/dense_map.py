"""The dense map of a slide as pictures and as values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import TileReadError
from pathview.core.pyramid import Pyramid, TileKey
from pathview.inference.dense_blend import probabilities
from pathview.inference.dense_store import TILE, DenseStore
from pathview.inference.grid import PatchGrid
from pathview.inference.order import Cells
from pathview.tiles.source import FAILED, NOT_RUN, SKIPPED, Scalar

if TYPE_CHECKING:
    from pathview.inference.heatmap import Heatmap

# Of `CellState`, by its numbers: what is shown of a pixel that nothing is known of.
_CODES = np.array([NOT_RUN, NOT_RUN, SKIPPED, FAILED], np.float32)
_SKIPPED = 2
_MOST_VALUES = 4 << 20


class DenseMap:
    """What a run has blended so far; may be read from any thread, `note` belongs to the heatmap's.

    Parameters
    ----------
    path
        The heatmap's folder.
    store
        Its map.
    heatmap
        The ledger: what is not known of a pixel is known of its cell.
    """

    def __init__(self, path: Path, store: DenseStore, heatmap: Heatmap) -> None:
        self._path = path
        self.store = store
        self._heatmap = heatmap
        self._revisions: NDArray[np.int64] = np.zeros(heatmap.grid.shape, np.int64)
        self._channels: dict[int, DenseChannel] = {}

    @classmethod
    def of(cls, path: Path, heatmap: Heatmap) -> Self | None:
        """Open the map in a heatmap's folder; None where its model does not segment.

        Raises
        ------
        HeatmapMismatchError
            If what is there is something else.
        """
        store = DenseStore.open(path)
        return None if store is None else cls(path, store, heatmap)

    def note(self, cells: Cells) -> None:
        """Take note that pixels of `cells` (n, 2), and about them, are others on disk now."""
        np.add.at(self._revisions, tuple(cells.T), 1)

    def channel(self, index: int) -> DenseChannel:
        """Return one class as a picture; the same object each time."""
        return self._channels.setdefault(index, DenseChannel(self, index))

    def values(self, index: int) -> tuple[NDArray[np.float32], PatchGrid]:
        """Return one class as values, NaN where unknown, on the lattice of its pixels: what contours take.

        It is the finest level of no more than four million pixels.
        """
        level, pyramid = 0, self.store.pyramid
        while level < pyramid.levels - 1 and np.prod(self.store.size(level)) > _MOST_VALUES:
            level += 1
        width, height = self.store.size(level)
        read = self.store.read_class(level, index, slice(0, height), slice(0, width))
        edge = pyramid.scale * (1 << level)
        every = np.ones((height, width), bool)
        grid = self._heatmap.grid
        pixels = replace(
            grid, patch=edge, stride=edge, pixels=1, shape=(height, width), inside=every, selected=every
        )
        return probabilities(read), pixels

    def revision(self, key: TileKey) -> int:
        """Return how often pixels under a tile have changed."""
        rows, cols = self._cells_under(key)
        return int(self._revisions[rows, cols].sum())

    def read(self, key: TileKey, index: int) -> Scalar:
        """Return one tile of a class; raises `TileReadError` if it cannot be read."""
        width, height = self.store.pyramid.pixels(key)
        rows, cols = (slice(at * TILE, at * TILE + n) for at, n in ((key.row, height), (key.col, width)))
        # The state first: what is blended in between is shown.
        state = self._states(key.level, rows, cols)
        try:
            known = probabilities(self.store.read_class(key.level, index, rows, cols))
        except (OSError, ValueError, RuntimeError) as error:
            raise TileReadError(self._path, key, str(error)) from error
        # Skipped although known: a person has taken the cell out since.
        hidden = np.isnan(known) | (state == _SKIPPED)
        return np.where(hidden, _CODES[state], known).astype(np.float32)

    def _cells_under(self, key: TileKey) -> tuple[slice, slice]:
        geometry = self.store.geometry
        span = TILE << key.level
        found = []
        for at, count in ((key.row, geometry.shape[0]), (key.col, geometry.shape[1])):
            first = at * span // geometry.cell - geometry.reach
            last = ((at + 1) * span - 1) // geometry.cell + geometry.reach
            found.append(slice(max(0, first), min(count, last + 1)))
        return found[0], found[1]

    def _states(self, level: int, rows: slice, cols: slice) -> NDArray[np.uint8]:
        """Return the state of the cell under the middle of each pixel of a window."""
        geometry, step = self.store.geometry, 1 << level
        at = [
            np.minimum((np.arange(part.start, part.stop) * step + step // 2) // geometry.cell, count - 1)
            for part, count in zip((rows, cols), geometry.shape, strict=True)
        ]
        return np.asarray(self._heatmap.state[np.ix_(at[0], at[1])], np.uint8)


class DenseChannel:
    """The `TileSource` of one class: level 0 has the pixels that the model gives, coarser ones their mean.

    Where nothing is known a pixel carries the code of its cell, as in the channel of a heatmap's cells.
    """

    def __init__(self, dense: DenseMap, index: int) -> None:
        self._dense = dense
        self._index = index

    @property
    def pyramid(self) -> Pyramid:
        """One source pixel a pixel of the model's output."""
        return self._dense.store.pyramid

    @property
    def kind(self) -> Literal["scalar"]:
        """Values, to be coloured by the screen."""
        return "scalar"

    def revision(self, key: TileKey) -> int:
        """Return a number that grows with what is blended under the tile."""
        return self._dense.revision(key)

    def read_tile(self, key: TileKey) -> Scalar:
        """Read one tile."""
        return self._dense.read(key, self._index)
