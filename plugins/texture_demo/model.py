"""A tile classifier in ten lines of numpy: how busy the texture is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pathview.inference import ModelCard, Patches, Prediction


@dataclass
class TextureModel:
    """Gives (n, 2) probabilities of "Smooth" and "Busy" from the differences between neighbouring pixels."""

    card: ModelCard
    middle: float

    def load(self, device: str) -> None:
        """Do nothing: there are no weights."""

    def predict(self, patches: Patches) -> Prediction:
        """Return probabilities (n, 2) float32 for patches (n, h, w, 3) uint8."""
        gray = patches.mean(axis=3, dtype=np.float32)
        across = np.abs(np.diff(gray, axis=2)).mean(axis=(1, 2))
        down = np.abs(np.diff(gray, axis=1)).mean(axis=(1, 2))
        busy = 1 / (1 + np.exp(self.middle - (across + down) / 2))
        return np.stack([1 - busy, busy], axis=1).astype(np.float32)

    def unload(self) -> None:
        """Do nothing: there is nothing to give back."""


def make(folder: Path, card: ModelCard, middle: float = 6.0) -> TextureModel:
    """Make the model; what `factory` in plugin.toml names, with its parameter."""
    return TextureModel(card, middle)
