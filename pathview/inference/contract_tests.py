"""What every model must do, tried one thing after the other: the tests behind `pathview plugins check`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import ModelError
from pathview.inference.boundary import ask_all, load
from pathview.inference.model import Patches, TileModel
from pathview.inference.preflight import preflight
from pathview.inference.probe_tiles import probe_tiles
from pathview.inference.source import ModelSource
from pathview.inference.tasks.table import kind_of

# What short float types may make of another batch size.
_SAME = 0.02
_BATCH = 7

Check = Callable[[ModelSource, TileModel], tuple[str, ...]]


def try_contract(source: ModelSource, device: str = "cpu") -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Try a model, one demand after the other, and stop where going on makes no sense.

    Parameters
    ----------
    source
        Where it comes from; made here, in this process.
    device
        Where it is loaded.

    Yields
    ------
    demand, fault, notes
        What was tried in words; what is wrong, "" for nothing; what is worth knowing.
    """
    try:
        model = source.make()
        load(model, device)
    except (ModelError, MemoryError) as error:
        yield "it can be made and loaded", str(error), ()
        return
    yield "it can be made and loaded", "", ()
    for demand, check in _CHECKS.items():
        try:
            notes = check(source, model)
        except (ModelError, MemoryError) as error:
            yield demand, str(error), ()
            # A model that does not pass its pre-flight is not worth more questions.
            if check is _preflight:
                return
        else:
            yield demand, "", notes
    model.unload()


def _preflight(source: ModelSource, model: TileModel) -> tuple[str, ...]:
    return preflight(model, references=source.references)


def _any_number(source: ModelSource, model: TileModel) -> tuple[str, ...]:
    patches = _patches(source)
    together = _ask(model, patches)
    alone = np.concatenate([_ask(model, patches[i : i + 1]) for i in range(len(patches))])
    _compare(source, together, alone, "its answer to a patch depends on which others are in the batch")
    return ()


def _same_again(source: ModelSource, model: TileModel) -> tuple[str, ...]:
    patches = _patches(source)
    _compare(source, _ask(model, patches), _ask(model, patches), "it gives other answers to the same patches")
    return ()


def _leaves_input(source: ModelSource, model: TileModel) -> tuple[str, ...]:
    patches = _patches(source)
    before = patches.copy()
    _ask(model, patches)
    if not np.array_equal(patches, before):
        raise ModelError(source.card.name, "it changes the patches that it is given; work on a copy")
    patches.flags.writeable = False
    _ask(model, patches)
    return ()


def _loads_again(source: ModelSource, model: TileModel) -> tuple[str, ...]:
    patches = _patches(source)
    before = _ask(model, patches)
    model.unload()
    load(model, "cpu")
    _compare(source, before, _ask(model, patches), "it gives other answers after it was loaded again")
    return ()


def _knows_its_limits(source: ModelSource, model: TileModel) -> tuple[str, ...]:
    if source.card.ood_threshold is None:
        return ()
    patches = _patches(source)
    fault = "its predict_with_ood gives other probabilities than its predict"
    _compare(source, ask_all(model, patches).prediction, _ask(model, patches), fault)
    return ()


_CHECKS: dict[str, Check] = {
    "it passes its pre-flight": _preflight,
    "it takes any number of patches": _any_number,
    "it says the same again": _same_again,
    "it leaves the patches as they are": _leaves_input,
    "it can be unloaded and loaded again": _loads_again,
    "it knows its limits, if it says so": _knows_its_limits,
}


def _patches(source: ModelSource) -> Patches:
    tiles = [*probe_tiles(source.card.patch).values()]
    return np.stack((tiles * 2)[:_BATCH])


def _ask(model: TileModel, patches: Patches) -> NDArray[np.float32]:
    """Return all numbers of a checked answer, (n, ...)."""
    kind = kind_of(model.card)
    return kind.numbers(kind.answer(model, patches))


def _compare(source: ModelSource, one: NDArray[np.float32], other: NDArray[np.float32], fault: str) -> None:
    difference = float(np.abs(one - other).max())
    # Probabilities are compared as they are, features by the largest of them.
    if difference > _SAME * max(1.0, float(np.abs(one).max())):
        raise ModelError(source.card.name, f"{fault} (by up to {difference:.3g})")
