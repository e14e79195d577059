"""What a model that segments says of a slide, blended as the run goes; memory holds a window at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from pathview.core.errors import HeatmapMismatchError
from pathview.inference.card import ModelCard
from pathview.inference.dense_blend import DenseGeometry, Quantised, blended, halved, quantised
from pathview.inference.dense_store import TILE, DenseStore
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.model import DenseMaps
from pathview.inference.order import Cells

_MOST_BYTES = 256 << 20


class DenseSink:
    """The dense map of a run.

    Each patch goes to disk when it is put. A flush blends the pixels that patches put since the last one have
    a share in, from all patches over them, and brings the coarser levels up to date. So a pixel depends on
    which patches there are and not on when they came, and a run that was killed comes to the same map. The
    patch of a cell is let go of once all those that it overlaps have been blended and their states written.

    Only cells that were looked at are filled: what a patch says beyond its own cell counts in cells that have
    said something themselves.

    Parameters
    ----------
    path
        The heatmap's folder.
    heatmap, card
        The ledger of the run, and its model.

    Raises
    ------
    HeatmapMismatchError
        If a map of other patches is there.
    """

    blended = Signal(np.ndarray)
    """The (n, 2) cells whose patches have been blended in since the last flush, on disk."""

    def __init__(self, path: Path, heatmap: Heatmap, card: ModelCard) -> None:
        geometry = DenseGeometry.of(heatmap.grid, card)
        scale = heatmap.grid.downsample * card.output_stride
        store = DenseStore.open(path, writable=True)
        if store is None:
            store = DenseStore.create(path, geometry, len(card.classes), scale, heatmap.grid.origin)
        if (store.geometry, store.classes) != (geometry, len(card.classes)):
            raise HeatmapMismatchError(path, "a dense map of other patches")
        self.store = store
        self._geometry = geometry
        self._put = heatmap.state == CellState.DONE
        self._new: list[tuple[int, int]] = []
        self._kept = store.kept_patches()
        # What was said last is what is blended next.
        self._recent: dict[tuple[int, int], Quantised] = {}
        self._bytes = 0

    def put(self, cells: Cells, payload: DenseMaps) -> None:
        """Take the maps (n, classes, h, w) of `cells` (n, 2)."""
        for (row, col), patch in zip(cells, quantised(payload), strict=True):
            cell = int(row), int(col)
            self.store.keep_patch(cell, patch)
            self._recent[cell] = patch
            self._kept.add(cell)
            self._new.append(cell)
            self._bytes += patch.nbytes
        self._put[tuple(cells.T)] = True
        if self._bytes > _MOST_BYTES:
            self._recent.clear()
            self._bytes = 0

    def flush(self) -> None:
        """Blend what was put, and let go of patches whose neighbours' states are on disk by now."""
        self._settle()
        if not self._new:
            return
        tiles = self._tiles()
        for tile in tiles:
            self._blend(tile)
        for level in range(1, self.store.pyramid.levels):
            tiles = sorted({(row // 2, col // 2) for row, col in tiles})
            for tile in tiles:
                self._coarsen(level, tile)
        new, self._new = np.array(self._new, np.intp), []
        self._recent.clear()
        self._bytes = 0
        self.blended.emit(new)

    def _tiles(self) -> list[tuple[int, int]]:
        found: set[tuple[int, int]] = set()
        width, height = self._geometry.size
        for cell in self._new:
            rows, cols = self._geometry.footprint(cell)
            down = range(max(0, rows.start) // TILE, (min(height, rows.stop) - 1) // TILE + 1)
            across = range(max(0, cols.start) // TILE, (min(width, cols.stop) - 1) // TILE + 1)
            found |= {(row, col) for row in down for col in across}
        return sorted(found)

    def _blend(self, tile: tuple[int, int]) -> None:
        rows, cols = _window(tile, self._geometry.size)
        cells = self._geometry.cells_over(rows, cols)
        cells = cells[(self._put & self._near())[tuple(cells.T)]]
        lost = np.zeros_like(self._put)

        def patch(cell: tuple[int, int]) -> Quantised | None:
            found = self._patch(cell)
            lost[cell] = found is None
            return found

        values = blended(self._geometry, rows, cols, self.store.classes, cells, patch)
        # A cell that was blended for good keeps its pixels where a neighbour is looked at a second time.
        change = self._changed(rows, cols) & self._over(self._put & ~lost, rows, cols)
        self.store.write(0, rows, cols, np.where(change, values, self.store.read(0, rows, cols)))

    def _near(self) -> NDArray[np.bool_]:
        """Return which cells' patches overlap a new one."""
        new = np.zeros_like(self._put)
        new[tuple(np.array(self._new, np.intp).T)] = True
        # scipy takes most of a second to import, which the window's process is spared.
        from scipy.ndimage import maximum_filter

        edge = 2 * self._geometry.reach + 1
        return np.asarray(maximum_filter(new, edge, mode="constant", cval=False), bool)

    def _patch(self, cell: tuple[int, int]) -> Quantised | None:
        known = self._recent.get(cell)
        if known is None and cell in self._kept:
            known = self.store.patch(cell)
        return known

    def _changed(self, rows: slice, cols: slice) -> NDArray[np.bool_]:
        """Return which pixels of a window the new patches have a share in."""
        changed = np.zeros((rows.stop - rows.start, cols.stop - cols.start), bool)
        for cell in self._new:
            down, across = self._geometry.footprint(cell)
            changed[
                max(0, down.start - rows.start) : max(0, down.stop - rows.start),
                max(0, across.start - cols.start) : max(0, across.stop - cols.start),
            ] = True
        return changed

    def _over(self, cells: NDArray[np.bool_], rows: slice, cols: slice) -> NDArray[np.bool_]:
        """Return which pixels of a window lie in `cells`, (rows, columns) of the grid."""
        edge = self._geometry.cell
        down, across = np.arange(rows.start, rows.stop) // edge, np.arange(cols.start, cols.stop) // edge
        return np.asarray(cells[np.ix_(down, across)], bool)

    def _coarsen(self, level: int, tile: tuple[int, int]) -> None:
        rows, cols = _window(tile, self.store.size(level))
        finer = slice(2 * rows.start, 2 * rows.stop), slice(2 * cols.start, 2 * cols.stop)
        self.store.write(level, rows, cols, halved(self.store.read(level - 1, *finer)))

    def _settle(self) -> None:
        """Let go of patches that overlap none that is still to come or to be written."""
        from scipy.ndimage import minimum_filter

        free = self._put.copy()
        free[tuple(np.array(self._new, np.intp).reshape(-1, 2).T)] = False
        edge = 2 * self._geometry.reach + 1
        # Beyond the grid there is nothing to wait for.
        free = np.asarray(minimum_filter(free, edge, mode="constant", cval=True), bool)
        for cell in [cell for cell in self._kept if free[cell]]:
            self.store.drop_patch(cell)
            self._kept.discard(cell)


def _window(tile: tuple[int, int], size: tuple[int, int]) -> tuple[slice, slice]:
    width, height = size
    row, col = tile[0] * TILE, tile[1] * TILE
    return slice(row, min(row + TILE, height)), slice(col, min(col + TILE, width))
