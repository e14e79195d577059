"""The model that a word means: a name of the registry, or where a model folder lies."""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import replace
from pathlib import Path

from pathview.core.errors import ModelError
from pathview.inference.source import ModelSource
from pathview.inference.weights_file import digest_of
from pathview.startup.hub_cache import PREFIXES, cached_model
from pathview.startup.model_config import CONFIG, read_model_folder
from pathview.startup.registry import Registry

LOCAL = "local-dir:"


def find_model(text: str, registry: Registry) -> ModelSource:
    """Return the model that `text` names.

    Parameters
    ----------
    text
        A name of the registry, a model folder or its ``config.json``, ``local-dir:FOLDER``, or
        ``hf-hub:OWNER/NAME`` for one in the hub's local cache.
    registry
        The models that plugins offer.

    Raises
    ------
    ModelError
        If there is none, or its weights cannot be read.
    ManifestError
        If its manifest cannot be used.
    """
    if text in registry.models:
        return identified(registry.models[text])
    if text.startswith(LOCAL):
        return in_folder(Path(text.removeprefix(LOCAL)).expanduser())
    if text.startswith(PREFIXES):
        folder, root = cached_model(text)
        return in_folder(folder, name=text.partition("/")[2].partition("@")[0], root=root)
    path = Path(text).expanduser()
    if path.name == CONFIG and path.is_file():
        return in_folder(path.parent)
    if path.is_dir() or os.sep in text or "/" in text:
        return in_folder(path)
    return registry.model(text)


def in_folder(folder: Path, *, name: str = "", root: Path | None = None) -> ModelSource:
    """Return the model of a folder with ``config.json``; its card carries the SHA-256 of the weights.

    Takes as long as reading the weights does. Parameters as `read_model_folder`.

    Raises
    ------
    ModelError
        If there is no such folder, or its weights cannot be read or are not those of its manifest.
    ManifestError
        If its manifest cannot be used.
    """
    shown = name or folder.name or str(folder)
    if not folder.is_dir():
        raise ModelError(shown, f"there is no folder {folder}")
    if not (folder / CONFIG).is_file():
        if (folder / "plugin.toml").is_file():
            raise ModelError(
                shown,
                f"{folder} is a plugin: put it into the plugins folder (`pathview doctor` prints where) "
                "and run its model by name",
            )
        raise ModelError(shown, f"{folder} has no {CONFIG}; docs/plugins.md shows what to write into one")
    return identified(read_model_folder(folder, name=name, root=root))


def identified(source: ModelSource) -> ModelSource:
    """Return a model made by a recipe with the SHA-256 of its weights on its card: results are known by it.

    Raises
    ------
    ModelError
        If the weights cannot be read, or the manifest states another SHA-256.
    """
    card = source.card
    if source.recipe is None:
        return source
    digest = digest_of(source.recipe.weights, card.name)
    if card.sha256 and card.sha256 != digest:
        raise ModelError(
            card.name,
            f"{source.recipe.weights} holds other weights than its card says (sha256 {digest}); "
            "get the right file, or correct the manifest if the new one is meant",
        )
    return replace(source, card=replace(card, sha256=digest))


def allowed(source: ModelSource, known: Container[str], *, now: bool = False) -> ModelSource:
    """Return a model with the leave to run its file of weights as a program, where the user gave it.

    Parameters
    ----------
    source
        With the SHA-256 of its weights on its card.
    known
        Those that the user has allowed for good.
    now
        Whether the user allows this one for this time.
    """
    digest = source.card.sha256
    return replace(source, allowed_code=digest) if source.is_code and (now or digest in known) else source
