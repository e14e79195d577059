"""What to draw, upload and read for a view of one pyramid: pure, and worked out anew for every frame."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from pathview.core.geometry import Box
from pathview.core.pyramid import Pyramid, TileKey

# Levels below a missing cell that may stand in for it: a quick turn of the wheel passes two.
_FINER = 2


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
    due
        How many of `upload`, from the front, the screen lacks; the rest is for later. None means all.
    """

    draw: tuple[TileKey, ...]
    upload: tuple[TileKey, ...]
    want: tuple[TileKey, ...]
    urgent: int | None = None
    due: int | None = None

    @property
    def due_now(self) -> tuple[TileKey, ...]:
        """The part of `upload` that the screen lacks."""
        return self.upload[: self.due]

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
    *,
    fading: Container[TileKey] = (),
    heading: tuple[float, float] = (0.0, 0.0),
) -> TilePlan:
    """Plan one frame.

    The target level is the coarsest one that need not be magnified. A visible cell that is not on the GPU is
    stood in for by its nearest ancestor there, and by those of its children and grandchildren that are.

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
    fading
        Tiles on the GPU that are still half transparent: what stands in for them stays below.
    heading
        How far the view will have moved in a moment, level-0 pixels (x, y): what will be seen then is read
        ahead first.

    Returns
    -------
    TilePlan
        Each visible cell is covered by `draw` whenever the root is resident; no tile occurs twice in a part,
        `upload` and `want` share none, and the result does not depend on the order of the sets.
    """
    level, root = pyramid.level_for(downsample), pyramid.root
    visible = _by_distance(pyramid, box, pyramid.cover(box, level), level)
    if not visible:
        return TilePlan((), (), (), 0, 0)
    draw, needed = _on_screen(visible, root, resident, cached, fading)
    ahead = _ahead(pyramid, box, level, visible, needed, heading)
    due = [key for key in needed if key in cached and key not in resident]
    spare = [key for key in ahead if key in cached and key not in resident]
    now = _wanted(needed, resident, cached, stale)
    later = _wanted(ahead, resident, cached, stale)
    return TilePlan(tuple(sorted(draw)), tuple(due + spare), tuple(now + later), len(now), len(due))


def _on_screen(
    visible: list[TileKey],
    root: TileKey,
    resident: Container[TileKey],
    cached: Container[TileKey],
    fading: Container[TileKey],
) -> tuple[dict[TileKey, None], dict[TileKey, None]]:
    """Return what can be drawn, and what the screen needs, best first."""
    # A dict is a set that remembers: best first, each key once.
    draw: dict[TileKey, None] = {}
    needed = {root: None}
    climbed: set[TileKey] = set()
    for key in visible:
        needed[key] = None
        if key in resident:
            draw[key] = None
            if key in fading:
                _draw_coarser(key, root, resident, draw, fading)
            continue
        _draw_finer(key, resident, draw, _FINER)
        while key.level < root.level and key not in climbed:
            climbed.add(key)
            key = key.parent
            if key in resident:
                draw[key] = None
                if key not in fading:
                    break
            elif key in cached:
                needed.setdefault(key)  # a stand-in that only has to be uploaded
    return draw, needed


def _draw_coarser(
    key: TileKey,
    root: TileKey,
    resident: Container[TileKey],
    draw: dict[TileKey, None],
    fading: Container[TileKey],
) -> None:
    """Add the nearest resident ancestor, and further ones as long as one can see through."""
    while key.level < root.level:
        key = key.parent
        if key in resident:
            draw[key] = None
            if key not in fading:
                return


def stood_in_by_coarser(key: TileKey, drawn: Container[TileKey], root: TileKey) -> bool:
    """Tell whether coarser tiles alone stand in for `key` among `drawn`: one to fade in over them.

    Over finer ones nothing is to fade: they are as sharp, and a coarser one would show in between.
    """
    finer: dict[TileKey, None] = {}
    _draw_finer(key, drawn, finer, _FINER)
    coarser: dict[TileKey, None] = {}
    _draw_coarser(key, root, drawn, coarser, ())
    return bool(coarser) and not finer


def _draw_finer(key: TileKey, resident: Container[TileKey], draw: dict[TileKey, None], depth: int) -> None:
    """Add the resident tiles below `key`, each instead of what lies below it."""
    level, col, row = key.level - 1, 2 * key.col, 2 * key.row
    if level < 0:
        return
    # Those beyond the edge need no test: they do not exist, so they are not resident.
    for child in (
        TileKey(level, col, row),
        TileKey(level, col + 1, row),
        TileKey(level, col, row + 1),
        TileKey(level, col + 1, row + 1),
    ):
        if child in resident:
            draw[child] = None
        elif depth > 1:
            _draw_finer(child, resident, draw, depth - 1)


def _wanted(
    keys: Iterable[TileKey],
    resident: Container[TileKey],
    cached: Container[TileKey],
    stale: Container[TileKey],
) -> list[TileKey]:
    """Return what must be read: first what is nowhere, then what is only out of date."""
    absent = [key for key in keys if key not in cached]
    return [k for k in absent if k not in resident] + [k for k in absent if k in resident and k in stale]


def _by_distance(pyramid: Pyramid, box: Box, keys: Iterable[TileKey], level: int) -> list[TileKey]:
    """Return tiles of `level` nearest to the centre of `box` first."""
    span = pyramid.scale * (pyramid.tile << level)
    # The centre in units of tiles, so that a tile's own centre is at col + 0.5, row + 0.5.
    x = (box.center[0] - pyramid.origin[0]) / span - 0.5
    y = (box.center[1] - pyramid.origin[1]) / span - 0.5
    return sorted(keys, key=lambda key: ((key.col - x) ** 2 + (key.row - y) ** 2, key))


def _ahead(
    pyramid: Pyramid,
    box: Box,
    level: int,
    visible: list[TileKey],
    needed: Container[TileKey],
    heading: tuple[float, float],
) -> list[TileKey]:
    """Return what comes into view soon: what lies ahead of a move, the parents, then a ring one tile wide."""
    parents = dict.fromkeys(key.parent for key in visible) if level + 1 < pyramid.levels else {}
    columns, rows = pyramid.shape(level)
    left, right = min(key.col for key in visible), max(key.col for key in visible)
    top, bottom = min(key.row for key in visible), max(key.row for key in visible)
    across = range(max(left - 1, 0), min(right + 2, columns))
    ring = [TileKey(level, col, row) for row in (top - 1, bottom + 1) if 0 <= row < rows for col in across]
    down = range(top, bottom + 1)
    ring += [TileKey(level, col, row) for col in (left - 1, right + 1) if 0 <= col < columns for row in down]
    coming = _coming(pyramid, box, level, heading)
    found = dict.fromkeys((*coming, *parents, *_by_distance(pyramid, box, ring, level)))
    return [key for key in found if key not in needed]


def _coming(pyramid: Pyramid, box: Box, level: int, heading: tuple[float, float]) -> list[TileKey]:
    """Return the tiles that the moved view will show, those that it shows first in front."""
    if heading == (0.0, 0.0):
        return []
    dx, dy = heading
    moved = Box(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy)
    return _by_distance(pyramid, box, pyramid.cover(moved, level), level)
