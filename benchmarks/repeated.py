"""A slide large enough that no cache holds it, made of a real slide's own compressed tiles."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from pathview.slides.raw_file import RawFile
from pathview.slides.tiff_layout import TiledPage, read_layout

# Tiles across and down at level 0: the coarsest of three levels still has twice what a cache of 32 MiB holds.
GRID = (96, 64)


def write_repeated(source: Path, target: Path, grid: tuple[int, int] = GRID, levels: int = 3) -> Path:
    """Write levels of `grid`, half, a quarter of it and so on, repeating each level's whole tiles.

    A source of fewer levels gives the coarser ones the tiles of its coarsest.

    Parameters
    ----------
    source
        A JPEG slide that the native-tile reader accepts.
    target
        Where to; ".svs" keeps the source's description, so that it stays an Aperio slide.
    grid
        Tiles across and down at level 0.
    levels
        At most so many, no more than the source has where it has three or more.
    """
    import tifffile

    layout = read_layout(source, RawFile(source))
    raw = source.read_bytes()
    with tifffile.TiffWriter(target) as file:
        pages = [layout.pages[min(number, len(layout.pages) - 1, 2)] for number in range(levels)]
        for number, page in enumerate(pages):
            columns, rows = grid[0] >> number, grid[1] >> number
            how: dict[str, Any] = {"jpegtables": page.coding.tables} if page.coding.tables else {}
            file.write(
                islice(cycle(streams(page, raw)), columns * rows),
                shape=(rows * page.tile[1], columns * page.tile[0], 3),
                dtype="uint8",
                tile=page.tile[::-1],
                photometric=page.coding.photometric,
                compression="jpeg",
                subfiletype=min(number, 1),
                description=layout.properties.get("tiff.ImageDescription") if not number else None,
                metadata=None,
                **how,
            )
    return target


def streams(page: TiledPage, raw: bytes) -> Iterator[bytes]:
    """Yield the compressed bytes of the tiles that lie wholly inside a level."""
    for row in range(page.size[1] // page.tile[1]):
        for column in range(page.size[0] // page.tile[0]):
            number = row * page.columns + column
            offset = page.offsets[number]
            yield raw[offset : offset + page.lengths[number]]
