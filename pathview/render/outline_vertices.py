"""Geometries as vertex arrays: lines, discs and fills; numpy only, so that it is tested without GL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Triangles = NDArray[np.uint32]

SEGMENT = np.dtype(
    [
        ("a_high", np.float32, 2),  # where it starts, high + low, level-0 pixels
        ("a_low", np.float32, 2),
        ("a_delta", np.float32, 2),  # from start to end; zero for a disc
        ("a_before", np.float32),  # length of the line before it
        ("a_color", np.float32),  # 0xRRGGBB, exact in 24 bits
        ("a_radius", np.float32),  # in half line widths
        ("a_corner", np.float32),  # 0 to 3 once there are four of it
    ]
)
FILL = np.dtype([("a_high", np.float32, 2), ("a_low", np.float32, 2), ("a_color", np.float32)])
HANDLE = np.dtype([("a_high", np.float32, 2), ("a_low", np.float32, 2)])

# A counting point is a disc of this many half line widths.
DISC_RADII = 3.0
_QUAD = np.array([0, 1, 2, 2, 1, 3], np.uint32)


@dataclass(frozen=True, slots=True)
class Shape:
    """What one geometry, or several, look like.

    Attributes
    ----------
    segments
        (n,) of `SEGMENT`: outlines, lines and points.
    corners
        (m,) of `FILL`: corners of the areas.
    triangles
        (3 * t,) indices into `corners`.
    """

    segments: NDArray[np.void]
    corners: NDArray[np.void]
    triangles: Triangles


def packed(red: int, green: int, blue: int) -> float:
    """Return a colour (0-255) as the one number that the shaders take apart."""
    return float(red << 16 | green << 8 | blue)


def split(values: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return float64 `values` as a sum of two float32 arrays, exact to about 1e-14 of the value."""
    high = values.astype(np.float32)
    return high, (values - high).astype(np.float32)


def shapes(geometries: Sequence[BaseGeometry], colors: Sequence[float]) -> list[Shape]:
    """Return the shape of each geometry in its packed colour; all in one go, since numpy pays by the call."""
    if not geometries:
        return []
    parts, of = _parts(geometries)
    kind = shapely.get_type_id(parts)
    paint = np.asarray(colors, np.float32)
    segments, segments_of = _segments(parts, of, kind, paint)
    area = kind == shapely.GeometryType.POLYGON
    corners, corners_of, triangles, triangles_of = _fills(parts[area], of[area], paint)
    bounds = np.arange(1, len(geometries))
    corners_at = np.searchsorted(corners_of, bounds)
    pieces = zip(
        np.split(segments, np.searchsorted(segments_of, bounds)),
        np.split(corners, corners_at),
        np.split(triangles, np.searchsorted(triangles_of, bounds)),
        (0, *corners_at),
        strict=True,
    )
    return [Shape(lines, areas, order - np.uint32(first)) for lines, areas, order, first in pieces]


def coarser(geometries: Sequence[BaseGeometry], tolerance: float) -> Sequence[BaseGeometry]:
    """Return geometries with fewer corners, at most `tolerance` level-0 pixels away; none vanishes."""
    whole = np.empty(len(geometries), object)
    whole[:] = geometries
    slim = shapely.simplify(whole, tolerance, preserve_topology=False)
    vanished = shapely.is_empty(slim)
    slim[vanished] = shapely.envelope(whole[vanished])
    return list(slim)


def joined(several: Sequence[Shape]) -> Shape:
    """Return several shapes as one, in order."""
    if not several:
        return Shape(np.empty(0, SEGMENT), np.empty(0, FILL), np.empty(0, np.uint32))
    counts = [len(shape.corners) for shape in several]
    first = np.cumsum([0, *counts[:-1]]).astype(np.uint32)
    shifts = np.repeat(first, [len(shape.triangles) for shape in several])
    return Shape(
        np.concatenate([shape.segments for shape in several]),
        np.concatenate([shape.corners for shape in several]),
        np.concatenate([shape.triangles for shape in several]) + shifts,
    )


def quads(segments: NDArray[np.void]) -> tuple[NDArray[np.void], Triangles]:
    """Return four vertices a segment, and the indices of their triangles."""
    vertices = np.repeat(segments, 4)
    vertices.reshape(-1, 4)["a_corner"] = (0, 1, 2, 3)
    starts = np.arange(0, len(vertices), 4, dtype=np.uint32)
    return vertices, (starts[:, None] + _QUAD).reshape(-1)


def handles(geometries: Sequence[BaseGeometry]) -> NDArray[np.void]:
    """Return one `HANDLE` for each corner of the geometries; points have none."""
    parts, _ = _parts(geometries)
    # The last corner of a ring is its first.
    rings = shapely.get_rings(parts)
    lines = parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING]
    corners = [shapely.get_coordinates(ring)[:-1] for ring in rings]
    at = np.concatenate([np.empty((0, 2)), shapely.get_coordinates(lines), *corners])
    vertices = np.empty(len(at), HANDLE)
    vertices["a_high"], vertices["a_low"] = split(at)
    return vertices


def _parts(geometries: Sequence[BaseGeometry]) -> tuple[NDArray[np.object_], Indices]:
    # Simple geometries, and the number of the one that each is from.
    whole = np.empty(len(geometries), object)
    whole[:] = geometries
    once, of = shapely.get_parts(whole, return_index=True)
    parts, of_once = shapely.get_parts(once, return_index=True)  # a collection may hold multi-polygons
    return parts, of[of_once]


def _segments(
    parts: NDArray[np.object_], of: Indices, kind: NDArray[np.int32], paint: NDArray[np.float32]
) -> tuple[NDArray[np.void], Indices]:
    area, dot = kind == shapely.GeometryType.POLYGON, kind == shapely.GeometryType.POINT
    rings, ring_of = shapely.get_rings(parts[area], return_index=True)
    stroke = ~area & ~dot
    strokes = np.concatenate([rings, parts[stroke]])
    start, delta, before, owner = _steps(strokes, np.concatenate([of[area][ring_of], of[stroke]]))
    dots = shapely.get_coordinates(parts[dot])
    segments = np.zeros(len(start) + len(dots), SEGMENT)
    segments["a_high"], segments["a_low"] = split(np.concatenate([start, dots]))
    segments["a_delta"][: len(start)] = delta
    segments["a_before"][: len(start)] = before
    segments["a_radius"] = np.where(np.arange(len(segments)) < len(start), 1, DISC_RADII)
    owners = np.concatenate([owner, of[dot]])
    segments["a_color"] = paint[owners]
    order = np.argsort(owners, kind="stable")
    return segments[order], owners[order]


def _steps(strokes: NDArray[np.object_], strokes_of: Indices) -> tuple[Floats, Floats, Floats, Indices]:
    # Start, way, length of the line before, owner; segments of no length would have no direction.
    at, stroke = shapely.get_coordinates(strokes, return_index=True)
    start, delta = at[:-1], np.diff(at, axis=0)
    real = (stroke[:-1] == stroke[1:]) & np.any(delta != 0, axis=1)
    start, delta, stroke = start[real], delta[real], stroke[:-1][real]
    length = np.hypot(delta[:, 0], delta[:, 1])
    walked = np.cumsum(length) - length
    _, first, counts = np.unique(stroke, return_index=True, return_counts=True)
    return start, delta, walked - np.repeat(walked[first], counts), strokes_of[stroke]


def _fills(
    polygons: NDArray[np.object_], of: Indices, paint: NDArray[np.float32]
) -> tuple[NDArray[np.void], Indices, Triangles, Indices]:
    rings, ring_of = shapely.get_rings(polygons, return_index=True)
    at, ring = shapely.get_coordinates(rings, return_index=True)
    ends = np.cumsum(np.bincount(ring, minlength=len(rings)))
    first_ring = np.searchsorted(ring_of, np.arange(len(polygons) + 1))
    starts = np.concatenate([[0], ends])[first_ring]
    pieces = [np.empty(0, np.uint32)]
    for number, (start, stop) in enumerate(pairwise(starts)):
        own_ends = ends[first_ring[number] : first_ring[number + 1]] - start
        # Near the origin, because the triangulator compares products of coordinates.
        corners = at[start:stop] - at[start] if stop > start else at[:0]
        pieces.append(
            mapbox_earcut.triangulate_float64(corners, own_ends.astype(np.uint32)) + np.uint32(start)
        )
    vertices = np.empty(len(at), FILL)
    vertices["a_high"], vertices["a_low"] = split(at)
    owners = of[ring_of[ring]]
    vertices["a_color"] = paint[owners]
    triangles_of = np.repeat(of, [len(piece) for piece in pieces[1:]])
    return vertices, owners, np.concatenate(pieces), triangles_of
