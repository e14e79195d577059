"""The line between the program and a model: nothing that a model raises or returns passes unchecked."""

from __future__ import annotations

import numpy as np

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.model import Patches, Prediction, TileModel

_SLACK = 1e-5


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


def ask_freely(model: TileModel, patches: Patches) -> Prediction:
    """Return what a model says of patches; only kind and shape are checked, as by `check_shape`.

    Raises
    ------
    ModelError
        If it raises, or returns another kind of thing.
    MemoryError
        If the device has no room for so many patches.
    """
    try:
        prediction: object = model.predict(patches)
    except (MemoryError, ModelError):
        raise
    except Exception as error:  # as above
        raise ModelError(model.card.name, f"failed: {type(error).__name__}: {error}") from error
    return check_shape(prediction, len(patches), model.card)


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
