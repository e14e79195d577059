"""What `pathview plugins check` tries of each thing that a plugin offers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pathview.core.errors import ManifestError, PluginError
from pathview.export.exporter_contract import try_exporter
from pathview.export.plugin_exporter import ExporterSource
from pathview.inference.contract_tests import try_contract
from pathview.inference.device import prepare_process
from pathview.inference.source import ModelSource
from pathview.slides.plugin_reader import ReaderSource
from pathview.slides.reader_contract import try_reader
from pathview.startup.discover import plugin_files
from pathview.startup.find_model import allowed, find_model
from pathview.startup.manifest import PluginManifest, read_manifest
from pathview.startup.registry import known_registry
from pathview.startup.settings import load_settings

Offer = ModelSource | ReaderSource | ExporterSource
Tries = Iterable[tuple[str, str, tuple[str, ...]]]


def find_offers(name: str) -> tuple[Offer, ...]:
    """Return what a plugin, a model folder, a model, a reader or an exporter of that name or place offers.

    Raises
    ------
    PathViewError
        If there is none, or its manifest cannot be used.
    """
    settings = load_settings()
    file = Path(name) / "plugin.toml"
    if file.is_file():
        return _some(name, read_manifest(file, settings.interpreters))
    for file in plugin_files():
        if file.parent.name == name:
            return _some(name, read_manifest(file, settings.interpreters))
        try:
            manifest = read_manifest(file, settings.interpreters)
        except ManifestError:
            continue
        if manifest.id == name:
            return _some(name, manifest)
    registry = known_registry(settings)
    for known in (registry.readers, registry.exporters):
        if name in known:
            return (known[name],)
    return (find_model(name, registry),)


def tries_of(offers: Iterable[Offer], device: str, allow_code: bool) -> Iterator[tuple[str, Tries]]:
    """Yield a title for each thing that is offered, and its contract tests.

    Parameters
    ----------
    offers
        As `find_offers` gives them.
    device
        Where models are loaded.
    allow_code
        Whether weights that are a program may run.
    """
    for offer in offers:
        if isinstance(offer, ReaderSource):
            yield f"reader {offer.name}", try_reader(offer)
        elif isinstance(offer, ExporterSource):
            yield f"exporter {offer.name}", try_exporter(offer)
        else:
            prepare_process()
            source = allowed(offer, (), now=allow_code)
            yield f"{source.card.name}, version {source.card.version}", try_contract(source, device)


def _some(name: str, manifest: PluginManifest) -> tuple[Offer, ...]:
    offers: tuple[Offer, ...] = (*manifest.models, *manifest.readers, *manifest.exporters)
    if not offers:
        raise PluginError(name, "it offers nothing: neither [[model]] nor [[reader]] nor [[exporter]]")
    return offers
