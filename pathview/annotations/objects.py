"""Machine-made objects as columns: a million of them are a few arrays and not a million Python objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

STEPS = 4
"""Outlines are kept in steps of a quarter of a level-0 pixel from the centre."""
_FARTHEST = np.iinfo(np.int16).max


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """Objects that a model has found; the arrays are never written to.

    Attributes
    ----------
    centers
        (n, 2) float64 x, y in level-0 pixels: float32 would be off by a sixtieth of a pixel on a large slide.
    classes
        (n,) uint8, the number of the class.
    scores
        (n,) float32 from 0 to 1.
    cells
        (n,) int32, the number of the grid's cell that each was found in, -1 where there is no grid.
    ring
        (m, 2) int16: the corners of all outlines, one after the other, as steps from their centres; the
        first corner does not come again at the end.
    ends
        (n,) int64: where in `ring` each outline ends; one that is missing ends where the one before did.
    """

    centers: NDArray[np.float64]
    classes: NDArray[np.uint8]
    scores: NDArray[np.float32]
    cells: NDArray[np.int32]
    ring: NDArray[np.int16]
    ends: NDArray[np.int64]

    @classmethod
    def none(cls) -> Self:
        """Return no objects."""
        return cls.of(np.empty((0, 2)), [], [])

    @classmethod
    def of(
        cls,
        centers: Any,
        classes: Any,
        scores: Any,
        cells: Any = None,
        outlines: Sequence[NDArray[Any]] = (),
    ) -> Self:
        """Put objects together.

        Parameters
        ----------
        centers, classes, scores, cells
            As the attributes; cells default to -1.
        outlines
            (m, 2) level-0 corners of each object, open or closed; empty where none has one. What reaches
            farther than 8,191 px from its centre is cut there.
        """
        at = np.asarray(centers, np.float64).reshape(-1, 2)
        count = len(at)
        rings = [_opened(np.asarray(ring, np.float64).reshape(-1, 2)) for ring in outlines]
        sizes = np.array([len(ring) for ring in rings] or [0] * count, np.int64)
        if len(sizes) != count:
            raise ValueError(f"{len(sizes)} outlines for {count} objects")
        corners = np.concatenate([np.empty((0, 2)), *rings]) - np.repeat(at, sizes, axis=0)
        steps = np.clip(np.rint(corners * STEPS), -_FARTHEST, _FARTHEST)
        return cls(
            at,
            np.asarray(classes, np.uint8).reshape(count),
            np.asarray(scores, np.float32).reshape(count),
            np.full(count, -1, np.int32) if cells is None else np.asarray(cells, np.int32).reshape(count),
            steps.astype(np.int16),
            np.cumsum(sizes),
        )

    @classmethod
    def joined(cls, several: Sequence[Objects]) -> Self:
        """Return several as one, in order."""
        if not several:
            return cls.none()
        before = np.cumsum([0, *(len(one.ring) for one in several[:-1])])
        return cls(
            np.concatenate([one.centers for one in several]),
            np.concatenate([one.classes for one in several]),
            np.concatenate([one.scores for one in several]),
            np.concatenate([one.cells for one in several]),
            np.concatenate([one.ring for one in several]),
            np.concatenate([one.ends + start for one, start in zip(several, before, strict=True)]),
        )

    def __len__(self) -> int:
        return len(self.centers)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """(n,): how many corners each outline has."""
        return np.diff(self.ends, prepend=0)

    @property
    def nbytes(self) -> int:
        """Bytes that the columns take."""
        columns = (self.centers, self.classes, self.scores, self.cells, self.ring, self.ends)
        return sum(column.nbytes for column in columns)

    def take(self, chosen: NDArray[Any]) -> Objects:
        """Return those that a mask (n,) or indices choose, in that order."""
        numbers = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        sizes = self.sizes[numbers]
        ends = np.cumsum(sizes)
        # Corner k of the result lies as far from the end of its outline as the corner that it is taken from.
        corners = np.arange(int(sizes.sum())) + np.repeat(self.ends[numbers] - ends, sizes)
        return Objects(
            self.centers[numbers],
            self.classes[numbers],
            self.scores[numbers],
            self.cells[numbers],
            self.ring[corners],
            ends,
        )

    def reaching(self, least: float) -> Objects:
        """Return those with a score of at least `least`."""
        return self.take(self.scores >= np.float32(least))

    def corners(self) -> NDArray[np.float64]:
        """Return the corners of all outlines, (m, 2) in level-0 pixels, in the order of `ring`."""
        return np.asarray(np.repeat(self.centers, self.sizes, axis=0) + self.ring / STEPS)

    def outline(self, number: int) -> NDArray[np.float64]:
        """Return the open outline of one object, (m, 2) in level-0 pixels; empty where it has none."""
        end = int(self.ends[number])
        start = int(self.ends[number - 1]) if number else 0
        corners: NDArray[np.float64] = self.centers[number] + self.ring[start:end] / STEPS
        return corners

    def areas(self) -> NDArray[np.float64]:
        """Return (n,) areas inside the outlines in level-0 pixels squared, 0 for those without."""
        ring, sizes = self.ring / STEPS, self.sizes
        if not len(ring):
            return np.zeros(len(self))
        following = np.arange(1, len(ring) + 1)
        some = sizes > 0
        following[self.ends[some] - 1] = (self.ends - sizes)[some]
        there = ring[following]
        doubled = np.concatenate([[0.0], np.cumsum(ring[:, 0] * there[:, 1] - ring[:, 1] * there[:, 0])])
        areas: NDArray[np.float64] = np.abs(doubled[self.ends] - doubled[self.ends - sizes]) / 2
        return areas

    def inside(self, area: BaseGeometry) -> NDArray[np.bool_]:
        """Tell of each, (n,), whether its centre lies in an area of level-0 pixels."""
        shapely.prepare(area)
        return np.asarray(shapely.contains_xy(area, *self.centers.T), bool)


def _opened(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    return ring[:-1] if len(ring) > 1 and (ring[0] == ring[-1]).all() else ring
