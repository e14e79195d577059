"""plugin.toml: what a plugin offers, read and checked without importing it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pathview.core.errors import ManifestError
from pathview.inference.source import ModelSource
from pathview.startup.card_fields import NAME, TEXTS, Words, misspelt, read_card, read_references
from pathview.startup.parameter_fields import read_parameters
from pathview.startup.task_fields import KEYS as TASK_KEYS

API = 1
_FACTORY = re.compile(r"[A-Za-z_]\w*:[A-Za-z_]\w*")
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
    models
        The models that it offers.
    """

    id: str
    folder: Path
    description: str
    models: tuple[ModelSource, ...]


def read_manifest(path: Path) -> PluginManifest:
    """Read and check a plugin.toml.

    Raises
    ------
    ManifestError
        Naming every defect at once.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ManifestError(path, (f"cannot be read: {error}",)) from error
    defects: list[str] = []
    name = raw.get("id")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        defects.append('"id" must be lower-case letters, digits, ".", "_" and "-"')
    if raw.get("api") != API:
        defects.append(f'"api" must be {API}, the plugin interface of this version, not {raw.get("api")!r}')
    entries = raw.get("model", [])
    if not isinstance(entries, list):
        defects.append("models are written as [[model]] tables")
        entries = []
    models = [_model(path.parent, entry, defects) for entry in entries]
    if defects:
        raise ManifestError(path, tuple(defects))
    return PluginManifest(
        str(name), path.parent, str(raw.get("description", "")), tuple(m for m in models if m is not None)
    )


def _model(folder: Path, entry: object, defects: list[str]) -> ModelSource | None:
    if not isinstance(entry, Mapping):
        defects.append("models are written as [[model]] tables")
        return None
    before = len(defects)
    where = f"model {entry.get('name', '?')}: "
    card = read_card(entry, Words(), defects, where)
    factory = entry.get("factory")
    found = misspelt(entry, _KEYS)
    if not isinstance(factory, str) or not _FACTORY.fullmatch(factory):
        found.append('"factory" must be "module:function" in the plugin\'s folder')
    parameters = read_parameters(entry.get("parameter", []), found)
    references = read_references(entry.get("reference", []), card, folder, found) if card else ()
    defects += [f"{where}{defect}" for defect in found]
    if card is None or len(defects) > before:
        return None
    return ModelSource(replace(card, parameters=parameters), folder, str(factory), references)
