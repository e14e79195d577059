"""Which cells come next: blocks of neighbours, nearest to the focus first; or a coarse map first."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pathview.core.geometry import Box
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
        self._grid = grid
        self._stage_at = np.zeros(grid.shape, np.intp)
        self._stage_at[tuple(np.asarray(cells).T)] = stage
        self._blocks: list[Cells] = []
        self._stages = np.empty(0, np.intp)
        self._bounds = np.empty((0, 4))
        self._left = np.empty(0, np.intp)
        self._view = Box(*grid.origin, *grid.origin)
        if len(cells):
            self._add(np.split(cells[in_blocks], starts[1:]), stage[in_blocks][starts])
        rows, cols = grid.shape
        x, y = grid.origin[0] + cols * grid.stride / 2, grid.origin[1] + rows * grid.stride / 2
        self.focus(Box(x, y, x, y))

    def __len__(self) -> int:
        return len(self._left)

    @property
    def in_view(self) -> bool:
        """Whether the next block holds a cell in view."""
        return bool(len(self._left)) and bool(self.seen(self._blocks[int(self._left[-1])]).any())

    def seen(self, cells: Cells) -> NDArray[np.bool_]:
        """Return which of `cells` (n, 2) the focus shows some of, (n,)."""
        return _meet(self._grid.cell_boxes(cells), self._view)

    def focus(self, box: Box) -> None:
        """Put blocks in view first, level-0 px, then those nearest to its middle.

        Equally near ones keep the order of the rows. Of a coarse map all blocks come before finer ones,
        wherever they are.
        """
        self._view = box
        self._sort()

    def take(self) -> Cells:
        """Take the next block off, its nearest cell first; of one that is half in view only what is.

        Raises
        ------
        IndexError
            If nothing is left.
        """
        number = int(self._left[-1])
        self._left = self._left[:-1]
        block = self._blocks[number]
        seen = self.seen(block)
        if seen.any() and not seen.all():
            self._add([block[~seen]], self._stages[number : number + 1])
            self._sort()
            block = block[seen]
        boxes = self._grid.cell_boxes(block)
        distance = np.hypot(*(_middles(boxes) - self._view.center).T)
        return np.asarray(block[np.argsort(distance, kind="stable")], np.intp)

    def give_back(self, blocks: Sequence[Cells]) -> None:
        """Take back cells that were handed out and not looked at."""
        stages = [self._stage_at[tuple(block.T)] for block in blocks]
        alike = [
            (block[stage == one], one)
            for block, stage in zip(blocks, stages, strict=True)
            for one in np.unique(stage)
        ]
        if alike:
            self._add([block for block, _ in alike], np.array([one for _, one in alike]))
            self._sort()

    def _add(self, blocks: Sequence[Cells], stages: NDArray[np.intp]) -> None:
        first = len(self._blocks)
        corners = (self._grid.cell_boxes(block) for block in blocks)
        bounds = [(*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)) for boxes in corners]
        self._blocks.extend(blocks)
        self._stages = np.concatenate([self._stages, stages])
        self._bounds = np.concatenate([self._bounds, np.array(bounds)])
        self._left = np.concatenate([self._left, np.arange(first, len(self._blocks))])

    def _sort(self) -> None:
        left = np.sort(self._left)
        bounds = self._bounds[left]
        distance = np.hypot(*(_middles(bounds) - self._view.center).T)
        unseen = ~_meet(bounds, self._view)
        # What is left of a block whose cells in view were taken may reach round them.
        for at in np.flatnonzero(~unseen & ~_inside(bounds, self._view)):
            unseen[at] = not self.seen(self._blocks[left[at]]).any()
        # The last one is the next: taking it off is then a slice.
        self._left = left[np.lexsort((distance, unseen, self._stages[left]))][::-1]


def _middles(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _meet(boxes: NDArray[np.float64], view: Box) -> NDArray[np.bool_]:
    x0, y0, x1, y1 = boxes.T
    return np.asarray((x1 > view.x0) & (x0 < view.x1) & (y1 > view.y0) & (y0 < view.y1), bool)


def _inside(boxes: NDArray[np.float64], view: Box) -> NDArray[np.bool_]:
    x0, y0, x1, y1 = boxes.T
    return np.asarray((x0 >= view.x0) & (x1 <= view.x1) & (y0 >= view.y0) & (y1 <= view.y1), bool)
