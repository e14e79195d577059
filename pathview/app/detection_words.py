"""How many objects there are, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pathview.inference.heatmap import CellState, Heatmap


def counts_in_words(counts: NDArray[np.int64], classes: Sequence[str], mm2: float | None) -> list[str]:
    """Return a line a class, with the density where the area is known, and the sum of several classes."""
    lines = [f"{name}: {_number(int(count), mm2)}" for name, count in zip(classes, counts, strict=True)]
    return lines if len(lines) == 1 else [f"All: {_number(int(counts.sum()), mm2)}", *lines]


def _number(count: int, mm2: float | None) -> str:
    # A thousand is told apart by a thin space, as in the other numbers of the window.
    number = f"{count:,}".replace(",", "\u202f")
    return f"{number} ({count / mm2:,.0f} per mm²)".replace(",", "\u202f") if mm2 else number


def all_looked_at(heatmap: Heatmap, area: BaseGeometry) -> bool:
    """Tell whether a model has looked at all of an area of level-0 pixels, but for what holds no tissue."""
    missing = np.argwhere((heatmap.state == CellState.NOT_RUN) | (heatmap.state == CellState.FAILED))
    if not len(missing):
        return True
    shapely.prepare(area)
    return not shapely.intersects(area, shapely.box(*heatmap.grid.cell_boxes(missing).T)).any()
