"""Where every cell lies: one table for the whole slide, so that blocks agree about cells on their borders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pathview.slides.demo.fat import FatCells, honeycomb
from pathview.slides.demo.fields import Fields
from pathview.slides.demo.nuclei import ANGLES, Kind, Library
from pathview.slides.demo.recipe import Recipe
from pathview.slides.demo.stains import Floats
from pathview.slides.demo.texture import Textures, smoothstep
from pathview.slides.demo.zones import Zones, in_tissue, zones_at

type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells as columns.

    Parameters
    ----------
    points
        (n, 2) float32 centres, micrometres.
    kinds
        (n,) uint8 values of `Kind`.
    looks
        (n,) int32: which stamp of the kind.
    strengths
        (n,) float32: factor on the stamp's stain.
    """

    points: Floats
    kinds: NDArray[np.uint8]
    looks: NDArray[np.int32]
    strengths: Floats

    def near(self, left_um: float, top_um: float, side_um: float, reach_um: float) -> Cells:
        """Those within `reach_um` of a square, in the order they are to be painted."""
        x, y = self.points[:, 0], self.points[:, 1]
        # The table is sorted by y, so only a band of it needs to be looked at.
        low, high = np.searchsorted(y, [top_um - reach_um, top_um + side_um + reach_um])
        band = x[low:high]
        index = low + np.flatnonzero((band >= left_um - reach_um) & (band < left_um + side_um + reach_um))
        index = index[np.argsort(self.kinds[index], kind="stable")]
        return Cells(self.points[index], self.kinds[index], self.looks[index], self.strengths[index])


@dataclass(frozen=True, slots=True)
class Crop:
    """How one kind of cell is sown.

    Parameters
    ----------
    pitch
        Mean distance between neighbours where they are densest, micrometres.
    space
        Distance that cells of later crops keep from these, micrometres.
    chance
        Probability of each place, from the zones there.
    """

    kind: Kind
    pitch: float
    space: float
    chance: Callable[[Zones], Floats]


CROPS: tuple[Crop, ...] = (
    Crop(Kind.MACROPHAGE, 62, 8.5, lambda z: 0.8 * z.light),
    Crop(Kind.EPITHELIUM, 7.2, 5.5, lambda z: 0.96 * z.epithelium),
    Crop(Kind.TUMOUR, 14.2, 9.6, lambda z: (0.95 - 0.1 * smoothstep(z.clump, 0.5, 1.5)) * z.nest),
    Crop(
        Kind.CENTROBLAST,
        9.4,
        7.3,
        lambda z: 0.86 * z.centre + (0.03 + 0.08 * z.sparse) * z.lymphoid + 0.10 * z.cord,
    ),
    Crop(Kind.PLASMA, 11.0, 8.0, lambda z: 0.30 * z.cord + 0.02 * z.lymphoid + 0.05 * z.septum),
    Crop(Kind.SINUS, 13.0, 7.0, lambda z: 0.55 * z.sinus + 0.04 * z.lymphoid + 0.2 * z.debris),
    Crop(
        Kind.SPINDLE,
        12.5,
        5.0,
        lambda z: 0.34 * z.capsule + 0.5 * z.septum + 0.24 * z.loose + 0.85 * z.wall + 0.03 * z.lymphoid,
    ),
    Crop(Kind.RED, 6.3, 4.6, lambda z: 0.72 * z.lumen * smoothstep(z.clump, -0.5, 0.2)),
    Crop(
        Kind.LYMPHOCYTE,
        7.35,
        6.0,
        lambda z: (
            0.97 * z.mantle
            + (0.90 - 0.10 * smoothstep(z.clump, 0.4, 1.8) - 0.20 * z.sparse) * z.lymphoid
            + 0.80 * z.cord
            + 0.16 * z.centre
            + 0.16 * z.sinus
            + (0.05 + 0.30 * smoothstep(z.clump, 0.7, 1.8)) * z.septum
            + 0.02 * z.nest
            + 0.11 * z.necrosis
            + 0.015 * z.capsule
            + (0.004 + 0.20 * smoothstep(z.clump, 1.3, 2.2)) * z.loose
            + 0.5 * z.debris
        ),
    ),
)


def place_cells(recipe: Recipe, fields: Fields, textures: Textures, library: Library, fat: FatCells) -> Cells:
    """Sow every crop over the slide, the important ones first, each keeping clear of those before.

    Parameters
    ----------
    recipe, fields, textures, library
        Of the slide.
    fat
        Fat cells: nothing lies in them, thin nuclei lie between them.
    """
    rng = np.random.default_rng([recipe.seed, 5])
    points: list[Floats] = []
    kinds: list[NDArray[np.uint8]] = []
    spaces: list[Floats] = []
    for crop in CROPS:
        found = _sow(recipe, fields, textures, crop, rng)
        found = found[~_in_fat(fields, fat, found)]
        if points and len(found):
            found = found[_clear(found, np.concatenate(points), np.concatenate(spaces), crop.space)]
        points.append(found)
        kinds.append(np.full(len(found), crop.kind, np.uint8))
        spaces.append(np.full(len(found), crop.space, np.float32))
    dust = np.asarray(rng.uniform(0, recipe.size_um, (_dust_count(recipe), 2)), np.float32)
    points.append(dust)
    kinds.append(np.full(len(dust), Kind.DUST, np.uint8))
    spots, angles = _between_fat_cells(fields, fat.points[fat.full], rng)
    every = np.concatenate([*points, spots])
    kind = np.concatenate([*kinds, np.full(len(spots), Kind.SPINDLE, np.uint8)])
    looks = _choose(every, kind, fields, library, rng)
    looks[len(every) - len(spots) :] = _turned_look(angles, Kind.SPINDLE, library, rng)
    strengths = (1 + 0.1 * rng.standard_normal(len(every))).clip(0.7, 1.3).astype(np.float32)
    order = np.argsort(every[:, 1], kind="stable")
    return Cells(every[order], kind[order], looks[order], strengths[order])


def _dust_count(recipe: Recipe) -> int:
    width, height = recipe.size_um
    return round(9e-6 * width * height)


def _sow(recipe: Recipe, fields: Fields, textures: Textures, crop: Crop, rng: np.random.Generator) -> Floats:
    """(n, 2) float32 places of one crop: a shaken honeycomb, thinned by the chance of each place."""
    places = honeycomb(recipe.size_um, crop.pitch, rng)
    kept: list[Floats] = []
    for part in np.array_split(places, max(1, len(places) // 200_000)):  # bounds the memory
        tissue = part[in_tissue(fields, part)]
        chance = crop.chance(zones_at(fields, textures, tissue, recipe.scale))
        kept.append(tissue[rng.random(len(tissue)) < chance])
    return np.concatenate(kept)


def _in_fat(fields: Fields, fat: FatCells, points: Floats) -> Bools:
    """(n,) which points lie in the empty middle of a fat cell."""
    if len(fat.points) < 2 or not len(points):
        return np.zeros(len(points), bool)
    away, index = cKDTree(fat.points).query(points, k=2)
    inside = fat.full[index[:, 0]] & (away[:, 1] - away[:, 0] > 5)
    for name in ("node", "vessel", "duct"):
        inside &= fields.at(name, points) < -2
    return np.asarray(inside, bool)


def _clear(found: Floats, taken: Floats, spaces: Floats, space: float) -> Bools:
    """Which of `found` keep half of both spaces from everything sown before."""
    away, index = cKDTree(taken).query(found, distance_upper_bound=20.0)
    nearest = np.append(spaces, 0.0)[index]
    return np.asarray(away > (nearest + space) / 2, bool)


def _between_fat_cells(fields: Fields, fat: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Points on the walls between fat cells, and the directions of the walls, radians."""
    if len(fat) < 8:
        return np.empty((0, 2), np.float32), np.empty(0, np.float32)
    _, index = cKDTree(fat).query(fat, k=4)
    chosen = rng.random(len(fat)) < 0.5
    first, second = fat[chosen], fat[index[chosen, 2]]
    middle = np.asarray((first + second) / 2, np.float32)
    way = second - first
    angles = np.asarray(np.arctan2(way[:, 0], -way[:, 1]), np.float32)
    inside = fields.at("fat", middle) > 4
    return middle[inside], angles[inside]


def _choose(
    points: Floats, kinds: NDArray[np.uint8], fields: Fields, library: Library, rng: np.random.Generator
) -> NDArray[np.int32]:
    """Choose a stamp for every cell; long nuclei get one that lies along the fibres there."""
    looks = np.zeros(len(points), np.int32)
    for kind in Kind:
        index = np.flatnonzero(kinds == kind)
        looks[index] = rng.integers(0, len(library[kind]), len(index))
        if kind == Kind.SPINDLE:
            angles = fibre_angle(fields, points[index]) + rng.normal(0, 0.22, len(index))
            looks[index] = _turned_look(np.asarray(angles, np.float32), kind, library, rng)
        elif kind == Kind.EPITHELIUM:
            angles = fields.slope("duct", points[index]) + rng.normal(0, 0.25, len(index))
            looks[index] = _turned_look(np.asarray(angles, np.float32), kind, library, rng)
    return looks


def _turned_look(angles: Floats, kind: Kind, library: Library, rng: np.random.Generator) -> NDArray[np.int32]:
    turn = np.round(angles / np.pi * ANGLES).astype(np.int32) % ANGLES
    shapes = len(library[kind]) // ANGLES
    return np.asarray(rng.integers(0, shapes, len(angles)) * ANGLES + turn, np.int32)


def fibre_angle(fields: Fields, points: Floats) -> Floats:
    """Direction of the fibres at (n, 2) points, radians: round vessels, along septa, the capsule, or free."""
    angle = np.asarray(fields.slope("bend", points), np.float32)
    # The strip's fibres run down, swayed by the bend: the same map that the painter draws them from.
    for name, low, high in (("node", -60, 130), ("trabeculae", -8, 99), ("nest", 0, 0), ("vessel", -6, 12)):
        distance = fields.at("island" if name == "nest" else name, points)
        near = distance > 0 if name == "nest" else (distance > low) & (distance < high)
        angle = np.where(near, fields.slope(name, points), angle)
    return np.asarray(angle + np.pi / 2, np.float32)
