"""config.json: a model folder as WSInfer has it, and what PathView adds to that under "pathview"."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pathview.core.errors import ManifestError, ModelError
from pathview.inference.card import Task
from pathview.inference.recipe import Activation, Format, Recipe
from pathview.inference.source import ModelSource
from pathview.inference.transform import is_number, read_transform
from pathview.inference.weights_file import sniff
from pathview.startup.card_fields import TEXTS, Words, inside, misspelt, read_card, read_references
from pathview.startup.task_fields import KEYS as TASK_KEYS

CONFIG = "config.json"
# In this order: a file that holds nothing but numbers is taken before one that brings a program along.
WEIGHTS = ("model.safetensors", "pytorch_model.bin", "model.onnx", "torchscript_model.pt", "model.pt2")
_WORDS = Words(mpp="spacing_um_px", patch="patch_size_pixels", classes="class_names")
_REQUIRED = {
    "spec_version", "architecture", "num_classes", "patch_size_pixels", "spacing_um_px", "class_names",
    "transform",
}  # fmt: skip
_CARD_KEYS = {
    *TASK_KEYS,
    "name",
    "version",
    "stride",
    "positive",
    "threshold",
    "multi_label",
    "sha256",
    *TEXTS,
}
_OWN = _CARD_KEYS | {
    "weights", "format", "channels", "activation", "temperature", "options", "reference", "stain", "tissue",
}  # fmt: skip
_TIMM = (Format.SAFETENSORS, Format.CHECKPOINT)
_MOST_BYTES = 4 << 20


def read_model_folder(folder: Path, *, name: str = "", root: Path | None = None) -> ModelSource:
    """Read and check a model folder: ``config.json``, a file of weights, and reference tiles if any.

    Nothing is imported and no weights are loaded; what the manifest does not say is not guessed.

    Parameters
    ----------
    folder
        Where ``config.json`` lies.
    name
        The model's name where the manifest states none; default: the folder's.
    root
        Links of the folder may lead below this one, as those of a hub's cache do; default: `folder`.

    Raises
    ------
    ManifestError
        Naming every defect at once, each with what to write instead.
    """
    file = folder / CONFIG
    raw, digest = _read(file)
    own = raw.get("pathview", {})
    if not isinstance(own, Mapping):
        raise ManifestError(file, ('"pathview" must be a table',))
    defects: list[str] = []
    _check_required(raw, own.get("task") == Task.EMBED, defects)
    defects += [*misspelt(raw, _REQUIRED | {"pathview"}), *_strange(own)]
    entry = _entry(raw, own, name or folder.resolve().name, digest)
    card = read_card(entry, _WORDS, defects)
    recipe = _recipe(raw, own, folder, root, defects)
    references = read_references(own.get("reference", []), card, folder, defects, root) if card else ()
    if defects or card is None or recipe is None:
        raise ManifestError(file, tuple(defects))
    return ModelSource(card, folder, references=references, recipe=recipe)


def _read(file: Path) -> tuple[dict[str, Any], str]:
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ValueError("it is larger than any manifest")
        raw = json.loads(data, object_pairs_hook=_unique)
    except (OSError, ValueError, RecursionError) as error:
        raise ManifestError(file, (f"cannot be read: {error}",)) from error
    if not isinstance(raw, dict):
        raise ManifestError(file, ("must be a JSON object, as WSInfer's config.json is",))
    return raw, hashlib.sha256(data).hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands in it twice")
    return found


def _check_required(raw: Mapping[str, Any], embeds: bool, defects: list[str]) -> None:
    for key in sorted(_REQUIRED - raw.keys()):
        defects.append(f'"{key}" is missing')
    if "pretrained_cfg" in raw and "spacing_um_px" not in raw:
        defects.append(
            "this is timm's own config.json, which does not say at which um/px the model was trained: "
            "write these keys beside the others"
        )
    if "spec_version" in raw and raw["spec_version"] != "1.0":
        defects.append(f'"spec_version" must be "1.0", not {raw["spec_version"]!r}')
    count, names = raw.get("num_classes"), raw.get("class_names")
    if embeds and "num_classes" in raw and (type(count) is not int or count != 0):
        defects.append(f'"num_classes" must be 0, since a model that embeds has no classes, not {count!r}')
    elif not embeds and "num_classes" in raw and (type(count) is not int or count < 1):
        defects.append(f'"num_classes" must be how many classes the model tells apart, not {count!r}')
    elif isinstance(names, list) and type(count) is int and count != len(names):
        defects.append(
            f'"num_classes" is {count} and "class_names" has {len(names)}: '
            "name every output of the model, in its order"
        )
    if "architecture" in raw and (not isinstance(raw["architecture"], str) or not raw["architecture"]):
        defects.append('"architecture" must be the name of a network, as timm has it')


def _strange(own: Mapping[str, Any]) -> list[str]:
    near = misspelt(own, _OWN)
    left = sorted(key for key in own.keys() - _OWN if not any(f'"{key}"' in defect for defect in near))
    return [*near, *(f'"pathview" has no key "{key}"' for key in left)]


def _entry(raw: Mapping[str, Any], own: Mapping[str, Any], name: str, digest: str) -> dict[str, Any]:
    """Return the fields by the card's names. What has no version is told apart by its manifest's bytes."""
    slug = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "model"
    entry = {"name": slug, "version": f"config-{digest[:8]}", "task": "classify"}
    entry |= {key: own[key] for key in (_CARD_KEYS | {"reference"}) & own.keys()}
    wanted = {"mpp": "spacing_um_px", "patch": "patch_size_pixels", "classes": "class_names"}
    return entry | {key: raw[theirs] for key, theirs in wanted.items() if theirs in raw}


def _recipe(
    raw: Mapping[str, Any], own: Mapping[str, Any], folder: Path, root: Path | None, defects: list[str]
) -> Recipe | None:
    before = len(defects)
    transform = None
    if "transform" in raw:
        transform = read_transform(raw["transform"], own.get("channels"), defects)
    several = own.get("multi_label") is True
    embeds = own.get("task") == Task.EMBED
    activation = own.get("activation", "none" if embeds else "sigmoid" if several else "softmax")
    if activation not in set(Activation):
        defects.append(f'"activation" must be softmax, sigmoid or none, not {activation!r}')
    elif activation == (Activation.SOFTMAX if several else Activation.SIGMOID):
        defects.append(
            '"activation": softmax is for one class of several, sigmoid for several at once '
            '("multi_label": true); the two do not agree'
        )
    elif embeds and activation != Activation.NONE:
        defects.append('"activation" makes probabilities, and a model that embeds gives none; leave it out')
    temperature = own.get("temperature", 1.0)
    if not is_number(temperature) or not 0.01 <= temperature <= 100:
        defects.append(f'"temperature" must be a number from 0.01 to 100, not {temperature!r}')
    options = own.get("options", {})
    if not isinstance(options, Mapping) or not all(
        isinstance(v, str | int | float) for v in options.values()
    ):
        defects.append('"options" must be a table of plain values for timm.create_model')
    found = _weights(own, folder, root, defects)
    if found is not None and own.get("task") == Task.SEGMENT and found[1] in _TIMM:
        defects.append(
            f'"task": {found[0].name} is for a network of timm, and those say one thing of a whole patch; '
            "bring a segmentation as TorchScript, .pt2 or ONNX, or as a plugin"
        )
    if len(defects) > before or transform is None or found is None:
        return None
    return Recipe(
        raw.get("architecture", ""), *found, transform, Activation(activation), float(temperature),
        tuple(sorted(options.items())),
    )  # fmt: skip


def _weights(
    own: Mapping[str, Any], folder: Path, root: Path | None, defects: list[str]
) -> tuple[Path, Format] | None:
    named = own.get("weights")
    if named is not None:
        file = inside(folder, named, root)
        if file is None:
            defects.append(f'"weights": there is no file {named!r} in the folder')
            return None
    else:
        there = [found for name in WEIGHTS if (found := inside(folder, name, root)) is not None]
        if not there:
            defects.append(
                f'there are no weights beside it: {", ".join(WEIGHTS)}, or a file named in "weights"'
            )
            return None
        file = there[0]
    try:
        kind = sniff(file, folder.name)
    except ModelError as error:
        defects.append(error.reason)
        return None
    if (said := own.get("format")) is not None and said != kind:
        defects.append(f'"format" says {said!r}, and {file.name} is {kind.value} by its content')
        return None
    return file, kind
