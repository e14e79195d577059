"""Boxes in level-0 pixels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned, half-open box; y points down.

    Inside the program every box is in level-0 pixels of the slide, with (0, 0) the top-left corner of the
    top-left pixel.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Horizontal extent, zero or less when the box is empty."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Vertical extent, zero or less when the box is empty."""
        return self.y1 - self.y0

    @property
    def center(self) -> tuple[float, float]:
        """The middle of the box as (x, y)."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def empty(self) -> bool:
        """Whether the box holds no point."""
        return self.x1 <= self.x0 or self.y1 <= self.y0

    def intersect(self, other: Box) -> Box:
        """Return the part that both boxes share; it is `empty` where they do not meet."""
        return Box(
            max(self.x0, other.x0), max(self.y0, other.y0), min(self.x1, other.x1), min(self.y1, other.y1)
        )

    def union(self, other: Box) -> Box:
        """Return the smallest box that holds both."""
        return Box(
            min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1)
        )

    def expand(self, margin: float) -> Box:
        """Return the box grown by `margin` on all four sides."""
        return Box(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def contains(self, x: float, y: float) -> bool:
        """Tell whether the point lies in the half-open box."""
        return self.x0 <= x < self.x1 and self.y0 <= y < self.y1
