"""A timm network with a safetensors checkpoint: what most model plugins are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.file_model import FileModel
from pathview.inference.recipe import Activation, Format, Recipe
from pathview.inference.transform import Transform
from pathview.inference.weights_file import sniff


class TimmModel(FileModel):
    """A timm classifier; torch and timm are imported when it is loaded.

    Parameters
    ----------
    card
        What the model needs and gives; with a `sha256`, other weights are refused.
    architecture
        timm's name of the network.
    weights
        A safetensors file, or a checkpoint of torch of which only tensors are taken, whose keys are the
        network's own; float16 is widened to float32.
    mean, std
        Of the three channels, in units of 0 to 1.
    temperature
        Logits are divided by it before the softmax (or sigmoid, where several classes can hold at once).
    bias
        Added to the logits before that, a number a class.
    ood_layers
        Names of layers whose statistics tell what is unlike the training tissue; the file of weights then has
        the tensors of `pathview.inference.engines.limits.Limits` too, and the card an `ood_threshold`.
    options
        Further arguments for `timm.create_model`, for example ``{"img_size": 224}``.
    """

    def __init__(
        self,
        card: ModelCard,
        *,
        architecture: str,
        weights: Path,
        mean: Sequence[float],
        std: Sequence[float],
        temperature: float = 1.0,
        bias: Sequence[float] = (),
        ood_layers: Sequence[str] = (),
        options: Mapping[str, Any] | None = None,
    ) -> None:
        red, green, blue = mean
        first, second, third = std
        recipe = Recipe(
            architecture,
            weights,
            _format_of(weights, card.name),
            Transform((red, green, blue), (first, second, third)),
            Activation.SIGMOID if card.multi_label else Activation.SOFTMAX,
            temperature,
            tuple((options or {}).items()),
            tuple(bias),
            tuple(ood_layers),
        )
        super().__init__(card, recipe)


def _format_of(weights: Path, model: str) -> Format:
    """Return what a file of weights is; of one that is not there, whoever loads it says so."""
    found = sniff(weights, model) if weights.exists() else Format.SAFETENSORS
    if found not in (Format.SAFETENSORS, Format.CHECKPOINT):
        raise ModelError(
            model,
            f"{weights.name} is {found.value}, not weights of a timm network; put it into a model folder",
        )
    return found
