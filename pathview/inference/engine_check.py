"""Whether the engines of a machine say the same of a model: each against float32 torch."""

from __future__ import annotations

import json
import sys

from pathview.core.errors import PathViewError
from pathview.inference.boundary import load
from pathview.inference.device import prepare_process
from pathview.inference.engines.choice import backends_for
from pathview.inference.model import ChoosesBackend
from pathview.inference.source import ModelSource


def check_engines(source: ModelSource, device: str) -> dict[str, str]:
    """Load a model on every engine that may be chosen and return what came of it, by its name.

    Parameters
    ----------
    source
        A model that does not run its own code.
    device
        "cpu", "cuda:N" or "mps".

    Returns
    -------
    dict
        How it runs with the largest difference to float32 in probability, or "fails: " and why.
    """
    prepare_process()
    found: dict[str, str] = {}
    for backend in backends_for(device):
        try:
            model = source.make()
            if not isinstance(model, ChoosesBackend):
                return {"own code": "not compared: the model runs its own code"}
            model.use_backend(backend)
            load(model, device)
            found[backend] = str(getattr(model, "engine", "")) or "runs"
            model.unload()
        except (PathViewError, MemoryError) as error:
            found[backend] = f"fails: {error}"
    return found


def print_check(source: ModelSource, device: str) -> None:
    """Print what `check_engines` finds as one line of JSON: for whoever started this process."""
    sys.stdout.write(json.dumps(check_engines(source, device)) + "\n")
