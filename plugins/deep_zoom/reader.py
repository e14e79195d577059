"""Deep Zoom: a descriptor NAME.dzi, and tiles in NAME_files/LEVEL/COLUMN_ROW.FORMAT.

Written from the published format (Deep Zoom File Format Overview, Microsoft): level 0 is one pixel, each next
level doubles, and each tile reaches `Overlap` pixels into its neighbours.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from pathview.slides import Rgb, SlideOpenError, TileReadError, plain_info

_NAMES = ("http://schemas.microsoft.com/deepzoom/2008", "http://schemas.microsoft.com/deepzoom/2009")
_VIPS = "{http://www.vips.ecs.soton.ac.uk//dzsave}"
# Coarser levels than this help nobody.
_LEAST_EDGE = 32


class DeepZoomReader:
    """Reads the tiles of a Deep Zoom picture.

    Parameters
    ----------
    path
        The descriptor.

    Raises
    ------
    SlideOpenError
        If it is no descriptor, or its tiles are not beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tiles = path.with_name(f"{path.stem}_files")
        if not self._tiles.is_dir():
            raise SlideOpenError(
                path, f"its tiles are missing: there is no folder {self._tiles.name} beside it"
            )
        self._tile, self._overlap, self._format, size = _read(path)
        self._finest = math.ceil(math.log2(max(size)))
        sizes = [_halved(size, steps) for steps in range(self._finest + 1)]
        sizes = [size for n, size in enumerate(sizes) if n == 0 or min(size) >= _LEAST_EDGE]
        mpp = _mpp_of(self._tiles / "vips-properties.xml")
        self.info = plain_info(
            path,
            sizes,
            mpp=mpp,
            mpp_source="vips-properties.xml" if mpp else "a Deep Zoom picture does not say",
            tile=(self._tile, self._tile),
            identity=self._identity(path.read_bytes()),
            properties={"Tile": str(self._tile), "Overlap": str(self._overlap), "Format": self._format},
        )

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        """Return (h, w, 3) uint8."""
        pixels = np.empty((h, w, 3), np.uint8)
        for row in range(y // self._tile, (y + h - 1) // self._tile + 1):
            for column in range(x // self._tile, (x + w - 1) // self._tile + 1):
                left, top = column * self._tile, row * self._tile
                tile = self._core(level, column, row)
                x0, y0 = max(x, left), max(y, top)
                x1, y1 = min(x + w, left + tile.shape[1]), min(y + h, top + tile.shape[0])
                pixels[y0 - y : y1 - y, x0 - x : x1 - x] = tile[y0 - top : y1 - top, x0 - left : x1 - left]
        return pixels

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return nothing: the format has none."""
        return {}

    def icc_profile(self) -> bytes | None:
        """Return nothing: each tile might have one of its own."""
        return None

    def close(self) -> None:
        """Do nothing: no file is kept open."""

    def _core(self, level: int, column: int, row: int) -> Rgb:
        """Return a tile without what it shares with its neighbours."""
        file = self._tiles / str(self._finest - level) / f"{column}_{row}.{self._format}"
        width, height = _halved(self.info.size, level)
        w, h = min(self._tile, width - column * self._tile), min(self._tile, height - row * self._tile)
        left, top = self._overlap * (column > 0), self._overlap * (row > 0)
        try:
            with Image.open(file) as image:
                tile = np.asarray(image.convert("RGB"))[top : top + h, left : left + w]
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            place = file.relative_to(self._path.parent)
            raise TileReadError(self._path, str(place), f"{place} cannot be read ({error})") from error
        if tile.shape[:2] != (h, w):
            raise TileReadError(self._path, file.name, f"{file.name} is smaller than the descriptor says")
        return tile

    def _identity(self, descriptor: bytes) -> str:
        # The descriptors of two pictures of one size are the same: the small levels tell them apart.
        digest = hashlib.sha256(descriptor)
        for level in range(self._finest + 1):
            file = self._tiles / str(level) / f"0_0.{self._format}"
            digest.update(file.read_bytes() if file.is_file() else b"")
        return digest.hexdigest()[:32]


def open_deep_zoom(path: Path) -> DeepZoomReader:
    """Open a Deep Zoom picture; what `factory` in plugin.toml names."""
    return DeepZoomReader(path)


def _halved(size: tuple[int, int], steps: int) -> tuple[int, int]:
    width, height = (max(1, math.ceil(edge / (1 << steps))) for edge in size)
    return width, height


def _read(path: Path) -> tuple[int, int, str, tuple[int, int]]:
    """Return tile edge, overlap, format and (width, height)."""
    try:
        root = ElementTree.parse(path).getroot()
        space = next(name for name in _NAMES if root.tag == f"{{{name}}}Image")
        size = root.find(f"{{{space}}}Size")
        assert size is not None
        tile, overlap = int(root.attrib["TileSize"]), int(root.attrib["Overlap"])
        width, height = int(size.attrib["Width"]), int(size.attrib["Height"])
        kind = root.attrib["Format"]
        if min(tile, width, height) < 1 or overlap < 0 or not kind.isalnum():
            raise ValueError("a size is not positive")
    except (ElementTree.ParseError, StopIteration, AssertionError, KeyError, ValueError) as error:
        raise SlideOpenError(path, "it is no descriptor of a Deep Zoom picture, or damaged") from error
    return tile, overlap, kind, (width, height)


def _mpp_of(file: Path) -> tuple[float, float] | None:
    """Return the (x, y) um/px that vips took over from the slide that it was made from, or None."""
    try:
        root = ElementTree.parse(file).getroot()
    except (OSError, ElementTree.ParseError):
        return None
    found = {
        str(one.findtext(f"{_VIPS}name")): one.findtext(f"{_VIPS}value") or ""
        for one in root.iter(f"{_VIPS}property")
    }
    try:
        x, y = (float(found[f"openslide.mpp-{axis}"]) for axis in "xy")
    except (KeyError, ValueError):
        return None
    return (x, y) if 0.02 <= min(x, y) <= max(x, y) <= 100 else None
