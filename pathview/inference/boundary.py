"""The line between the program and a model: nothing that a model raises or returns passes unchecked."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.model import KnowsItsLimits, OodScores, Patches, Prediction, TileModel

_SLACK = 1e-5


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
    said = _called(model, model.predict_with_ood, patches)
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
    return check_shape(_called(model, model.predict, patches), len(patches), model.card)


def _called(model: TileModel, predict: Callable[[Patches], object], patches: Patches) -> object:
    try:
        return predict(patches)
    except (MemoryError, ModelError):
        raise
    except Exception as error:  # as above
        raise ModelError(model.card.name, f"failed: {type(error).__name__}: {error}") from error


def _checked_ood(scores: object, patches: int, card: ModelCard) -> OodScores:
    fault = ""
    if not isinstance(scores, np.ndarray):
        fault = f"a {type(scores).__name__} is not an array"
    elif scores.shape != (patches,):
        fault = f"shape {scores.shape} is not (patches,) = ({patches},)"
    elif scores.dtype != np.float32:
        fault = f"dtype {scores.dtype} is not float32"
    elif not np.isfinite(scores).all():
        fault = f"{int((~np.isfinite(scores)).sum())} values are not finite"
    elif scores.min() < -_SLACK or scores.max() > 1 + _SLACK:
        fault = f"values from {scores.min():g} to {scores.max():g} are not within 0 to 1"
    else:
        return scores
    raise ModelError(card.name, f"gave wrong out-of-distribution scores: {fault}")


def check_shape(prediction: object, patches: int, card: ModelCard) -> Prediction:
    """Return a prediction that is an array of the right kind.

    Raises
    ------
    ModelError
        If it is not (patches, classes) float32; it names what is wrong.
    """
    expected = (patches, len(card.classes))
    fault = ""
    if not isinstance(prediction, np.ndarray):
        fault = f"a {type(prediction).__name__} is not an array"
    elif prediction.shape != expected:
        fault = f"shape {prediction.shape} is not (patches, classes) = {expected}"
    elif prediction.dtype != np.float32:
        fault = f"dtype {prediction.dtype} is not float32"
    else:
        return prediction
    raise ModelError(card.name, f"gave a wrong prediction: {fault}")


def check_prediction(prediction: object, patches: int, card: ModelCard) -> None:
    """Refuse what a model may not say.

    Raises
    ------
    ModelError
        If `prediction` is not (patches, classes) float32, finite and within 0 to 1; it names what is wrong.
    """
    values = check_shape(prediction, patches, card)
    fault = ""
    if not np.isfinite(values).all():
        fault = f"{int((~np.isfinite(values)).sum())} values are not finite"
    elif values.min() < -_SLACK or values.max() > 1 + _SLACK:
        fault = f"values from {values.min():g} to {values.max():g} are no probabilities"
    if fault:
        raise ModelError(card.name, f"gave a wrong prediction: {fault}")
