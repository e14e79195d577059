"""A torch network as a tile model: as fast as the device allows, and checked to still say the same."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.model import Patches, Prediction

_log = logging.getLogger(__name__)

_PARITY_LIMIT = 0.02
_CHECKED = 8


class TorchModel:
    """Runs a network that gives one logit a class.

    Patches travel as bytes and are scaled on the device, in channels-last order and in the shortest float
    type that the device is fast at. At loading, the probabilities for a fixed batch are compared with plain
    float32 on the same device; where they differ by more than 0.02, float32 it stays.

    Parameters
    ----------
    card
        What the network needs and gives.
    build
        Makes the network with its weights in float32 on the CPU; called at each loading.
    mean, std
        Of the three channels, in units of 0 to 1.
    temperature
        Logits are divided by it, so that probabilities mean what they say.

    Attributes
    ----------
    parity
        Largest difference to float32 in probability at the last loading; None before one.
    precision
        "float32", "bfloat16" or "float16".
    """

    def __init__(
        self,
        card: ModelCard,
        build: Callable[[], torch.nn.Module],
        *,
        mean: Sequence[float],
        std: Sequence[float],
        temperature: float = 1.0,
    ) -> None:
        self.card = card
        self.parity: float | None = None
        self.precision = "float32"
        self._build = build
        self._mean = mean
        self._std = std
        self._temperature = temperature
        self._device = torch.device("cpu")
        self._network: torch.nn.Module | None = None

    @property
    def engine(self) -> str:
        """How it runs, for the record of a run."""
        parity = "" if self.parity is None else f", within {self.parity:.1g} of float32"
        return f"torch {torch.__version__}, {self._device}, {self.precision}{parity}"

    def load(self, device: str) -> None:
        """Make ready on "cpu", "cuda:N" or "mps"; a second time on the same device does nothing.

        Raises
        ------
        ModelError
            If the network cannot be made or does not give one number a class.
        MemoryError
            If it does not fit.
        """
        if self._network is not None and self._device == torch.device(device):
            return
        self._device = torch.device(device)
        scale = 1 / (255 * torch.tensor(self._std))
        shift = torch.tensor(self._mean) / torch.tensor(self._std)
        self._scale = scale.view(1, 3, 1, 1).to(self._device)
        self._shift = shift.view(1, 3, 1, 1).to(self._device)
        network = self._build().eval().requires_grad_(False)
        try:
            # torch annotates only the other overloads of `to`.
            self._network = network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        except RuntimeError as error:
            raise _translated(error) from error
        self._choose_precision()

    def predict(self, patches: Patches) -> Prediction:
        """Return probabilities (n, classes) float32 for patches (n, h, w, 3) uint8.

        Raises
        ------
        MemoryError
            If the device has no room for this many.
        """
        return self._predict(patches, self.precision)

    def unload(self) -> None:
        """Give the memory back."""
        self._network = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _choose_precision(self) -> None:
        patches = _probe(self.card.patch)
        exact = self._predict(patches, "float32")
        if exact.shape != (len(patches), len(self.card.classes)):
            raise ModelError(self.card.name, f"the network gives {exact.shape[1:]} numbers a patch")
        self.precision, self.parity = "float32", 0.0
        fast = fast_precision(self._device)
        if fast == "float32":
            return
        difference = float(np.abs(self._predict(patches, fast) - exact).max())
        # Written so that a NaN, which compares with nothing, counts as too far.
        if difference <= _PARITY_LIMIT:
            self.precision, self.parity = fast, difference
        else:
            _log.warning(
                "%s: %s differs from float32 by %g and is not used", self.card.name, fast, difference
            )

    @torch.inference_mode()
    def _predict(self, patches: Patches, precision: str) -> Prediction:
        if self._network is None:
            raise ModelError(self.card.name, "is not loaded")
        try:
            # torch warns of arrays that cannot be written, although nothing here writes.
            pixels = torch.from_numpy(np.require(patches, requirements=["C", "W"]))
            pixels = pixels.to(self._device).permute(0, 3, 1, 2)
            inputs = torch.addcmul(-self._shift, pixels.float(), self._scale)
            with self._autocast(precision):
                logits = self._network(inputs)
            probabilities = torch.softmax(logits.float() / self._temperature, dim=1)
            return np.asarray(probabilities.cpu().numpy(), np.float32)
        except RuntimeError as error:
            raise _translated(error) from error

    def _autocast(self, precision: str) -> AbstractContextManager[object]:
        if precision == "float32":
            return nullcontext()
        return torch.autocast(self._device.type, dtype=getattr(torch, precision))


def fast_precision(device: torch.device) -> str:
    """Return the float type that the device is fastest at among those worth trying."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.get_device_capability(device) >= (8, 0) else "float16"
    if device.type == "cpu" and _short_floats_on_cpu():
        return "bfloat16"
    return "float32"


def _short_floats_on_cpu() -> bool:
    # Without these instructions bfloat16 is emulated and slower than float32.
    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in names)


def _probe(edge: int) -> Patches:
    """Return the fixed patches, from plain to busy, that precisions are compared on."""
    rng = np.random.default_rng(1)
    tints = np.array([(240, 240, 240), (225, 150, 190), (120, 70, 140), (200, 120, 170)])
    noise = rng.normal(0, 1, (_CHECKED, edge, edge, 3)) * np.linspace(5, 60, _CHECKED)[:, None, None, None]
    return np.clip(tints[np.arange(_CHECKED) % 4][:, None, None] + noise, 0, 255).astype(np.uint8)


def _translated(error: RuntimeError) -> Exception:
    """Return a MemoryError for what means one, else the error itself."""
    if isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return MemoryError(str(error).splitlines()[0])
    return error
