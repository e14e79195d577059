"""The scale bar: the longest round length that fits."""

from __future__ import annotations

import math
from typing import NamedTuple


class ScaleBar(NamedTuple):
    """A length to draw.

    Attributes
    ----------
    length_um
        In micrometres.
    pixels
        Its width on screen in physical pixels.
    text
        For example "200 µm" or "2 mm".
    """

    length_um: float
    pixels: float
    text: str


def scale_bar(downsample: float, mpp: tuple[float, float] | None, longest_px: float) -> ScaleBar | None:
    """Return the longest 1-2-5 length that is at most `longest_px` wide, or None when mpp is unknown.

    Parameters
    ----------
    downsample
        Level-0 pixels per physical screen pixel.
    mpp
        The slide's (x, y) in um/px; the bar lies along x.
    longest_px
        Room on screen in physical pixels, > 0.
    """
    if mpp is None:
        return None
    um_per_px = mpp[0] * downsample
    longest = um_per_px * longest_px
    decade = 10.0 ** math.floor(math.log10(longest))
    length = next(step * decade for step in (5, 2, 1) if step * decade <= longest * (1 + 1e-9))
    text = f"{length / 1000:g} mm" if length >= 1000 else f"{length:g} µm"
    return ScaleBar(length, length / um_per_px, text)
