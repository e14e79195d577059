"""Which patches of a slide a model looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pathview.core.errors import UnknownScaleError
from pathview.core.region import downsample_for
from pathview.inference.card import ModelCard
from pathview.inference.tissue import TissueMask
from pathview.slides.reader import SlideInfo

MIN_TISSUE = 0.1
"""Share of a cell that must be tissue; a tumour's rim and pale fat still count, dust does not."""

_WHOLE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class PatchGrid:
    """A lattice of square cells over a slide, one patch a cell.

    A cell is the square of edge `stride` that a heatmap draws; its patch is the square of edge `patch`
    about the same centre, which reaches into the neighbours where the patches overlap.

    Attributes
    ----------
    origin
        (x, y) of the top-left corner of cell (0, 0) in level-0 pixels; always a whole number of strides,
        so that the cells of a region are cells of the whole slide too.
    patch, stride
        Edges in level-0 pixels.
    pixels
        Edge of a patch in the model's pixels.
    shape
        (rows, columns).
    inside
        (rows, columns) bool: the cells that were asked for.
    selected
        (rows, columns) bool: those of them that hold enough tissue to be looked at.
    region
        The level-0 outline that was asked for, or None for the whole slide.
    """

    origin: tuple[float, float]
    patch: float
    stride: float
    pixels: int
    shape: tuple[int, int]
    inside: NDArray[np.bool_]
    selected: NDArray[np.bool_]
    region: BaseGeometry | None = None

    @property
    def downsample(self) -> float:
        """Level-0 pixels per pixel of the model."""
        return self.patch / self.pixels

    def boxes(self, cells: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the patches of `cells`, (n, 2) as (row, column), as (n, 4) level-0 (x0, y0, x1, y1)."""
        return self._squares(cells, self.patch)

    def cell_boxes(self, cells: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the squares that `cells`, (n, 2), are drawn as, like `boxes`."""
        return self._squares(cells, self.stride)

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the (row, column) of the cell at a level-0 point, or None outside the grid."""
        col = math.floor((x - self.origin[0]) / self.stride)
        row = math.floor((y - self.origin[1]) / self.stride)
        return (row, col) if 0 <= row < self.shape[0] and 0 <= col < self.shape[1] else None

    def same_lattice(self, other: PatchGrid) -> bool:
        """Tell whether a cell of one grid is the same patch in the other."""
        return (self.origin, self.patch, self.stride, self.pixels, self.shape) == (
            other.origin,
            other.patch,
            other.stride,
            other.pixels,
            other.shape,
        )

    def _squares(self, cells: NDArray[np.intp], edge: float) -> NDArray[np.float64]:
        margin = (self.stride - edge) / 2
        corner = np.asarray(cells)[:, ::-1] * self.stride + np.asarray(self.origin) + margin
        return np.concatenate([corner, corner + edge], axis=1)


def make_grid(
    info: SlideInfo,
    card: ModelCard,
    tissue: TissueMask | None = None,
    region: BaseGeometry | None = None,
    *,
    min_tissue: float = MIN_TISSUE,
) -> PatchGrid:
    """Lay a model's patches over a slide.

    Parameters
    ----------
    info
        The slide; its mpp turns the card's um/px into level-0 pixels.
    card
        The model.
    tissue
        Where there is tissue; None takes every cell.
    region
        Level-0 outline; a cell counts if it shares some area with it. None takes the whole slide.
    min_tissue
        Share of a cell, 0 to 1, that must be tissue.

    Raises
    ------
    UnknownScaleError
        If the slide's mpp is unknown: no model runs at a guessed scale.
    """
    downsample = _downsample(info, card)
    stride = card.stride * downsample
    origin, shape = _extent(info, stride, region)
    everything = np.ones(shape, bool)
    grid = PatchGrid(
        origin, card.patch * downsample, stride, card.patch, shape, everything, everything, region
    )
    inside = cells_inside(grid)
    return replace(grid, inside=inside, selected=inside & _with_tissue(grid, tissue, min_tissue))


def cells_inside(grid: PatchGrid) -> NDArray[np.bool_]:
    """Return (rows, columns) bool: the cells that share some area with the grid's region."""
    inside = np.ones(grid.shape, bool)
    if grid.region is None:
        return inside
    shapely.prepare(grid.region)
    squares = shapely.box(*grid.cell_boxes(np.argwhere(inside)).T)
    meets = shapely.intersects(grid.region, squares) & ~shapely.touches(grid.region, squares)
    return np.asarray(meets, bool).reshape(grid.shape)


def _downsample(info: SlideInfo, card: ModelCard) -> float:
    downsample = downsample_for(card.mpp, info.mpp)
    if downsample is None:
        raise UnknownScaleError(info.path, f"the model {card.name}")
    # A scanner's 0.2431 against a card's 0.972 means 4: whole factors need no resampling between pixels.
    whole = round(downsample)
    return float(whole) if whole and abs(downsample / whole - 1) < _WHOLE else downsample


def _extent(
    info: SlideInfo, stride: float, region: BaseGeometry | None
) -> tuple[tuple[float, float], tuple[int, int]]:
    width, height = info.size
    x0, y0, x1, y1 = (0.0, 0.0, width, height) if region is None else region.bounds
    # Only what lies on the slide; a region wholly outside leaves a grid without cells.
    col0, row0 = (math.floor(max(0.0, v) / stride + 1e-9) for v in (x0, y0))
    col1, row1 = (
        math.ceil(min(end, v) / stride - 1e-9) if v > 0 else 0 for end, v in ((width, x1), (height, y1))
    )
    return (col0 * stride, row0 * stride), (max(0, row1 - row0), max(0, col1 - col0))


def _with_tissue(grid: PatchGrid, tissue: TissueMask | None, min_tissue: float) -> NDArray[np.bool_]:
    if tissue is None:
        return np.ones(grid.shape, bool)
    share = tissue.fraction(grid.cell_boxes(np.argwhere(np.ones(grid.shape, bool))))
    return np.asarray(share >= min_tissue, bool).reshape(grid.shape)
