"""The registry: models by name, and the plugins that are broken."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pathview.core.errors import ManifestError, ModelError
from pathview.inference.source import ModelSource
from pathview.startup.discover import model_folders, plugin_files
from pathview.startup.manifest import read_manifest
from pathview.startup.model_config import CONFIG, read_model_folder


@dataclass(frozen=True, slots=True)
class Registry:
    """What the plugins offer; nothing of them has been imported.

    Attributes
    ----------
    models
        By model name, in the order found.
    broken
        (file, reason) of each plugin that cannot be used.
    """

    models: dict[str, ModelSource] = field(default_factory=dict)
    broken: tuple[tuple[Path, str], ...] = ()

    def model(self, name: str) -> ModelSource:
        """Return a model by name.

        Raises
        ------
        ModelError
            If there is none, with the nearest names.
        """
        if name in self.models:
            return self.models[name]
        near = difflib.get_close_matches(name, self.models, n=2, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(self.models)}"
        raise ModelError(name, f"no plugin offers it; {hint}")


def load_registry(files: Iterable[Path] | None = None, *, folders: Iterable[Path] = ()) -> Registry:
    """Read the manifests of all plugins and model folders; a broken one is listed, never fatal.

    Parameters
    ----------
    files
        plugin.toml files; default: those that `plugin_files` finds.
    folders
        Model folders besides those in the data folder.
    """
    models: dict[str, ModelSource] = {}
    broken: list[tuple[Path, str]] = []
    for file in plugin_files() if files is None else files:
        try:
            manifest = read_manifest(file)
        except ManifestError as error:
            broken.append((file, "; ".join(error.defects)))
            continue
        for source in manifest.models:
            if source.card.name in models:
                broken.append((file, f"model {source.card.name} is offered by another plugin already"))
            else:
                models[source.card.name] = source
    for folder in [*model_folders(), *folders]:
        _add_folder(folder, models, broken)
    return Registry(models, tuple(broken))


def _add_folder(folder: Path, models: dict[str, ModelSource], broken: list[tuple[Path, str]]) -> None:
    file = folder / CONFIG
    try:
        source = read_model_folder(folder)
    except ManifestError as error:
        broken.append((file, "; ".join(error.defects)))
        return
    known = models.setdefault(source.card.name, source)
    if known.folder.resolve() != folder.resolve():
        broken.append((file, f"there is a model {source.card.name} already"))
