"""How the dense maps of overlapping patches become one: weights, and where patches and cells lie in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pathview.inference.card import ModelCard
from pathview.inference.grid import PatchGrid
from pathview.inference.order import Cells

Quantised = NDArray[np.uint8]
"""0 where nothing is known, else 1 for a probability of 0 to 255 for one of 1."""

_STEPS = 254


def quantised(probabilities: NDArray[np.float32]) -> Quantised:
    """Return probabilities in 254 steps, from 1 to 255: 0 is kept for what nobody has looked at."""
    return (1 + np.rint(_STEPS * np.clip(probabilities, 0, 1))).astype(np.uint8)


def probabilities(values: Quantised) -> NDArray[np.float32]:
    """Return the probabilities of quantised values; NaN where nothing is known."""
    known = (values.astype(np.float32) - 1) / _STEPS
    return np.where(values > 0, known, np.float32(np.nan)).astype(np.float32)


def weights(edge: int, taper: int) -> NDArray[np.float32]:
    """Return how much each pixel along a patch counts, (edge,): 1 in the middle, nearly 0 at the ends.

    It falls as a cosine does, so that two patches which overlap by `taper` pixels add up to 1 all the way:
    at the border of what each is trusted for they count the same, and the edges of patches leave no seam.

    Parameters
    ----------
    edge
        Of the patch's map, in pixels.
    taper
        Over how many pixels it falls at either end.
    """
    rising = np.sin(np.pi / 2 * (np.arange(taper) + 0.5) / max(1, taper)) ** 2
    line = np.ones(edge, np.float32)
    line[:taper] = rising
    line[edge - taper :] = np.minimum(line[edge - taper :], rising[::-1])
    return line


@dataclass(frozen=True, slots=True)
class DenseGeometry:
    """Where cells and patches lie in a slide's dense map; everything in pixels of that map.

    Attributes
    ----------
    shape
        (rows, columns) of cells.
    cell, patch
        Edges.
    taper
        Over how many pixels a patch's weight falls at its edges.
    """

    shape: tuple[int, int]
    cell: int
    patch: int
    taper: int

    @classmethod
    def of(cls, grid: PatchGrid, card: ModelCard) -> DenseGeometry:
        """Return the geometry of a model that segments on a grid."""
        cell, patch = card.stride // card.output_stride, card.map_edge
        taper = max(2 * card.halo // card.output_stride, patch - cell)
        return cls(grid.shape, cell, patch, min(taper, patch // 2))

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the map."""
        return self.shape[1] * self.cell, self.shape[0] * self.cell

    @property
    def margin(self) -> int:
        """How far a patch reaches past its cell."""
        return (self.patch - self.cell) // 2

    @property
    def reach(self) -> int:
        """How many cells away a patch may still overlap another one."""
        return -(-self.patch // self.cell) - 1

    def cells_over(self, rows: slice, cols: slice) -> Cells:
        """Return the (n, 2) cells whose patches share pixels with a window of the map."""
        found = []
        for window, count in ((rows, self.shape[0]), (cols, self.shape[1])):
            first = (window.start - self.patch + self.margin) // self.cell + 1
            last = (window.stop - 1 + self.margin) // self.cell
            found.append(np.arange(max(0, first), min(count - 1, last) + 1))
        down, across = np.meshgrid(*found, indexing="ij")
        return np.stack([down.ravel(), across.ravel()], axis=1)

    def footprint(self, cell: tuple[int, int]) -> tuple[slice, slice]:
        """Return the rows and columns of a cell's patch; they may reach past the map."""
        top, left = (index * self.cell - self.margin for index in cell)
        return slice(top, top + self.patch), slice(left, left + self.patch)


Lookup = Callable[[tuple[int, int]], Quantised | None]
"""The (classes, patch, patch) map of a cell's patch; None where there is none."""


def blended(
    geometry: DenseGeometry, rows: slice, cols: slice, classes: int, cells: Cells, lookup: Lookup
) -> Quantised:
    """Return the mean of all patches over a window, by their weights: (classes, rows, columns).

    Patches are added in the order of `cells`, so that the same patches give the same numbers whenever and in
    whatever order a run came to them.
    """
    height, width = rows.stop - rows.start, cols.stop - cols.start
    total = np.zeros((classes, height, width), np.float32)
    weight = np.zeros((height, width), np.float32)
    line = weights(geometry.patch, geometry.taper)
    for row, col in cells:
        patch = lookup((int(row), int(col)))
        if patch is None:
            continue
        (here, there), (inside, within) = _shared(geometry.footprint((int(row), int(col))), rows, cols)
        share = np.outer(line[inside], line[within])
        total[:, here, there] += share * patch[:, inside, within]
        weight[here, there] += share
    mean = np.rint(total / np.where(weight > 0, weight, 1))
    return np.where(weight > 0, np.clip(mean, 1, 255), 0).astype(np.uint8)


def _shared(
    footprint: tuple[slice, slice], rows: slice, cols: slice
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return what a patch and a window share, as slices of the window and of the patch."""
    of_window, of_patch = [], []
    for mine, window in zip(footprint, (rows, cols), strict=True):
        first, last = max(mine.start, window.start), min(mine.stop, window.stop)
        of_window.append(slice(first - window.start, last - window.start))
        of_patch.append(slice(first - mine.start, last - mine.start))
    return (of_window[0], of_window[1]), (of_patch[0], of_patch[1])


def halved(values: Quantised) -> Quantised:
    """Return the next coarser level of (classes, h, w): the mean of what is known of 2 x 2, 0 for nothing."""
    classes, height, width = values.shape
    padded = np.pad(values, ((0, 0), (0, height % 2), (0, width % 2)))
    four = padded.reshape(classes, (height + 1) // 2, 2, (width + 1) // 2, 2)
    count = (four > 0).sum(axis=(2, 4))
    mean = np.rint(four.sum(axis=(2, 4), dtype=np.float32) / np.maximum(count, 1))
    return np.where(count > 0, mean, 0).astype(np.uint8)
