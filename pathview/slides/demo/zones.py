"""Which tissue is where: soft memberships that add up to at most one, for points and pixels alike.

Cells and background ask the same function, so that a lymphocyte and the ground it lies in agree about the
sinus they are in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pathview.slides.demo.fields import Fields
from pathview.slides.demo.stains import Floats
from pathview.slides.demo.texture import Textures, smoothstep

_ROUGH = ("node", "strip", "trabeculae", "follicle", "centre", "island", "duct", "debris")
"""Distances whose edges are made ragged; the others are drawn as smooth as they are laid out."""

FIELD_NAMES = (*_ROUGH, "fat", "vessel", "nest", "sinus", "medulla", "bend", "tint", "depth", "clump")


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """Memberships 0 to 1 of one shape, float32.

    ``light`` is the inner part of ``centre``; ``clump`` and ``sparse`` vary how dense cells are sown.
    """

    capsule: Floats
    sinus: Floats
    lymphoid: Floats
    cord: Floats
    mantle: Floats
    centre: Floats
    light: Floats
    nest: Floats
    necrosis: Floats
    septum: Floats
    loose: Floats
    epithelium: Floats
    wall: Floats
    lumen: Floats
    hollow: Floats
    debris: Floats
    clump: Floats
    sparse: Floats


def ragged(values: dict[str, Floats], mid: Floats, cell: Floats, scale: float) -> dict[str, Floats]:
    """Make the edges of the rough tissues wander by a few micrometres.

    Parameters
    ----------
    values
        Fields at some points; the distances among them are changed in a copy.
    mid, cell
        Noise of deviation 1 at the same points.
    scale
        Of the anatomy: smaller organs have finer edges.
    """
    wander = (3.2 * mid + 1.0 * cell) * np.float32(min(1.0, 0.4 + scale))
    return values | {name: values[name] + wander for name in _ROUGH}


def zones(values: Mapping[str, Floats], scale: float) -> Zones:
    """Memberships from the (ragged) fields at some points.

    Later tissues lie on top: each takes its share of what is left by those above it.
    """
    node, tint = values["node"], values["tint"]
    thick = np.maximum((34 + 13 * tint + 5 * values["clump"]) * max(scale, 0.3), 7)
    gap = 19 * max(scale, 0.5)
    left = np.ones_like(node)

    def take(membership: Floats) -> Floats:
        nonlocal left
        share = left * membership
        left = left - share
        return share

    inside = edge(node)
    lumen = take(edge(values["vessel"] - 5.0))
    wall = take(edge(values["vessel"]))
    hollow = take(edge(values["duct"] - 17.0))
    epithelium = take(edge(values["duct"]))
    island = edge(values["island"])
    width = np.maximum(0.15 + 0.09 * tint, 0.08)
    hollow = hollow + take(island * smoothstep(values["nest"], 2.05, 2.2))
    dead = take(island * smoothstep(values["island"] + 14 * values["clump"], 235, 255))
    septum = take(island * (1 - smoothstep(np.abs(values["nest"]), width - 0.05, width + 0.05)))
    nest = take(island)
    trabecula = take(inside * edge(values["trabeculae"]))
    capsule = take(inside * edge(thick - node)) + trabecula
    beside = edge(values["trabeculae"] + 11) * smoothstep(values["clump"], -0.6, 0.2)
    under = edge(thick + gap - node) * smoothstep(values["clump"], -1.5, -0.7)
    channel = values["medulla"] * (1 - smoothstep(np.abs(values["sinus"]), 0.20, 0.34))
    sinus = take(inside * np.maximum(np.maximum(beside, under), channel))
    centre = take(inside * edge(values["centre"]))
    mantle = take(inside * edge(values["follicle"]))
    cord = take(inside * values["medulla"])
    lymphoid = take(inside)
    loose = take(edge(values["strip"]))
    debris = take(edge(values["debris"]))
    return Zones(
        capsule=capsule,
        sinus=sinus,
        lymphoid=lymphoid,
        cord=cord,
        mantle=mantle,
        centre=centre,
        light=centre * smoothstep(values["centre"], 10, 16),
        nest=nest,
        necrosis=dead,
        septum=septum,
        loose=loose,
        epithelium=epithelium,
        wall=wall,
        lumen=lumen,
        hollow=hollow,
        debris=debris,
        clump=values["clump"],
        sparse=smoothstep(values["depth"], -0.4, 1.0),
    )


def zones_at(fields: Fields, textures: Textures, points: Floats, scale: float) -> Zones:
    """Memberships at (n, 2) points, micrometres."""
    x, y = points[:, 0], points[:, 1]
    values = {name: fields.at(name, points) for name in (*_ROUGH, "vessel", "nest", "sinus")}
    values |= {name: fields.roughly_at(name, points) for name in FIELD_NAMES if name not in values}
    return zones(ragged(values, textures.mid.at(x, y), textures.cell.at(x, y), scale), scale)


def in_tissue(fields: Fields, points: Floats) -> NDArray[np.bool_]:
    """(n,) whether points lie on or just beside tissue: a quick test before the full one."""
    near = [fields.roughly_at(name, points) for name in ("node", "strip", "debris", "vessel", "duct")]
    return np.asarray(np.max(near, axis=0) > -15, bool)


def edge(distance: Floats) -> Floats:
    """1 inside, 0 outside, over 2.4 um: about as soft as a cut edge looks."""
    if distance.size and (float(distance.max()) <= -1.2 or float(distance.min()) >= 1.2):
        return np.full(
            distance.shape, distance.flat[0] > 0, np.float32
        )  # most blocks are far from most edges
    return smoothstep(distance, -1.2, 1.2)
