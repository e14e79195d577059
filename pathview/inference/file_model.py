"""A model that is a file of weights and what its manifest says of it: no code of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.model import Patches, Prediction
from pathview.inference.recipe import Recipe

if TYPE_CHECKING:
    from pathview.inference.torch_model import TorchModel


class FileModel:
    """A model made by a recipe; torch is imported when it is loaded, in the process that runs it.

    Parameters
    ----------
    card
        What it needs and gives.
    recipe
        Which file, which network, which transform.
    allowed_code
        SHA-256 of the file that the user lets run, where the file brings a program along; "" for none.
    """

    def __init__(self, card: ModelCard, recipe: Recipe, *, allowed_code: str = "") -> None:
        self.card = card
        self.recipe = recipe
        self._allowed_code = allowed_code
        self._runner: TorchModel | None = None

    @property
    def parity(self) -> float | None:
        """Largest difference to float32 in probability, or None while not loaded."""
        return self._runner.parity if self._runner else None

    @property
    def engine(self) -> str:
        """How it runs, for the record of a run."""
        return self._runner.engine if self._runner else ""

    def load(self, device: str) -> None:
        """Make ready on a device.

        Raises
        ------
        ModelError
            If torch or timm are not installed; if the weights are absent, not those of the card, of another
            network, or code that was not allowed.
        """
        try:
            import safetensors.torch  # noqa: F401
            import timm  # noqa: F401

            from pathview.inference.networks import build_network
            from pathview.inference.torch_model import TorchModel
        except ImportError as error:
            reason = f'needs torch, timm and safetensors ({error}); pip install "pathview[models]"'
            raise ModelError(self.card.name, reason) from error
        if self._runner is None:
            self._runner = TorchModel(
                self.card,
                lambda: build_network(self.card, self.recipe, self._allowed_code),
                self.recipe.transform,
                activation=self.recipe.activation,
                temperature=self.recipe.temperature,
            )
        self._runner.load(device)

    def predict(self, patches: Patches) -> Prediction:
        """Return probabilities (n, classes) float32 for patches (n, h, w, 3) uint8."""
        if self._runner is None:
            raise ModelError(self.card.name, "is not loaded")
        return self._runner.predict(patches)

    def unload(self) -> None:
        """Give the memory back."""
        if self._runner is not None:
            self._runner.unload()
        self._runner = None
