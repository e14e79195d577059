"""One block of the slide: background at half resolution, cells at full, and the light through both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from pathview.slides.demo.cells import Cells, place_cells
from pathview.slides.demo.fat import FatCells, fat_layer, place_fat
from pathview.slides.demo.fields import GRID_UM, MARGIN, Fields, make_fields, spline_weights
from pathview.slides.demo.ground import Bodies, Grains, fibre_density, ground_stains
from pathview.slides.demo.layout import Layout, make_layout
from pathview.slides.demo.nuclei import Kind, Library, make_library
from pathview.slides.demo.recipe import MPP, Recipe
from pathview.slides.demo.stains import Bytes, Floats, stains_to_rgb
from pathview.slides.demo.texture import GRAIN_UM, Textures, doubled
from pathview.slides.demo.zones import FIELD_NAMES, Zones, ragged, zones

type Progress = Callable[[float], None]

BLOCK = 512
"""Side of a block, level-0 pixels: its planes stay in the processor's cache, which halves the time."""

REACH_UM = 22.0
"""Cells whose centre is this far from a block may still show in it: half of the largest stamp's side."""

_HALF = BLOCK // 2 + 2
_SAMPLES = int(BLOCK * MPP / GRID_UM) + 8


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """All that blocks are painted from. Nothing in it changes, so threads may share it."""

    recipe: Recipe
    layout: Layout
    fields: Fields
    textures: Textures
    library: Library
    fat: FatCells
    cells: Cells
    weights: csr_array


def make_section(recipe: Recipe, progress: Progress) -> Section:
    """Lay out the section that `recipe` describes; `progress` hears 0 to 1 and may raise to stop."""
    layout = make_layout(recipe)
    progress(0.1)
    fields = make_fields(recipe, layout)
    progress(0.4)
    textures = Textures.of(recipe.seed)
    library = make_library(recipe.seed)
    progress(0.7)
    fat = place_fat(recipe, fields)
    cells = place_cells(recipe, fields, textures, library, fat)
    progress(1.0)
    # Half-resolution pixels of a block start one before its corner; grid samples start four before.
    # Sparse, because a dense product would start the threads of a BLAS below every thread of ours.
    weights = csr_array(spline_weights(4 * GRID_UM - GRAIN_UM / 2, GRAIN_UM, _HALF, _SAMPLES))
    return Section(recipe, layout, fields, textures, library, fat, cells, weights)


def paint_block(section: Section, column: int, row: int) -> Bytes:
    """Pixels of one block; neighbouring blocks fit without a seam.

    Parameters
    ----------
    section
        What to paint.
    column, row
        Of the block; blocks may stick out of the slide.

    Returns
    -------
    (BLOCK, BLOCK, 3) uint8 RGB.
    """
    left, top = column * BLOCK * MPP, row * BLOCK * MPP
    noise = _sensor(section.textures, column, row)
    cells = section.cells.near(left, top, BLOCK * MPP, REACH_UM)
    if _has_tissue(section.fields, column, row):
        stains = _background(section, column, row)
    elif len(cells.kinds):
        stains = np.zeros((2, BLOCK, BLOCK), np.float32)
    else:
        return stains_to_rgb(np.zeros((2, 1, 1), np.float32), noise)
    _put_cells(stains, section.library, cells, left, top)
    stains *= section.textures.grit.window(column * BLOCK, row * BLOCK, BLOCK)
    return stains_to_rgb(stains, noise)


def _has_tissue(fields: Fields, column: int, row: int) -> bool:
    names = ("node", "fat", "strip", "debris")
    return any(float(_samples(fields.grids[name], column, row).max()) > -70 for name in names)


def _samples(grid: Floats, column: int, row: int) -> Floats:
    step = int(BLOCK * MPP / GRID_UM)
    top, left = row * step + MARGIN - 4, column * step + MARGIN - 4
    return grid[top : top + _SAMPLES, left : left + _SAMPLES]


def _background(section: Section, column: int, row: int) -> Floats:
    """(2, BLOCK, BLOCK) float32 stain of the ground."""
    scale = section.recipe.scale
    smooth = {
        name: section.weights @ (section.weights @ _samples(section.fields.grids[name], column, row).T).T
        for name in FIELD_NAMES
    }
    half = BLOCK // 2
    grains = Grains.of(section.textures, column * half - 1, row * half - 1, _HALF)
    left, top = column * half * GRAIN_UM - GRAIN_UM / 2, row * half * GRAIN_UM - GRAIN_UM / 2
    steps = GRAIN_UM * np.arange(_HALF, dtype=np.float32)
    smooth["along"] = np.asarray(0.35 * (left + steps)[None, :] + (top + steps)[:, None], np.float32)
    values = ragged(smooth, grains.mid, grains.cell, scale)
    zone = zones(values, scale)
    fibre = fibre_density(values, zone, grains, section.textures)
    stains = ground_stains(zone, values, grains, fibre, _bodies(section, zone, left, top, grains))
    if float(max(values["fat"].max(), values["strip"].max())) > -70:
        _lay_fat(stains, section, zone, left, top, fibre)
    stains[0] *= 1 + 0.08 * values["depth"]
    stains[1] *= 1 + 0.10 * values["tint"]
    return doubled(stains)


def _lay_fat(stains: Floats, section: Section, zone: Zones, left: float, top: float, fibre: Floats) -> None:
    cover, wall = fat_layer(section.fat, left, top, _HALF, GRAIN_UM)
    above = zone.wall + zone.lumen + zone.hollow + zone.capsule + zone.epithelium
    share = cover * np.clip(1 - above, 0, 1)
    stains *= 1 - share
    stains[0] += share * 0.05 * wall
    stains[1] += share * (0.008 + wall * np.clip(0.33 + 0.08 * fibre, 0.1, 0.6))


def _bodies(section: Section, zone: Zones, left: float, top: float, grains: Grains) -> Bodies:
    """Territories of the tumour cells: every point belongs to the nearest nucleus."""
    far = Bodies(np.full((_HALF, _HALF), 9, np.float32), np.zeros((_HALF, _HALF), np.float32))
    if float(zone.nest.max()) < 0.01:
        return far
    cells = section.cells.near(left, top, _HALF * GRAIN_UM, 40)
    chosen = cells.kinds == Kind.TUMOUR
    points = cells.points[chosen]
    if len(points) < 3:
        return far
    # Every other pixel is looked up, with one more all round for the interpolation between them.
    steps = 2 * GRAIN_UM * np.arange(-1, _HALF // 2 + 1) + GRAIN_UM / 2
    x, y = np.meshgrid(left + steps, top + steps)
    cell, gaps, mid = (np.pad(grain[::2, ::2], 1, "edge") for grain in (grains.cell, grains.gaps, grains.mid))
    pixels = np.stack([x + 0.9 * cell + 1.5 * mid, y + 0.9 * gaps - 1.5 * mid], axis=-1)
    away, index = cKDTree(points).query(pixels, k=2)
    border = (away[..., 1] - away[..., 0]).astype(np.float32)
    shade = ((cells.strengths[chosen] - 1) * 0.7).astype(np.float32)[index[..., 0]]
    shade *= np.clip(border / 3, 0, 1)
    return Bodies(*doubled(np.stack([border, shade])))


def _put_cells(canvas: Floats, library: Library, cells: Cells, left_um: float, top_um: float) -> None:
    """Stamp cells on a (2, side, side) canvas in their order; what sticks out is cut off."""
    side = canvas.shape[1]
    corner = np.array([left_um, top_um], np.float64) / MPP
    places = np.rint(cells.points / MPP - corner).astype(int).tolist()
    kinds, looks, strengths = cells.kinds.tolist(), cells.looks.tolist(), cells.strengths.tolist()
    stamps = {int(kind): stamps for kind, stamps in library.items()}
    for (x, y), kind, look, strength in zip(places, kinds, looks, strengths, strict=True):
        stamp = stamps[kind][look]
        half = stamp.keep.shape[0] // 2
        keep, add = stamp.keep, stamp.add
        top, left = y - half, x - half
        bottom, right = y + half + 1, x + half + 1
        if top < 0 or left < 0 or bottom > side or right > side:
            if bottom <= 0 or right <= 0 or top >= side or left >= side:
                continue
            inner = slice(max(-top, 0), side - top), slice(max(-left, 0), side - left)
            keep, add = keep[inner], add[:, *inner]
            top, left = max(top, 0), max(left, 0)
        view = canvas[:, top:bottom, left:right]
        view *= keep
        view += add * np.float32(strength)


def _sensor(textures: Textures, column: int, row: int) -> Floats:
    """(BLOCK, BLOCK) float32 read-out noise, from another corner of the same sheet for every block."""
    rng = np.random.default_rng([column, row])
    left, top = rng.integers(0, textures.sensor.shape[0] - BLOCK, 2)
    return textures.sensor[top : top + BLOCK, left : left + BLOCK]
