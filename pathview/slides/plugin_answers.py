"""The line between the program and a plugin's reader: what cannot be does not pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path

import numpy as np

from pathview.core.geometry import Box
from pathview.slides.reader import Level, Rgb, SlideInfo
from pathview.slides.scale import VALID_MPP, can_be_true

_MOST_LEVELS = 64
_LONGEST_EDGE = 1 << 31
_LARGEST_TILE = 1 << 14
_MOST_IMAGES = 32
_LARGEST_PROFILE = 64 << 20
# A level is rounded to whole pixels, and some formats round each level from the one before.
_ROUNDING = 0.02


def checked_info(info: object, path: Path, name: str) -> SlideInfo:
    """Return what a plugin tells of a slide, with the path that was opened.

    Parameters
    ----------
    info
        As told.
    path
        Of the slide.
    name
        Of the reader; the format where it tells none.

    Raises
    ------
    ValueError
        If it cannot be so; its words say what to tell instead.
    """
    if not isinstance(info, SlideInfo):
        raise ValueError(f"its info must be a SlideInfo, not a {type(info).__name__}")
    _check_levels(info.levels)
    _check_scale(info.mpp)
    _check_rest(info, info.fingerprint, info.bounds, info.background)
    if info.channels or info.planes != 1:
        raise ValueError("a plugin's slide has colours and one plane; leave channels and planes out")
    return replace(
        info,
        path=path,
        format=str(info.format or name),
        mpp_source=str(info.mpp_source),
        properties={str(key): str(value) for key, value in info.properties.items()},
    )


def _check_rest(info: SlideInfo, fingerprint: object, bounds: object, background: object) -> None:
    if not isinstance(fingerprint, str) or len(fingerprint) < 16:
        raise ValueError("info.fingerprint must be a text of 16 characters or more that no other slide has")
    if not isinstance(bounds, Box) or bounds.intersect(info.box).empty:
        raise ValueError(f"info.bounds must be a Box inside the slide, not {bounds!r}")
    if not isinstance(background, tuple) or len(background) != 3 or not all(map(_is_byte, background)):
        raise ValueError(f"info.background must be (red, green, blue) of 0 to 255, not {background!r}")


def _check_levels(levels: object) -> None:
    if not isinstance(levels, tuple) or not 1 <= len(levels) <= _MOST_LEVELS:
        raise ValueError(f"info.levels must be a tuple of 1 to {_MOST_LEVELS} Levels")
    last = 0.0
    for number, level in enumerate(levels):
        if not isinstance(level, Level):
            raise ValueError(f"info.levels[{number}] must be a Level, not a {type(level).__name__}")
        if not _are_edges(level.size, _LONGEST_EDGE):
            raise ValueError(f"level {number}: size must be (width, height) in pixels, not {level.size!r}")
        if not _are_edges(level.tile, _LARGEST_TILE):
            raise ValueError(f"level {number}: tile must be (width, height) in pixels, not {level.tile!r}")
        if (
            not isfinite(level.downsample)
            or level.downsample <= last
            or (number == 0) != (level.downsample == 1)
        ):
            raise ValueError("info.levels must begin with downsample 1 and grow: finest first")
        last = level.downsample
        for full, size in zip(levels[0].size, level.size, strict=True):
            expected = full / level.downsample
            if abs(size - expected) > max(2.0, _ROUNDING * expected):
                wanted = f"{levels[0].size} at downsample {level.downsample:g}"
                raise ValueError(f"level {number} of {level.size} does not fit {wanted}")


def _check_scale(mpp: object) -> None:
    if mpp is None:
        return
    if not isinstance(mpp, tuple) or len(mpp) != 2 or not all(isinstance(v, int | float) for v in mpp):
        raise ValueError(
            f"info.mpp must be (x, y) in um/px, or None where the file does not say; not {mpp!r}"
        )
    if not all(map(can_be_true, mpp)):
        least, most = VALID_MPP
        raise ValueError(
            f"info.mpp must be {least:g} to {most:g} um/px, or None where it is unknown, not {mpp!r}"
        )


def checked_tile(tile: object, w: int, h: int) -> Rgb:
    """Return pixels that are (h, w, 3) uint8.

    Raises
    ------
    ValueError
        If they are something else; it says what.
    """
    if not isinstance(tile, np.ndarray):
        raise ValueError(f"read_level must return an array, not a {type(tile).__name__}")
    if tile.shape != (h, w, 3) or tile.dtype != np.uint8:
        raise ValueError(
            f"read_level must return (height, width, 3) = {(h, w, 3)} uint8, not {tile.shape} {tile.dtype}"
        )
    return np.ascontiguousarray(tile)


def checked_images(images: object) -> Mapping[str, Rgb]:
    """Return the other images by name; errors as `checked_tile`."""
    if not isinstance(images, Mapping) or len(images) > _MOST_IMAGES:
        raise ValueError(f"associated_images must return a dict of at most {_MOST_IMAGES} images")
    for name, image in images.items():
        if not isinstance(name, str) or not isinstance(image, np.ndarray):
            raise ValueError("associated_images must return arrays by name")
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise ValueError(f"the image {name!r} must be (height, width, 3) of uint8")
    return images


def checked_profile(profile: object) -> bytes | None:
    """Return an ICC profile, or None; errors as `checked_tile`."""
    if profile is None or (isinstance(profile, bytes) and len(profile) <= _LARGEST_PROFILE):
        return profile
    raise ValueError("icc_profile must return bytes or None")


def _are_edges(pair: object, most: int) -> bool:
    return isinstance(pair, tuple) and len(pair) == 2 and all(type(v) is int and 1 <= v <= most for v in pair)


def _is_byte(value: object) -> bool:
    return type(value) is int and 0 <= value <= 255
