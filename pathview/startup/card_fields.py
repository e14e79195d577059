"""What every manifest says of a model, checked in one place whatever the manifest's own words for it are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from pathview.inference.card import ModelCard, Task
from pathview.inference.reference import Reference
from pathview.inference.transform import is_number
from pathview.startup.task_fields import check_task, default_stride, task_of

NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
TEXTS = ("title", "description", "intended_use", "license", "citation")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAGNIFICATIONS = (20, 40, 60, 63)
_LEAST_UM = 4
_MOST_REFERENCES = 32


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind of manifest calls the fields that others call otherwise."""

    mpp: str = "mpp"
    patch: str = "patch"
    classes: str = "classes"


def read_card(
    entry: Mapping[str, Any], words: Words, defects: list[str], where: str = ""
) -> ModelCard | None:
    """Return the card of a model, or None where there is a defect.

    Parameters
    ----------
    entry
        The fields by `ModelCard`'s names.
    words
        The manifest's names, for the messages.
    defects
        Takes what is wrong, in words that say what to write instead.
    where
        Goes before each of them.
    """
    found: list[str] = []
    _check_names(entry, found)
    check_task(entry, found)
    _check_classes(entry, words, found)
    _check_numbers(entry, words, found)
    _check_texts(entry, found)
    defects += [f"{where}{defect}" for defect in found]
    if found:
        return None
    classes = tuple(entry.get("classes", ()))
    return ModelCard(
        name=entry["name"],
        version=entry["version"],
        task=Task(entry["task"]),
        mpp=float(entry["mpp"]),
        patch=entry["patch"],
        stride=entry.get("stride", default_stride(entry)),
        classes=classes,
        positive=entry.get("positive", classes[-1] if classes else ""),
        threshold=float(entry.get("threshold", 0.5)),
        multi_label=bool(entry.get("multi_label", False)),
        parameters=(),
        sha256=entry.get("sha256", ""),
        ood_threshold=None if entry.get("ood_threshold") is None else float(entry["ood_threshold"]),
        facts=tuple((name, str(words)) for name, words in entry.get("facts", {}).items()),
        features=entry.get("features", 0),
        output_stride=entry.get("output_stride", 1),
        halo=entry.get("halo", 0),
        title=str(entry.get("title", "")),
        description=str(entry.get("description", "")),
        intended_use=str(entry.get("intended_use", "")),
        license=str(entry.get("license", "")),
        citation=str(entry.get("citation", "")),
    )


def _check_names(entry: Mapping[str, Any], found: list[str]) -> None:
    name = entry.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        found.append('"name" must be lower-case letters, digits, ".", "_" and "-"')
    if not isinstance(entry.get("version"), str):
        found.append('"version" must be a text such as "1.0.0"')


def _check_classes(entry: Mapping[str, Any], words: Words, found: list[str]) -> None:
    classes, several = entry.get("classes"), entry.get("multi_label", False)
    if task_of(entry) is Task.EMBED:
        if classes:
            found.append(f'"{words.classes}" must be left out or empty: a model that embeds has none')
        return
    if not isinstance(several, bool):
        found.append('"multi_label" must be true or false')
    # Of one class alone a classifier could only say that it is always there.
    alone = several is True or task_of(entry) is Task.DETECT
    least, count = (1, "one") if alone else (2, "two")
    named = isinstance(classes, list) and all(isinstance(c, str) and c.strip() for c in classes)
    if not named or not isinstance(classes, list) or len(classes) < least or len(set(classes)) < len(classes):
        found.append(f'"{words.classes}" must list {count} or more different names')
    elif entry.get("positive", classes[-1]) not in classes:
        found.append(f'"positive" must be one of the classes ({", ".join(classes)})')


def _check_numbers(entry: Mapping[str, Any], words: Words, found: list[str]) -> None:
    mpp, threshold, patch = entry.get("mpp"), entry.get("threshold", 0.5), entry.get("patch")
    if not is_number(mpp) or not 0.02 <= float(str(mpp)) <= 100:
        found.append(
            f'"{words.mpp}" must be the um/px that the model was trained at, 0.02 to 100, not {mpp!r}'
            + (" (0.25 is about 40x, 0.5 about 20x)" if mpp is None else "")
        )
    elif mpp in _MAGNIFICATIONS:
        found.append(
            f'"{words.mpp}" is {mpp}, which looks like a magnification; '
            f"write um/px, about {10 / float(str(mpp)):.3g} for {mpp}x"
        )
    elif type(patch) is int and patch * float(str(mpp)) < _LEAST_UM:
        found.append(
            f'"{words.patch}" of {patch} px at {mpp} um/px is {patch * float(str(mpp)):.2g} um, '
            "smaller than a nucleus; correct one of them"
        )
    if not is_number(threshold) or not 0 <= threshold <= 1:
        found.append('"threshold" must lie between 0 and 1')
    limit = entry.get("ood_threshold")
    if limit is not None and not (is_number(limit) and 0 < limit < 1):
        found.append('"ood_threshold" must lie between 0 and 1')
    for key in ("patch", "stride"):
        value = entry.get(key, patch)
        if type(value) is not int or not 8 <= value <= 4096:
            name = words.patch if key == "patch" else key
            found.append(f'"{name}" must be a whole number of pixels, 8 to 4096, not {value!r}')


def _check_texts(entry: Mapping[str, Any], found: list[str]) -> None:
    found += [f'"{key}" must be a text' for key in TEXTS if not isinstance(entry.get(key, ""), str)]
    facts = entry.get("facts", {})
    if not isinstance(facts, Mapping) or not all(isinstance(words, str) for words in facts.values()):
        found.append('"facts" must be a table of headings and texts, such as {"Trained on" = "..."}')
    sha256 = entry.get("sha256", "")
    if not isinstance(sha256, str) or (sha256 and not _SHA256.fullmatch(sha256)):
        found.append('"sha256" must be 64 hexadecimal digits in lower case')


def read_references(
    entries: object, card: ModelCard, folder: Path, defects: list[str], root: Path | None = None
) -> tuple[Reference, ...]:
    """Return the reference tiles of a manifest: a list of ``{"tile": ..., "class": ..., "score": ...}``."""
    if not isinstance(entries, list) or len(entries) > _MOST_REFERENCES:
        defects.append(f'"reference" must be a list of at most {_MOST_REFERENCES} tiles')
        return ()
    found = [_reference(entry, card, lambda name: inside(folder, name, root), defects) for entry in entries]
    return tuple(one for one in found if one is not None)


def _reference(
    entry: object, card: ModelCard, find: Callable[[object], Path | None], defects: list[str]
) -> Reference | None:
    if not isinstance(entry, Mapping) or not {"tile", "class"} <= entry.keys() <= {"tile", "class", "score"}:
        defects.append('"reference": a tile is written {"tile": "a.png", "class": "Tumor", "score": 0.93}')
        return None
    label, score = entry["class"], entry.get("score")
    file = find(entry["tile"])
    if file is None:
        defects.append(f'"reference": there is no file {entry["tile"]!r} in the folder')
    if label not in card.classes:
        defects.append(f'"reference": {label!r} is none of the classes ({", ".join(card.classes)})')
    if score is not None and (not is_number(score) or not 0 <= score <= 1):
        defects.append('"reference": a "score" lies between 0 and 1')
        return None
    if file is None or label not in card.classes:
        return None
    return Reference(file, label, None if score is None else float(score))


def inside(folder: Path, name: object, root: Path | None = None) -> Path | None:
    """Return a file that a manifest names, if it lies in the folder; None for everything else.

    Parameters
    ----------
    folder
        Where the manifest lies.
    name
        As written in it.
    root
        Links may lead anywhere below this folder; default: `folder`.
    """
    if not isinstance(name, str) or not name or "\0" in name:
        return None
    parts = PureWindowsPath(name)
    if parts.drive or parts.root or ".." in parts.parts:
        return None
    try:
        found = (folder / name).resolve()
        return folder / name if found.is_file() and found.is_relative_to((root or folder).resolve()) else None
    except OSError:
        return None


def misspelt(keys: Mapping[str, Any], known: set[str]) -> list[str]:
    """Return a defect for each key that is nearly a known one: as it stands it would do nothing."""
    found = []
    for key in keys.keys() - known:
        if near := difflib.get_close_matches(key, known - keys.keys(), n=1, cutoff=0.8):
            found.append(f'"{key}" is no key of a manifest; did you mean "{near[0]}"?')
    return sorted(found)
