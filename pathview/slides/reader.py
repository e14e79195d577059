"""What a file format implements, and what it tells about a slide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pathview.core.geometry import Box
from pathview.core.place import Place
from pathview.slides.channels import Channel, Look, Samples
from pathview.slides.private import shown

Rgb = NDArray[np.uint8]
"""Pixels as (height, width, 3) uint8, in the colours of the file; see `pathview.slides.colour`."""


@dataclass(frozen=True, slots=True)
class Level:
    """One native resolution of a slide file.

    Attributes
    ----------
    size
        (width, height) in this level's pixels.
    downsample
        Level-0 pixels per pixel of this level.
    tile
        Native tile (width, height) in this level's pixels; how reads should be aligned.
    """

    size: tuple[int, int]
    downsample: float
    tile: tuple[int, int]


@dataclass(frozen=True, slots=True)
class SlideInfo:
    """Everything that is known about a slide without reading its pixels.

    Attributes
    ----------
    path
        The file or folder, or the address of one.
    format
        The reader's name for the format, for example "aperio".
    fingerprint
        Identity that survives renaming, from `pathview.core.files.fingerprint`.
    levels
        Native levels, finest first; level 0 has downsample 1.
    mpp
        (x, y) in um/px at level 0, or None when the file does not say, or says nonsense.
    mpp_source
        Where mpp comes from ("aperio.MPP", "TIFF resolution", ...), or why it is unknown.
    objective_power
        Magnification of the objective, or None.
    bounds
        Level-0 box that holds pixels; the whole slide where the file does not say.
    background
        (r, g, b) of what was not scanned.
    properties
        The file's own metadata, as text; what may name a patient is left out, see `pathview.slides.private`.
    channels
        What was measured where that is no colour, such as fluorescence; none for a picture in 8-bit colours.
    planes
        How many focal planes there are.
    plane_um
        Distance of one focal plane to the next in um, or None where it is unknown.
    """

    path: Place
    format: str
    fingerprint: str
    levels: tuple[Level, ...]
    mpp: tuple[float, float] | None
    mpp_source: str
    objective_power: float | None
    bounds: Box
    background: tuple[int, int, int]
    properties: Mapping[str, str] = field(repr=False)
    channels: tuple[Channel, ...] = ()
    planes: int = 1
    plane_um: float | None = None

    def __post_init__(self) -> None:
        # Here and not in the readers, so that none can forget it.
        object.__setattr__(self, "properties", shown(self.properties))

    @property
    def size(self) -> tuple[int, int]:
        """Level-0 (width, height) in pixels."""
        return self.levels[0].size

    @property
    def box(self) -> Box:
        """The whole of level 0."""
        return Box(0, 0, *self.size)


class SlideReader(Protocol):
    """The only thing that a new file format implements; all methods may be called from any thread."""

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide."""
        ...

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        """Read a window of LEVEL pixels that lies inside the level, as (h, w, 3) uint8.

        Raises
        ------
        TileReadError
            If the pixels cannot be read; the reader stays usable.
        """
        ...

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return the label, macro and thumbnail images that the file carries, by name."""
        ...

    def icc_profile(self) -> bytes | None:
        """Return the embedded ICC profile, or None."""
        ...

    def close(self) -> None:
        """Release the file; reads that are under way end first."""
        ...


@runtime_checkable
class Adjustable(Protocol):
    """A reader that may show its pixels in several ways."""

    def first_look(self) -> Look | None:
        """Return the look that `SlideReader.read_level` has, or None where there is but one."""
        ...

    def read_look(self, level: int, x: int, y: int, w: int, h: int, look: Look) -> Rgb:
        """Read as `SlideReader.read_level` does, in another look."""
        ...

    def read_samples(self, level: int, x: int, y: int, w: int, h: int, plane: int) -> Samples:
        """Read as `SlideReader.read_level` does, the file's own numbers as (h, w, channels)."""
        ...


@runtime_checkable
class KnowsAssociatedSizes(Protocol):
    """A reader that can tell how large its associated images are without decoding them."""

    def associated_sizes(self) -> Mapping[str, tuple[int, int]]:
        """Return (width, height) in pixels by name."""
        ...


def associated_sizes(reader: SlideReader) -> Mapping[str, tuple[int, int]]:
    """Return (width, height) of a reader's associated images by name, decoding them only where it must.

    Raises
    ------
    TileReadError
        If the reader is closed.
    """
    if isinstance(reader, KnowsAssociatedSizes):
        return reader.associated_sizes()
    return {name: (image.shape[1], image.shape[0]) for name, image in reader.associated_images().items()}
