"""The model seam: numpy in, numpy out, whatever runs inside."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard

Patches = NDArray[np.uint8]
"""(n, patch, patch, 3) RGB at the card's mpp."""
Prediction = NDArray[np.float32]
"""(n, classes) probabilities."""


class TileModel(Protocol):
    """A tile classifier as the inference loop sees it; used from one thread."""

    @property
    def card(self) -> ModelCard:
        """What the model needs and gives."""
        ...

    def load(self, device: str) -> None:
        """Make ready on "cpu", "cuda:N" or "mps"."""
        ...

    def predict(self, patches: Patches) -> Prediction:
        """Return class probabilities (n, classes) float32 for patches (n, patch, patch, 3) uint8."""
        ...

    def unload(self) -> None:
        """Give the memory back."""
        ...


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model comes from: enough to make it in any process, and nothing imported yet.

    Attributes
    ----------
    card
        From the plugin's manifest.
    folder
        The plugin's folder.
    factory
        "module:function" inside the folder; called as ``function(folder, card)``.
    """

    card: ModelCard
    folder: Path
    factory: str

    def make(self) -> TileModel:
        """Import the plugin's module and call its factory; nothing is loaded to a device yet.

        Raises
        ------
        ModelError
            With the plugin's own error as its cause.
        """
        module_name, _, function = self.factory.partition(":")
        file = self.folder / f"{module_name}.py"
        qualified = f"pathview_plugin_{self.folder.name}_{module_name}"
        try:
            spec = importlib.util.spec_from_file_location(qualified, file)
            if spec is None or spec.loader is None:
                raise ImportError(f"{file} is not a Python module")
            module = importlib.util.module_from_spec(spec)
            sys.modules[qualified] = module
            spec.loader.exec_module(module)
            model: TileModel = getattr(module, function)(self.folder, self.card)
        except (Exception, SystemExit) as error:  # plugin code may raise anything, and may try to exit
            sys.modules.pop(qualified, None)
            raise ModelError(self.card.name, f"cannot be made: {type(error).__name__}: {error}") from error
        return model
