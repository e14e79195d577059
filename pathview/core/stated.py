"""The pixel size that a person stated for a slide, with who and when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StatedMpp:
    """A pixel size that goes before the file's own.

    Attributes
    ----------
    x, y
        um/px at level 0.
    by
        Who stated it: the name that the person has on the computer.
    at
        When, UTC, ISO 8601.
    """

    x: float
    y: float
    by: str
    at: str

    @property
    def mpp(self) -> tuple[float, float]:
        """(x, y) in um/px."""
        return self.x, self.y

    @property
    def source(self) -> str:
        """Where the pixel size comes from, for results that leave the house: without the person's name."""
        return f"stated by the user on {self.at[:10]}"
