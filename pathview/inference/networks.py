"""From a file of weights to a torch network that scores patches; the engine is another matter."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from pathview.core.errors import CodeNotAllowedError, ModelError, in_a_sentence
from pathview.inference.card import ModelCard, Task
from pathview.inference.checkpoint_file import read_checkpoint
from pathview.inference.recipe import Format, Recipe
from pathview.inference.weights_file import read_weights

if TYPE_CHECKING:
    import torch

    from pathview.inference.engines.limits import Limits
    from pathview.inference.engines.scoring import Scoring

_PREFIXES = ("module.", "model.", "network.", "backbone.")

State = dict[str, "torch.Tensor"]


def build_scoring(card: ModelCard, recipe: Recipe, allowed_code: str = "") -> Scoring:
    """Return a network with its weights in float32 on the CPU, and what stands before and after it.

    Parameters
    ----------
    card
        How many classes it must have; with a `sha256`, other weights are refused.
    recipe
        Which file and which network.
    allowed_code
        SHA-256 of the file that may run, where it brings a program along.

    Raises
    ------
    ModelError
        Naming what does not fit; a `CodeNotAllowedError` where the file is a program that was not allowed.
    """
    from pathview.inference.engines.limits import PREFIX
    from pathview.inference.engines.scoring import Scoring

    kind = recipe.format
    data = read_weights(recipe.weights, card.sha256, card.name)
    if kind.is_code:
        _check_allowed(card, recipe, data, allowed_code)
        read = _torchscript if kind is Format.TORCHSCRIPT else _exported
        return Scoring(read(card, recipe, data), recipe)
    if kind not in (Format.SAFETENSORS, Format.CHECKPOINT):
        raise ModelError(card.name, f"{recipe.weights.name} is {kind.value}, which torch cannot run")
    network = _timm(card, recipe)
    state = _state(card, recipe, data)
    of_limits = {key.removeprefix(PREFIX): state.pop(key) for key in list(state) if key.startswith(PREFIX)}
    _fill(network, state, card, recipe)
    _check_size(network, card, recipe)
    return Scoring(network, recipe, _limits(network, of_limits, card, recipe))


def _limits(network: torch.nn.Module, tensors: State, card: ModelCard, recipe: Recipe) -> Limits | None:
    if not recipe.ood_layers:
        return None
    from pathview.inference.engines.limits import Limits

    try:
        return Limits(network, recipe.ood_layers, tensors)
    except (AttributeError, KeyError) as error:
        what = f"{recipe.weights} does not tell how far patches are from its training tiles"
        raise ModelError(card.name, f"{what}: {in_a_sentence(error)}") from error


def _check_allowed(card: ModelCard, recipe: Recipe, data: bytes, allowed_code: str) -> None:
    if hashlib.sha256(data).hexdigest() != allowed_code:
        raise CodeNotAllowedError(card.name, recipe.weights, recipe.format.value)


def _torchscript(card: ModelCard, recipe: Recipe, data: bytes) -> torch.nn.Module:
    import torch

    try:
        with warnings.catch_warnings():
            # torch would rather have exported programs; the zoos have TorchScript.
            warnings.simplefilter("ignore")
            read: Callable[..., torch.nn.Module] = torch.jit.load
            network = read(io.BytesIO(data), map_location="cpu")
    except (RuntimeError, ValueError) as error:
        raise _unreadable(card, recipe, error) from error
    return network.float()


def _exported(card: ModelCard, recipe: Recipe, data: bytes) -> torch.nn.Module:
    import torch

    class Exported(torch.nn.Module):
        """An exported program, which is in evaluation mode for good and refuses to be told so."""

        def __init__(self, program: torch.nn.Module) -> None:
            super().__init__()
            self.program = program

        def train(self, mode: bool = True) -> Exported:
            return self

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            scores: torch.Tensor = self.program(pixels)
            return scores

    try:
        return Exported(torch.export.load(io.BytesIO(data)).module())
    except Exception as error:  # what torch makes of a damaged archive is anything
        raise _unreadable(card, recipe, error) from error


def _unreadable(card: ModelCard, recipe: Recipe, error: Exception) -> ModelError:
    what = f"{recipe.weights} cannot be read as {recipe.format.value}"
    return ModelError(card.name, f"{what}: {in_a_sentence(error)}")


def _state(card: ModelCard, recipe: Recipe, data: bytes) -> State:
    if recipe.format is Format.CHECKPOINT:
        return read_checkpoint(data, recipe.weights.name, card.name)
    import safetensors.torch
    from safetensors import SafetensorError

    try:
        return safetensors.torch.load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelError(card.name, f"{recipe.weights} is no safetensors file: {error}") from error


def _timm(card: ModelCard, recipe: Recipe) -> torch.nn.Module:
    import timm

    name = recipe.architecture
    try:
        network: torch.nn.Module = timm.create_model(
            name, pretrained=False, num_classes=len(card.classes), **dict(recipe.options)
        )
    except (RuntimeError, TypeError, ValueError, AssertionError) as error:
        raise ModelError(card.name, f"timm cannot make {name}: {in_a_sentence(error)}") from error
    return network


def _check_size(network: torch.nn.Module, card: ModelCard, recipe: Recipe) -> None:
    facts = getattr(network, "pretrained_cfg", {})
    edge = recipe.transform.resize or card.patch
    size = facts.get("input_size") or (3, edge, edge)
    if facts.get("fixed_input_size") and "img_size" not in dict(recipe.options) and size[-1] != edge:
        raise ModelError(
            card.name,
            f"{recipe.architecture} takes {size[-1]} px and would get {edge}: correct the patch size, or add "
            f'{{"name": "Resize", "arguments": {{"size": {size[-1]}}}}} to the transform, '
            f'or "img_size": {edge} to the options if it was trained so',
        )


def _fill(network: torch.nn.Module, state: State, card: ModelCard, recipe: Recipe) -> None:
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    state = _unwrapped(_without_head(network, state, card), set(wanted))
    given = {key: tuple(value.shape) for key, value in state.items()}
    where = f"{recipe.weights} does not fit {recipe.architecture}"
    missing, strange = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    if missing or strange:
        parts = [f"it lacks {_some(missing)}"] * bool(missing) + [f"it holds {_some(strange)}"] * bool(
            strange
        )
        raise ModelError(card.name, f"{where}: {' and '.join(parts)}; is that the architecture?")
    others = [key for key in wanted if wanted[key] != given[key]]
    if others and all(given[key][1:] == wanted[key][1:] for key in others):
        raise ModelError(
            card.name,
            f"{where}: it was trained for {given[others[0]][0]} classes, and the manifest names "
            f"{len(card.classes)}; name them all, in the order of its outputs",
        )
    if others:
        raise ModelError(
            card.name, f"{where}: {others[0]} has the shape {given[others[0]]}, not {wanted[others[0]]}"
        )
    network.load_state_dict(state, strict=True)


def _without_head(network: torch.nn.Module, state: State, card: ModelCard) -> State:
    """Return the weights that features are made of: a classifier's head is not asked."""
    if card.task is not Task.EMBED:
        return state
    named = getattr(network, "pretrained_cfg", {}).get("classifier") or ()
    heads = tuple(f"{name}." for name in ((named,) if isinstance(named, str) else named))
    prefixes = ("", *_PREFIXES)
    unasked = tuple(f"{prefix}{head}" for prefix in prefixes for head in heads)
    return {key: value for key, value in state.items() if not unasked or not key.startswith(unasked)}


def _unwrapped(state: State, wanted: set[str]) -> State:
    """Return the state without the one prefix that training frameworks put before all names."""
    for prefix in _PREFIXES:
        shorter = {key.removeprefix(prefix): value for key, value in state.items()}
        if all(key.startswith(prefix) for key in state) and shorter.keys() == wanted:
            return shorter
    return state


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"{', '.join(names[:2])}{more}"
