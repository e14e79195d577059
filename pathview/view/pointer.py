"""The program's own pointer events, in slide coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PointerKind = Literal["press", "move", "release", "double", "leave"]
PointerButton = Literal["left", "middle", "right", ""]


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """Something that the mouse or pen did.

    Attributes
    ----------
    kind
        A double click arrives as press, release, double, release, as Qt sends it.
    x, y
        Level-0 pixels.
    downsample
        Level-0 pixels per logical screen pixel, so that tools can measure distances as the eye does.
    button
        The button concerned; on a move the one that is held, "" for none.
    modifiers
        Any of "shift", "control", "alt".
    """

    kind: PointerKind
    x: float
    y: float
    downsample: float = 1.0
    button: PointerButton = ""
    modifiers: frozenset[str] = frozenset()

    @property
    def at(self) -> tuple[float, float]:
        """The position (x, y) in level-0 pixels."""
        return self.x, self.y
