"""Colours of classes and heatmaps, as plain numbers."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

# Okabe & Ito (2008), "Color Universal Design": distinguishable with the common colour-vision deficiencies.
OKABE_ITO: tuple[tuple[int, int, int], ...] = (
    (213, 94, 0),
    (0, 114, 178),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
    (240, 228, 66),
    (90, 90, 90),
)

# Names that pathologists expect in these colours; QuPath's default classes start with them too.
NAMED: dict[str, tuple[int, int, int]] = {
    "Tumor": (200, 0, 0),
    "Normal": (0, 158, 115),
    "Stroma": (0, 114, 178),
    "Necrosis": (90, 90, 90),
    "Lymphocytes": (204, 121, 167),
    "Other": (230, 159, 0),
}

INCLUDE, EXCLUDE = "Include in runs", "Exclude from runs"
"""Classes of areas that tell model runs where to look, and where not to, whatever the slide's colours say."""
RUN_CLASSES: dict[str, tuple[int, int, int]] = {INCLUDE: (86, 180, 233), EXCLUDE: (60, 60, 66)}

# Anchor colours from low to high. "heat" grows from clear yellow to dark red and stays readable on H&E;
# "viridis" and "magma" follow the anchors of the maps by Smith and van der Walt (2015, CC0); "blues" and
# "cividis" (Nunez et al. 2018) serve readers with colour-vision deficiency.
_ANCHORS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "heat": ((255, 255, 178), (254, 204, 92), (253, 141, 60), (240, 59, 32), (150, 0, 30)),
    "viridis": ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)),
    "magma": ((0, 0, 4), (81, 18, 124), (183, 55, 121), (252, 137, 97), (252, 253, 191)),
    "cividis": ((0, 34, 78), (66, 78, 108), (124, 123, 120), (188, 174, 108), (254, 232, 56)),
    "blues": ((222, 235, 247), (158, 202, 225), (66, 146, 198), (8, 81, 156), (8, 48, 107)),
}

COLORMAPS: tuple[str, ...] = tuple(_ANCHORS)

# Blue to orange by way of white: apart with all common colour-vision deficiencies, and neither is a stain's.
_DIVERGING = {"blue-orange": ((5, 48, 120), (67, 147, 210), (247, 247, 247), (240, 140, 30), (140, 60, 0))}
DIFFERENCE_MAP = "blue-orange"
"""For A minus B: the first colour where B is higher, white where they are equal, the last where A is."""


def class_color(name: str | None) -> tuple[int, int, int]:
    """Return a stable (r, g, b), 0-255, for a class name; None (unclassified) is amber."""
    if name is None:
        return (255, 170, 0)
    if name in NAMED or name in RUN_CLASSES:
        return (NAMED | RUN_CLASSES)[name]
    return OKABE_ITO[zlib.crc32(name.encode()) % len(OKABE_ITO)]


def colormap_table(name: str) -> NDArray[np.uint8]:
    """Return a colormap as (256, 3) uint8, index 0 for the lowest value and 255 for the highest.

    Raises
    ------
    KeyError
        If there is no colormap of that name; they are `COLORMAPS` and `DIFFERENCE_MAP`.
    """
    anchors = np.asarray((_ANCHORS | _DIVERGING)[name], float)
    at = np.linspace(0, 1, len(anchors))
    steps = np.linspace(0, 1, 256)
    table = np.stack([np.interp(steps, at, anchors[:, channel]) for channel in range(3)], axis=1)
    return np.rint(table).astype(np.uint8)
