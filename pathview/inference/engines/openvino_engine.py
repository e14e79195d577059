"""OpenVINO: on processors from Intel and AMD several times faster than torch, and the same network."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from pathview.inference.device import cores
from pathview.inference.engines.engine import EngineError
from pathview.inference.model import Patches, Prediction

if TYPE_CHECKING:
    from pathview.inference.engines.scoring import Scoring

_FILE = "network.xml"
# A smaller share of a batch is not worth a request of its own.
_LEAST = 4


class OpenVinoEngine:
    """Runs a converted network on the CPU, several parts of a batch side by side.

    Parameters
    ----------
    folder
        What `convert` has left there.
    precision
        "float32" or "bfloat16".

    Raises
    ------
    EngineError
        If OpenVINO is not installed or cannot run it.
    """

    backend = "openvino"

    def __init__(self, folder: Path, precision: str) -> None:
        library = _library()
        self.version = str(library.__version__).partition("-")[0]
        self.precision = precision
        try:
            core = library.Core()
            self._compiled: Any = core.compile_model(
                core.read_model(folder / _FILE),
                "CPU",
                {
                    "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
                    "PERFORMANCE_HINT": "THROUGHPUT",
                    "INFERENCE_NUM_THREADS": int(os.environ.get("OMP_NUM_THREADS") or cores()),
                },
            )
            count = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
            # Not its queue of requests: that one's callbacks and its end may wait for each other for ever.
            self._requests: list[Any] = [self._compiled.create_infer_request() for _ in range(count)]
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot run it: {_first_line(error)}") from error

    def predict(self, patches: Patches) -> Prediction:
        """Return probabilities (n, classes) float32 for patches (n, h, w, 3) uint8."""
        count = min(len(self._requests), max(1, len(patches) // _LEAST))
        busy = self._requests[:count]
        for request, part in zip(busy, np.array_split(np.ascontiguousarray(patches), count), strict=True):
            request.start_async([part])
        for request in busy:
            request.wait()
        return np.concatenate([np.array(request.get_output_tensor().data, np.float32) for request in busy])

    def close(self) -> None:
        """Give the memory back."""
        self._requests = []
        self._compiled = None


def convert(scoring: Scoring, edge: int, folder: Path) -> None:
    """Convert a network and keep it in `folder`, whole or not at all.

    Parameters
    ----------
    scoring
        On the CPU, in float32.
    edge
        Of the patches that it takes, pixels.
    folder
        To be made; where another process has made it meanwhile, that one stays.

    Raises
    ------
    EngineError
        If OpenVINO is not installed or does not know one of the network's operations.
    """
    import torch

    library = _library()
    trace: Any = torch.jit.trace  # torch has no types for it
    example = torch.zeros((2, edge, edge, 3), dtype=torch.uint8)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # Tracing is deprecated in torch; exporting gives the same network in four times the time.
            warnings.simplefilter("ignore")
            traced = trace(scoring, example, check_trace=False)
            # Any number of patches at a time.
            shape = library.PartialShape([-1, edge, edge, 3])
            network = library.convert_model(traced, example_input=example, input=[(shape, np.uint8)])
    except Exception as error:  # the tracer and the converter raise whatever they meet
        raise EngineError(f"OpenVINO cannot convert it: {_first_line(error)}") from error
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        library.save_model(network, part / _FILE, compress_to_fp16=False)
        if not folder.exists():
            part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def installed() -> bool:
    """Return whether OpenVINO can be imported; imports it."""
    try:
        _library()
    except EngineError:
        return False
    return True


def fast_precision() -> str:
    """Return the float type that OpenVINO is fastest at on this processor."""
    able = _library().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bfloat16" if "BF16" in able else "float32"


def _library() -> Any:
    """Import OpenVINO without the package that reports each import and conversion to its maker."""
    # A module without content: OpenVINO then takes its own stand-in that sends nothing.
    sys.modules.setdefault("openvino_telemetry", ModuleType("openvino_telemetry"))
    try:
        import openvino
    except ImportError as error:
        raise EngineError(
            f'OpenVINO is not installed ({error}); pip install "pathview[models]" has it where there is one'
        ) from error
    return openvino


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
