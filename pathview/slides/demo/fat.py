"""Fat cells: large empty polygons with rounded corners, each cell whole, also at the edge of the fat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pathview.slides.demo.fields import Fields
from pathview.slides.demo.recipe import Recipe
from pathview.slides.demo.stains import Floats
from pathview.slides.demo.texture import doubled

PITCH_UM = 58.0


@dataclass(frozen=True, slots=True, eq=False)
class FatCells:
    """Centres of the cells of a honeycomb over and around the fat.

    Parameters
    ----------
    points
        (n, 2) float32, micrometres.
    full
        (n,) whether this one is a fat cell; the others only shape the borders of those that are.
    """

    points: Floats
    full: NDArray[np.bool_]


def honeycomb(size_um: tuple[float, float], pitch: float, rng: np.random.Generator) -> Floats:
    """(n, 2) float32 points about `pitch` apart, shaken until no row shows."""
    rows = np.arange(0, size_um[1], pitch * 0.866)
    columns = np.arange(0, size_um[0], pitch)
    x, y = np.meshgrid(columns, rows)
    x[1::2] += pitch / 2
    places = np.stack([x.ravel(), y.ravel()], axis=1) + rng.normal(0, 0.19 * pitch, (x.size, 2))
    return np.asarray(places, np.float32)


def place_fat(recipe: Recipe, fields: Fields) -> FatCells:
    """Fat cells of a slide: all of the perinodal fat, and lobules within the fibrous strip."""
    rng = np.random.default_rng([recipe.seed, 6])
    pitch = PITCH_UM * max(0.5, min(1.0, 2 * recipe.scale))
    points = honeycomb(recipe.size_um, pitch, rng)
    fat, strip = fields.at("fat", points), fields.at("strip", points)
    points = points[np.maximum(fat, strip) > -3 * pitch]
    fat, strip = fields.at("fat", points), fields.at("strip", points)
    clear = (fields.at("duct", points) < -40) & (fields.at("vessel", points) < -12)
    lobule = (strip > 30) & (fields.at("tint", points) + 0.5 * fields.at("clump", points) > 0.55)
    thin = rng.random(len(points)) < 0.95  # here and there connective tissue takes the place of a cell
    return FatCells(points, ((fat > 0.1 * pitch) | lobule) & clear & thin)


def fat_layer(
    cells: FatCells, left_um: float, top_um: float, side: int, step_um: float
) -> tuple[Floats, Floats]:
    """How much of each pixel is fat cell, and how much of that is wall.

    Parameters
    ----------
    cells
        Of the slide.
    left_um, top_um, step_um
        First pixel centre and distance between pixels.
    side
        Pixels a side.

    Returns
    -------
    two (side, side) float32, 0 to 1.
    """
    # Every other pixel is looked up, with one more all round for the interpolation between them.
    x, y = (corner + step_um * (2 * np.arange(-1, side // 2 + 1) + 0.5) for corner in (left_um, top_um))
    reach = 2.5 * PITCH_UM
    near = np.all(cells.points > [x[0] - reach, y[0] - reach], axis=1)
    near &= np.all(cells.points < [x[-1] + reach, y[-1] + reach], axis=1)
    if near.sum() < 4 or not cells.full[near].any():
        nothing = np.zeros((side, side), np.float32)
        return nothing, nothing
    points, full = cells.points[near], cells.full[near]
    pixels = np.stack(np.meshgrid(x, y), axis=-1)
    pixels += 1.6 * np.sin(pixels[..., ::-1] / 11.0)  # walls of living cells are not straight
    away, index = cKDTree(points).query(pixels, k=3)
    between = np.linalg.norm(points[index[..., 0]] - points[index[..., 1]], axis=-1)
    to_wall = (away[..., 1] ** 2 - away[..., 0] ** 2) / (2 * between)
    # Near a corner the wall is met earlier: that rounds the cells and leaves the little triangles between.
    depth = to_wall - 2.2 * np.exp((away[..., 0] - away[..., 2]) / 5.0)
    # Where the neighbour is no fat cell the cover fades out across the wall, which keeps that edge smooth.
    alone = ~full[index[..., 1]]
    cover = full[index[..., 0]] * np.where(alone, np.clip(to_wall / 1.2, 0, 1), 1)
    fine = doubled(np.stack([cover, depth]).astype(np.float32))
    return fine[0], np.clip((1.9 - fine[1]) / 1.2, 0, 1)
