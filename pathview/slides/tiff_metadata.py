"""Scale, objective and text of a TIFF slide, from the tags or Aperio's description."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pathview.slides.ome_xml import ome_facts
from pathview.slides.scale import Scale, judge_mpp, positive

if TYPE_CHECKING:
    from tifffile import TiffPage

_ABSENT = "unknown: the file does not state it"

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
        facts = ome_facts(properties.get("tiff.ImageDescription", ""), size)
        return facts.scale, facts.power
    if kind == "aperio":
        text = properties.get("aperio.MPP", "").replace(",", ".")
        scale = judge_mpp(text, text, "aperio.MPP") if text else (None, _ABSENT)
        return scale, positive(properties.get("aperio.AppMag", ""))
    return _resolution(properties), None


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
