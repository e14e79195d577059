"""What a detector says of one patch, and what it may not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard

_SLACK = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class PatchObjects:
    """The objects that a detector sees in one patch.

    Attributes
    ----------
    centers
        (k, 2) x, y in pixels of the patch, (0, 0) its upper left corner; inside the patch. An object that the
        patch's edge cuts has its centre where the visible part says; the halo is there for it.
    classes
        (k,) whole numbers from 0, in the order of the card's classes; default: all of the first.
    scores
        (k,) from 0 to 1; default: 1.
    outlines
        One (m, 2) array of at least three corners each, x and y like the centres; default: none has one.
    """

    centers: NDArray[Any]
    classes: NDArray[Any] | None = None
    scores: NDArray[Any] | None = None
    outlines: Sequence[NDArray[Any]] = field(default=())

    def __len__(self) -> int:
        return len(self.centers)

    @property
    def kinds(self) -> NDArray[Any]:
        """(k,): the classes, also where they are left out."""
        return np.zeros(len(self), np.uint8) if self.classes is None else self.classes

    @property
    def marks(self) -> NDArray[Any]:
        """(k,): the scores, also where they are left out."""
        return np.ones(len(self), np.float32) if self.scores is None else self.scores


def objects_of_kind(said: object, patches: int, card: ModelCard) -> list[PatchObjects]:
    """Return what a detector says of patches, if it is one entry for each and its columns fit each other.

    Raises
    ------
    ModelError
        If it is something else, or has a class that there is not; it names what is wrong.
    """
    fault = ""
    answers = [one for one in said if isinstance(one, PatchObjects)] if isinstance(said, list | tuple) else []
    if not isinstance(said, list | tuple) or len(answers) != len(said):
        fault = "a detector returns a list with one PatchObjects for each patch"
    elif len(said) != patches:
        fault = f"{len(said)} answers for {patches} patches"
    for number, one in enumerate(answers):
        fault = fault or _placed(_shape_fault(one, card), number)
    if fault:
        raise ModelError(card.name, f"gave wrong objects: {fault}")
    return answers


def check_objects(said: Sequence[PatchObjects], card: ModelCard) -> None:
    """Refuse what no detector may say, where `objects_of_kind` finds nothing wrong.

    Raises
    ------
    ModelError
        If a number is not finite, a centre outside its patch, or a score not within 0 to 1.
    """
    for number, one in enumerate(said):
        fault = _placed(_value_fault(one, card), number)
        if fault:
            raise ModelError(card.name, f"gave wrong objects: {fault}")


def _placed(fault: str, number: int) -> str:
    return fault and f"{fault} (patch {number} of its batch)"


def _shape_fault(one: PatchObjects, card: ModelCard) -> str:
    columns: dict[str, object] = {"centers": one.centers, "classes": one.kinds, "scores": one.marks}
    for name, column in columns.items():
        if not isinstance(column, np.ndarray):
            return f"{name} that are a {type(column).__name__} and no array"
    count = len(one)
    if one.centers.shape != (count, 2) or one.centers.dtype.kind not in "fiu":
        return f"centers {one.centers.dtype} of shape {one.centers.shape} are not (objects, 2) numbers"
    if one.kinds.shape != (count,) or one.kinds.dtype.kind not in "iu":
        return f"classes {one.kinds.dtype} of shape {one.kinds.shape} are not ({count},) whole numbers"
    if one.marks.shape != (count,) or one.marks.dtype.kind not in "fiu":
        return f"scores {one.marks.dtype} of shape {one.marks.shape} are not ({count},) numbers"
    if count and not (one.kinds.min() >= 0 and one.kinds.max() < len(card.classes)):
        return f"classes from {one.kinds.min()} to {one.kinds.max()}, of {len(card.classes)}"
    return _outline_fault(one)


def _outline_fault(one: PatchObjects) -> str:
    if len(one.outlines) not in (0, len(one)):
        return f"{len(one.outlines)} outlines for {len(one)} objects"
    rings: Sequence[object] = one.outlines
    for ring in rings:
        numbers = isinstance(ring, np.ndarray) and ring.dtype.kind in "fiu" and ring.ndim == 2
        if not numbers or not isinstance(ring, np.ndarray) or ring.shape[1] != 2 or len(ring) < 3:
            return "an outline is no (m, 2) array of at least three corners"
    return ""


def _value_fault(one: PatchObjects, card: ModelCard) -> str:
    if not len(one):
        return ""
    finite = all(np.isfinite(values).all() for values in (one.centers, one.marks, *one.outlines))
    if not finite:
        return "centers, scores or outlines are not finite"
    if one.centers.min() < 0 or one.centers.max() > card.patch:
        return f"centers from {one.centers.min():g} to {one.centers.max():g} are not inside 0 to {card.patch}"
    if one.marks.min() < -_SLACK or one.marks.max() > 1 + _SLACK:
        return f"scores from {one.marks.min():g} to {one.marks.max():g} are not within 0 to 1"
    return ""
