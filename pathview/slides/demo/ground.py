"""The ground that cells lie in: cytoplasm, fibres, fluid and empty space, as amounts of two stains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pathview.slides.demo.stains import Floats
from pathview.slides.demo.texture import Textures, smoothstep
from pathview.slides.demo.zones import Zones

type AnyFloats = np.ndarray[tuple[int, ...], np.dtype[np.floating]]


@dataclass(frozen=True, slots=True, eq=False)
class Grains:
    """Windows of noise for one block, (side, side) float32 of deviation 1 each."""

    dust: Floats
    fine: Floats
    cell: Floats
    gaps: Floats
    mid: Floats
    coarse: Floats

    @classmethod
    def of(cls, textures: Textures, left: int, top: int, side: int) -> Grains:
        """Windows whose corner is at pixel (left, top) of the half-resolution slide."""
        return cls(
            dust=textures.dust.window(left, top, side),
            fine=textures.fine.window(left, top, side),
            cell=textures.cell.window(left, top, side),
            # The same tile far away is as good as another one.
            gaps=textures.cell.window(left + 397, top + 211, side),
            mid=textures.mid.window(left, top, side),
            coarse=textures.coarse.window(left, top, side),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """Cell bodies of tumour cells: which border is how far, and how dark each body is.

    Parameters
    ----------
    border
        (side, side) float32 distance to the next cell, micrometres.
    shade
        (side, side) float32 of mean 0.
    """

    border: Floats
    shade: Floats


def fibre_density(values: Mapping[str, Floats], zone: Zones, grains: Grains, textures: Textures) -> Floats:
    """Collagen, deviation about 1, along whatever runs through each pixel: see `cells.fibre_angle`."""
    across = values["bend"]
    for name, where in (
        ("node", np.abs(values["node"]) < 130),
        ("trabeculae", values["trabeculae"] > -6),
        ("vessel", zone.wall > 0.02),
    ):
        across = np.where(where, values[name], across)
    across = np.where(zone.septum > 0.02, 26 * values["nest"], across)
    across = across + 2.2 * grains.mid + 0.8 * grains.cell
    along = values["bend"] * 0.2 + values["along"]
    return textures.fibres.along(np.asarray(across, np.float32), np.asarray(along, np.float32))


def ground_stains(
    zone: Zones, values: Mapping[str, Floats], grains: Grains, fibre: Floats, bodies: Bodies
) -> Floats:
    """Stain of everything but nuclei and red cells.

    Parameters
    ----------
    zone, values, grains, fibre, bodies
        Of one block, (side, side) each.

    Returns
    -------
    (2, side, side) float32 haematoxylin and eosin.
    """
    cell = grains.cell
    speck = 0.05 * grains.dust + 0.08 * grains.fine
    holes = 1 - 0.9 * smoothstep(grains.gaps + 0.35 * grains.fine, 0.8, 1.4)
    mixes: dict[str, Callable[[], tuple[AnyFloats | float, AnyFloats | float]]] = {
        "lymphoid": lambda: ((0.17 + 0.04 * cell) * holes, (0.27 + 0.07 * cell + speck) * holes),
        "mantle": lambda: ((0.20 + 0.04 * cell) * holes, (0.27 + 0.06 * cell + speck) * holes),
        "centre": lambda: (0.17 + 0.03 * cell, 0.31 + 0.05 * cell + speck),
        "cord": lambda: ((0.18 + 0.04 * cell) * holes, (0.36 + 0.07 * cell + speck) * holes),
        "sinus": lambda: _sinus(grains, speck),
        "capsule": lambda: _collagen(fibre, speck, _clefts(fibre, grains), 0.05, 0.52),
        "septum": lambda: _collagen(fibre, speck, _clefts(fibre, grains), 0.07, 0.40),
        "loose": lambda: _collagen(fibre, speck, _tears(fibre, grains), 0.05, 0.46),
        "necrosis": lambda: (0.07 + 0.03 * grains.dust, 0.52 + 0.05 * cell + 1.8 * speck),
        "wall": lambda: (0.07, 0.50 + 0.10 * fibre + speck),
        "lumen": lambda: (0.0, 0.03),
        "hollow": lambda: (0.0, 0.015),
        "epithelium": lambda: (0.16 + 0.02 * cell, 0.37 + 0.04 * cell + speck),
        "debris": lambda: ((0.10 + 0.04 * cell) * holes, (0.36 + 0.1 * cell + speck) * holes),
        "nest": lambda: _nest(values["depth"], cell, speck, bodies),
    }
    stains = np.zeros((2, *fibre.shape), np.float32)
    for name, mix in mixes.items():
        share: Floats = getattr(zone, name)
        if float(share.max()) > 0:
            blue, pink = mix()
            stains[0] += share * blue
            stains[1] += share * pink
    return np.maximum(stains, 0, out=stains)


def _sinus(grains: Grains, speck: Floats) -> tuple[AnyFloats, AnyFloats]:
    """Nearly empty, crossed by threads."""
    threads = np.exp(-((grains.gaps / 0.22) ** 2))
    return 0.02 + 0.03 * threads, 0.05 + 0.17 * threads + 0.4 * speck


def _collagen(
    fibre: Floats, speck: Floats, whole: Floats, blue: float, pink: float
) -> tuple[AnyFloats, AnyFloats]:
    """Bundles of fibres; `whole` is 0 where they have come apart."""
    return (blue + 0.02 * fibre) * whole, (pink + 0.16 * fibre + 0.5 * speck) * whole


def _clefts(fibre: Floats, grains: Grains) -> Floats:
    return 1 - 0.85 * smoothstep(-fibre - 0.5 * grains.coarse, 1.7, 2.3)


def _tears(fibre: Floats, grains: Grains) -> Floats:
    return 1 - 0.92 * smoothstep(-fibre - 0.4 * grains.mid - 0.5 * grains.coarse, 0.8, 1.5)


def _nest(depth: Floats, cell: Floats, speck: Floats, bodies: Bodies) -> tuple[AnyFloats, AnyFloats]:
    """Cytoplasm, each cell with its shade; borders darker in some places, shrunken apart in others."""
    border = 1 - smoothstep(bodies.border, 0.3, 1.5)
    joined = smoothstep(depth, -0.2, 0.6)
    pink = 0.37 + 0.05 * cell + 1.1 * speck + bodies.shade + border * (0.46 * joined - 0.30)
    return 0.13 + 0.03 * cell + 0.35 * bodies.shade, pink
