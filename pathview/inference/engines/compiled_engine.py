"""Torch, compiled for one network: what it does is fused, on a graphics card recorded as one graph."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import warnings

import numpy as np
import torch

from pathview.core.files import cache_folder
from pathview.inference.engines.engine import EngineError
from pathview.inference.engines.scoring import Scoring
from pathview.inference.engines.torch_engine import TorchEngine
from pathview.inference.model import Patches, Prediction

_CODE = "compiled"
_COMPILERS = ("g++", "c++", "clang++")


class CompiledEngine:
    """Runs a network that `torch.compile` has made ready for one number of patches.

    Each number would be compiled anew, for half a minute or more, so that it gets only one: fewer patches are
    filled up with black ones, more go in turns.

    Parameters
    ----------
    scoring
        Moved to `device`. On the CPU its weights become constants of the compiled code.
    device
        "cpu", "cuda:N" or "mps".
    precision
        "float32", "bfloat16" or "float16".
    patch
        Edge of a patch in px.

    Raises
    ------
    EngineError
        If it cannot be compiled here; it says why.
    MemoryError
        If it does not fit.
    """

    backend = "compile"

    def __init__(self, scoring: Scoring, device: str, precision: str, patch: int) -> None:
        missing = what_is_missing(device)
        if missing:
            raise EngineError(missing)
        on_cpu = device == "cpu"
        self._at_a_time = 32 if on_cpu else 64
        self._eager = TorchEngine(scoring, device, precision)
        self.version, self.precision = self._eager.version, precision
        _set_up(freezing=on_cpu)
        # Recorded as one CUDA graph: small kernels then cost no launch each.
        mode = "default" if on_cpu else "reduce-overhead"
        self._eager.run_by(torch.compile(scoring, dynamic=False, mode=mode))
        try:
            self._compile(patch)
        except MemoryError:
            raise
        except Exception as error:  # the compiler, and whatever it calls, raises a dozen kinds
            self.close()
            raise EngineError(f"torch.compile cannot compile it: {_first_line(error)}") from error

    def predict(self, patches: Patches) -> Prediction:
        """Return what `TorchEngine.predict` does.

        Raises
        ------
        MemoryError
            If the device has no room for this many.
        """
        size = self._at_a_time
        parts = [self._some(patches[start : start + size]) for start in range(0, len(patches), size)]
        return np.concatenate(parts) if parts else self._some(patches)

    def close(self) -> None:
        """Give the memory back."""
        self._eager.close()
        # What was compiled is kept by torch under the network's class, with all that it holds.
        torch._dynamo.reset()

    def _compile(self, patch: int) -> None:
        # Torch compiles on the first call, and may warn of a Python that makes its guards slower.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            self.predict(np.zeros((1, patch, patch, 3), np.uint8))

    def _some(self, patches: Patches) -> Prediction:
        lacking = self._at_a_time - len(patches)
        full = np.pad(patches, ((0, lacking), (0, 0), (0, 0), (0, 0))) if lacking else patches
        return self._eager.predict(full)[: len(patches)]


def what_is_missing(device: str) -> str:
    """Return in words what compiling for a device lacks here, or ""."""
    if device.startswith("cuda"):
        if importlib.util.find_spec("triton") is None:
            return "torch.compile needs triton for a CUDA device: pip install triton"
        return ""
    if device != "cpu":
        return f"torch.compile is not used on {device}"
    if sys.platform == "win32":
        found = shutil.which("cl") is not None
    else:
        found = any(map(shutil.which, (os.environ.get("CXX", ""), *_COMPILERS)))
    return "" if found else "torch.compile needs a C++ compiler on the path, and there is none"


def _set_up(*, freezing: bool) -> None:
    from torch._inductor import config

    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder() / _CODE))
    config.freezing = freezing
    # In this process: a pool of others would outlive a run that is ended.
    config.compile_threads = 1


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
