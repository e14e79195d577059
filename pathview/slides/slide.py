"""An open slide: read any level-0 box at any downsample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import numpy as np

from pathview.core.errors import UnknownScaleError
from pathview.core.geometry import Box
from pathview.core.region import Region, downsample_for
from pathview.slides.reader import Rgb, SlideInfo, SlideReader
from pathview.slides.resample import SNAP, Span, average
from pathview.slides.watch import WatchedReader

# A level this much coarser than wanted still serves: files round their level sizes.
_COARSER = 1.01
# Larger reads are done in bands, so that a coarse view of a slide without coarse levels fits in memory.
_BAND_PIXELS = 16_000_000


class Slide:
    """What all formats have in common; safe to read from many threads.

    Parameters
    ----------
    reader
        Reads native levels; the slide owns it from here on and closes it.
    """

    def __init__(self, reader: SlideReader) -> None:
        self._reader = reader

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide without reading pixels."""
        return self._reader.info

    @property
    def trouble(self) -> str | None:
        """What has happened to the file since it was opened, as a sentence; None while all is well."""
        return self._reader.trouble if isinstance(self._reader, WatchedReader) else None

    def read(self, region: Region) -> Rgb:
        """Read a region as (rows, columns, 3) uint8 of exactly ``region.shape``; the array may be read-only.

        The box is divided into equal output pixels; each is the mean of the area it covers. Pixels that lie
        outside the slide have the background colour; those on its border average the part inside.

        Parameters
        ----------
        region
            Level-0 box, which may reach outside, and the downsample.

        Raises
        ------
        TileReadError
            If the pixels cannot be read.
        """
        height, width = region.shape
        box = region.box
        rows = _inside(box.y0, box.height / height, height, self.info.size[1])
        columns = _inside(box.x0, box.width / width, width, self.info.size[0])
        if len(rows) == height and len(columns) == width:
            return self._read(box, rows, columns, region.shape)
        canvas = np.empty((height, width, 3), np.uint8)
        canvas[:] = self.info.background
        if rows and columns:
            part = self._read(box, rows, columns, region.shape)
            canvas[rows.start : rows.stop, columns.start : columns.stop] = part
        return canvas

    def downsample_for(self, mpp: float) -> float:
        """Return the downsample that shows `mpp` micrometres per pixel.

        Raises
        ------
        UnknownScaleError
            If the slide does not say how large its pixels are: a scale is never guessed.
        """
        downsample = downsample_for(mpp, self.info.mpp)
        if downsample is None:
            raise UnknownScaleError(self.info.path, f"a resolution of {mpp:g} um/px")
        return downsample

    def thumbnail(self, max_size: int) -> Rgb:
        """Return the whole slide, its longer side `max_size` pixels (or fewer on a smaller slide)."""
        return self.read(Region(self.info.box, max(1.0, max(self.info.size) / max_size)))

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return the label, macro and thumbnail images that the file carries, by name."""
        return self._reader.associated_images()

    def icc_profile(self) -> bytes | None:
        """Return the embedded ICC profile, or None."""
        return self._reader.icc_profile()

    def close(self) -> None:
        """Release the file once the reads under way have ended; closing twice does no harm."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _level_for(self, downsample: float) -> int:
        """Return the coarsest native level that is fine enough."""
        levels = self.info.levels
        fine = [i for i, level in enumerate(levels) if level.downsample <= downsample * _COARSER]
        return max(fine, key=lambda i: levels[i].downsample, default=0)

    def _read(self, box: Box, rows: range, columns: range, shape: tuple[int, int]) -> Rgb:
        """Read the output pixels `rows` x `columns`, all of which meet the slide."""
        step_x, step_y = box.width / shape[1], box.height / shape[0]
        number = self._level_for(min(step_x, step_y))
        level = self.info.levels[number]
        scale = level.downsample
        across = _span(box.x0 + columns.start * step_x, step_x, len(columns), scale, level.size[0])
        down = _span(box.y0 + rows.start * step_y, step_y, len(rows), scale, level.size[1])
        pixels = _length(across) * _length(down)
        if pixels > _BAND_PIXELS and len(rows) > 1:
            middle = rows.start + len(rows) // 2
            halves = (range(rows.start, middle), range(middle, rows.stop))
            return np.concatenate([self._read(box, half, columns, shape) for half in halves])
        (x0, x1), (y0, y1) = across.window, down.window
        return average(self._reader.read_level(number, x0, y0, x1 - x0, y1 - y0), down, across)


def _inside(start: float, step: float, count: int, size: int) -> range:
    """Return which of `count` output pixels, each `step` long from `start`, meet 0..size."""
    slack = SNAP / step
    first = math.floor(-start / step + slack)
    last = math.ceil((size - start) / step - slack)
    return range(min(max(first, 0), count), min(max(last, 0), count))


def _span(start: float, step: float, count: int, scale: float, limit: int) -> Span:
    return Span(start / scale, step / scale, count, limit)


def _length(span: Span) -> int:
    return span.window[1] - span.window[0]
