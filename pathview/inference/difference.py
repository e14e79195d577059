"""What one heatmap says more than another of the same slide."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pathview.core.pyramid import Pyramid, TileKey
from pathview.inference.grid import PatchGrid
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.heatmap_channel import TILE, shown_tile
from pathview.tiles.source import NOT_RUN, Scalar


class Difference:
    """The `TileSource` of A minus B, on the lattice of the one with the smaller cells.

    Stored is (A - B + 1) / 2, so that 0.5 stands for no difference. A cell has a value where both heatmaps
    have one at its middle; else it is as one of them is: left out, failed, or not run.

    Parameters
    ----------
    a, b
        Two heatmaps of one slide, which may go on growing.
    a_index, b_index
        Which class of each.
    """

    def __init__(self, a: Heatmap, a_index: int, b: Heatmap, b_index: int) -> None:
        self.a, self.a_index = a, a_index
        self.b, self.b_index = b, b_index
        self._base = a if a.grid.stride <= b.grid.stride else b

    @property
    def pyramid(self) -> Pyramid:
        """That of the heatmap with the smaller cells."""
        return self._base.pyramid

    @property
    def kind(self) -> Literal["scalar"]:
        """Values, to be coloured by the screen."""
        return "scalar"

    def revision(self, key: TileKey) -> int:
        """Return a number that grows with each write to either."""
        return int(self.a.revisions.sum() + self.b.revisions.sum())

    def value_at(self, x: float, y: float) -> float | None:
        """Return A minus B at a level-0 point, from -1 to 1; None where one of them has no value."""
        both = [heatmap.value_at(x, y) for heatmap in (self.a, self.b)]
        scores = [None if one is None else one.scores for one in both]
        if scores[0] is None or scores[1] is None:
            return None
        names = self.a.facts.classes[self.a_index], self.b.facts.classes[self.b_index]
        return scores[0][names[0]] - scores[1][names[1]]

    def read_tile(self, key: TileKey) -> Scalar:
        """Read one tile."""
        span = TILE << key.level
        grid = self._base.grid
        rows = np.arange(key.row * span, min((key.row + 1) * span, grid.shape[0]))
        cols = np.arange(key.col * span, min((key.col + 1) * span, grid.shape[1]))
        x = np.asarray(grid.origin[0] + (cols + 0.5) * grid.stride, np.float64)
        y = np.asarray(grid.origin[1] + (rows + 0.5) * grid.stride, np.float64)
        a, a_state = _sampled(self.a, self.a_index, x, y)
        b, b_state = _sampled(self.b, self.b_index, x, y)
        width, height = self.pyramid.pixels(key)
        tile = np.full((height, width), NOT_RUN, np.float32)
        half = np.asarray((a - b + 1) / 2, np.float32)
        part = shown_tile(half, _worse(a_state, b_state), 1 << key.level)
        tile[: part.shape[0], : part.shape[1]] = part
        return tile


def _sampled(
    heatmap: Heatmap, index: int, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return values and states of the cells that hold the level-0 points of a lattice; outside, left out."""
    rows, cols = _cells(heatmap.grid, 1, y), _cells(heatmap.grid, 0, x)
    inside = (rows >= 0)[:, None] & (cols >= 0)
    if not inside.any():
        return np.zeros(inside.shape, np.float32), np.full(inside.shape, CellState.SKIPPED, np.uint8)
    at = np.ix_(np.maximum(rows, 0), np.maximum(cols, 0))
    # The state first: a cell that becomes done in between has no value yet.
    state = np.where(inside, heatmap.state[at], CellState.SKIPPED).astype(np.uint8)
    return np.nan_to_num(heatmap.scores[index][at]), state


def _cells(grid: PatchGrid, axis: int, places: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the columns (axis 0) or rows (axis 1) at level-0 places, -1 outside."""
    count = grid.shape[1 - axis]
    found = np.floor((places - grid.origin[axis]) / grid.stride).astype(np.intp)
    return np.where((found >= 0) & (found < count), found, -1)


def _worse(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.uint8]:
    worse = np.full(a.shape, CellState.DONE, np.uint8)
    # What one of them leaves out is never compared, however far the other one is.
    for state in (CellState.NOT_RUN, CellState.FAILED, CellState.SKIPPED):
        worse[(a == state) | (b == state)] = state
    return worse
