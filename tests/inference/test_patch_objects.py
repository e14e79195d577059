from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard, Task
from pathview.inference.model import Patches
from pathview.inference.patch_objects import PatchObjects
from pathview.inference.preflight import preflight
from pathview.inference.tasks.table import kind_of

CARD = ModelCard("m", "1", Task.DETECT, 0.5, 64, 48, ("a", "b"), "b", halo=8)
TWO = np.array([[10.0, 20.0], [30.0, 40.0]])
TRIANGLE = np.array([[1, 1], [5, 1], [3, 4]])


class Says:
    card = CARD

    def __init__(self, said: object) -> None:
        self._said = said

    def load(self, device: str) -> None: ...

    def unload(self) -> None: ...

    def predict(self, patches: Patches) -> Any:
        return [self._said] * len(patches) if isinstance(self._said, PatchObjects) else self._said


def answer(said: object) -> list[PatchObjects]:
    return kind_of(CARD).answer(Says(said), np.zeros((2, 64, 64, 3), np.uint8))  # type: ignore[no-any-return]


def test_classes_and_scores_can_be_left_out() -> None:
    (first, _) = answer(PatchObjects(TWO))
    assert first.kinds.tolist() == [0, 0]
    assert first.marks.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (np.zeros((2, 2)), "a detector returns a list with one PatchObjects for each patch"),
        ([PatchObjects(TWO), None], "a detector returns a list"),
        ([PatchObjects(TWO)], "1 answers for 2 patches"),
        (PatchObjects([[1, 2]]), "centers that are a list and no array"),  # type: ignore[arg-type]
        (PatchObjects(np.zeros(3)), "centers float64 of shape (3,) are not (objects, 2) numbers (patch 0"),
        (PatchObjects(TWO, classes=np.array([0])), "classes int64 of shape (1,) are not (2,) whole numbers"),
        (PatchObjects(TWO, classes=np.array([0.0, 1.0])), "classes float64"),
        (PatchObjects(TWO, classes=np.array([0, 2])), "classes from 0 to 2, of 2"),
        (PatchObjects(TWO, classes=np.array([-1, 0])), "classes from -1 to 0, of 2"),
        (PatchObjects(TWO, scores=np.array([1.0])), "scores float64 of shape (1,)"),
        (PatchObjects(TWO, scores=np.array([0.5, 1.5])), "scores from 0.5 to 1.5 are not within 0 to 1"),
        (PatchObjects(TWO, scores=np.array([0.5, np.nan])), "are not finite"),
        (PatchObjects(TWO * 2), "centers from 20 to 80 are not inside 0 to 64"),
        (PatchObjects(TWO, outlines=[TRIANGLE]), "1 outlines for 2 objects"),
        (PatchObjects(TWO, outlines=[TRIANGLE, TRIANGLE[:2]]), "at least three corners"),
        (PatchObjects(TWO, outlines=[TRIANGLE, TRIANGLE * np.inf]), "are not finite"),
    ],
)
def test_what_no_detector_may_say_is_refused_in_words(said: object, fault: str) -> None:
    with pytest.raises(ModelError, match=re.escape(fault)):
        answer(said)


def test_the_value_of_a_cell_counts_what_lies_in_it() -> None:
    said = PatchObjects(
        np.array([[7.9, 20], [8.0, 20], [55.9, 20], [56.0, 20]]),
        np.array([0, 0, 1, 1]),
        np.array([0.9, 0.2, 0.3, 0.8]),
    )
    scores = kind_of(CARD).scores([said, PatchObjects(np.empty((0, 2)))], CARD)
    assert scores.dtype == np.float32
    assert np.abs(scores - np.array([[0.2, 0.3], [0, 0]])).max() < 1e-6


def test_a_detector_that_finds_nothing_passes_its_preflight() -> None:
    notes = preflight(Says(PatchObjects(np.empty((0, 2)))))
    assert "reference" in " ".join(notes)
