"""How a model without code of its own is made: a file of weights, and what the manifest says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pathview.inference.transform import Transform


class Format(StrEnum):
    """What a file of weights is, by its content."""

    SAFETENSORS = "safetensors"
    CHECKPOINT = "torch checkpoint"
    TORCHSCRIPT = "TorchScript"
    EXPORTED = "exported program"
    ONNX = "ONNX"

    @property
    def is_code(self) -> bool:
        """Whether loading it runs a program that the file brings along."""
        return self in (Format.TORCHSCRIPT, Format.EXPORTED)


class Activation(StrEnum):
    """What makes probabilities of the network's numbers."""

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a file of weights needs to become a model.

    Attributes
    ----------
    architecture
        timm's name of the network; only for files that hold numbers and no network.
    weights
        The file.
    format
        What it is.
    transform
        From a patch to the network's input.
    activation
        From the network's output to probabilities.
    temperature
        The output, with its bias, is divided by it before that.
    bias
        Added to the output, a number a class, before it is divided; none for nothing.
    options
        Further arguments for `timm.create_model`.
    ood_layers
        Layers whose statistics tell what is unlike the training tissue, see `engines.limits`; none for a
        network that cannot tell.
    """

    architecture: str
    weights: Path
    format: Format
    transform: Transform
    activation: Activation = Activation.SOFTMAX
    temperature: float = 1.0
    options: tuple[tuple[str, Any], ...] = ()
    bias: tuple[float, ...] = ()
    ood_layers: tuple[str, ...] = ()
