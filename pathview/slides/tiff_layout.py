"""What a tiled TIFF says about itself: its levels as plain arrays, or why they are left to another reader."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pathview.core.place import Place
from pathview.slides.raw_file import ByteSource
from pathview.slides.remote.source import RemoteError
from pathview.slides.tiff_codec import Coding, DeclinedError
from pathview.slides.tiff_metadata import tiff_properties

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffFrame, TiffPage

_REDUCED, _MASK = 1, 4
_MAX_TILE_PIXELS = 1 << 24
_ICC, _XMP, _NDPI = 34675, 700, 65420
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How TIFF and BigTIFF begin, little and big endian."""

# What a parser of damaged files runs into; each means that this reader does not understand the file.
PARSE_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    struct.error,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class TiledPage:
    """One level of a tiled TIFF.

    Attributes
    ----------
    size
        (width, height) in pixels.
    tile
        (width, height) of the tiles, which reach over the far edges.
    coding
        How a tile's bytes become pixels.
    offsets, lengths
        int64 in bytes, of each tile row by row, and plane after plane where `coding.planes` is more than one.
    columns, rows
        Tiles in a row, and rows of tiles.
    """

    size: tuple[int, int]
    tile: tuple[int, int]
    coding: Coding
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    columns: int = field(init=False)
    rows: int = field(init=False)

    def __post_init__(self) -> None:
        # Kept, since every read asks for them.
        object.__setattr__(self, "columns", -(-self.size[0] // self.tile[0]))
        object.__setattr__(self, "rows", -(-self.size[1] // self.tile[1]))

    @property
    def missing(self) -> bool:
        """Whether the scanner has left tiles out."""
        return bool((self.offsets == 0).any() or (self.lengths == 0).any())


@dataclass(frozen=True, slots=True)
class TiffLayout:
    """A TIFF as plain values, so that nothing needs the parser any more.

    Attributes
    ----------
    format
        "aperio", "ome-tiff" or "generic-tiff".
    pages
        The levels, finest first.
    properties
        Metadata as text, under the names that OpenSlide uses.
    associated
        Page number and (width, height) of each associated image by name.
    icc
        The embedded colour profile, or None.
    """

    format: str
    pages: tuple[TiledPage, ...]
    properties: Mapping[str, str]
    associated: Mapping[str, tuple[int, tuple[int, int]]]
    icc: bytes | None


class NoTiffError(DeclinedError):
    """The file is no TIFF."""


def read_layout(place: Place, file: ByteSource) -> TiffLayout:
    """Parse a TIFF once.

    Parameters
    ----------
    place
        Where it lies.
    file
        Its bytes.

    Raises
    ------
    DeclinedError
        If it is no TIFF (`NoTiffError`), or one that is not fully understood here; the text says why.
    RemoteError
        If it lies on a server that does not give what is needed.
    """
    import tifffile

    if file.read(0, 4) not in TIFF_MAGIC:
        raise NoTiffError("it is no TIFF")
    try:
        with file.stream() as stream, tifffile.TiffFile(stream) as tiff:
            return _layout(place, tiff)
    except RemoteError:
        raise
    except PARSE_ERRORS as error:
        raise DeclinedError(f"its structure is not understood ({error})") from error


def level_downsample(full: tuple[int, int], size: tuple[int, int]) -> float:
    """Return level-0 pixels per level pixel: a whole number where the level's size is that, rounded."""
    stated = (full[0] / size[0] + full[1] / size[1]) / 2
    whole = round(stated)
    rounded = all(abs(a / whole - b) < 1 for a, b in zip(full, size, strict=True))
    return float(whole) if rounded else stated


def _layout(place: Place, file: TiffFile) -> TiffLayout:
    pages = [page for page in map(_page, file.pages) if page.imagewidth and page.imagelength]
    first = pages[0]
    kind = _format(place, first)
    associated: dict[str, tuple[int, tuple[int, int]]] = {}
    if kind == "aperio":
        levels = [page for page in pages if page.is_tiled]
        associated = dict(_aperio_images(pages))
    else:
        levels = _pyramid(first, pages[1:], kind)
    found = tuple(map(_tiled, levels))
    _judge_levels(found)
    if kind == "aperio" and any(page.missing for page in found[1:]):
        raise DeclinedError("tiles of a coarse level are missing, which OpenSlide makes from the finer one")
    profile = first.tags.get(_ICC)
    icc = profile.value if profile is not None and isinstance(profile.value, bytes) else None
    return TiffLayout(kind, found, tiff_properties(first, kind), associated, icc or None)


def _page(page: TiffPage | TiffFrame) -> TiffPage:
    from tifffile import TiffPage

    if not isinstance(page, TiffPage):
        raise DeclinedError("one of its pages repeats another")
    return page


def _format(place: Place, first: TiffPage) -> str:
    if "<OME" in first.description:
        return "ome-tiff"
    if isinstance(place, Path):
        import openslide

        vendor = openslide.OpenSlide.detect_format(str(place))
    else:
        vendor = vendor_of(first)
    if vendor not in (None, "aperio", "generic-tiff"):
        raise DeclinedError(f"it is a {vendor} slide, whose geometry OpenSlide knows")
    return vendor or "generic-tiff"


def vendor_of(first: TiffPage) -> str | None:
    """Return whose TIFF it is by its first page, as OpenSlide's drivers tell, which need a local file."""
    software, text = str(first.software), first.description
    if _NDPI in first.tags:
        return "hamamatsu"
    if "http://www.leica-microsystems.com/scn/" in text:
        return "leica"
    if software.startswith("MedScan"):
        return "trestle"
    if software.startswith("Philips"):
        return "philips"
    packet = first.tags.get(_XMP)
    if packet is not None and b"iScan" in bytes(packet.value if isinstance(packet.value, bytes) else b""):
        return "ventana"
    if not first.is_tiled:
        return None
    return "aperio" if text.startswith("Aperio") else "generic-tiff"


def _aperio_images(pages: list[TiffPage]) -> Iterator[tuple[str, tuple[int, tuple[int, int]]]]:
    """Name the pages of an Aperio slide that are no levels, as OpenSlide does."""
    for number, page in enumerate(pages):
        if page.is_tiled:
            continue
        lines = page.description.split("\n")
        if number == 1:
            yield "thumbnail", (page.index, _size(page))
        elif len(lines) > 1 and lines[1].split(" ")[0]:
            yield lines[1].split(" ")[0].strip(), (page.index, _size(page))


def _pyramid(first: TiffPage, others: list[TiffPage], kind: str) -> list[TiffPage]:
    """Return the levels: SubIFDs, or else the reduced pages that follow."""
    if any(page.is_tiled and page.shape[:2] == first.shape[:2] for page in others):
        raise DeclinedError("it holds several pictures of one size, such as channels or focal planes")
    if first.pages is not None and len(first.pages):
        return [first, *map(_page, first.pages)]
    reduced = [
        page
        for page in others
        if page.is_tiled
        and not page.subfiletype & _MASK
        and (page.subfiletype & _REDUCED or (kind == "ome-tiff" and _same_aspect(_size(first), _size(page))))
    ]
    return [first, *sorted(reduced, key=lambda page: -page.imagewidth)]


def _size(page: TiffPage) -> tuple[int, int]:
    return page.imagewidth, page.imagelength


def _tiled(page: TiffPage) -> TiledPage:
    """Return one level as arrays."""
    if not page.is_tiled or page.imagedepth != 1 or page.tiledepth != 1:
        raise DeclinedError("it is not tiled")
    tile = page.tilewidth, page.tilelength
    if not 0 < tile[0] * tile[1] <= _MAX_TILE_PIXELS:
        raise DeclinedError(f"its tiles are {tile[0]} x {tile[1]} pixels large")
    coding = Coding.of(page)
    places = [np.asarray(values, np.int64) for values in (page.dataoffsets, page.databytecounts)]
    found = TiledPage(_size(page), tile, coding, *places)
    if min(map(len, places)) < found.columns * found.rows * coding.planes:
        raise DeclinedError("it lists fewer tiles than it has")
    return found


def _judge_levels(pages: tuple[TiledPage, ...]) -> None:
    """Raise where the pages are not one picture at falling resolutions."""
    for finer, page in pairwise(pages):
        smaller = page.size[0] < finer.size[0] and page.size[1] <= finer.size[1]
        if not smaller or not _same_aspect(pages[0].size, page.size):
            raise DeclinedError(f"its levels do not fit each other ({finer.size} and {page.size} pixels)")


def _same_aspect(full: tuple[int, int], size: tuple[int, int]) -> bool:
    """Whether both axes are reduced alike, as far as whole pixels can tell."""
    ratio = (full[0] / size[0]) / (full[1] / size[1])
    return abs(ratio - 1) <= max(0.01, 2 / min(size))
