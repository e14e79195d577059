"""A region of a slide as PNG or TIFF at a chosen resolution."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import pathview
from pathview.core.errors import ExportError
from pathview.core.files import atomic_write
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.channels import Look
from pathview.slides.colour import DisplayColour, srgb_profile
from pathview.slides.slide import Slide

_TILE = 512
# A PNG is made in memory.
PNG_LIMIT_PX = 150_000_000
_TIFF_LIMIT_BYTES = 4_000_000_000

Progress = Callable[[float], None]


def export_region(
    slide: Slide,
    box: Box,
    target: Path,
    *,
    downsample: float = 1.0,
    to_srgb: bool = False,
    look: Look | None = None,
    progress: Progress = lambda _: None,
) -> None:
    """Write the pixels of `box` as an image file.

    The file says what its colours are: it embeds the ICC profile of its numbers where one can be
    used, and its comment (PNG) or description (TIFF) says what was done. Beside the resolution it tells where
    the pixel size comes from: in the text "Pixel size" (PNG) or the last line of the description (TIFF).

    Parameters
    ----------
    slide
        Where the pixels come from.
    box
        Level-0 pixels; the part outside the slide is left out.
    target
        ".png", ".tif" or ".tiff" chooses the format; both are lossless and carry the resolution where the
        slide's mpp is known.
    downsample
        Level-0 pixels per exported pixel.
    to_srgb
        Convert colours to sRGB instead of writing the slide file's own numbers.
    look
        How channels and focal planes are shown, which the comment or description tells; default as at first.
    progress
        Called with 0 to 1.

    Raises
    ------
    ExportError
        If the box misses the slide, the picture is too large for the format, the file cannot be written, or
        colours cannot be converted since the slide's profile is damaged.
    TileReadError
        If pixels cannot be read; nothing is left behind.
    """
    box = _whole_pixels(box.intersect(slide.info.box))
    if box.empty or downsample <= 0:
        raise ExportError(target, "the region does not lie on the slide")
    region = _even(Region(box, downsample))
    write = _WRITERS.get(target.suffix.lower())
    if write is None:
        raise ExportError(target, f'regions are written as {", ".join(_WRITERS)}, not "{target.suffix}"')
    colours = _colours(slide, target, to_srgb, look or slide.first_look)
    try:
        write(slide, region, colours, target, progress)
    except OSError as error:
        raise ExportError(target, str(error)) from error
    progress(1.0)


def pixel_size(slide: Slide, downsample: float) -> tuple[float, float] | None:
    """Return the (x, y) um/px of an export at `downsample`, or None when the slide's mpp is unknown."""
    mpp = slide.info.mpp
    return None if mpp is None else (mpp[0] * downsample, mpp[1] * downsample)


def _scale_words(slide: Slide, mpp: tuple[float, float]) -> str:
    """Tell how large a pixel of the export is and who says so."""
    return f"{mpp[0]:.6g} x {mpp[1]:.6g} um ({slide.info.mpp_source})"


@dataclass(frozen=True, slots=True)
class _Colours:
    """What is done to the colours of an export, what it says of them, and the profile that it embeds."""

    conversion: DisplayColour
    words: str
    profile: bytes | None
    look: Look | None = None


def _colours(slide: Slide, target: Path, to_srgb: bool, look: Look | None) -> _Colours:
    colour = slide.display_colour
    if look is not None:
        return _Colours(DisplayColour.off(), _words(slide, look), None, look)
    if to_srgb and colour.unusable:
        reason = f"the colours of {slide.info.path} cannot be converted to sRGB: {colour.state}"
        raise ExportError(target, f"{reason}; its own numbers can be written")
    if to_srgb and colour.converts:
        return _Colours(colour, f"Colours: {colour.state} to sRGB", srgb_profile())
    what = colour.state if colour.profile is None else "ICC profile embedded"
    return _Colours(DisplayColour.off(), f"Colours: the slide file's own numbers; {what}", colour.profile)


def _words(slide: Slide, look: Look) -> str:
    """Tell what a reader must know to get back from the colours of the picture to what was measured."""
    known = slide.info
    shown = [
        f"{channel.name} {chosen.low:g} to {chosen.high:g} in #{bytes(chosen.colour).hex()}"
        for channel, chosen in zip(known.channels, look.channels, strict=True)
        if chosen.visible
    ]
    words = [f"Channels: {', '.join(shown)}"] if known.channels else []
    if known.planes > 1:
        words.append(f"Focal plane: {look.plane + 1} of {known.planes}")
    return "; ".join(words)


def _whole_pixels(box: Box) -> Box:
    # Snapped outwards, so that an export at 1:1 holds the slide's own pixels, not resampled ones.
    return Box(math.floor(box.x0), math.floor(box.y0), math.ceil(box.x1), math.ceil(box.y1))


def _even(region: Region) -> Region:
    # A whole number of output pixels, so that the scale in the file is the scale of the picture.
    rows, columns = region.shape
    box, down = region.box, region.downsample
    return Region(Box(box.x0, box.y0, box.x0 + columns * down, box.y0 + rows * down), down)


def _write_png(slide: Slide, region: Region, colours: _Colours, target: Path, progress: Progress) -> None:
    rows, columns = region.shape
    if rows * columns > PNG_LIMIT_PX:
        raise ExportError(
            target, f"{columns} x {rows} pixels are too many for PNG; choose .tif or a larger um/px"
        )
    pixels = np.empty((rows, columns, 3), np.uint8)
    for top, left, tile in _tiles(slide, region, colours, progress):
        pixels[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    notes = PngInfo()
    notes.add_text("Software", f"PathView {pathview.__version__}")
    notes.add_text("Comment", colours.words)
    mpp = pixel_size(slide, region.downsample)
    if mpp is not None:
        notes.add_text("Pixel size", _scale_words(slide, mpp))
    more: dict[str, Any] = {} if mpp is None else {"dpi": (25_400 / mpp[0], 25_400 / mpp[1])}
    with atomic_write(target) as file:
        Image.fromarray(pixels).save(file, "PNG", pnginfo=notes, icc_profile=colours.profile, **more)


def _write_tiff(slide: Slide, region: Region, colours: _Colours, target: Path, progress: Progress) -> None:
    import tifffile

    rows, columns = region.shape
    mpp = pixel_size(slide, region.downsample)
    words, scale = colours.words, dict[str, Any]()
    if mpp is not None:
        words += f"\nPixel size: {_scale_words(slide, mpp)}"
        scale = {"resolution": (1e4 / mpp[0], 1e4 / mpp[1]), "resolutionunit": "CENTIMETER"}
    with atomic_write(target) as file:
        tifffile.imwrite(
            file,
            _padded(_tiles(slide, region, colours, progress)),
            shape=(rows, columns, 3),
            dtype=np.uint8,
            tile=(_TILE, _TILE),
            photometric="rgb",
            compression="zlib",
            predictor=True,
            bigtiff=rows * columns * 3 > _TIFF_LIMIT_BYTES,
            software=f"PathView {pathview.__version__}",
            description=words.encode("utf-8"),
            iccprofile=colours.profile,
            metadata=None,
            **scale,
        )


def _tiles(
    slide: Slide, region: Region, colours: _Colours, progress: Progress
) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    rows, columns = region.shape
    down = region.downsample
    for top in range(0, rows, _TILE):
        progress(top / rows)
        for left in range(0, columns, _TILE):
            height, width = min(_TILE, rows - top), min(_TILE, columns - left)
            x0, y0 = region.box.x0 + left * down, region.box.y0 + top * down
            part = Region(Box(x0, y0, x0 + width * down, y0 + height * down), down)
            tile = slide.read(part, colours.look)
            yield top, left, colours.conversion.apply(tile)


def _padded(tiles: Iterator[tuple[int, int, NDArray[np.uint8]]]) -> Iterator[NDArray[np.uint8]]:
    for _, _, tile in tiles:
        height, width = tile.shape[:2]
        yield np.pad(tile, ((0, _TILE - height), (0, _TILE - width), (0, 0)), mode="edge")


_WRITERS = {".png": _write_png, ".tif": _write_tiff, ".tiff": _write_tiff}
