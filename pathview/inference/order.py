"""Which cells come next: blocks of neighbours, nearest to the focus first; or a coarse map first."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pathview.inference.grid import PatchGrid

Cells = NDArray[np.intp]
"""(n, 2) as (row, column)."""

COARSE = 8
"""Edge, in cells, of the blocks that a coarse map has one cell of at first."""

_BLOCK_PIXELS = 1024
_BLOCK_CELLS = 8


def coarse_stages(cells: Cells, coarse: int = COARSE) -> NDArray[np.intp]:
    """Return the stage (n,) of each of `cells` (n, 2): 0 for a coarse map, then ever finer ones.

    Of each block of `coarse` x `coarse` cells the one nearest to its middle comes first, so that thin tissue
    is not missed as it would be between the points of a plain lattice. Then the edge is halved, and each
    smaller block without a cell gets one; at last come all others.

    Parameters
    ----------
    cells
        (row, column), in any order, each once.
    coarse
        A power of two; 1 gives one stage.
    """
    edges = [coarse >> number for number in range(coarse.bit_length() - 1)]
    stages = np.full(len(cells), len(edges), np.intp)
    for stage, edge in enumerate(edges):
        block, inside = np.divmod(np.asarray(cells), edge)
        number = block[:, 0] * (int(block[:, 1].max(initial=0)) + 1) + block[:, 1]
        off = np.abs(2 * inside + 1 - edge).sum(axis=1)
        # Within a block those that have come before, then from its middle outwards.
        order = np.lexsort((off, stages >= stage, number))
        _, first = np.unique(number[order], return_index=True)
        chosen = order[first]
        stages[chosen] = np.minimum(stages[chosen], stage)
    return stages


def coarse_count(cells: Cells, coarse: int = COARSE) -> int:
    """Return how many of `cells` (n, 2) make a coarse map."""
    return len(np.unique(np.asarray(cells) // coarse, axis=0))


class CellOrder:
    """Hands out the cells of a run, one block of neighbours at a time.

    Neighbours are read together, so that a native tile is decoded once for all the patches that it feeds.
    Blocks also keep choosing cheap: a new focus sorts blocks, not cells.

    Parameters
    ----------
    grid
        The lattice.
    cells
        The (n, 2) cells to hand out.
    most
        Cells in a block; more than a batch would only delay the focus.
    coarse
        Edge of the blocks of a coarse map that comes first, see `coarse_stages`; 1 for none.
    """

    def __init__(
        self, grid: PatchGrid, cells: Cells, most: int = _BLOCK_CELLS**2, *, coarse: int = 1
    ) -> None:
        edge = max(1, min(_BLOCK_CELLS, _BLOCK_PIXELS // grid.pixels, math.isqrt(most)))
        block = np.asarray(cells) // edge
        width, height = grid.shape[1] // edge + 1, grid.shape[0] // edge + 1
        stage = coarse_stages(cells, coarse)
        number = (stage * height + block[:, 0]) * width + block[:, 1]
        in_blocks = np.argsort(number, kind="stable")
        _, starts = np.unique(number[in_blocks], return_index=True)
        self._blocks: list[Cells] = np.split(cells[in_blocks], starts[1:]) if len(cells) else []
        self._stages = stage[in_blocks][starts]
        self._grid = grid
        self._centers = np.array([self._middles(cells).mean(axis=0) for cells in self._blocks]).reshape(-1, 2)
        self._left = np.arange(len(self._blocks))
        rows, cols = grid.shape
        self.focus(grid.origin[0] + cols * grid.stride / 2, grid.origin[1] + rows * grid.stride / 2)

    def __len__(self) -> int:
        return len(self._left)

    def focus(self, x: float, y: float) -> None:
        """Put the blocks nearest to a level-0 point first; equally near ones keep the order of the rows.

        Of a coarse map all blocks come before finer ones, wherever they are.
        """
        self._point = np.array([x, y])
        self._left = np.sort(self._left)
        distance = np.hypot(*(self._centers[self._left] - self._point).T)
        # The last one is the next: taking it off is then a slice.
        self._left = self._left[np.lexsort((distance, self._stages[self._left]))][::-1]

    def take(self) -> Cells:
        """Take the next block off, its nearest cell first.

        Raises
        ------
        IndexError
            If nothing is left.
        """
        block: Cells = self._blocks[int(self._left[-1])]
        self._left = self._left[:-1]
        distance = np.hypot(*(self._middles(block) - self._point).T)
        return block[np.argsort(distance, kind="stable")]

    def _middles(self, cells: Cells) -> NDArray[np.float64]:
        boxes = self._grid.cell_boxes(cells)
        return (boxes[:, :2] + boxes[:, 2:]) / 2
