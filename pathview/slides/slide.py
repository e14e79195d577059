"""An open slide: read any level-0 box at any downsample."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from types import TracebackType
from typing import Self

import numpy as np

from pathview.core.errors import TileReadError, UnknownScaleError
from pathview.core.geometry import Box
from pathview.core.region import Region, downsample_for
from pathview.slides.channels import Look, auto_window
from pathview.slides.colour import DisplayColour
from pathview.slides.overview import build_overview, forget_overview, missing_levels, open_overview
from pathview.slides.reader import Adjustable, Level, Rgb, SlideInfo, SlideReader, associated_sizes
from pathview.slides.resample import SNAP, Span, average
from pathview.slides.scale import with_stated_mpp
from pathview.slides.watch import WatchedReader

# A level this much coarser than wanted still serves: files round their level sizes.
_COARSER = 1.01
# Larger reads are done in bands, so that a coarse view of a slide without coarse levels fits in memory.
_BAND_PIXELS = 1 << 22
# The side of what contrast is judged by.
_JUDGED = 2048


class Slide:
    """What all formats have in common; safe to read from many threads.

    Parameters
    ----------
    reader
        Reads native levels; the slide owns it from here on and closes it.
    """

    def __init__(self, reader: SlideReader) -> None:
        self._reader = reader
        # The levels that the file lacks and who reads them. Replaced whole, so that readers need no lock.
        self._overview: tuple[SlideReader, tuple[Level, ...]] | None = None
        self._opening = threading.Lock()
        self._closed = False
        # What the file says but for the pixel size; replaced whole as well.
        self._stated: SlideInfo | None = None

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide without reading pixels, with the pixel size that was stated."""
        return self._stated or self._reader.info

    @property
    def file_info(self) -> SlideInfo:
        """What the file itself says, whatever pixel size was stated."""
        return self._reader.info

    def state_mpp(self, mpp: tuple[float, float] | None, source: str = "stated by the user") -> None:
        """Use a stated pixel size from here on, or the file's own again.

        Parameters
        ----------
        mpp
            (x, y) in um/px at level 0; None goes back to what the file says.
        source
            Who stated it, for `SlideInfo.mpp_source`.

        Raises
        ------
        ImpossibleScaleError
            If no slide can have it; then nothing has changed.
        """
        self._stated = None if mpp is None else with_stated_mpp(self.file_info, mpp, source)

    @property
    def trouble(self) -> str | None:
        """What has happened to the file since it was opened, as a sentence; None while all is well."""
        return self._reader.trouble if isinstance(self._reader, WatchedReader) else None

    @cached_property
    def first_look(self) -> Look | None:
        """How channels and focal planes are shown before anybody adjusts them; None without such."""
        return self._reader.first_look() if isinstance(self._reader, Adjustable) else None

    def read(self, region: Region, look: Look | None = None) -> Rgb:
        """Read a region as (rows, columns, 3) uint8 of exactly ``region.shape``; the array may be read-only.

        The box is divided into equal output pixels; each is the mean of the area it covers. Pixels that lie
        outside the slide have the background colour; those on its border average the part inside.

        Parameters
        ----------
        region
            Level-0 box, which may reach outside, and the downsample.
        look
            How to show channels and focal planes; default the first look.

        Raises
        ------
        TileReadError
            If the pixels cannot be read.
        """
        if look == self.first_look:
            look = None
        height, width = region.shape
        box = region.box
        rows = _inside(box.y0, box.height / height, height, self.info.size[1])
        columns = _inside(box.x0, box.width / width, width, self.info.size[0])
        if len(rows) == height and len(columns) == width:
            return self._read(box, rows, columns, region.shape, look)
        canvas = np.empty((height, width, 3), np.uint8)
        canvas[:] = self.info.background
        if rows and columns:
            part = self._read(box, rows, columns, region.shape, look)
            canvas[rows.start : rows.stop, columns.start : columns.stop] = part
        return canvas

    def auto_look(self, look: Look, box: Box, downsample: float) -> Look:
        """Return `look` with the contrast of each visible channel made to suit what lies in `box`.

        Parameters
        ----------
        look
            Tells which plane and which channels.
        box
            Level-0 pixels, for example those in view.
        downsample
            At which they are looked at; the level that serves it is judged, not more than four megapixels
            around the middle of the box.

        Raises
        ------
        TileReadError
            If the pixels cannot be read.
        """
        reader = self._reader
        if not isinstance(reader, Adjustable):
            return look
        _, number, level = self._source_for(downsample, look)
        x0, x1 = _around(box.x0 / level.downsample, box.x1 / level.downsample, level.size[0])
        y0, y1 = _around(box.y0 / level.downsample, box.y1 / level.downsample, level.size[1])
        samples = reader.read_samples(number, x0, y0, x1 - x0, y1 - y0, look.plane)
        for channel, shown in enumerate(look.channels):
            if shown.visible:
                low, high = auto_window(samples[..., channel])
                look = look.with_channel(channel, low=low, high=high)
        return look

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

    def thumbnail(self, max_size: int, look: Look | None = None) -> Rgb:
        """Return the whole slide, its longer side `max_size` pixels (or fewer on a smaller slide)."""
        return self.read(Region(self.info.box, max(1.0, max(self.info.size) / max_size)), look)

    @property
    def overview_missing(self) -> bool:
        """Whether the file has no level small enough to be shown whole, and none was built."""
        return self._overview is None and bool(missing_levels(self.info))

    def build_overview(self, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> bool:
        """Take the coarse levels that the file lacks from the cache, or build them; one thread, any.

        The slide can be read meanwhile; reads that begin afterwards use the new levels. `info` goes on
        telling the file's own. Only who shows a slide asks for this: what is computed shall not depend on a
        cache.

        Parameters
        ----------
        progress
            Told the share that is done, 0 to 1.
        cancelled
            Asked several times a second; True ends the build.

        Returns
        -------
        bool
            Whether the levels are there now; False when it was cancelled or the slide closed.

        Raises
        ------
        TileReadError
            If pixels of the slide cannot be read.
        OSError
            If the cache cannot be written.
        """
        overview = open_overview(self.info) or build_overview(self._reader, progress, cancelled)
        if overview is None:
            return False
        with self._opening:
            if not self._closed:
                self._overview = overview, missing_levels(self.info)
                return True
        overview.close()
        return False

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return the label, macro and thumbnail images that the file carries, by name."""
        return self._reader.associated_images()

    def associated_sizes(self) -> Mapping[str, tuple[int, int]]:
        """Return (width, height) of the associated images by name, without decoding them where possible."""
        return associated_sizes(self._reader)

    def icc_profile(self) -> bytes | None:
        """Return the embedded ICC profile, or None."""
        return self._reader.icc_profile()

    @cached_property
    def display_colour(self) -> DisplayColour:
        """How `read`'s pixels, which are the file's own, become the screen's; made on first use."""
        try:
            return DisplayColour.of(self._reader.icc_profile())
        except TileReadError as error:
            return DisplayColour.unknown(error.reason)

    def close(self) -> None:
        """Release the file once the reads under way have ended; closing twice does no harm."""
        with self._opening:
            self._closed = True
        self._reader.close()
        overview = self._overview
        if overview is not None:
            overview[0].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _source_for(self, downsample: float, look: Look | None) -> tuple[SlideReader, int, Level]:
        """Return the coarsest level that is fine enough: who reads it, as which number, and what it is."""
        there = [(self._reader, number, level) for number, level in enumerate(self.info.levels)]
        fine = [source for source in there if source[2].downsample <= downsample * _COARSER]
        overview = self._overview
        if overview is not None and look is None:  # what was built has the first look
            built = ((overview[0], number, level) for number, level in enumerate(overview[1]))
            fine += [source for source in built if source[2].downsample <= downsample * _COARSER]
        return max(fine, key=lambda source: source[2].downsample, default=there[0])

    def _read(self, box: Box, rows: range, columns: range, shape: tuple[int, int], look: Look | None) -> Rgb:
        """Read the output pixels `rows` x `columns`, all of which meet the slide."""
        step_x, step_y = box.width / shape[1], box.height / shape[0]
        reader, number, level = self._source_for(min(step_x, step_y), look)
        scale = level.downsample
        across = _span(box.x0 + columns.start * step_x, step_x, len(columns), scale, level.size[0])
        down = _span(box.y0 + rows.start * step_y, step_y, len(rows), scale, level.size[1])
        pixels = _length(across) * _length(down)
        if pixels > _BAND_PIXELS and len(rows) > 1:
            middle = rows.start + len(rows) // 2
            halves = (range(rows.start, middle), range(middle, rows.stop))
            return np.concatenate([self._read(box, half, columns, shape, look) for half in halves])
        (x0, x1), (y0, y1) = across.window, down.window
        try:
            if look is None:
                source = reader.read_level(number, x0, y0, x1 - x0, y1 - y0)
            else:
                assert isinstance(reader, Adjustable), "a look comes from `first_look`"
                source = reader.read_look(number, x0, y0, x1 - x0, y1 - y0, look)
        except TileReadError:
            if reader is self._reader:
                raise
            # What is wrong with the cache is no fault of the slide.
            self._lose_overview(reader)
            return self._read(box, rows, columns, shape, look)
        return average(source, down, across)

    def _lose_overview(self, overview: SlideReader) -> None:
        with self._opening:
            if self._overview is not None and self._overview[0] is overview:
                self._overview = None
                if not self._closed:
                    forget_overview(self.info)
        overview.close()


def _around(start: float, end: float, limit: int) -> tuple[int, int]:
    """Return whole pixels of start..end within 0..limit: at most `_JUDGED` about the middle, at least one."""
    first, last = max(math.floor(start), 0), min(math.ceil(end), limit)
    spare = max(last - first - _JUDGED, 0)
    first = min(first + spare // 2, limit - 1)
    return first, max(min(last, first + _JUDGED), first + 1)


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
