"""Adjustments that are judged from the slide's own picture: white, contrast, stains."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import EstimateError
from pathview.core.stains import estimated
from pathview.inference.tissue import coloured, glass_colour
from pathview.tiles.source import Rgb
from pathview.view.adjust import LUMA, NEUTRAL, Adjustment

# Auto puts the darkest tissue here, not at black, so that nothing is lost in it.
_DARK = 0.05
_ENDS = (0.5, 99.5)
_STEEPEST = 2.0
_NO_GLASS = "no bare glass stands out on the slide; set red, green and blue by hand"


def white_from_glass(picture: Rgb, adjustment: Adjustment) -> Adjustment:
    """Return the adjustment with gains that make the bare glass white.

    Parameters
    ----------
    picture
        The whole slide, coarse, in the colours that the screen shows: (h, w, 3) uint8.
    adjustment
        What is kept of it is all but the gains.

    Raises
    ------
    EstimateError
        If no glass stands out.
    """
    glass = glass_colour(picture)
    if glass is None:
        raise EstimateError("take white from the glass", _NO_GLASS)
    red, green, blue = (float(part) for part in 255.0 / glass)
    return adjustment.limited(red=red, green=green, blue=blue)


def automatic(picture: Rgb, adjustment: Adjustment) -> Adjustment:
    """Return an adjustment that makes glass white and spreads the tissue from dark to white.

    Where no glass stands out, colours stay as they are. Gamma and saturation become neutral; stains stay.

    Parameters
    ----------
    picture
        As for `white_from_glass`.
    adjustment
        As it is now.
    """
    plain = replace(NEUTRAL, stains=adjustment.stains, part=adjustment.part, grey=adjustment.grey)
    with suppress(EstimateError):
        plain = white_from_glass(picture, plain)
    light, tissue = np.minimum(picture / 255.0 * plain.gains, 1.0), coloured(picture)
    # The darkest channel tells what black would swallow, the luma what white would.
    darkest = light.min(axis=-1)
    low = float(np.percentile(darkest[tissue] if tissue.any() else darkest, _ENDS[0]))
    high = float(np.percentile(light @ LUMA, _ENDS[1]))
    slope = min(max((1.0 - _DARK) / max(high - low, 0.01), 1.0), _STEEPEST)
    return plain.limited(contrast=slope, brightness=0.5 - (high - 0.5) * slope)


def own_stains(picture: Rgb, sample: Rgb | None, adjustment: Adjustment) -> Adjustment:
    """Return the adjustment with stains estimated from a sample of the slide's tissue.

    Density is measured against glass, so white is taken from it first, unless the gains were set already.

    Parameters
    ----------
    picture
        As for `white_from_glass`.
    sample
        Tissue in the colours that the screen shows, (h, w, 3) uint8; None where there is none.
    adjustment
        As it is now.

    Raises
    ------
    EstimateError
        If there is too little stained tissue, or it has one colour only.
    """
    if sample is None:
        raise EstimateError("judge the stains", "there is no tissue on the slide")
    if adjustment.gains == NEUTRAL.gains and glass_colour(picture) is not None:
        adjustment = white_from_glass(picture, adjustment)
    light: NDArray[np.float64] = np.minimum(sample.reshape(-1, 3) / 255.0 * adjustment.gains, 1.0)
    return replace(adjustment, stains=estimated(light))
