"""The coarse levels that a file lacks, built once and kept in the cache.

A slide that was stored without small levels must be read whole to be shown whole. So its coarse levels are
made once, as exact means of the file's coarsest level, and kept beside other slides' in a bounded cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from pathview.core.errors import TileReadError
from pathview.core.files import atomic_write, cache_folder
from pathview.slides.reader import Level, Rgb, SlideInfo, SlideReader
from pathview.slides.tiff_reader import open_tiff

SCREEN_PX = 2048
"""A level whose longer side is no more than this can be read whole whenever it is looked at."""
MAX_CACHE_BYTES = 2 << 30
"""What all overviews together may take; the ones used longest ago go first."""

_VERSION = 1
_STEP = 4
# The first built level has at most so many pixels (about 150 MB on disk), so that larger slides begin
# coarser, and is at most so wide, because a row of its tiles is held in memory.
_FIRST_PIXELS = 100_000_000
_FIRST_WIDTH = 1 << 16
_COARSEST_FACTOR = 1 << 12
_EDGE = 256
_BLOCK = (4096, 1024)
_STALE_PART_S = 3600.0


class _CancelledError(Exception):
    """The build was called off."""


def missing_levels(info: SlideInfo) -> tuple[Level, ...]:
    """Return the levels that a slide lacks to be shown whole on a screen, finest first; often none.

    Each is `_STEP` times as coarse as the one before, until its longer side is at most `SCREEN_PX` pixels.
    """
    coarsest = max(info.levels, key=lambda level: level.downsample)
    wide, factor = max(coarsest.size), _first_factor(coarsest)
    levels = []
    while wide > SCREEN_PX and factor <= _COARSEST_FACTOR:
        size = _size(coarsest, factor)
        levels.append(Level(size, coarsest.downsample * factor, (min(_EDGE, size[0]), min(_EDGE, size[1]))))
        wide, factor = max(size), factor * _STEP
    return tuple(levels)


def _first_factor(coarsest: Level) -> int:
    factor = _STEP
    while math.prod(_size(coarsest, factor)) > _FIRST_PIXELS or _size(coarsest, factor)[0] > _FIRST_WIDTH:
        factor *= 2
    return factor


def open_overview(info: SlideInfo) -> SlideReader | None:
    """Return a reader of the missing levels from the cache, or None when they are not in it.

    Level n of the reader is ``missing_levels(info)[n]``. A damaged file counts as absent and is removed.

    Raises
    ------
    OSError
        If the cache cannot be looked at.
    """
    file = _file(info)
    if not file.is_file():
        return None
    reader = open_tiff(file)
    wanted = [level.size for level in missing_levels(info)]
    if reader is not None and [level.size for level in reader.info.levels] == wanted:
        with contextlib.suppress(OSError):
            file.touch()  # the cache forgets by this time
        return reader
    if reader is not None:
        reader.close()
    forget_overview(info)
    return None


def forget_overview(info: SlideInfo) -> None:
    """Remove a slide's overview from the cache."""
    with contextlib.suppress(OSError):
        _file(info).unlink(missing_ok=True)


def build_overview(
    reader: SlideReader, progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> SlideReader | None:
    """Build the missing levels of a slide, keep them in the cache, and return a reader of them.

    The same slide gives the same levels always. At most some 100 MB of memory are used; the file is there
    whole or not at all.

    Parameters
    ----------
    reader
        Of the slide.
    progress
        Told the share that is done, 0 to 1.
    cancelled
        Asked several times a second; True ends the build.

    Returns
    -------
    SlideReader or None
        As `open_overview`; None when the build was cancelled.

    Raises
    ------
    TileReadError
        If pixels of the slide cannot be read: a picture with holes is not made.
    OSError
        If the cache cannot be written.
    """
    target = _file(reader.info)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with atomic_write(target) as file:
            _write(file, reader, progress, cancelled)
    except _CancelledError:
        return None
    except TileReadError:
        if cancelled():
            return None  # the slide was closed meanwhile
        raise
    _prune(target)
    return open_overview(reader.info)


def _size(level: Level, factor: int) -> tuple[int, int]:
    return -(-level.size[0] // factor), -(-level.size[1] // factor)


def _file(info: SlideInfo) -> Path:
    """Return where a slide's overview lies; another reader's idea of the levels makes another overview."""
    recipe = [_VERSION, info.format, [(level.size, level.downsample) for level in info.levels]]
    key = hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:12]
    return cache_folder() / "overviews" / f"{info.fingerprint}-{key}.tif"


def _write(
    file: IO[bytes], reader: SlideReader, progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> None:
    import tifffile

    levels = missing_levels(reader.info)
    # All levels but the finest are small: they grow in memory while the finest is written.
    coarse = [np.empty((level.size[1], level.size[0], 3), np.uint8) for level in levels[1:]]
    tiles = _tiles(reader, levels, coarse, progress, cancelled)
    with tifffile.TiffWriter(file) as tiff:
        for number, level in enumerate(levels):
            tiff.write(
                tiles if number == 0 else coarse[number - 1],
                shape=(level.size[1], level.size[0], 3),
                dtype=np.uint8,
                tile=(_EDGE, _EDGE),
                photometric="rgb",
                compression="zstd",
                compressionargs={"level": 1},
                predictor=True,
                subfiletype=0 if number == 0 else 1,
                resolutionunit="NONE",
                metadata=None,
                software="PathView overview",
                maxworkers=1,
            )


def _tiles(
    reader: SlideReader,
    levels: Sequence[Level],
    coarse: Sequence[Rgb],
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> Iterator[Rgb]:
    """Yield the tiles of the finest level to build, row by row, and fill the coarser ones on the way."""
    source, number = max((level.downsample, n) for n, level in enumerate(reader.info.levels))
    width, height = reader.info.levels[number].size
    factors = [round(level.downsample / source) for level in levels]
    wide, high = (max(side, factors[-1]) for side in _BLOCK)
    places = [(x, y) for y in range(0, height, high) for x in range(0, width, wide)]
    columns = math.ceil(levels[0].size[0] / _EDGE)
    rows = math.ceil(levels[0].size[1] / _EDGE)
    done = 0
    for row in range(rows):
        band = np.full((_EDGE, columns * _EDGE, 3), 255, np.uint8)
        top = row * _EDGE
        while done < len(places) and places[done][1] < (top + _EDGE) * factors[0]:
            if cancelled():
                raise _CancelledError
            x, y = places[done]
            block = reader.read_level(number, x, y, min(wide, width - x), min(high, height - y))
            image = Image.fromarray(block)
            _place(band, image, factors[0], x, y - top * factors[0])
            for canvas, factor in zip(coarse, factors[1:], strict=True):
                _place(canvas, image, factor, x, y)
            done += 1
            progress(done / len(places))
        for column in range(columns):
            yield band[:, column * _EDGE : (column + 1) * _EDGE]


def _place(canvas: Rgb, image: Image.Image, factor: int, x: int, y: int) -> None:
    """Put the means of `factor` x `factor` pixels where they belong; at the edges of what is there."""
    means = np.asarray(image.reduce(factor))
    x, y = x // factor, y // factor
    canvas[y : y + means.shape[0], x : x + means.shape[1]] = means


def _prune(newest: Path) -> None:
    """Forget overviews, longest unused first, until the rest fits; and what killed builds have left."""
    there = []
    for file in newest.parent.iterdir():
        with contextlib.suppress(OSError):
            found = file.stat()
            if file.suffix == ".part" and time.time() - found.st_mtime > _STALE_PART_S:
                file.unlink()
            elif file.suffix == ".tif" and file != newest:
                there.append((found.st_mtime_ns, found.st_size, file))
    left = MAX_CACHE_BYTES - newest.stat().st_size
    for _, size, file in sorted(there, reverse=True):
        left -= size
        if left < 0:
            with contextlib.suppress(OSError):
                file.unlink()
