"""What a demo slide is made from: four numbers that decide every pixel of it."""

from __future__ import annotations

from dataclasses import dataclass

VERSION = 2
"""Counts up whenever the same numbers would give other pixels, so that old files are made anew."""

MPP = 0.25
"""Micrometres per level-0 pixel: what a 40x scanner gives."""

FULL_SIZE = (24_000, 18_000)

DESCRIPTION = "PathView synthetic demo slide, not real tissue"


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that the pixels of a demo slide depend on.

    Parameters
    ----------
    size
        Width and height of level 0, pixels.
    seed
        Chooses one section out of all that could be drawn.
    version
        Of the drawing code.
    """

    size: tuple[int, int] = FULL_SIZE
    seed: int = 7
    version: int = VERSION

    def __post_init__(self) -> None:
        if min(self.size) < 512:
            raise ValueError(f"a demo slide needs at least 512 px a side, not {self.size}")

    @property
    def size_um(self) -> tuple[float, float]:
        """Width and height, micrometres."""
        return self.size[0] * MPP, self.size[1] * MPP

    @property
    def scale(self) -> float:
        """How large the anatomy is drawn, 1 at full size; cells always keep their true size.

        A small slide gets a small node rather than a corner of a large one, so that every tissue is on it.
        """
        return min(self.size[0] / FULL_SIZE[0], self.size[1] / FULL_SIZE[1])

    @property
    def text(self) -> str:
        """Goes into the file's ImageDescription; tells a finished slide of this recipe from any other."""
        width, height = self.size
        return f"{DESCRIPTION}\nversion {self.version}, {width} x {height} px, seed {self.seed}, {MPP} um/px"
