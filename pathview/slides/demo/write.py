"""A section painted into a pyramidal TIFF, block by block, several at a time.

Level 0 streams to disk in the order of its tiles; of level 1 only the compressed tiles wait in memory, and of
level 2 the pixels, from which the rest follow. That keeps the peak far below the size of the slide.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import IO

import numpy as np

from pathview.slides.demo.paint import BLOCK, Progress, Section, paint_block
from pathview.slides.demo.recipe import MPP, Recipe
from pathview.slides.demo.stains import Bytes

TILE = BLOCK // 2
QUALITY = 85
SMALLEST = 1024
"""The coarsest level is the first whose longer side fits in this, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A block as the file wants it.

    Parameters
    ----------
    fine
        JPEG of its four level-0 tiles: upper left, upper right, lower left, lower right.
    half
        JPEG of its one level-1 tile.
    quarter
        (BLOCK / 4, BLOCK / 4, 3) uint8 pixels of level 2.
    """

    fine: tuple[bytes, bytes, bytes, bytes]
    half: bytes
    quarter: Bytes


def level_sizes(recipe: Recipe) -> list[tuple[int, int]]:
    """(width, height) of every level, each half of the one before."""
    sizes = [recipe.size]
    while max(sizes[-1]) > SMALLEST or len(sizes) < 3:
        sizes.append((max(1, recipe.size[0] >> len(sizes)), max(1, recipe.size[1] >> len(sizes))))
    return sizes


def write_slide(file: IO[bytes], section: Section, workers: int, progress: Progress) -> None:
    """Paint a section and write all levels of it.

    Parameters
    ----------
    file
        Open for writing and seeking.
    section
        What to paint.
    workers
        Threads; numpy and the JPEG encoder let go of the interpreter lock for most of the time.
    progress
        Told the painted part of the slide, 0 to 1, in the calling thread; what it raises ends the writing.
    """
    # tifffile takes 0.1 s to import, which a program that only lists demo slides need not pay.
    import tifffile

    sizes = level_sizes(section.recipe)
    halves: list[bytes] = []
    columns, rows = (-(-side // BLOCK) for side in section.recipe.size)
    rest = np.zeros((rows * BLOCK // 4, columns * BLOCK // 4, 3), np.uint8)
    with tifffile.TiffWriter(file, bigtiff=False) as tiff:

        def write(level: int, tiles: Iterator[bytes]) -> None:
            width, height = sizes[level]
            per_cm = 1e4 / (MPP * section.recipe.size[0] / width)
            tiff.write(
                tiles,
                shape=(height, width, 3),
                dtype=np.uint8,
                tile=(TILE, TILE),
                photometric="ycbcr",
                subsampling=(2, 2),
                compression="jpeg",
                subfiletype=1 if level else 0,
                resolution=(per_cm, per_cm),
                resolutionunit="CENTIMETER",
                description=section.recipe.text if level == 0 else None,
                software="PathView",
                metadata=None,
            )

        write(0, _finest(section, workers, progress, halves, rest))
        write(1, iter(halves))
        pixels = rest
        for level in range(2, len(sizes)):
            write(level, _tiles(pixels, sizes[level]))
            pixels = halved(pixels)


def _finest(
    section: Section, workers: int, progress: Progress, halves: list[bytes], rest: Bytes
) -> Iterator[bytes]:
    """Level-0 tiles in the file's order; fills in `halves` and `rest` on the way."""
    columns, rows = (-(-side // BLOCK) for side in section.recipe.size)
    across, down = (-(-side // TILE) for side in section.recipe.size)
    half_across, half_down = (-(-side // TILE) for side in level_sizes(section.recipe)[1])
    quarter = BLOCK // 4
    # Closed at once when the work is stopped, rather than when the last traceback that knows it is gone.
    with closing(_in_order(section, columns, rows, workers)) as painted:
        for row in range(rows):
            line: list[Painted] = []
            for column in range(columns):
                block = next(painted)
                line.append(block)
                rest[row * quarter : (row + 1) * quarter, column * quarter : (column + 1) * quarter] = (
                    block.quarter
                )
                progress((row * columns + column + 1) / (rows * columns))
            if row < half_down:
                halves.extend(block.half for block in line[:half_across])
            for part in range(min(2, down - 2 * row)):
                tiles = [tile for block in line for tile in block.fine[2 * part : 2 * part + 2]]
                yield from tiles[:across]


def _in_order(section: Section, columns: int, rows: int, workers: int) -> Generator[Painted, None, None]:
    """Blocks by rows, painted ahead by a few at a time so that finished ones never pile up."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="demo-slide")
    ahead: deque[Future[Painted]] = deque()
    try:
        for row in range(rows):
            for column in range(columns):
                ahead.append(pool.submit(_paint, section, column, row))
                if len(ahead) > 3 * workers:
                    yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _paint(section: Section, column: int, row: int) -> Painted:
    pixels = paint_block(section, column, row)
    half = halved(pixels)
    upper_left, upper_right, lower_left, lower_right = (
        _jpeg(pixels[y : y + TILE, x : x + TILE]) for y in (0, TILE) for x in (0, TILE)
    )
    return Painted((upper_left, upper_right, lower_left, lower_right), _jpeg(half), halved(half))


def _jpeg(pixels: Bytes) -> bytes:
    import imagecodecs

    encoded = imagecodecs.jpeg8_encode(
        np.ascontiguousarray(pixels),
        level=QUALITY,
        colorspace="rgb",
        outcolorspace="ycbcr",
        subsampling="420",
    )
    return bytes(encoded)


def _tiles(pixels: Bytes, size: tuple[int, int]) -> Iterator[bytes]:
    """JPEG tiles of a level; edge tiles repeat the last pixels, which JPEG likes better than black."""
    width, height = size
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            tile = pixels[top : min(top + TILE, height), left : min(left + TILE, width)]
            missing = [(0, TILE - tile.shape[0]), (0, TILE - tile.shape[1]), (0, 0)]
            yield _jpeg(np.pad(tile, missing, mode="edge"))


def halved(pixels: Bytes) -> Bytes:
    """Half the resolution: the rounded mean of every four pixels of (height, width, 3) uint8."""
    even = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]
    pairs = even[0::2].astype(np.uint16)
    pairs += even[1::2]
    total = pairs[:, 0::2] + pairs[:, 1::2]
    total += 2
    total >>= 2
    return total.astype(np.uint8)
