"""Geometries as vertex arrays: lines, discs and fills; numpy only, so that it is tested without GL."""

from __future__ import annotations

from collections.abc import Sequence

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

LINE = np.dtype(
    [
        ("a_high", np.float32, 2),
        ("a_low", np.float32, 2),
        ("a_along", np.float32, 2),
        ("a_corner", np.float32, 2),
        ("a_lengths", np.float32, 2),
        ("a_style", np.float32, 4),
    ]
)
FILL = np.dtype([("a_high", np.float32, 2), ("a_low", np.float32, 2), ("a_color", np.float32, 3)])
HANDLE = np.dtype([("a_high", np.float32, 2), ("a_low", np.float32, 2)])

# A counting point is a disc of this many line radii.
DISC_RADII = 3.0
_CORNERS = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)], np.float32)
_QUAD = np.array([0, 1, 2, 2, 1, 3], np.uint32)


def split(values: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return float64 `values` as a sum of two float32 arrays, exact to about 1e-9 of the value."""
    high = values.astype(np.float32)
    return high, (values - high).astype(np.float32)


def lines(geometries: Sequence[BaseGeometry], colors: NDArray[np.float32]) -> NDArray[np.void]:
    """Return four `LINE` vertices for each segment of the outlines and for each point.

    Parameters
    ----------
    geometries
        Shapely geometries of any type, in level-0 pixels.
    colors
        (n, 3), 0 to 1, one for each geometry.
    """
    strokes, strokes_of, dots, dots_of = _parts(geometries)
    start, end, before, owner = _segments(strokes, strokes_of)
    length = np.hypot(*(end - start).T)
    vertices = np.zeros((len(start) + len(dots), 4), LINE)
    stroke, disc = vertices[: len(start)], vertices[len(start) :]
    both = np.stack([start, end], axis=1)[:, [0, 0, 1, 1]]
    stroke["a_high"], stroke["a_low"] = split(both)
    stroke["a_along"] = ((end - start) / length[:, None])[:, None]
    stroke["a_lengths"] = np.stack([length, before], axis=1)[:, None]
    stroke["a_style"][..., :3] = colors[owner][:, None]
    stroke["a_style"][..., 3] = 1
    disc["a_high"], disc["a_low"] = (part[:, None] for part in split(shapely.get_coordinates(dots)))
    disc["a_along"] = (1, 0)
    disc["a_style"][..., :3] = colors[dots_of][:, None]
    disc["a_style"][..., 3] = DISC_RADII
    vertices["a_corner"] = _CORNERS
    return vertices.reshape(-1)


def quad_indices(vertices: int) -> NDArray[np.uint32]:
    """Return the triangle corners of quads of four vertices each."""
    return (np.arange(0, vertices, 4, dtype=np.uint32)[:, None] + _QUAD).reshape(-1)


def triangles(geometry: BaseGeometry) -> Floats:
    """Return the inside of a geometry's polygons as (3 * triangles, 2) corners in level-0 pixels."""
    parts = [_triangles(part) for part in _flat(np.array([geometry]))[0] if isinstance(part, Polygon)]
    return np.concatenate(parts) if parts else np.empty((0, 2))


def fills(areas: Sequence[Floats], colors: NDArray[np.float32]) -> NDArray[np.void]:
    """Return `FILL` vertices of the triangles of each geometry, in its colour (n, 3), 0 to 1."""
    corners = np.concatenate([np.empty((0, 2)), *areas])
    vertices = np.empty(len(corners), FILL)
    vertices["a_high"], vertices["a_low"] = split(corners)
    vertices["a_color"] = np.repeat(colors, [len(area) for area in areas], axis=0)
    return vertices


def handles(geometries: Sequence[BaseGeometry]) -> NDArray[np.void]:
    """Return one `HANDLE` vertex for each corner of the geometries' outlines."""
    strokes, _, _, _ = _parts(geometries)
    corners = shapely.get_coordinates(strokes)
    vertices = np.empty(len(corners), HANDLE)
    vertices["a_high"], vertices["a_low"] = split(corners)
    return vertices


def _triangles(polygon: Polygon) -> Floats:
    rings = shapely.get_rings(polygon)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    if len(corners) < 3:
        return np.empty((0, 2))
    ends = np.cumsum(np.bincount(ring)).astype(np.uint32)
    # Near the origin, because the triangulator compares products of coordinates.
    order = mapbox_earcut.triangulate_float64(corners - corners[0], ends)
    return np.asarray(corners[order])


def _flat(geometries: NDArray[np.object_]) -> tuple[NDArray[np.object_], Indices]:
    # Twice: a collection may hold multi-polygons.
    once, of = shapely.get_parts(geometries, return_index=True)
    twice, of_once = shapely.get_parts(once, return_index=True)
    return twice, of[of_once]


def _parts(
    geometries: Sequence[BaseGeometry],
) -> tuple[NDArray[np.object_], Indices, NDArray[np.object_], Indices]:
    # Lines with the number of the geometry that each is from, and points likewise.
    whole = np.empty(len(geometries), object)
    whole[:] = geometries
    parts, of = _flat(whole)
    kind = shapely.get_type_id(parts)
    area, dot = kind == shapely.GeometryType.POLYGON, kind == shapely.GeometryType.POINT
    rings, ring_of = shapely.get_rings(parts[area], return_index=True)
    stroke = ~area & ~dot
    strokes = np.concatenate([rings, parts[stroke]])
    return strokes, np.concatenate([of[area][ring_of], of[stroke]]), parts[dot], of[dot]


def _segments(strokes: NDArray[np.object_], strokes_of: Indices) -> tuple[Floats, Floats, Floats, Indices]:
    # Start, end, length of the line before, owner; segments of no length would have no direction.
    corners, stroke = shapely.get_coordinates(strokes, return_index=True)
    start, end = corners[:-1], corners[1:]
    real = (stroke[:-1] == stroke[1:]) & np.any(start != end, axis=1)
    start, end, stroke = start[real], end[real], stroke[:-1][real]
    length = np.hypot(*(end - start).T)
    walked = np.cumsum(length) - length
    _, first, counts = np.unique(stroke, return_index=True, return_counts=True)
    return start, end, walked - np.repeat(walked[first], counts), strokes_of[stroke]
