"""The `multiscales` metadata of OME-Zarr: which arrays are the levels, and how large their pixels are.

Follows the OME-Zarr specification 0.4 and 0.5 (ngff.openmicroscopy.org) and what older files wrote.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    """

    axes: str
    paths: tuple[str, ...]
    mpp: tuple[float, float] | None
    mpp_source: str
    properties: Mapping[str, str]


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
    return Multiscales(axes, tuple(map(str, paths)), mpp, source, _properties(ome, image, axes))


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
        at = axes.index(axis)
        unit = units[at]
        scales = [*_scales(dataset, at, len(axes)), *_scales(image, at, len(axes))]
        if not isinstance(unit, str):
            return None, f"unknown: {_SOURCE} has no unit"
        if not scales:
            return None, "unknown: the file does not state it"
        if unit.lower() not in _UNITS_UM:
            return None, f"unknown: {_SOURCE} is in {unit[:40]!r}, which is no unit of length known here"
        values.append(math.prod(scales) * _UNITS_UM[unit.lower()])
    return judge_mpp(values[0], values[1], _SOURCE)


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


def _properties(ome: Mapping[str, Any], image: Mapping[str, Any], axes: str) -> dict[str, str]:
    found = {"ome-zarr.axes": axes}
    version = ome.get("version", image.get("version"))
    if isinstance(version, str):
        found["ome-zarr.version"] = version
    omero = ome.get("omero")
    channels = omero.get("channels") if isinstance(omero, dict) else None
    for number, channel in enumerate(channels if isinstance(channels, list) else []):
        for key in ("label", "color"):
            if isinstance(channel, dict) and isinstance(channel.get(key), str):
                found[f"omero.channel[{number}].{key}"] = channel[key]
    return found
