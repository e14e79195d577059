"""Where everything lies: the outlines of the tissues, in micrometres, y down.

The section shows a lymph node with a capsule, follicles along its rim and a medulla towards its hilum, fat
that clings to it, a separate strip of fibrous tissue with ducts, and islands of metastasis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from pathview.slides.demo.recipe import Recipe

ISLANDS: tuple[tuple[float, float, float, float], ...] = (
    (2.10, 0.50, 600, 420),
    (3.50, 0.74, 360, 270),
    (4.72, 0.66, 430, 270),
    (0.95, 0.74, 290, 230),
    (5.60, 0.50, 250, 190),
    (1.52, 0.82, 160, 120),
)
"""Metastases: angle seen from the centre of the node (rad), part of the way to its edge, two radii (um)."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Outlines in micrometres. Areas may overlap; the painter knows what lies on top."""

    node: Polygon
    fat: BaseGeometry
    strip: Polygon
    trabeculae: BaseGeometry
    follicles: tuple[Polygon, ...]
    centres: tuple[Polygon, ...]
    islands: tuple[Polygon, ...]
    vessels: tuple[Polygon, ...]
    ducts: tuple[Polygon, ...]
    debris: tuple[Polygon, ...]
    hilum: tuple[float, float]

    @property
    def tissue(self) -> BaseGeometry:
        """Outline of all that is not glass."""
        return unary_union([self.node, self.fat, self.strip, *self.debris])


def blob(
    centre: tuple[float, float],
    radii: tuple[float, float],
    rng: np.random.Generator,
    rough: float = 0.1,
    turn: float = 0.0,
    waves: int = 8,
) -> Polygon:
    """Draw an irregular closed outline without sharp corners.

    Parameters
    ----------
    centre, radii
        Of the ellipse that it deviates from, micrometres.
    rng
        Source of the shape.
    rough
        Relative size of the deviations.
    turn
        Angle of the first radius, radians.
    waves
        Number of harmonics; their size falls with their order.
    """
    angle = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    radius = np.ones_like(angle)
    for order in range(2, 2 + waves):
        size = rng.normal(0, rough) / (order - 1) ** 0.8
        radius += size * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    radius = np.maximum(radius, 0.35)
    x, y = radii[0] * radius * np.cos(angle), radii[1] * radius * np.sin(angle)
    points = np.stack(
        [
            centre[0] + x * np.cos(turn) - y * np.sin(turn),
            centre[1] + x * np.sin(turn) + y * np.cos(turn),
        ],
        axis=1,
    )
    return Polygon(points)


def make_layout(recipe: Recipe) -> Layout:
    """Place everything on the slide of `recipe`; the same recipe always gives the same layout."""
    rng = np.random.default_rng([recipe.seed, 2])
    width, height = recipe.size_um
    scale = recipe.scale
    centre = (0.425 * width, 0.49 * height)
    reach = (0.345 * width, 0.395 * height)
    node = _node(centre, reach, rng)
    hilum = (centre[0] + 0.80 * reach[0], centre[1] + 0.25 * reach[1])
    islands = _islands(node, centre, reach, scale, rng)
    follicles = _follicles(node, islands, hilum, scale, rng)
    strip = blob((0.885 * width, 0.53 * height), (0.33 * height, 0.075 * width), rng, 0.1, 1.45)
    strip = largest(strip.difference(node.buffer(160 * scale)))
    ducts = _inside(strip, 7, (45, 105), scale, rng)
    fat = _fat(node, centre, reach, scale, rng).difference(strip.buffer(110 * scale))
    loose = [strip, fat, *_around(node, scale)]
    occupied = unary_union([*ducts, *islands, *follicles])
    vessels = [vessel for area in loose for vessel in _inside(area, 9, (14, 42), scale, rng)]
    vessels += _inside(node.buffer(-150 * scale), 44, (9, 20), scale, rng)
    return Layout(
        node=node,
        fat=fat,
        strip=strip,
        trabeculae=_trabeculae(node, centre, [*islands, *follicles], scale, rng),
        follicles=follicles,
        centres=tuple(_germinal_centre(follicle, rng) for follicle in follicles if rng.random() < 0.8),
        islands=islands,
        vessels=tuple(vessel for vessel in vessels if not vessel.intersects(occupied)),
        ducts=tuple(ducts),
        debris=_debris(node, strip, fat, recipe.size_um, scale, rng),
        hilum=hilum,
    )


def _node(centre: tuple[float, float], reach: tuple[float, float], rng: np.random.Generator) -> Polygon:
    """Draw a bean: an irregular oval with a dent where the vessels come in."""
    outline = blob(centre, reach, rng, 0.062, turn=-0.12, waves=16)
    dent = Point(centre[0] + 1.12 * reach[0], centre[1] + 0.28 * reach[1]).buffer(0.34 * reach[1])
    cut = outline.difference(dent)
    rounded = largest(cut).buffer(-0.06 * reach[1]).buffer(0.12 * reach[1]).buffer(-0.06 * reach[1])
    return largest(rounded)


def _islands(
    node: Polygon,
    centre: tuple[float, float],
    reach: tuple[float, float],
    scale: float,
    rng: np.random.Generator,
) -> tuple[Polygon, ...]:
    inner = node.buffer(-70 * scale)
    islands: list[Polygon] = []
    for angle, part, long, short in ISLANDS:
        place = (centre[0] + part * reach[0] * np.cos(angle), centre[1] + part * reach[1] * np.sin(angle))
        shape = blob(place, (long * scale, short * scale), rng, 0.13, rng.uniform(0, np.pi), waves=11)
        kept = largest(shape.intersection(inner))
        if all(kept.distance(other) > 40 * scale for other in islands):
            islands.append(kept)
    return tuple(islands)


def _follicles(
    node: Polygon,
    islands: Sequence[Polygon],
    hilum: tuple[float, float],
    scale: float,
    rng: np.random.Generator,
) -> tuple[Polygon, ...]:
    """One row along the rim, a few more below it; none in a metastasis or at the hilum."""
    kept: list[Polygon] = []
    for depth, pitch, chance in ((290, 385, 0.95), (700, 480, 0.55)):
        ring = largest(node.buffer(-depth * scale)).exterior
        for place in np.arange(0, ring.length, pitch * scale):
            spot = ring.interpolate(place + rng.normal(0, 50) * scale)
            long = rng.uniform(150, 235) * scale
            shape = blob((spot.x, spot.y), (long, long * rng.uniform(0.72, 1)), rng, 0.05, rng.uniform(0, 3))
            clear = not any(shape.distance(other) < 15 * scale for other in (*islands, *kept))
            if rng.random() < chance and clear and spot.distance(Point(hilum)) > 800 * scale:
                kept.append(shape)
    return tuple(kept)


def _germinal_centre(follicle: Polygon, rng: np.random.Generator) -> Polygon:
    size = np.sqrt(follicle.area / np.pi) * rng.uniform(0.5, 0.66)
    middle = follicle.centroid
    off = rng.normal(0, 0.1 * size, 2)
    return blob((middle.x + off[0], middle.y + off[1]), (size, size * rng.uniform(0.75, 1)), rng, 0.06)


def _trabeculae(
    node: Polygon,
    centre: tuple[float, float],
    others: Sequence[Polygon],
    scale: float,
    rng: np.random.Generator,
) -> BaseGeometry:
    """Septa that run from the capsule inwards and taper off, or end at what lies in their way."""
    rim = node.exterior
    parts: list[BaseGeometry] = []
    for place in np.arange(0.03, 1, 0.085) + rng.normal(0, 0.012, 12):
        start = rim.interpolate(place % 1, normalized=True)
        way = np.array([centre[0] - start.x, centre[1] - start.y])
        way /= np.hypot(*way)
        point = np.array([start.x, start.y])
        steps = int(rng.integers(8, 20))
        for step in range(steps):
            bend = rng.normal(0, 0.22)
            way = np.array([way[0] - bend * way[1], way[1] + bend * way[0]])
            following = point + way / np.hypot(*way) * 42 * scale
            parts.append(LineString([point, following]).buffer((19 * (1 - step / steps) + 4) * scale))
            point = following
    return unary_union(parts).intersection(node).difference(unary_union(others))


def _fat(
    node: Polygon,
    centre: tuple[float, float],
    reach: tuple[float, float],
    scale: float,
    rng: np.random.Generator,
) -> BaseGeometry:
    """Fat at the lower left and in the hilum; it ends just inside the capsule, which is painted over it."""
    places = ((2.55, 0.98, 620, 420), (2.1, 1.03, 420, 230), (0.28, 0.97, 330, 430), (4.2, 1.0, 420, 170))
    lumps = []
    for angle, part, long, short in places:
        spot = (centre[0] + part * reach[0] * np.cos(angle), centre[1] + part * reach[1] * np.sin(angle))
        lumps.append(blob(spot, (long * scale, short * scale), rng, 0.12, angle + np.pi / 2))
    return unary_union(lumps).difference(node.buffer(-12 * scale))


def _around(node: Polygon, scale: float) -> list[BaseGeometry]:
    return [node.difference(node.buffer(-70 * scale))]


def _inside(
    area: BaseGeometry, count: int, radii: tuple[float, float], scale: float, rng: np.random.Generator
) -> list[Polygon]:
    """Up to `count` round holes' outlines that lie in `area` and clear of one another."""
    left, top, right, bottom = area.bounds
    kept: list[Polygon] = []
    taken: list[tuple[float, float, float]] = []
    small = max(scale, 0.45)  # a vessel thinner than a cell would not be one
    for _ in range(count * 12):
        size = rng.uniform(*radii) * small
        spot = (rng.uniform(left, right), rng.uniform(top, bottom))
        shape = blob(spot, (size * rng.uniform(1, 1.6), size), rng, 0.05, rng.uniform(0, np.pi), waves=4)
        apart = (np.hypot(spot[0] - x, spot[1] - y) - 1.6 * (size + other) for x, y, other in taken)
        if min(apart, default=np.inf) > 20 * small and area.contains(shape.buffer(6)):
            kept.append(shape)
            taken.append((*spot, size))
        if len(kept) == count:
            break
    return kept


def _debris(
    node: Polygon,
    strip: Polygon,
    fat: BaseGeometry,
    extent: tuple[float, float],
    scale: float,
    rng: np.random.Generator,
) -> tuple[Polygon, ...]:
    """Scatter a few crumbs that floated off."""
    crumbs: list[Polygon] = []
    while len(crumbs) < 7:
        spot = (rng.uniform(0.03, 0.97) * extent[0], rng.uniform(0.03, 0.97) * extent[1])
        size = rng.uniform(12, 60) * max(scale, 0.3)
        crumb = blob(spot, (size * rng.uniform(1, 2.2), size), rng, 0.2, rng.uniform(0, np.pi))
        if crumb.distance(unary_union([node, strip, fat])) > 60 * scale:
            crumbs.append(crumb)
    return tuple(crumbs)


def largest(shape: BaseGeometry) -> Polygon:
    """Return the largest polygon of a shape, without its holes."""
    return Polygon(max(polygons(shape), key=lambda part: part.area).exterior)


def polygons(shape: BaseGeometry) -> list[Polygon]:
    """List the polygons that a shape consists of."""
    return [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
