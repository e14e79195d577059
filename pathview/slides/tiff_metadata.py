"""Scale, objective and text of a TIFF slide, from the tags, Aperio's description or OME-XML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from pathview.slides.scale import judge_mpp

if TYPE_CHECKING:
    from tifffile import TiffPage

_ABSENT = "unknown: the file does not state it"
_MAX_XML = 1 << 26

# Tags that OpenSlide lists too; the numbers are those of the TIFF 6.0 specification.
_TEXT_TAGS = {
    "DocumentName": 269,
    "ImageDescription": 270,
    "Make": 271,
    "Model": 272,
    "Software": 305,
    "DateTime": 306,
    "Artist": 315,
    "HostComputer": 316,
    "Copyright": 33432,
}
_RATIO_TAGS = {"XResolution": 282, "YResolution": 283, "XPosition": 286, "YPosition": 287}
_UNIT_TAG = 296
_UNITS = {1: "none", 2: "inch", 3: "centimeter"}
_UNIT_UM = {"inch": 25_400.0, "centimeter": 10_000.0}

# Micrometres in a unit of length of the OME schema (2016-06); both code points of the micro sign are in use.
_OME_UM = {
    "\u00b5m": 1.0,
    "\u03bcm": 1.0,
    "um": 1.0,
    "micron": 1.0,
    "pm": 1e-6,
    "\u00c5": 1e-4,
    "nm": 1e-3,
    "mm": 1e3,
    "cm": 1e4,
    "dm": 1e5,
    "m": 1e6,
    "in": 25_400.0,
    "pt": 25_400.0 / 72,
    "thou": 25.4,
}

Scale = tuple[tuple[float, float] | None, str]


def tiff_properties(page: TiffPage, kind: str) -> dict[str, str]:
    """Return the metadata of the first page as text.

    Parameters
    ----------
    page
        The first page.
    kind
        "aperio" adds what the description lists.
    """
    found = {}
    for name, number in _TEXT_TAGS.items():
        tag = page.tags.get(number)
        if tag is not None and tag.value is not None:
            value = tag.value
            found[f"tiff.{name}"] = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    for name, number in _RATIO_TAGS.items():
        tag = page.tags.get(number)
        if tag is not None and (ratio := _ratio(tag.value)) is not None:
            found[f"tiff.{name}"] = f"{ratio:.17g}"
    unit = page.tags.get(_UNIT_TAG)
    found["tiff.ResolutionUnit"] = _UNITS.get(2 if unit is None else int(unit.value), "unknown")
    if kind == "aperio":
        found |= aperio_properties(found.get("tiff.ImageDescription", ""))
    return found


def aperio_properties(description: str) -> dict[str, str]:
    """Return the "name = value" pairs of an Aperio description, each under ``aperio.<name>``."""
    pairs = (part.split("=", 1) for part in description.split("|")[1:])
    return {f"aperio.{pair[0].strip()}": pair[1].strip() for pair in pairs if len(pair) == 2}


def tiff_scale(properties: Mapping[str, str], kind: str, size: tuple[int, int]) -> tuple[Scale, float | None]:
    """Return the pixel size, as `judge_mpp` does, and the objective's magnification or None.

    Parameters
    ----------
    properties
        From `tiff_properties`.
    kind
        "aperio", "ome-tiff" or "generic-tiff".
    size
        Level-0 (width, height), which finds the right image among several of an OME-TIFF.
    """
    if kind == "ome-tiff":
        return ome_scale(properties.get("tiff.ImageDescription", ""), size)
    if kind == "aperio":
        text = properties.get("aperio.MPP", "").replace(",", ".")
        scale = judge_mpp(text, text, "aperio.MPP") if text else (None, _ABSENT)
        return scale, _positive(properties.get("aperio.AppMag", ""))
    return _resolution(properties), None


def ome_scale(xml: str, size: tuple[int, int]) -> tuple[Scale, float | None]:
    """Return what `tiff_scale` does, from OME-XML."""
    try:
        # Entities have no place in OME-XML and are how an XML file takes down its reader.
        if len(xml) > _MAX_XML or "<!DOCTYPE" in xml or "<!ENTITY" in xml:
            raise ElementTree.ParseError
        root = ElementTree.fromstring(xml.strip("\0 \r\n\t\ufeff").encode("utf-8", "replace"))
    except (ElementTree.ParseError, ValueError, RecursionError):
        return (None, "unknown: the OME metadata is damaged"), None
    images = root.findall("{*}Image")
    chosen = next((image for image in images if _ome_size(image) == size), images[0] if images else None)
    if chosen is None:
        return (None, _ABSENT), None
    return _ome_mpp(chosen.find("{*}Pixels")), _ome_power(root, chosen)


def _ome_size(image: ElementTree.Element) -> tuple[int, int] | None:
    pixels = image.find("{*}Pixels")
    try:
        return None if pixels is None else (int(pixels.get("SizeX", "")), int(pixels.get("SizeY", "")))
    except ValueError:
        return None


def _ome_mpp(pixels: ElementTree.Element | None) -> Scale:
    texts = [None if pixels is None else pixels.get(f"PhysicalSize{axis}") for axis in "XY"]
    if pixels is None or texts[0] is None or texts[1] is None:
        return None, _ABSENT
    values: list[str | float] = []
    for axis, text in zip("XY", texts, strict=True):
        unit = pixels.get(f"PhysicalSize{axis}Unit", "\u00b5m")
        if unit not in _OME_UM:
            return None, f"unknown: OME PhysicalSize is in {unit[:20]!r}"
        try:
            values.append(float(text or "") * _OME_UM[unit])
        except ValueError:
            values.append(text or "")
    return judge_mpp(values[0], values[1], "OME PhysicalSize")


def _ome_power(root: ElementTree.Element, image: ElementTree.Element) -> float | None:
    settings = image.find("{*}ObjectiveSettings")
    wanted = None if settings is None else settings.get("ID")
    objectives = root.findall("{*}Instrument/{*}Objective")
    for objective in objectives:
        if objective.get("ID") == wanted or len(objectives) == 1:
            return _positive(objective.get("NominalMagnification") or "")
    return None


def _resolution(properties: Mapping[str, str]) -> Scale:
    texts = [properties.get(f"tiff.{axis}Resolution") for axis in "XY"]
    if texts[0] is None or texts[1] is None:
        return None, _ABSENT
    unit = _UNIT_UM.get(properties["tiff.ResolutionUnit"])
    if unit is None:
        return None, "unknown: TIFF resolution has no unit"
    x, y = (unit / per_unit if (per_unit := float(text or "nan")) > 0 else math.nan for text in texts)
    return judge_mpp(x, y, "TIFF resolution")


def _ratio(value: object) -> float | None:
    if isinstance(value, tuple) and len(value) >= 2:
        return value[0] / value[1] if value[1] else None
    return float(value) if isinstance(value, int | float) else None


def _positive(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if 0 < value < math.inf else None
