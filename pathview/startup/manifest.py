"""plugin.toml: what a plugin offers, read and checked without importing it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from pathview.core.errors import PathViewError
from pathview.inference.card import ModelCard, Task
from pathview.inference.model import ModelSource

API = 1
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
_TEXTS = ("title", "description", "intended_use", "license", "citation", "sha256")


class ManifestError(PathViewError):
    """A plugin's manifest cannot be used."""

    def __init__(self, path: Path, defects: tuple[str, ...]) -> None:
        self.path = path
        self.defects = defects
        super().__init__(f"{path}: {'; '.join(defects)}")


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
    if not isinstance(name, str) or not _ID.fullmatch(name):
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


def _model(folder: Path, entry: Mapping[str, Any], defects: list[str]) -> ModelSource | None:
    before = len(defects)
    where = f"model {entry.get('name', '?')}"
    _check_names(entry, where, defects)
    _check_numbers(entry, where, defects)
    if len(defects) > before:
        return None
    card = ModelCard(
        name=entry["name"],
        version=entry["version"],
        task=Task(entry["task"]),
        mpp=float(entry["mpp"]),
        patch=entry["patch"],
        stride=entry.get("stride", entry["patch"]),
        classes=tuple(entry["classes"]),
        positive=entry.get("positive", entry["classes"][-1]),
        threshold=float(entry.get("threshold", 0.5)),
        **{key: str(entry.get(key, "")) for key in _TEXTS},
    )
    return ModelSource(card, folder, entry["factory"])


def _check_names(entry: Mapping[str, Any], where: str, defects: list[str]) -> None:
    name, factory, classes = entry.get("name"), entry.get("factory"), entry.get("classes")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        defects.append(f'{where}: "name" must be lower-case letters, digits, ".", "_" and "-"')
    if not isinstance(entry.get("version"), str):
        defects.append(f'{where}: "version" must be a text such as "1.0.0"')
    if entry.get("task") != Task.CLASSIFY:
        defects.append(f'{where}: "task" must be "classify"; other tasks cannot be run yet')
    if not isinstance(factory, str) or not re.fullmatch(r"[A-Za-z_]\w*:[A-Za-z_]\w*", factory):
        defects.append(f'{where}: "factory" must be "module:function" in the plugin\'s folder')
    named = isinstance(classes, list) and all(isinstance(c, str) and c for c in classes)
    if not named or not isinstance(classes, list) or len(classes) < 2 or len(set(classes)) != len(classes):
        defects.append(f'{where}: "classes" must list two or more different names')
    elif entry.get("positive", classes[-1]) not in classes:
        defects.append(f'{where}: "positive" must be one of the classes')


def _check_numbers(entry: Mapping[str, Any], where: str, defects: list[str]) -> None:
    mpp, threshold = entry.get("mpp"), entry.get("threshold", 0.5)
    if not _number(mpp) or not 0.02 <= mpp <= 100:
        defects.append(f'{where}: "mpp" must be the um/px that the model was trained at, 0.02 to 100')
    if not _number(threshold) or not 0 <= threshold <= 1:
        defects.append(f'{where}: "threshold" must lie between 0 and 1')
    for key in ("patch", "stride"):
        value = entry.get(key, entry.get("patch"))
        if type(value) is not int or not 8 <= value <= 4096:
            defects.append(f'{where}: "{key}" must be a whole number of pixels, 8 to 4096')


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
