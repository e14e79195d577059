"""Tiled TIFFs read tile by tile: one `pread` and one decoder call each, without a lock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.files import fingerprint_of
from pathview.core.geometry import Box
from pathview.core.place import Address, Place
from pathview.slides.gate import ReadGate
from pathview.slides.raw_file import ByteSource, RawFile, open_bytes
from pathview.slides.reader import Level, Rgb, SlideInfo
from pathview.slides.remote.source import RemoteError
from pathview.slides.tiff_codec import DamagedTileError, DeclinedError
from pathview.slides.tiff_layout import PARSE_ERRORS, NoTiffError, TiffLayout, level_downsample, read_layout
from pathview.slides.tiff_metadata import tiff_scale
from pathview.slides.tile_cache import TileCache

if TYPE_CHECKING:
    from tifffile import TiffFile

_CACHE_BYTES = 32 << 20
_MAX_ASSOCIATED_BYTES = 1 << 28
_WHITE = (255, 255, 255)

_log = logging.getLogger(__name__)


def open_tiff(path: Path) -> TiffReader | None:
    """Return a reader of a tiled TIFF that is fully understood (Aperio, OME, plain), else None.

    What is odd, or whose first tiles cannot be decoded, is left to the next reader; the log says why.
    """
    try:
        return _open(path, RawFile(path))
    except (DeclinedError, OSError) as reason:
        _log.info("%s is left to the next reader: %s", path, reason)
        return None


def open_remote_tiff(address: Address) -> TiffReader | None:
    """Return a reader of a tiled TIFF on a server, None where the address leads to no TIFF.

    Raises
    ------
    SlideOpenError
        If it is one that only the readers of local files know.
    RemoteError
        If the server does not give what is needed.
    """
    file = open_bytes(address)
    try:
        return _open(address, file)
    except NoTiffError:
        return None
    except DeclinedError as reason:
        advice = "download the file and open it from there"
        raise SlideOpenError(address, f"it cannot be shown over the network ({reason}); {advice}") from reason


def _open(place: Place, file: ByteSource) -> TiffReader:
    reader = None
    try:
        reader = TiffReader(place, read_layout(place, file), file)
        reader.try_out()
    except BaseException:
        (reader or file).close()
        raise
    return reader


class TiffReader:
    """Reads native levels by the offsets of their tiles.

    Parameters
    ----------
    path
        The file, or its address.
    layout
        From `read_layout`.
    file
        Its bytes; the reader owns it from here on.

    Raises
    ------
    OSError
        If the file cannot be read.
    """

    def __init__(self, path: Place, layout: TiffLayout, file: ByteSource) -> None:
        self._path = path
        self._layout = layout
        self._pages = layout.pages
        self._decode = [page.coding.decoder() for page in layout.pages]
        self._cache = TileCache(_CACHE_BYTES)
        self._scratch = threading.local()
        self._gate = ReadGate(path)
        self._file = file
        self._info = _info(path, layout, file)

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide."""
        return self._info

    def try_out(self) -> None:
        """Decode a tile of each level, since some files promise one thing and hold another.

        Raises
        ------
        DeclinedError
            If neither the first, the middle nor the last tile of a level can be decoded.
        """
        for level, page in enumerate(self._pages):
            there = np.flatnonzero(page.lengths[: page.columns * page.rows])
            reason = None
            for number in {int(n) for n in there[[0, len(there) // 2, -1]]} if len(there) else ():
                try:
                    self._tile(level, number, None)
                    reason = None
                    break
                except RemoteError:
                    raise
                except (DamagedTileError, OSError) as error:
                    reason = error
            if reason is not None:
                raise DeclinedError(f"tiles of level {level} cannot be decoded ({reason})")

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        """Read a window of level pixels as (h, w, 3) uint8, missing tiles white; the array may be read-only.

        Raises
        ------
        TileReadError
            If a tile cannot be read or decoded, the window leaves the level, or the reader is closed.
        """
        width, height = self._pages[level].size
        if not (0 <= x < x + w <= width and 0 <= y < y + h <= height):
            raise TileReadError(
                self._path, _where(level, x, y, w, h), f"the level is {width} x {height} large"
            )
        self._gate.enter("a tile")
        try:
            return self._compose(level, x, y, w, h)
        except DamagedTileError as error:
            raise TileReadError(self._path, _where(level, x, y, w, h), str(error)) from error
        except OSError as error:
            reason = _reason(error)
            raise TileReadError(self._path, _where(level, x, y, w, h), reason) from error
        finally:
            self._gate.leave()

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return the label, macro and thumbnail images by name; one that cannot be read is left out.

        Raises
        ------
        TileReadError
            If the reader is closed.
        """
        import tifffile

        images: dict[str, Rgb] = {}
        self._gate.enter("associated images")
        try:
            if not self._layout.associated:
                return images
            # A parser of its own each time: it must not be shared by threads.
            with self._file.stream() as stream, tifffile.TiffFile(stream) as file:
                for name, (number, _) in self._layout.associated.items():
                    image = _picture(file, number)
                    if image is not None:
                        images[name] = image
        except PARSE_ERRORS as error:
            _log.warning("associated images of %s cannot be read: %s", self._path, error)
        finally:
            self._gate.leave()
        return images

    def associated_sizes(self) -> Mapping[str, tuple[int, int]]:
        """Return (width, height) of the associated images by name, which costs no decoding."""
        return {name: size for name, (_, size) in self._layout.associated.items()}

    def icc_profile(self) -> bytes | None:
        """Return the embedded ICC profile, or None."""
        return self._layout.icc

    def close(self) -> None:
        """Refuse new reads, wait for those under way, then release the file."""
        self._file.interrupt()
        if self._gate.shut():
            self._file.close()
            self._cache.clear()

    def _compose(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        """Put a window together from the tiles that it meets."""
        page = self._pages[level]
        wide, high = page.tile
        if w == wide and h == high and x % wide == 0 and y % high == 0:
            # The commonest read of all: the tile itself, which no neighbour will ask for.
            return self._tile(level, y // high * page.columns + x // wide, None)
        columns = range(x // wide, (x + w - 1) // wide + 1)
        rows = range(y // high, (y + h - 1) // high + 1)
        if isinstance(self._path, Address):
            self._file.expect(
                (page.offsets.item(number), page.lengths.item(number))
                for row in rows
                for number in range(row * page.columns + columns.start, row * page.columns + columns.stop)
            )
        canvas = np.empty((h, w, 3), np.uint8)
        for row in rows:
            top, bottom = max(row * high, y), min((row + 1) * high, y + h)
            for column in columns:
                left, right = max(column * wide, x), min((column + 1) * wide, x + w)
                number = row * page.columns + column
                whole = right - left == wide and bottom - top == high
                tile = self._whole_tile(level, number) if whole else self._kept_tile(level, number)
                canvas[top - y : bottom - y, left - x : right - x] = tile[
                    top - row * high : bottom - row * high, left - column * wide : right - column * wide
                ]
        return canvas

    def _whole_tile(self, level: int, number: int) -> Rgb:
        """Return a tile that this read uses up, in memory of this thread that the next one overwrites."""
        kept = self._cache.get((level, number))
        if kept is not None:
            return kept
        wide, high = self._pages[level].tile
        scratch: Rgb | None = getattr(self._scratch, "tile", None)
        if scratch is None or scratch.shape != (high, wide, 3):
            scratch = self._scratch.tile = np.empty((high, wide, 3), np.uint8)
        return self._tile(level, number, scratch)

    def _kept_tile(self, level: int, number: int) -> Rgb:
        """Return a tile of which a neighbouring read will need the rest."""
        tile = self._cache.get((level, number))
        if tile is None:
            tile = self._tile(level, number, None)
            self._cache.put((level, number), tile)
        return tile

    def _tile(self, level: int, number: int, into: Rgb | None) -> Rgb:
        """Read and decode one native tile."""
        page = self._pages[level]
        streams = []
        plane = page.columns * page.rows
        for place in range(number, plane * page.coding.planes, plane):
            offset, length = page.offsets.item(place), page.lengths.item(place)
            if not offset or not length:
                return np.full((page.tile[1], page.tile[0], 3), _WHITE, np.uint8)
            stream = self._file.read(offset, length)
            if len(stream) != length:
                raise DamagedTileError("the file ends before the tile does; it was cut off")
            streams.append(stream)
        return self._decode[level](streams, into)


def _reason(error: OSError) -> str:
    if isinstance(error, RemoteError):
        return str(error)
    return f"the file cannot be read ({error.strerror or error})"


def _where(level: int, x: int, y: int, w: int, h: int) -> str:
    return f"level {level}, {w} x {h} pixels at ({x}, {y})"


def _picture(file: TiffFile, number: int) -> Rgb | None:
    """Return a page as (h, w, 3) uint8, or None where it is too large, damaged or of another kind."""
    try:
        page = file.pages[number]
        if page.nbytes > _MAX_ASSOCIATED_BYTES:
            return None
        image = page.asarray(maxworkers=1)
    except PARSE_ERRORS:
        return None
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] < 3:
        return None
    return np.ascontiguousarray(image[..., :3])


def _info(path: Place, layout: TiffLayout, file: ByteSource) -> SlideInfo:
    full = layout.pages[0].size
    (mpp, source), power = tiff_scale(layout.properties, layout.format, full)
    levels = tuple(
        Level(
            page.size,
            level_downsample(full, page.size),
            (min(page.tile[0], page.size[0]), min(page.tile[1], page.size[1])),
        )
        for page in layout.pages
    )
    return SlideInfo(
        path=path,
        format=layout.format,
        fingerprint=fingerprint_of(file.size, file.read),
        levels=levels,
        mpp=mpp,
        mpp_source=source,
        objective_power=power,
        bounds=Box(0, 0, *full),
        background=_WHITE,
        properties=layout.properties,
    )
