"""Detections: what a model has found on a slide, by the million, in squares of the slide."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from shapely.geometry.base import BaseGeometry

from pathview.annotations.objects import STEPS, Objects
from pathview.core.geometry import Box

BIN = 1024
"""Edge of a square in level-0 pixels."""
SCORE_STEPS = 100
"""Scores are counted in so many steps: which objects reach a score of k / 100 is known exactly."""
_MOST_PARTS = 32
_LEVELS = (np.arange(1, SCORE_STEPS + 1) / SCORE_STEPS).astype(np.float32)

type BinKey = tuple[int, int]
"""Column and row of a square."""


@dataclass(slots=True)
class _Bin:
    parts: list[Objects] = field(default_factory=list)
    revision: int = 0

    def add(self, part: Objects, revision: int) -> None:
        self.parts.append(part)
        self.revision = revision
        if len(self.parts) > _MOST_PARTS:
            self.objects()

    def objects(self) -> Objects:
        # Joined when somebody looks or there are many: small additions are to cost little copying and memory.
        if len(self.parts) > 1:
            self.parts = [Objects.joined(self.parts)]
        return self.parts[0]


@dataclass(frozen=True, slots=True)
class Found:
    """One object under the cursor: its class, its score, and its outline, empty where it has none."""

    class_name: str
    score: float
    center: tuple[float, float]
    outline: NDArray[np.float64]


class Detections:
    """Objects of one model on one slide; they come and never change. Main thread only.

    Unlike annotations they are columns and not objects, nobody edits them, and undo does not know them.
    What `parts` returns may be read in any thread.

    Parameters
    ----------
    classes
        Names in the order of their numbers.

    Attributes
    ----------
    reach
        How far, in level-0 pixels, the outline that reaches farthest goes from its centre along an axis.
    version
        Grows with each addition.
    """

    changed = Signal(frozenset)
    """The squares, as (column, row), that have other objects now."""

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self.reach = 0.0
        self.version = 0
        self._bins: dict[BinKey, _Bin] = {}
        self._histogram = np.zeros((len(self.classes), SCORE_STEPS + 1), np.int64)
        self._spans = (0.0, 0)

    def __len__(self) -> int:
        return int(self._histogram.sum())

    @property
    def nbytes(self) -> int:
        """Bytes that the columns take."""
        return sum(part.nbytes for one in self._bins.values() for part in one.parts)

    @property
    def typical_size(self) -> float:
        """Edge of a square as large as the mean outline, in level-0 pixels; 0 where none has one."""
        area, count = self._spans
        return math.sqrt(area / count) if count else 0.0

    def extend(self, objects: Objects) -> None:
        """Add objects and tell the listeners.

        Raises
        ------
        ValueError
            If one has a class that there is not.
        """
        if not len(objects):
            return
        if int(objects.classes.max()) >= len(self.classes):
            raise ValueError(f"class {int(objects.classes.max())} of {len(self.classes)}")
        self.version += 1
        touched = set()
        for key, part in _by_bin(objects):
            one = self._bins.setdefault(key, _Bin())
            one.add(part, self.version)
            touched.add(key)
        np.add.at(self._histogram, (objects.classes, np.searchsorted(_LEVELS, objects.scores, "right")), 1)
        if len(objects.ring):
            self.reach = max(self.reach, float(np.abs(objects.ring.astype(np.int32)).max()) / STEPS)
            area, count = self._spans
            self._spans = area + float(objects.areas().sum()), count + int((objects.sizes > 0).sum())
        self.changed.emit(frozenset(touched))

    def clear(self) -> None:
        """Drop all objects and tell the listeners."""
        touched = frozenset(self._bins)
        self._bins.clear()
        self._histogram[:] = 0
        self.version += 1
        self.changed.emit(touched)

    def counts(self, least: float = 0.0) -> NDArray[np.int64]:
        """Return how many of each class, (classes,), reach a score of `least`, in whole hundredths."""
        return np.asarray(self._histogram[:, round(least * SCORE_STEPS) :].sum(axis=1))

    def bins(self, box: Box) -> Iterator[BinKey]:
        """Return the squares, those with objects alone, that meet a level-0 box."""
        x0, y0 = math.floor(box.x0 / BIN), math.floor(box.y0 / BIN)
        x1, y1 = math.ceil(box.x1 / BIN), math.ceil(box.y1 / BIN)
        if max(0, x1 - x0) * max(0, y1 - y0) < len(self._bins):
            keys: Iterator[BinKey] = ((col, row) for row in range(y0, y1) for col in range(x0, x1))
            return (key for key in keys if key in self._bins)
        return (key for key in self._bins if x0 <= key[0] < x1 and y0 <= key[1] < y1)

    def revision(self, key: BinKey) -> int:
        """Return a number that is another, and larger, after a square got objects; 0 for one without."""
        one = self._bins.get(key)
        return 0 if one is None else one.revision

    def objects(self, key: BinKey) -> Objects:
        """Return the objects whose centres lie in a square."""
        one = self._bins.get(key)
        return Objects.none() if one is None else one.objects()

    def parts(self, box: Box) -> list[Objects]:
        """Return all objects of the squares that meet a level-0 box, without copying any."""
        return [self._bins[key].objects() for key in self.bins(box)]

    def all_parts(self) -> list[Objects]:
        """Return all objects, square by square, without copying any."""
        return [one.objects() for one in self._bins.values()]

    def within(self, box: Box) -> Objects:
        """Return the objects whose centres lie in a half-open level-0 box."""
        kept = []
        for part in self.parts(box):
            x, y = part.centers.T
            inside = (x >= box.x0) & (x < box.x1) & (y >= box.y0) & (y < box.y1)
            kept.append(part if inside.all() else part.take(inside))
        return Objects.joined(kept)

    def at(self, x: float, y: float, near: float, least: float = 0.0) -> Found | None:
        """Return the object at a level-0 point.

        Parameters
        ----------
        x, y
            The point.
        near
            How far from its centre, in level-0 pixels, a point still counts as on it where it lies in no
            outline.
        least
            Objects with a lower score are not there.

        Returns
        -------
        Found or None
            The one with the nearest centre among those whose outline holds the point; else the nearest.
        """
        far = max(near, self.reach)
        some = self.within(Box(x - far, y - far, x + far, y + far))
        away = np.hypot(some.centers[:, 0] - x, some.centers[:, 1] - y)
        best: Found | None = None
        for number in np.argsort(away):
            if some.scores[number] < np.float32(least):
                continue
            outline = some.outline(int(number))
            if _holds(outline, x, y):
                return self._found(some, int(number), outline)
            if best is None and away[number] <= near:
                best = self._found(some, int(number), outline)
        return best

    def _found(self, some: Objects, number: int, outline: NDArray[np.float64]) -> Found:
        center = (float(some.centers[number, 0]), float(some.centers[number, 1]))
        return Found(self.classes[some.classes[number]], float(some.scores[number]), center, outline)


def count_inside(
    parts: Sequence[Objects], area: BaseGeometry, classes: int, least: float
) -> NDArray[np.int64]:
    """Return how many of each class, (classes,), lie in an area and reach a score; any thread.

    Parameters
    ----------
    parts
        What `Detections.parts` returns for the bounds of the area.
    area
        Level-0 pixels; a centre inside counts, one on the edge does not.
    classes
        How many there are.
    least
        The lowest score that counts.
    """
    total = np.zeros(classes, np.int64)
    for part in parts:
        chosen = (part.scores >= np.float32(least)) & part.inside(area)
        total += np.bincount(part.classes[chosen], minlength=classes)
    return total


def _by_bin(objects: Objects) -> Iterator[tuple[BinKey, Objects]]:
    at = np.floor(objects.centers / BIN).astype(np.int64)
    if (at == at[0]).all():
        yield (int(at[0, 0]), int(at[0, 1])), objects
        return
    keys, which = np.unique(at, axis=0, return_inverse=True)
    order = np.argsort(which, kind="stable")
    starts = np.searchsorted(which[order], np.arange(len(keys) + 1))
    for (col, row), start, end in zip(keys, starts[:-1], starts[1:], strict=True):
        yield (int(col), int(row)), objects.take(order[start:end])


def _holds(ring: NDArray[np.float64], x: float, y: float) -> bool:
    # Even-odd rule: an odd number of edges crosses the ray to the right.
    if len(ring) < 3:
        return False
    (x0, y0), (x1, y1) = ring.T, np.roll(ring, -1, axis=0).T
    crosses = (y0 > y) != (y1 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return bool(np.count_nonzero(crosses & beyond) % 2)
