"""TIFFs of several channels, focal planes or more than 8 bits, read segment by segment."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from pathview.core.errors import TileReadError
from pathview.core.files import fingerprint
from pathview.core.geometry import Box
from pathview.slides.channels import Samples, are_colours
from pathview.slides.gate import ReadGate
from pathview.slides.planes_layout import Picture, PlanesLayout, read_planes
from pathview.slides.raw_file import RawFile
from pathview.slides.reader import Level, SlideInfo
from pathview.slides.rendered import RenderedReader
from pathview.slides.tiff_codec import DamagedTileError, DeclinedError
from pathview.slides.tiff_layout import level_downsample
from pathview.slides.tile_cache import TileCache

_CACHE_BYTES = 128 << 20

_log = logging.getLogger(__name__)


def open_planes(path: Path) -> RenderedReader | None:
    """Return a reader of a TIFF with channels, planes or more than 8 bits, else None; the log says why."""
    try:
        return RenderedReader(PlanesReader(path, read_planes(path)))
    except (DeclinedError, OSError) as reason:
        _log.info("%s is left to the next reader: %s", path, reason)
        return None


class PlanesReader:
    """Reads samples by the offsets of their tiles or strips.

    Parameters
    ----------
    path
        The file.
    layout
        From `read_planes`.

    Raises
    ------
    OSError
        If the file cannot be opened.
    """

    def __init__(self, path: Path, layout: PlanesLayout) -> None:
        self._path = path
        self._layout = layout
        self._info = _info(path, layout)
        self._cache = TileCache(_CACHE_BYTES)
        self._gate = ReadGate(path)
        self._file = RawFile(path)

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide."""
        return self._info

    def read_samples(self, level: int, x: int, y: int, w: int, h: int, plane: int) -> Samples:
        """Read a window of level pixels as (h, w, channels); what is not stored is 0.

        Raises
        ------
        TileReadError
            If the window is not in the level, its bytes are damaged, or the reader is closed.
        """
        where = f"level {level}, {w} x {h} pixels at ({x}, {y})"
        wide, high = self._layout.levels[level].size
        if not (0 <= x < x + w <= wide and 0 <= y < y + h <= high):
            raise TileReadError(self._path, where, f"the level is {wide} x {high} pixels large")
        with self._gate.reading(where):
            try:
                return self._compose(level, x, y, w, h, plane)
            except DamagedTileError as error:
                raise TileReadError(self._path, where, str(error)) from error
            except OSError as error:
                reason = f"the file cannot be read ({error.strerror or error})"
                raise TileReadError(self._path, where, reason) from error

    def close(self) -> None:
        """Refuse new reads, wait for those under way, then release the file."""
        if self._gate.shut():
            self._file.close()
            self._cache.clear()

    def _compose(self, level: int, x: int, y: int, w: int, h: int, plane: int) -> Samples:
        layout = self._layout
        pictures = layout.levels[level].pictures
        # Some writers halve the planes with the levels.
        row = pictures[plane * len(pictures) // layout.planes]
        canvas = np.zeros((h, w, len(row) * layout.samples), layout.dtype)
        for channel, picture in enumerate(row):
            if picture is not None:
                first = channel * layout.samples
                part = canvas[..., first : first + layout.samples]
                self._fill(part, (level, channel + plane * len(row)), picture, x, y)
        if not layout.channels and canvas.shape[2] == 1:
            return np.repeat(canvas, 3, axis=2)
        return canvas

    def _fill(self, canvas: Samples, page: tuple[int, int], picture: Picture, x: int, y: int) -> None:
        """Put the segments of one picture that meet a window into it."""
        level = self._layout.levels[page[0]]
        wide, high = level.segment
        h, w = canvas.shape[:2]
        for down in range(y // high, (y + h - 1) // high + 1):
            top, bottom = max(down * high, y), min((down + 1) * high, y + h)
            for across in range(x // wide, (x + w - 1) // wide + 1):
                left, right = max(across * wide, x), min((across + 1) * wide, x + w)
                segment = self._segment(page, picture, down * level.columns + across)
                if segment is None:
                    continue
                rows = slice(top - down * high, bottom - down * high)
                columns = slice(left - across * wide, right - across * wide)
                part = segment[rows, columns]
                if part.shape != (bottom - top, right - left, canvas.shape[2]):
                    raise DamagedTileError("it holds other pixels than its header says")
                canvas[top - y : bottom - y, left - x : right - x] = part

    def _segment(self, page: tuple[int, int], picture: Picture, number: int) -> Samples | None:
        key = page[0], (page[1] << 40) + number
        kept = self._cache.get(key)
        if kept is not None:
            return kept
        offset, length = picture.offsets[number], picture.lengths[number]
        if not offset or not length:
            return None
        data = self._file.read(offset, length)
        if len(data) != length:
            raise DamagedTileError("the file ends before the tile does; it was cut off")
        segment = picture.decode(data, number)
        self._cache.put(key, segment)
        return segment


def _info(path: Path, layout: PlanesLayout) -> SlideInfo:
    full = layout.levels[0].size
    levels: list[Level] = []
    for level in layout.levels:
        downsample = level_downsample(full, level.size)
        if levels and downsample <= levels[-1].downsample:
            raise DeclinedError("its levels do not fit each other")
        edge = min(level.segment[0], level.size[0]), min(level.segment[1], level.size[1])
        levels.append(Level(level.size, downsample, edge))
    return SlideInfo(
        path=path,
        format=layout.format,
        fingerprint=fingerprint(path),
        levels=tuple(levels),
        mpp=layout.scale[0],
        mpp_source=layout.scale[1],
        objective_power=layout.power,
        bounds=Box(0, 0, *full),
        background=(0, 0, 0) if layout.channels and not are_colours(layout.channels) else (255, 255, 255),
        properties=layout.properties,
        channels=layout.channels,
        planes=layout.planes,
        plane_um=layout.plane_um,
    )
