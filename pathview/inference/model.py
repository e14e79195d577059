"""The model seam: numpy in, numpy out, whatever runs inside."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pathview.inference.card import ModelCard

Patches = NDArray[np.uint8]
"""(n, patch, patch, 3) RGB at the card's mpp."""
Prediction = NDArray[np.float32]
"""(n, classes) probabilities."""
Features = NDArray[np.float32]
"""(n, features) of a model that embeds."""
DenseMaps = NDArray[np.float32]
"""(n, classes, h, w) probabilities, ``h = w = patch / output_stride``, of a model that segments."""
OodScores = NDArray[np.float32]
"""(n,) from 0, like the training tissue, to 1, unlike it."""


class TileModel(Protocol):
    """A model as the inference loop sees it; used from one thread."""

    @property
    def card(self) -> ModelCard:
        """What the model needs and gives."""
        ...

    def load(self, device: str) -> None:
        """Make ready on "cpu", "cuda:N" or "mps"."""
        ...

    def predict(self, patches: Patches) -> object:
        """Return what the card's task says of patches (n, patch, patch, 3) uint8, in their order.

        That is `Prediction` of a classifier, `Features` of a model that embeds, `DenseMaps` of one that
        segments, a list of n `PatchObjects` of a detector; the boundary takes nothing on trust, see
        `pathview.inference.tasks`.
        """
        ...

    def unload(self) -> None:
        """Give the memory back."""
        ...


@runtime_checkable
class KnowsItsLimits(Protocol):
    """A model that tells how far patches are from what it was trained on; its card has an `ood_threshold`."""

    def predict_with_ood(self, patches: Patches) -> tuple[Prediction, OodScores]:
        """Return what `predict` does, and an out-of-distribution score (n,) float32 from 0 to 1."""
        ...


@runtime_checkable
class ChoosesBackend(Protocol):
    """A model that can run on more than one engine."""

    def use_backend(self, backend: str) -> None:
        """Run on one of `pathview.inference.engines.choice.BACKENDS` from the next loading on."""
        ...
