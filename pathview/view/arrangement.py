"""How up to four views lie side by side on one canvas: areas in physical pixels, y down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Layout = Literal["one", "beside", "stacked", "three", "four"]
Separator = Literal["upright", "level"]

VIEWS: dict[Layout, int] = {"one": 1, "beside": 2, "stacked": 2, "three": 3, "four": 4}
"""How many views each layout has."""

_UPRIGHT: frozenset[Layout] = frozenset({"beside", "three", "four"})
_LEVEL: frozenset[Layout] = frozenset({"stacked", "three", "four"})
_LEAST_SHARE = 0.15
_EVEN = 0.02


class Area(NamedTuple):
    """A rectangle of the canvas, half-open: left, top, width and height."""

    x: int
    y: int
    width: int
    height: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    def common(self, other: Area) -> Area:
        """Return the part that both have; its width or height is 0 where they do not meet."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Area(left, top, max(right - left, 0), max(bottom - top, 0))

    def holds(self, x: float, y: float) -> bool:
        """Tell whether a point of the canvas lies in it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which views there are, and where the separators between them stand.

    Attributes
    ----------
    layout
        "one", "beside" (two, left and right), "stacked" (two, one above the other), "three" (one on the left,
        two stacked on the right) or "four".
    upright, level
        Where the upright separator stands, as a share of the width, and the level one, of the height.
    """

    layout: Layout = "one"
    upright: float = 0.5
    level: float = 0.5

    @property
    def views(self) -> int:
        """How many views there are."""
        return VIEWS[self.layout]

    def areas(self, size: tuple[int, int], gap: int) -> tuple[Area, ...]:
        """Return where each view lies on a canvas of `size`, from the upper left, row by row.

        Parameters
        ----------
        size
            Width and height of the canvas.
        gap
            Width of a separator; no view is narrower than one pixel.
        """
        columns = _halves(size[0], self.upright, gap) if self.layout in _UPRIGHT else [(0, size[0])]
        rows = _halves(size[1], self.level, gap) if self.layout in _LEVEL else [(0, size[1])]
        if self.layout == "three":
            left, right = columns
            whole = (0, size[1])
            return (_area(left, whole), *(_area(right, row) for row in rows))
        return tuple(_area(column, row) for row in rows for column in columns)

    def separator_at(self, x: float, y: float, size: tuple[int, int], reach: float) -> Separator | None:
        """Return the separator that a point of the canvas touches, at most `reach` pixels from its middle."""
        if self.layout in _UPRIGHT and abs(x - self.upright * size[0]) <= reach:
            return "upright"
        beside = self.layout == "three" and x < self.upright * size[0]
        if self.layout in _LEVEL and not beside and abs(y - self.level * size[1]) <= reach:
            return "level"
        return None

    def dragged(self, separator: Separator, to: tuple[float, float], size: tuple[int, int]) -> Arrangement:
        """Return the arrangement with a separator at a point of the canvas; the middle holds it a little."""
        at = to[0] / size[0] if separator == "upright" else to[1] / size[1]
        share = min(max(at, _LEAST_SHARE), 1 - _LEAST_SHARE)
        share = 0.5 if abs(share - 0.5) < _EVEN else share
        if separator == "upright":
            return Arrangement(self.layout, share, self.level)
        return Arrangement(self.layout, self.upright, share)


def _halves(length: int, share: float, gap: int) -> list[tuple[int, int]]:
    """Return start and length of the two parts of a length."""
    first = max(1, round(length * share - gap / 2))
    return [(0, first), (first + gap, max(1, length - first - gap))]


def _area(column: tuple[int, int], row: tuple[int, int]) -> Area:
    return Area(column[0], row[0], column[1], row[1])
