"""A reader of samples as a reader of colours."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from pathview.core.errors import TileReadError
from pathview.slides.channels import Look, Samples, first_look, render
from pathview.slides.reader import Rgb, SlideInfo

# From how many places, across and down, the first look is judged, and how large each is.
_PLACES = 4
_EDGE = 256


class SampleReader(Protocol):
    """What a format implements whose pixels are no 8-bit colours; safe from many threads."""

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide, its channels and planes among it."""
        ...

    def read_samples(self, level: int, x: int, y: int, w: int, h: int, plane: int) -> Samples:
        """Read a window of LEVEL pixels of one focal plane as (h, w, channels), of the file's own type.

        A slide without channels gives colours, (h, w, 3) uint8.

        Raises
        ------
        TileReadError
            If the pixels cannot be read; the reader stays usable.
        """
        ...

    def close(self) -> None:
        """Release the file; reads that are under way end first."""
        ...


class RenderedReader:
    """Shows samples by a `Look`; what does not ask for one gets the first look, which is always the same.

    Parameters
    ----------
    samples
        Closed with this one.
    """

    def __init__(self, samples: SampleReader) -> None:
        self._samples = samples
        self._judging = threading.Lock()
        self._first: Look | None = None

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide."""
        return self._samples.info

    def first_look(self) -> Look | None:
        """Return how the slide is shown before anybody adjusts it; None where there is nothing to adjust."""
        return self._look if self.info.channels or self.info.planes > 1 else None

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        """Read a window of level pixels in the first look, as (h, w, 3) uint8.

        Raises
        ------
        TileReadError
            If the pixels cannot be read.
        """
        return self.read_look(level, x, y, w, h, self._look)

    def read_look(self, level: int, x: int, y: int, w: int, h: int, look: Look) -> Rgb:
        """Read a window of level pixels in a look of the user's, as (h, w, 3) uint8.

        Raises
        ------
        TileReadError
            If the pixels cannot be read.
        """
        return render(self._samples.read_samples(level, x, y, w, h, look.plane), look)

    def read_samples(self, level: int, x: int, y: int, w: int, h: int, plane: int) -> Samples:
        """Read a window of level pixels as the file has them, (h, w, channels).

        Raises
        ------
        TileReadError
            If the pixels cannot be read.
        """
        return self._samples.read_samples(level, x, y, w, h, plane)

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return none: files of this kind carry no label."""
        return {}

    def icc_profile(self) -> bytes | None:
        """Return None: a profile is about colours, and channels have none of their own."""
        return None

    def close(self) -> None:
        """Release the file."""
        self._samples.close()

    @property
    def _look(self) -> Look:
        with self._judging:
            if self._first is None:
                self._first = first_look(self.info.channels, self.info.planes, self._taste())
            return self._first

    def _taste(self) -> Samples:
        """Return samples from all over the coarsest level as (n, 1, channels); unreadable ones are left out.

        Not more, since a slide that has no coarse levels would have to be read whole.
        """
        channels = len(self.info.channels)
        if not channels:
            return np.empty((0, 1, 0), np.uint8)
        number, level = max(enumerate(self.info.levels), key=lambda pair: pair[1].downsample)
        width, height = level.size
        w, h = min(_EDGE, width), min(_EDGE, height)
        across = {(width - w) * at // max(_PLACES - 1, 1) for at in range(_PLACES)}
        down = {(height - h) * at // max(_PLACES - 1, 1) for at in range(_PLACES)}
        parts = []
        for x, y in ((x, y) for y in sorted(down) for x in sorted(across)):
            try:
                part = self._samples.read_samples(number, x, y, w, h, self.info.planes // 2)
            except TileReadError:
                continue
            parts.append(part.reshape(-1, 1, channels))
        return np.concatenate(parts) if parts else np.empty((0, 1, channels), np.uint8)
