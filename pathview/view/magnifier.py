"""The lens: which part of the slide it shows, and where on the screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pathview.view.viewport import Viewport

Power = Literal["2x", "4x", "full"]
"""How much more the lens shows than the view round it; "full" is one slide pixel per screen pixel."""

POWERS: tuple[Power, ...] = ("2x", "4x", "full")
_FACTORS: dict[Power, float] = {"2x": 2.0, "4x": 4.0}
# As close as the view itself can go.
_CLOSEST = 1 / 16


@dataclass(frozen=True, slots=True)
class Lens:
    """A small view that lies over another one.

    Attributes
    ----------
    viewport
        What it shows; as large as the lens.
    left, top
        Of its corner on the screen, physical pixels; parts of it may lie beside the screen.
    factor
        How many times larger than round it the slide is shown.
    """

    viewport: Viewport
    left: int
    top: int
    factor: float


def lens(viewport: Viewport, at: tuple[float, float], edge: int, power: Power) -> Lens:
    """Return the lens over a place of the screen.

    The place under its middle is the one in its middle, so that the lens can be aimed; turned and mirrored it
    is as the view is.

    Parameters
    ----------
    viewport
        What the screen shows.
    at
        Where the lens is, physical pixels of the screen.
    edge
        Its width and height, physical pixels.
    power
        How closely it shows the slide. "full" doubles where the view shows the slide's pixels already.
    """
    factor = _FACTORS.get(power, viewport.downsample)
    if factor <= 1:
        factor = _FACTORS["2x"]
    downsample = max(viewport.downsample / factor, _CLOSEST)
    inside = replace(viewport, center=viewport.to_slide(*at), downsample=downsample, size=(edge, edge))
    left, top = (round(place - edge / 2) for place in at)
    return Lens(inside, left, top, viewport.downsample / downsample)
