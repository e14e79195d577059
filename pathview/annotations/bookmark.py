"""Bookmarks: named views of a slide, as immutable values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from uuid import UUID, uuid4


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A view to come back to.

    Attributes
    ----------
    x, y
        Level-0 pixels of what lies in the middle.
    downsample
        Level-0 pixels per physical screen pixel, > 0.
    rotation
        Degrees by which the slide is turned clockwise.
    flipped
        Whether the turned slide is seen in a mirror.
    name, note
        Free text by the reader.
    id
        Stable identity, kept through edits and undo.
    """

    x: float
    y: float
    downsample: float
    rotation: float = 0.0
    flipped: bool = False
    name: str = ""
    note: str = ""
    id: UUID = field(default_factory=uuid4)

    @property
    def usable(self) -> bool:
        """Whether it is a place that can be looked at."""
        numbers = (self.x, self.y, self.downsample, self.rotation)
        return all(map(math.isfinite, numbers)) and self.downsample > 0
