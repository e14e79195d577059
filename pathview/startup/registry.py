"""The registry: models, readers and exporters by name, and the plugins that are broken."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pathview.core.errors import ManifestError, ModelError, PluginError
from pathview.export.plugin_exporter import ExporterSource
from pathview.inference.source import ModelSource
from pathview.slides.plugin_reader import ReaderSource
from pathview.startup.discover import model_folders, plugin_files
from pathview.startup.manifest import read_manifest
from pathview.startup.model_config import CONFIG, read_model_folder
from pathview.startup.settings import Settings


@dataclass(frozen=True, slots=True)
class Registry:
    """What the plugins offer; nothing of them has been imported.

    Attributes
    ----------
    models
        By model name, in the order found.
    broken
        (file, reason) of each plugin that cannot be used.
    readers, exporters
        Likewise, by their names.
    """

    models: dict[str, ModelSource] = field(default_factory=dict)
    broken: tuple[tuple[Path, str], ...] = ()
    readers: dict[str, ReaderSource] = field(default_factory=dict)
    exporters: dict[str, ExporterSource] = field(default_factory=dict)

    def exporter(self, name: str) -> ExporterSource:
        """Return an exporter by name.

        Raises
        ------
        PluginError
            If there is none, with those that there are.
        """
        if name in self.exporters:
            return self.exporters[name]
        there = f"there are: {', '.join(self.exporters)}" if self.exporters else "there is none"
        raise PluginError(name, f"no plugin offers such an exporter; {there}")

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


def load_registry(
    files: Iterable[Path] | None = None,
    *,
    folders: Iterable[Path] = (),
    interpreters: Mapping[str, str] = MappingProxyType({}),
) -> Registry:
    """Read the manifests of all plugins and model folders; a broken one is listed, never fatal.

    Parameters
    ----------
    files
        plugin.toml files; default: those that `plugin_files` finds.
    folders
        Model folders besides those in the data folder.
    interpreters
        As `read_manifest` takes them.
    """
    models: dict[str, ModelSource] = {}
    readers: dict[str, ReaderSource] = {}
    exporters: dict[str, ExporterSource] = {}
    broken: list[tuple[Path, str]] = []
    for file in plugin_files() if files is None else files:
        try:
            manifest = read_manifest(file, interpreters)
        except ManifestError as error:
            broken.append((file, "; ".join(error.defects)))
            continue
        _add(models, "model", {source.card.name: source for source in manifest.models}, file, broken)
        _add(readers, "reader", {source.name: source for source in manifest.readers}, file, broken)
        _add(exporters, "exporter", {source.name: source for source in manifest.exporters}, file, broken)
    for folder in [*model_folders(), *folders]:
        _add_folder(folder, models, broken)
    return Registry(models, tuple(broken), readers, exporters)


def known_registry(settings: Settings) -> Registry:
    """Return what is there for a user: plugins, and the model folders and interpreters of the settings."""
    return load_registry(folders=map(Path, settings.models), interpreters=settings.interpreters)


def _add[Source](
    known: dict[str, Source], kind: str, new: Mapping[str, Source], file: Path, broken: list[tuple[Path, str]]
) -> None:
    for name, source in new.items():
        if name in known:
            broken.append((file, f"{kind} {name} is offered by another plugin already"))
        else:
            known[name] = source


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
