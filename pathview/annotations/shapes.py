"""Making and mending the shapes that tools draw, in level-0 pixels."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from pathview.core.geometry import Box

_ELLIPSE_CORNERS = 128


def polygon_from_points(
    points: Sequence[tuple[float, float]], tolerance: float = 0.0
) -> Polygon | MultiPolygon | None:
    """Return the area inside a drawn outline, valid even where the stroke crosses itself.

    Parameters
    ----------
    points
        The corners, in level-0 px; the outline closes itself.
    tolerance
        Corners that move the outline by no more than this many level-0 px are left out.

    Returns
    -------
    Polygon or MultiPolygon or None
        None where the outline holds no area: fewer than three corners, or all on a line.
    """
    if len(points) < 3 or not all(isfinite(x) and isfinite(y) for x, y in points):
        return None
    # Thinned as a line: thinning a crossed polygon makes it valid by dropping lobes.
    outline = shapely.get_coordinates(simplified(LineString(points), tolerance))
    return areal(Polygon(outline if len(outline) > 2 else points))


def simplified(geometry: BaseGeometry, tolerance: float) -> BaseGeometry:
    """Return `geometry` without corners that move it by no more than `tolerance` level-0 px."""
    if tolerance <= 0:
        return geometry
    # Preserving topology would cost far more and cannot help a stroke that crosses itself anyway.
    slim = geometry.simplify(tolerance, preserve_topology=False)
    return geometry if slim.is_empty else slim


def areal(geometry: BaseGeometry) -> Polygon | MultiPolygon | None:
    """Return the valid area that `geometry` covers, or None where it covers none."""
    valid = geometry if geometry.is_valid else shapely.make_valid(geometry)
    parts = shapely.get_parts(shapely.get_parts(valid))  # twice: a collection may hold multi-polygons
    polygons = [part for part in parts if isinstance(part, Polygon) and part.area > 0]
    if not polygons:
        return None
    return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)


def rectangle(box: Box) -> Polygon | None:
    """Return the rectangle of `box`, or None where the box is empty."""
    return None if box.empty else shapely.box(box.x0, box.y0, box.x1, box.y1)


def ellipse(box: Box) -> Polygon | None:
    """Return the ellipse that touches the sides of `box` as a many-sided polygon, or None if it is empty."""
    if box.empty:
        return None
    turn = np.linspace(0, 2 * np.pi, _ELLIPSE_CORNERS, endpoint=False)
    x, y = box.center
    return Polygon(np.column_stack((x + np.cos(turn) * box.width / 2, y + np.sin(turn) * box.height / 2)))


def translated(geometry: BaseGeometry, dx: float, dy: float) -> BaseGeometry:
    """Return `geometry` moved by (dx, dy) level-0 px."""
    return shapely.transform(geometry, lambda points: points + np.array([dx, dy]))


def united(geometry: BaseGeometry, other: BaseGeometry) -> Polygon | MultiPolygon | None:
    """Return the area that either covers, or None where there is none."""
    return areal(shapely.union(geometry, other))


def subtracted(geometry: BaseGeometry, other: BaseGeometry) -> Polygon | MultiPolygon | None:
    """Return the area of `geometry` that `other` does not cover, or None where nothing is left."""
    return areal(shapely.difference(geometry, other))
