"""The line between the program and a model: nothing that a model raises or returns passes unchecked."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.model import KnowsItsLimits, OodScores, Patches, Prediction, TileModel

_SLACK = 1e-5
_WRONG = "a wrong prediction"


class Answer(NamedTuple):
    """What a model says of n patches: probabilities (n, classes); scores (n,) where it knows its limits."""

    prediction: Prediction
    ood: OodScores | None


def load(model: TileModel, device: str) -> None:
    """Load a model onto a device.

    Raises
    ------
    ModelError
        For whatever the model raises.
    """
    try:
        model.load(device)
    except ModelError:
        raise
    except Exception as error:  # a plugin may raise anything; it ends this run and nothing else
        raise ModelError(model.card.name, f"cannot be loaded: {type(error).__name__}: {error}") from error


def ask(model: TileModel, patches: Patches) -> Prediction:
    """Return what a model says of patches, checked.

    Raises
    ------
    ModelError
        If it raises, or says what no model may say.
    MemoryError
        If the device has no room for so many patches.
    """
    prediction = ask_freely(model, patches)
    check_prediction(prediction, len(patches), model.card)
    return prediction


def ask_all(model: TileModel, patches: Patches) -> Answer:
    """Return what a model says of patches and of how far they are from what it was trained on, checked.

    Raises
    ------
    ModelError
        If it raises, says what no model may say, or gives no score although its card has an `ood_threshold`.
    MemoryError
        If the device has no room for so many patches.
    """
    if model.card.ood_threshold is None:
        return Answer(ask(model, patches), None)
    if not isinstance(model, KnowsItsLimits):
        raise ModelError(
            model.card.name, "its manifest states an ood_threshold, and it has no predict_with_ood"
        )
    said = called(model, model.predict_with_ood, patches)
    if not isinstance(said, tuple) or len(said) != 2:
        raise ModelError(
            model.card.name, "its predict_with_ood must return two arrays: probabilities and scores"
        )
    check_prediction(said[0], len(patches), model.card)
    return Answer(said[0], _checked_ood(said[1], len(patches), model.card))


def ask_freely(model: TileModel, patches: Patches) -> Prediction:
    """Return what a model says of patches; only kind and shape are checked, as by `check_shape`.

    Raises
    ------
    ModelError
        If it raises, or returns another kind of thing.
    MemoryError
        If the device has no room for so many patches.
    """
    return check_shape(called(model, model.predict, patches), len(patches), model.card)


def called(model: TileModel, predict: Callable[[Patches], object], patches: Patches) -> object:
    """Return what a method of a model returns, unchecked.

    Raises
    ------
    ModelError
        For whatever it raises, but a lack of memory.
    MemoryError
        If the device has no room for so many patches.
    """
    try:
        return predict(patches)
    except (MemoryError, ModelError):
        raise
    except Exception as error:  # as above
        raise ModelError(model.card.name, f"failed: {type(error).__name__}: {error}") from error


def _checked_ood(scores: object, patches: int, card: ModelCard) -> OodScores:
    what = "wrong out-of-distribution scores"
    values = checked_array(scores, (patches,), card, what, "(patches,)")
    check_range(values, card, what, "not within 0 to 1")
    return values


def checked_array(
    said: object, expected: tuple[int, ...], card: ModelCard, what: str, shape: str
) -> NDArray[np.float32]:
    """Return what a model said, if it is an array of the right kind; its values are not looked at.

    Parameters
    ----------
    said
        What it returned.
    expected
        The shape that it must have; it must be float32 as well.
    card
        The model's.
    what
        What it gave where it is wrong, such as "a wrong prediction".
    shape
        The names of the axes, such as "(patches, classes)".

    Raises
    ------
    ModelError
        If it is anything else; it names what is wrong.
    """
    fault = ""
    if not isinstance(said, np.ndarray):
        fault = f"a {type(said).__name__} is not an array"
    elif said.shape != expected:
        fault = f"shape {said.shape} is not {shape} = {expected}"
    elif said.dtype != np.float32:
        fault = f"dtype {said.dtype} is not float32"
    else:
        return said
    raise ModelError(card.name, f"gave {what}: {fault}")


def check_finite(values: NDArray[np.float32], card: ModelCard, what: str) -> None:
    """Refuse values that are infinite or no numbers, with a `ModelError`."""
    if bad := int((~np.isfinite(values)).sum()):
        raise ModelError(card.name, f"gave {what}: {bad} values are not finite")


def check_range(values: NDArray[np.float32], card: ModelCard, what: str, fault: str) -> None:
    """Refuse values that are not finite or not within 0 to 1, with a `ModelError`."""
    check_finite(values, card, what)
    if values.size and (values.min() < -_SLACK or values.max() > 1 + _SLACK):
        raise ModelError(
            card.name, f"gave {what}: values from {values.min():g} to {values.max():g} are {fault}"
        )


def check_shape(prediction: object, patches: int, card: ModelCard) -> Prediction:
    """Return a prediction that is an array of the right kind.

    Raises
    ------
    ModelError
        If it is not (patches, classes) float32; it names what is wrong.
    """
    expected = (patches, len(card.classes))
    return checked_array(prediction, expected, card, _WRONG, "(patches, classes)")


def check_prediction(prediction: object, patches: int, card: ModelCard) -> None:
    """Refuse what a model may not say.

    Raises
    ------
    ModelError
        If `prediction` is not (patches, classes) float32, finite and within 0 to 1; it names what is wrong.
    """
    check_range(check_shape(prediction, patches, card), card, _WRONG, "no probabilities")
