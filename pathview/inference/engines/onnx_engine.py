"""ONNX Runtime, for files that hold a network in its format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import ModelError, in_a_sentence
from pathview.inference.card import ModelCard
from pathview.inference.engines.start import unfit
from pathview.inference.model import Patches, Prediction
from pathview.inference.onnx_file import check_self_contained
from pathview.inference.probe_tiles import probe_tiles
from pathview.inference.recipe import Activation, Recipe
from pathview.inference.weights_file import read_weights

if TYPE_CHECKING:
    import onnxruntime

_INPUTS: dict[str, type[np.floating[Any]]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxEngine:
    """Runs an ONNX file whose one input is (n, 3, h, w) and whose one output is what the card's task says.

    Parameters
    ----------
    card
        What it needs and gives.
    recipe
        The file, the transform and the activation.
    device
        "cpu" or "cuda:N".

    Raises
    ------
    ModelError
        If the file cannot be used, does not fit the card, or ONNX Runtime has no such device.
    """

    def __init__(self, card: ModelCard, recipe: Recipe, device: str) -> None:
        import onnxruntime

        self.backend = "onnxruntime"
        self.version = str(onnxruntime.__version__)
        self.precision = "as exported"
        self.card = card
        self._recipe = recipe
        data = read_weights(recipe.weights, card.sha256, card.name)
        try:
            check_self_contained(data)
            self._session: onnxruntime.InferenceSession | None = _session(data, device)
        except Exception as error:  # what ONNX Runtime makes of a damaged file is anything
            what = f"{recipe.weights.name} cannot be used as ONNX"
            raise self._error(f"{what}: {in_a_sentence(error)}") from error
        self._kind: type[np.floating[Any]] = np.float32
        self._check_ends(self._session)

    def predict(self, patches: Patches) -> Prediction:
        """Return probabilities (n, classes) float32 for patches (n, h, w, 3) uint8."""
        scores = self._run(patches) / np.float32(self._recipe.temperature)
        if self._recipe.activation is Activation.SOFTMAX:
            powers = np.exp(scores - scores.max(axis=1, keepdims=True))
            return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
        if self._recipe.activation is Activation.SIGMOID:
            return np.asarray(1 / (1 + np.exp(-np.clip(scores, -80, 80))), np.float32)
        return np.asarray(scores, np.float32)

    def close(self) -> None:
        """Give the memory back."""
        self._session = None

    def _run(self, patches: Patches) -> NDArray[np.float32]:
        if self._session is None:
            raise self._error("is not loaded")
        inputs = self._fitted(patches).astype(self._kind)
        (output,) = self._session.run(None, {self._session.get_inputs()[0].name: inputs})
        return np.asarray(output, np.float32)

    def _fitted(self, patches: Patches) -> NDArray[np.float32]:
        """Return patches as the network takes them, (n, 3, h, w)."""
        transform = self._recipe.transform
        if transform.resize not in (None, patches.shape[1]):
            patches = _resized(patches, transform.resize or 0, transform.interpolation)
        if transform.channels == "BGR":
            patches = patches[..., ::-1]
        mean, std = (np.array(part, np.float32) for part in (transform.mean, transform.std))
        scaled = (patches.astype(np.float32) / 255 - mean) / std
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))

    def _check_ends(self, session: onnxruntime.InferenceSession) -> None:
        inputs, outputs = session.get_inputs(), session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise self._error(
                f"it has {len(inputs)} inputs and {len(outputs)} outputs; one of each can be run"
            )
        edge = self._recipe.transform.resize or self.card.patch
        shape, kind = list(inputs[0].shape), inputs[0].type
        fits = len(shape) == 4 and all(
            not isinstance(there, int) or there == wanted
            for there, wanted in zip(shape[1:], (3, edge, edge), strict=True)
        )
        if kind not in _INPUTS or not fits:
            raise self._error(f"it takes {kind} {shape}, and would get floats [n, 3, {edge}, {edge}]")
        if isinstance(shape[0], int):
            raise self._error(f"it takes {shape[0]} patches at a time; export it with a free first dimension")
        self._kind = _INPUTS[kind]
        self._check_output(self._run(np.stack([*probe_tiles(self.card.patch).values()])))

    def _check_output(self, raw: NDArray[np.float32]) -> None:
        if raw.shape[1:] != self.card.output_shape:
            raise self._error(unfit(raw.shape[1:], self.card.output_shape))
        normal = bool(raw.min() >= 0) and np.allclose(raw.sum(axis=1), 1, atol=1e-3)
        if normal and self._recipe.activation is Activation.SOFTMAX:
            raise self._error(
                "the network gives probabilities already, and a softmax of them is none; "
                'say "activation": "none"'
            )

    def _error(self, reason: str) -> ModelError:
        return ModelError(self.card.name, reason)


def _session(data: bytes, device: str) -> onnxruntime.InferenceSession:
    import onnxruntime

    kind, _, number = device.partition(":")
    provider = _PROVIDERS.get(kind)
    if provider is None or provider not in onnxruntime.get_available_providers():
        raise ValueError(f"onnxruntime has no {kind} here; run it on the CPU (--device cpu)")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    # Its warnings are about itself, and fatal ones are raised.
    options.log_severity_level = 4
    chosen = [provider] if kind == "cpu" else [(provider, {"device_id": int(number or 0)})]
    return onnxruntime.InferenceSession(data, options, providers=chosen)


def _resized(patches: Patches, edge: int, interpolation: str) -> Patches:
    from PIL import Image

    how = Image.Resampling[interpolation.upper()]
    return np.stack([np.asarray(Image.fromarray(patch).resize((edge, edge), how)) for patch in patches])
