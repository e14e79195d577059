"""The narrow waist: anything that is a pyramid and can read a tile."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pathview.core.pyramid import Pyramid, TileKey
from pathview.core.region import Region
from pathview.slides.channels import Look
from pathview.slides.colour import DisplayColour
from pathview.slides.slide import Slide

Rgb = NDArray[np.uint8]
"""(h, w, 3)"""
Scalar = NDArray[np.float32]
"""(h, w) values from 0 to 1, plus `UNLIKE` or not, plus a multiple of `UNCERTAIN`; or one of the codes below
where there is no value"""

# A shader cannot test for NaN portably, so a cell without a value carries a negative code instead.
NOT_RUN = -1.0
SKIPPED = -2.0
FAILED = -3.0

UNLIKE = 2.0
"""Added to a value that means little: its cell is unlike the tissue that the model was trained on."""

UNCERTAIN = 4.0
"""Added to a value as often as its uncertainty has steps; so it is drawn without a texture of its own."""
UNCERTAIN_STEPS = 255
"""Of the largest standard deviation that there can be, one half."""


class TileSource(Protocol):
    """A pyramid whose tiles can be read from any thread; compared and hashed by identity."""

    @property
    def pyramid(self) -> Pyramid:
        """Size, tile edge and place on the slide."""
        ...

    @property
    def kind(self) -> Literal["rgb", "scalar"]:
        """What `read_tile` gives."""
        ...

    def revision(self, key: TileKey) -> int:
        """Return a number that grows when the pixels of `key` change; 0 for ever on a slide."""
        ...

    def read_tile(self, key: TileKey) -> Rgb | Scalar:
        """Read one tile, exactly ``pyramid.pixels(key)`` large.

        Raises
        ------
        TileReadError
            If the pixels cannot be read.
        """
        ...


class SlideTiles:
    """The tiles of a slide.

    Parameters
    ----------
    slide
        An open slide.
    tile
        Wanted tile edge; rounded up to a multiple of the native tile so that reads align.
    colour
        Convert colours to sRGB where the slide has a profile; otherwise tiles have the file's own numbers.
    look
        How channels and focal planes are shown; default the slide's first look.
    """

    def __init__(self, slide: Slide, tile: int = 512, colour: bool = True, look: Look | None = None) -> None:
        self.slide = slide
        self._converted = colour
        self._look = look or slide.first_look
        self._changes = 0
        native = max(slide.info.levels[0].tile)
        # An odd native tile (240, or a strip as wide as the slide) would make absurd atlas slots.
        edge = native if tile % native and native <= tile and 2 * native > tile else tile
        self._pyramid = Pyramid(slide.info.size, edge)

    @property
    def pyramid(self) -> Pyramid:
        """The dyadic pyramid over the slide's level 0."""
        return self._pyramid

    @property
    def kind(self) -> Literal["rgb"]:
        """Slides are colour images."""
        return "rgb"

    @property
    def colour(self) -> DisplayColour:
        """What is done to the colours, with its `state` in words."""
        return self.slide.display_colour if self._converted else DisplayColour.off()

    @property
    def look(self) -> Look | None:
        """How channels and focal planes are shown; None on a slide without such."""
        return self._look

    def show(self, look: Look) -> None:
        """Show channels and focal planes otherwise; all tiles are of a new revision then.

        Only for a slide whose `look` is not None.
        """
        # The look first: a tile read in between has the new look under the old number, and is read again.
        self._look = look
        self._changes += 1

    def revision(self, key: TileKey) -> int:
        """Return how often the look has changed: nothing else changes the pixels of a slide."""
        return self._changes

    def read_tile(self, key: TileKey) -> Rgb:
        """Read one tile, resampled from the native level that serves its downsample."""
        pixels = self.slide.read(Region(self._pyramid.box(key), float(1 << key.level)), self._look)
        return self.colour.apply(pixels)
