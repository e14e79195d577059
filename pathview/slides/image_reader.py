"""Flat images as slides of one level: PNG, JPEG, BMP, WebP and TIFF without tiles.

Pixels are taken as they are stored: an EXIF orientation is ignored, so that places keep their meaning when
a program rewrites the tag. What is transparent lies on white. The dots per inch of PNG and JPEG say how to
print a picture and are no scale; those of TIFF are judged as for every other slide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from pathview.core.errors import SlideOpenError, in_a_sentence
from pathview.core.files import fingerprint
from pathview.core.geometry import Box
from pathview.slides.channels import Channel, Samples, default_colours, red_green_blue
from pathview.slides.reader import Level, Rgb, SlideInfo, SlideReader
from pathview.slides.rendered import RenderedReader
from pathview.slides.scale import judge_mpp
from pathview.slides.tiff_layout import TIFF_MAGIC
from pathview.slides.whole_image import WholeImage

# Decoding takes up to seven bytes and 25 ns per pixel for a moment: 0.7 GB and 2.5 s, which is within what
# `pathview.slides.probe` allows.
MAX_PIXELS = 100_000_000
"""Larger images are refused: they belong into a file with tiles."""

_EDGE = 512
_BAND_ROWS = 256
_MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "bmp": b"BM", "webp": b"RIFF"}
# Colour types of the PNG specification: those of colours, and those with an alpha channel.
_PNG_COLOURS, _PNG_CLEAR = (2, 6), (4, 6)
_FULL = np.uint64(65_535)
_UNITS_UM = {2: 25_400.0, 3: 10_000.0}
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_JPEG_COMPRESSION = (6, 7)


def open_image(path: Path) -> SlideReader | None:
    """Return a reader, or None for what is no flat image; its content decides, not its name.

    Raises
    ------
    SlideOpenError
        If it is damaged, too large for memory, or has pixels that cannot be shown.
    """
    if path.is_dir():
        return None
    with path.open("rb") as file:
        head = file.read(16)
    try:
        if head.startswith(TIFF_MAGIC):
            return _open_tiff(path)
        for kind, magic in _MAGIC.items():
            if head.startswith(magic) and (kind != "webp" or head[8:12] == b"WEBP"):
                return _open_pillow(path, kind)
    except SlideOpenError:
        raise
    except Exception as error:  # each decoder has its own errors for damaged headers
        raise SlideOpenError(path, f"the image is damaged ({in_a_sentence(error)})") from error
    return None


class ImageReader:
    """Reads an image of 8 bits.

    Parameters
    ----------
    info
        What is known about it.
    decode
        Returns all pixels as (height, width, 3) uint8; called once, at the first read.
    profile
        The embedded ICC profile for RGB, or None.
    """

    def __init__(self, info: SlideInfo, decode: Callable[[], Rgb], profile: bytes | None) -> None:
        self._image = WholeImage(info, decode)
        self._profile = profile

    @property
    def info(self) -> SlideInfo:
        """What is known about the image."""
        return self._image.info

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        """Return a window of the image as (h, w, 3) uint8.

        Raises
        ------
        TileReadError
            If the image cannot be decoded, or is closed.
        """
        return self._image.window(level, x, y, w, h)

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return none."""
        return {}

    def icc_profile(self) -> bytes | None:
        """Return the embedded ICC profile, or None."""
        return self._profile

    def close(self) -> None:
        """Refuse further reads and free the pixels."""
        self._image.close()


class DeepImage:
    """Reads an image of 16 bits as samples.

    Parameters
    ----------
    info
        What is known about it, with its channels.
    decode
        Returns all pixels as (height, width, channels) uint16; called once, at the first read.
    """

    def __init__(self, info: SlideInfo, decode: Callable[[], Samples]) -> None:
        self._image = WholeImage(info, decode)

    @property
    def info(self) -> SlideInfo:
        """What is known about the image."""
        return self._image.info

    def read_samples(self, level: int, x: int, y: int, w: int, h: int, plane: int) -> Samples:
        """Return a window of the image as (h, w, channels) uint16.

        Raises
        ------
        TileReadError
            If the image cannot be decoded, or is closed.
        """
        return self._image.window(level, x, y, w, h)

    def close(self) -> None:
        """Refuse further reads and free the pixels."""
        self._image.close()


def _info(
    path: Path, kind: str, size: tuple[int, int], mpp: tuple[float, float] | None, source: str
) -> SlideInfo:
    if not (size[0] > 0 and size[1] > 0):
        raise SlideOpenError(path, f"the image claims to be {size[0]} x {size[1]} pixels large")
    if size[0] * size[1] > MAX_PIXELS:
        raise SlideOpenError(
            path,
            f"the image has {size[0]} x {size[1]} pixels, which is too much to show without tiles; "
            "convert it to a pyramidal TIFF",
        )
    return SlideInfo(
        path=path,
        format=kind,
        fingerprint=fingerprint(path),
        levels=(Level(size, 1.0, (min(_EDGE, size[0]), min(_EDGE, size[1]))),),
        mpp=mpp,
        mpp_source=source,
        objective_power=None,
        bounds=Box(0, 0, *size),
        background=(255, 255, 255),
        properties={},
    )


# Pillow -------------------------------------------------------------------
def _open_pillow(path: Path, kind: str) -> SlideReader | None:
    make = _opener(kind)
    try:
        image = make(path)
    except Exception as error:
        if kind == "bmp":
            return None  # many a text begins with these two letters
        raise SlideOpenError(path, f"the image is damaged ({in_a_sentence(error)})") from error
    with image:
        if _is_deep(path, kind):
            return _deep_png(path, image.size)
        if image.mode.startswith(("I", "F")):
            raise SlideOpenError(path, f"its pixels are of kind {image.mode}, which cannot be shown")
        info = _info(path, kind, image.size, None, f"unknown: {kind.upper()} files do not state it")
        profile = image.info.get("icc_profile")

    def decode() -> Rgb:
        with make(path) as again:
            return _flat(again)

    return ImageReader(info, decode, _rgb_profile(profile))


def _deep_png(path: Path, size: tuple[int, int]) -> RenderedReader:
    """Return a reader of a PNG of 16 bits per channel."""
    with path.open("rb") as file:
        kind = file.read(26)[25]
    channels = red_green_blue() if kind in _PNG_COLOURS else (Channel("Grey", default_colours(1)[0]),)
    info = _info(path, "png", size, None, "unknown: PNG files do not state it")

    def decode() -> Samples:
        import imagecodecs

        pixels: Samples = imagecodecs.png_decode(path.read_bytes())
        pixels = pixels.reshape(*pixels.shape[:2], -1)
        return _on_white(pixels) if kind in _PNG_CLEAR else pixels

    return RenderedReader(DeepImage(replace(info, channels=channels), decode))


def _on_white(pixels: Samples) -> Samples:
    """Lay 16-bit pixels, whose last channel says how far they cover, on white."""
    result = np.empty((*pixels.shape[:2], pixels.shape[2] - 1), np.uint16)
    for top in range(0, len(pixels), _BAND_ROWS):
        band = pixels[top : top + _BAND_ROWS].astype(np.uint64)
        cover = band[..., -1:]
        result[top : top + _BAND_ROWS] = (
            cover * band[..., :-1] + _FULL * (_FULL - cover) + _FULL // 2
        ) // _FULL
    return result


def _is_deep(path: Path, kind: str) -> bool:
    """Tell whether a PNG has 16 bits per channel, which Pillow would cut to 8 without a word."""
    with path.open("rb") as file:
        return kind == "png" and file.read(25)[24:] == b"\x10"


def _flat(image: Image.Image) -> Rgb:
    """Return an image of any 8-bit mode as RGB, on white where it is transparent."""
    image.load()
    clear = image.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in image.info
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    # In bands, because each step of the way is a copy.
    for top in range(0, image.height, _BAND_ROWS):
        band = image.crop((0, top, image.width, min(top + _BAND_ROWS, image.height)))
        if clear:
            band = band.convert("RGBA")
            band = Image.alpha_composite(Image.new("RGBA", band.size, "white"), band)
        pixels[top : top + _BAND_ROWS] = np.asarray(band if band.mode == "RGB" else band.convert("RGB"))
    return pixels


# TIFF ---------------------------------------------------------------------
def _open_tiff(path: Path) -> ImageReader | None:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page: Any = file.pages.first
        if page.is_tiled:
            return None
        _judge(path, page)
        mpp, source = _resolution(page)
        info = _info(path, "tiff", (page.imagewidth, page.imagelength), mpp, source)
        profile = page.tags.valueof(34675)

    def decode() -> Rgb:
        with tifffile.TiffFile(path) as again:
            return _colours(again.pages.first, again.pages.first.asarray(maxworkers=1))

    return ImageReader(info, decode, _rgb_profile(profile))


def _judge(path: Path, page: Any) -> None:
    """Refuse pixels that cannot be shown as they are."""
    bits = page.bitspersample
    if bits > 8 or page.sampleformat != 1 or page.imagedepth != 1:
        raise SlideOpenError(path, f"it has {bits} bits per channel; flat images can be shown with 8")
    least = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1}
    if page.compression in _JPEG_COMPRESSION:
        least[_YCBCR] = 3
    kind = int(page.photometric)
    if kind not in least or page.samplesperpixel < least[kind]:
        raise SlideOpenError(
            path,
            f"its {page.samplesperpixel} channels are {page.photometric.name}; grey and RGB can be shown",
        )


def _resolution(page: Any) -> tuple[tuple[float, float] | None, str]:
    """Judge the dots per inch or centimetre of a TIFF."""
    unit = _UNITS_UM.get(page.tags.valueof("ResolutionUnit", default=2))
    dots = [page.tags.valueof(name) for name in ("XResolution", "YResolution")]
    if any(not isinstance(d, tuple) or len(d) != 2 or not all(d) for d in dots):
        return None, "unknown: the file does not state it"
    if unit is None:
        return None, "unknown: TIFF resolution has no unit"
    x, y = (unit * d[1] / d[0] for d in dots)
    return judge_mpp(x, y, "TIFF resolution")


def _colours(page: Any, stored: NDArray[Any]) -> Rgb:
    """Return the samples of a TIFF page as RGB, on white where it is transparent."""
    samples = stored.reshape(stored.shape if page.samplesperpixel > 1 else (1, *stored.shape[:2]))
    if page.samplesperpixel == 1 or page.planarconfig == 2:
        samples = np.moveaxis(samples, 0, 2)
    if page.photometric == _PALETTE:
        return np.ascontiguousarray((page.colormap.T >> 8).astype(np.uint8)[samples[..., 0]])
    if page.bitspersample < 8:
        samples = samples.astype(np.uint8) * np.uint8(255 // ((1 << page.bitspersample) - 1))
    if page.photometric == _WHITE_IS_ZERO:
        samples = 255 - samples
    colours = 1 if page.photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO) else 3
    pixels = np.ascontiguousarray(np.broadcast_to(samples[..., :colours], (*samples.shape[:2], 3)))
    extra = [int(kind) for kind in page.extrasamples or ()]
    if extra and extra[0] in (1, 2):
        _composite(pixels, samples[..., colours], premultiplied=extra[0] == 1)
    return pixels


def _composite(pixels: Rgb, alpha: NDArray[np.uint8], *, premultiplied: bool) -> None:
    """Lay pixels on white, in place."""
    for top in range(0, len(pixels), _BAND_ROWS):
        band = pixels[top : top + _BAND_ROWS].astype(np.uint32)
        cover = alpha[top : top + _BAND_ROWS, :, None].astype(np.uint32)
        seen = 255 * band if premultiplied else cover * band
        pixels[top : top + _BAND_ROWS] = np.minimum((seen + 255 * (255 - cover) + 127) // 255, 255)


def _rgb_profile(profile: object) -> bytes | None:
    """Return an ICC profile if it is one of RGB colours, which the pixels are by the time they are shown."""
    return profile if isinstance(profile, bytes) and profile[16:20] == b"RGB " else None


def _opener(kind: str) -> Callable[[Path], ImageFile.ImageFile]:
    """Return Pillow's class for a kind of file: the order and the limit of Image.open are everybody's."""
    # Only for an image: a window that opens a slide starts without them.
    from PIL import BmpImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    openers: dict[str, Callable[[Path], ImageFile.ImageFile]] = {
        "png": PngImagePlugin.PngImageFile,
        "jpeg": JpegImagePlugin.JpegImageFile,
        "bmp": BmpImagePlugin.BmpImageFile,
        "webp": WebPImagePlugin.WebPImageFile,
    }
    return openers[kind]
