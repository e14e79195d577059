"""The `multiscales` metadata of OME-Zarr: which arrays are the levels, and how large their pixels are.

Follows the OME-Zarr specification 0.4 and 0.5 (ngff.openmicroscopy.org) and what older files wrote.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pathview.slides.channels import MAX_CHANNELS, Channel, default_colours
from pathview.slides.scale import judge_mpp

_AXES = "tczyx"
_MAX_LEVELS = 64
_SOURCE = "OME-Zarr scale"

# The units of length that the specification takes from UDUNITS-2, and their usual short forms, in um.
_UNITS_UM = {
    "angstrom": 1e-4,
    "picometer": 1e-6,
    "nanometer": 1e-3,
    "micrometer": 1.0,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "decimeter": 1e5,
    "meter": 1e6,
    "inch": 25_400.0,
    "nm": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "μm": 1.0,
    "mm": 1e3,
}


class ZarrError(Exception):
    """What is wrong with an OME-Zarr image, in words that follow "Cannot open FILE:"."""


@dataclass(frozen=True, slots=True)
class Multiscales:
    """One image's levels.

    Attributes
    ----------
    axes
        Names of the arrays' axes in order, letters of "tczyx".
    paths
        Of the levels' arrays within the group.
    mpp
        (x, y) in um/px of the first level, or None.
    mpp_source
        Where mpp comes from, or why it is unknown.
    properties
        Version, axes and channels, as text; not the image's name, which can be a patient's.
    channels
        What "omero" says of each channel; may be fewer than there are.
    plane_um
        Distance of focal planes in um, or None.
    """

    axes: str
    paths: tuple[str, ...]
    mpp: tuple[float, float] | None
    mpp_source: str
    properties: Mapping[str, str]
    channels: tuple[Channel, ...]
    plane_um: float | None


def parse(attributes: Mapping[str, Any]) -> Multiscales:
    """Read the attributes of a Zarr group.

    Parameters
    ----------
    attributes
        As stored; 0.5 keeps them under "ome", earlier versions at the top.

    Raises
    ------
    ZarrError
        If they describe no image, or one with axes or levels that the format does not allow.
    """
    ome = attributes.get("ome", attributes)
    images = ome.get("multiscales") if isinstance(ome, dict) else None
    if not images and isinstance(ome, dict) and "plate" in ome:
        raise ZarrError("it is a plate of many images; open the folder of one image in it")
    if not (isinstance(images, list) and images and isinstance(images[0], dict)):
        raise ZarrError("it is Zarr, but no OME-Zarr image (its metadata have no 'multiscales')")
    image = images[0]
    datasets = image.get("datasets")
    if not (isinstance(datasets, list) and 0 < len(datasets) <= _MAX_LEVELS):
        raise ZarrError("its metadata list no levels ('datasets')")
    paths = [item.get("path") if isinstance(item, dict) else None for item in datasets]
    if not all(isinstance(path, str) and path for path in paths):
        raise ZarrError("its metadata do not say where its levels are ('datasets')")
    axes, units = _axes(image)
    mpp, source = _mpp(image, datasets[0], axes, units)
    return Multiscales(
        axes,
        tuple(map(str, paths)),
        mpp,
        source,
        _properties(ome, image, axes),
        _channels(ome),
        _plane_um(image, datasets[0], axes, units),
    )


def _axes(image: Mapping[str, Any]) -> tuple[str, list[object]]:
    """Return the names of the axes and their units; before 0.3 all five were a rule and had no names."""
    axes = image.get("axes", list(_AXES))
    if not isinstance(axes, list):
        raise ZarrError("its metadata name no axes")
    names = [str(axis.get("name") if isinstance(axis, dict) else axis) for axis in axes]
    units = [axis.get("unit") if isinstance(axis, dict) else None for axis in axes]
    good = all(len(name) == 1 and name in _AXES for name in names)
    if not good or len(set(names)) != len(names) or not {"x", "y"} <= set(names):
        raise ZarrError(f"its axes {str(names)[:60]} are not some of t, c, z, y, x")
    return "".join(names), units


def _mpp(
    image: Mapping[str, Any], dataset: Mapping[str, Any], axes: str, units: list[object]
) -> tuple[tuple[float, float] | None, str]:
    values = []
    for axis in "xy":
        value = _micrometres(image, dataset, axes.index(axis), units)
        if isinstance(value, str):
            return None, f"unknown: {value}"
        values.append(value)
    return judge_mpp(values[0], values[1], _SOURCE)


def _plane_um(
    image: Mapping[str, Any], dataset: Mapping[str, Any], axes: str, units: list[object]
) -> float | None:
    value = _micrometres(image, dataset, axes.index("z"), units) if "z" in axes else ""
    return value if isinstance(value, float) and 0 < value < math.inf else None


def _micrometres(
    image: Mapping[str, Any], dataset: Mapping[str, Any], at: int, units: list[object]
) -> float | str:
    """Return the step along axis `at` in um, or why it is unknown."""
    unit = units[at]
    scales = [*_scales(dataset, at, len(units)), *_scales(image, at, len(units))]
    if not isinstance(unit, str):
        return f"{_SOURCE} has no unit"
    if not scales:
        return "the file does not state it"
    if unit.lower() not in _UNITS_UM:
        return f"{_SOURCE} is in {unit[:40]!r}, which is no unit of length known here"
    return math.prod(scales) * _UNITS_UM[unit.lower()]


def _scales(holder: Mapping[str, Any], at: int, count: int) -> list[float]:
    """Return the scales of axis `at` that are stated, NaN for one that makes no sense."""
    transforms = holder.get("coordinateTransformations", [])
    found = []
    for transform in transforms if isinstance(transforms, list) else []:
        if not isinstance(transform, dict) or transform.get("type") != "scale":
            continue  # a translation moves the image in the world, not its pixels
        scale = transform.get("scale")
        value = scale[at] if isinstance(scale, list) and len(scale) == count else None
        # Python's integers have no end, and a float of one that is too long is an error.
        found.append(float(value) if isinstance(value, int | float) and abs(value) < 1e9 else math.nan)
    return found


def _channels(ome: Mapping[str, Any]) -> tuple[Channel, ...]:
    stated = _omero(ome)
    colours = default_colours(len(stated))
    found = []
    for number, channel in enumerate(stated):
        name, colour = channel.get("label"), _colour(channel.get("color"))
        found.append(
            Channel(
                name[:80] if isinstance(name, str) and name else f"Channel {number + 1}",
                colours[number] if colour is None else colour,
                _window(channel.get("window")),
            )
        )
    return tuple(found)


def _omero(ome: Mapping[str, Any]) -> list[dict[str, Any]]:
    omero = ome.get("omero")
    channels = omero.get("channels") if isinstance(omero, dict) else None
    known = channels if isinstance(channels, list) else []
    return [channel if isinstance(channel, dict) else {} for channel in known[:MAX_CHANNELS]]


def _colour(text: object) -> tuple[int, int, int] | None:
    """Return "RRGGBB" as numbers."""
    if not isinstance(text, str) or not re.fullmatch("#?[0-9A-Fa-f]{6}", text):
        return None
    red, green, blue = bytes.fromhex(text[-6:])
    return red, green, blue


def _window(stated: object) -> tuple[float, float] | None:
    ends = [stated.get(key) for key in ("start", "end")] if isinstance(stated, dict) else []
    values = [float(end) for end in ends if isinstance(end, int | float) and abs(end) < 1e18]
    return (values[0], values[1]) if len(values) == 2 and values[0] < values[1] else None


def _properties(ome: Mapping[str, Any], image: Mapping[str, Any], axes: str) -> dict[str, str]:
    found = {"ome-zarr.axes": axes}
    version = ome.get("version", image.get("version"))
    if isinstance(version, str):
        found["ome-zarr.version"] = version
    for number, channel in enumerate(_omero(ome)):
        for key in ("label", "color"):
            if isinstance(channel.get(key), str):
                found[f"omero.channel[{number}].{key}"] = channel[key]
    return found
