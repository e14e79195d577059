"""Where a person has told runs to look, or not to look, whatever the slide's colours say."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import shapely
from shapely.geometry import MultiLineString

from pathview.annotations.annotation import Annotation
from pathview.annotations.shapes import areal
from pathview.core.palette import EXCLUDE, INCLUDE
from pathview.inference.contours import isolines
from pathview.inference.grid import PatchGrid
from pathview.inference.tissue import TissueMask

# Rows of a mask at a time: a shape over a whole slide would otherwise take a gigabyte.
_ROWS = 256


class TissueEdit(NamedTuple):
    """One area; picklable.

    Attributes
    ----------
    adds
        Whether all of it counts as tissue; otherwise none of it does.
    shape
        WKB, level-0 pixels.
    """

    adds: bool
    shape: bytes


def tissue_edits(annotations: Iterable[Annotation]) -> tuple[TissueEdit, ...]:
    """Return what the areas of the classes `INCLUDE` and `EXCLUDE` say, in the order of the annotations."""
    marked = (one for one in annotations if one.class_name in (INCLUDE, EXCLUDE))
    areas = ((one.class_name == INCLUDE, areal(one.geometry)) for one in marked)
    return tuple(TissueEdit(adds, bytes(shapely.to_wkb(area))) for adds, area in areas if area is not None)


def edited(tissue: TissueMask, edits: Sequence[TissueEdit]) -> TissueMask:
    """Return a mask with areas added and taken away; where two overlap, the later one counts.

    A pixel of the mask belongs to an area when its middle does.
    """
    mask = tissue.mask.copy()
    for adds, wkb in edits:
        shape = shapely.from_wkb(wkb)
        shapely.prepare(shape)
        x0, y0, x1, y1 = (edge / tissue.downsample for edge in shape.bounds)
        top, bottom = max(0, math.floor(y0)), min(mask.shape[0], math.ceil(y1))
        left, right = max(0, math.floor(x0)), min(mask.shape[1], math.ceil(x1))
        x = (np.arange(left, right) + 0.5) * tissue.downsample
        for first in range(top, bottom, _ROWS):
            last = min(first + _ROWS, bottom)
            y = (np.arange(first, last) + 0.5) * tissue.downsample
            inside = shapely.contains_xy(shape, x[None, :], y[:, None])
            mask[first:last, left:right][inside] = adds
    return replace(tissue, mask=mask)


def tissue_lines(tissue: TissueMask) -> MultiLineString:
    """Return the edges of a mask as lines, level-0 pixels."""
    rows, columns = tissue.mask.shape
    lattice = PatchGrid(
        (0.0, 0.0), tissue.downsample, tissue.downsample, 1, (rows, columns), tissue.mask, tissue.mask
    )
    return isolines(tissue.mask.astype(np.float32), lattice, 0.5)
