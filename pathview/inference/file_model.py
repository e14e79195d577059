"""A model that is a file of weights and what its manifest says of it: no code of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.engines.choice import default_backend
from pathview.inference.engines.engine import Engine
from pathview.inference.engines.onnx_engine import OnnxEngine
from pathview.inference.engines.start import Request, start
from pathview.inference.model import OodScores, Patches, Prediction
from pathview.inference.recipe import Format, Recipe
from pathview.inference.weights_file import checked_digest

if TYPE_CHECKING:
    from pathview.inference.engines.scoring import Scoring


class FileModel:
    """A model made by a recipe; what runs it is imported when it is loaded, in the process that runs it.

    Parameters
    ----------
    card
        What it needs and gives.
    recipe
        Which file, which network, which transform.
    allowed_code
        SHA-256 of the file that the user lets run, where the file brings a program along; "" for none.

    Attributes
    ----------
    parity
        Largest difference of its engine to float32 torch in probability; None while it is not loaded.
    """

    def __init__(self, card: ModelCard, recipe: Recipe, *, allowed_code: str = "") -> None:
        self.card = card
        self.recipe = recipe
        self._allowed_code = allowed_code
        self._backend = "auto"
        self._engine: Engine | None = None
        self._device = ""
        self.parity: float | None = None

    @property
    def engine(self) -> str:
        """How it runs, for the record of a run; "" while it is not loaded."""
        if self._engine is None:
            return ""
        parity = "" if self.parity is None else f", within {self.parity:.1g} of float32"
        return (
            f"{self._engine.backend} {self._engine.version}, {self._device}, {self._engine.precision}{parity}"
        )

    def use_backend(self, backend: str) -> None:
        """Run on one of `pathview.inference.engines.choice.BACKENDS` from the next loading on."""
        if backend != self._backend:
            self.unload()
            self._backend = backend

    def load(self, device: str) -> None:
        """Make ready on a device; a second time on the same device does nothing.

        Raises
        ------
        ModelError
            If torch or timm are not installed; if the weights are absent, not those of the card, of another
            network, or code that was not allowed; or if the engine that was asked for cannot run it.
        MemoryError
            If it does not fit.
        """
        if self._engine is not None and self._device == device:
            return
        self.unload()
        if self.recipe.format is Format.ONNX:
            self._engine = self._onnx(device)
            self._device = device
            return
        facts: dict[str, object] = {
            "weights": checked_digest(self.recipe.weights, self.card.sha256, self.card.name),
            "allowed": self._allowed_code,
            "recipe": {**asdict(self.recipe), "weights": ""},
            "patch": self.card.patch,
            "classes": self.card.outputs,
        }
        backend = default_backend() if self._backend == "auto" else self._backend
        request = Request(self.card, self.recipe.activation, facts, self._scoring, device, backend)
        self._engine, self.parity = start(request)
        self._device = device

    def predict(self, patches: Patches) -> Prediction:
        """Return what the card's task says of patches (n, h, w, 3) uint8, float32."""
        return self._ask(patches)[:, : self.card.outputs]

    def predict_with_ood(self, patches: Patches) -> tuple[Prediction, OodScores]:
        """Return what `predict` does, and out-of-distribution scores (n,); for a recipe with `ood_layers`."""
        said, classes = self._ask(patches), len(self.card.classes)
        if said.shape[1] == classes:
            raise ModelError(
                self.card.name, "its manifest states an ood_threshold, and its network gives no such score"
            )
        return said[:, :classes], said[:, classes]

    def unload(self) -> None:
        """Give the memory back."""
        if self._engine is not None:
            self._engine.close()
        self._engine = self.parity = None

    def _ask(self, patches: Patches) -> Prediction:
        if self._engine is None:
            raise ModelError(self.card.name, "is not loaded")
        return self._engine.predict(patches)

    def _onnx(self, device: str) -> OnnxEngine:
        # Torch, which the other engines are compared with, cannot read such a file.
        if self._backend != "auto":
            raise ModelError(self.card.name, f"ONNX files run on onnxruntime, not on {self._backend}")
        try:
            import onnxruntime  # noqa: F401
        except ImportError as error:
            reason = f'needs onnxruntime ({error}); pip install "pathview[onnx]"'
            raise ModelError(self.card.name, reason) from error
        return OnnxEngine(self.card, self.recipe, device)

    def _scoring(self) -> Scoring:
        try:
            import safetensors.torch  # noqa: F401
            import timm  # noqa: F401

            from pathview.inference.networks import build_scoring
        except ImportError as error:
            reason = f'needs torch, timm and safetensors ({error}); pip install "pathview[models]"'
            raise ModelError(self.card.name, reason) from error
        return build_scoring(self.card, self.recipe, self._allowed_code)
