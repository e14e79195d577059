"""Where a heatmap crosses a level: lines to draw over it, and areas to keep."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiLineString, Polygon

from pathview.annotations.shapes import areal
from pathview.inference.grid import PatchGrid

Values = NDArray[np.float32]
"""(rows, columns) probabilities from 0 to 1; NaN in cells without a value."""

# Of each area: its corners, ring by ring, and where in them each ring begins and the last one ends.
type _OuterOffset = tuple[list[NDArray[np.float64]], list[NDArray[np.uint32]]]

# At 0 everything would be inside and at 1 the areas would have no width.
_LEAST, _MOST = 1e-3, 1 - 1e-3


def isolines(values: Values, grid: PatchGrid, level: float) -> MultiLineString:
    """Return the lines along which a heatmap has the value `level`.

    Between the middles of neighbouring cells values are interpolated. A cell without a value counts as 0, and
    so does what lies around the grid: all lines are closed.

    Parameters
    ----------
    values
        Of one class.
    grid
        Where the cells lie.
    level
        From 0 to 1.

    Returns
    -------
    MultiLineString
        Level-0 pixels.
    """
    from contourpy import LineType, contour_generator

    x, y, z = _field(values, grid)
    generator = contour_generator(x, y, z, line_type=LineType.Separate)
    lines = generator.lines(_within(level))
    return MultiLineString([line for line in lines if isinstance(line, np.ndarray) and len(line) > 1])


def outlines(
    values: Values, grid: PatchGrid, level: float, *, size: tuple[int, int], least: float = 0.0
) -> list[Polygon]:
    """Return the areas in which a heatmap has at least the value `level`, with their holes.

    Parameters
    ----------
    values, grid, level
        As for `isolines`, whose lines are the edges.
    size
        Level-0 (width, height) of the slide: the last cells reach past it, the areas do not.
    least
        Smaller areas are left out and smaller holes filled, in square level-0 pixels.

    Returns
    -------
    list of Polygon
        Valid, level-0 pixels, the largest first.
    """
    from contourpy import FillType, contour_generator

    x, y, z = _field(values, grid)
    generator = contour_generator(x, y, z, fill_type=FillType.OuterOffset)
    points, offsets = cast("_OuterOffset", generator.filled(_within(level), np.inf))
    slide = shapely.box(0, 0, *size)
    found: list[Polygon] = []
    for corners, starts in zip(points, offsets, strict=True):
        rings = [corners[a:b] for a, b in pairwise(starts)]
        area = areal(shapely.intersection(_without_small_holes(Polygon(rings[0], rings[1:]), least), slide))
        found += [] if area is None else [part for part in shapely.get_parts(area) if part.area >= least]
    return sorted(found, key=lambda polygon: -polygon.area)


def _within(level: float) -> float:
    return min(max(level, _LEAST), _MOST)


def _field(
    values: Values, grid: PatchGrid
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y of the cells' middles, and the values, with a frame of zeros."""
    z = np.pad(np.nan_to_num(values.astype(np.float64), nan=0.0), 1)
    rows, columns = z.shape
    # At least two by two, which an empty grid is too with its frame.
    x, y = (
        np.asarray(first + (np.arange(count) - 0.5) * grid.stride, np.float64)
        for first, count in zip(grid.origin, (columns, rows), strict=True)
    )
    return x, y, z


def _without_small_holes(polygon: Polygon, least: float) -> Polygon:
    holes = [ring for ring in polygon.interiors if Polygon(ring).area >= least]
    return Polygon(polygon.exterior, holes)
