"""What to draw, upload and read for a view of one pyramid: pure, and worked out anew for every frame."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from pathview.core.geometry import Box
from pathview.core.pyramid import Pyramid, TileKey


@dataclass(frozen=True, slots=True)
class TilePlan:
    """The tiles of one source for one frame.

    Attributes
    ----------
    draw
        On the GPU and wanted on the screen, finest first; stand-ins included.
    upload
        In memory, not on the GPU, best first.
    want
        In neither place, or stale; best first.
    urgent
        How many of `want`, from the front, the screen waits for; the rest is read ahead. None means all.
    """

    draw: tuple[TileKey, ...]
    upload: tuple[TileKey, ...]
    want: tuple[TileKey, ...]
    urgent: int | None = None

    @property
    def wanted_now(self) -> tuple[TileKey, ...]:
        """The part of `want` that the screen waits for."""
        return self.want[: self.urgent]

    @property
    def wanted_later(self) -> tuple[TileKey, ...]:
        """The part of `want` that is read ahead."""
        return () if self.urgent is None else self.want[self.urgent :]


def plan(
    pyramid: Pyramid,
    box: Box,
    downsample: float,
    resident: Container[TileKey],
    cached: Container[TileKey],
    stale: Container[TileKey] = (),
) -> TilePlan:
    """Plan one frame.

    The target level is the coarsest one that need not be magnified. A visible cell that is not on the GPU is
    stood in for by its nearest ancestor there, and by those of its children that are there.

    Parameters
    ----------
    pyramid
        Of the source.
    box
        What the screen shows, in level-0 pixels.
    downsample
        Level-0 pixels per screen pixel.
    resident
        Tiles on the GPU, whatever their age.
    cached
        Tiles in memory with their newest pixels.
    stale
        Tiles whose pixels have changed since they were read: they stay drawn and are wanted again.

    Returns
    -------
    TilePlan
        Each visible cell is covered by `draw` whenever the root is resident; no tile occurs twice in a part,
        `upload` and `want` share none, and the result does not depend on the order of the sets.
    """
    level = pyramid.level_for(downsample)
    visible = _by_distance(pyramid, box, level)
    if not visible:
        return TilePlan((), (), (), 0)
    # A dict is a set that remembers: best first, each key once.
    draw: dict[TileKey, None] = {}
    needed = {pyramid.root: None}
    for key in visible:
        needed[key] = None
        if key in resident:
            draw[key] = None
            continue
        draw.update((child, None) for child in pyramid.children(key) if child in resident)
        for _ in range(level + 1, pyramid.levels):
            key = key.parent
            if key in resident:
                draw[key] = None
                break
            if key in cached:
                needed.setdefault(key)  # a stand-in that only has to be uploaded
    ahead = _ahead(pyramid, box, level, needed)
    upload = [key for key in (*needed, *ahead) if key in cached and key not in resident]
    now = _wanted(needed, resident, cached, stale)
    later = _wanted(ahead, resident, cached, stale)
    return TilePlan(tuple(sorted(draw)), tuple(upload), tuple(now + later), len(now))


def _wanted(
    keys: dict[TileKey, None],
    resident: Container[TileKey],
    cached: Container[TileKey],
    stale: Container[TileKey],
) -> list[TileKey]:
    """Return what must be read: first what is nowhere, then what is only out of date."""
    absent = [key for key in keys if key not in cached]
    return [k for k in absent if k not in resident] + [k for k in absent if k in resident and k in stale]


def _by_distance(pyramid: Pyramid, box: Box, level: int) -> list[TileKey]:
    """Return the tiles of `level` that meet `box`, nearest to its centre first."""
    span = pyramid.scale * (pyramid.tile << level)
    # The centre in units of tiles, so that a tile's own centre is at col + 0.5, row + 0.5.
    x = (box.center[0] - pyramid.origin[0]) / span - 0.5
    y = (box.center[1] - pyramid.origin[1]) / span - 0.5
    return sorted(
        pyramid.cover(box, level), key=lambda key: ((key.col - x) ** 2 + (key.row - y) ** 2, key.row, key.col)
    )


def _ahead(pyramid: Pyramid, box: Box, level: int, needed: dict[TileKey, None]) -> dict[TileKey, None]:
    """Return what the next zoom out or pan will show: the parents, then a ring one tile wide."""
    ahead: dict[TileKey, None] = {}
    if level + 1 < pyramid.levels:
        ahead.update((key.parent, None) for key in list(needed) if key.level == level)
    span = pyramid.scale * (pyramid.tile << level)
    ahead.update(dict.fromkeys(_by_distance(pyramid, box.expand(span), level)))
    return {key: None for key in ahead if key not in needed}
