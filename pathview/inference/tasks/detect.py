"""Detection: objects with a class, a score and a place; a cell's value is the best score in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pathview.inference.card import ModelCard
from pathview.inference.detection_sink import DetectionSink
from pathview.inference.heatmap import Heatmap
from pathview.inference.model import Prediction
from pathview.inference.patch_objects import PatchObjects, check_objects, objects_of_kind
from pathview.inference.tasks.kind import TaskKind


class Detect(TaskKind[list[PatchObjects]]):
    """A model returns a list of n `PatchObjects`."""

    may_find_nothing = True

    def of_kind(self, said: object, patches: int, card: ModelCard) -> list[PatchObjects]:
        """Take a list of `PatchObjects` whose columns have the right shapes and classes that there are."""
        return objects_of_kind(said, patches, card)

    def check(self, said: list[PatchObjects], card: ModelCard) -> None:
        """Refuse what is not finite, not in its patch, or has no score from 0 to 1."""
        check_objects(said, card)

    def numbers(self, said: list[PatchObjects]) -> NDArray[np.float32]:
        """Return (n, 4): the best score, one over how many and one more, and the mean place."""
        return np.array([_summary(one) for one in said], np.float32).reshape(-1, 4)

    def scores(self, said: list[PatchObjects], card: ModelCard) -> Prediction:
        """Return the best score of each class among the objects that have their centres in the cell."""
        best = np.zeros((len(said), len(card.classes)), np.float32)
        rim = (card.patch - card.stride) / 2
        for row, one in zip(best, said, strict=True):
            inside = ((one.centers >= rim) & (one.centers < card.patch - rim)).all(axis=1)
            np.maximum.at(row, one.kinds[inside], one.marks[inside])
        return best

    def sink(self, heatmap: Heatmap, card: ModelCard) -> DetectionSink:
        """Keep the objects in the heatmap's folder."""
        return DetectionSink.open(heatmap, card)


def _summary(one: PatchObjects) -> tuple[float, ...]:
    if not len(one):
        return 0.0, 1.0, 0.0, 0.0
    x, y = one.centers.mean(axis=0) / (1 + np.abs(one.centers).max())
    return float(one.marks.max()), 1 / (1 + len(one)), float(x), float(y)
