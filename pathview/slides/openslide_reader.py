"""SVS, NDPI, MRXS, SCN, BIF and generic TIFF through OpenSlide; DICOM by way of `dicom_reader`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.files import fingerprint
from pathview.core.geometry import Box
from pathview.slides.gate import ReadGate
from pathview.slides.reader import Level, Rgb, SlideInfo
from pathview.slides.scale import openslide_mpp

if TYPE_CHECKING:
    from openslide import OpenSlide


def open_with_openslide(path: Path) -> OpenSlideReader | None:
    """Return a reader, or None when OpenSlide does not know the format.

    Raises
    ------
    SlideOpenError
        If OpenSlide knows the format and refuses the file.
    """
    import openslide

    if path.is_dir():
        return None
    try:
        if openslide.OpenSlide.detect_format(str(path)) is None:
            return None
        return OpenSlideReader(path)
    except openslide.OpenSlideError as error:
        raise SlideOpenError(path, f"OpenSlide refuses it: {_reason(error, path)}") from error


class OpenSlideReader:
    """Reads native levels through OpenSlide.

    An OpenSlide handle is dead for good after one failed read, and closing it under a reader is a crash.
    So the handle is shared by counting its readers, replaced when it dies, and a failed read is tried once
    more on a handle of its own, where neither can harm the other.

    Parameters
    ----------
    path
        A file that OpenSlide opens.
    notes
        Properties to add to the file's own.

    Raises
    ------
    openslide.OpenSlideError
        If it does not.
    """

    def __init__(self, path: Path, *, notes: Mapping[str, str] | None = None) -> None:
        import openslide

        self._path = path
        self._gate = ReadGate(path)
        self._swapping = threading.Lock()
        self._handle = _Handle(openslide.OpenSlide(str(path)))
        slide = self._handle.slide
        self._downsamples = slide.level_downsamples
        self._associated = tuple(slide.associated_images)
        self._associated_sizes = _associated_sizes(slide)
        self._info = _info(path, slide, notes or {})

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide."""
        return self._info

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        """Read a window of level pixels as (h, w, 3) uint8, what was not scanned in the background colour.

        Raises
        ------
        TileReadError
            If OpenSlide cannot read it, twice, or the reader is closed.
        """
        import openslide

        # OpenSlide wants the place in level-0 pixels and divides by its own idea of the downsample.
        downsample = self._downsamples[level]
        place = round(x * downsample), round(y * downsample)
        with self._lent(f"level {level}, {w} x {h} pixels at ({x}, {y})") as (handle, where):
            try:
                return self._flat(handle.slide.read_region(place, level, (w, h)))
            except openslide.OpenSlideError:
                handle.dead = True
            try:
                with openslide.OpenSlide(str(self._path)) as fresh:
                    return self._flat(fresh.read_region(place, level, (w, h)))
            except openslide.OpenSlideError as error:
                raise TileReadError(self._path, where, _reason(error, self._path)) from error

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return the label, macro and thumbnail images by name; one that cannot be read is left out."""
        import openslide

        images = {}
        # A handle of its own: a damaged label must not disturb the readers of tiles.
        with self._lent("associated images"):
            for name in self._associated:
                try:
                    with openslide.OpenSlide(str(self._path)) as fresh:
                        images[name] = self._flat(fresh.associated_images[name])
                except (openslide.OpenSlideError, KeyError):
                    continue
        return images

    def associated_sizes(self) -> Mapping[str, tuple[int, int]]:
        """Return (width, height) of the associated images by name, which costs no decoding."""
        return self._associated_sizes

    def icc_profile(self) -> bytes | None:
        """Return the embedded ICC profile as it is in the file, sound or not; None where there is none."""
        with self._lent("ICC profile") as (handle, _):
            # `color_profile` would parse it, and raise on a damaged one without saying that there is one.
            return handle.slide._profile or None

    def close(self) -> None:
        """Refuse new reads, wait for those under way, then release the file."""
        if self._gate.shut():
            self._handle.slide.close()

    @contextmanager
    def _lent(self, where: str) -> Iterator[tuple[_Handle, str]]:
        with self._gate.reading(where):
            handle = self._borrow(where)
            try:
                yield handle, where
            finally:
                with self._swapping:
                    handle.readers -= 1
                    if not handle.readers and handle is not self._handle:
                        handle.slide.close()

    def _borrow(self, where: str) -> _Handle:
        import openslide

        with self._swapping:
            if self._handle.dead:
                try:
                    fresh = _Handle(openslide.OpenSlide(str(self._path)))
                except openslide.OpenSlideError as error:
                    raise TileReadError(self._path, where, _reason(error, self._path)) from error
                if not self._handle.readers:
                    self._handle.slide.close()
                self._handle = fresh
            self._handle.readers += 1
            return self._handle

    def _flat(self, image: Image.Image) -> Rgb:
        """Return RGBA as RGB on the background colour."""
        if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
            base = Image.new("RGBA", image.size, (*self._info.background, 255))
            image = Image.alpha_composite(base, image)
        # Packed by Pillow without the detour over an RGB image, which takes four times as long.
        return np.frombuffer(image.tobytes("raw", "RGB"), np.uint8).reshape(image.height, image.width, 3)


class _Handle:
    """One OpenSlide handle, who reads from it, and whether it has died of an error."""

    def __init__(self, slide: OpenSlide) -> None:
        self.slide = slide
        self.readers = 0
        self.dead = False


def _info(path: Path, slide: OpenSlide, notes: Mapping[str, str]) -> SlideInfo:
    properties = _properties(slide)
    mpp, source = openslide_mpp(properties)
    return SlideInfo(
        path=path,
        format=properties.get("openslide.vendor", "openslide"),
        fingerprint=fingerprint(path),
        levels=tuple(_level(slide, number, properties) for number in range(slide.level_count)),
        mpp=mpp,
        mpp_source=source,
        objective_power=_positive(properties.get("openslide.objective-power")),
        bounds=_bounds(slide.dimensions, properties),
        background=_color(properties.get("openslide.background-color")),
        properties={**properties, **notes},
    )


def _properties(slide: OpenSlide) -> dict[str, str]:
    # A damaged file can have names that are not UTF-8; they are listed but cannot be looked up.
    return {name: slide.properties[name] for name in slide.properties if name in slide.properties}


def _associated_sizes(slide: OpenSlide) -> dict[str, tuple[int, int]]:
    sizes = {}
    for name in slide.associated_images:
        key = f"openslide.associated.{name}"
        texts = [slide.properties.get(f"{key}.{side}", "") for side in ("width", "height")]
        if all(text.isdecimal() for text in texts):
            sizes[name] = (int(texts[0]), int(texts[1]))
    return sizes


def _level(slide: OpenSlide, number: int, properties: Mapping[str, str]) -> Level:
    size = slide.level_dimensions[number]
    tile = [
        _positive(properties.get(f"openslide.level[{number}].tile-{side}")) for side in ("width", "height")
    ]
    edge = (min(round(tile[0] or 256), size[0]), min(round(tile[1] or 256), size[1]))
    return Level(size, _downsample(slide.dimensions, size, slide.level_downsamples[number]), edge)


def _downsample(full: tuple[int, int], size: tuple[int, int], stated: float) -> float:
    """Return the whole number that OpenSlide's downsample stands for, if its level size is that rounded.

    OpenSlide divides the sizes of the levels, so that 2967 -> 1483 reads as 2.0007: 0.7 px of drift at the
    far edge of a picture that was made by halving.
    """
    whole = round(stated)
    rounded = all(abs(a / whole - b) < 1 for a, b in zip(full, size, strict=True))
    return float(whole) if rounded else stated


def _bounds(size: tuple[int, int], properties: Mapping[str, str]) -> Box:
    whole = Box(0, 0, *size)
    try:
        x, y, w, h = (int(properties[f"openslide.bounds-{name}"]) for name in ("x", "y", "width", "height"))
    except (KeyError, ValueError):
        return whole
    bounds = Box(x, y, x + w, y + h).intersect(whole)
    return whole if bounds.empty else bounds


def _color(text: str | None) -> tuple[int, int, int]:
    try:
        red, green, blue = bytes.fromhex(text or "ffffff")
    except ValueError:
        return (255, 255, 255)
    return (red, green, blue)


def _positive(text: str | None) -> float | None:
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None


def _reason(error: Exception, path: Path) -> str:
    text = str(error).replace(f"Reading {path}: ", "").replace(str(path), path.name)
    return text.strip().rstrip(".") or type(error).__name__
