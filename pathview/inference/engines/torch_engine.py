"""Torch as it is: the reference that other engines are held to, and what runs everything."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch

from pathview.inference.engines.scoring import Scoring
from pathview.inference.model import Patches, Prediction


class TorchEngine:
    """Runs a network in channels-last order.

    Patches travel as bytes and are scaled on the device.

    Parameters
    ----------
    scoring
        Moved to `device`.
    device
        "cpu", "cuda:N" or "mps".
    precision
        "float32", "bfloat16" or "float16".

    Raises
    ------
    MemoryError
        If it does not fit.
    """

    backend = "torch"

    def __init__(self, scoring: Scoring, device: str, precision: str = "float32") -> None:
        self.version = str(torch.__version__)
        self.precision = precision
        self._device = torch.device(device)
        self._scoring: Scoring | None = None
        try:
            # torch annotates only the other overloads of `to`.
            scoring.network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            self._scoring = scoring.to(self._device)
        except RuntimeError as error:
            raise _translated(error) from error
        self._run: Callable[[torch.Tensor], torch.Tensor] = self._scoring

    def run_by(self, run: Callable[[torch.Tensor], torch.Tensor]) -> None:
        """Let something else do what the network does, such as its compiled form."""
        self._run = run

    def predict(self, patches: Patches) -> Prediction:
        """Return probabilities (n, classes) float32 for patches (n, h, w, 3) uint8.

        Raises
        ------
        MemoryError
            If the device has no room for this many.
        """
        assert self._scoring is not None, "it is closed"
        try:
            with torch.inference_mode(), self._autocast():
                said = self._run(self._on_device(patches))
            return np.asarray(said.cpu().numpy(), np.float32)
        except RuntimeError as error:
            raise _translated(error) from error

    def logits(self, patches: Patches) -> object:
        """Return what the network itself gives, whatever that is."""
        assert self._scoring is not None, "it is closed"
        try:
            with torch.inference_mode():
                return self._scoring.logits(self._on_device(patches))
        except RuntimeError as error:
            raise _translated(error) from error

    def close(self) -> None:
        """Give the memory back."""
        self._scoring = None
        del self._run
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _on_device(self, patches: Patches) -> torch.Tensor:
        # torch warns of arrays that cannot be written, although nothing here writes.
        pixels = torch.from_numpy(np.require(patches, requirements=["C", "W"]))
        if self._device.type != "cuda":
            return pixels.to(self._device)
        # From pinned memory the card fetches them by itself, while the next kernels are prepared.
        return pixels.pin_memory().to(self._device, non_blocking=True)

    def _autocast(self) -> AbstractContextManager[object]:
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self._device.type, dtype=getattr(torch, self.precision))


def fast_precision(device: str) -> str:
    """Return the float type that the device is fastest at among those worth trying."""
    kind = torch.device(device)
    if kind.type == "cuda":
        return "bfloat16" if torch.cuda.get_device_capability(kind) >= (8, 0) else "float16"
    return "bfloat16" if kind.type == "cpu" and _short_floats_on_cpu() else "float32"


def _short_floats_on_cpu() -> bool:
    # Without these instructions bfloat16 is emulated and slower than float32.
    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in names)


def _translated(error: RuntimeError) -> Exception:
    """Return a MemoryError for what means one, else the error itself."""
    if isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return MemoryError(str(error).splitlines()[0])
    return error
