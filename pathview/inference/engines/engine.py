"""What every engine is to the model that it runs."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pathview.inference.model import Patches, Prediction

_PROBES = 8


class Engine(Protocol):
    """A network ready to run on one device; used from one thread.

    Attributes
    ----------
    backend
        "torch", "compile" or "openvino".
    version
        Of the library.
    precision
        The float type that it computes in.
    """

    backend: str
    version: str
    precision: str

    def predict(self, patches: Patches) -> Prediction:
        """Return probabilities (n, classes) float32 for patches (n, h, w, 3) uint8.

        A network that knows its limits has a column more, the out-of-distribution score.

        Raises
        ------
        MemoryError
            If the device has no room for this many.
        """
        ...

    def close(self) -> None:
        """Give the memory back."""
        ...


class EngineError(Exception):
    """An engine cannot run this network here; the text says why, and another one may."""


def probe_patches(edge: int) -> Patches:
    """Return the fixed patches (8, edge, edge, 3), from plain to busy, that engines are compared on."""
    rng = np.random.default_rng(1)
    tints = np.array([(240, 240, 240), (225, 150, 190), (120, 70, 140), (200, 120, 170)])
    noise = rng.normal(0, 1, (_PROBES, edge, edge, 3)) * np.linspace(5, 60, _PROBES)[:, None, None, None]
    return np.clip(tints[np.arange(_PROBES) % 4][:, None, None] + noise, 0, 255).astype(np.uint8)
