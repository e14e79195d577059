"""The registry: models by name, and the plugins that are broken."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pathview.core.errors import ManifestError, ModelError
from pathview.inference.source import ModelSource
from pathview.startup.discover import plugin_files
from pathview.startup.manifest import read_manifest


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


def load_registry(files: Iterable[Path] | None = None) -> Registry:
    """Read the manifests of all plugins; a broken one is listed, never fatal.

    Parameters
    ----------
    files
        plugin.toml files; default: those that `plugin_files` finds.
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
    return Registry(models, tuple(broken))
