"""Made slides: every pixel is a known function of its place, so tests can tell right from almost right."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import TileReadError
from pathview.core.geometry import Box
from pathview.slides.reader import Level, Rgb, SlideInfo


def coordinate_pixels(x: NDArray[np.int64], y: NDArray[np.int64]) -> Rgb:
    """Return the pixels that say where they are.

    Red is the low byte of x, green the low byte of y, blue the next four bits of both (x in the high half).

    Parameters
    ----------
    x, y
        Level-0 pixel columns (w,) and rows (h,).

    Returns
    -------
    Rgb
        (h, w, 3) uint8.
    """
    pixels = np.empty((len(y), len(x), 3), np.uint8)
    pixels[..., 0] = x & 255
    pixels[..., 1] = (y & 255)[:, None]
    pixels[..., 2] = (((x >> 8) & 15) << 4) | ((y >> 8) & 15)[:, None]
    return pixels


def level_pixels(downsample: int, x: int, y: int, w: int, h: int, size: tuple[int, int]) -> Rgb:
    """Return a window of a made slide's level: the rounded mean of each block of level-0 pixels.

    Parameters
    ----------
    downsample
        Level-0 pixels per level pixel.
    x, y, w, h
        The window in level pixels.
    size
        Level-0 (width, height); blocks at the far edges average what lies inside.
    """
    if downsample == 1:
        return coordinate_pixels(np.arange(x, x + w), np.arange(y, y + h))
    # The mean of a block separates into the means along x and along y, so a level needs no memory below it.
    blocks_x = _block_means(x, w, downsample, size[0])
    blocks_y = _block_means(y, h, downsample, size[1])
    pixels = np.empty((h, w, 3), np.uint8)
    pixels[..., 0] = np.floor(blocks_x[0] + 0.5)
    pixels[..., 1] = np.floor(blocks_y[0] + 0.5)[:, None]
    # Row by row: a slide that takes no memory should need none of eight times its pixels for a moment either.
    for row, low in zip(pixels, blocks_y[1], strict=True):
        row[:, 2] = np.floor(16 * blocks_x[1] + low + 0.5)
    return pixels


def _block_means(start: int, count: int, block: int, size: int) -> NDArray[np.float64]:
    """Return the block means along one axis of the low byte and of the four bits above, as (2, count)."""
    at = np.arange(start * block, (start + count) * block).reshape(count, block)
    inside = at < size
    parts = np.stack([at & 255, (at >> 8) & 15])
    means: NDArray[np.float64] = (parts * inside).sum(axis=2) / np.maximum(inside.sum(axis=1), 1)
    return means


class MadeReader:
    """A slide of any size that takes no memory.

    Parameters
    ----------
    size
        Level-0 (width, height).
    downsamples
        Of the native levels, whole numbers, finest first, starting with 1.
    mpp
        um/px of both axes, or None for a slide without scale.
    tile
        Native tile edge.
    failing
        (level, column, row) of native tiles; a read that meets one raises.
    delay_s
        How long each read takes at least.
    background
        (r, g, b) outside the slide.
    profile
        ICC profile that the pixels claim to be in, see `made_profile`.
    """

    def __init__(
        self,
        size: tuple[int, int] = (4096, 3072),
        *,
        downsamples: Sequence[int] = (1, 4, 16),
        mpp: float | None = 0.25,
        tile: int = 256,
        failing: Collection[tuple[int, int, int]] = (),
        delay_s: float = 0.0,
        background: tuple[int, int, int] = (255, 255, 255),
        profile: bytes | None = None,
    ) -> None:
        self.failing = set(failing)
        self.delay_s = delay_s
        self._profile = profile
        self.reads = 0
        self.closed = False
        levels = tuple(
            Level((-(-size[0] // d), -(-size[1] // d)), float(d), (tile, tile)) for d in downsamples
        )
        recipe = f"made {size} {tuple(downsamples)} {mpp}"
        self._info = SlideInfo(
            path=Path(f"made-{size[0]}x{size[1]}"),
            format="made",
            fingerprint=hashlib.sha256(recipe.encode()).hexdigest()[:32],
            levels=levels,
            mpp=None if mpp is None else (mpp, mpp),
            mpp_source="unknown: made without a scale" if mpp is None else "made",
            objective_power=None,
            bounds=Box(0, 0, *size),
            background=background,
            properties={},
        )

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide."""
        return self._info

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        """Compute a window of level pixels.

        Raises
        ------
        TileReadError
            If the window meets a failing tile, leaves the level, or the slide is closed.
        """
        self.reads += 1
        if self.delay_s:
            time.sleep(self.delay_s)
        there = self._info.levels[level]
        where = f"level {level}, {w} x {h} pixels at ({x}, {y})"
        if self.closed:
            raise TileReadError(self._info.path, where, "the slide is closed")
        if not (0 <= x <= x + w <= there.size[0] and 0 <= y <= y + h <= there.size[1]):
            raise TileReadError(self._info.path, where, f"the level is {there.size} large")
        edge = there.tile[0]
        for bad, column, row in self.failing:
            across = column * edge < x + w and x < (column + 1) * edge
            if bad == level and across and row * edge < y + h and y < (row + 1) * edge:
                raise TileReadError(self._info.path, where, f"made to fail at tile ({column}, {row})")
        return level_pixels(round(there.downsample), x, y, w, h, self._info.size)

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return none."""
        return {}

    def icc_profile(self) -> bytes | None:
        """Return the profile that was asked for."""
        return self._profile

    def close(self) -> None:
        """Refuse further reads."""
        self.closed = True


def write_made_tiff(
    path: Path,
    size: tuple[int, int] = (1500, 1100),
    *,
    downsamples: Sequence[int] = (1, 2, 4),
    mpp: float | None = 0.25,
    tile: int = 256,
    bigtiff: bool = False,
    byteorder: str = "<",
    compression: str | None = "adobe_deflate",
    predictor: bool = False,
    planar: bool = False,
    grey: bool = False,
    subifds: bool = False,
    description: str | None = None,
    profile: bytes | None = None,
) -> Path:
    """Write a made slide as a pyramidal tiled TIFF, lossless unless told otherwise, and return its path.

    Parameters
    ----------
    path
        Where to; an existing file is replaced.
    size, downsamples, mpp, tile
        As for `MadeReader`.
    bigtiff
        Use 64-bit offsets.
    byteorder
        "<" (little endian) or ">".
    compression, predictor, planar
        As tifffile names the first; differences between neighbours; one colour after another.
    grey
        Store the red channel only.
    subifds
        Hang the coarse levels below the first, as OME-TIFF does.
    description, profile
        Text and ICC profile of the first image.
    """
    import tifffile

    with tifffile.TiffWriter(path, bigtiff=bigtiff, byteorder=byteorder) as file:  # type: ignore[arg-type]
        for d in downsamples:
            dots = (1.0, 1.0) if mpp is None else (10_000 / (mpp * d),) * 2
            file.write(
                _stored_pixels(size, d, grey, planar),
                tile=(tile, tile),
                photometric="minisblack" if grey else "rgb",
                planarconfig="separate" if planar else None,
                compression=compression,
                predictor=predictor,
                subifds=len(downsamples) - 1 if subifds and d == 1 else None,
                subfiletype=0 if d == 1 else 1,
                resolution=dots,
                resolutionunit="NONE" if mpp is None else "CENTIMETER",
                description=description if d == 1 else None,
                iccprofile=profile if d == 1 else None,
                metadata=None,
                software="PathView made slide",
            )
    return path


def _stored_pixels(size: tuple[int, int], downsample: int, grey: bool, planar: bool) -> NDArray[np.uint8]:
    """Return a level as it lies in a file: (h, w), (3, h, w) or (h, w, 3)."""
    w, h = (-(-side // downsample) for side in size)
    pixels = level_pixels(downsample, 0, 0, w, h, size)
    if grey:
        return pixels[..., 0]
    return pixels.transpose(2, 0, 1) if planar else pixels
