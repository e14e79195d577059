"""Start the engine for a model: the one that was asked for, or the fastest that says the same."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pathview.core.errors import ModelError
from pathview.core.lock import WriterLock
from pathview.inference.card import ModelCard, Task
from pathview.inference.engines.choice import (
    Choice,
    backends_for,
    folder_of,
    key_of,
    recall,
    remember,
)
from pathview.inference.engines.engine import Engine, EngineError, probe_patches
from pathview.inference.engines.openvino_engine import (
    OpenVinoEngine,
    convert,
    fast_precision,
    installed,
)
from pathview.inference.model import Patches, Prediction
from pathview.inference.phases import Phase, announce
from pathview.inference.recipe import Activation

if TYPE_CHECKING:
    from pathview.inference.engines.scoring import Scoring
    from pathview.inference.engines.torch_engine import TorchEngine

_log = logging.getLogger(__name__)

PARITY_LIMIT = 0.02
"""How far an engine may be from float32 torch: in probability, or of the largest feature."""

_BATCH = 32
_TURNS = 4
_TURN_S = 0.1
_LEAST_CALLS = 1
_TORCH, _COMPILE, _OPENVINO = "torch", "compile", "openvino"
# A large model takes a minute; whoever waits longer compares for itself.
_PATIENCE_S = 120.0


class Maker(Protocol):
    """What can make the network of a model."""

    def __call__(self) -> Scoring:
        """Return it on the CPU in float32; raises `ModelError` where it cannot be made."""
        ...


@dataclass(frozen=True)
class Request:
    """A model that is to be run.

    Attributes
    ----------
    card
        What it needs and gives.
    activation
        What makes probabilities of its numbers.
    facts
        What tells it from other models, as `choice.key_of` takes them.
    make
        Makes its network.
    device
        "cpu", "cuda:N" or "mps".
    backend
        One of `choice.BACKENDS`.
    """

    card: ModelCard
    activation: Activation
    facts: dict[str, object]
    make: Maker
    device: str
    backend: str = "auto"

    @cached_property
    def key(self) -> str:
        """Under which the choice is kept."""
        return key_of(self.facts, self.device)


def start(request: Request) -> tuple[Engine, float]:
    """Return a running engine and its largest difference to float32 torch in probability.

    The first time, engines are compared on fixed patches and the fastest is noted; after that the noted one
    starts at once, OpenVINO without torch being imported at all.

    Raises
    ------
    ModelError
        If the network cannot be made, gives other numbers than the card says, or cannot be run by the engine
        that was asked for.
    MemoryError
        If it does not fit on the device.
    """
    first = noted = recall(request.key)
    if noted is not None and request.backend not in ("auto", noted.backend):
        noted = None
    if noted is not None and noted.backend == _OPENVINO:
        try:
            return OpenVinoEngine(folder_of(request.key) / _OPENVINO, noted.precision), noted.parity
        except EngineError as error:
            _log.warning("%s: %s; the engine is chosen anew", request.card.name, error)
            shutil.rmtree(folder_of(request.key) / _OPENVINO, ignore_errors=True)
            noted = None
    if noted is not None:
        return _find(request, noted)
    if request.backend == "auto":
        announce(Phase.COMPARING)
    with _alone(request):
        # Another process may have found it while this one waited.
        if first is not None or request.backend != "auto" or recall(request.key) is None:
            return _find(request, None)
    return start(request)


@contextmanager
def _alone(request: Request) -> Iterator[None]:
    """Keep other processes from comparing the engines of the same model: they would slow each other down."""
    folder = folder_of(request.key)
    lock = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = WriterLock.acquire(folder / "lock", patience_s=_PATIENCE_S)
    except OSError as error:
        _log.warning("which engine is fastest is found without a lock: %s", error)
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _find(request: Request, noted: Choice | None) -> tuple[Engine, float]:
    # First, since it says in words what to install where torch is not there.
    scoring = request.make().eval()
    from pathview.inference.engines.torch_engine import TorchEngine

    # Converted before torch's own engine changes the order of the weights.
    backends = _backends(request, noted)
    candidates: list[Engine] = _openvino_engines(request, scoring) if _OPENVINO in backends else []
    reference = TorchEngine(scoring, request.device)
    patches = probe_patches(request.card.patch)
    _check_output(request, reference, patches)
    exact = reference.predict(patches)
    if _COMPILE in backends:
        candidates += _compiled_engines(request, scoring, noted)
    if _TORCH in backends:
        candidates += _torch_engines(reference, scoring, request.device, noted)
    fitting = [(engine, _difference(request, engine.predict(patches), exact)) for engine in candidates]
    good = [pair for pair in fitting if pair[0] is reference or _near(request, *pair)]
    if not good and noted is not None:
        return _find(request, None)
    if not good:
        raise ModelError(request.card.name, f"{request.backend} cannot run it as float32 torch does")
    return _fastest(request, good)


def _backends(request: Request, noted: Choice | None) -> tuple[str, ...]:
    """Return what to try: what was noted, what was asked for, or what can be fastest on the device."""
    if noted is not None:
        return (noted.backend,)
    if request.backend != "auto":
        return (request.backend,)
    unasked = backends_for(request.device)
    return unasked if installed() else tuple(name for name in unasked if name != _OPENVINO)


def _openvino_engines(request: Request, scoring: Scoring) -> list[Engine]:
    folder = folder_of(request.key) / _OPENVINO
    try:
        if not folder.exists():
            convert(scoring, request.card.patch, folder)
        return [OpenVinoEngine(folder, precision) for precision in {fast_precision(): 0, "float32": 0}]
    except EngineError as error:
        return _without(request, error)


def _compiled_engines(request: Request, scoring: Scoring, noted: Choice | None) -> list[Engine]:
    from pathview.inference.engines import compiled_engine, torch_engine

    device = request.device
    precision = torch_engine.fast_precision(device) if noted is None else noted.precision
    try:
        return [compiled_engine.CompiledEngine(scoring, device, precision, request.card.patch)]
    except EngineError as error:
        return _without(request, error)


def _without(request: Request, error: EngineError) -> list[Engine]:
    if request.backend != "auto":
        raise ModelError(request.card.name, str(error)) from error
    _log.warning("%s: %s; torch runs it", request.card.name, error)
    return []


def _torch_engines(
    reference: TorchEngine, scoring: Scoring, device: str, noted: Choice | None
) -> list[Engine]:
    from pathview.inference.engines import torch_engine

    if noted is not None:
        # Of the two only the one that was the faster: it is compared again, and not timed.
        return [torch_engine.TorchEngine(scoring, device, noted.precision)]
    fast = torch_engine.fast_precision(device)
    if fast == reference.precision:
        return [reference]
    return [torch_engine.TorchEngine(scoring, device, fast), reference]


def _difference(request: Request, said: Prediction, exact: Prediction) -> float:
    # Probabilities are compared as they are, features by the largest of them.
    scale = float(np.abs(exact).max()) if request.card.task is Task.EMBED else 1.0
    return float(np.abs(said - exact).max()) / (scale or 1.0)


def _near(request: Request, engine: Engine, difference: float) -> bool:
    # Written so that a NaN, which compares with nothing, counts as too far.
    if difference <= PARITY_LIMIT:
        return True
    _log.warning(
        "%s: %s in %s differs from float32 by %g and is not used",
        request.card.name, engine.backend, engine.precision, difference,
    )  # fmt: skip
    return False


def _fastest(request: Request, good: list[tuple[Engine, float]]) -> tuple[Engine, float]:
    rates: dict[str, float] = {}
    if len(good) > 1:
        rates = _rates([engine for engine, _ in good], request.card.patch)
        good.sort(key=lambda pair: -rates[_name(pair[0])])
        _log.info("%s: patches a second %s", request.card.name, rates)
    engine, parity = good[0]
    if rates and request.backend == "auto":
        remember(request.key, Choice(engine.backend, engine.precision, parity, rates))
    for other, _ in good[1:]:
        # Torch's engines share their weights.
        if (other.backend, engine.backend) != ("torch", "torch"):
            other.close()
    return engine, parity


def _rates(engines: Sequence[Engine], edge: int) -> dict[str, float]:
    """Return the patches a second of each engine, by its name.

    They take turns and the best turn of each counts: what else the machine does makes every engine slower for
    a while, and none faster.
    """
    patches = np.random.default_rng(2).integers(0, 256, (_BATCH, edge, edge, 3), np.uint8)
    for engine in engines:
        engine.predict(patches)  # makes ready
    best = {_name(engine): 0.0 for engine in engines}
    for engine in [*engines] * _TURNS:
        best[_name(engine)] = max(best[_name(engine)], _rate(engine, patches))
    return best


def _name(engine: Engine) -> str:
    return f"{engine.backend} {engine.precision}"


def _rate(engine: Engine, patches: Patches) -> float:
    calls, began = 0, time.perf_counter()
    while calls < _LEAST_CALLS or time.perf_counter() - began < _TURN_S:
        engine.predict(patches)
        calls += 1
    return calls * len(patches) / (time.perf_counter() - began)


def unfit(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Return how the numbers that a network gives of a patch differ from those of its manifest, in words."""
    named = wanted[0] if len(wanted) == 1 else wanted
    return f"the network gives {shape} numbers a patch; the manifest names {named}"


def _check_output(request: Request, reference: TorchEngine, patches: Patches) -> None:
    import torch

    name, wanted = request.card.name, request.card.output_shape
    output = reference.logits(patches)
    if not isinstance(output, torch.Tensor):
        raise ModelError(name, f"the network gives a {type(output).__name__}, not one tensor of scores")
    if output.shape != (len(patches), *wanted):
        raise ModelError(name, unfit(tuple(output.shape[1:]), wanted))
    sums = output.float().sum(dim=1)
    if request.activation is Activation.SOFTMAX and bool(
        (output >= 0).all() & (sums - 1).abs().lt(1e-3).all()
    ):
        raise ModelError(
            name,
            "the network gives probabilities already, and a softmax of them is none; "
            'say "activation": "none"',
        )
