"""Nuclei and red cells, drawn once as small stamps in all their variety.

A stamp replaces what is under it as far as it is opaque, so stains stay plausible where cells overlap. There
are so many of each kind, and each cell has a strength of its own, that no two neighbours look alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np
from scipy import ndimage

from pathview.slides.demo.recipe import MPP
from pathview.slides.demo.stains import Floats
from pathview.slides.demo.texture import smooth_noise

ANGLES = 24
"""Directions, over half a turn, that long nuclei are drawn in."""


class Kind(IntEnum):
    """Kinds of cell; a larger number is painted later."""

    RED = 0
    SPINDLE = 1
    SINUS = 2
    LYMPHOCYTE = 3
    PLASMA = 4
    CENTROBLAST = 5
    EPITHELIUM = 6
    TUMOUR = 7
    MACROPHAGE = 8
    DUST = 9


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """One cell, ready to be put on the canvas: ``canvas * keep + add``.

    Parameters
    ----------
    keep
        (side, side) float32: how much of what lies below shows.
    add
        (2, side, side) float32 haematoxylin and eosin.
    """

    keep: Floats
    add: Floats


@dataclass(frozen=True, slots=True)
class Look:
    """How a nucleus is built. Lengths in micrometres, amounts in optical density.

    Parameters
    ----------
    long, short
        Diameters.
    rough
        Relative irregularity of the outline.
    chromatin, eosin
        Mean stain inside.
    clumps
        Relative contrast of the chromatin's lumps.
    rim
        Extra stain at the nuclear membrane.
    nucleoli
        Their number.
    angle
        Of the long axis, radians.
    blur
        Of the optics at this cell's depth in the section, pixels.
    """

    long: float
    short: float
    rough: float
    chromatin: float
    eosin: float
    clumps: float
    rim: float
    nucleoli: int
    angle: float
    blur: float = 0.8


type Library = dict[Kind, list[Stamp]]


def make_library(seed: int) -> Library:
    """Stamps of every kind. Those of `Kind.SPINDLE` and `Kind.EPITHELIUM` come in groups of `ANGLES`."""
    rng = np.random.default_rng([seed, 4])
    looks: dict[Kind, tuple[int, Callable[[np.random.Generator], Look]]] = {
        Kind.SINUS: (120, _sinus),
        Kind.LYMPHOCYTE: (260, _lymphocyte),
        Kind.CENTROBLAST: (180, _centroblast),
        Kind.TUMOUR: (340, _tumour),
    }
    library = {kind: [draw(look(rng), rng) for _ in range(count)] for kind, (count, look) in looks.items()}
    library[Kind.PLASMA] = [_with_cytoplasm(draw(_lymphocyte(rng), rng), rng) for _ in range(80)]
    library[Kind.SPINDLE] = _turned(_spindle, 11, rng)
    library[Kind.EPITHELIUM] = _turned(_epithelium, 8, rng)
    library[Kind.RED] = [_red(rng) for _ in range(60)]
    library[Kind.MACROPHAGE] = [_macrophage(rng) for _ in range(40)]
    library[Kind.DUST] = [_dust(rng) for _ in range(40)]
    return library


def draw(look: Look, rng: np.random.Generator) -> Stamp:
    """Draw a nucleus: a wobbly ellipse filled with lumpy chromatin, a rim and nucleoli."""
    inside, distance = _shape(look, rng)
    side = inside.shape[0]
    fine = _lumps(side, 1.0, rng)
    coarse = _lumps(side, 2.6, rng)
    stain = look.chromatin * (1 + look.clumps * (0.45 * fine + 0.75 * coarse))
    stain += look.rim * np.exp(-(((distance - 1.6) / 1.5) ** 2))
    eosin = np.full((side, side), look.eosin) * (1 + 0.12 * coarse)
    for _ in range(look.nucleoli):
        spot = _bump(side, rng.normal(0, 0.18, 2) * look.short / MPP, rng.uniform(1.9, 3.0 + 0.1 * look.long))
        stain += (0.55 + 0.25 * look.chromatin) * spot
        eosin += 0.35 * spot
    add = np.stack([np.maximum(stain, 0.05), np.maximum(eosin, 0)]) * inside
    return _stamp(inside * 0.96, add, look.blur)


def _shape(look: Look, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Soft mask, and depth below the outline in pixels, of a wobbly ellipse."""
    largest = 1 + 2.2 * look.rough
    # The soft edge is drawn out along the long axis as much as the shape is.
    half = int(np.ceil(look.long / MPP / 2 * largest + 4 + look.long / look.short))
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    u = x * np.cos(look.angle) + y * np.sin(look.angle)
    v = -x * np.sin(look.angle) + y * np.cos(look.angle)
    a, b = look.long / MPP / 2, look.short / MPP / 2
    polar = np.arctan2(v / b, u / a)
    outline = np.ones_like(polar)
    for order in (2, 3, 4, 5, 6):
        outline += rng.normal(0, look.rough / order**0.7) * np.cos(order * polar + rng.uniform(0, 6.28))
    outline = np.minimum(outline, largest)
    radius = np.hypot(u / a, v / b)
    depth = (outline - radius) * b
    return np.clip(depth / 1.6 + 0.5, 0, 1).astype(np.float32), depth.astype(np.float32)


def _lumps(side: int, sigma: float, rng: np.random.Generator) -> Floats:
    sheet = _sheet(sigma)
    top, left = rng.integers(0, sheet.shape[0] - side, 2)
    return sheet[top : top + side, left : left + side]


@cache
def _sheet(sigma: float) -> Floats:
    """Noise to cut lumps from: blurring it once is much cheaper than blurring every stamp's own."""
    return smooth_noise((768, 768), sigma, np.random.default_rng([11, round(100 * sigma)]))


def _bump(side: int, offset: Floats | np.ndarray[tuple[int], np.dtype[np.float64]], radius: float) -> Floats:
    y, x = np.mgrid[:side, :side] - side // 2
    return np.asarray(
        np.exp(-((((x - offset[0]) ** 2 + (y - offset[1]) ** 2) / radius**2) ** 1.5)), np.float32
    )


def _stamp(opaque: Floats, add: np.ndarray[tuple[int, ...], np.dtype[np.floating]], blur: float) -> Stamp:
    """Blur as the optics would and freeze."""
    soft = ndimage.gaussian_filter(opaque, blur, mode="constant")
    stains = ndimage.gaussian_filter(add.astype(np.float32), (0, blur, blur), mode="constant")
    return Stamp(np.asarray(1 - soft, np.float32), np.asarray(stains, np.float32))


def _turned(
    look: Callable[[np.random.Generator, float], Look], count: int, rng: np.random.Generator
) -> list[Stamp]:
    """`count` shapes in each of `ANGLES` directions, direction counting fastest."""
    angles = np.arange(ANGLES) * np.pi / ANGLES
    return [draw(look(rng, float(angle)), rng) for _ in range(count) for angle in angles]


def _focus(rng: np.random.Generator) -> float:
    """Most cells are sharp; some lie above or below the plane of focus."""
    return float(rng.choice([0.7, 0.9, 1.6, 2.3], p=[0.45, 0.35, 0.14, 0.06]))


def _lymphocyte(rng: np.random.Generator) -> Look:
    size = rng.normal(6.7, 0.6)
    return Look(
        long=size * rng.uniform(1.0, 1.16),
        short=size * rng.uniform(0.88, 1.0),
        rough=0.045,
        chromatin=rng.normal(1.2, 0.19),
        eosin=rng.uniform(0.58, 0.9),
        clumps=rng.uniform(0.2, 0.42),
        rim=0.15,
        nucleoli=0,
        angle=rng.uniform(0, np.pi),
        blur=_focus(rng),
    )


def _centroblast(rng: np.random.Generator) -> Look:
    size = rng.normal(8.9, 1.0)
    return Look(
        long=size * rng.uniform(1.0, 1.3),
        short=size * rng.uniform(0.8, 1.0),
        rough=0.07,
        chromatin=rng.normal(0.55, 0.1),
        eosin=rng.uniform(0.3, 0.45),
        clumps=rng.uniform(0.25, 0.4),
        rim=rng.uniform(0.25, 0.45),
        nucleoli=int(rng.integers(0, 4)),
        angle=rng.uniform(0, np.pi),
        blur=_focus(rng),
    )


def _tumour(rng: np.random.Generator) -> Look:
    """Large and unequal: open chromatin with nucleoli, or dark and angular."""
    if rng.random() < 0.03:
        return _mitosis(rng)
    size = float(np.clip(rng.lognormal(np.log(12.4), 0.17), 9, 18))
    dark = rng.random() < 0.22
    return Look(
        long=size * rng.uniform(1.02, 1.38),
        short=size * rng.uniform(0.74, 0.96) * (0.88 if dark else 1.0),
        rough=rng.uniform(0.05, 0.13) if dark else rng.uniform(0.03, 0.08),
        chromatin=rng.normal(1.22, 0.15) if dark else rng.normal(0.64, 0.14),
        eosin=rng.uniform(0.55, 0.8) if dark else rng.uniform(0.36, 0.58),
        clumps=rng.uniform(0.16, 0.3) if dark else rng.uniform(0.26, 0.5),
        rim=0.1 if dark else rng.uniform(0.22, 0.5),
        nucleoli=0 if dark else int(rng.choice([0, 1, 1, 2, 3])),
        angle=rng.uniform(0, np.pi),
        blur=_focus(rng),
    )


def _mitosis(rng: np.random.Generator) -> Look:
    """Describe a plate of condensed chromatin without a membrane."""
    return Look(
        long=rng.normal(10.5, 1.2),
        short=rng.normal(3.8, 0.8),
        rough=0.14,
        chromatin=rng.normal(1.75, 0.12),
        eosin=0.6,
        clumps=0.15,
        rim=0.0,
        nucleoli=0,
        angle=rng.uniform(0, np.pi),
    )


def _sinus(rng: np.random.Generator) -> Look:
    return Look(
        long=rng.normal(8.6, 1.0),
        short=rng.normal(5.6, 0.6),
        rough=0.08,
        chromatin=rng.normal(0.62, 0.12),
        eosin=0.35,
        clumps=0.25,
        rim=0.25,
        nucleoli=int(rng.integers(0, 2)),
        angle=rng.uniform(0, np.pi),
        blur=_focus(rng),
    )


def _spindle(rng: np.random.Generator, angle: float) -> Look:
    return Look(
        long=float(np.clip(rng.normal(14, 3.2), 8, 21)),
        short=float(np.clip(rng.normal(3.1, 0.8), 1.9, 5)),
        rough=0.07,
        chromatin=rng.normal(0.98, 0.18),
        eosin=0.62,
        clumps=0.18,
        rim=0.1,
        nucleoli=0,
        angle=angle + rng.normal(0, 0.05),
        blur=_focus(rng),
    )


def _epithelium(rng: np.random.Generator, angle: float) -> Look:
    return Look(
        long=rng.normal(9.6, 0.9),
        short=rng.normal(6.2, 0.6),
        rough=0.05,
        chromatin=rng.normal(0.82, 0.13),
        eosin=0.5,
        clumps=0.22,
        rim=0.2,
        nucleoli=int(rng.integers(0, 2)),
        angle=angle + rng.normal(0, 0.1),
        blur=_focus(rng),
    )


def _red(rng: np.random.Generator) -> Stamp:
    """Draw a red cell: a disc of pure eosin, paler in the middle, often squeezed."""
    look = Look(
        rng.normal(6.6, 0.5), rng.normal(5.6, 0.8), 0.06, 0.02, 1.05, 0.0, 0.0, 0, rng.uniform(0, np.pi)
    )
    inside, depth = _shape(look, rng)
    dent = np.clip(depth / 12, 0, 1) * rng.uniform(0, 0.5)
    strength = rng.normal(1.12, 0.12)
    return _stamp(inside * 0.95, np.stack([0.03 * inside, strength * (1 - dent) * inside]), 0.8)


def _with_cytoplasm(nucleus: Stamp, rng: np.random.Generator) -> Stamp:
    """Draw a plasma cell: the nucleus to one side of a purplish oval body."""
    body = Look(
        rng.normal(11.5, 1), rng.normal(9, 0.7), 0.05, 0.28, 0.42, 0.2, 0.05, 0, rng.uniform(0, np.pi)
    )
    below = draw(body, rng)
    side, small = below.keep.shape[0], nucleus.keep.shape[0]
    if small >= side:
        return nucleus
    low = (side - small) // 2
    off = low + np.clip(rng.integers(-6, 7, 2), -low, low)
    rows, columns = (slice(int(o), int(o) + small) for o in off)
    below.keep[rows, columns] *= nucleus.keep
    below.add[:, rows, columns] *= nucleus.keep
    below.add[:, rows, columns] += nucleus.add
    return below


def _macrophage(rng: np.random.Generator) -> Stamp:
    """Draw a tingible body macrophage: large, pale, with dark crumbs; the "stars" of a germinal centre."""
    size = float(np.clip(rng.normal(22, 2.5), 17, 27))
    body = Look(size, 0.82 * size, 0.06, 0.05, 0.2, 0.5, 0.0, 0, rng.uniform(0, np.pi), 1.5)
    inside, _ = _shape(body, rng)
    side = inside.shape[0]
    stains = np.stack([0.05 + 0.02 * _lumps(side, 2, rng), 0.2 + 0.06 * _lumps(side, 2.5, rng)]) * inside
    for _ in range(int(rng.integers(2, 6))):
        spot = _bump(side, rng.normal(0, 14, 2), rng.uniform(2.5, 6.5))
        stains[0] += rng.uniform(0.7, 1.2) * spot
        stains[1] += 0.35 * spot
    return _stamp(inside * 0.85, np.maximum(stains, 0), 1.0)


def _dust(rng: np.random.Generator) -> Stamp:
    """Draw a speck on the glass: grey, and out of focus because it does not lie in the section."""
    size = float(np.clip(rng.lognormal(np.log(4.0), 0.6), 1.5, 16))
    look = Look(size, size * rng.uniform(0.4, 1), 0.18, 0.0, 0.0, 0.0, 0.0, 0, rng.uniform(0, np.pi))
    inside, _ = _shape(look, rng)
    strength = rng.uniform(0.12, 0.55) * (1 + 0.2 * _lumps(inside.shape[0], 2, rng))
    return _stamp(inside * 0.1, np.stack([strength, 0.25 * strength]) * inside, rng.uniform(0.8, 2.0))
