"""What a model says of its reference tiles, and what is probably wrong where that differs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.model import Patches, Prediction, TileModel
from pathview.inference.reference import Reference
from pathview.inference.tasks.table import kind_of

# Twice what the short float types may differ from float32, and resizing by another library a little.
_TOLERANCE = 0.05


def check_references(
    model: TileModel, references: Sequence[Reference], tiles: Patches, said: Prediction
) -> tuple[str, ...]:
    """Compare what a model says of its reference tiles with what it should.

    Parameters
    ----------
    model
        To be asked again where something is wrong.
    references
        The tiles' classes and scores.
    tiles
        Their pixels, (n, patch, patch, 3).
    said
        What the model said of them, (n, classes).

    Returns
    -------
    tuple of str
        What could not be checked.

    Raises
    ------
    ModelError
        If a tile comes out wrong; it says which, and what would explain it.
    """
    card = model.card
    wrong = [i for i, one in enumerate(references) if not _fits(card, one, said[i])]
    if not wrong:
        if all(one.score is not None for one in references):
            return ()
        return ("some of its reference tiles state no score, so only their class was checked",)
    first = wrong[0]
    raise ModelError(
        card.name,
        f"{len(wrong)} of its {len(references)} reference tiles come out wrong: "
        f"{_difference(card, references[first], said[first])}; {_reason(model, references, tiles, said)}",
    )


def _fits(card: ModelCard, reference: Reference, said: Prediction) -> bool:
    return _right(card, reference, said, card.classes.index(reference.label))


def _difference(card: ModelCard, reference: Reference, said: Prediction) -> str:
    score = float(said[card.classes.index(reference.label)])
    expected = "" if reference.score is None else f" at {reference.score:.3f}"
    return f"{reference.file.name} shows {reference.label}{expected}, and the model gives that {score:.3f}"


def _reason(model: TileModel, references: Sequence[Reference], tiles: Patches, said: Prediction) -> str:
    card = model.card
    order = _other_order(card, references, said)
    if order is not None:
        return (
            "the classes are permuted: in the order "
            f"{', '.join(order)} all reference tiles come out right; list them so"
        )
    try:
        kind = kind_of(card)
        flipped = kind.scores(kind.ask_freely(model, np.ascontiguousarray(tiles[..., ::-1])), card)
    except (ModelError, MemoryError):
        return _UNEXPLAINED
    if all(_fits(card, one, row) for one, row in zip(references, flipped, strict=True)):
        return (
            'the channel order is wrong: with red and blue exchanged all come out right; correct "channels"'
        )
    return _UNEXPLAINED


_UNEXPLAINED = (
    "check the transform (resize, mean, std), the activation, the class names and the weights "
    "against how the model was trained"
)


def _other_order(
    card: ModelCard, references: Sequence[Reference], said: Prediction
) -> tuple[str, ...] | None:
    """Return the order of the classes in which every tile comes out right, if that can be told."""
    order: dict[int, str] = {}
    for label in dict.fromkeys(one.label for one in references):
        rows = [(one, said[i]) for i, one in enumerate(references) if one.label == label]
        columns = [c for c in range(len(card.classes)) if all(_right(card, one, row, c) for one, row in rows)]
        if len(columns) != 1 or columns[0] in order:
            return None
        order[columns[0]] = label
    left = [name for name in card.classes if name not in order.values()]
    found = tuple(order[c] if c in order else left.pop(0) for c in range(len(card.classes)))
    return None if found == card.classes else found


def _right(card: ModelCard, reference: Reference, said: Prediction, column: int) -> bool:
    if reference.score is not None:
        return abs(float(said[column]) - reference.score) <= _TOLERANCE
    return bool(said[column] >= card.threshold) if card.multi_label else bool(said.argmax() == column)
