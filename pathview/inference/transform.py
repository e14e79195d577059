"""What happens to a patch between the slide and the network, read strictly from a manifest."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Triple = tuple[float, float, float]

# torchvision's `Resize` takes words, or Pillow's numbers for the same.
_INTERPOLATIONS = {"nearest": "nearest", "bilinear": "bilinear", "bicubic": "bicubic"} | dict(
    zip((0, 2, 3), ("nearest", "bilinear", "bicubic"), strict=True)
)
_ORDER = ("Resize", "ToTensor", "Normalize")
_ARGUMENTS = {
    "Resize": {"size", "interpolation", "antialias", "max_size"},
    "ToTensor": set[str](),
    "Normalize": {"mean", "std", "inplace"},
}
CHANNELS = ("RGB", "BGR")


@dataclass(frozen=True, slots=True)
class Transform:
    """From bytes at the card's mpp to what the network takes.

    Attributes
    ----------
    mean, std
        Of the network's three channels in its own order, in units of 0 to 1.
    resize
        Edge in pixels that the patch is brought to; None leaves it as it is.
    interpolation
        "nearest", "bilinear" or "bicubic", with antialiasing where pixels are lost.
    channels
        "RGB" or "BGR": the order that the network takes.
    """

    mean: Triple
    std: Triple
    resize: int | None = None
    interpolation: str = "bilinear"
    channels: str = "RGB"


def read_transform(steps: object, channels: object, defects: list[str]) -> Transform | None:
    """Read a list of ``{"name": ..., "arguments": {...}}``, as WSInfer's ``config.json`` has it.

    Nothing is skipped or guessed: what cannot be done just as it is written is a defect.

    Parameters
    ----------
    steps
        Of the manifest.
    channels
        "RGB", "BGR", or None for the usual RGB.
    defects
        Takes what is wrong, in words that say what to write instead.

    Returns
    -------
    Transform or None
        None where there is a defect.
    """
    before = len(defects)
    if channels not in (None, *CHANNELS):
        defects.append(
            f'"channels" must be "RGB" or "BGR", the order that the network takes, not {channels!r}'
        )
    named = _named(steps, defects)
    if len(defects) > before:
        return None
    resize, interpolation = _resize(named.get("Resize"), defects)
    mean, std = _normalize(named["Normalize"], defects)
    if len(defects) > before or mean is None or std is None:
        return None
    return Transform(mean, std, resize, interpolation, str(channels or "RGB"))


def _named(steps: object, defects: list[str]) -> dict[str, Mapping[str, Any]]:
    """Return the arguments of each step by its name, if they are the right ones in the right order."""
    if not isinstance(steps, list):
        defects.append('"transform" must be a list of steps such as {"name": "ToTensor"}')
        return {}
    named: dict[str, Mapping[str, Any]] = {}
    for step in steps:
        name = step.get("name") if isinstance(step, Mapping) else None
        if not isinstance(name, str) or name not in _ORDER:
            defects.append(_unknown(step if name is None else name))
        elif name in named:
            defects.append(f'"transform" says {name} twice; say it once')
        else:
            named[name] = _arguments(name, step, defects)
    _check_order(list(named), defects)
    return named


def _unknown(name: object) -> str:
    near = difflib.get_close_matches(str(name), _ORDER, n=1)
    hint = f"did you mean {near[0]}?" if near else "leave it out if it served training only"
    return f'"transform": the step {name!r} is unknown (there are Resize, ToTensor and Normalize); {hint}'


def _arguments(name: str, step: Mapping[str, Any], defects: list[str]) -> Mapping[str, Any]:
    arguments = step.get("arguments", {})
    if not isinstance(arguments, Mapping):
        defects.append(f'"transform": the "arguments" of {name} must be a table such as {{"size": 224}}')
        return {}
    strange = [key for key in step if key not in ("name", "arguments")]
    strange += [key for key in arguments if key not in _ARGUMENTS[name]]
    if strange:
        known = ", ".join(sorted(_ARGUMENTS[name])) or "none"
        defects.append(f'"transform": {name} has no {", ".join(map(repr, strange))} (its arguments: {known})')
    return arguments


def _check_order(names: list[str], defects: list[str]) -> None:
    missing = [name for name in ("ToTensor", "Normalize") if name not in names]
    if "Normalize" in missing:
        defects.append(
            '"transform" has no Normalize; say it, with mean [0, 0, 0] and std [1, 1, 1] '
            "if the network takes values from 0 to 1"
        )
    if "ToTensor" in missing:
        defects.append('"transform" has no ToTensor; it stands before Normalize')
    if not missing and names != [name for name in _ORDER if name in names]:
        defects.append(f'"transform" must go Resize, ToTensor, Normalize, not {", ".join(names)}')


def _resize(arguments: Mapping[str, Any] | None, defects: list[str]) -> tuple[int | None, str]:
    if arguments is None:
        return None, "bilinear"
    size = arguments.get("size")
    if isinstance(size, list) and size and all(edge == size[0] for edge in size) and len(size) <= 2:
        size = size[0]
    if type(size) is not int or not 8 <= size <= 4096:
        defects.append(
            f'"transform": the "size" of Resize must be one edge of 8 to 4096 pixels, not {size!r}'
        )
        size = None
    if arguments.get("max_size") is not None:
        defects.append('"transform": Resize cannot keep a "max_size"; patches are squares, so leave it out')
    if arguments.get("antialias") not in (None, True, "warn"):
        defects.append('"transform": Resize is done with "antialias" true only')
    said = arguments.get("interpolation", "bilinear")
    known = not isinstance(said, bool | float) and isinstance(said, str | int)
    interpolation = _INTERPOLATIONS.get(said.lower() if isinstance(said, str) else said) if known else None
    if interpolation is None:
        defects.append(
            f'"transform": the "interpolation" of Resize must be nearest, bilinear or bicubic, not {said!r}'
        )
    return size, interpolation or ""


def _normalize(arguments: Mapping[str, Any], defects: list[str]) -> tuple[Triple | None, Triple | None]:
    mean = _triple("mean", arguments.get("mean"), defects)
    std = _triple("std", arguments.get("std"), defects)
    if arguments.get("inplace") not in (None, True, False):
        defects.append('"transform": the "inplace" of Normalize must be true or false')
    if mean and not all(0 <= value <= 1 for value in mean):
        defects.append(
            f'"transform": the "mean" of Normalize must lie between 0 and 1, not {list(mean)}; '
            "divide means of 0 to 255 by 255"
        )
    if std and not all(0.005 <= value <= 1 for value in std):
        defects.append(
            f'"transform": the "std" of Normalize must lie between 0.005 and 1, not {list(std)}; '
            "divide deviations of 0 to 255 by 255"
        )
    return mean, std


def _triple(name: str, value: object, defects: list[str]) -> Triple | None:
    if isinstance(value, list) and len(value) == 3 and all(is_number(part) for part in value):
        return float(value[0]), float(value[1]), float(value[2])
    defects.append(
        f'"transform": the "{name}" of Normalize must be three numbers, one a colour channel, not {value!r}'
    )
    return None


def is_number(value: object) -> bool:
    """Tell whether a value of a manifest is a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
