"""What one canvas shows: the frames of several views, each in its place."""

from __future__ import annotations

from dataclasses import dataclass

from pathview.tiles.loader import TileLoader
from pathview.tiles.plan import TilePlan
from pathview.tiles.source import TileSource
from pathview.view.arrangement import Area
from pathview.view.compose import NEUTRAL, Color, Frame
from pathview.view.viewport import Viewport


@dataclass(frozen=True, slots=True)
class Placed:
    """A frame in its place.

    Attributes
    ----------
    frame
        What to draw; its viewport is as large as `area`.
    area
        Where, in physical pixels of the canvas.
    clip
        The part of the canvas outside which nothing of it is drawn; None for all of `area`.
    over
        Whether it lies over the frames before it, so that nothing of them is to shine through.
    """

    frame: Frame
    area: Area
    clip: Area | None = None
    over: bool = False

    @property
    def visible(self) -> Area:
        """The part of the canvas that it draws on."""
        return self.area if self.clip is None else self.clip


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a canvas shows.

    Attributes
    ----------
    size
        Width and height of the canvas, physical pixels.
    placed
        The frames; none draws where another one does, but those that lie `over` them.
    background
        Colour of what no frame covers.
    """

    size: tuple[int, int]
    placed: tuple[Placed, ...] = ()
    background: Color = NEUTRAL

    @classmethod
    def of(cls, frame: Frame) -> Picture:
        """Return the picture of a single frame that fills the canvas."""
        size = frame.viewport.size
        return cls(size, (Placed(frame, Area(0, 0, *size)),), frame.background)

    @property
    def wishes(self) -> list[tuple[TileSource, TilePlan]]:
        """What to hand to `TileLoader.wish` for the canvas."""
        return [wish for placed in self.placed for wish in placed.frame.wishes]

    def waits_for(self, tiles: TileLoader) -> bool:
        """Tell whether some view waits for a tile that has not come into memory yet."""
        return any(key not in tiles.cached(source) for source, plan in self.wishes for key in plan.wanted_now)

    def jumps_from(self, before: Picture) -> bool:
        """Tell whether the same lies in the same places, and each view that moved shows another spot."""
        if self.size != before.size or _what(self) != _what(before):
            return False
        moves = [(old, new) for old, new in zip(before.viewports, self.viewports, strict=True) if old != new]
        return bool(moves) and all(old.box().intersect(new.box()).empty for old, new in moves)

    @property
    def viewports(self) -> tuple[Viewport, ...]:
        """Where each frame looks."""
        return tuple(placed.frame.viewport for placed in self.placed)

    @property
    def empty(self) -> bool:
        """Whether there is no tile to draw and none to wait for."""
        return not any(placed.frame.rasters for placed in self.placed)


def _what(picture: Picture) -> list[tuple[Area, Area | None, list[TileSource]]]:
    """Return what lies where."""
    return [
        (placed.area, placed.clip, [raster.source for raster in placed.frame.rasters])
        for placed in picture.placed
    ]
