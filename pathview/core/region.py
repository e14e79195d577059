"""A region: where to look and how coarsely."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pathview.core.geometry import Box


@dataclass(frozen=True, slots=True)
class Region:
    """A complete address of pixels: a level-0 box and the downsample to show it at.

    Attributes
    ----------
    box
        Level-0 pixels, may reach outside the slide.
    downsample
        Level-0 pixels per output pixel, > 0.
    """

    box: Box
    downsample: float

    @property
    def shape(self) -> tuple[int, int]:
        """Output size as (rows, columns), at least one pixel each."""
        return (
            max(1, round(self.box.height / self.downsample)),
            max(1, round(self.box.width / self.downsample)),
        )


def downsample_for(mpp: float, slide_mpp: tuple[float, float] | None) -> float | None:
    """Return the downsample at which a slide shows `mpp` micrometres per pixel.

    Parameters
    ----------
    mpp
        The wanted resolution in um/px.
    slide_mpp
        The slide's (x, y) resolution at level 0 in um/px, or None when it is unknown.

    Returns
    -------
    float or None
        Level-0 pixels per output pixel, from the geometric mean of x and y; None when the slide's mpp is
        unknown, because a scale is never guessed.
    """
    if slide_mpp is None:
        return None
    return mpp / math.sqrt(slide_mpp[0] * slide_mpp[1])
