"""Where a heatmap is suspicious: connected cells over a level, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pathview.core.geometry import Box
from pathview.inference.contours import Values
from pathview.inference.grid import PatchGrid

Order = Literal["score", "area"]
ORDERS: tuple[Order, ...] = ("score", "area")
MOST = 1000
"""No more are listed: who has to look at more needs another threshold."""


@dataclass(frozen=True, slots=True)
class Hotspot:
    """One suspicious region.

    Attributes
    ----------
    box
        What it reaches over, level-0 pixels.
    peak
        (x, y) of the middle of its highest cell, level-0 pixels; no other region has it.
    score
        The highest probability in it.
    mean
        The mean probability of its cells.
    area
        Of its cells, in square level-0 pixels.
    """

    box: Box
    peak: tuple[float, float]
    score: float
    mean: float
    area: float


def hotspots(values: Values, grid: PatchGrid, level: float, order: Order = "score") -> tuple[Hotspot, ...]:
    """Return the regions of cells with at least the probability `level`, the most suspicious first.

    Cells belong together that share an edge or a corner.

    Parameters
    ----------
    values
        (rows, columns) of one class; NaN in cells without a value.
    grid
        Where the cells lie.
    level
        From 0 to 1.
    order
        By "score", to two decimals, and the area where that is equal; or by "area" alone.

    Returns
    -------
    tuple
        At most `MOST`.
    """
    # scipy takes most of a second to import, which the start of the window is spared.
    from scipy import ndimage

    known = np.nan_to_num(values, nan=-1.0)
    labels, count = ndimage.label(known >= max(level, 0.0), np.ones((3, 3), bool))
    if not count:
        return ()
    numbers = np.arange(1, count + 1)
    cells = np.bincount(labels.ravel())[1:]
    scores = np.asarray(ndimage.maximum(known, labels, numbers))
    means = np.bincount(labels.ravel(), known.ravel())[1:] / cells
    # `lexsort` takes the less important key first.
    by_score, by_area = (cells, np.round(scores, 2)), (scores, cells)
    ranked = np.lexsort(by_score if order == "score" else by_area)[::-1][:MOST]
    windows = ndimage.find_objects(labels)
    peaks = ndimage.maximum_position(known, labels, numbers[ranked])
    return tuple(
        Hotspot(
            _box(windows[index], grid),
            _middle(int(peak[0]), int(peak[1]), grid),
            float(scores[index]),
            float(means[index]),
            float(cells[index]) * grid.stride**2,
        )
        for index, peak in zip(ranked, peaks, strict=True)
    )


def stepped(spots: Sequence[Hotspot], at: tuple[float, float] | None, step: int) -> Hotspot | None:
    """Return the region `step` places after the one whose peak is `at`, round and round; None without any.

    From nowhere, one step forward is the first and one step back the last.
    """
    if not spots:
        return None
    places = {spot.peak: place for place, spot in enumerate(spots)}
    start = -1 if step > 0 else len(spots)
    place = places.get(at, start) if at is not None else start
    return spots[(place + step) % len(spots)]


def _box(window: tuple[slice, slice], grid: PatchGrid) -> Box:
    rows, cols = window
    x, y = grid.origin
    return Box(
        x + cols.start * grid.stride,
        y + rows.start * grid.stride,
        x + cols.stop * grid.stride,
        y + rows.stop * grid.stride,
    )


def _middle(row: int, col: int, grid: PatchGrid) -> tuple[float, float]:
    return grid.origin[0] + (col + 0.5) * grid.stride, grid.origin[1] + (row + 0.5) * grid.stride
