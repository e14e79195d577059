"""What is asked of a model before it looks at a slide: does it do what its manifest says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.model import Patches, Prediction, TileModel
from pathview.inference.probe_tiles import GLASS, probe_tiles
from pathview.inference.reference import Reference, read_reference
from pathview.inference.reference_check import check_references
from pathview.inference.tasks.table import kind_of

_AT_A_TIME = 4
# Rounding in the short float types stays below it; an unfinished softmax does not.
_SUM_SLACK = 0.02
_RANGE_SLACK = 1e-5
_CONSTANT = 1e-6
_AS_PROBABILITIES = "have them made probabilities"


def preflight(
    model: TileModel, *, references: Sequence[Reference] = (), changed: bool = False
) -> tuple[str, ...]:
    """Ask a loaded model about glass, black, tissue, blurred tissue and its own reference tiles.

    Parameters
    ----------
    model
        Loaded.
    references
        Tiles with their classes, from the manifest.
    changed
        Whether parameters are set to other values than those that the tiles' scores belong to.

    Returns
    -------
    tuple of str
        What could not be checked, or looks odd without being a fault; for people.

    Raises
    ------
    ModelError
        If it fails on one of them, gives values that are not finite or no probabilities, says the same of
        everything, or gets its reference tiles wrong; each in words of its own, with what to mend.
    """
    card = model.card
    references = () if changed else references
    tiles = probe_tiles(card.patch)
    shown = [read_reference(reference, card) for reference in references]
    names = [*tiles, *(f"reference tile {reference.file.name}" for reference in references)]
    kind = kind_of(card)
    numbers, said = _ask(model, np.stack([*tiles.values(), *shown]))
    _check_finite(card, names, numbers)
    if kind.probabilities:
        _check_normalised(card, names, numbers)
    if not kind.may_find_nothing:
        _check_alive(card, numbers, said)
    notes = check_references(model, references, np.array(shown), said[len(tiles) :]) if references else ()
    if changed:
        return ("its parameters are not the defaults, so its reference tiles were not asked",)
    return (*_notes(card, references, said[names.index(GLASS)]), *notes)


def _ask(model: TileModel, tiles: Patches) -> tuple[NDArray[np.float32], Prediction]:
    """Return all numbers (n, ...) and the value of each class (n, classes) that a model gives of tiles."""
    kind = kind_of(model.card)
    numbers: list[NDArray[np.float32]] = []
    scores: list[Prediction] = []
    at_a_time = _AT_A_TIME
    while (done := sum(map(len, scores))) < len(tiles):
        try:
            said = kind.ask_freely(model, tiles[done : done + at_a_time])
        except MemoryError as error:
            if at_a_time == 1:
                raise ModelError(model.card.name, f"out of memory with one patch: {error}") from error
            at_a_time = 1
        except ModelError as error:
            raise _explained(model.card, error) from error
        else:
            numbers.append(kind.numbers(said))
            scores.append(kind.scores(said, model.card))
    return np.concatenate(numbers), np.concatenate(scores)


def _explained(card: ModelCard, error: ModelError) -> ModelError:
    return ModelError(
        card.name, f"{error.reason} (in its pre-flight, with patches of {card.patch} x {card.patch} px)"
    )


def _check_finite(card: ModelCard, names: list[str], said: NDArray[np.float32]) -> None:
    bad = ~np.isfinite(said)
    if bad.any():
        where = ", ".join(name for name, row in zip(names, bad, strict=True) if row.any())
        raise ModelError(
            card.name,
            f"{int(bad.sum())} values are not finite in its pre-flight ({where}): the weights are damaged, "
            "or mean and std of the transform are not the network's",
        )


def _check_normalised(card: ModelCard, names: list[str], said: NDArray[np.float32]) -> None:
    low, high = float(said.min()), float(said.max())
    if low < -_RANGE_SLACK or high > 1 + _RANGE_SLACK:
        raise ModelError(
            card.name,
            f"its scores are not normalised: values from {low:.3g} to {high:.3g} are no probabilities; "
            f'{_AS_PROBABILITIES} ("activation": "softmax", or "sigmoid" for several classes at once)',
        )
    sums = said.sum(axis=1)
    worst = np.unravel_index(int(np.abs(sums - 1).argmax()), sums.shape)
    if not card.multi_label and abs(sums[worst] - 1) > _SUM_SLACK:
        raise ModelError(
            card.name,
            f"its scores are not normalised: for {names[worst[0]]} they add up to {sums[worst]:.3g}, "
            f'not to 1; {_AS_PROBABILITIES} ("activation": "softmax"), or say "multi_label": true '
            "if several classes can hold at once",
        )


def _check_alive(card: ModelCard, numbers: NDArray[np.float32], said: Prediction) -> None:
    if float(np.ptp(numbers, axis=0).max()) < _CONSTANT:
        values = ", ".join(f"{name} {value:.3g}" for name, value in zip(card.classes, said[0], strict=True))
        values = values or f"features such as {numbers.flat[0]:.3g}"
        raise ModelError(
            card.name,
            f"its output is constant: it says the same ({values}) of glass, black, tissue and noise; "
            "these are not its trained weights, or the transform does not fit them",
        )


def _notes(card: ModelCard, references: Sequence[Reference], glass: Prediction) -> tuple[str, ...]:
    notes: list[str] = []
    if not card.classes:
        return ()
    if not references:
        notes.append(
            "it brings no reference tiles, so the order of its classes and its transform were not checked"
        )
    elif unseen := [name for name in card.classes if name not in {one.label for one in references}]:
        notes.append(f"none of its reference tiles shows {', '.join(unseen)}")
    score = float(glass[card.classes.index(card.positive)])
    if score >= card.threshold:
        notes.append(f"it says {card.positive} ({score:.2f}) of bare glass; are its classes in order?")
    return tuple(notes)
