"""Which engine runs a model best on this machine, found once and remembered."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pathview import __version__
from pathview.core.files import cache_folder, write_text

_log = logging.getLogger(__name__)

BACKENDS = ("auto", "torch", "compile", "openvino")
"""What can be asked for; "auto" takes the fastest that says the same as float32."""

_FOLDER = "engines"
_FILE = "choice.json"
_LIBRARIES = ("torch", "timm", "openvino")
# Grows when the same numbers are to be found anew.
_EDITION = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """What the probe found.

    Attributes
    ----------
    backend, precision
        The fastest.
    parity
        Its largest difference to float32 torch in probability.
    rates
        Patches a second by engine, as the probe measured them.
    """

    backend: str
    precision: str
    parity: float
    rates: Mapping[str, float]


def backends_for(device: str) -> tuple[str, ...]:
    """Return what can be fastest on a device, and so what "auto" compares.

    On a CPU that is never the compiled form of torch: OpenVINO is faster (docs/decisions/013-engines.md), and
    to compile takes most of a minute whenever the model is loaded.

    Parameters
    ----------
    device
        "cpu", "cuda:N" or "mps".
    """
    if device == "cpu":
        return ("openvino", "torch")
    return ("compile", "torch") if device.startswith("cuda") else ("torch",)


def default_backend() -> str:
    """Return what "auto" means in this environment: `PATHVIEW_BACKEND`, or the fastest."""
    wanted = os.environ.get("PATHVIEW_BACKEND", "auto")
    if wanted in BACKENDS:
        return wanted
    _log.warning("PATHVIEW_BACKEND=%s is none of %s; it is ignored", wanted, ", ".join(BACKENDS))
    return "auto"


def key_of(facts: Mapping[str, object], device: str) -> str:
    """Return the name of what was found for a model on a device, with these versions of all that matters.

    Parameters
    ----------
    facts
        What tells the model from others: hash of its weights, recipe, patch; as JSON can hold it.
    device
        "cpu", "cuda:N" or "mps".
    """
    everything = {
        "edition": _EDITION,
        "pathview": __version__,
        "model": dict(facts),
        "device": [device, _processor(), os.environ.get("OMP_NUM_THREADS")],
        "versions": {name: _version(name) for name in _LIBRARIES},
    }
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()[:32]


def folder_of(key: str) -> Path:
    """Return where what belongs to a key is kept; it need not exist."""
    return cache_folder() / _FOLDER / key


def recall(key: str) -> Choice | None:
    """Return what was found before, or None; a damaged note is none."""
    try:
        found = json.loads((folder_of(key) / _FILE).read_text("utf-8"))
        choice = Choice(**found)
        if choice.backend in BACKENDS and math.isfinite(float(choice.parity)):
            return choice
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        _log.warning("the engine is chosen anew, since what was noted cannot be read: %s", error)
    return None


def remember(key: str, choice: Choice) -> None:
    """Note what was found; a full disk costs only the time to find it again."""
    try:
        folder_of(key).mkdir(parents=True, exist_ok=True)
        write_text(folder_of(key) / _FILE, json.dumps(asdict(choice), indent=1))
    except OSError as error:
        _log.warning("which engine is fastest cannot be noted: %s", error)


def _version(name: str) -> str | None:
    from importlib import metadata  # only where a model is loaded

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
