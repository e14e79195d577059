"""What a TIFF of several channels, focal planes or more than 8 bits says about itself, as plain values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pathview.slides.channels import MAX_CHANNELS, Channel, Samples, default_colours, red_green_blue
from pathview.slides.ome_xml import OmeFacts, ome_facts
from pathview.slides.scale import Scale, judge_mpp
from pathview.slides.tiff_codec import DamagedTileError, DeclinedError
from pathview.slides.tiff_layout import PARSE_ERRORS, TIFF_MAGIC
from pathview.slides.tiff_metadata import tiff_properties, tiff_scale

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffFrame, TiffPage, TiffPageSeries

_MAX_PLANES = 4096
# Larger strips are read in parts where they are plain numbers, and are refused where they are compressed.
_MAX_SEGMENT_BYTES = 1 << 28
_PART_BYTES = 1 << 20
_UNCOMPRESSED = 1
_CONTIGUOUS = 1
_IMAGEJ_UM = {"micron": 1.0, "um": 1.0, "\u00b5m": 1.0, "\\u00B5m": 1.0, "nm": 1e-3, "mm": 1e3}

Decode = Callable[[bytes, int], Samples]
"""Takes the bytes of a segment and its number; returns (rows, columns, samples). Raises DamagedTileError."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One page: one channel (or the colours) of one focal plane at one level.

    Attributes
    ----------
    offsets, lengths
        Of each segment in bytes, row by row; 0 where it is not stored.
    decode
        Makes samples of a segment's bytes.
    """

    offsets: Sequence[int]
    lengths: Sequence[int]
    decode: Decode


@dataclass(frozen=True, slots=True)
class PlanesLevel:
    """One level.

    Attributes
    ----------
    size
        (width, height) in pixels.
    segment
        (width, height) of the tiles or strips, which may reach over the far edges.
    pictures
        ``pictures[plane][channel]``; None for one that the file leaves out.
    """

    size: tuple[int, int]
    segment: tuple[int, int]
    pictures: tuple[tuple[Picture | None, ...], ...]

    @property
    def columns(self) -> int:
        """Segments in a row."""
        return -(-self.size[0] // self.segment[0])


@dataclass(frozen=True, slots=True)
class PlanesLayout:
    """A file as plain values.

    Attributes
    ----------
    format
        "ome-tiff", "imagej-tiff" or "generic-tiff".
    levels
        Finest first.
    dtype
        Of the samples.
    samples
        Samples per pixel of each picture: 1, or 3 for colours.
    channels
        As `SlideInfo.channels`.
    planes
        Number of focal planes.
    plane_um
        Their distance in um, or None.
    scale
        As `judge_mpp` returns it.
    power
        Magnification of the objective, or None.
    properties
        Metadata as text.
    """

    format: str
    levels: tuple[PlanesLevel, ...]
    dtype: np.dtype[Any]
    samples: int
    channels: tuple[Channel, ...]
    planes: int
    plane_um: float | None
    scale: Scale
    power: float | None
    properties: Mapping[str, str]


def read_planes(path: Path) -> PlanesLayout:
    """Parse a TIFF once.

    Raises
    ------
    DeclinedError
        If it is none of this kind, or not fully understood; the text says why.
    """
    import tifffile

    if not path.is_file():
        raise DeclinedError("it is no file")
    with path.open("rb") as file:
        if file.read(4) not in TIFF_MAGIC:
            raise DeclinedError("it is no TIFF")
    _leave_to_openslide(path)
    try:
        # Other files that this one names are other files: they may be anybody's.
        with tifffile.TiffFile(path, _multifile=False) as tiff:
            return _layout(tiff)
    except PARSE_ERRORS as error:
        raise DeclinedError(f"its structure is not understood ({error})") from error


def _leave_to_openslide(path: Path) -> None:
    import openslide

    vendor = openslide.OpenSlide.detect_format(str(path))
    if vendor not in (None, "generic-tiff"):
        raise DeclinedError(f"it is a {vendor} slide, whose geometry OpenSlide knows")


def _layout(tiff: TiffFile) -> PlanesLayout:
    series = tiff.series[0]
    axes, shape = str(series.axes), series.shape
    lead = _lead(axes)
    samples = shape[-1] if axes.endswith("S") else 1
    counts = {axis: shape[number] for number, axis in enumerate(lead)}
    planes = counts.get("Z", 1)
    pages = math.prod(counts.get(axis, 1) for axis in "CQI")
    if samples not in (1, 3) or (samples == 3 and pages > 1):
        raise DeclinedError(f"its axes are {axes} with {samples} samples per pixel")
    if not (0 < pages <= MAX_CHANNELS and 0 < planes <= _MAX_PLANES):
        raise DeclinedError(f"it claims {pages} channels and {planes} focal planes")
    dtype = series.dtype
    if dtype.kind not in "uif" or dtype.itemsize > 8:
        raise DeclinedError(f"its samples are of type {dtype}")
    if dtype == np.uint8 and pages == 1 and planes == 1:
        raise DeclinedError("it is a plain picture in 8-bit colours")
    keyframe = _keyframe(series)
    kind = "ome-tiff" if tiff.is_ome else "imagej-tiff" if tiff.is_imagej else "generic-tiff"
    properties = tiff_properties(keyframe, kind)
    width, height = keyframe.imagewidth, keyframe.imagelength
    levels = tuple(_level(level, lead, pages) for level in series.levels)
    scale, power = tiff_scale(properties, kind, (width, height))
    ome = OmeFacts(scale)
    if kind == "ome-tiff":
        ome = ome_facts(tiff.ome_metadata or "", (width, height))
    plane_um = ome.plane_um
    if kind == "imagej-tiff":
        scale, plane_um = _imagej(tiff, properties, scale)
    return PlanesLayout(
        format=kind,
        levels=levels,
        dtype=dtype.newbyteorder("="),
        samples=samples,
        channels=_channels(dtype, samples, pages, ome),
        planes=planes,
        plane_um=plane_um,
        scale=scale,
        power=power,
        properties=properties,
    )


def _lead(axes: str) -> str:
    """Return the axes in front of the picture's own."""
    lead, _, rest = axes.partition("Y")
    if rest not in ("X", "XS") or not set(lead) <= set("TZCQI") or len(set(lead)) != len(lead):
        raise DeclinedError(f"its axes are {axes}")
    return lead


def _channels(dtype: np.dtype[Any], samples: int, pages: int, ome: OmeFacts) -> tuple[Channel, ...]:
    if samples == 3:
        return () if dtype == np.uint8 else red_green_blue()
    if dtype == np.uint8 and pages == 1:
        return ()  # a stack of grey pictures
    if len(ome.channels) == pages:
        return ome.channels
    colours = default_colours(pages)
    return tuple(Channel(f"Channel {number + 1}", colour) for number, colour in enumerate(colours))


def _level(series: TiffPageSeries, lead: str, channels: int) -> PlanesLevel:
    """Return one level; its pages lie in the order of the leading axes, of which time is not gone through."""
    shape = series.shape[: len(lead)]
    if len(series.pages) != math.prod(shape):
        raise DeclinedError(f"it has {len(series.pages)} pages instead of {math.prod(shape)}")
    if series.axes[: len(lead)] != lead:
        raise DeclinedError("its levels do not fit each other")
    keyframe = _keyframe(series)
    size = keyframe.imagewidth, keyframe.imagelength
    segment, decode = _segments(keyframe)
    numbers = np.arange(math.prod(shape)).reshape(shape)
    # Planes first, then channels; of all else the first.
    axes = [lead.index(axis) for axis in lead if axis in "ZCQI"]
    axes.sort(key=lambda axis: lead[axis] != "Z")
    others = tuple(slice(None) if axis in "ZCQI" else 0 for axis in lead)
    kept = sorted(axes)
    ordered = numbers[others].transpose([kept.index(axis) for axis in axes]).reshape(-1, channels)
    pictures = tuple(
        tuple(_picture(series.pages[int(number)], keyframe, segment, decode) for number in row)
        for row in ordered
    )
    return PlanesLevel(size, segment, pictures)


def _keyframe(series: TiffPageSeries) -> TiffPage:
    """Return the page that says how all of a level's pages are stored."""
    first = series.pages[0]
    if first is None or first.keyframe is None:
        raise DeclinedError("its first page is missing")
    return first.keyframe


def _picture(
    page: TiffPage | TiffFrame | None, keyframe: TiffPage, segment: tuple[int, int], decode: Decode
) -> Picture | None:
    if page is None:
        return None
    offsets, lengths = list(page.dataoffsets), list(page.databytecounts)
    if _is_plain(keyframe):
        row = keyframe.imagewidth * keyframe.samplesperpixel * _dtype(keyframe).itemsize
        tops = range(0, keyframe.imagelength, segment[1])
        offsets = [offsets[0] + top * row for top in tops]
        lengths = [min(segment[1], keyframe.imagelength - top) * row for top in tops]
    wanted = -(-keyframe.imagewidth // segment[0]) * -(-keyframe.imagelength // segment[1])
    if min(len(offsets), len(lengths)) < wanted:
        raise DeclinedError("it lists fewer tiles than it has")
    return Picture(offsets, lengths, decode)


def _segments(page: TiffPage) -> tuple[tuple[int, int], Decode]:
    """Return (width, height) of the segments, and how one is decoded."""
    if page.imagedepth != 1 or page.tiledepth > 1:
        raise DeclinedError("it is no flat picture")
    if page.samplesperpixel > 1 and page.planarconfig != _CONTIGUOUS:
        raise DeclinedError("its colours are stored one after another")
    if _is_plain(page):
        return _plain(page)
    wide, high = page.chunks[1], page.chunks[0]
    if wide * high * page.samplesperpixel * _dtype(page).itemsize > _MAX_SEGMENT_BYTES:
        raise DeclinedError(f"its tiles or strips are {wide} x {high} pixels large")
    tables, unpack = page.jpegtables, page.decode

    def decode(data: bytes, number: int) -> Samples:
        try:
            found = unpack(data, number, jpegtables=tables, _fullsize=page.is_tiled)[0]
        except Exception as error:  # whatever a codec raises on damaged bytes
            raise DamagedTileError(str(error)) from error
        if found is None or found.shape[0] != 1:
            raise DamagedTileError("it holds nothing")
        samples: Samples = found[0]
        return samples

    return (wide, high), decode


def _is_plain(page: TiffPage) -> bool:
    """Whether the whole picture lies in the file as plain numbers, in one piece."""
    return page.compression == _UNCOMPRESSED and page.is_contiguous and page.predictor == 1


def _plain(page: TiffPage) -> tuple[tuple[int, int], Decode]:
    """Return how to read a picture in bands of whole rows, though it is stored in one piece."""
    width, samples, dtype = page.imagewidth, page.samplesperpixel, _dtype(page)
    high = min(max(_PART_BYTES // (width * samples * dtype.itemsize), 1), page.imagelength)

    def decode(data: bytes, number: int) -> Samples:
        try:
            return np.frombuffer(data, dtype).reshape(-1, width, samples)
        except ValueError as error:
            raise DamagedTileError("it holds other pixels than its header says") from error

    return (width, high), decode


def _dtype(page: TiffPage) -> np.dtype[Any]:
    if page.dtype is None:
        raise DeclinedError("its samples are of no type that is known here")
    return page.dtype.newbyteorder(page.parent.byteorder)


def _imagej(tiff: TiffFile, properties: Mapping[str, str], scale: Scale) -> tuple[Scale, float | None]:
    """Return scale and distance of planes: ImageJ has its own word for the unit of the resolution tags."""
    known = tiff.imagej_metadata or {}
    unit = _IMAGEJ_UM.get(str(known.get("unit", "")))
    if unit is None:
        return scale, None
    per_unit = [float(properties.get(f"tiff.{axis}Resolution", "nan")) for axis in "XY"]
    step = known.get("spacing")
    plane_um = abs(step) * unit if isinstance(step, int | float) and step else None
    if not all(value > 0 for value in per_unit):
        return scale, plane_um
    return judge_mpp(unit / per_unit[0], unit / per_unit[1], "ImageJ unit"), plane_um
