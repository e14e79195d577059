"""The dyadic pyramid: level z shows 2**z source pixels per pixel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pathview.core.geometry import Box


class TileKey(NamedTuple):
    """Address of a tile inside one pyramid."""

    level: int
    col: int
    row: int

    @property
    def parent(self) -> TileKey:
        """The tile one level coarser that covers this one."""
        return TileKey(self.level + 1, self.col >> 1, self.row >> 1)

    def ancestor(self, level: int) -> TileKey:
        """Return the tile at a coarser (or the same) `level` that covers this one."""
        shift = level - self.level
        return TileKey(level, self.col >> shift, self.row >> shift)


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Tiles of one size over a source, each level half as fine as the one below.

    Attributes
    ----------
    size
        Source (width, height) in source pixels.
    tile
        Tile edge in pixels of its level.
    scale
        Level-0 slide pixels per source pixel: 1 for a slide, the stride for a heatmap.
    origin
        Level-0 position of the source's top-left corner.
    """

    size: tuple[int, int]
    tile: int
    scale: float = 1.0
    origin: tuple[float, float] = (0.0, 0.0)

    @property
    def levels(self) -> int:
        """How many levels there are; the last one is a single tile, the root."""
        longest = max(self.size)
        return 1 + max(0, math.ceil(math.log2(longest / self.tile))) if longest > self.tile else 1

    @property
    def root(self) -> TileKey:
        """The tile that covers everything."""
        return TileKey(self.levels - 1, 0, 0)

    def level_for(self, downsample: float) -> int:
        """Return the coarsest level that is at least as fine as `downsample` (level-0 px per screen px)."""
        ratio = downsample / self.scale
        # The small slack keeps 1:1 on level 0 when the downsample is 1.9999999 after a float round trip.
        level = math.floor(math.log2(max(ratio, 1.0)) + 1e-6)
        return min(max(level, 0), self.levels - 1)

    def shape(self, level: int) -> tuple[int, int]:
        """Return the (columns, rows) of tiles at `level`."""
        span = self.tile << level
        return -(-self.size[0] // span), -(-self.size[1] // span)

    def pixels(self, key: TileKey) -> tuple[int, int]:
        """Return the (width, height) of a tile in its own level's pixels; edge tiles are smaller."""
        step = 1 << key.level
        width = -(-self.size[0] // step) - key.col * self.tile
        height = -(-self.size[1] // step) - key.row * self.tile
        return max(0, min(self.tile, width)), max(0, min(self.tile, height))

    def contains(self, key: TileKey) -> bool:
        """Tell whether such a tile exists."""
        if not 0 <= key.level < self.levels:
            return False
        columns, rows = self.shape(key.level)
        return 0 <= key.col < columns and 0 <= key.row < rows

    def box(self, key: TileKey) -> Box:
        """Return the tile's extent in level-0 pixels, exactly as many level pixels as the tile holds.

        The last tile of a coarse level may reach past the source by less than one level pixel, so that a
        pixel of level z always spans exactly ``scale * 2**z`` level-0 pixels.
        """
        pixel = self.scale * (1 << key.level)
        width, height = self.pixels(key)
        x0 = self.origin[0] + key.col * self.tile * pixel
        y0 = self.origin[1] + key.row * self.tile * pixel
        return Box(x0, y0, x0 + width * pixel, y0 + height * pixel)

    def cover(self, box: Box, level: int) -> Iterator[TileKey]:
        """Yield the tiles of `level` that meet `box` (level-0 pixels), row by row."""
        span = self.scale * (self.tile << level)
        columns, rows = self.shape(level)
        col0 = max(0, math.floor((box.x0 - self.origin[0]) / span))
        row0 = max(0, math.floor((box.y0 - self.origin[1]) / span))
        col1 = min(columns, math.ceil((box.x1 - self.origin[0]) / span))
        row1 = min(rows, math.ceil((box.y1 - self.origin[1]) / span))
        for row in range(row0, row1):
            for col in range(col0, col1):
                yield TileKey(level, col, row)

    def children(self, key: TileKey) -> tuple[TileKey, ...]:
        """Return the up to four tiles one level finer that `key` covers."""
        if key.level == 0:
            return ()
        fine = key.level - 1
        keys = (TileKey(fine, 2 * key.col + dx, 2 * key.row + dy) for dy in (0, 1) for dx in (0, 1))
        return tuple(child for child in keys if self.contains(child))
