"""From amounts of stain to colours and back, by the law of Beer and Lambert.

Stains absorb, so what adds up where they overlap is their optical density, not their colour:
``I = I0 * exp(-OD)``. The haematoxylin vector is that of Ruifrok and Johnston, "Quantification of
histochemical staining by color deconvolution" (Anal Quant Cytol Histol 2001; 23: 291-299). Their eosin, a
nearly pure green absorber, gives magenta; the one here is the direction of the pink that scanners show.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float32]
type Bytes = NDArray[np.uint8]

LIGHT = np.array([246.0, 245.0, 243.0], np.float32)
"""RGB of the empty glass, the I0 of the law: a scanner's white is a little short of 255, a little warm."""

HAEMATOXYLIN = np.array([0.650, 0.704, 0.286], np.float32)
EOSIN = np.array([0.170, 0.850, 0.500], np.float32)

STAINS: Floats = np.stack(
    [HAEMATOXYLIN / np.linalg.norm(HAEMATOXYLIN), EOSIN / np.linalg.norm(EOSIN)]
).astype(np.float32)
"""(2, 3): optical density in R, G, B of one unit of haematoxylin and of eosin."""


def stains_to_rgb(stains: Floats, noise: Floats | float = 0.0) -> Bytes:
    """Colours of a stained section.

    Parameters
    ----------
    stains
        (2, height, width) float32: haematoxylin and eosin, units of optical density, 0 and up; (2, 1, 1) for
        the same everywhere.
    noise
        Added to the intensities before rounding: a scalar or (height, width) float32, grey levels.

    Returns
    -------
    (height, width, 3) uint8 RGB.
    """
    rgb = np.empty((*np.broadcast_shapes(stains.shape[1:], np.shape(noise)), 3), np.uint8)
    for channel in range(3):
        density = stains[0] * -STAINS[0, channel]
        density -= stains[1] * STAINS[1, channel]
        light = np.exp(density, out=density)
        light *= LIGHT[channel]
        light = light + noise
        light += 0.5
        rgb[..., channel] = np.clip(light, 0, 255, out=light)
    return rgb


def rgb_to_stains(rgb: Bytes) -> Floats:
    """Amounts of stain that explain colours best (least squares in optical density).

    Parameters
    ----------
    rgb
        (height, width, 3) uint8.

    Returns
    -------
    (2, height, width) float32 haematoxylin and eosin; slightly negative where a pixel is outside the law.
    """
    density = -np.log(np.maximum(rgb.astype(np.float32), 1.0) / LIGHT)
    amounts = density @ np.linalg.pinv(STAINS).astype(np.float32)
    return np.ascontiguousarray(np.moveaxis(amounts, -1, 0), dtype=np.float32)
