"""The layout as numbers at every point: signed distances and slow noise on a coarse grid.

A field is sampled every 4 um and read back through cubic B-splines, whose second derivative is continuous, so
that no edge painted from it shows the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from pathview.slides.demo.layout import Layout, polygons
from pathview.slides.demo.recipe import Recipe
from pathview.slides.demo.stains import Floats
from pathview.slides.demo.texture import smooth_noise, smoothstep

GRID_UM = 4.0
MARGIN = 16
"""Grid samples beyond the left and top edge; more lie beyond the others, for blocks that stick out."""

FAR = 400.0
"""Distances are clipped here, micrometres."""


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """Named (rows, columns) float32 grids; distances are positive inside, micrometres.

    ``node, fat, strip, trabeculae, follicle, centre, island, vessel, duct, debris`` are signed distances.
    ``medulla`` is 0 to 1; fibres run where ``bend``, in micrometres, is constant. The rest has deviation 1:
    ``nest`` carves islands into nests and ``sinus`` the medulla into cords, ``tint`` and ``depth`` vary the
    two stains, ``clump`` varies how dense cells lie.
    """

    grids: dict[str, Floats]

    def at(self, name: str, points: Floats) -> Floats:
        """Values at (n, 2) points, x and y in micrometres."""
        place = np.stack([points[:, 1], points[:, 0]]) / GRID_UM + MARGIN
        return np.asarray(
            ndimage.map_coordinates(self.grids[name], place, order=1, mode="nearest"), np.float32
        )

    def roughly_at(self, name: str, points: Floats) -> Floats:
        """Values of the nearest grid samples: several times faster."""
        grid = self.grids[name]
        x, y = np.rint(points / GRID_UM + MARGIN).astype(np.int64).T
        rows, columns = np.clip(y, 0, grid.shape[0] - 1), np.clip(x, 0, grid.shape[1] - 1)
        return np.asarray(grid[rows, columns], np.float32)

    def slope(self, name: str, points: Floats) -> Floats:
        """Angle in radians (n,) of the steepest rise at (n, 2) points."""
        step = np.float32(GRID_UM)
        right, left = (self.at(name, points + np.array([d, 0], np.float32)) for d in (step, -step))
        below, above = (self.at(name, points + np.array([0, d], np.float32)) for d in (step, -step))
        return np.asarray(np.arctan2(below - above, right - left), np.float32)


def make_fields(recipe: Recipe, layout: Layout) -> Fields:
    """Rasterise a layout and add the slow noise."""
    width, height = recipe.size_um
    # Blocks are 256 um; the last ones stick out of the slide by up to one of them.
    shape = (int((height + 256) / GRID_UM) + 2 * MARGIN, int((width + 256) / GRID_UM) + 2 * MARGIN)
    areas: dict[str, Sequence[Polygon]] = {
        "node": [layout.node],
        "fat": polygons(layout.fat),
        "strip": [layout.strip],
        "trabeculae": polygons(layout.trabeculae),
        "follicle": layout.follicles,
        "centre": layout.centres,
        "island": layout.islands,
        "vessel": layout.vessels,
        "duct": layout.ducts,
        "debris": layout.debris,
    }
    grids = {name: signed_distance(area, shape) for name, area in areas.items()}
    grids |= _slow_noise(recipe, shape)
    grids["medulla"] = _medulla(recipe, layout, grids, shape)
    return Fields(grids)


def signed_distance(area: Sequence[BaseGeometry], shape: tuple[int, int]) -> Floats:
    """Distance to the edge of polygons on the grid, micrometres, positive inside.

    Parameters
    ----------
    area
        Polygons without holes, micrometres.
    shape
        Rows and columns of the grid.

    Returns
    -------
    (rows, columns) float32 within +-`FAR`; the staircase of the raster is smoothed away.
    """
    from PIL import Image, ImageDraw

    mask = Image.new("L", (shape[1], shape[0]))
    draw = ImageDraw.Draw(mask)
    for part in area:
        assert isinstance(part, Polygon)
        corners = np.asarray(part.exterior.coords) / GRID_UM + MARGIN
        draw.polygon([(float(x), float(y)) for x, y in corners], fill=1)
    inside = np.asarray(mask, bool)
    if not inside.any():
        return np.full(shape, -FAR, np.float32)
    distance = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    clipped = np.clip(np.asarray(distance, np.float32) * GRID_UM, -FAR, FAR)
    return np.asarray(ndimage.gaussian_filter(clipped, 1.2), np.float32)


def _slow_noise(recipe: Recipe, shape: tuple[int, int]) -> dict[str, Floats]:
    rng = np.random.default_rng([recipe.seed, 3])

    def noise(size_um: float) -> Floats:
        return smooth_noise(shape, size_um / GRID_UM, rng)

    across = np.arange(shape[1], dtype=np.float32) * GRID_UM  # fibres run down, and sway
    bend = across[None, :] + 60 * noise(120) + 9 * noise(28)
    return {
        "nest": np.asarray(0.85 * noise(26) + 0.5 * noise(13), np.float32),
        "sinus": np.asarray(0.8 * noise(24) + 0.6 * noise(13), np.float32),
        "bend": np.asarray(bend, np.float32),
        "tint": np.asarray(0.8 * noise(420) + 0.45 * noise(90), np.float32),
        "depth": np.asarray(0.8 * noise(380) + 0.45 * noise(70), np.float32),
        "clump": np.asarray(0.7 * noise(60) + 0.7 * noise(22), np.float32),
    }


def _medulla(recipe: Recipe, layout: Layout, grids: dict[str, Floats], shape: tuple[int, int]) -> Floats:
    """1 near the hilum, 0 in the cortex, with a wandering border."""
    y, x = (np.arange(n, dtype=np.float32) * GRID_UM - MARGIN * GRID_UM for n in shape)
    away = np.hypot(x[None, :] - layout.hilum[0], (y[:, None] - layout.hilum[1]) * 1.25) / recipe.scale
    away = away + 90 * grids["depth"] + 50 * grids["clump"]
    return np.asarray(1 - smoothstep(np.asarray(away, np.float32), 850, 1350), np.float32)


def spline_weights(first_um: float, step_um: float, count: int, samples: int) -> Floats:
    """Cubic B-spline weights that take grid samples to evenly spaced points.

    Parameters
    ----------
    first_um
        Place of the first point, counted from the first grid sample.
    step_um
        Distance between points.
    count, samples
        Number of points, and of grid samples.

    Returns
    -------
    (count, samples) float32; each row sums to 1.
    """
    place = (first_um + step_um * np.arange(count)) / GRID_UM
    away = np.abs(place[:, None] - np.arange(samples)[None, :])
    near = 2 / 3 - away**2 + away**3 / 2
    wing = np.clip(2 - away, 0, None) ** 3 / 6
    weights = np.where(away < 1, near, wing)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
