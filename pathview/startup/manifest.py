"""plugin.toml: what a plugin offers, read and checked without importing it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pathview.core.errors import ManifestError
from pathview.export.plugin_exporter import ExporterSource
from pathview.inference.source import ModelSource
from pathview.slides.plugin_reader import ReaderSource
from pathview.startup.card_fields import NAME, TEXTS, Words, misspelt, read_card, read_references
from pathview.startup.exporter_entry import read_exporter
from pathview.startup.parameter_fields import read_parameters
from pathview.startup.plugin_entry import CALLED
from pathview.startup.reader_entry import read_reader
from pathview.startup.task_fields import KEYS as TASK_KEYS

API = 1
_TOP = {"id", "api", "description", "python", "model", "reader", "exporter"}
_KEYS = {"name", "version", "mpp", "patch", "stride", "classes", "positive", "threshold"} | {
    *TASK_KEYS, *TEXTS, "multi_label", "ood_threshold", "facts", "weights", "sha256", "factory", "reference",
    "parameter",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PluginManifest:
    """One plugin.

    Attributes
    ----------
    id
        Its name.
    folder
        Where plugin.toml lies.
    description
        One sentence for people.
    models, readers, exporters
        What it offers.
    """

    id: str
    folder: Path
    description: str
    models: tuple[ModelSource, ...]
    readers: tuple[ReaderSource, ...] = ()
    exporters: tuple[ExporterSource, ...] = ()


def read_manifest(path: Path, interpreters: Mapping[str, str] = MappingProxyType({})) -> PluginManifest:
    """Read and check a plugin.toml.

    Parameters
    ----------
    path
        The file.
    interpreters
        What the user's settings say of the Python that plugins run in, by their ids; it goes before what
        the manifest says.

    Raises
    ------
    ManifestError
        Naming every defect at once.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ManifestError(path, (f"cannot be read: {error}",)) from error
    defects = misspelt(raw, _TOP)
    name = raw.get("id")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        defects.append('"id" must be lower-case letters, digits, ".", "_" and "-"')
    if raw.get("api") != API:
        defects.append(f'"api" must be {API}, the plugin interface of this version, not {raw.get("api")!r}')
    python = raw.get("python", "")
    if not isinstance(python, str):
        defects.append(
            '"python" must be the path of an interpreter, or of the folder of a virtual environment'
        )
    folder = path.parent
    models = _entries(raw, "model", folder, _model, defects)
    readers = _entries(raw, "reader", folder, read_reader, defects)
    exporters = _entries(raw, "exporter", folder, read_exporter, defects)
    if defects:
        raise ManifestError(path, tuple(defects))
    there = _interpreter(folder, interpreters.get(str(name)) or str(python))
    return PluginManifest(
        str(name),
        folder,
        str(raw.get("description", "")),
        tuple(replace(one, python=there) for one in models),
        tuple(replace(one, python=there) for one in readers),
        tuple(replace(one, python=there) for one in exporters),
    )


def _entries[Source](
    raw: Mapping[str, Any],
    kind: str,
    folder: Path,
    read: Callable[[Path, object, list[str]], Source | None],
    defects: list[str],
) -> list[Source]:
    entries = raw.get(kind, [])
    if not isinstance(entries, list):
        defects.append(f"{kind}s are written as [[{kind}]] tables")
        return []
    return [one for entry in entries if (one := read(folder, entry, defects)) is not None]


def _interpreter(folder: Path, place: str) -> Path | None:
    # Never resolved: by the place of its link a virtual environment is known.
    return folder / Path(place).expanduser() if place else None


def _model(folder: Path, entry: object, defects: list[str]) -> ModelSource | None:
    if not isinstance(entry, Mapping):
        defects.append("models are written as [[model]] tables")
        return None
    before = len(defects)
    where = f"model {entry.get('name', '?')}: "
    card = read_card(entry, Words(), defects, where)
    factory = entry.get("factory")
    found = misspelt(entry, _KEYS)
    if not isinstance(factory, str) or not CALLED.fullmatch(factory):
        found.append('"factory" must be "module:function" in the plugin\'s folder')
    parameters = read_parameters(entry.get("parameter", []), found)
    references = read_references(entry.get("reference", []), card, folder, found) if card else ()
    defects += [f"{where}{defect}" for defect in found]
    if card is None or len(defects) > before:
        return None
    return ModelSource(replace(card, parameters=parameters), folder, str(factory), references)
