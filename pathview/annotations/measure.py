"""How large annotations are, in pixels and in micrometres."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True)
class Measures:
    """Sizes of one shape.

    Attributes
    ----------
    area_px
        Area in level-0 px²; 0 for lines and points.
    length_px
        Length of a line, or of all outlines of an area, in level-0 px.
    area_um2, length_um
        The same in µm² and µm; None where the pixel size is unknown.
    """

    area_px: float
    length_px: float
    area_um2: float | None
    length_um: float | None


def measure(geometry: BaseGeometry, mpp: tuple[float, float] | None) -> Measures:
    """Return the sizes of `geometry`, which is in level-0 px.

    Parameters
    ----------
    geometry
        Any shape of an annotation.
    mpp
        (x, y) in µm/px at level 0, or None; pixels need not be square.
    """
    if mpp is None:
        return Measures(geometry.area, geometry.length, None, None)
    # Length does not scale by a factor where pixels are not square, so the shape itself goes to µm.
    physical = shapely.transform(geometry, lambda points: points * mpp)
    return Measures(geometry.area, geometry.length, physical.area, physical.length)
