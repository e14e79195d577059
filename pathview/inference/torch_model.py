"""A torch network as a tile model: as fast as the device allows, and checked to still say the same."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch.nn.functional import interpolate

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.model import Patches, Prediction
from pathview.inference.recipe import Activation
from pathview.inference.transform import Transform

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
    transform
        From patches to what the network takes.
    activation
        From what it gives to probabilities.
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
        transform: Transform,
        *,
        activation: Activation = Activation.SOFTMAX,
        temperature: float = 1.0,
    ) -> None:
        self.card = card
        self.parity: float | None = None
        self.precision = "float32"
        self._build = build
        self._transform = transform
        self._activation = activation
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
        scale = 1 / (255 * torch.tensor(self._transform.std))
        shift = torch.tensor(self._transform.mean) / torch.tensor(self._transform.std)
        self._scale = scale.view(1, 3, 1, 1).to(self._device)
        self._shift = shift.view(1, 3, 1, 1).to(self._device)
        network = self._build().eval()
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
        self._check_output(patches)
        exact = self._predict(patches, "float32")
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

    def _check_output(self, patches: Patches) -> None:
        output = self._run(patches, "float32")
        name, classes = self.card.name, len(self.card.classes)
        if not isinstance(output, torch.Tensor):
            raise ModelError(name, f"the network gives a {type(output).__name__}, not one tensor of scores")
        if output.shape != (len(patches), classes):
            shape = tuple(output.shape[1:])
            raise ModelError(name, f"the network gives {shape} numbers a patch; the manifest names {classes}")
        sums = output.float().sum(dim=1)
        if self._activation is Activation.SOFTMAX and bool(
            (output >= 0).all() & (sums - 1).abs().lt(1e-3).all()
        ):
            raise ModelError(
                name,
                "the network gives probabilities already, and a softmax of them is none; "
                'say "activation": "none"',
            )

    def _predict(self, patches: Patches, precision: str) -> Prediction:
        try:
            logits = self._run(patches, precision).float() / self._temperature
            if self._activation is Activation.SOFTMAX:
                logits = torch.softmax(logits, dim=1)
            elif self._activation is Activation.SIGMOID:
                logits = torch.sigmoid(logits)
            return np.asarray(logits.cpu().numpy(), np.float32)
        except RuntimeError as error:
            raise _translated(error) from error

    @torch.inference_mode()
    def _run(self, patches: Patches, precision: str) -> torch.Tensor:
        if self._network is None:
            raise ModelError(self.card.name, "is not loaded")
        try:
            # torch warns of arrays that cannot be written, although nothing here writes.
            pixels = torch.from_numpy(np.require(patches, requirements=["C", "W"]))
            pixels = self._fitted(pixels.to(self._device).permute(0, 3, 1, 2))
            inputs = torch.addcmul(-self._shift, pixels, self._scale)
            with self._autocast(precision):
                output: torch.Tensor = self._network(inputs)
            return output
        except RuntimeError as error:
            raise _translated(error) from error

    def _fitted(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return bytes (n, 3, h, w) as floats of 0 to 255 in the size and order of the network."""
        transform = self._transform
        if transform.channels == "BGR":
            pixels = pixels.flip(1)
        if transform.resize is None or transform.resize == pixels.shape[-1]:
            return pixels.float()
        smooth = {} if transform.interpolation == "nearest" else {"align_corners": False, "antialias": True}
        edges = (transform.resize, transform.resize)
        resized = interpolate(pixels.float(), size=edges, mode=transform.interpolation, **smooth)
        return resized.clamp(0, 255)

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
