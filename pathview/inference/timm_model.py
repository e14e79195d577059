"""A timm architecture with a checkpoint as a tile model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.model import Patches, Prediction

if TYPE_CHECKING:
    import torch

    from pathview.inference.torch_model import TorchModel


class TimmModel:
    """Any classifier of timm; torch and timm are imported by `load`.

    Parameters
    ----------
    card
        What the model needs and gives; with a `sha256`, no other weights are taken.
    architecture
        timm's name, for example "tf_efficientnet_lite0".
    weights
        A safetensors file whose keys are the network's own; float16 is widened to float32.
    mean, std
        Of the three channels, in units of 0 to 1.
    temperature
        Logits are divided by it before the softmax.
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
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.card = card
        self.architecture = architecture
        self.weights = weights
        self._scaling = (mean, std, temperature)
        self._options = dict(options or {})
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
            If torch or timm are not installed, or the weights are absent, not those of the card, or of
            another network.
        """
        try:
            import safetensors.torch  # noqa: F401
            import timm  # noqa: F401

            from pathview.inference.torch_model import TorchModel
        except ImportError as error:
            reason = f'needs torch, timm and safetensors ({error}); pip install "pathview[models]"'
            raise ModelError(self.card.name, reason) from error
        mean, std, temperature = self._scaling
        if self._runner is None:
            self._runner = TorchModel(self.card, self._build, mean=mean, std=std, temperature=temperature)
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

    def _build(self) -> torch.nn.Module:
        import timm

        state = self._state()
        try:
            network: torch.nn.Module = timm.create_model(
                self.architecture, pretrained=False, num_classes=len(self.card.classes), **self._options
            )
        except (RuntimeError, TypeError, ValueError) as error:
            raise self._error(f"timm cannot make {self.architecture}: {error}") from error
        try:
            network.load_state_dict(state, strict=True)
        except RuntimeError as error:
            raise self._error(f"{self.weights} does not fit {self.architecture}: {error}") from error
        return network

    def _state(self) -> dict[str, torch.Tensor]:
        import safetensors.torch
        from safetensors import SafetensorError

        try:
            # Read, not mapped: a file that shrinks under a map kills the process.
            data = self.weights.read_bytes()
        except OSError as error:
            raise self._error(f"its weights cannot be read: {error}") from error
        digest = hashlib.sha256(data).hexdigest()
        if self.card.sha256 and digest != self.card.sha256:
            raise self._error(f"{self.weights} holds other weights than its card says (sha256 {digest})")
        try:
            state = safetensors.torch.load(data)
        except SafetensorError as error:
            raise self._error(f"{self.weights} is no safetensors file: {error}") from error
        return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}

    def _error(self, reason: str) -> ModelError:
        return ModelError(self.card.name, reason)
